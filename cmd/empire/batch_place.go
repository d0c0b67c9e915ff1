package main

import (
	"context"

	"empire/client"
	"empire/internal/domain"
)

// batchKeeper is the part of a portfolio that changes many websites.
type batchKeeper interface {
	StartBatch(ctx context.Context, p domain.BatchParams) (*client.BatchDetail, error)
	// FinishBatch does a batch that no server does.
	FinishBatch(ctx context.Context, id domain.BatchID) error
	Batches(ctx context.Context, w domain.Window) ([]client.Batch, int, error)
	Batch(ctx context.Context, id domain.BatchID, state domain.BatchSiteState, w domain.Window) (*client.BatchDetail, error)
	CancelBatch(ctx context.Context, id domain.BatchID) (*client.Batch, error)
	Tags(ctx context.Context, id domain.WebsiteID) ([]string, error)
	SetTags(ctx context.Context, id domain.WebsiteID, tags []string) ([]string, error)
}

// StartBatch implements portfolio.
func (l local) StartBatch(ctx context.Context, p domain.BatchParams) (*client.BatchDetail, error) {
	return viewBatchDetail(l.a.Batches.Start(ctx, p))
}

// FinishBatch implements portfolio. A server that runs beside may do part of it.
func (l local) FinishBatch(ctx context.Context, id domain.BatchID) error {
	return l.a.Batches.Finish(ctx, id)
}

// Batches implements portfolio.
func (l local) Batches(ctx context.Context, w domain.Window) ([]client.Batch, int, error) {
	list, total, err := l.a.Batches.List(ctx, w)
	return views(list, viewBatch), total, err
}

// Batch implements portfolio.
func (l local) Batch(ctx context.Context, id domain.BatchID, state domain.BatchSiteState, w domain.Window) (*client.BatchDetail, error) {
	var states []domain.BatchSiteState
	if state != "" {
		states = append(states, state)
	}
	return viewBatchDetail(l.a.Batches.Get(ctx, id, states, w))
}

// CancelBatch implements portfolio.
func (l local) CancelBatch(ctx context.Context, id domain.BatchID) (*client.Batch, error) {
	return view(viewBatch)(l.a.Batches.Cancel(ctx, id))
}

// Tags implements portfolio.
func (l local) Tags(ctx context.Context, id domain.WebsiteID) ([]string, error) {
	return l.a.Batches.Tags(ctx, id)
}

// SetTags implements portfolio.
func (l local) SetTags(ctx context.Context, id domain.WebsiteID, tags []string) ([]string, error) {
	return l.a.Batches.SetTags(ctx, id, tags)
}

// StartBatch implements portfolio.
func (r *remote) StartBatch(ctx context.Context, p domain.BatchParams) (*client.BatchDetail, error) {
	in := client.StartBatchInput{Action: client.StartBatchInputAction(p.Action), All: new(p.All), DryRun: new(p.DryRun), Reason: p.Reason}
	if !p.Filter.Empty() {
		in.Filter = new(viewWebsiteFilter(&p.Filter))
	}
	d, err := r.api.StartBatch(ctx, in)
	return answered(r, d, err)
}

// FinishBatch implements portfolio: the server does it.
func (r *remote) FinishBatch(context.Context, domain.BatchID) error { return nil }

// Batches implements portfolio.
func (r *remote) Batches(ctx context.Context, w domain.Window) ([]client.Batch, int, error) {
	list, err := r.api.ListBatches(ctx, client.ListBatchesParams{Limit: w.Limit, Offset: w.Offset})
	return listed(r, list, err)
}

// Batch implements portfolio.
func (r *remote) Batch(ctx context.Context, id domain.BatchID, state domain.BatchSiteState, w domain.Window) (*client.BatchDetail, error) {
	d, err := r.api.GetBatch(ctx, string(id), client.GetBatchParams{State: string(state), Limit: w.Limit, Offset: w.Offset})
	return answered(r, d, err)
}

// CancelBatch implements portfolio.
func (r *remote) CancelBatch(ctx context.Context, id domain.BatchID) (*client.Batch, error) {
	b, err := r.api.CancelBatch(ctx, string(id))
	return answered(r, b, err)
}

// Tags implements portfolio.
func (r *remote) Tags(ctx context.Context, id domain.WebsiteID) ([]string, error) {
	return tagsOf(r.api.GetTags(ctx, string(id)))(r)
}

// SetTags implements portfolio.
func (r *remote) SetTags(ctx context.Context, id domain.WebsiteID, tags []string) ([]string, error) {
	return tagsOf(r.api.SetTags(ctx, string(id), client.Tags{Tags: orEmpty(tags)}))(r)
}

func tagsOf(t *client.Tags, err error) func(r *remote) ([]string, error) {
	return func(r *remote) ([]string, error) {
		if err != nil {
			return nil, r.fault(err)
		}
		return t.Tags, nil
	}
}

func viewWebsiteFilter(f *domain.WebsiteFilter) client.WebsiteFilter {
	v := client.WebsiteFilter{
		Niche: f.Niche, Text: f.Text, Language: client.WebsiteFilterLanguage(f.Language), State: client.WebsiteFilterState(f.State), Tag: f.Tag, Feed: string(f.Feed),
		MinScore: f.MinScore, BelowScore: f.BelowScore,
	}
	for _, id := range f.IDs {
		v.IDs = append(v.IDs, string(id))
	}
	if b := f.Built; b != (domain.BuiltWith{}) {
		v.BuiltWith = &client.BuiltWith{Program: b.Program, Theme: b.Theme, Rules: b.Rules, Prompts: b.Prompts}
	}
	return v
}

func viewBatch(b *domain.Batch) client.Batch {
	v := client.Batch{
		Action: client.BatchAction(b.Action), Filter: viewWebsiteFilter(&b.Filter), Reason: b.Reason, State: client.BatchState(b.State), Total: int64(b.Total),
		Queued: int64(b.Counts[domain.BatchSiteQueued]), Done: int64(b.Counts[domain.BatchSiteDone]), Skipped: int64(b.Counts[domain.BatchSiteSkipped]),
		Failed: int64(b.Counts[domain.BatchSiteFailed]), LeftOut: map[string]int64{}, ActorID: string(b.ActorID), CreatedAt: b.CreatedAt.UTC(), FinishedAt: utc(b.FinishedAt),
	}
	if b.ID != "" {
		v.ID = new(string(b.ID))
	}
	for why, n := range b.LeftOut {
		v.LeftOut[why] = int64(n)
	}
	return v
}

func viewBatchDetail(b *domain.Batch, sites []domain.BatchSite, err error) (*client.BatchDetail, error) {
	if err != nil {
		return nil, err
	}
	return &client.BatchDetail{Batch: viewBatch(b), Websites: views(sites, func(w *domain.BatchSite) client.BatchSite {
		v := client.BatchSite{WebsiteID: string(w.WebsiteID), Domain: w.Domain, State: client.BatchSiteState(w.State), Code: string(w.Code), Detail: w.Detail}
		if w.ReleaseID != "" {
			v.ReleaseID = new(string(w.ReleaseID))
		}
		if w.RunID != "" {
			v.RunID = new(string(w.RunID))
		}
		return v
	})}, nil
}
