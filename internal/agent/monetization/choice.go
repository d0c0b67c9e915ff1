package monetization

import (
	"cmp"
	"fmt"
	"slices"

	"empire/internal/domain"
)

// candidate is one row of a family that could fill a slot.
type candidate struct {
	row      *domain.Product
	program  *domain.Program
	merchant string
	cost     int64  // what the reader is compared by, in minor units
	expected *int64 // commission of a sale
	epc      *int64 // earnings of 100 clicks, if those of all that can be offered are known
	link     domain.Link
	excluded string
}

// choice is the decision for one family; best is nil if nothing can be offered.
type choice struct {
	best         *candidate
	reason       string
	alternatives []domain.OfferScore
}

// choose decides for a family, once for all its slots.
func (p *plan) choose(f *domain.Family) *choice {
	if c := p.choices[f.Key]; c != nil {
		return c
	}
	list := p.candidates(f)
	c := decide(list)
	p.choices[f.Key] = c
	return c
}

// candidates returns one candidate for each merchant of the family: its best row.
func (p *plan) candidates(f *domain.Family) []*candidate {
	byMerchant := map[string]*candidate{}
	for i := range f.Variants {
		row := &f.Variants[i]
		id := advertiserOf(row)
		c := &candidate{row: row, merchant: cmp.Or(row.MerchantName, row.MerchantID)}
		if id == "" {
			c.program, c.excluded = &domain.Program{}, "the feed names no merchant"
		} else {
			c.program = p.program(id, c.merchant)
			c.merchant = cmp.Or(c.merchant, c.program.Name)
			c.excluded = p.unusable(f, c)
		}
		if row.Price != nil {
			c.cost, c.expected = row.Price.Minor, expected(c.program, *row.Price)
		}
		if have := byMerchant[id]; have == nil || compareRows(c, have) < 0 {
			byMerchant[id] = c
		}
	}
	out := make([]*candidate, 0, len(byMerchant))
	for _, c := range byMerchant {
		out = append(out, c)
	}
	slices.SortFunc(out, compareRows)
	return out
}

