package shipped

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
)

// revenueUnknown is why reports of earnings hold none.
const revenueUnknown = "There is no ledger of revenue: what networks paid is not read back."

// placement is one slot of a page with what a build would offer there now.
type placement struct {
	Slot     string           `json:"slot"`
	Product  string           `json:"product"`
	LinkID   domain.LinkID    `json:"link_id"` // empty: nothing can be offered
	Merchant string           `json:"merchant"`
	Reason   string           `json:"reason"`
	Change   string           `json:"change"` // against the live page: same, new, changed, removed, empty
	Live     domain.LinkID    `json:"live_link_id"`
	Program  domain.ProgramID `json:"program_id"`
}

// linkPlacement tells which link would stand in each slot of a website, and what of it
// differs from the live pages.
func (r *Runtime) linkPlacement(ctx context.Context, params json.RawMessage) (any, error) {
	id, d, m, err := r.latest(ctx, params)
	if err != nil {
		return nil, err
	}
	res, err := r.Launch.offers(ctx, d, m, r.Now().UTC())
	if err != nil {
		return nil, err
	}
	pages, changes := map[string][]placement{}, map[string]int{}
	for i := range res.Pages {
		list := placements(&d.Pages[i], &res.Pages[i])
		for _, p := range list {
			changes[p.Change]++
		}
		if len(list) > 0 {
			pages[d.Pages[i].Path()] = list
		}
	}
	return map[string]any{"website_id": id, "pages": pages, "changes": changes, "findings": append([]domain.Finding{}, res.Findings...)}, nil
}

func placements(live, planned *domain.Page) []placement {
	was, next := bySlot(live.Offers), bySlot(planned.Offers)
	var out []placement
	for _, s := range monetization.Slots(planned) {
		o, w := next[s.Name], was[s.Name]
		p := placement{Slot: s.Name, Product: s.Product, LinkID: o.LinkID, Merchant: o.MerchantName, Reason: o.Reason, Live: w.LinkID, Program: o.ProgramID}
		switch {
		case o.Slot == "" && w.Slot == "":
			p.Change = "empty"
		case o.Slot == "":
			p.Change = "removed"
		case w.Slot == "":
			p.Change = "new"
		case o.LinkID == w.LinkID && o.URL == w.URL:
			p.Change = "same"
		default:
			p.Change = "changed"
		}
		out = append(out, p)
	}
	return out
}

func bySlot(offers []domain.Offer) map[string]domain.Offer {
	out := make(map[string]domain.Offer, len(offers))
	for _, o := range offers {
		out[o.Slot] = o
	}
	return out
}

// earningsParams ask for the clicks of a website.
type earningsParams struct {
	siteParams
	Period string `json:"period"` // as of reports: 24h, 7d, 30d, 90d, 12m
}

// programClicks are the clicks on links of one program. What they earned is unknown, so
// nothing is said of it.
type programClicks struct {
	Network      string           `json:"network"`
	AdvertiserID string           `json:"advertiser_id"`
	ProgramID    domain.ProgramID `json:"program_id"`
	Name         string           `json:"name"`
	Clicks       int              `json:"clicks"`
}

func (r *Runtime) epcReport(ctx context.Context, params json.RawMessage) (any, error) {
	p := earningsParams{Period: domain.DefaultTrafficPeriod}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	span, err := domain.ParseTrafficPeriod(p.Period, r.Now().UTC())
	if err != nil {
		return nil, err
	}
	if r.Clicks == nil {
		return nil, domain.Errorf(domain.CodeUnavailable, "No clicks are counted here.")
	}
	found, err := r.Clicks(ctx, p.WebsiteID, span)
	if err != nil {
		return nil, err
	}
	programs, clicks := []programClicks{}, 0
	for _, f := range found {
		clicks += f.Clicks
		programs = append(programs, programClicks{f.Network, f.AdvertiserID, f.ProgramID, f.Name, f.Clicks})
	}
	from, to := span.Times()
	return map[string]any{
		"website_id": p.WebsiteID, "period": p.Period, "from": from, "to": to, "clicks": clicks, "programs": programs, "reason": revenueUnknown,
	}, nil
}

