package service

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"empire/internal/domain"
)

// maxOutlinkPages is how many pages a row of the report names.
const maxOutlinkPages = 10

// Outlinks reports where the live pages of a website, or of a window of all websites of
// the tenant, link to outside of the portfolio, and which of those links earn nothing:
// those with the most links first within each kind. With all it holds the links that
// earn, too. total is how many websites there are to look at.
func (s *Links) Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) (out []domain.Outlink, total int, err error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	var sites []domain.Website
	if website != "" {
		site, err := s.cfg.Websites.Get(ctx, website)
		if err != nil {
			return nil, 0, err
		}
		sites, total = []domain.Website{*site}, 1
	} else if sites, total, err = s.cfg.Websites.List(ctx, w); err != nil {
		return nil, 0, err
	}
	k, err := s.known(ctx)
	if err != nil {
		return nil, 0, err
	}
	sites = slices.DeleteFunc(sites, func(w domain.Website) bool { return w.LiveRelease == "" })
	links, err := s.linksOf(ctx, sites)
	if err != nil {
		return nil, 0, err
	}
	out = []domain.Outlink{}
	for i := range sites {
		for _, o := range outlinksOf(&sites[i], links[sites[i].LiveRelease], k) {
			if all || o.Kind != domain.OutlinkTracked {
				out = append(out, o)
			}
		}
	}
	slices.SortFunc(out, func(a, b domain.Outlink) int {
		return cmp.Or(cmp.Compare(a.Kind.Rank(), b.Kind.Rank()), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Host, b.Host), cmp.Compare(a.WebsiteID, b.WebsiteID))
	})
	return out, total, nil
}

// knownPlaces tells what places are.
type knownPlaces struct {
	own          map[string]bool // hosts of the portfolio
	programs     []domain.Program
	byAdvertiser map[string]*domain.Program // of AWIN
}

func (s *Links) known(ctx context.Context) (*knownPlaces, error) {
	k := &knownPlaces{own: map[string]bool{}, byAdvertiser: map[string]*domain.Program{}}
	domains, err := s.cfg.Websites.cfg.Websites.Domains(ctx, scope(ctx))
	if err != nil {
		return nil, err
	}
	for _, name := range domains {
		k.own[name] = true
	}
	if k.programs, _, err = s.cfg.Programs.List(ctx, domain.Window{Limit: 10_000}); err != nil {
		return nil, err
	}
	for i := range k.programs {
		if p := &k.programs[i]; p.Network == domain.NetworkAwin {
			k.byAdvertiser[p.AdvertiserID] = p
		}
	}
	return k, nil
}

// outlinksOf says what the links of a website to elsewhere earn.
func outlinksOf(site *domain.Website, links domain.ReleaseLinks, k *knownPlaces) []domain.Outlink {
	type key struct {
		kind domain.OutlinkKind
		host string
	}
	found := map[key]*domain.Outlink{}
	pages := map[key][]int{}
	for i := range links.Places {
		l := &links.Places[i]
		u, err := url.Parse(l.Href)
		if err != nil || k.own[strings.ToLower(u.Hostname())] {
			continue
		}
		o := k.classify(u, l.Sponsored)
		at := key{o.Kind, o.Host}
		held := found[at]
		if held == nil {
			o.WebsiteID, o.Domain, o.Example, o.Pages = site.ID, site.Domain, l.Href, []string{}
			held = &o
			found[at] = held
		}
		held.Count += l.Count
		pages[at] = append(pages[at], l.Pages...)
	}
	out := make([]domain.Outlink, 0, len(found))
	for at, o := range found {
		slices.Sort(pages[at])
		for _, n := range slices.Compact(pages[at]) {
			if len(o.Pages) < maxOutlinkPages {
				o.Pages = append(o.Pages, links.Paths[n])
			}
		}
		out = append(out, *o)
	}
	return out
}

// classify says what a link to elsewhere earns.
func (k *knownPlaces) classify(u *url.URL, sponsored bool) domain.Outlink {
	host := strings.ToLower(u.Hostname())
	o := domain.Outlink{Host: host, Network: domain.NetworkHost(host)}
	switch {
	case o.Network == domain.NetworkAwin:
		k.awin(&o, u)
		return o
	case o.Network != "" || sponsored:
		o.Kind = domain.OutlinkTracked
		return o
	case domain.AmazonHost(host):
		o.Network, o.Kind = domain.NetworkAmazon, domain.OutlinkNone
		if u.Query().Get("tag") != "" || strings.HasPrefix(host, "amzn.") {
			o.Kind = domain.OutlinkTracked
		}
		return o
	}
	o.Kind = domain.OutlinkNone
	for i := range k.programs {
		p := &k.programs[i]
		if !domain.AllowedHost(host, p.Domains) {
			continue
		}
		if o.ProgramID == "" || p.Joined && p.Open {
			o.ProgramID, o.Program, o.Network = p.ID, p.Name, p.Network
			o.Kind = domain.OutlinkUnavailable
		}
		if p.Joined && p.Open {
			o.Kind = domain.OutlinkUnused
			break
		}
	}
	return o
}

// awin says what a tracked link of AWIN earns: nothing if its program has ended.
func (k *knownPlaces) awin(o *domain.Outlink, u *url.URL) {
	o.Kind = domain.OutlinkTracked
	q := u.Query()
	for _, name := range []string{"awinmid", "mid", "m", "v"} {
		p := k.byAdvertiser[q.Get(name)]
		if p == nil {
			continue
		}
		o.ProgramID, o.Program = p.ID, p.Name
		if !p.Joined || !p.Open {
			o.Kind = domain.OutlinkUnavailable
		}
		break
	}
	for _, name := range []string{"ued", "p"} {
		if to, err := url.Parse(q.Get(name)); err == nil && to.Host != "" {
			o.Host = strings.ToLower(to.Hostname())
			return
		}
	}
	if o.ProgramID != "" {
		o.Host += " " + string(o.ProgramID) // one row for each merchant
	}
}
