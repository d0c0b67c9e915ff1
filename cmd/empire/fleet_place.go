package main

import (
	"context"

	"empire/client"
	"empire/internal/domain"
)

// fleetKeeper is the part of a portfolio that looks at all websites at once.
type fleetKeeper interface {
	// Duplicates finds pages of different websites that say much the same; a threshold of
	// 0 is that of the configuration.
	Duplicates(ctx context.Context, threshold float64, w domain.Window) (*client.Duplicates, error)
	Fleet(ctx context.Context) (*client.Fleet, error)
	// FreezeFleet freezes a website, or without one all.
	FreezeFleet(ctx context.Context, p domain.FleetFreezeParams) (*client.FleetFreeze, error)
	UnfreezeFleet(ctx context.Context, id domain.WebsiteID) error
	StartFleetChange(ctx context.Context, p domain.FleetChangeParams) (*client.FleetChange, error)
	FleetChanges(ctx context.Context, w domain.Window) ([]client.FleetChange, int, error)
	FleetChange(ctx context.Context, id domain.FleetChangeID, w domain.Window) (*client.FleetChangeDetail, error)
	ContinueFleetChange(ctx context.Context, id domain.FleetChangeID) (*client.FleetChange, error)
	StopFleetChange(ctx context.Context, id domain.FleetChangeID, reason string) (*client.FleetChange, error)
}

// Fleet implements portfolio. Without a server it looks first how changes are getting
// on.
func (l local) Fleet(ctx context.Context) (*client.Fleet, error) {
	if err := l.a.FollowFleet(ctx); err != nil {
		return nil, err
	}
	return view(viewFleet)(l.a.Fleet.Status(ctx))
}

// FreezeFleet implements portfolio.
func (l local) FreezeFleet(ctx context.Context, p domain.FleetFreezeParams) (*client.FleetFreeze, error) {
	return view(viewFleetFreeze)(l.a.Fleet.Freeze(ctx, p))
}

// UnfreezeFleet implements portfolio.
func (l local) UnfreezeFleet(ctx context.Context, id domain.WebsiteID) error {
	return l.a.Fleet.Unfreeze(ctx, id)
}

// StartFleetChange implements portfolio.
func (l local) StartFleetChange(ctx context.Context, p domain.FleetChangeParams) (*client.FleetChange, error) {
	return view(viewFleetChange)(l.a.Fleet.StartChange(ctx, p))
}

// FleetChanges implements portfolio.
func (l local) FleetChanges(ctx context.Context, w domain.Window) ([]client.FleetChange, int, error) {
	if err := l.a.FollowFleet(ctx); err != nil {
		return nil, 0, err
	}
	list, total, err := l.a.Fleet.Changes(ctx, w)
	return views(list, viewFleetChange), total, err
}

// FleetChange implements portfolio.
func (l local) FleetChange(ctx context.Context, id domain.FleetChangeID, w domain.Window) (*client.FleetChangeDetail, error) {
	if err := l.a.FollowFleet(ctx); err != nil {
		return nil, err
	}
	c, list, err := l.a.Fleet.Change(ctx, id, w)
	if err != nil {
		return nil, err
	}
	return &client.FleetChangeDetail{Change: viewFleetChange(c), Websites: views(list, viewFleetChangeSite)}, nil
}

// ContinueFleetChange implements portfolio.
func (l local) ContinueFleetChange(ctx context.Context, id domain.FleetChangeID) (*client.FleetChange, error) {
	if err := l.a.FollowFleet(ctx); err != nil {
		return nil, err
	}
	return view(viewFleetChange)(l.a.Fleet.ContinueChange(ctx, id))
}

// StopFleetChange implements portfolio.
func (l local) StopFleetChange(ctx context.Context, id domain.FleetChangeID, reason string) (*client.FleetChange, error) {
	return view(viewFleetChange)(l.a.Fleet.StopChange(ctx, id, reason))
}

// Fleet implements portfolio.
func (r *remote) Fleet(ctx context.Context) (*client.Fleet, error) {
	f, err := r.api.GetFleet(ctx)
	return answered(r, f, err)
}

// FreezeFleet implements portfolio.
func (r *remote) FreezeFleet(ctx context.Context, p domain.FleetFreezeParams) (*client.FleetFreeze, error) {
	f, err := r.api.FreezeFleet(ctx, client.FreezeInput{WebsiteID: string(p.WebsiteID), Cause: client.FreezeInputCause(p.Cause), Reason: p.Reason})
	return answered(r, f, err)
}

// UnfreezeFleet implements portfolio.
func (r *remote) UnfreezeFleet(ctx context.Context, id domain.WebsiteID) error {
	if err := r.api.UnfreezeFleet(ctx, client.UnfreezeFleetParams{WebsiteID: string(id)}); err != nil {
		return r.fault(err)
	}
	return nil
}

// StartFleetChange implements portfolio.
func (r *remote) StartFleetChange(ctx context.Context, p domain.FleetChangeParams) (*client.FleetChange, error) {
	c, err := r.api.StartFleetChange(ctx, client.StartFleetChangeInput{
		Action: client.StartFleetChangeInputAction(p.Action), Reason: p.Reason, Canary: int64(p.Canary),
		Filter: &client.FleetFilter{Niche: p.Filter.Niche, Language: client.FleetFilterLanguage(p.Filter.Language), Feed: string(p.Filter.Feed)},
	})
	return answered(r, c, err)
}

// FleetChanges implements portfolio.
func (r *remote) FleetChanges(ctx context.Context, w domain.Window) ([]client.FleetChange, int, error) {
	list, err := r.api.ListFleetChanges(ctx, client.ListFleetChangesParams{Limit: w.Limit, Offset: w.Offset})
	return listed(r, list, err)
}

// FleetChange implements portfolio.
func (r *remote) FleetChange(ctx context.Context, id domain.FleetChangeID, w domain.Window) (*client.FleetChangeDetail, error) {
	c, err := r.api.GetFleetChange(ctx, string(id), client.GetFleetChangeParams{Limit: w.Limit, Offset: w.Offset})
	return answered(r, c, err)
}

// ContinueFleetChange implements portfolio.
func (r *remote) ContinueFleetChange(ctx context.Context, id domain.FleetChangeID) (*client.FleetChange, error) {
	c, err := r.api.ContinueFleetChange(ctx, string(id))
	return answered(r, c, err)
}

// StopFleetChange implements portfolio.
func (r *remote) StopFleetChange(ctx context.Context, id domain.FleetChangeID, reason string) (*client.FleetChange, error) {
	c, err := r.api.StopFleetChange(ctx, string(id), client.StopFleetChangeInput{Reason: reason})
	return answered(r, c, err)
}
