package monetization

import (
	"fmt"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// priceFields are the feed columns that a price may be cited from, the plainest
// first.
var priceFields = []string{"search_price", "display_price", "store_price", "sale_price", "price"}

// price sets the price of an offer if it is fresh and the feed row proves it.
func (p *plan) price(o *domain.Offer, page *domain.Page, row *domain.Product, claims *evidence.Claims) {
	if row.ReadAt.IsZero() || p.in.Now.Sub(row.ReadAt) > p.in.PriceMaxAge {
		p.finding("stale", domain.Finding{
			Rule: "MO-PRICE-STALE", Fix: "Import the feed again.", Source: "PAngV; prices are shown with their date",
			Message: fmt.Sprintf("Prices that were read more than %s ago are left out.", p.in.PriceMaxAge),
		})
		return
	}
	field, ok := priceField(row)
	if !ok {
		p.finding("unproven", domain.Finding{
			Rule: "MO-PRICE-UNPROVEN", Fix: "Import the feed again.",
			Message: fmt.Sprintf("Prices whose feed text is not kept, such as that of row %s, are left out.", row.Key),
		})
		return
	}
	price, at := *row.Price, row.ReadAt.UTC()
	o.Price, o.PriceAt, o.PriceText = &price, &at, price.Format(page.Language)
	o.Claims = append(o.Claims, claims.Add(o.PriceText, p.ledger.Field(row, field)))
	p.lower(o, page, row, claims)
}

// lower names the least price of the product where the linked offer asks more, so that
// the offer and the text of the page do not contradict each other.
func (p *plan) lower(o *domain.Offer, page *domain.Page, row *domain.Product, claims *evidence.Claims) {
	lead := p.families[o.Product].Lead()
	if lead.Key == row.Key && lead.FeedID == row.FeedID || lead.Price == nil || lead.Price.Currency != row.Price.Currency || lead.Price.Minor >= row.Price.Minor {
		return
	}
	field, ok := priceField(lead)
	name := lead.MerchantName
	if !ok || name == "" || len(evidence.Numbers(name)) > 0 || p.in.Now.Sub(lead.ReadAt) > p.in.PriceMaxAge {
		return
	}
	o.Lower, o.LowerAt, o.LowerSoldOut = lead.Price.Format(page.Language), name, lead.InStock != nil && !*lead.InStock
	o.Claims = append(o.Claims, claims.Add(o.Lower, p.ledger.Field(lead, field)))
}

// priceField returns the column whose text says the price of the row.
func priceField(row *domain.Product) (string, bool) {
	for _, field := range priceFields {
		for _, n := range evidence.Numbers(row.Fields[field]) {
			if sameAmount(n, *row.Price) {
				return field, true
			}
		}
	}
	return "", false
}

// sameAmount reports whether a figure, with a dot or a comma before its decimals,
// is the amount.
func sameAmount(figure string, m domain.Money) bool {
	want := m.Decimal()
	for _, decimal := range []string{".", ","} {
		group := ","
		if decimal == "," {
			group = "."
		}
		t := strings.NewReplacer("'", "", "’", "", group, "", decimal, ".").Replace(figure)
		if got, err := domain.MoneyFromDecimal(t, m.Currency); err == nil && got.Decimal() == want {
			return true
		}
	}
	return false
}
