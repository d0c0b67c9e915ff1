// Package evidence keeps what claims rest on. A Ledger collects evidence while a
// page is written, Claims collects the facts that one page shows, and Verify (with
// CheckHTML for the finished page) proves afterwards that every fact is carried:
// feed values are found in their rows and computations are computed again.
package evidence

import (
	"fmt"
	"slices"
	"strconv"
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
		if in[i], ok = numbersOf(e); !ok {
			return "", 0, false
		}
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

// numbersOf returns the numbers that a formula sees of a piece of evidence; ok is
// false for evidence that is no input.
func numbersOf(e domain.Evidence) (list []float64, ok bool) {
	switch e.Kind {
	case domain.EvidenceSet:
		return e.Values, true
	case domain.EvidenceComputation:
		return []float64{e.Result}, true
	default:
		return nil, false
	}
}

func formatResult(v float64) string {
	s := strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// Claims collects the claims of one page.
type Claims struct {
	list []domain.Claim
	seen map[string]domain.ClaimID
	ids  map[domain.ClaimID]bool
}

// NewClaims returns an empty collection, or one that continues a page's claims.
func NewClaims(held ...domain.Claim) *Claims {
	c := &Claims{seen: map[string]domain.ClaimID{}, ids: map[domain.ClaimID]bool{}}
	for _, cl := range held {
		c.ids[cl.ID] = true
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
	n := len(c.list) + 1
	for c.ids[claimID(n)] { // continued claims may have gaps
		n++
	}
	id := claimID(n)
	c.ids[id] = true
	c.list = append(c.list, domain.Claim{ID: id, Text: text, Evidence: slices.Clone(evidence)})
	c.seen[key] = id
	return id
}

func claimID(n int) domain.ClaimID { return domain.ClaimID("c" + strconv.Itoa(n)) }

// All returns the claims in the order in which they were added.
func (c *Claims) All() []domain.Claim { return c.list }
