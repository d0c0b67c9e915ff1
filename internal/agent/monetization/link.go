package monetization

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"empire/internal/domain"
)

// SubID returns the sub-id of a slot of a page's only variant; see domain.SubID.
func SubID(website domain.WebsiteID, slug, slot string) string {
	return domain.SubID(website, slug, slot, "")
}

// linkOf returns the registry's link for a candidate: the one that is held for this
// website, else the one that is held for all, else a new one. A link that a person has
// changed is taken as it is; of others, form and destination are those of the row. The
// error says why there is none.
func (p *plan) linkOf(c *candidate) (domain.Link, error) {
	held, ok := p.heldLink(c)
	if ok && held.State != domain.LinkActive {
		return held, fmt.Errorf("its link is %s", held.State)
	}
	if ok && held.Own {
		return held, nil
	}
	made, err := p.makeLink(c)
	if err != nil || !ok {
		return made, err
	}
	made.ID, made.WebsiteID, made.Slug, made.PublisherID = held.ID, held.WebsiteID, held.Slug, held.PublisherID
	made.Way, made.Note, made.Seq, made.CreatedAt, made.UpdatedAt = held.Way, held.Note, held.Seq, held.CreatedAt, held.UpdatedAt
	return made, nil
}

func (p *plan) heldLink(c *candidate) (domain.Link, bool) {
	for _, id := range p.linkIDs(c) {
		if l, ok := p.in.Links[id]; ok {
			return l, true
		}
	}
	return domain.Link{}, false
}

// linkIDs returns the identifiers of what may be held for a candidate, the website's
// own first.
func (p *plan) linkIDs(c *candidate) [2]domain.LinkID {
	site := &p.in.Draft.Website
	return [2]domain.LinkID{
		domain.LinkIDOf(site.Tenant, site.ID, network, advertiserOf(c.row), c.row.Key),
		domain.LinkIDOf(site.Tenant, "", network, advertiserOf(c.row), c.row.Key),
	}
}

// makeLink makes the link of a row: the feed's own click link, or a deep link if there
// is none and the program allows it.
func (p *plan) makeLink(c *candidate) (domain.Link, error) {
	l := domain.Link{
		ID: p.linkIDs(c)[1], Tenant: p.in.Draft.Website.Tenant.OrDefault(), ProgramID: c.program.ID, Network: network, AdvertiserID: advertiserOf(c.row),
		Merchant: c.merchant, Form: domain.FormClick, Destination: c.row.TrackingURL, State: domain.LinkActive, FeedID: c.row.FeedID, RowKey: c.row.Key,
	}
	l.Slug = l.ID.SlugOf()
	if l.Destination != "" {
		return l, nil
	}
	if !c.program.DeepLinks {
		return l, errors.New("there is no tracking link and the program allows no deep links")
	}
	l.Form, l.Destination = domain.FormDeep, c.row.MerchantURL
	u, err := url.Parse(l.Destination)
	if err == nil && u.Host != "" && !domain.AllowedHost(u.Hostname(), c.program.Domains) {
		return l, fmt.Errorf("host %s is not one of the program's domains", u.Hostname())
	}
	return l, nil
}

// address returns what a page holds for a link: the address of the network, or /go/…
// with the host that the redirect leads to. The error says why there is none.
func (p *plan) address(l *domain.Link, c *candidate, slot, subID string) (address, target string, err error) {
	direct, err := l.Address(subID, p.in.Draft.Website.Operator.PublisherID)
	if err != nil {
		return "", "", errors.New(domain.MessageOf(err))
	}
	if domain.WayOf(l, c.program.LinkWay, p.in.Way) == domain.WayDirect || !domain.ValidSubID(slot) {
		return direct, "", nil
	}
	u, err := url.Parse(direct)
	if err != nil {
		return "", "", err
	}
	return domain.GoPath(l.Slug, slot, subID), u.Hostname(), nil
}

// use notes that an offer rests on a link, and that the registry must take it if it
// does not hold it so.
func (p *plan) use(l *domain.Link) {
	if held, ok := p.in.Links[l.ID]; !ok || held != *l {
		p.links[l.ID] = *l
	}
}

// LinkIDs returns the identifiers of the links that the registry may hold for what the
// slots of a draft may offer: what PlanInput.Links is to be filled from.
func LinkIDs(in PlanInput) []domain.LinkID {
	p := newPlan(in)
	seen := map[string]bool{}
	var out []domain.LinkID
	for i := range in.Draft.Pages {
		for _, s := range slots(&in.Draft.Pages[i]) {
			f := p.families[s.product]
			if f == nil || seen[s.product] {
				continue
			}
			seen[s.product] = true
			for k := range f.Variants {
				ids := p.linkIDs(&candidate{row: &f.Variants[k]})
				out = append(out, ids[:]...)
			}
		}
	}
	return out
}

// advertiserOf returns the advertiser's id: from the row, else from its click link
// (pclick.php has it as m, cread.php as awinmid).
func advertiserOf(row *domain.Product) string {
	if row.MerchantID != "" {
		return row.MerchantID
	}
	id, _ := linkIDs(row.TrackingURL)
	return id
}

// linkIDs reads advertiser and publisher from a click link of the network.
func linkIDs(raw string) (advertiser, publisher string) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", ""
	}
	q := u.Query()
	first := func(keys ...string) string {
		for _, k := range keys {
			if v := q.Get(k); digits(v) {
				return v
			}
		}
		return ""
	}
	return first("awinmid", "mid", "m", "v"), first("awinaffid", "a", "id", "r")
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
