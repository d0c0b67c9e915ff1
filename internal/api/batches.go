package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type batchService interface {
	Start(ctx context.Context, p domain.BatchParams) (*domain.Batch, []domain.BatchSite, error)
	List(ctx context.Context, w domain.Window) ([]domain.Batch, int, error)
	Get(ctx context.Context, id domain.BatchID, states []domain.BatchSiteState, w domain.Window) (*domain.Batch, []domain.BatchSite, error)
	Cancel(ctx context.Context, id domain.BatchID) (*domain.Batch, error)
	tagService
}

type websiteFilterBody struct {
	IDs        []domain.WebsiteID  `json:"ids,omitempty" maxItems:"5000" doc:"Only these"`
	Niche      string              `json:"niche,omitempty" maxLength:"80" doc:"A part of the niche, in any case"`
	Text       string              `json:"text,omitempty" maxLength:"200" doc:"A part of the domain, name, title or niche, in any case"`
	Language   string              `json:"language,omitempty" enum:"en,de"`
	State      domain.WebsiteState `json:"state,omitempty" enum:"draft,live,archived"`
	Tag        string              `json:"tag,omitempty" maxLength:"40"`
	Feed       domain.FeedID       `json:"feed,omitempty" maxLength:"100" doc:"That the website reads"`
	BuiltWith  *domain.BuiltWith   `json:"built_with,omitempty" doc:"Versions that the live release was built with; those given must be equal"`
	MinScore   *float64            `json:"min_score,omitempty" minimum:"0" maximum:"100" doc:"Least SEO score of the live release"`
	BelowScore *float64            `json:"below_score,omitempty" minimum:"0" maximum:"101" doc:"The SEO score of the live release is less than this"`
}

func (b *websiteFilterBody) filter() domain.WebsiteFilter {
	if b == nil {
		return domain.WebsiteFilter{}
	}
	f := domain.WebsiteFilter{
		IDs: b.IDs, Niche: b.Niche, Text: b.Text, Language: b.Language, State: b.State, Tag: b.Tag, Feed: b.Feed, MinScore: b.MinScore, BelowScore: b.BelowScore,
	}
	if b.BuiltWith != nil {
		f.Built = *b.BuiltWith
	}
	return f
}

func toWebsiteFilter(f *domain.WebsiteFilter) websiteFilterBody {
	b := websiteFilterBody{
		IDs: f.IDs, Niche: f.Niche, Text: f.Text, Language: f.Language, State: f.State, Tag: f.Tag, Feed: f.Feed, MinScore: f.MinScore, BelowScore: f.BelowScore,
	}
	if f.Built != (domain.BuiltWith{}) {
		b.BuiltWith = &f.Built
	}
	return b
}

type batchBody struct {
	ID         *domain.BatchID   `json:"id" doc:"null for a dry run, which is not kept"`
	Action     domain.BulkAction `json:"action" enum:"publish,rollback,archive,rebuild"`
	Filter     websiteFilterBody `json:"filter"`
	Reason     string            `json:"reason"`
	State      domain.BatchState `json:"state" enum:"planned,running,done,cancelled" doc:"planned: a dry run"`
	Total      int               `json:"total" doc:"Websites that were selected"`
	Queued     int               `json:"queued"`
	Done       int               `json:"done" doc:"Of a rebuild: runs that were started"`
	Skipped    int               `json:"skipped" doc:"Websites that were not in a state for it"`
	Failed     int               `json:"failed"`
	LeftOut    map[string]int    `json:"left_out" doc:"Websites that were not selected, by the first condition that they do not meet"`
	ActorID    domain.UserID     `json:"actor_id"`
	CreatedAt  time.Time         `json:"created_at"`
	FinishedAt *time.Time        `json:"finished_at"`
}

func toBatch(b *domain.Batch) batchBody {
	out := batchBody{
		Action: b.Action, Filter: toWebsiteFilter(&b.Filter), Reason: b.Reason, State: b.State, Total: b.Total, Queued: b.Counts[domain.BatchSiteQueued],
		Done: b.Counts[domain.BatchSiteDone], Skipped: b.Counts[domain.BatchSiteSkipped], Failed: b.Counts[domain.BatchSiteFailed],
		LeftOut: b.LeftOut, ActorID: b.ActorID, CreatedAt: b.CreatedAt.UTC(), FinishedAt: utc(b.FinishedAt),
	}
	if b.ID != "" {
		out.ID = &b.ID
	}
	if out.LeftOut == nil {
		out.LeftOut = map[string]int{}
	}
	return out
}

type batchSiteBody struct {
	WebsiteID domain.WebsiteID      `json:"website_id"`
	Domain    string                `json:"domain" doc:"Empty if the website was deleted"`
	State     domain.BatchSiteState `json:"state" enum:"queued,done,skipped,failed" doc:"queued in a dry run: it would be done"`
	ReleaseID *domain.ReleaseID     `json:"release_id" doc:"The release that is live by it, or would be"`
	RunID     *domain.RunID         `json:"run_id" doc:"The run of a rebuild"`
	Code      domain.Code           `json:"code" doc:"Why not; empty otherwise"`
	Detail    string                `json:"detail"`
}

func toBatchSite(w *domain.BatchSite) batchSiteBody {
	b := batchSiteBody{WebsiteID: w.WebsiteID, Domain: w.Domain, State: w.State, Code: w.Code, Detail: w.Detail}
	if w.ReleaseID != "" {
		b.ReleaseID = &w.ReleaseID
	}
	if w.RunID != "" {
		b.RunID = &w.RunID
	}
	return b
}

