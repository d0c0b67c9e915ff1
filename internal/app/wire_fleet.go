package app

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
	"empire/internal/intelligence/twin"
	"empire/internal/service"
)

// signatureTime is how long reading the pages of one website may take.
const signatureTime = 5 * time.Minute

// wireFleet builds what looks at the portfolio as a whole. It comes before the service
// of websites, which asks it.
func (a *App) wireFleet() {
	a.Duplicates = service.NewDuplicates(service.DuplicatesConfig{
		Tx: a.store, Store: a.store.Signatures, Websites: a.store.Websites, Releases: a.store.Releases, Draft: artifacts{a.blobs}.Draft,
		Signer: twin.New(), Enqueue: a.enqueue, Threshold: a.cfg.Fleet.Duplicates, Now: a.now,
	})
	a.Fleet = service.NewFleet(service.FleetConfig{
		Tx: a.store, Store: a.store.Fleet, Changes: a.store.FleetChanges, Websites: a.store.Websites, Runs: a.store.Runs, Releases: a.store.Releases,
		Rebuild: func(ctx context.Context, id domain.WebsiteID) (*domain.Run, error) {
			return a.Websites.Rebuild(ctx, id)
		},
		Limits: domain.FleetLimits{PagesPerWeek: a.cfg.Fleet.PagesPerWeek, ReleasesPerDay: a.cfg.Fleet.ReleasesPerDay},
		Judge:  forecast.CliffOf, Fall: a.cfg.Fleet.Fall, Audit: a.store.Audit, Now: a.now,
	})
	a.queue.Handle(service.JobSignatures, signatureTime, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Duplicates.Work(ctx, args)
	})
}

// FollowFleet looks how changes of many websites are getting on, for a command without
// a server that does.
func (a *App) FollowFleet(ctx context.Context) error {
	return a.Fleet.Sweep(domain.WithPrincipal(ctx, nil)) // of all tenants
}

// sweepFleet looks how changes of many websites are getting on.
func (a *App) sweepFleet(ctx context.Context) {
	if err := a.Fleet.Sweep(ctx); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "fleet changes not followed", "err", err)
	}
}

// watchVisits freezes websites whose visits fell.
func (a *App) watchVisits(ctx context.Context) {
	n, err := a.Fleet.Watch(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "visits not watched", "err", err)
	case n > 0:
		a.log.WarnContext(ctx, "websites frozen, because their visits fell", "count", n)
	}
}

// readPages reads the pages of websites that were live before pages were read.
func (a *App) readPages(ctx context.Context) {
	n, err := a.Duplicates.CatchUp(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.WarnContext(ctx, "pages of live websites not read", "err", err)
	case n > 0:
		a.log.InfoContext(ctx, "pages of live websites read", "count", n)
	}
	a.readKeywords(ctx)
	if _, err := a.Links.CatchUp(ctx); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "links of live websites not read", "err", err)
	}
}
