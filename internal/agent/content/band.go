package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// bandSection shows what each price band holds.
func (w *pageWriter) bandSection() {
	s := w.s
	if len(s.view.Bands) < 2 {
		return
	}
	w.heading(2, "home.h.money", nil)
	p := w.para()
	p.say("home.money.lead", s.prices(s.all))
	if len(s.view.Bands) > 1 {
		first := s.bandGroup(s.view.Bands[0])
		last := s.bandGroup(s.view.Bands[len(s.view.Bands)-1])
		low, _ := first.of(s.all)
		high, _ := last.of(s.all)
		p.say("home.money.ends", values{
			"low": low, "lowband": s.bandLabel(s.view.Bands[0]), "high": high, "highband": s.bandLabel(s.view.Bands[len(s.view.Bands)-1]),
		})
	}
	p.end()
	w.bandTable()
}

func (w *pageWriter) bandTable() {
	s := w.s
	t := &domain.Table{}
	t.Caption, _ = w.text("home.money.caption", nil)
	st := s.decisive()
	t.Columns = []domain.Column{w.column("col.band", false), w.column("col.models", true), w.column("col.share", true), w.column("col.median", true)}
	if st != nil {
		t.Columns = append(t.Columns, domain.Column{Label: w.common(st)})
	}
	for _, b := range s.view.Bands {
		g := s.bandGroup(b)
		share, pct := g.of(s.all)
		label := s.bandLabel(b)
		label.text = market.Upper(label.text)
		cells := []domain.Cell{
			w.cell(label), w.number(g.count(), float64(len(g.items))), w.number(share, pct), w.number(g.stat("median"), g.median()),
		}
		if st != nil {
			cells = append(cells, w.cell(s.commonIn(st, g)))
		}
		t.Rows = append(t.Rows, domain.Row{Cells: cells})
	}
	t.Note = w.priceNote()
	w.add(domain.Block{Type: domain.BlockTable, Anchor: "price-bands", Table: t})
}

func (w *pageWriter) column(key string, numeric bool) domain.Column {
	text, _ := w.text(key, nil)
	return domain.Column{Label: text, Numeric: numeric}
}

// common labels a column that holds the commonest value of an attribute.
func (w *pageWriter) common(st *market.Stat) string {
	text, _ := w.text("col.common", w.s.about(st))
	return text
}

// commonIn is the commonest value of an attribute within a group, with its share.
func (s *siteWriter) commonIn(st *market.Stat, g *group) value {
	in := map[*market.Item]bool{}
	for _, it := range g.items {
		in[it] = true
	}
	best, n := -1, 0
	for i, v := range st.Values {
		k := 0
		for _, it := range v.Items {
			if in[it] {
				k++
			}
		}
		if k > n {
			best, n = i, k
		}
	}
	if best < 0 {
		return value{}
	}
	return s.valueName(st, st.Values[best])
}
