// Package ensemble asks several models the same and reports, claim by claim, who
// agrees. Agreement is not truth: models learn from the same pages. It tells where to
// look; evidence decides.
package ensemble

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/nlp"
)

// Question is asked of every model.
type Question struct {
	System   string
	Prompt   string
	Language string // of the claims: en, de; empty: en
	// MaxTokens of each answer; 0: what each model has.
	MaxTokens int
	// Models are names in the configuration, each once: two or more to compare.
	Models []string
}

// Answer is what one model said.
type Answer struct {
	Model   string // name in the configuration
	Claims  []string
	Receipt llm.Receipt // of the last call
	Cost    domain.Micros
	Err     error // why there are no claims; the others still count
}

// Claim is what one or more models say.
type Claim struct {
	Text  string   // in the words of the first of By
	By    []string // models that say so, in the order of the question
	Words []string // of each of them
	// Against are models that answered and do not say so. They need not disagree.
	Against []string
	// Contradicts are the numbers, within Report.Claims, of claims that say nearly the
	// same with another number, or with a negation.
	Contradicts []int
	// Agreement is the part of the models that answered which say so, above 0 to 1.
	Agreement float64
}

// Report is what several models said.
type Report struct {
	Answers []Answer
	Claims  []Claim // the ones that most agree on first
	Cost    domain.Micros
}

const (
	maxModels = 8
	// same is how similar two claims are at least that count as one, near is how similar
	// those are that can contradict each other, by nlp.Similarity.
	same = 0.8
	near = 0.6
)

// schema is what every model is asked for.
var schema = &llm.Schema{Name: "claims", JSON: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["claims"],"properties":{
	"claims":{"type":"array","maxItems":64,"items":{"type":"string","maxLength":600,"description":"one statement, complete in itself"}}}}`)}

type claimList struct {
	Claims []string `json:"claims"`
}

// Ask asks all models at the same time, each within the budgets. It fails only if
// none of them answers.
func Ask(ctx context.Context, c llm.Caller, q Question) (*Report, error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	r := &Report{Answers: make([]Answer, len(q.Models))}
	var group errgroup.Group
	group.SetLimit(maxModels)
	scope, _ := domain.ScopeFrom(ctx)
	for i, name := range q.Models {
		number := scope.NextCall() // before they run: a repeated attempt finds what was paid
		group.Go(func() error {
			r.Answers[i] = ask(ctx, c, &q, name, number)
			return nil
		})
	}
	_ = group.Wait() // faults are part of the report
	var last error
	answered := 0
	for i := range r.Answers {
		r.Cost += r.Answers[i].Cost
		if last = cmp.Or(r.Answers[i].Err, last); r.Answers[i].Err == nil {
			answered++
		}
	}
	if answered == 0 {
		return nil, fmt.Errorf("none of %d models answered: %w", len(q.Models), last)
	}
	r.compare(cmp.Or(q.Language, nlp.English), answered)
	return r, nil
}

func (q *Question) validate() error {
	if len(q.Models) == 0 || len(q.Models) > maxModels {
		return domain.Invalid("models", "Between 1 and %d models are asked.", maxModels)
	}
	for i, m := range q.Models {
		if slices.Index(q.Models, m) != i {
			return domain.Invalid("models", "Model %q is named twice: it would agree with itself.", m)
		}
	}
	return nil
}

func ask(ctx context.Context, c llm.Caller, q *Question, name string, number int) Answer {
	out := Answer{Model: name}
	res, err := llm.Structured[claimList](ctx, c, llm.Request{
		Model: name, System: q.System, Prompt: q.Prompt, MaxTokens: q.MaxTokens, Schema: schema, Number: number,
	})
	if err != nil {
		out.Err = err
		return out
	}
	for _, r := range res.Receipts {
		out.Cost += r.Cost
	}
	out.Receipt = res.Response.Receipt
	for _, text := range res.Value.Claims {
		text = strings.Join(strings.Fields(text), " ")
		if text != "" && !slices.ContainsFunc(out.Claims, func(s string) bool { return normal(s) == normal(text) }) {
			out.Claims = append(out.Claims, text)
		}
	}
	return out
}

// normal is the form in which texts are equal that differ in case and punctuation.
func normal(text string) string { return strings.Join(nlp.Words(text), " ") }

// compare joins the claims that say the same, and marks those that contradict.
func (r *Report) compare(language string, answered int) {
	var all []string
	for i := range r.Answers {
		all = append(all, r.Answers[i].Claims...)
	}
	sim := nlp.NewSimilarity(language, all)
	for i := range r.Answers {
		for _, text := range r.Answers[i].Claims {
			r.place(sim, language, r.Answers[i].Model, text)
		}
	}
	for i := range r.Claims {
		c := &r.Claims[i]
		c.Agreement = float64(len(c.By)) / float64(answered)
		for j := range r.Answers {
			if a := &r.Answers[j]; a.Err == nil && !slices.Contains(c.By, a.Model) {
				c.Against = append(c.Against, a.Model)
			}
		}
	}
	slices.SortStableFunc(r.Claims, func(a, b Claim) int { return cmp.Compare(len(b.By), len(a.By)) })
	for i := range r.Claims {
		for j := range r.Claims[:i] {
			a, b := &r.Claims[i], &r.Claims[j]
			if differ(language, a.Text, b.Text) && sim.Compare(a.Text, b.Text) >= near {
				a.Contradicts, b.Contradicts = append(a.Contradicts, j), append(b.Contradicts, i)
			}
		}
	}
}

// place puts a claim to the most similar one that the same model has not said yet, or
// to a place of its own. Claims with other numbers or with a negation never join.
func (r *Report) place(sim *nlp.Similarity, language, model, text string) {
	best, at := 0.0, -1
	for i := range r.Claims {
		c := &r.Claims[i]
		if slices.Contains(c.By, model) || differ(language, c.Text, text) {
			continue
		}
		s := sim.Compare(c.Text, text)
		if normal(c.Text) == normal(text) {
			s = 1
		}
		if s >= same && s > best {
			best, at = s, i
		}
	}
	if at < 0 {
		r.Claims = append(r.Claims, Claim{Text: text, By: []string{model}, Words: []string{text}})
		return
	}
	c := &r.Claims[at]
	c.By, c.Words = append(c.By, model), append(c.Words, text)
}

// negations are words that turn a claim around.
var negations = map[string][]string{
	nlp.English: {"not", "no", "never", "without", "cannot", "isn't", "doesn't", "don't", "aren't", "can't", "won't", "lacks", "neither", "none"},
	nlp.German:  {"nicht", "kein", "keine", "keinen", "keiner", "nie", "niemals", "ohne", "weder"},
}

// differ reports whether two claims have other numbers, or only one has a negation.
func differ(language, a, b string) bool {
	numbersA, noA := facts(language, a)
	numbersB, noB := facts(language, b)
	return noA != noB || !slices.Equal(numbersA, numbersB)
}

// facts returns the numbers of a claim, sorted, and whether it is negated.
func facts(language, text string) (numbers []string, negated bool) {
	for _, w := range strings.Fields(strings.ToLower(text)) {
		w = strings.Trim(w, ".,;:!?()[]\"'“”„€$%")
		negated = negated || slices.Contains(negations[language], w)
		if strings.ContainsAny(w, "0123456789") {
			numbers = append(numbers, w)
		}
	}
	slices.Sort(numbers)
	return numbers, negated
}
