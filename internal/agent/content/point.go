package content

import (
	"cmp"
	"math"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// points collects what the data says for and against a product, relative to the
// market: the strongest first.
func (s *siteWriter) points(it *market.Item) (pros, cons []point) {
	add := func(good bool, pt point) {
		if good {
			pros = append(pros, pt)
		} else {
			cons = append(cons, pt)
		}
	}
	s.pricePoint(it, add)
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		switch {
		case st.Kind == domain.AttributeNumber:
			s.numberPoint(it, st, add)
		case st.Kind == domain.AttributeFlag:
			s.flagPoint(it, st, add)
		default:
			s.valuePoint(it, st, add)
		}
		s.silentPoint(it, st, add)
	}
	s.optionPoint(it, add)
	heavier := func(a, b point) int { return cmp.Compare(b.weight, a.weight) }
	slices.SortStableFunc(pros, heavier)
	slices.SortStableFunc(cons, heavier)
	return pros, cons
}

// pricePoint compares the price with the median.
func (s *siteWriter) pricePoint(it *market.Item, add func(bool, point)) {
	median := s.all.stat("median")
	if len(median.evidence) == 0 {
		return
	}
	diff, size := s.gap(s.own(it), median.evidence[0], "distance to the median price")
	if size < 0.04*s.all.median() {
		return
	}
	vs := values{"name": s.name(it), "price": s.price(it), "gap": diff, "median": median}
	good := it.Price < s.all.median()
	key := "price.high"
	vs["share"], _ = s.all.shareWhere("count_lt", it.Price)
	if good {
		key = "price.low"
		vs["share"], _ = s.all.shareWhere("count_gt", it.Price)
	}
	add(good, point{key, "", vs, 6 * min(1.5, size/s.all.median()+0.4)})
}

// numberPoint compares a number with the median of its attribute.
func (s *siteWriter) numberPoint(it *market.Item, st *market.Stat, add func(bool, point)) {
	a, ok := st.Attribute(it)
	if !ok || st.Term.Better == 0 || len(st.Stated) < 8 {
		return
	}
	median, m := s.figure(st, "median")
	shown, _ := s.shown(it, st)
	if m == 0 || math.Abs(a.Number-m) < 0.06*m {
		return
	}
	more := a.Number > m
	good := more == (st.Term.Better > 0)
	formula := "count_lt"
	if !more {
		formula = "count_gt"
	}
	vs := values{"name": s.name(it), "value": shown, "median": median}.with(s.about(st))
	id, n, _ := s.ledger.Compute(formula, st.Term.Low("en")+" of other products", []domain.EvidenceID{s.numbers(st)}, a.Number)
	if n > 0 {
		vs["share"], _ = s.percent(id, s.stated(st).countID(), "share of the products that state "+st.Term.Low("en"))
	}
	key := "number.bad"
	if good {
		key = "number.good"
	}
	if more {
		key += ".more"
	} else {
		key += ".less"
	}
	add(good, point{key, st.Name, vs, st.Weight})
}

// flagPoint says that a product has what few have, or lacks what many have.
func (s *siteWriter) flagPoint(it *market.Item, st *market.Stat, add func(bool, point)) {
	with, _ := s.apart(st, "")
	share, pct := with.of(s.pool(st))
	a, ok := st.Attribute(it)
	vs := values{"name": s.name(it), "feature": plain(st.Term.Feature(s.lang, "")), "share": share, "count": with.count()}.with(s.about(st))
	switch {
	case ok && a.Flag && (pct < 30 || st.Term.Better > 0):
		vs["feature"] = s.flagFeature(it, st)
		key := "flag.has"
		if pct < 30 {
			key = "flag.rare"
		}
		add(true, point{key, st.Name, vs, st.Weight * (1.3 - pct/100)})
	case ok && !a.Flag && st.Term.Better > 0 && pct >= 30:
		vs["feature"] = s.flagFeature(it, st)
		add(false, point{"flag.lacks", st.Name, vs, st.Weight * pct / 100})
	case !ok && st.Silent() && st.Term.Better > 0 && pct >= 35:
		add(false, point{"flag.silent", st.Name, vs, st.Weight * pct / 100})
	}
}

func (s *siteWriter) flagFeature(it *market.Item, st *market.Stat) value {
	a, _ := st.Attribute(it)
	return value{text: st.Term.Feature(s.lang, ""), evidence: []domain.EvidenceID{s.ledger.Attribute(it.Family, a)}}
}

