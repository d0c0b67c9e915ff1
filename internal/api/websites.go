package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type websiteService interface {
	siteService
	siteKeeper
	bulkService
	pageService
	releaseService
}

type siteService interface {
	List(ctx context.Context, w domain.Window) ([]domain.Website, int, error)
	After(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.Website, int, error)
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	Generate(ctx context.Context, p domain.GenerateParams) (*domain.Website, *domain.Run, error)
	Forecast(ctx context.Context, run *domain.Run) (*domain.RunForecast, error)
	Audit(ctx context.Context, id domain.WebsiteID) ([]domain.Gate, error)
}

// WebsiteBody shows a website.
type WebsiteBody struct {
	ID          domain.WebsiteID    `json:"id"`
	Name        string              `json:"name" doc:"Host label on the local edge: NAME.localhost"`
	Domain      string              `json:"domain"`
	Niche       string              `json:"niche"`
	Language    string              `json:"language"`
	Title       string              `json:"title"`
	State       domain.WebsiteState `json:"state" enum:"draft,live,archived"`
	FeedIDs     []domain.FeedID     `json:"feed_ids" doc:"Feeds that it is made from; empty means all"`
	LiveRelease *domain.ReleaseID   `json:"live_release" doc:"The release that is served; null for none"`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
}

// inherited is the policy of a website that leaves it to the configuration.
const inherited domain.PagePolicy = "inherit"

// WebsiteDetailBody shows a website with who answers for it.
type WebsiteDetailBody struct {
	WebsiteBody
	Operator  domain.Operator `json:"operator" doc:"Who answers for the website, as its legal pages say"`
	Analytics bool            `json:"analytics" doc:"Whether its pages count visits and clicks, from the next build on"`

	PagePolicy domain.PagePolicy `json:"page_policy" enum:"hold_site,hold_page,inherit" doc:"What a page that a gate refuses means; inherit: as content.failing_page says"`
}

type generatedBody struct {
	WebsiteBody
	WebsiteID  domain.WebsiteID `json:"website_id" doc:"The same as id"`
	RunID      domain.RunID     `json:"run_id" doc:"The run that builds the website"`
	PipelineID domain.RunID     `json:"pipeline_id" doc:"The same as run_id"`
	Status     domain.RunState  `json:"status" doc:"Of the run" enum:"queued,running,waiting,completed,failed,cancelled"`
	StatusURL  string           `json:"status_url" doc:"Where the run is"`
	// Ready is what the result of the step gate says in the end.
	Ready          bool       `json:"ready_for_deployment" doc:"Whether every gate has passed: false until the gates were asked; the result of the step gate tells it then"`
	Expected       *time.Time `json:"estimated_completion_time" doc:"When it asks for approval, from the runs of this kind that have finished; null without any"`
	EstimateReason string     `json:"estimate_reason" doc:"Why there is no estimate; empty otherwise"`
}

type auditBody struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Verdict   domain.GateState `json:"verdict" enum:"pass,warn,fail" doc:"The worst of all gates"`
	Gates     []domain.Gate    `json:"gates"`
}

type (
	websiteInput struct {
		ID domain.WebsiteID `path:"website_id"`
	}
	generateInput struct {
		Body struct {
			Niche    string          `json:"niche" minLength:"1" maxLength:"100" doc:"What the website is about, in the words of a buyer"`
			Domain   string          `json:"domain" minLength:"1" maxLength:"253" doc:"Host name of the website; international names as punycode"`
			Language string          `json:"language,omitempty" enum:"en,de" default:"en"`
			Feeds    []domain.FeedID `json:"feeds,omitempty" maxItems:"100" doc:"Feeds to use; all without it"`
			Force    bool            `json:"force_keywords,omitempty" doc:"Plan pages also for keywords that pages of other websites of the tenant are for"`
		}
	}
	listWebsitesInput struct {
		Window
		Cursor domain.WebsiteID `query:"cursor" maxLength:"100" doc:"Only websites after this id: for walks through all of them that nobody's changes disturb. Empty for the first window; Link leads to the next. Not together with offset"`
	}
	websiteOutput       struct{ Body WebsiteBody }
	websiteDetailOutput struct {
		ETag string `header:"ETag" doc:"Names this state of the website, for If-Match"`
		Body WebsiteDetailBody
	}
	generatedOutput struct {
		Location string `header:"Location" doc:"Where the run is"`
		Body     generatedBody
	}
	auditOutput struct{ Body auditBody }
)

