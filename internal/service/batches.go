package service

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"empire/internal/domain"
)

// JobBatch does a batch.
const JobBatch = "batch"

type batchStore interface {
	Insert(ctx context.Context, b *domain.Batch, sites []domain.BatchSite) error
	Get(ctx context.Context, id domain.BatchID) (*domain.Batch, error)
	Hold(ctx context.Context, id domain.BatchID) (*domain.Batch, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Batch, int, error)
	Update(ctx context.Context, b *domain.Batch) error
	Sites(ctx context.Context, id domain.BatchID, states []domain.BatchSiteState, w domain.Window) ([]domain.BatchSite, error)
	Settle(ctx context.Context, id domain.BatchID, w *domain.BatchSite) error
	Drop(ctx context.Context, id domain.BatchID, detail string) error
}

type tagStore interface {
	Replace(ctx context.Context, id domain.WebsiteID, tags []string) error
	Of(ctx context.Context, id domain.WebsiteID) ([]string, error)
	All(ctx context.Context, tenant domain.TenantID) (map[domain.WebsiteID][]string, error)
}

// BatchesConfig is what Batches needs.
type BatchesConfig struct {
	Tx       transactor
	Store    batchStore
	Tags     tagStore
	Websites *Websites
	Enqueue  func(ctx context.Context, kind string, args any, at time.Time) error
	Audit    auditStore
	Log      *slog.Logger // nil: nothing is logged
	Now      func() time.Time
}

// Batches do one thing to many websites that a filter selects. Each website is changed
// in a transaction of its own, which also notes that it is done: a batch whose process
// dies goes on with the next website.
type Batches struct {
	cfg     BatchesConfig
	journal journal
	memo    websiteMemo // for lists
}

// NewBatches returns the service.
func NewBatches(c BatchesConfig) *Batches {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Batches{cfg: c, journal: journal{c.Audit, c.Now}}
}

// batchChunk is how many websites a job reads at a time.
const batchChunk = 100

// Start selects websites and queues what is to be done to them. A dry run is not kept:
// it returns all websites that were selected, each with what would be done or why not.
func (s *Batches) Start(ctx context.Context, p domain.BatchParams) (*domain.Batch, []domain.BatchSite, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, nil, err
	}
	if _, err := s.cfg.Websites.bulkStep(p.Action); err != nil {
		return nil, nil, err
	}
	if p.Reason, err = tidyReason(p.Reason); err != nil {
		return nil, nil, err
	}
	if p.Filter.Empty() != p.All {
		return nil, nil, domain.Invalid("filter", "Either a filter selects websites, or all of them are asked for, not both and not neither.")
	}
	b := &domain.Batch{
		ID: domain.BatchID(domain.NewID("bat")), Tenant: scope(ctx), Action: p.Action, Filter: p.Filter, Reason: p.Reason, State: domain.BatchRunning,
		ActorID: principal.UserID, CreatedAt: s.journal.stamp(), LeftOut: map[string]int{},
	}
	sites, err := s.selected(ctx, b, p.DryRun)
	if err != nil {
		return nil, nil, err
	}
	if b.Total = len(sites); b.Total > domain.MaxBatch {
		return nil, nil, domain.Invalid("filter", "The filter selects %d websites; a batch takes up to %d.", b.Total, domain.MaxBatch)
	}
	if p.DryRun {
		b.ID, b.State, b.Counts = "", domain.BatchPlanned, map[domain.BatchSiteState]int{}
		for i := range sites {
			b.Counts[sites[i].State]++
		}
		return b, sites, nil
	}
	if b.Total == 0 {
		return nil, nil, domain.Invalid("filter", "No website fits the filter.")
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Store.Insert(ctx, b, sites); err != nil {
			return err
		}
		if err := s.journal.changed(ctx, "batch.started", string(b.ID), b.Reason, nil, b); err != nil {
			return err
		}
		return s.cfg.Enqueue(ctx, JobBatch, batchArgs{b.ID}, time.Time{})
	})
	if err != nil {
		return nil, nil, err
	}
	b.Counts = map[domain.BatchSiteState]int{domain.BatchSiteQueued: b.Total}
	return b, sites, nil
}

