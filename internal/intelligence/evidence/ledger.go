// Package evidence keeps what claims rest on. A Ledger collects evidence while a
// page is written, Claims collects the facts that one page shows, and Verify (with
// CheckHTML for the finished page) proves afterwards that every fact is carried:
// feed values are found in their rows and computations are computed again.
package evidence

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Ledger collects evidence. Equal evidence is kept once. It is not safe for
// concurrent use.
type Ledger struct {
	items map[domain.EvidenceID]domain.Evidence
}

// NewLedger returns an empty ledger, or one that holds the given evidence.
func NewLedger(held ...domain.Evidence) *Ledger {
	l := &Ledger{items: make(map[domain.EvidenceID]domain.Evidence, len(held))}
	for _, e := range held {
		l.items[e.ID] = e
	}
	return l
}

// Add seals e, keeps it and returns its ID.
func (l *Ledger) Add(e domain.Evidence) domain.EvidenceID {
	e = e.Seal()
	l.items[e.ID] = e
	return e.ID
}

// Get returns evidence by ID.
func (l *Ledger) Get(id domain.EvidenceID) (domain.Evidence, bool) {
	e, ok := l.items[id]
	return e, ok
}

// All returns the evidence sorted by ID.
func (l *Ledger) All() []domain.Evidence {
	out := make([]domain.Evidence, 0, len(l.items))
	for _, e := range l.items {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b domain.Evidence) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// Field cites one field of a feed row, whole. It panics if the row does not have
// the field, because citing what is not there is a bug.
func (l *Ledger) Field(p *domain.Product, field string) domain.EvidenceID {
	v, ok := p.Fields[field]
	if !ok {
		panic(fmt.Sprintf("evidence: row %s has no field %s", p.Key, field))
	}
	return l.Span(p, field, v)
}

// Span cites a verbatim part of one field of a feed row.
func (l *Ledger) Span(p *domain.Product, field, span string) domain.EvidenceID {
	at := p.ReadAt.UTC()
	return l.Add(domain.Evidence{
		Kind: domain.EvidenceFeed, FeedID: p.FeedID, RowKey: p.Key, Field: field, Value: span, At: &at,
	})
}

// Attribute cites the span that an attribute of a family was extracted from.
func (l *Ledger) Attribute(f *domain.Family, a domain.Attribute) domain.EvidenceID {
	p := f.Lead()
	for i := range f.Variants {
		if f.Variants[i].Key == a.RowKey {
			p = &f.Variants[i]
			break
		}
	}
	return l.Span(p, a.Field, a.Raw)
}

// Setting cites something that the operator stated, or a property of the run such
// as the day on which a feed was read.
func (l *Ledger) Setting(name, value string) domain.EvidenceID {
	return l.Add(domain.Evidence{Kind: domain.EvidenceSetting, Field: name, Value: value})
}

// Rule cites the text of a law or policy.
func (l *Ledger) Rule(name, text string) domain.EvidenceID {
	return l.Add(domain.Evidence{Kind: domain.EvidenceRule, Field: name, Value: text})
}

// Set keeps one number per row as the input of computations. Rows are row keys in
// the order of values; note says what the set is: "prices of 824 keyboards".
func (l *Ledger) Set(field string, rows []string, values []float64, note string) domain.EvidenceID {
	return l.Add(domain.Evidence{
		Kind: domain.EvidenceSet, Field: field, Rows: rows, Values: values, Note: note,
	})
}

// Compute applies a formula to kept sets or earlier computations, keeps the
// computation and returns its ID and result. See Formulas for the list. It panics
// on an unknown formula or input: that is a bug of the writer. ok is false when
// the formula has no result for these inputs (empty set, division by zero).
func (l *Ledger) Compute(formula, note string, inputs []domain.EvidenceID, args ...float64) (id domain.EvidenceID, result float64, ok bool) {
	in := make([][]float64, len(inputs))
	for i, inputID := range inputs {
		e, held := l.items[inputID]
		if !held {
			panic("evidence: unknown input " + string(inputID))
		}
		in[i] = numbersOf(e)
	}
	result, ok = evaluate(formula, in, args)
	if !ok {
		return "", 0, false
	}
	id = l.Add(domain.Evidence{
		Kind: domain.EvidenceComputation, Formula: formula, Inputs: inputs, Args: args, Result: result, Note: note,
		Value: formatResult(result),
	})
	return id, result, true
}

// numbersOf returns the numbers that a formula sees of a piece of evidence.
func numbersOf(e domain.Evidence) []float64 {
	switch e.Kind {
	case domain.EvidenceSet:
		return e.Values
	case domain.EvidenceComputation:
		return []float64{e.Result}
	default:
		return nil
	}
}

func formatResult(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), ".")
}

// Claims collects the claims of one page.
type Claims struct {
	list []domain.Claim
	seen map[string]domain.ClaimID
}

// NewClaims returns an empty collection, or one that continues a page's claims.
func NewClaims(held ...domain.Claim) *Claims {
	c := &Claims{seen: map[string]domain.ClaimID{}}
	for _, cl := range held {
		c.list = append(c.list, cl)
		c.seen[claimKey(cl.Text, cl.Evidence)] = cl.ID
	}
	return c
}

