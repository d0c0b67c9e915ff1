package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type seoService interface {
	Rules(ctx context.Context) ([]domain.SEORule, error)
	Audits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error)
	Audit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error)
	Run(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error)
	Keywords(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error)
	Conflicts(ctx context.Context, w domain.Window) ([]domain.KeywordConflict, int, error)
}

type submissionService interface {
	List(ctx context.Context, site domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error)
}

// liveRelease stands for the release of a website that is live, or for the newest.
const liveRelease = "live"

type (
	auditsInput struct {
		ID domain.WebsiteID `path:"website_id"`
		Window
	}
	auditInput struct {
		ID      domain.WebsiteID `path:"website_id"`
		Release domain.ReleaseID `path:"release_id" doc:"A release, or live for the one that is live, or the newest of a website without"`
	}
	runAuditInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body struct {
			Release domain.ReleaseID `json:"release_id,omitempty" doc:"Left out: the live release, or the newest of a website without"`
		}
	}
	conflictsInput   struct{ Window }
	submissionsInput struct {
		Window
		Website domain.WebsiteID `query:"website_id" doc:"Of this website alone"`
	}
	seoRulesOutput   struct{ Body []domain.SEORule }
	seoAuditOutput   struct{ Body domain.SEOAudit }
	keywordMapOutput struct{ Body domain.KeywordMap }
)

var (
	exampleAuditLine = domain.SEOAuditLine{
		WebsiteID: exampleSite, ReleaseID: "rel_01k2ja", Number: 2, Version: "seo/2", Score: 98.4, Change: new(-0.6), Pages: 41, Indexable: 38, Warnings: 2, New: 1, At: exampleTime,
	}
	exampleIssue = domain.SEOIssue{
		Fingerprint: domain.SEOFingerprint("SEO-TITLE-LENGTH", "/guide/"), Rule: "SEO-TITLE-LENGTH", Severity: domain.GateWarn, Page: "/guide/",
		Message: "The title has 71 characters.", Fix: "Write 10 to 65 characters.", Source: "https://developers.google.com/search/docs/appearance/title-link", Since: 2, SinceAt: exampleTime,
	}
	exampleAudit = domain.SEOAudit{
		SEOAuditLine: exampleAuditLine, Against: 1, Issues: []domain.SEOIssue{exampleIssue}, Regressions: []string{exampleIssue.Fingerprint}, Gone: []domain.SEOIssue{}, Rules: []string{"SEO-TITLE-LENGTH"},
	}
	exampleKeywordPage = domain.KeywordPage{
		WebsiteID: exampleSite, Domain: "keyboards.example", PageID: "page_01k2ja", Path: "/quiet/", Kind: domain.PageBest, Title: "Quiet keyboards", Keyword: "quiet keyboards",
		Others: []string{}, Key: "keyboard quiet", Intent: domain.IntentCompare, Question: "Which quiet keyboards suit me?", Language: "en", Evidence: 41, Since: exampleTime,
	}
	exampleConflict = domain.KeywordConflict{
		Keyword: "quiet keyboards", Reason: domain.ConflictKeyword, Overlap: 1, Between: true,
		Pages: []domain.KeywordClaim{{KeywordPage: exampleKeywordPage, Proposal: domain.KeywordKeep, Why: "It rests on the most evidence (41), or is the oldest of several such."}},
	}
	exampleSubmission = domain.Submission{
		ID: "sub_01k2ja", Tenant: "main", WebsiteID: exampleSite, ReleaseID: "rel_01k2ja", Host: "keyboards.example", State: domain.SubmissionAccepted, Total: 1, Sent: 1, Attempts: 1, Status: 200,
		URLs: []string{"https://keyboards.example/quiet/"}, CreatedAt: exampleTime, UpdatedAt: exampleTime,
	}
)

