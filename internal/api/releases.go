package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type releaseService interface {
	Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Release, int, error)
	Publish(ctx context.Context, id domain.WebsiteID, releaseID domain.ReleaseID) (*domain.Website, error)
	Rollback(ctx context.Context, id domain.WebsiteID, releaseID domain.ReleaseID) (*domain.Website, error)
	Rebuild(ctx context.Context, id domain.WebsiteID) (*domain.Run, error)
	Export(ctx context.Context, id domain.WebsiteID, format domain.ExportFormat) (*domain.SiteExport, error)
	releaseDiffer
}

type releaseBody struct {
	ID          domain.ReleaseID `json:"id"`
	WebsiteID   domain.WebsiteID `json:"website_id"`
	Number      int              `json:"number" doc:"1, 2, … within the website"`
	Manifest    string           `json:"manifest" doc:"SHA-256 of the manifest"`
	RunID       *domain.RunID    `json:"run_id"`
	Files       int              `json:"files"`
	Pages       int              `json:"pages"`
	SizeBytes   int64            `json:"size_bytes"`
	SEOScore    float64          `json:"seo_score"`
	Gates       []domain.Gate    `json:"gates"`
	BuiltWith   domain.BuiltWith `json:"built_with" doc:"Versions of the program, its templates, rules and prompts; what is absent was not noted"`
	CreatedAt   time.Time        `json:"created_at"`
	PublishedAt *time.Time       `json:"published_at" doc:"When it last became live; null if it never was"`
}

type (
	listReleasesInput struct {
		Window
		ID domain.WebsiteID `path:"website_id"`
	}
	publishInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body struct {
			ReleaseID domain.ReleaseID `json:"release_id" minLength:"1" maxLength:"100"`
		}
	}
	rollbackInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body *struct {
			ReleaseID domain.ReleaseID `json:"release_id,omitempty" maxLength:"100" doc:"Where to go back to; the release before the live one without it"`
		}
	}
)

var exampleBuilt = domain.BuiltWith{Program: "v1.4.0", Theme: "9a1f0c72be45", Rules: "2", Prompts: "51c0d7a98e12"}

var exampleRun = domain.RunID("run_01k2ja")

func registerReleases(a *API, releases releaseService) {
	handle(a, operation{
		id: "list-releases", method: http.MethodGet, path: "/websites/{website_id}/releases", tag: "websites", permission: domain.WebsitesRead,
		summary: "List the releases of a website", text: "Newest first.",
		response: []releaseBody{{
			ID: exampleRelease, WebsiteID: "site_01k2ja", Number: 2, Manifest: exampleHash, RunID: &exampleRun, Files: 48, Pages: 31,
			SizeBytes: 612_345, SEOScore: 96.5, Gates: []domain.Gate{exampleGate}, BuiltWith: exampleBuilt, CreatedAt: exampleTime, PublishedAt: &exampleTime,
		}},
	}, func(ctx context.Context, in *listReleasesInput) (*listOutput[releaseBody], error) {
		items, total, err := releases.Releases(ctx, in.ID, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toRelease), nil
	})
	handle(a, operation{
		id: "publish-release", method: http.MethodPost, path: "/websites/{website_id}/publish", tag: "websites", permission: domain.WebsitesManage,
		summary: "Make a release live", text: "Refused while a gate of the release is red.", problems: []int{http.StatusConflict},
		request: map[string]any{"release_id": exampleRelease}, response: exampleWebsite,
	}, func(ctx context.Context, in *publishInput) (*websiteOutput, error) {
		site, err := releases.Publish(ctx, in.ID, in.Body.ReleaseID)
		if err != nil {
			return nil, err
		}
		return &websiteOutput{toWebsite(site)}, nil
	})
	handle(a, operation{
		id: "rollback-website", method: http.MethodPost, path: "/websites/{website_id}/rollback", tag: "websites", permission: domain.WebsitesManage,
		summary: "Go back to an earlier release", problems: []int{http.StatusConflict},
		request: map[string]any{"release_id": exampleRelease}, response: exampleWebsite,
	}, func(ctx context.Context, in *rollbackInput) (*websiteOutput, error) {
		var to domain.ReleaseID
		if in.Body != nil {
			to = in.Body.ReleaseID
		}
		site, err := releases.Rollback(ctx, in.ID, to)
		if err != nil {
			return nil, err
		}
		return &websiteOutput{toWebsite(site)}, nil
	})
	registerBuilds(a, releases)
	registerReleaseDiff(a, releases)
}

type exportInput struct {
	ID     domain.WebsiteID    `path:"website_id"`
	Format domain.ExportFormat `query:"format" enum:"files,hugo" default:"files" doc:"files: as a web server serves them; hugo: a project of the site generator Hugo"`
}

// registerBuilds adds what makes new releases and takes them out.
func registerBuilds(a *API, releases releaseService) {
	handle(a, operation{
		id: "rebuild-website", method: http.MethodPost, path: "/websites/{website_id}/rebuild", tag: "websites", permission: domain.WebsitesManage,
		summary: "Build a new release of a website", status: http.StatusAccepted, problems: []int{http.StatusConflict}, response: exampleRebuildRun,
		text: "Starts a launch_website run from what the feeds hold now. Nothing is published before a person approves it. " +
			"A website that is archived or being built is a conflict.",
	}, func(ctx context.Context, in *websiteInput) (*startedOutput, error) {
		run, err := releases.Rebuild(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &startedOutput{Base + "/runs/" + string(run.ID), toRun(run)}, nil
	})
	handleStream(a, operation{
		id: "export-website", method: http.MethodGet, path: "/websites/{website_id}/export", tag: "websites", permission: domain.WebsitesRead,
		summary: "Take out the live release as a zip archive", problems: []int{http.StatusConflict},
		text: "The files as any web server can serve them, or a project that the site generator Hugo builds to the same pages. A website without a release is a conflict.",
	}, map[string]any{"application/zip": nil}, func(ctx context.Context, in *exportInput) (*stream, error) {
		e, err := releases.Export(ctx, in.ID, in.Format)
		if err != nil {
			return nil, err
		}
		return &stream{kind: "application/zip", name: e.Name, write: e.WriteTo}, nil
	})
}

var exampleRebuildRun = runBody{
	ID: exampleRun, PipelineID: exampleRun, Pipeline: "launch_website", Version: 1, Priority: domain.RunNormal, Status: domain.StateQueued,
	Params: json.RawMessage(`{"website_id":"site_01k2ja","niche":"mechanical keyboards","language":"en","feeds":[]}`), WebsiteID: &exampleSite,
	Steps: []stepBody{{Name: "scan", Agent: "opportunity_scanner", Task: "market_scan", Status: domain.StateQueued}}, CreatedAt: exampleTime,
}

func toRelease(r *domain.Release) releaseBody {
	b := releaseBody{
		ID: r.ID, WebsiteID: r.WebsiteID, Number: r.Number, Manifest: r.Manifest, Files: r.Files, Pages: r.Pages, SizeBytes: r.Bytes,
		SEOScore: r.SEOScore, Gates: list(r.Gates), BuiltWith: r.BuiltWith, CreatedAt: r.CreatedAt.UTC(), PublishedAt: utc(r.PublishedAt),
	}
	if r.RunID != "" {
		b.RunID = &r.RunID
	}
	return b
}
