package content

import (
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// role says why a product is presented, as a badge and in a sentence with its
// proof. place is what cardPlace said before.
func (w *pageWriter) role(p *prosePart, c *domain.ProductCard, pick market.Pick, g *group, place string) {
	s, it := w.s, pick.Item
	vs := values{"name": s.name(it), "price": s.price(it), "median": g.stat("median"), "gn": g.count()}
	switch pick.Role {
	case market.RoleLowest:
		if rank, place := g.rank("rank_asc", it); place == 1 {
			w.badge(c, "badge.lowest", rank)
		}
	case market.RoleMiddle:
		w.badge(c, "badge.middle", vs["median"])
		if place != "middle" {
			p.say("role.middle", vs)
		}
	case market.RoleValue, market.RoleUpper:
		w.equipped(p, c, pick, g, vs)
	}
}

// badge sets the badge of a card with the evidence that carries it.
func (w *pageWriter) badge(c *domain.ProductCard, key string, proof value) {
	text, ids := w.text(key, nil)
	if text == "" {
		return
	}
	c.Badge = text
	c.Claims = append(append(c.Claims, ids...), w.claims.Add(text, proof.evidence...))
}

// equipped proves that a product has most of the criterion in its part of the
// selection.
func (w *pageWriter) equipped(p *prosePart, c *domain.ProductCard, pick market.Pick, g *group, vs values) {
	s, it := w.s, pick.Item
	criterion, ok := s.view.Criterion(w.plan.Facet)
	if !ok {
		return
	}
	part := s.half(g, pick.Role)
	if len(part.items) < 4 {
		return
	}
	vs["partn"] = part.count()
	key := "role." + string(pick.Role)
	if criterion.Stat != nil {
		st := criterion.Stat
		proof, shown, ok := s.extreme(part, st, it)
		if !ok {
			return
		}
		vs["value"] = value{text: shown.text, evidence: append(shown.evidence, proof)}
		key += ".number"
		if st.Term.Better < 0 {
			key += ".less"
		}
		w.badge(c, "badge."+string(pick.Role), vs["value"])
		p.say(key, vs.with(s.about(st)))
		return
	}
	rule := market.Rule{Kind: market.ByExtras, Extras: criterion.Extras}
	n, score := s.score(rule, it)
	var has []string
	for _, e := range criterion.Extras {
		if e.Has(it) {
			has = append(has, e.Label)
		}
	}
	if score < 1 {
		return
	}
	vs["nextras"] = value{text: n.text + " " + extrasWord(s.lang, score), evidence: append(n.evidence, s.mostExtras(part, rule))}
	vs["extras"] = value{text: market.List(s.lang, has), evidence: n.evidence}
	w.badge(c, "badge."+string(pick.Role), vs["nextras"])
	p.say(key+".extras", vs)
}

// extrasWord is the noun for a number of extras.
func extrasWord(language string, n float64) string {
	switch {
	case language == "de" && n == 1:
		return "Extra"
	case language == "de":
		return "Extras"
	case n == 1:
		return "extra"
	default:
		return "extras"
	}
}

// half is the part of a group that a role refers to: up to the median price, or
// the dear quarter.
func (s *siteWriter) half(g *group, role market.Role) *group {
	var out []*market.Item
	n := len(g.items)
	median, upper := g.items[(n-1)/2].Price, g.items[n*3/4].Price
	for _, it := range g.items {
		if role == market.RoleValue && it.Price <= median || role == market.RoleUpper && it.Price >= upper && it.Price > median {
			out = append(out, it)
		}
	}
	return s.newGroup(out, string(role)+" part of the "+g.note)
}

// extreme proves that an item has the extreme value of an attribute within a
// group.
func (s *siteWriter) extreme(g *group, st *market.Stat, it *market.Item) (domain.EvidenceID, value, bool) {
	var rows []string
	var numbers []float64
	for _, o := range g.items {
		if a, ok := st.Attribute(o); ok {
			rows, numbers = append(rows, o.Row().Key), append(numbers, a.Number)
		}
	}
	a, ok := st.Attribute(it)
	if !ok || len(rows) == 0 {
		return "", value{}, false
	}
	formula := "max"
	if st.Term.Better < 0 {
		formula = "min"
	}
	set := s.ledger.Set(st.Name, rows, numbers, st.Term.Low("en")+" of the "+g.note)
	id, result, ok := s.ledger.Compute(formula, formula+" "+st.Term.Low("en")+" of the "+g.note, []domain.EvidenceID{set})
	shown, _ := s.shown(it, st)
	return id, shown, ok && result == a.Number
}

// mostExtras is the greatest number of extras in a group.
func (s *siteWriter) mostExtras(g *group, rule market.Rule) domain.EvidenceID {
	var rows, labels []string
	var counts []float64
	for _, e := range rule.Extras {
		labels = append(labels, e.Label)
	}
	for _, it := range g.items {
		score, _ := rule.Score(s.view, it)
		rows, counts = append(rows, it.Row().Key), append(counts, score)
	}
	set := s.ledger.Set("extras", rows, counts, "number of extras ("+strings.Join(labels, ", ")+") of the "+g.note)
	id, _, _ := s.ledger.Compute("max", "greatest number of extras", []domain.EvidenceID{set})
	return id
}