func claimKey(text string, ids []domain.EvidenceID) string {
	var b strings.Builder
	b.WriteString(text)
	for _, id := range ids {
		b.WriteByte(0)
		b.WriteString(string(id))
	}
	return b.String()
}

// Add keeps a claim and returns its ID; the same text on the same evidence is one
// claim. Text is exactly what the page shows.
func (c *Claims) Add(text string, evidence ...domain.EvidenceID) domain.ClaimID {
	key := claimKey(text, evidence)
	if id, ok := c.seen[key]; ok {
		return id
	}
	id := domain.ClaimID(fmt.Sprintf("c%d", len(c.list)+1))
	c.list = append(c.list, domain.Claim{ID: id, Text: text, Evidence: slices.Clone(evidence)})
	c.seen[key] = id
	return id
}

// All returns the claims in the order in which they were added.
func (c *Claims) All() []domain.Claim { return c.list }

// Formulas documents the formulas of Compute: what they take and what they give.
// Inputs are sets (lists of numbers) or earlier computations (lists of one).
var Formulas = map[string]string{
	"count":              "how many numbers the set has",
	"sum":                "sum of the set",
	"min":                "least number of the set",
	"max":                "greatest number of the set",
	"mean":               "arithmetic mean of the set",
	"median":             "median of the set; the mean of the middle two for an even count",
	"quantile":           "quantile args[0] of the set, linear between neighbours (type 7)",
	"count_le":           "how many numbers of the set are at most args[0]",
	"count_ge":           "how many numbers of the set are at least args[0]",
	"count_lt":           "how many numbers of the set are below args[0]",
	"count_gt":           "how many numbers of the set are above args[0]",
	"count_eq":           "how many numbers of the set equal args[0]",
	"count_between":      "how many numbers of the set are at least args[0] and below args[1]",
	"difference":         "first input minus second",
	"absolute":           "first input without its sign",
	"ratio":              "first input divided by second",
	"percent":            "first input divided by second, times 100",
	"percent_difference": "(first input minus second) divided by second, times 100",
	"rank_asc":           "place of the second input in the first set, 1 for the least; ties share the better place",
	"rank_desc":          "place of the second input in the first set, 1 for the greatest; ties share the better place",
	"spread":             "greatest minus least number of the set",
	"constant":           "args[0], a threshold chosen by the writer",
}

func evaluate(formula string, in [][]float64, args []float64) (float64, bool) {
	if _, known := Formulas[formula]; !known {
		panic("evidence: unknown formula " + formula)
	}
	if formula == "constant" {
		return finite(args[0])
	}
	if len(in) == 0 || len(in[0]) == 0 && formula != "count" && !strings.HasPrefix(formula, "count_") {
		return 0, false
	}
	switch set := in[0]; formula {
	case "count":
		return float64(len(set)), true
	case "count_le", "count_ge", "count_lt", "count_gt", "count_eq", "count_between":
		return countWhere(formula, set, args), true
	case "difference", "ratio", "percent", "percent_difference", "rank_asc", "rank_desc":
		if len(in) != 2 || len(in[1]) != 1 {
			return 0, false
		}
		return binary(formula, set, in[1][0])
	default:
		return aggregate(formula, set, args)
	}
}

func countWhere(formula string, set, args []float64) float64 {
	n := 0
	for _, v := range set {
		match := false
		switch formula {
		case "count_le":
			match = v <= args[0]
		case "count_ge":
			match = v >= args[0]
		case "count_lt":
			match = v < args[0]
		case "count_gt":
			match = v > args[0]
		case "count_eq":
			match = v == args[0]
		case "count_between":
			match = v >= args[0] && v < args[1]
		}
		if match {
			n++
		}
	}
	return float64(n)
}

func binary(formula string, set []float64, b float64) (float64, bool) {
	a := set[0]
	switch formula {
	case "rank_asc", "rank_desc":
		place := 1
		for _, v := range set {
			if formula == "rank_asc" && v < b || formula == "rank_desc" && v > b {
				place++
			}
		}
		return float64(place), true
	case "difference":
		return finite(a - b)
	case "ratio":
		return finite(a / b)
	case "percent":
		return finite(a / b * 100)
	default: // percent_difference
		return finite((a - b) / b * 100)
	}
}

func aggregate(formula string, set, args []float64) (float64, bool) {
	switch formula {
	case "sum", "mean":
		sum := 0.0
		for _, v := range set {
			sum += v
		}
		if formula == "mean" {
			sum /= float64(len(set))
		}
		return finite(sum)
	case "min":
		return slices.Min(set), true
	case "max":
		return slices.Max(set), true
	case "spread":
		return slices.Max(set) - slices.Min(set), true
	case "absolute":
		return math.Abs(set[0]), true
	case "median":
		return Quantile(set, 0.5), true
	default: // quantile
		return Quantile(set, args[0]), true
	}
}

func finite(v float64) (float64, bool) { return v, !math.IsNaN(v) && !math.IsInf(v, 0) }

// Quantile returns the q-quantile (0 to 1) of values, linear between neighbours:
// type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996).
// values need not be sorted and must not be empty.
func Quantile(values []float64, q float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	pos := q * float64(len(s)-1)
	i := int(math.Floor(pos))
	if i >= len(s)-1 {
		return s[len(s)-1]
	}
	return s[i] + (pos-float64(i))*(s[i+1]-s[i])
}