// linkHealth tells what is known of the links that the live pages of a website hold.
func (r *Runtime) linkHealth(ctx context.Context, params json.RawMessage) (any, error) {
	id, d, _, err := r.latest(ctx, params)
	if err != nil {
		return nil, err
	}
	if r.Health == nil {
		return nil, domain.Errorf(domain.CodeUnavailable, "Links are not looked at here.")
	}
	ids := linksOf(d)
	known, err := r.Health(ctx, ids)
	if err != nil {
		return nil, err
	}
	states, dead := map[domain.LookState]int{}, 0
	links := []domain.LinkHealth{}
	for _, h := range known {
		if h.State != "" {
			states[h.State]++
		}
		if h.Dead {
			dead++
		}
		if h.Dead || h.State != domain.LookOK && h.State != "" {
			links = append(links, h)
		}
	}
	looked := 0
	for _, n := range states {
		looked += n
	}
	return map[string]any{"website_id": id, "links": len(ids), "looked_at": looked, "dead": dead, "states": states, "not_ok": links}, nil
}

// linksOf returns the links of a draft's offers, each once, in order.
func linksOf(d *domain.Draft) []domain.LinkID {
	var out []domain.LinkID
	for i := range d.Pages {
		for k := range d.Pages[i].Offers {
			if id := d.Pages[i].Offers[k].LinkID; id != "" {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// swapParams name a link of a website.
type swapParams struct {
	siteParams
	LinkID domain.LinkID `json:"link_id"`
}

// offerSwap tells what would take the place of a link of a website, and changes nothing.
func (r *Runtime) offerSwap(ctx context.Context, params json.RawMessage) (any, error) {
	var p swapParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.LinkID == "" {
		return nil, domain.Invalid("link_id", "A link is needed.")
	}
	d, m, err := r.Latest(ctx, p.WebsiteID)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(linksOf(d), p.LinkID) {
		return nil, domain.Invalid("link_id", "No live page of the website holds link %.60q.", p.LinkID)
	}
	held, err := r.Launch.Links.Held(ctx, []domain.LinkID{p.LinkID})
	if err != nil {
		return nil, err
	}
	dead, ok := held[p.LinkID]
	if !ok {
		return nil, domain.Errorf(domain.CodeNotFound, "Link %s does not exist.", p.LinkID)
	}
	found, why, err := r.Launch.Replacement(ctx, d, m, &dead, r.Now().UTC())
	if err != nil {
		return nil, err
	}
	out := map[string]any{"website_id": p.WebsiteID, "link_id": p.LinkID, "replacement": nil, "reason": why}
	if found != nil {
		out["replacement"] = map[string]any{
			"link_id": found.Link.ID, "merchant": found.Link.Merchant, "program_id": found.Link.ProgramID, "product": found.Product, "same_product": found.Same,
		}
		out["reason"] = found.Reason
	}
	return out, nil
}

// Replacement finds what takes the place of a dead link in the market that a draft was
// built from; nil, with the reason, if nothing does.
func (l *Launch) Replacement(ctx context.Context, d *domain.Draft, m *domain.Market, dead *domain.Link, now time.Time) (*monetization.Replacement, string, error) {
	in, err := l.planInput(ctx, d, m, now)
	if err != nil {
		return nil, "", err
	}
	in.Links, err = l.marketLinks(ctx, in)
	if err != nil {
		return nil, "", err
	}
	return monetization.Replace(in, dead)
}

// marketLinks returns what the registry holds for all products of a market, not for
// those of the draft's slots alone.
func (l *Launch) marketLinks(ctx context.Context, in monetization.PlanInput) (map[domain.LinkID]domain.Link, error) {
	if l.Links == nil {
		return in.Links, nil
	}
	return l.Links.Held(ctx, monetization.MarketLinkIDs(in))
}
