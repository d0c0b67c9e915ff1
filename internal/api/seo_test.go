package api_test

import (
	"context"

	"empire/internal/domain"
)

var seoEndpoints = []endpoint{
	{method: "GET", path: "/seo/rules", right: domain.WebsitesRead, status: 200},
	{method: "GET", path: "/seo/conflicts", right: domain.IntelligenceUse, status: 200, bad: badWindows},
	{method: "GET", path: "/seo/submissions", right: domain.WebsitesRead, status: 200, unknown: "/seo/submissions?website_id=site_2", bad: badWindows},
	{method: "GET", path: "/websites/site_1/audits", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/audits", bad: badWindows},
	{method: "GET", path: "/websites/site_1/audits/live", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/audits/live"},
	{method: "POST", path: "/websites/site_1/audits", right: domain.WebsitesManage, status: 200, body: `{}`, unknown: "/websites/site_2/audits", bad: []string{`{"release_id":7}`, `{"x":1}`, `[]`}},
	{method: "GET", path: "/websites/site_1/keywords", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/keywords"},
}

// seo knows one audit of site_1.
type seo struct{ *fakes }

func (f seo) Rules(context.Context) ([]domain.SEORule, error) {
	return []domain.SEORule{{ID: "SEO-ALT", Scope: "page", Severity: domain.GateWarn}}, f.fail
}

func (f seo) known(id domain.WebsiteID) (domain.SEOAudit, error) {
	a := domain.SEOAudit{
		SEOAuditLine: domain.SEOAuditLine{WebsiteID: id, ReleaseID: "rel_1", Number: 1, Version: "seo/2", Score: 99.5, At: noon},
		Issues:       []domain.SEOIssue{}, Regressions: []string{}, Gone: []domain.SEOIssue{}, Rules: []string{},
	}
	if id != "site_1" {
		return a, missing("Website", string(id))
	}
	return a, f.fail
}

func (f seo) Audits(_ context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error) {
	f.note(func() { f.window = w })
	a, err := f.known(id)
	return []domain.SEOAuditLine{a.SEOAuditLine}, 1, err
}

func (f seo) Audit(_ context.Context, id domain.WebsiteID, _ domain.ReleaseID) (*domain.SEOAudit, error) {
	a, err := f.known(id)
	return &a, err
}

func (f seo) Run(_ context.Context, id domain.WebsiteID, _ domain.ReleaseID) (*domain.SEOAudit, error) {
	a, err := f.known(id)
	return &a, err
}

func (f seo) Keywords(_ context.Context, id domain.WebsiteID) (*domain.KeywordMap, error) {
	_, err := f.known(id)
	return &domain.KeywordMap{}, err
}

func (f seo) Conflicts(_ context.Context, w domain.Window) ([]domain.KeywordConflict, int, error) {
	f.note(func() { f.window = w })
	return nil, 0, f.fail
}

// submissions knows none.
type submissions struct{ *fakes }

func (f submissions) List(_ context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error) {
	f.note(func() { f.window = w })
	if id != "" && id != "site_1" {
		return nil, 0, missing("Website", string(id))
	}
	return nil, 0, f.fail
}
