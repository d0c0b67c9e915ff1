package evidence

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Rows finds the feed rows that evidence cites.
type Rows interface {
	Row(feed domain.FeedID, key string) (*domain.Product, bool)
}

// MarketRows indexes the rows of a market.
type MarketRows map[rowID]*domain.Product

type rowID struct {
	feed domain.FeedID
	key  string
}

// NewMarketRows returns an index over the rows of m, which must not change while
// the index is used.
func NewMarketRows(m *domain.Market) MarketRows {
	rows := MarketRows{}
	for i := range m.Families {
		for j := range m.Families[i].Variants {
			v := &m.Families[i].Variants[j]
			rows[rowID{v.FeedID, v.Key}] = v
		}
	}
	return rows
}

// Row returns one row of the market.
func (r MarketRows) Row(feed domain.FeedID, key string) (*domain.Product, bool) {
	p, ok := r[rowID{feed, key}]
	return p, ok
}

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
// the feed rows: cited spans must stand in their rows, computations are computed
// again, and every figure of a claim must come from its evidence. It also checks
// that every text with a figure names a claim that holds it, and that opinions
// hold none.
func Verify(pages []domain.Page, held []domain.Evidence, rows Rows) Report {
	v := verifier{ledger: NewLedger(held...), rows: rows, checked: map[domain.EvidenceID]error{}}
	for i := range pages {
		v.page(&pages[i])
	}
	return v.report
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
	texts := make(map[domain.ClaimID]string, len(p.Claims))
	for _, c := range p.Claims {
		v.report.Claims++
		texts[c.ID] = c.Text
		if err := v.claim(c); err != nil {
			v.problem(p, string(c.ID), "claim %q: %v", c.Text, err)
			continue
		}
		v.report.Grounded++
	}
	for t := range Texts(p) {
		v.text(p, t, texts)
	}
}

// text checks that the figures of one text stand in the claims that it names.
func (v *verifier) text(p *domain.Page, t Text, claims map[domain.ClaimID]string) {
	allowed := map[string]bool{}
	for _, id := range t.Claims {
		text, ok := claims[id]
		if !ok {
			v.problem(p, t.Where, "names claim %s, which the page does not have", id)
			continue
		}
		for _, n := range Numbers(text) {
			allowed[n] = true
		}
	}
	if t.WholePage {
		for _, text := range claims {
			for _, n := range Numbers(text) {
				allowed[n] = true
			}
		}
	}
	for _, n := range Numbers(t.Text) {
		if t.Opinion {
			v.problem(p, t.Where, "an opinion holds the figure %s: %q", n, t.Text)
		} else if !allowed[n] {
			v.problem(p, t.Where, "figure %s has no claim: %q", n, t.Text)
		}
	}
}

func (v *verifier) claim(c domain.Claim) error {
	if len(c.Evidence) == 0 {
		return fmt.Errorf("no evidence")
	}
	var exact, rounded []float64
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
			rounded = append(rounded, e.Result)
			exact = append(exact, e.Args...)
		case domain.EvidenceSet:
			rounded = append(rounded, e.Values...)
		default:
			exact = append(exact, literal(e.Value)...)
		}
	}
	for _, token := range Numbers(c.Text) {
		if !carried(token, exact, rounded) {
			return fmt.Errorf("figure %s is not in the evidence", token)
		}
	}
	return nil
}

// carried reports whether one reading of the figure equals a literal value or is a
// correct rounding of a computed one (its sign may be told in words).
func carried(token string, exact, rounded []float64) bool {
	for _, r := range readings(token) {
		if slices.ContainsFunc(exact, func(x float64) bool { return math.Abs(x-r.value) < 1e-9 }) {
			return true
		}
		half := 0.5*math.Pow10(-r.decimals) + 1e-9
		if slices.ContainsFunc(rounded, func(x float64) bool { return math.Abs(math.Abs(x)-r.value) <= half }) {
			return true
		}
	}
	// "16:9" or "1920x1080" are lists of figures.
	for _, x := range literal(token) {
		if slices.Contains(exact, x) {
			return true
		}
	}
	return false
}

// evidence checks one piece of evidence, once.
func (v *verifier) evidence(e domain.Evidence) error {
	if err, done := v.checked[e.ID]; done {
		return err
	}
	v.checked[e.ID] = nil // inputs cannot refer back: an ID is a hash over them
	err := v.evidenceOnce(e)
	v.checked[e.ID] = err
	return err
}

func (v *verifier) evidenceOnce(e domain.Evidence) error {
	if sealed := e.Seal(); sealed.ID != e.ID {
		return fmt.Errorf("evidence %s was changed", e.ID)
	}
	switch e.Kind {
	case domain.EvidenceFeed:
		row, ok := v.rows.Row(e.FeedID, e.RowKey)
		if !ok {
			return fmt.Errorf("feed row %s is not in the market", e.RowKey)
		}
		if e.Value == "" || !strings.Contains(row.Fields[e.Field], e.Value) {
			return fmt.Errorf("%q is not in field %s of row %s", e.Value, e.Field, e.RowKey)
		}
	case domain.EvidenceSet:
		if len(e.Rows) != len(e.Values) {
			return fmt.Errorf("set %s has %d rows and %d values", e.ID, len(e.Rows), len(e.Values))
		}
	case domain.EvidenceComputation:
		return v.computation(e)
	case domain.EvidenceSetting, domain.EvidenceRule:
		if e.Value == "" {
			return fmt.Errorf("setting %s is empty", e.Field)
		}
	default:
		return fmt.Errorf("evidence of unknown kind %q", e.Kind)
	}
	return nil
}

func (v *verifier) computation(e domain.Evidence) error {
	in := make([][]float64, len(e.Inputs))
	for i, id := range e.Inputs {
		input, ok := v.ledger.Get(id)
		if !ok {
			return fmt.Errorf("input %s of a computation is missing", id)
		}
		if err := v.evidence(input); err != nil {
			return err
		}
		in[i] = numbersOf(input)
	}
	if _, known := Formulas[e.Formula]; !known {
		return fmt.Errorf("formula %q does not exist", e.Formula)
	}
	got, ok := evaluate(e.Formula, in, e.Args)
	if !ok || math.Abs(got-e.Result) > 1e-6*math.Max(1, math.Abs(got)) {
		return fmt.Errorf("%s computed again gives %v, not %v", e.Formula, got, e.Result)
	}
	return nil
}
