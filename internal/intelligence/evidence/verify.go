package evidence

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"empire/internal/domain"
)

// Problem is a fact that its evidence does not carry.
type Problem struct {
	Page    string // path
	Where   string // claim ID or the kind of text
	Message string
}

// Report says how many claims were checked and how many are carried.
type Report struct {
	Claims   int
	Grounded int
	Problems []Problem
}

// Verify checks all claims of pages against the evidence, and the evidence against
// the feed rows: cited spans must stand in their rows, sets must hold what their
// rows say, computations are computed again, and every figure of a claim must come
// from its evidence, read as the page's language reads it. It also checks that
// every sentence names a claim or is an opinion, that every text with a figure
// names a claim that holds it, and that opinions hold no figure and rank nothing.
// Spans of snapshots are checked by the method Snapshot(domain.Evidence) error of rows;
// without it, nothing may rest on one.
func Verify(pages []domain.Page, held []domain.Evidence, rows Rows) Report {
	v := verifier{ledger: NewLedger(held...), rows: rows, checked: map[domain.EvidenceID]error{}}
	for i := range pages {
		v.page(&pages[i])
	}
	return v.report
}

// CheckTexts checks that the texts of a page say no more than the claims that they name;
// the claims themselves are taken as they are. See Verify.
func CheckTexts(p *domain.Page) []Problem {
	v := verifier{}
	figures := make(map[domain.ClaimID][]string, len(p.Claims))
	whole := map[string]bool{}
	for _, c := range p.Claims {
		figures[c.ID] = Numbers(c.Text)
		for _, n := range figures[c.ID] {
			whole[n] = true
		}
	}
	for t := range Texts(p) {
		v.text(p, t, figures, whole)
	}
	return v.report.Problems
}

type verifier struct {
	ledger  *Ledger
	rows    Rows
	checked map[domain.EvidenceID]error
	report  Report
}

func (v *verifier) problem(p *domain.Page, where, format string, args ...any) {
	v.report.Problems = append(v.report.Problems, Problem{p.Path(), where, fmt.Sprintf(format, args...)})
}

func (v *verifier) page(p *domain.Page) {
	figures := make(map[domain.ClaimID][]string, len(p.Claims))
	whole := map[string]bool{} // of all claims
	for _, c := range p.Claims {
		v.report.Claims++
		if _, twice := figures[c.ID]; twice {
			v.problem(p, string(c.ID), "two claims have this ID")
			continue
		}
		figures[c.ID] = Numbers(c.Text)
		for _, n := range figures[c.ID] {
			whole[n] = true
		}
		if err := v.claim(c, p.Language); err != nil {
			v.problem(p, string(c.ID), "claim %q: %v", clip(c.Text), err)
			continue
		}
		v.report.Grounded++
	}
	for t := range Texts(p) {
		v.text(p, t, figures, whole)
	}
}

// text checks that the figures of one text stand in the claims that it names.
func (v *verifier) text(p *domain.Page, t Text, figures map[domain.ClaimID][]string, whole map[string]bool) {
	allowed := map[string]bool{}
	for _, id := range t.Claims {
		list, ok := figures[id]
		if !ok {
			v.problem(p, t.Where, "names claim %s, which the page does not have", id)
		}
		for _, n := range list {
			allowed[n] = true
		}
	}
	switch {
	case t.Where == sentence && !t.Opinion && len(t.Claims) == 0:
		v.problem(p, t.Where, "states a fact without a claim: %q", clip(t.Text))
	case t.Opinion && superlative.MatchString(t.Text):
		v.problem(p, t.Where, "an opinion ranks products: %q", clip(t.Text))
	}
	for _, n := range Numbers(t.Text) {
		switch {
		case t.Opinion:
			v.problem(p, t.Where, "an opinion holds the figure %s: %q", clip(n), clip(t.Text))
		case !allowed[n] && !(t.WholePage && whole[n]):
			v.problem(p, t.Where, "figure %s has no claim: %q", clip(n), clip(t.Text))
		}
	}
}

// superlative finds statements that something is the best of its kind; what to
// compare with ("not with the cheapest offer") is advice.
var superlative = regexp.MustCompile(`(?i)\b(is|are|has|have|offers|makes it)( by far| clearly| simply)? the (very )?(best|cheapest|lowest|highest|largest|fastest|strongest|lightest|quietest|most \p{L}+)\b|` +
	`\b(ist|sind|hat|haben|bietet)( mit Abstand| klar| einfach)? (der|die|das|den) (beste|günstigste|billigste|schnellste|größte|stärkste|leichteste|leiseste)(n|r|s)?\b|` +
	`\b(unbeatable|unrivaled|unschlagbar|konkurrenzlos)`)

// claim checks that evidence carries every figure of a claim. Figures come from
// verbatim text, from a computation or its arguments, or from a set of one value; a
// larger set holds too many figures to prove any.
func (v *verifier) claim(c domain.Claim, language string) error {
	if len(c.Evidence) == 0 {
		return fmt.Errorf("no evidence")
	}
	var verbatim source
	var computed []float64
	for _, id := range c.Evidence {
		e, ok := v.ledger.Get(id)
		if !ok {
			return fmt.Errorf("evidence %s is missing", id)
		}
		if err := v.evidence(e); err != nil {
			return err
		}
		switch e.Kind {
		case domain.EvidenceComputation:
			computed = append(computed, e.Result)
			verbatim.values = append(verbatim.values, e.Args...)
		case domain.EvidenceSet:
			if len(e.Values) == 1 {
				computed = append(computed, e.Values...)
			}
		default:
			verbatim.read(e.Field, e.Value)
		}
	}
	for _, token := range Numbers(c.Text) {
		if !carried(token, language, &verbatim, computed) {
			return fmt.Errorf("figure %s is not in the evidence", clip(token))
		}
	}
	return nil
}

// clip shortens a text for a message.
func clip(s string) string {
	const limit = 160
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