type batchDetailBody struct {
	Batch    batchBody       `json:"batch"`
	Websites []batchSiteBody `json:"websites" doc:"In the order in which they are changed"`
}

func toBatchDetail(b *domain.Batch, sites []domain.BatchSite) *output[batchDetailBody] {
	out := batchDetailBody{toBatch(b), make([]batchSiteBody, len(sites))}
	for i := range sites {
		out.Websites[i] = toBatchSite(&sites[i])
	}
	return &output[batchDetailBody]{out}
}

type (
	startBatchInput struct {
		Body struct {
			Action domain.BulkAction  `json:"action" enum:"publish,rollback,archive,rebuild" doc:"publish makes the newest approved release live, rollback the one before the live one, rebuild starts a run that asks for approval as always"`
			Filter *websiteFilterBody `json:"filter,omitempty" doc:"Which websites: all that is given must fit"`
			All    bool               `json:"all,omitempty" doc:"All websites; needed without a filter, and only then"`
			Reason string             `json:"reason,omitempty" maxLength:"1000"`
			DryRun bool               `json:"dry_run,omitempty" doc:"Change nothing; say what would be done to which websites and why not to others"`
		}
	}
	listBatchesInput struct{ Window }
	batchInput       struct {
		ID    domain.BatchID        `path:"batch_id"`
		State domain.BatchSiteState `query:"state" enum:"queued,done,skipped,failed" doc:"Only websites in this state"`
		Window
	}
	cancelBatchInput struct {
		ID domain.BatchID `path:"batch_id"`
	}
)

var (
	exampleBatchID = domain.BatchID("bat_01k2ja")
	exampleBatch   = batchBody{
		ID: &exampleBatchID, Action: domain.BulkRollback, Filter: websiteFilterBody{BuiltWith: &domain.BuiltWith{Theme: "9a1f0c72be45"}}, Reason: "theme is broken on phones",
		State: domain.BatchRunning, Total: 1500, Queued: 900, Done: 598, Skipped: 2, LeftOut: map[string]int{"built_with": 12}, ActorID: "user_01k2ja", CreatedAt: exampleTime,
	}
	exampleBatchDetail = batchDetailBody{exampleBatch, []batchSiteBody{
		{WebsiteID: exampleSite, Domain: "keyboards.example", State: domain.BatchSiteDone, ReleaseID: new(exampleRelease)},
		{WebsiteID: "site_01k2jb", Domain: "lamps.example", State: domain.BatchSiteSkipped, Code: domain.CodeConflict, Detail: "Website site_01k2jb has no release before number 1."},
	}}
)

func registerBatches(a *API, s batchService) {
	handle(a, operation{
		id: "start-batch", method: http.MethodPost, path: "/fleet/batches", tag: "websites", permission: domain.WebsitesManage,
		summary: "Do one thing to all websites that a filter selects",
		text: "A job does it in the background, each website whole or not at all, and goes on where it was when its process dies. Up to 50,000 websites. " +
			"The answer lists the websites that were selected; with `dry_run` each with what would be done, and nothing is kept.",
		request:  map[string]any{"action": "rollback", "filter": map[string]any{"built_with": map[string]string{"theme": "9a1f0c72be45"}}, "reason": "theme is broken on phones"},
		response: exampleBatchDetail,
	}, func(ctx context.Context, in *startBatchInput) (*output[batchDetailBody], error) {
		b, sites, err := s.Start(ctx, domain.BatchParams{
			Action: in.Body.Action, Filter: in.Body.Filter.filter(), All: in.Body.All, Reason: in.Body.Reason, DryRun: in.Body.DryRun,
		})
		if err != nil {
			return nil, err
		}
		return toBatchDetail(b, sites), nil
	})
	handle(a, operation{
		id: "list-batches", method: http.MethodGet, path: "/fleet/batches", tag: "websites", permission: domain.WebsitesRead,
		summary: "List batches over many websites", text: "The newest first.", response: []batchBody{exampleBatch},
	}, func(ctx context.Context, in *listBatchesInput) (*listOutput[batchBody], error) {
		items, total, err := s.List(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toBatch), nil
	})
	handle(a, operation{
		id: "get-batch", method: http.MethodGet, path: "/fleet/batches/{batch_id}", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show how far a batch is", text: "With a window of its websites.", response: exampleBatchDetail,
	}, func(ctx context.Context, in *batchInput) (*output[batchDetailBody], error) {
		var states []domain.BatchSiteState
		if in.State != "" {
			states = []domain.BatchSiteState{in.State}
		}
		b, sites, err := s.Get(ctx, in.ID, states, in.Window.domain())
		if err != nil {
			return nil, err
		}
		return toBatchDetail(b, sites), nil
	})
	handle(a, operation{
		id: "cancel-batch", method: http.MethodPost, path: "/fleet/batches/{batch_id}/cancel", tag: "websites", permission: domain.WebsitesManage,
		summary: "Cancel a batch", text: "Websites that were not changed yet stay as they are.", problems: []int{http.StatusConflict}, response: exampleBatch,
	}, func(ctx context.Context, in *cancelBatchInput) (*output[batchBody], error) {
		return answerOf(toBatch)(s.Cancel(ctx, in.ID))
	})
	registerTags(a, s)
}
