package main

import (
	"context"

	"empire/client"
	"empire/internal/domain"
)

// seoKeeper is the part of a portfolio that is about search.
type seoKeeper interface {
	SEORules(ctx context.Context) ([]domain.SEORule, error)
	// SEOAudit shows the audit of a release, or without one of the live one.
	SEOAudit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error)
	SEOAudits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error)
	KeywordMap(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error)
	KeywordConflicts(ctx context.Context, w domain.Window) ([]domain.KeywordConflict, int, error)
	// Submissions lists those of a website, or without one of all.
	Submissions(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error)
}

// SEORules implements portfolio.
func (l local) SEORules(ctx context.Context) ([]domain.SEORule, error) { return l.a.SEO.Rules(ctx) }

// SEOAudit implements portfolio.
func (l local) SEOAudit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error) {
	return l.a.SEO.Audit(ctx, id, release)
}

// SEOAudits implements portfolio.
func (l local) SEOAudits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error) {
	return l.a.SEO.Audits(ctx, id, w)
}

// KeywordMap implements portfolio. Without a server pages that were not read yet are
// read now.
func (l local) KeywordMap(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error) {
	if _, err := l.a.SEO.CatchUp(ctx); err != nil {
		return nil, err
	}
	return l.a.SEO.Keywords(ctx, id)
}

// KeywordConflicts implements portfolio; see KeywordMap.
func (l local) KeywordConflicts(ctx context.Context, w domain.Window) ([]domain.KeywordConflict, int, error) {
	if _, err := l.a.SEO.CatchUp(ctx); err != nil {
		return nil, 0, err
	}
	return l.a.SEO.Conflicts(ctx, w)
}

// Submissions implements portfolio.
func (l local) Submissions(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error) {
	return l.a.Submissions.List(ctx, id, w)
}

// SEORules implements portfolio.
func (r *remote) SEORules(ctx context.Context) ([]domain.SEORule, error) {
	answer, err := r.api.ListSEORules(ctx)
	list, err := shown[[]domain.SEORule](r, &answer, err)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// SEOAudit implements portfolio.
func (r *remote) SEOAudit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error) {
	if release == "" {
		release = "live"
	}
	answer, err := r.api.GetAudit(ctx, string(id), string(release))
	return shown[domain.SEOAudit](r, answer, err)
}

// SEOAudits implements portfolio.
func (r *remote) SEOAudits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error) {
	list, err := r.api.ListAudits(ctx, string(id), client.ListAuditsParams{Limit: w.Limit, Offset: w.Offset})
	return window[domain.SEOAuditLine](r, list, err)
}

// KeywordMap implements portfolio.
func (r *remote) KeywordMap(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error) {
	answer, err := r.api.GetKeywordMap(ctx, string(id))
	return shown[domain.KeywordMap](r, answer, err)
}

// KeywordConflicts implements portfolio.
func (r *remote) KeywordConflicts(ctx context.Context, w domain.Window) ([]domain.KeywordConflict, int, error) {
	list, err := r.api.ListKeywordConflicts(ctx, client.ListKeywordConflictsParams{Limit: w.Limit, Offset: w.Offset})
	return window[domain.KeywordConflict](r, list, err)
}

// Submissions implements portfolio.
func (r *remote) Submissions(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error) {
	list, err := r.api.ListSubmissions(ctx, client.ListSubmissionsParams{WebsiteID: string(id), Limit: w.Limit, Offset: w.Offset})
	return window[domain.Submission](r, list, err)
}

// auditFull is what site audit prints as JSON: the gates, with the search audit beside
// them; null for a website without a release.
type auditFull struct {
	*auditView
	SEO *domain.SEOAudit `json:"seo"`
}