func registerSEO(a *API, s seoService, told submissionService) {
	handle(a, operation{
		id: "list-seo-rules", method: http.MethodGet, path: "/seo/rules", tag: "websites", permission: domain.WebsitesRead,
		summary: "List what a search audit looks for", text: "Each rule with its severity, what a fault costs, how to mend it and where the rule comes from.",
		response: []domain.SEORule{{ID: "SEO-TITLE-LENGTH", Scope: "page", Severity: domain.GateWarn, Weight: 1, Why: "A long title is cut off in results.", Fix: exampleIssue.Fix, Source: exampleIssue.Source}},
	}, func(ctx context.Context, _ *struct{}) (*seoRulesOutput, error) {
		rules, err := s.Rules(ctx)
		if err != nil {
			return nil, err
		}
		return &seoRulesOutput{list(rules)}, nil
	})
	registerAudits(a, s)
	registerKeywordMap(a, s)
	handle(a, operation{
		id: "list-submissions", method: http.MethodGet, path: "/seo/submissions", tag: "websites", permission: domain.WebsitesRead,
		summary: "List what search engines were told", text: "Addresses that changed with releases, submitted by IndexNow, and how that is getting on. The newest first. Nothing is told unless seo.indexnow is set.",
		problems: []int{http.StatusNotFound}, response: []domain.Submission{exampleSubmission},
	}, func(ctx context.Context, in *submissionsInput) (*listOutput[domain.Submission], error) {
		items, total, err := told.List(ctx, in.Website, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, same[domain.Submission]), nil
	})
}

func same[T any](v *T) T { return *v }

func registerAudits(a *API, s seoService) {
	handle(a, operation{
		id: "list-audits", method: http.MethodGet, path: "/websites/{website_id}/audits", tag: "websites", permission: domain.WebsitesRead,
		summary: "List the search audits of a website", text: "One for each release that went live, of the newest release first, with score, regressions and what was fixed.",
		response: []domain.SEOAuditLine{exampleAuditLine},
	}, func(ctx context.Context, in *auditsInput) (*listOutput[domain.SEOAuditLine], error) {
		items, total, err := s.Audits(ctx, in.ID, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, same[domain.SEOAuditLine]), nil
	})
	handle(a, operation{
		id: "get-audit", method: http.MethodGet, path: "/websites/{website_id}/audits/{release_id}", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show the search audit of a release", problems: []int{http.StatusConflict},
		text:     "All open issues with since when they are open, those that are new, and those that were fixed since the release before. A release that was not audited is audited now.",
		response: exampleAudit,
	}, func(ctx context.Context, in *auditInput) (*seoAuditOutput, error) {
		release := in.Release
		if release == liveRelease {
			release = ""
		}
		return auditAnswer(s.Audit(ctx, in.ID, release))
	})
	handle(a, operation{
		id: "run-audit", method: http.MethodPost, path: "/websites/{website_id}/audits", tag: "websites", permission: domain.WebsitesManage,
		summary: "Audit a release for search and keep the result", problems: []int{http.StatusConflict}, text: "An audit that is kept by the present rules is returned as it is.",
		request: map[string]any{"release_id": "rel_01k2ja"}, response: exampleAudit,
	}, func(ctx context.Context, in *runAuditInput) (*seoAuditOutput, error) {
		return auditAnswer(s.Run(ctx, in.ID, in.Body.Release))
	})
}

func auditAnswer(v *domain.SEOAudit, err error) (*seoAuditOutput, error) {
	if err != nil {
		return nil, err
	}
	return &seoAuditOutput{*v}, nil
}

func registerKeywordMap(a *API, s seoService) {
	handle(a, operation{
		id: "get-keyword-map", method: http.MethodGet, path: "/websites/{website_id}/keywords", tag: "websites", permission: domain.WebsitesRead,
		summary:  "Show what the pages of a website are for",
		text:     "The primary keyword and intent of each page of the live release, and pages of the same or another website that compete with it: by keyword, and by what searches for both find.",
		response: domain.KeywordMap{Pages: []domain.KeywordPage{exampleKeywordPage}, Conflicts: []domain.KeywordConflict{exampleConflict}},
	}, func(ctx context.Context, in *websiteInput) (*keywordMapOutput, error) {
		m, err := s.Keywords(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &keywordMapOutput{domain.KeywordMap{Pages: list(m.Pages), Conflicts: list(m.Conflicts)}}, nil
	})
	handle(a, operation{
		id: "list-keyword-conflicts", method: http.MethodGet, path: "/seo/conflicts", tag: "intelligence", permission: domain.IntelligenceUse,
		summary:  "List keywords for which own pages compete",
		text:     "Live pages that are for one keyword, within a website and between websites, with what to do: the page that rests on more evidence, or is older, stays; others are merged into it, get a keyword of their own, or their website is to be retired.",
		response: []domain.KeywordConflict{exampleConflict},
	}, func(ctx context.Context, in *conflictsInput) (*listOutput[domain.KeywordConflict], error) {
		items, total, err := s.Conflicts(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, same[domain.KeywordConflict]), nil
	})
}
