package content

import (
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// contexts are the ways to set a number in the market: its distance to the median, its
// place, the share of products with less. A site keeps to one of them.
var contexts = []string{"median", "apart", "place", "below"}

func (s *siteWriter) contextStyle() string {
	return contexts[int(s.draw("context")*float64(len(contexts)))]
}

// context sets a value in the market, in the words that the whole table uses.
func (w *pageWriter) context(it *market.Item, st *market.Stat, a domain.Attribute) domain.Cell {
	var key string
	var vs values
	switch {
	case a.Kind == domain.AttributeNumber:
		key, vs = w.numberContext(it, st, a)
	case a.Kind == domain.AttributeList && strings.HasPrefix(st.Name, "available_"):
		return domain.Cell{}
	default:
		key, vs = w.valueContext(st, a)
	}
	text, ids := w.pinned(key, vs)
	return domain.Cell{Text: text, Claims: ids}
}

// numberContext compares a number with those of all products that state one.
func (w *pageWriter) numberContext(it *market.Item, st *market.Stat, a domain.Attribute) (string, values) {
	s := w.s
	vs := values{"median": s.measured(st, "median"), "statedn": s.stated(st).count()}
	row := a.RowKey
	if row == "" {
		row = it.Row().Key
	}
	own := s.ledger.Set(st.Name, []string{row}, []float64{a.Number}, st.Term.Low("en")+" of "+it.Family.Name)
	switch s.contextStyle() {
	case "apart":
		gap := s.amountApart(st, own, vs["median"].evidence[0], "distance to the median")
		vs["gap"] = gap
		switch {
		case gap.text == "":
			return "context.equal", vs
		case a.Number > median(st.Number, 0.5):
			return "context.over", vs
		}
		return "context.under", vs
	case "place":
		if id, n, ok := s.ledger.Compute("rank_asc", "place by "+st.Term.Low("en"), []domain.EvidenceID{s.numbers(st), own}); ok {
			vs["rank"] = value{text: ordinal(s.lang, int(n)), evidence: []domain.EvidenceID{id}}
			return "context.place", vs
		}
	case "below":
		for _, formula := range []string{"count_lt", "count_gt"} {
			id, _, _ := s.ledger.Compute(formula, st.Term.Low("en")+" of other products", []domain.EvidenceID{s.numbers(st)}, a.Number)
			if share, pct := s.percent(id, s.statedCount(st), "share of the products that state "+st.Term.Low("en")); pct >= 0.5 {
				vs["share"] = share
				return map[string]string{"count_lt": "context.more", "count_gt": "context.less"}[formula], vs
			}
		}
	}
	return "context.median", vs
}

// valueContext says how common a value is.
func (w *pageWriter) valueContext(st *market.Stat, a domain.Attribute) (string, values) {
	s := w.s
	key, valueKey, vs := "context.share", lower(market.Show(s.lang, a)), values{}
	if style := s.contextStyle(); style == "place" || style == "apart" {
		key = "context.tally"
	}
	switch a.Kind {
	case domain.AttributeFlag:
		valueKey = ""
		if !a.Flag {
			key = "context.flag"
			vs["have"] = plain(st.Term.In(s.lang).Have)
		}
	case domain.AttributeList:
		valueKey = lower(a.List[0])
		vs["value"] = s.attributeFirst(a)
		if len(a.List) > 1 || s.in.Market.Priceless {
			key = "context.list"
		}
	default:
	}
	with, _ := s.apart(st, valueKey)
	share, pct := with.of(s.pool(st))
	vs["share"], vs["count"], vs["pooln"] = share, with.count(), s.pool(st).count()
	switch {
	case a.Kind == domain.AttributeFlag && !a.Flag: // who has it says nothing about who has it not
	case len(with.items) < 2:
		key = "context.only"
	case pct < 1:
		key = "context.count"
	}
	return key, vs
}

// attributeFirst is the first entry of a list as text without figures.
func (s *siteWriter) attributeFirst(a domain.Attribute) value {
	if hasFigure(a.List[0]) {
		return value{}
	}
	return plain(a.List[0])
}

// pinned says a phrase that stands many times in one table, with the variant that was
// taken first.
func (w *pageWriter) pinned(key string, more values) (string, []domain.ClaimID) {
	vs := w.base.with(more)
	list := w.choose(key, vs)
	if len(list) == 0 {
		return "", nil
	}
	c := list[0]
	if i := slices.IndexFunc(list, func(o choice) bool { return o.id == w.pins[key] }); i >= 0 {
		c = list[i]
	}
	w.pins[key] = c.id
	return c.text, w.take(c, vs)
}
