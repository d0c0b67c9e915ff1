package content

import (
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// numberFigure draws how a number is distributed.
func (w *pageWriter) numberFigure(st *market.Stat) {
	s := w.s
	limits := figureLimits(st.Number)
	if len(limits) < 2 {
		return
	}
	fig := &domain.Figure{Kind: domain.FigureHistogram}
	vs := s.spread(st)
	top := 0
	for i := 0; i <= len(limits); i++ {
		formula, args, key := "count_between", []float64{}, "range.half"
		lv := values{}
		if i > 0 {
			args = append(args, limits[i-1])
			lv["low"] = s.limit(market.Quantity(s.lang, limits[i-1], st.Unit), &limits[i-1])
		}
		if i < len(limits) {
			args = append(args, limits[i])
			lv["high"] = s.limit(market.Quantity(s.lang, limits[i], st.Unit), &limits[i])
		}
		switch {
		case i == 0:
			formula, key = "count_lt", "range.below"
		case i == len(limits):
			formula, key = "count_ge", "range.from"
		}
		id, n, _ := s.ledger.Compute(formula, "products by "+st.Term.Low("en"), []domain.EvidenceID{s.numbers(st)}, args...)
		count := value{text: market.Count(s.lang, int(n)), evidence: []domain.EvidenceID{id}}
		label, ids := w.text(key, lv)
		if int(n) > top {
			top = int(n)
			vs["most"], vs["band"] = count, value{text: label}
			for _, v := range lv {
				b := vs["band"]
				b.evidence = append(b.evidence, v.evidence...)
				vs["band"] = b
			}
		}
		fig.Bars = append(fig.Bars, domain.Bar{Label: label, Value: n, Text: count.text, Claims: append(w.claimIDs(count), ids...)})
	}
	for i := range fig.Bars {
		fig.Bars[i].Highlight = int(fig.Bars[i].Value) == top
	}
	fig.Title, _ = w.text("bare.fig.title", vs)
	fig.Alt, fig.Claims = w.text("bare.fig.alt", vs)
	if c, ok := w.sentence("bare.fig.caption", vs); ok {
		fig.Caption = append(fig.Caption, c)
	}
	w.add(domain.Block{Type: domain.BlockFigure, Anchor: "distribution", Figure: fig})
}

// figureLimits returns up to six equal round steps over most of the values.
func figureLimits(numbers []float64) []float64 {
	if len(numbers) < 8 {
		return nil
	}
	low, high := median(numbers, 0.02), median(numbers, 0.95)
	step := niceStep((high - low) / 5)
	if step <= 0 {
		return nil
	}
	var out []float64
	for k := int(low/step) + 1; float64(k)*step < high && len(out) < 7; k++ {
		out = append(out, float64(k)*step)
	}
	return out
}

// niceStep is the round number at or above x: 1, 2 or 5 times a power of ten, at least 1.
func niceStep(x float64) float64 {
	if x <= 0 {
		return 0
	}
	for scale := 1.0; ; scale *= 10 {
		for _, s := range []float64{1, 2, 5} {
			if s*scale >= x {
				return s * scale
			}
		}
	}
}

// bareFigure shows where the main number of the product lies in the market.
func (w *pageWriter) bareFigure(it *market.Item, vs values) {
	s := w.s
	st := s.view.MainNumber()
	if st == nil {
		return
	}
	a, ok := st.Attribute(it)
	low, high := slices.Min(st.Number), slices.Max(st.Number)
	if !ok || low == high {
		return
	}
	fv := vs.with(s.spread(st)).with(values{"value": s.attribute(it, a)})
	fig := &domain.Figure{Kind: domain.FigurePosition}
	fig.Title, _ = w.text("bare.fig.own", fv)
	fig.Alt, fig.Claims = w.text("bare.fig.own.alt", fv)
	bar := func(key string, v value, at float64) *domain.Bar {
		label, _ := w.text(key, nil)
		return &domain.Bar{Label: label, Value: at, Text: v.text, Claims: w.claimIDs(v)}
	}
	fig.Min, fig.Max, fig.Mark = bar("fig.min", fv["min"], low), bar("fig.max", fv["max"], high), bar("fig.median", fv["median"], median(st.Number, 0.5))
	own := bar("bare.fig.this", fv["value"], a.Number)
	own.Highlight = true
	fig.Bars = []domain.Bar{*own}
	w.add(domain.Block{Type: domain.BlockFigure, Anchor: "position", Figure: fig})
}
