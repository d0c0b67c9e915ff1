package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"empire/internal/analytics"
	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/service"
	"empire/internal/store"
)

// wireTraffic builds what shows the visits of websites, and what counts them if this
// process serves sites.
func (a *App) wireTraffic(context.Context) error {
	own := a.cfg.Analytics.Own()
	a.Traffic = service.NewTraffic(service.TrafficConfig{
		Websites: a.Websites, Store: a.store.Traffic, Tx: a.store, Audit: a.store.Audit, Programs: a.store.Programs, Keep: a.cfg.Analytics.Keep, KeepEvents: a.cfg.Analytics.KeepEvents, Now: a.now,
		ReadLog: func(ctx context.Context, r io.Reader, id domain.WebsiteID, name string, after time.Time) (*domain.AccessImport, []domain.ServedCount, error) {
			return analytics.ReadLog(ctx, r, analytics.LogConfig{WebsiteID: id, Name: name, OwnNetworks: own, After: after})
		},
	})
	var err error
	if a.mode == Serve && a.cfg.Analytics.ServerViews {
		if a.tally, err = analytics.NewTally(analytics.TallyConfig{Store: a.store.Traffic, Logger: a.log, OwnNetworks: own}); err != nil {
			return err
		}
	}
	if a.mode == Serve {
		a.visits, err = analytics.New(analytics.Config{
			Store: a.store.Traffic, Logger: a.log, OwnNetworks: own, Keep: a.cfg.Analytics.KeepEvents > 0,
		})
	}
	return err
}

// wireEdge builds the edge. Those of other processes tell and are told of changes, too;
// without news they look anyway.
func (a *App) wireEdge() error {
	c := edge.Config{
		Sites: a.store.Websites, Releases: a.store.Releases, Manifests: a.builder, Blobs: a.blobs, Logger: a.log, Debug: a.cfg.Dev,
		KeyFile: a.keyFile(), Collector: a.visits, Links: a.store.Links, ClientIP: func(r *http.Request) string { return a.gateway.ClientIP(r) },
		Secure: func(r *http.Request) bool { return a.gateway.Secure(r) },
	}
	if err := a.wireCertificates(); err != nil {
		return err
	}
	if a.certificates != nil {
		c.Certificates = a.certificates
	}
	if a.tally != nil {
		c.Views = a.tally
	}
	var err error
	if a.edge, err = edge.New(c); err != nil {
		return err
	}
	a.edge.Configure(edgeSettings(a.cfg))
	_, err = a.bus.Subscribe("empire.site.*", func(string, []byte) { a.edge.Nudge() })
	return err
}

// sweepTraffic removes what is too old of visits, and forgets who came on past days.
func (a *App) sweepTraffic(ctx context.Context) {
	now := a.now()
	a.visits.Sweep(ctx, now)
	n, err := a.store.Traffic.Sweep(ctx, store.TrafficLimits{
		Events: now.Add(-a.cfg.Analytics.KeepEvents), Sums: now.Add(-a.cfg.Analytics.Keep), Hours: now.Add(-domain.TrafficHours),
	})
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "old visits not removed", slog.Any("err", err))
	case n > 0:
		a.log.InfoContext(ctx, "old visits removed", slog.Int("count", n))
	}
	if _, err := a.store.Traffic.SumDays(ctx, domain.HoursSince1970(now)/24*24-24); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "visits of days not summed up", slog.Any("err", err))
	}
}
