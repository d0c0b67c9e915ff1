package shipped

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"empire/internal/agent/seo"
	"empire/internal/domain"
)

// minPieceScore is the least score of a piece that passed the audit, that of a website
// without a remark.
const minPieceScore = 80

// pieceAudit is what the audit says of a piece that is built as a page of its own.
type pieceAudit struct {
	Passed   bool             `json:"passed"` // no finding fails, and the score is at least 80
	Score    float64          `json:"score"`  // 0 to 100
	Findings []domain.Finding `json:"findings,omitempty"`
}

// auditPiece builds a piece as the page of a website that has no other one but what the
// law wants, audits it and says whether it passed. Mails and posts are no pages: they
// never pass.
func (r *Runtime) auditPiece(ctx context.Context, site *domain.Website, piece *ContentPiece, pages []domain.Page) (passed bool, err error) {
	if len(piece.Mails)+len(piece.Posts) > 0 {
		return false, nil
	}
	gone := map[string]*domain.Finding{}
	draft := &domain.Draft{Website: *site, Pages: []domain.Page{ownPage(piece.page)}}
	for i := range pages {
		p := &pages[i]
		if p.Kind.Legal() {
			draft.Pages = append(draft.Pages, *p)
		} else {
			gone[p.Slug] = &domain.Finding{}
		}
	}
	own := &draft.Pages[0]
	if own.Blocks, err = unlinked(own.Blocks, gone); err != nil {
		return false, err
	}
	draft.Pages = seo.StructuredData(draft)
	res, err := r.Launch.Optimizer.Run(ctx, seo.OptimizeInput{
		Draft: draft, Render: func(d *domain.Draft) ([]domain.File, error) { return r.Launch.Builder.Build(ctx, d) },
	})
	if err != nil {
		return false, err
	}
	piece.SEO = &pieceAudit{Passed: res.After >= minPieceScore, Score: res.After}
	for _, f := range res.Findings {
		if f.Page != "/" {
			continue
		}
		piece.SEO.Findings = append(piece.SEO.Findings, f)
		if f.Severity == domain.GateFail {
			piece.SEO.Passed = false
		}
	}
	// What the audit saw is what is handed out.
	if i := slices.IndexFunc(res.Pages, func(p domain.Page) bool { return p.Slug == "" }); i >= 0 {
		piece.Title, piece.Description = res.Pages[i].Title, res.Pages[i].Description
	}
	return piece.SEO.Passed, nil
}

// ownPage is a page as the front page of a website of its own.
func ownPage(p *domain.Page) domain.Page {
	out := *p
	out.Slug, out.Indexable, out.Related, out.Offers = "", true, nil, nil
	out.NavLabel = cmp.Or(out.NavLabel, out.Heading)
	return out
}

// unlinked returns blocks without links to pages that are gone; those given stay as they
// are.
func unlinked(blocks []domain.Block, gone map[string]*domain.Finding) ([]domain.Block, error) {
	raw, err := json.Marshal(blocks)
	if err != nil {
		return nil, fmt.Errorf("copy blocks: %w", err)
	}
	var out []domain.Block
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("copy blocks: %w", err)
	}
	for i := range out {
		unlinkBlock(&out[i], gone)
	}
	return out, nil
}
