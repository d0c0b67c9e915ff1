package content

import (
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

// maxTold is how many prices a page shows of a history: the last ones.
const maxTold = 12

// history tells how the price of the offer changed, as a chart and as a table, if
// enough of it was recorded. It says since when, and draws no conclusion: what was
// asked before is no reference for a reduction (PAngV § 11).
func (w *pageWriter) history(it *market.Item, vs values) {
	s, h := w.s, it.Family.History
	row := it.Row()
	if h == nil || h.Key != row.Key || row.MerchantName == "" || len(evidence.Numbers(row.MerchantName)) > 0 {
		return
	}
	list := h.Points[max(0, len(h.Points)-maxTold):]
	shop := value{text: row.MerchantName, evidence: []domain.EvidenceID{s.ledger.Setting("merchant_name", row.MerchantName)}}
	hv := vs.with(values{"shop": shop, "since": s.day(list[0])})
	fig := &domain.Figure{Kind: domain.FigureBars}
	fig.Title, _ = w.text("history.fig.title", hv)
	t := &domain.Table{Columns: []domain.Column{w.column("col.from", false), w.column("col.price", true)}}
	t.Caption, _ = w.text("history.caption", hv)
	for i, p := range list {
		day, price := s.day(p), s.past(row, p)
		fig.Bars = append(fig.Bars, domain.Bar{
			Label: day.text, Value: p.Price.Major(), Text: price.text, Claims: slices.Concat(w.claimIDs(day), w.claimIDs(price)), Highlight: i == len(list)-1,
		})
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{w.cell(day), w.number(price, p.Price.Major())}})
	}
	fig.Alt, fig.Claims = w.text("history.fig.alt", hv)
	w.heading(2, "history.h", hv)
	p := w.para()
	p.say("history.lead", hv)
	p.say("history.limits", hv)
	p.end()
	w.add(domain.Block{Type: domain.BlockFigure, Anchor: "price-history", Figure: fig})
	w.add(domain.Block{Type: domain.BlockTable, Anchor: "price-history-table", Table: t})
}

// day is the day on which a price was first seen.
func (s *siteWriter) day(p domain.PricePoint) value {
	text := market.Date(s.lang, p.At)
	return value{text: text, evidence: []domain.EvidenceID{s.ledger.Setting("price_seen_at", text)}}
}

// past is a price that a row had.
func (s *siteWriter) past(row *domain.Product, p domain.PricePoint) value {
	set := s.ledger.Set("price_history", []string{row.Key}, []float64{p.Price.Major()}, "recorded price of "+row.Name)
	return value{text: p.Price.Format(s.lang), evidence: []domain.EvidenceID{set}}
}