// selected returns the websites that the filter of a batch selects and counts the
// others. If it is dry each is looked at.
func (s *Batches) selected(ctx context.Context, b *domain.Batch, dry bool) ([]domain.BatchSite, error) {
	w := s.cfg.Websites
	tags, err := s.cfg.Tags.All(ctx, b.Tenant)
	if err != nil {
		return nil, err
	}
	out := []domain.BatchSite{}
	err = eachWebsite(ctx, w.cfg.Websites, b.Tenant, func(site *domain.Website) error {
		why := b.Filter.Excludes(site, nil, tags[site.ID])
		if why == domain.NoLiveRelease && site.LiveRelease != "" { // read only where all else fits
			live, err := w.cfg.Releases.Get(ctx, site.LiveRelease)
			if err != nil {
				return err
			}
			why = b.Filter.Excludes(site, live, tags[site.ID])
		}
		if why != "" {
			b.LeftOut[why]++
			return nil
		}
		row := domain.BatchSite{WebsiteID: site.ID, Domain: site.Domain, Position: len(out), State: domain.BatchSiteQueued}
		if dry {
			if err := s.foresee(ctx, b.Action, site, &row); err != nil {
				return err
			}
		}
		out = append(out, row)
		return nil
	})
	return out, err
}

// foresee sets what an action would do to a website, or why it would not.
func (s *Batches) foresee(ctx context.Context, action domain.BulkAction, site *domain.Website, row *domain.BatchSite) error {
	w := s.cfg.Websites
	var err error
	switch action {
	case domain.BulkPublish, domain.BulkRollback:
		var r *domain.Release
		if r, err = w.movable(ctx, site, moves[action], ""); err == nil {
			row.ReleaseID = r.ID
		}
		if err == nil && action == domain.BulkPublish {
			err = w.frozen(ctx, site)
		}
		if err == nil {
			err = w.intact(ctx, site.ID)
		}
	case domain.BulkRebuild:
		err = w.buildable(ctx, site)
	case domain.BulkArchive:
		if err = w.notArchived(site); err == nil {
			err = w.notBusy(ctx, site.ID)
		}
	}
	if err == nil {
		return nil
	}
	if !settled(err) {
		return err
	}
	row.State, row.Code, row.Detail, row.ReleaseID = stateOf(err), domain.CodeOf(err), domain.MessageOf(err), ""
	return nil
}

// moves are the actions of the log for bulk actions that move the live release.
var moves = map[domain.BulkAction]string{domain.BulkPublish: actionPublished, domain.BulkRollback: actionRolledBack}

// settled reports whether an error says something about one website, which trying
// again would not change.
func settled(err error) bool {
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && domain.CodeOf(err) != domain.CodeUnavailable
}

func stateOf(err error) domain.BatchSiteState {
	if domain.CodeOf(err) == domain.CodeConflict {
		return domain.BatchSiteSkipped
	}
	return domain.BatchSiteFailed
}

// List returns a window of the tenant's batches, the newest first.
func (s *Batches) List(ctx context.Context, w domain.Window) ([]domain.Batch, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.List(ctx, scope(ctx), w)
}

// Get returns a batch with a window of its websites in their order; with states only
// those.
func (s *Batches) Get(ctx context.Context, id domain.BatchID, states []domain.BatchSiteState, w domain.Window) (*domain.Batch, []domain.BatchSite, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, nil, err
	}
	b, err := s.cfg.Store.Get(ctx, id)
	if b, err = visible(ctx, b, err, "Batch", string(id)); err != nil {
		return nil, nil, err
	}
	list, err := s.cfg.Store.Sites(ctx, id, states, w)
	return b, list, err
}

// Cancel ends a batch: websites that were not changed yet stay as they are.
func (s *Batches) Cancel(ctx context.Context, id domain.BatchID) (*domain.Batch, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		b, err := s.cfg.Store.Hold(ctx, id)
		if b, err = visible(ctx, b, err, "Batch", string(id)); err != nil {
			return err
		}
		if b.State != domain.BatchRunning {
			return domain.Errorf(domain.CodeConflict, "Batch %s is %s already.", id, b.State)
		}
		// A website that is being changed just now finds itself settled and stays as it is.
		if err := s.cfg.Store.Drop(ctx, id, "The batch was cancelled."); err != nil {
			return err
		}
		return s.end(ctx, b, domain.BatchCancelled)
	})
	if err != nil {
		return nil, err
	}
	return s.cfg.Store.Get(ctx, id)
}