// unusable says why a row cannot be offered at all; empty if it can.
func (p *plan) unusable(f *domain.Family, c *candidate) string {
	switch {
	case !c.program.Joined:
		return "the program is not joined"
	case !c.program.Open:
		return "the program is closed"
	case c.row.Price == nil:
		return "the row has no price"
	case f.PriceMin != nil && c.row.Price.Currency != f.PriceMin.Currency:
		return "the price is in another currency"
	}
	var err error
	if c.link, err = p.linkOf(c); err == nil {
		_, _, err = p.address(&c.link, c, "probe", "probe")
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// compareRows orders rows by whether they can be used, stock and price; the rest
// makes the order total.
func compareRows(a, b *candidate) int {
	return cmp.Or(
		cmp.Compare(flag(a.excluded != ""), flag(b.excluded != "")),
		cmp.Compare(flag(soldOut(a)), flag(soldOut(b))),
		cmp.Compare(a.cost, b.cost),
		cmp.Compare(flag(!inStock(a)), flag(!inStock(b))),
		cmp.Compare(a.merchant, b.merchant), cmp.Compare(a.row.FeedID, b.row.FeedID), cmp.Compare(a.row.Key, b.row.Key),
	)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func soldOut(c *candidate) bool { return c.row.InStock != nil && !*c.row.InStock }
func inStock(c *candidate) bool { return c.row.InStock != nil && *c.row.InStock }

// decide applies the policy to the candidates of a family.
func decide(list []*candidate) *choice {
	eligible := keep(list, func(c *candidate) bool { return c.excluded == "" })
	offered := len(eligible)
	if available := keep(eligible, func(c *candidate) bool { return !soldOut(c) }); len(available) > 0 {
		exclude(eligible, soldOut, "out of stock")
		eligible = available
	}
	stocked := len(eligible)
	addDelivery(eligible)
	if len(eligible) > 0 {
		limit := slices.MinFunc(eligible, func(a, b *candidate) int { return cmp.Compare(a.cost, b.cost) }).cost
		dear := func(c *candidate) bool { return c.cost*100 > limit*(100+MaxMarkupPercent) }
		exclude(eligible, dear, fmt.Sprintf("more than %d %% above the cheapest offer", MaxMarkupPercent))
		eligible = keep(eligible, func(c *candidate) bool { return !dear(c) })
	}
	compareByClicks(eligible)
	slices.SortFunc(eligible, compareOffers)
	out := &choice{}
	if len(eligible) > 0 {
		out.best = eligible[0]
		out.reason = reason(eligible, offered, stocked)
	}
	for _, c := range list {
		if c == out.best {
			continue
		}
		out.alternatives = append(out.alternatives, domain.OfferScore{
			ProgramID: c.program.ID, MerchantName: c.merchant, RowKey: c.row.Key, ExpectedMinor: c.expected, Excluded: c.excluded,
		})
	}
	return out
}

func keep(list []*candidate, ok func(*candidate) bool) []*candidate {
	var out []*candidate
	for _, c := range list {
		if ok(c) {
			out = append(out, c)
		}
	}
	return out
}

func exclude(list []*candidate, bad func(*candidate) bool, why string) {
	for _, c := range list {
		if bad(c) {
			c.excluded = why
		}
	}
}

// addDelivery adds the delivery cost to what is compared, if all rows state it in
// the currency of their price.
func addDelivery(list []*candidate) {
	for _, c := range list {
		if d := c.row.DeliveryCost; d == nil || d.Currency != c.row.Price.Currency {
			return
		}
	}
	for _, c := range list {
		c.cost += c.row.DeliveryCost.Minor
	}
}

// compareByClicks has offers compared by what a click earned, which counts how many
// visitors buy, too: if that is known of all their programs in one currency. Else one
// program would be held by its clicks against another by its sales.
func compareByClicks(list []*candidate) {
	for _, c := range list {
		if e := c.program.EPC; e == nil || e.Currency != list[0].program.EPC.Currency {
			return
		}
	}
	for _, c := range list {
		c.epc = &c.program.EPC.Minor
	}
}

// compareOffers orders the offers that the reader's price allows.
func compareOffers(a, b *candidate) int {
	earn := func(c *candidate) int64 {
		switch {
		case c.epc != nil:
			return *c.epc
		case c.expected == nil:
			return -1
		}
		return *c.expected
	}
	return cmp.Or(
		cmp.Compare(flag(!inStock(a)), flag(!inStock(b))),
		cmp.Compare(earn(b), earn(a)),
		cmp.Compare(a.cost, b.cost),
		cmp.Compare(a.merchant, b.merchant), cmp.Compare(a.row.FeedID, b.row.FeedID), cmp.Compare(a.row.Key, b.row.Key),
	)
}

// reason says in words why the first offer was taken. offered is how many could be
// linked, stocked how many of them were left after the look at the stock.
func reason(eligible []*candidate, offered, stocked int) string {
	best := eligible[0]
	stock := ""
	switch {
	case soldOut(best):
		stock = "; the feed says that it is out of stock everywhere"
	case inStock(best):
		stock = "; in stock"
	}
	switch {
	case offered == 1:
		return "the only merchant that can be linked" + stock
	case stocked == 1:
		return fmt.Sprintf("the only one of %d merchants that is not sold out", offered) + stock
	case len(eligible) == 1:
		return fmt.Sprintf("the lowest price: the other merchants ask more than %d %% more", MaxMarkupPercent) + stock
	case best.epc != nil:
		return fmt.Sprintf("highest earnings per click (%d minor units for 100 clicks) of %d merchants within %d %% of the lowest price",
			*best.epc, len(eligible), MaxMarkupPercent) + stock
	case best.expected != nil:
		return fmt.Sprintf("highest expected commission (%d minor units) of %d merchants within %d %% of the lowest price",
			*best.expected, len(eligible), MaxMarkupPercent) + stock
	default:
		return fmt.Sprintf("lowest price of %d merchants whose commission is unknown", len(eligible)) + stock
	}
}
