package release

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"empire/internal/domain"
)

// maxReasons is how many reasons a block gets.
const maxReasons = 5

// reasoner finds out which evidence made blocks differ.
type reasoner struct {
	before, after map[domain.EvidenceID]*domain.Evidence
}

func newReasoner(a, b *domain.Draft) *reasoner {
	return &reasoner{byID(a.Evidence), byID(b.Evidence)}
}

func byID(list []domain.Evidence) map[domain.EvidenceID]*domain.Evidence {
	out := make(map[domain.EvidenceID]*domain.Evidence, len(list))
	for i := range list {
		out[list[i].ID] = &list[i]
	}
	return out
}

// explain sets the reasons of the changes of a page.
func (r *reasoner) explain(a, b *domain.Page, changes []domain.BlockChange) {
	for i := range changes {
		c := &changes[i]
		var x, y map[string]said
		if c.Before != nil {
			x = grounds(a, &a.Blocks[*c.Before], r.before)
		}
		if c.After != nil {
			y = grounds(b, &b.Blocks[*c.After], r.after)
		}
		c.Reasons = reasons(x, y)
		switch {
		case len(c.Reasons) > 0:
		case a.Writer != b.Writer:
			c.Reasons = []domain.ChangeReason{{Kind: domain.ReasonWriter, Before: a.Writer, After: b.Writer}}
		case c.Kind == domain.Changed && len(c.Lines) > 0 && (len(x) > 0 || len(y) > 0):
			c.Reasons = []domain.ChangeReason{{Kind: domain.ReasonWording}}
		}
	}
}

// said is what a piece of evidence says.
type said struct {
	what, value string
	rank        int // feeds first
}

// grounds returns what the claims of a block rest on, by what stays the same when it
// says something else: field and row, or what is computed.
func grounds(p *domain.Page, b *domain.Block, held map[domain.EvidenceID]*domain.Evidence) map[string]said {
	claims := map[domain.ClaimID]*domain.Claim{}
	for i := range p.Claims {
		claims[p.Claims[i].ID] = &p.Claims[i]
	}
	out := map[string]said{}
	for _, id := range claimsOf(b) {
		c := claims[id]
		if c == nil {
			continue
		}
		for _, e := range c.Evidence {
			if key, s, ok := ground(held[e]); ok {
				out[key] = s
			}
		}
	}
	return out
}

func ground(e *domain.Evidence) (key string, s said, ok bool) {
	if e == nil {
		return "", s, false
	}
	switch e.Kind {
	case domain.EvidenceFeed:
		return fmt.Sprintf("feed|%s|%s|%s", e.FeedID, e.RowKey, e.Field), said{fmt.Sprintf("%s of row %s", e.Field, e.RowKey), clip(e.Value), 0}, true
	case domain.EvidenceSet:
		value := fmt.Sprintf("%d values", len(e.Values))
		if len(e.Values) == 1 {
			value = fmt.Sprint(e.Values[0])
		}
		return "set|" + e.Field + "|" + e.Note, said{cmp.Or(e.Note, e.Field), value, 1}, true
	case domain.EvidenceComputation:
		if e.Formula == "constant" {
			return "", s, false
		}
		return fmt.Sprintf("computation|%s|%s|%v", e.Formula, e.Note, e.Args), said{cmp.Or(e.Note, e.Formula), e.Value, 2}, true
	default:
		return string(e.Kind) + "|" + e.Field + "|" + e.URL, said{cmp.Or(e.Field, e.URL), clip(e.Value), 3}, true
	}
}

// clip bounds what is shown of a field.
func clip(s string) string {
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// claimsOf returns the claims that a block names.
func claimsOf(b *domain.Block) []domain.ClaimID {
	raw, err := json.Marshal(b)
	if err != nil {
		return nil
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	var out []domain.ClaimID
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				list, isList := e.([]any)
				if k != "claims" || !isList {
					walk(e)
					continue
				}
				for _, id := range list {
					if s, ok := id.(string); ok {
						out = append(out, domain.ClaimID(s))
					}
				}
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return out
}

// reasons compares what a block rested on with what it rests on.
func reasons(x, y map[string]said) []domain.ChangeReason {
	type ranked struct {
		domain.ChangeReason
		rank int
		key  string
	}
	var list []ranked
	for k, s := range y {
		old, had := x[k]
		switch {
		case !had:
			list = append(list, ranked{domain.ChangeReason{Kind: domain.ReasonNew, What: s.what, After: s.value}, 4 + s.rank, k})
		case old.value != s.value:
			list = append(list, ranked{domain.ChangeReason{Kind: domain.ReasonEvidence, What: s.what, Before: old.value, After: s.value}, s.rank, k})
		}
	}
	for k, s := range x {
		if _, has := y[k]; !has {
			list = append(list, ranked{domain.ChangeReason{Kind: domain.ReasonGone, What: s.what, Before: s.value}, 4 + s.rank, k})
		}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key, b.key), cmp.Compare(a.Kind, b.Kind))
	})
	var out []domain.ChangeReason
	for _, r := range list[:min(len(list), maxReasons)] {
		out = append(out, r.ChangeReason)
	}
	return out
}
