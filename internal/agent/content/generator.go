// Package content writes the pages of a site: every sentence is composed from phrases
// and from values that carry their evidence, so no figure can appear that the feeds do
// not hold or that was not computed from them. A model may retell the sentences; it gets
// them as its only facts, and what it says is checked against them (model.go).
//
//	Market + SitePlan ──▶ siteWriter ── one pageWriter for each page ──▶ Pages
//	                        │ ledger (evidence), groups (sets of products)
//	                        │ index (shingles of the pages written so far)
//
// A phrase has several variants; the writer takes the one that shares the fewest
// runs of words with the pages already written. After writing, all pairs of pages
// are measured, and a page that is too close to another is written again, then
// shortened, and at last left out with a warning.
package content

import (
	"context"
	"fmt"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// Writer is the name under which pages record who wrote them.
const Writer = "data/1"

// Generator writes sites from data; with NewModel, a model retells their prose.
type Generator struct{ model *ModelConfig }

// New returns a Generator.
func New() *Generator { return &Generator{} }

// Ping reports whether what the writer composes from is there in each language. It
// panics if a phrase of this program cannot be read.
func (*Generator) Ping(context.Context) error {
	for language, b := range banks() {
		if len(b) == 0 {
			return fmt.Errorf("there are no phrases in %q", language)
		}
	}
	return nil
}

// WriteInput is what a site is written from.
type WriteInput struct {
	Market  *domain.Market
	Plan    domain.SitePlan
	Website domain.Website
	// Seed varies the choice among equally good phrases. Equal input and seed give
	// equal pages.
	Seed uint64
	// Progress, if not nil, is told after each page.
	Progress func(done, total int, message string)
}

// Result is a written site.
type Result struct {
	Pages    []domain.Page     `json:"pages"`
	Evidence []domain.Evidence `json:"evidence"` // sorted by ID
	Warnings []string          `json:"warnings,omitempty"`
	Pieces   []Piece           `json:"pieces"`
	// Overlap is the greatest share of five-word runs that two pages have in common,
	// measured against the smaller page.
	Overlap float64 `json:"overlap"`
}

// Piece says what one page measures.
type Piece struct {
	Type             string  `json:"type"`
	PageSlug         string  `json:"page_slug"`
	WordCount        int     `json:"word_count"`
	ReadabilityScore float64 `json:"readability_score"`
	// Writer says who wrote the page: data/1, or model/… with the version of the prompt,
	// the provider and the model.
	Writer  string   `json:"writer"`
	Telling *Telling `json:"telling,omitempty"` // if a model was asked
}

// Write writes all pages of the plan.
func (g *Generator) Write(ctx context.Context, in WriteInput) (Result, error) {
	if in.Market == nil {
		return Result{}, domain.Invalid("market", "Writing needs a market.")
	}
	if len(in.Plan.Pages) == 0 {
		return Result{}, domain.Invalid("plan", "The plan has no pages.")
	}
	s, err := newSiteWriter(in)
	if err != nil {
		return Result{}, err
	}
	steps := len(in.Plan.Pages)
	if g.model != nil {
		steps *= 2 // each page is told once more
	}
	if err := s.writeAll(ctx, steps); err != nil {
		return Result{}, err
	}
	s.separate()
	s.connect()
	if g.model != nil {
		if err := s.retell(ctx, g.model); err != nil {
			return Result{}, err
		}
	}
	return s.result(), nil
}

// writeAll composes all pages, the first of steps that progress is made in.
func (s *siteWriter) writeAll(ctx context.Context, steps int) error {
	for i, plan := range s.in.Plan.Pages {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write page %d of %d: %w", i+1, len(s.in.Plan.Pages), err)
		}
		w := s.compose(plan, 0, 0)
		s.drafts = append(s.drafts, w)
		s.remember(w)
		if s.in.Progress != nil {
			s.in.Progress(i+1, steps, plan.NavLabel)
		}
	}
	return nil
}

func (s *siteWriter) result() Result {
	r := Result{Warnings: s.warnings, Overlap: s.worst}
	for _, w := range s.drafts {
		r.Pages = append(r.Pages, w.page)
		text := MainText(&w.page)
		r.Pieces = append(r.Pieces, Piece{
			Type: string(w.page.Kind), PageSlug: w.page.Slug,
			WordCount: nlp.WordCount(text), ReadabilityScore: nlp.Readability(s.lang, prose(&w.page)),
			Writer: w.page.Writer, Telling: w.told,
		})
	}
	r.Evidence = s.usedEvidence()
	return r
}
