package opportunity

import (
	"fmt"
	"math"

	"empire/internal/domain"
)

// changes says for each part by how much a change of its main input moves the score,
// or, for an absent one, between what it would move it if it were known.
func changes(f Facts, s *domain.OpportunityScore) []domain.ScoreChange {
	out := []domain.ScoreChange{}
	parts := modelParts()
	for i := range parts {
		p := &parts[i]
		from, ok := p.get(&f)
		if !ok {
			low := s.Covered * s.Value / (s.Covered + p.weight)
			high := (s.Covered*s.Value + p.weight) / (s.Covered + p.weight)
			out = append(out, domain.ScoreChange{
				Part: p.name, Input: p.input, Delta: high - s.Value,
				Note: fmt.Sprintf("Unknown: once known (%s), the score lies between %.3f and %.3f; score_delta is the most that it can gain.", p.suggestion, low, high),
			})
			continue
		}
		for _, way := range []float64{1, -1} {
			to := p.moved(from, way)
			if to == from {
				continue
			}
			g := f
			p.set(&g, to)
			d := value(&g, parts) - s.Value
			out = append(out, domain.ScoreChange{Part: p.name, Input: p.input, From: from, To: to, Delta: d, Note: "all other inputs as they are"})
		}
	}
	return out
}

// moved is the main input one step up or down, within its bounds.
func (p *modelPart) moved(from, way float64) float64 {
	step := math.Abs(p.step)
	if p.relative {
		step *= math.Max(from, 1)
	}
	to := min(p.max, max(p.min, from+way*step))
	if p.whole {
		to = math.Round(to)
	}
	return to
}

// flip returns the part whose value has to move least to turn the decision around, and
// to what its input has to change, all else equal; nil if no single input does it.
func flip(f Facts, confidence float64, s *domain.OpportunityScore) *domain.DecisionFlip {
	var best *domain.DecisionFlip
	least := math.Inf(1)
	parts := modelParts()
	for i := range parts {
		p := &parts[i]
		from, ok := p.get(&f)
		if !ok {
			continue
		}
		for _, bound := range []float64{p.min, p.max} {
			to, ok := p.crossing(f, from, bound, func(g *Facts) bool {
				v, covered := valueCovered(g, parts)
				d, _ := decide(v, covered, confidence, g.Products)
				return d != s.Decision
			})
			if !ok {
				continue
			}
			g := f
			p.set(&g, to)
			after := value(&g, parts)
			if move := math.Abs(p.value(&g) - p.value(&f)); move < least {
				least = move
				d, _ := decide(after, s.Covered, confidence, g.Products)
				best = &domain.DecisionFlip{
					Part: p.name, Input: p.input, From: from, To: to, ScoreAfter: after, Decision: d,
					Note: fmt.Sprintf("%s from %.4g to %.4g, all else equal", p.input, from, to),
				}
			}
		}
	}
	if best == nil {
		return learned(f, confidence, s, parts)
	}
	return best
}

// learned returns the absent part that turns the decision around with the lowest value
// once it is known; nil if none does.
func learned(f Facts, confidence float64, s *domain.OpportunityScore, parts []modelPart) *domain.DecisionFlip {
	var best *domain.DecisionFlip
	for i := range parts {
		p := &parts[i]
		if _, known := p.get(&f); known {
			continue
		}
		covered := s.Covered + p.weight
		need := max(0, (enterScore*covered-s.Covered*s.Value)/p.weight)
		after := (s.Covered*s.Value + p.weight*need) / covered
		if d, _ := decide(after+1e-12, covered, confidence, f.Products); need > 1 || d == s.Decision || best != nil && need >= best.To {
			continue
		}
		best = &domain.DecisionFlip{
			Part: p.name, Input: "value", To: need, ScoreAfter: after, Decision: domain.DecisionEnter,
			Note: fmt.Sprintf("%s becomes known (%s) with a part value of at least %.3f, all else equal", p.name, p.suggestion, need),
		}
	}
	return best
}

// crossing finds, by bisection between the input as it is and a bound, the value
// nearest to it at which the decision has flipped.
func (p *modelPart) crossing(f Facts, from, bound float64, flipped func(*Facts) bool) (float64, bool) {
	at := func(x float64) bool {
		g := f
		p.set(&g, x)
		return flipped(&g)
	}
	if from == bound || !at(bound) {
		// The value of a price peaks between: look at the peak.
		if p.name != "price_band" || (from-idealPrice)*(bound-idealPrice) > 0 || !at(idealPrice) {
			return 0, false
		}
		bound = idealPrice
	}
	near, far := from, bound
	for range 60 {
		mid := (near + far) / 2
		if p.relative && near > 0 && far > 0 {
			mid = math.Sqrt(near * far)
		}
		if at(mid) {
			far = mid
		} else {
			near = mid
		}
	}
	if p.whole { // the next whole number on the side that flips
		if bound > from {
			far = math.Ceil(far)
		} else {
			far = math.Floor(far)
		}
	}
	return far, at(far)
}
