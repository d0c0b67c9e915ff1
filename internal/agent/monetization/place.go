package monetization

import (
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// slot is one place on a page where an offer may stand.
type slot struct {
	name    string
	product string
}

// slots returns the offer slots of a page in reading order.
func slots(p *domain.Page) []slot {
	var out []slot
	add := func(name, product string) {
		if name != "" && product != "" {
			out = append(out, slot{name, product})
		}
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		switch {
		case b.Product != nil:
			add(b.Product.Slot, b.Product.Product)
		case b.CTA != nil:
			add(b.CTA.Slot, b.CTA.Product)
		case b.Table != nil:
			for _, r := range b.Table.Rows {
				add(r.Slot, r.Product)
			}
		case b.Comparison != nil:
			for _, c := range b.Comparison.Products {
				add(c.Slot, c.Product)
			}
		}
	}
	return out
}

// Slot is one place on a page where an offer may stand, with its product.
type Slot struct{ Name, Product string }

// Slots returns the offer slots of a page in reading order.
func Slots(p *domain.Page) []Slot {
	var out []Slot
	for _, s := range slots(p) {
		out = append(out, Slot{s.name, s.product})
	}
	return out
}

// offerFree reports whether pages of this kind carry no offers.
func offerFree(k domain.PageKind) bool {
	return k.Legal() || k == domain.PageFAQ || k == domain.PageMethod
}

// page fills the slots of one page. The page given is not changed.
func (p *plan) page(page domain.Page) domain.Page {
	all := slots(&page)
	page.Offers = nil
	claims := evidence.NewClaims(slices.Clone(page.Claims)...)
	perProduct, taken := map[string]int{}, map[string]bool{}
	var empty []string
	for _, s := range all {
		why := ""
		switch {
		case offerFree(page.Kind):
			why = "pages of this kind carry no offers"
		case taken[s.name]:
			why = "the slot name is used twice on the page"
		case perProduct[s.product] >= MaxOffersPerProduct:
			why = fmt.Sprintf("the product has %d offers on the page already", MaxOffersPerProduct)
		case len(page.Offers) >= MaxOffersPerPage:
			why = fmt.Sprintf("the page has %d offers already", MaxOffersPerPage)
		default:
			var o domain.Offer
			if o, why = p.offer(&page, s, claims); why == "" {
				page.Offers = append(page.Offers, o)
				taken[s.name] = true
				perProduct[s.product]++
			}
		}
		if why != "" {
			empty = append(empty, fmt.Sprintf("%s: %s", s.name, why))
		}
	}
	page.Claims = claims.All()
	p.placed, p.skipped = p.placed+len(page.Offers), p.skipped+len(empty)
	p.reportEmpty(&page, empty)
	return page
}

func (p *plan) reportEmpty(page *domain.Page, empty []string) {
	if len(empty) == 0 {
		return
	}
	shown := empty[:min(3, len(empty))]
	p.finding("", domain.Finding{
		Rule: "MO-EMPTY-SLOT", Page: page.Path(), Fix: "Join a program that sells the product, or take the slot out.",
		Message: fmt.Sprintf("%d offer slots stay empty: %s.", len(empty), strings.Join(shown, "; ")),
	})
}

// offer fills one slot, or says why it cannot.
func (p *plan) offer(page *domain.Page, s slot, claims *evidence.Claims) (domain.Offer, string) {
	f := p.families[s.product]
	if f == nil {
		return domain.Offer{}, "the market does not hold the product"
	}
	c := p.choose(f)
	if c.best == nil {
		why := "no merchant sells it"
		if len(c.alternatives) > 0 {
			why = c.alternatives[0].MerchantName + ": " + c.alternatives[0].Excluded
		}
		return domain.Offer{}, why
	}
	o := domain.Offer{
		Slot: s.name, Product: s.product, RowKey: c.best.row.Key, FeedID: c.best.row.FeedID, ProgramID: c.best.program.ID,
		MerchantName: c.best.merchant, SubID: domain.SubID(p.in.Draft.Website.ID, page.Slug, s.name, p.in.Variant), Reason: c.reason,
		Alternatives: slices.Clone(c.alternatives),
	}
	var err error
	if o.URL, o.Target, err = p.address(&c.best.link, c.best, s.name, o.SubID); err != nil {
		return domain.Offer{}, err.Error()
	}
	o.LinkID = c.best.link.ID
	p.use(&c.best.link)
	p.used[c.best.program.ID] = true
	p.checkPublisher(c.best)
	p.name(&o, c.best, claims)
	p.price(&o, page, c.best.row, claims)
	return o, ""
}

// name proves the figures of a merchant's name, such as those of "office24".
func (p *plan) name(o *domain.Offer, c *candidate, claims *evidence.Claims) {
	if len(evidence.Numbers(c.merchant)) == 0 {
		return
	}
	id := p.ledger.Setting("program name", c.merchant)
	if strings.Contains(c.row.Fields["merchant_name"], c.merchant) {
		id = p.ledger.Span(c.row, "merchant_name", c.merchant)
	}
	o.Claims = append(o.Claims, claims.Add(c.merchant, id))
}

// checkPublisher remarks on links that do not pay the operator.
func (p *plan) checkPublisher(c *candidate) {
	_, publisher := linkIDs(c.row.TrackingURL)
	own := p.in.Draft.Website.Operator.PublisherID
	if publisher == "" {
		return
	}
	if strings.Trim(publisher, "0") == "" {
		p.finding("publisher 0", domain.Finding{
			Rule: "MO-PUBLISHER-ID", Message: "The feed's click links carry a placeholder instead of a publisher id: clicks earn nothing.",
			Fix: "Download the feed with the operator's own data feed key.",
		})
	} else if own != "" && own != publisher {
		p.finding("publisher "+publisher, domain.Finding{
			Rule:    "MO-PUBLISHER-ID",
			Message: fmt.Sprintf("The feed's click links pay publisher %s, but the operator is publisher %s.", publisher, own),
			Fix:     "Download the feed with the operator's own data feed key, or correct the operator's publisher id.",
		})
	}
}