var (
	exampleTime    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	exampleRelease = domain.ReleaseID("rel_01k2ja")
	exampleWebsite = WebsiteBody{
		ID: "site_01k2ja", Name: "keyboards", Domain: "keyboards.example", Niche: "mechanical keyboards", Language: "en",
		Title: "Mechanical keyboards compared", State: domain.WebsiteLive, FeedIDs: []domain.FeedID{}, LiveRelease: &exampleRelease,
		CreatedAt: exampleTime, UpdatedAt: exampleTime,
	}
	exampleDetail = WebsiteDetailBody{exampleWebsite, domain.Operator{
		Name: "Example GmbH", Street: "Example Street 1", PostalCode: "10115", City: "Berlin", Country: "Germany", Email: "hello@keyboards.example",
		Phone: "+49 30 1234567", Responsible: "Ada Example",
	}, true, inherited}
	exampleGate = domain.Gate{Name: "grounding", State: domain.GatePass, Summary: "Every number has evidence.", Checked: 824}
)

func registerWebsites(a *API, sites websiteService) {
	handle(a, operation{
		id: "list-websites", method: http.MethodGet, path: "/websites", tag: "websites", permission: domain.WebsitesRead,
		summary: "List websites", text: "In the order of their ids, which is that of their making.", response: []WebsiteBody{exampleWebsite},
	}, func(ctx context.Context, in *listWebsitesInput) (*listOutput[WebsiteBody], error) {
		if in.walks() {
			return walkWebsites(ctx, sites, in)
		}
		items, total, err := sites.List(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toWebsite), nil
	})
	handle(a, operation{
		id: "get-website", method: http.MethodGet, path: "/websites/{website_id}", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show a website", response: exampleDetail,
	}, func(ctx context.Context, in *websiteInput) (*websiteDetailOutput, error) {
		site, err := sites.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return toDetail(site), nil
	})
	registerGenerate(a, sites)
	registerKeeping(a, sites)
	registerBulk(a, sites)
	handle(a, operation{
		id: "audit-website", method: http.MethodGet, path: "/websites/{website_id}/audit", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show the gates of the live release", text: "Without a live release these are the gates of the newest one.",
		response: auditBody{"site_01k2ja", domain.GatePass, []domain.Gate{exampleGate}},
	}, func(ctx context.Context, in *websiteInput) (*auditOutput, error) {
		gates, err := sites.Audit(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &auditOutput{auditBody{in.ID, domain.GateVerdict(gates), list(gates)}}, nil
	})
}

func registerGenerate(a *API, sites siteService) {
	handle(a, operation{
		id: "generate-website", method: http.MethodPost, path: "/websites/generate", tag: "websites", permission: domain.WebsitesManage,
		summary: "Generate a website", text: "Starts a launch_website run: scan, plan, write, build, optimize, monetize, gate, approve, release. " +
			"Nothing is published before a person approves it.",
		status: http.StatusAccepted, problems: []int{http.StatusConflict},
		request:  map[string]any{"niche": "mechanical keyboards", "domain": "keyboards.example", "language": "en"},
		response: toGenerated(exampleWebsite, "run_01k2ja", domain.StateQueued),
	}, func(ctx context.Context, in *generateInput) (*generatedOutput, error) {
		b := in.Body
		site, run, err := sites.Generate(ctx, domain.GenerateParams{Niche: b.Niche, Domain: b.Domain, Language: b.Language, Feeds: b.Feeds, ForceKeywords: b.Force})
		if err != nil {
			return nil, err
		}
		body := toGenerated(toWebsite(site), run.ID, run.State)
		f, err := sites.Forecast(ctx, run)
		if err != nil {
			return nil, err
		}
		body.Expected, body.EstimateReason = utc(f.At), f.Reason
		return &generatedOutput{body.StatusURL, body}, nil
	})
}

func toWebsite(w *domain.Website) WebsiteBody {
	b := WebsiteBody{
		ID: w.ID, Name: w.Name, Domain: w.Domain, Niche: w.Niche, Language: w.Language, Title: w.Title, State: w.State,
		FeedIDs: list(w.FeedIDs), CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
	if w.LiveRelease != "" {
		b.LiveRelease = &w.LiveRelease
	}
	return b
}

// walkWebsites answers with the websites after a cursor.
func walkWebsites(ctx context.Context, sites siteService, in *listWebsitesInput) (*listOutput[WebsiteBody], error) {
	if err := in.checkCursor(); err != nil {
		return nil, err
	}
	items, total, err := sites.After(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := windowOf(&in.Window, items, total, toWebsite)
	out.Link = ""
	if len(items) == in.Limit {
		out.Link = in.nextCursor(string(items[len(items)-1].ID))
	}
	return out, nil
}

func toDetail(w *domain.Website) *websiteDetailOutput {
	return &websiteDetailOutput{websiteTag(w), WebsiteDetailBody{toWebsite(w), w.Operator, !w.NoAnalytics, cmp.Or(w.PagePolicy, inherited)}}
}

func toGenerated(site WebsiteBody, run domain.RunID, state domain.RunState) generatedBody {
	return generatedBody{WebsiteBody: site, WebsiteID: site.ID, PipelineID: run, RunID: run, Status: state, StatusURL: Base + "/runs/" + string(run)}
}
