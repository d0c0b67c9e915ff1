// Package seo holds the Optimizer, which improves how the pages of a draft are
// found: titles, descriptions and headings, internal links, keywords and structured
// data. It moves and links what is there and never states anything new: the claims
// of a page stay, in order, and are at most followed by copies of claims of other
// pages whose labels it shows.
//
//	render → audit (before) → keywords → texts → links → structured data → render → audit (after)
package seo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	audit "empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/parallel"
)

// Optimizer improves drafts. The zero value works; it is safe for concurrent use.
type Optimizer struct{}

// New returns an Optimizer.
func New() *Optimizer { return &Optimizer{} }

// OptimizeInput is what the optimizer works on. The draft is not changed.
type OptimizeInput struct {
	Draft *domain.Draft
	// Render builds the files of a draft; the audit reads them. It may be called twice at
	// the same time.
	Render   func(*domain.Draft) ([]domain.File, error)
	Keywords []domain.Keyword
}

// OptimizeResult is the draft's pages, improved.
type OptimizeResult struct {
	Pages    []domain.Page
	Before   float64 // audit score of the draft as given, 0 to 100
	After    float64
	Changes  []Change
	Keywords []Assignment
	Findings []domain.Finding // what the audit still finds, and what could not be mended
}

// Change is one thing that the optimizer changed.
type Change struct {
	Page   string `json:"page"`  // path
	Field  string `json:"field"` // title, description, heading, links, related, keywords, schema
	Before string `json:"before,omitempty"`
	After  string `json:"after"`
	Reason string `json:"reason"`
}

// Run optimizes the draft.
func (o *Optimizer) Run(ctx context.Context, in OptimizeInput) (OptimizeResult, error) {
	if in.Draft == nil {
		return OptimizeResult{}, domain.Invalid("draft", "A draft is needed to optimize.")
	}
	if in.Render == nil {
		return OptimizeResult{}, domain.Invalid("render", "A way to build the pages is needed to measure them.")
	}
	var before audit.Report
	var out OptimizeResult
	err := parallel.Try(2, func(i int) (err error) { // the draft is measured while a copy is edited
		if i == 0 {
			before, err = measure(ctx, in, in.Draft)
		} else {
			out, err = improve(ctx, in)
		}
		return err
	})
	if err != nil {
		return OptimizeResult{}, err
	}
	out.Before = before.Score
	return out, nil
}

// improve edits a copy of the draft and measures it.
func improve(ctx context.Context, in OptimizeInput) (OptimizeResult, error) {
	work, err := clone(in.Draft)
	if err != nil {
		return OptimizeResult{}, err
	}
	e := &editor{draft: work}
	keywords := e.keywords(in.Keywords)
	e.texts()
	e.links()
	work.Pages = StructuredData(work)
	e.schemaChanges(in.Draft.Pages)
	after, err := measure(ctx, in, work)
	if err != nil {
		return OptimizeResult{}, err
	}
	if err := sameFacts(in.Draft.Pages, work.Pages); err != nil {
		return OptimizeResult{}, err
	}
	return OptimizeResult{
		Pages: work.Pages, After: after.Score, Changes: e.changes, Keywords: keywords, Findings: append(after.Findings, e.findings...),
	}, nil
}

func measure(ctx context.Context, in OptimizeInput, d *domain.Draft) (audit.Report, error) {
	if err := ctx.Err(); err != nil {
		return audit.Report{}, fmt.Errorf("optimize site %s: %w", d.Website.Domain, err)
	}
	files, err := in.Render(d)
	if err != nil {
		return audit.Report{}, fmt.Errorf("build site %s for the audit: %w", d.Website.Domain, err)
	}
	return audit.AuditSite(d, files), nil
}

// clone copies a draft so deeply that its pages can be edited. Drafts are stored as
// JSON, so nothing is lost on the way.
func clone(d *domain.Draft) (*domain.Draft, error) {
	b, err := json.Marshal(d.Pages)
	if err != nil {
		return nil, fmt.Errorf("copy pages: %w", err)
	}
	out := *d
	out.Pages = nil
	if err := json.Unmarshal(b, &out.Pages); err != nil {
		return nil, fmt.Errorf("copy pages: %w", err)
	}
	return &out, nil
}

// sameFacts checks that no claim was changed or lost: it guards against a fault of
// this package.
func sameFacts(before, after []domain.Page) error {
	if len(before) != len(after) {
		return domain.Errorf(domain.CodeInternal, "The optimizer lost a page.")
	}
	equal := func(a, b domain.Claim) bool {
		return a.ID == b.ID && a.Text == b.Text && slices.Equal(a.Evidence, b.Evidence)
	}
	for i := range before {
		was, is := before[i].Claims, after[i].Claims
		if len(is) < len(was) || !slices.EqualFunc(was, is[:len(was)], equal) {
			return domain.Errorf(domain.CodeInternal, "The optimizer changed the claims of page %s.", before[i].Path())
		}
	}
	return nil
}

// editor is one run over a draft that it may change.
type editor struct {
	draft    *domain.Draft
	changes  []Change
	findings []domain.Finding
}

func (e *editor) change(p *domain.Page, field, before, after, reason string) {
	e.changes = append(e.changes, Change{Page: p.Path(), Field: field, Before: before, After: after, Reason: reason})
}

// page returns the page with this slug, nil for none.
func (e *editor) page(slug string) *domain.Page {
	for i := range e.draft.Pages {
		if e.draft.Pages[i].Slug == slug {
			return &e.draft.Pages[i]
		}
	}
	return nil
}

// siteTitle is the name of the site as the theme prints it.
func siteTitle(d *domain.Draft) string {
	return firstOf(d.Plan.Title, d.Website.Title, d.Website.Domain)
}

// label is the short name of a page.
func label(p *domain.Page) string { return firstOf(p.NavLabel, p.Heading, p.Title) }

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