// pool is the group that shares of an attribute refer to.
func (s *siteWriter) pool(st *market.Stat) *group {
	if st.Silent() {
		return s.all
	}
	if list, ok := s.view.Stat("ingredient_count"); ok && st.Kind == domain.AttributeList && fromList[st.Name] {
		return s.stated(list) // whoever has none of them states none
	}
	return s.stated(st)
}

// valuePoint says that a value is rare or an extra.
func (s *siteWriter) valuePoint(it *market.Item, st *market.Stat, add func(bool, point)) {
	a, ok := st.Attribute(it)
	if !ok || st.Term.Minor() || st.Term.Weight < 4 {
		return
	}
	if st.Kind == domain.AttributeList {
		s.extraPoint(it, st, add)
		return
	}
	f, ok := s.feature(it, st)
	if !ok {
		return
	}
	if place, ok := st.Term.Place(a.Text); ok && 2*place < len(st.Term.Order) {
		return // rare, but not because anybody wants it
	}
	shown := market.Show(s.lang, a)
	for _, v := range st.Values {
		if v.Text != shown || len(v.Items) < 2 {
			continue
		}
		with, _ := s.apart(st, v.Key)
		share, pct := with.of(s.stated(st))
		if pct < 1 || pct > 30 {
			return
		}
		add(true, point{"value.rare", st.Name, values{
			"name": s.name(it), "feature": f, "value": s.valueWord(st, v), "share": share, "count": with.count(),
		}.with(s.about(st)), st.Weight * 0.55})
		return
	}
}

// extraPoint says that a list of values holds an extra, such as a wireless
// connection beside the cable, or that it holds none.
func (s *siteWriter) extraPoint(it *market.Item, st *market.Stat, add func(bool, point)) {
	for _, v := range st.Values {
		if !slices.Contains(st.Term.Extras, v.Key) {
			continue
		}
		with, _ := s.apart(st, v.Key)
		share, pct := with.of(s.stated(st))
		if pct < 8 {
			return
		}
		feature := value{text: st.Term.Feature(s.lang, st.Term.ValueWords(s.lang, v.Text))}
		vs := values{"name": s.name(it), "feature": feature, "share": share, "count": with.count()}.with(s.about(st))
		if slices.Contains(with.items, it) {
			a, _ := st.Attribute(it)
			feature.evidence = []domain.EvidenceID{s.ledger.Attribute(it.Family, a)}
			vs["feature"] = feature
			add(true, point{"flag.has", st.Name, vs, st.Weight * (1 - pct/100)})
		} else if pct >= 18 {
			add(false, point{"flag.lacks", st.Name, vs, st.Weight * 0.6})
		}
		return
	}
}

// silentPoint says that the feed does not state what most products state.
func (s *siteWriter) silentPoint(it *market.Item, st *market.Stat, add func(bool, point)) {
	if _, ok := it.Family.Attribute(st.Name); ok || st.Silent() || st.Term.Minor() || st.Coverage(s.view) < 0.5 || st.Term.Weight < 3 {
		return
	}
	share, _ := s.stated(st).of(s.all)
	add(false, point{"silent", st.Name, values{"name": s.name(it), "share": share}.with(s.about(st)), st.Weight * 0.8})
}

// optionPoint says how many sizes and colors there are.
func (s *siteWriter) optionPoint(it *market.Item, add func(bool, point)) {
	for _, o := range []struct{ attribute, key string }{{"available_colours", "colours"}, {"available_sizes", "sizes"}} {
		a, ok := it.Family.Attribute(o.attribute)
		if !ok || len(a.List) < 3 {
			continue
		}
		n := s.optionCount(it, a)
		add(true, point{"options." + o.key, o.attribute, values{"name": s.name(it), "count": n}, 2.2})
	}
}

// optionCount counts the entries of a list attribute of one product.
func (s *siteWriter) optionCount(it *market.Item, a domain.Attribute) value {
	rows := make([]string, len(a.List))
	ones := make([]float64, len(a.List))
	for i := range a.List {
		rows[i] = it.Row().Key
		ones[i] = 1
	}
	set := s.ledger.Set(a.Name, rows, ones, market.TermFor(a.Name).Low("en")+" of "+it.Family.Name+": "+market.List("en", a.List))
	id, _, _ := s.ledger.Compute("count", "number of options", []domain.EvidenceID{set})
	return value{text: market.Count(s.lang, len(a.List)), evidence: []domain.EvidenceID{id}}
}