// end stores that a batch has ended, in the transaction of ctx.
func (s *Batches) end(ctx context.Context, b *domain.Batch, state domain.BatchState) error {
	before, now := *b, s.journal.stamp()
	b.State, b.FinishedAt = state, &now
	if err := s.cfg.Store.Update(ctx, b); err != nil {
		return err
	}
	return s.journal.changed(ctx, "batch."+string(state), string(b.ID), b.Reason, &before, b)
}

type batchArgs struct {
	BatchID domain.BatchID `json:"batch_id"`
}

// Work does a batch from where it is to its end. It is the handler of JobBatch and acts
// as who started the batch.
func (s *Batches) Work(ctx context.Context, args json.RawMessage) error {
	var a batchArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Invalid("args", "The arguments of the job cannot be read.")
	}
	return s.Finish(ctx, a.BatchID)
}

// Finish does a batch from where it is to its end, for a command without a server.
func (s *Batches) Finish(ctx context.Context, id domain.BatchID) error {
	for {
		b, err := s.cfg.Store.Get(ctx, id)
		if err != nil || b.State != domain.BatchRunning {
			return err
		}
		list, err := s.cfg.Store.Sites(ctx, id, []domain.BatchSiteState{domain.BatchSiteQueued}, domain.Window{Limit: batchChunk})
		if err != nil {
			return err
		}
		actor := domain.WithPrincipal(ctx, &domain.Principal{UserID: b.ActorID, Tenant: b.Tenant, Permissions: []domain.Permission{domain.WebsitesManage}})
		for i := range list {
			if err := s.one(actor, b, &list[i]); err != nil {
				return err
			}
		}
		if len(list) > 0 {
			continue
		}
		return s.cfg.Tx.InTx(actor, func(ctx context.Context) error {
			b, err := s.cfg.Store.Hold(ctx, id)
			if err != nil || b.State != domain.BatchRunning {
				return err
			}
			return s.end(ctx, b, domain.BatchDone)
		})
	}
}

// one does a batch to one website.
func (s *Batches) one(ctx context.Context, b *domain.Batch, row *domain.BatchSite) error {
	row.State = domain.BatchSiteDone
	err := s.do(ctx, b, row)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || !settled(err) {
		return err // the job is tried again
	}
	if domain.CodeOf(err) == domain.CodeInternal { // the row does not tell the cause
		s.cfg.Log.ErrorContext(ctx, "website of a batch not changed", slog.String("batch_id", string(b.ID)), slog.String("site_id", string(row.WebsiteID)), slog.Any("err", err))
	}
	row.State, row.Code, row.Detail, row.ReleaseID, row.RunID = stateOf(err), domain.CodeOf(err), domain.MessageOf(err), "", ""
	if err := s.cfg.Store.Settle(ctx, b.ID, row); domain.CodeOf(err) != domain.CodeConflict {
		return err
	}
	return nil // it was settled meanwhile
}

// do changes a website and notes that in one transaction.
func (s *Batches) do(ctx context.Context, b *domain.Batch, row *domain.BatchSite) error {
	w := s.cfg.Websites
	if action := moves[b.Action]; action != "" {
		_, err := w.move(ctx, row.WebsiteID, action, "", func(ctx context.Context, r *domain.Release) error {
			row.ReleaseID = r.ID
			return s.cfg.Store.Settle(ctx, b.ID, row)
		})
		return err
	}
	step, err := w.bulkStep(b.Action)
	if err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if row.RunID, err = step(ctx, row.WebsiteID); err != nil {
			return err
		}
		return s.cfg.Store.Settle(ctx, b.ID, row)
	})
}

// Tags returns the tags of a website.
func (s *Batches) Tags(ctx context.Context, id domain.WebsiteID) ([]string, error) {
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Tags.Of(ctx, id)
}

// SetTags gives a website tags in the place of those that it has.
func (s *Batches) SetTags(ctx context.Context, id domain.WebsiteID, tags []string) ([]string, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	tags, err := domain.CheckTags(tags)
	if err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.cfg.Websites.hold(ctx, id); err != nil {
			return err
		}
		before, err := s.cfg.Tags.Of(ctx, id)
		if err != nil {
			return err
		}
		if err := s.cfg.Tags.Replace(ctx, id, tags); err != nil {
			return err
		}
		return s.journal.changed(ctx, "website.tagged", string(id), strings.Join(tags, " "), before, tags)
	})
	return tags, err
}
