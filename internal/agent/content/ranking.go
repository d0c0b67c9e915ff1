package content

import (
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// ranking states the rule and shows the table in its order.
func (w *pageWriter) ranking(f *domain.Facet, g *group, vs values) {
	s := w.s
	rule := s.view.RuleFor(f)
	w.heading(2, "best.h.list", vs)
	p := w.para()
	attr := plain("")
	if st, ok := s.view.Stat(rule.Attribute); ok {
		attr = plain(st.Term.Low(s.lang))
	}
	var labels []string
	for _, e := range rule.Extras {
		labels = append(labels, e.Label)
	}
	key := "best.rule." + string(rule.Kind)
	if rule.Kind == market.ByAttribute && rule.Desc {
		key += ".desc"
	}
	rv := vs.with(values{"attr": attr, "extras": plain(market.List(s.lang, labels)), "unit": s.unitWord(rule)})
	p.say(key, rv)
	items := w.listed()
	if len(items) < len(g.items) {
		p.say("best.rule.cut", vs.with(values{"shown": s.tally(items, "products in the table"), "gn": g.count()}))
	}
	p.end()
	w.rankTable(rule, items, vs)
}

// unitWord names the unit of a price per unit: "per W".
func (s *siteWriter) unitWord(r market.Rule) value {
	st, ok := s.view.Stat(r.Attribute)
	if !ok || r.Kind != market.ByUnitPrice {
		return value{}
	}
	if st.Unit == "" {
		return plain(st.Term.Low(s.lang))
	}
	return plain(market.Unit(s.lang, st.Unit))
}

// tally counts items that a page shows.
func (s *siteWriter) tally(items []*market.Item, note string) value {
	return s.newGroup(items, note).count()
}

func (w *pageWriter) rankTable(rule market.Rule, items []*market.Item, vs values) {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{w.column("col.model", false), w.column("col.price", true)}}
	t.Caption, _ = w.text("best.caption", vs)
	scored := rule.Kind == market.ByUnitPrice || rule.Kind == market.ByExtras
	if scored {
		label, _ := w.text("col."+string(rule.Kind), values{"unit": s.unitWord(rule)})
		t.Columns = append(t.Columns, domain.Column{Label: label, Numeric: true})
	}
	stats := w.tableStats(rule, items)
	for _, st := range stats {
		t.Columns = append(t.Columns, domain.Column{Label: st.Term.Label(s.lang), Numeric: st.Kind == domain.AttributeNumber})
	}
	for _, it := range items {
		row := domain.Row{Product: it.Family.Key, Slot: w.slot("row")}
		row.Cells = []domain.Cell{w.cell(s.name(it)), w.number(s.price(it), it.Price)}
		if scored {
			v, score := s.score(rule, it)
			row.Cells = append(row.Cells, w.number(v, score))
		}
		for _, st := range stats {
			row.Cells = append(row.Cells, w.statCell(it, st))
		}
		t.Rows = append(t.Rows, row)
	}
	markBest(t, rule)
	t.Note = w.priceNote()
	w.add(domain.Block{Type: domain.BlockTable, Anchor: "ranking", Table: t})
}

// statCell shows an attribute of an item in a table; it is empty if the feed does
// not state it.
func (w *pageWriter) statCell(it *market.Item, st *market.Stat) domain.Cell {
	v, ok := w.s.shown(it, st)
	if !ok {
		return domain.Cell{}
	}
	if a, _ := st.Attribute(it); a.Kind == domain.AttributeNumber {
		return w.number(v, a.Number)
	}
	return w.cell(v)
}

// tableStats chooses the columns: the attributes that most of the items state and
// that tell them apart, not the one that they share.
func (w *pageWriter) tableStats(rule market.Rule, items []*market.Item) []*market.Stat {
	var out []*market.Stat
	for i := range w.s.view.Stats {
		st := &w.s.view.Stats[i]
		if st.Term.Minor() || wordy(st) {
			continue
		}
		stated, values := 0, map[string]bool{}
		for _, it := range items {
			if v, ok := w.s.shown(it, st); ok {
				stated++
				values[v.text] = true
			}
		}
		needed := st.Name == rule.Attribute
		if !needed && (stated*2 < len(items) || len(values) < 2) {
			continue
		}
		if out = append(out, st); len(out) == 4 {
			break
		}
	}
	return out
}

// wordy reports whether an attribute is a long list of tags, which no table column
// can hold.
func wordy(st *market.Stat) bool {
	if st.Kind != domain.AttributeList {
		return false
	}
	n := 0
	for _, v := range st.Values {
		n += len(v.Items)
	}
	return n > 3*len(st.Stated)
}

// score shows what the rule looks at: the price per unit or the number of extras.
func (s *siteWriter) score(rule market.Rule, it *market.Item) (value, float64) {
	got, ok := rule.Score(s.view, it)
	if !ok {
		return value{}, 0
	}
	row := it.Row().Key
	if rule.Kind == market.ByExtras {
		var labels, rows []string
		var has []float64
		for _, e := range rule.Extras {
			labels, rows = append(labels, e.Label), append(rows, row)
			has = append(has, map[bool]float64{true: 1}[e.Has(it)])
		}
		set := s.ledger.Set("extras", rows, has, "extras that the feed states, in this order: "+strings.Join(labels, ", "))
		id, _, _ := s.ledger.Compute("sum", "number of extras", []domain.EvidenceID{set})
		return value{text: market.Count(s.lang, int(got)), evidence: []domain.EvidenceID{id}}, got
	}
	st, _ := s.view.Stat(rule.Attribute)
	a, _ := st.Attribute(it)
	units := s.ledger.Set(st.Name, []string{row}, []float64{a.Number}, st.Term.Low("en")+" of "+it.Family.Name)
	id, result, _ := s.ledger.Compute("ratio", "price per unit", []domain.EvidenceID{s.own(it), units})
	return value{text: market.UnitPrice(s.lang, s.view.Currency, result), evidence: []domain.EvidenceID{id}}, result
}

// markBest marks the best price and, where the rule has a score, the best score.
func markBest(t *domain.Table, rule market.Rule) {
	mark := func(col int, greatest bool) {
		best := -1
		for i, r := range t.Rows {
			if col >= len(r.Cells) || r.Cells[col].Sort == nil {
				continue
			}
			if best < 0 || greatest && *r.Cells[col].Sort > *t.Rows[best].Cells[col].Sort || !greatest && *r.Cells[col].Sort < *t.Rows[best].Cells[col].Sort {
				best = i
			}
		}
		if best >= 0 {
			t.Rows[best].Cells[col].Best = true
		}
	}
	mark(1, false)
	switch rule.Kind {
	case market.ByUnitPrice:
		mark(2, false)
	case market.ByExtras:
		mark(2, true)
	}
}
