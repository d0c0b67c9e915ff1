package service

import (
	"context"
	"errors"
	"fmt"

	"empire/internal/domain"
)

// Bounds of changes.
const (
	maxChanged     = 50_000 // websites of one change
	maxCanary      = 100
	changedAtOnce  = 20   // websites whose runs a change keeps under way
	maxFailedShare = 0.05 // of a change's websites, at least one: with more it stops
)

// StartChange selects live websites and begins to change the first few. It goes on
// only when those are published, none of them was frozen, and a person says so.
func (s *Fleet) StartChange(ctx context.Context, p domain.FleetChangeParams) (*domain.FleetChange, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	if p.Action != domain.FleetRebuild {
		return nil, domain.Invalid("action", "Action %.20q does not exist; it is rebuild.", p.Action)
	}
	if p.Reason, err = checkReason(p.Reason); err != nil {
		return nil, err
	}
	if p.Canary < 1 || p.Canary > maxCanary {
		return nil, domain.Invalid("canary", "The canary group must have between 1 and %d websites.", maxCanary)
	}
	chosen, err := s.choose(ctx, p.Filter)
	if err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	c := &domain.FleetChange{
		ID: domain.FleetChangeID(domain.NewID("chg")), Tenant: scope(ctx), Action: p.Action, Reason: p.Reason, Filter: p.Filter, State: domain.FleetCanary,
		Canary: min(p.Canary, len(chosen)), Total: len(chosen), ActorID: principal.UserID, CreatedAt: now, UpdatedAt: now,
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Changes.Insert(ctx, c, canaryFirst(chosen, c.Canary)); err != nil {
			return err
		}
		if err := s.journal.changedFor(ctx, c.Tenant, "fleet.change_started", string(c.ID), c.Reason, nil, c); err != nil {
			return err
		}
		return s.advance(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return s.cfg.Changes.Get(ctx, c.ID)
}

// choose returns the live websites that a filter selects.
func (s *Fleet) choose(ctx context.Context, f domain.FleetFilter) ([]domain.WebsiteID, error) {
	want := domain.WebsiteFilter{Niche: f.Niche, Language: f.Language, Feed: f.Feed, State: domain.WebsiteLive}
	var out []domain.WebsiteID
	err := eachWebsite(ctx, s.cfg.Websites, scope(ctx), func(site *domain.Website) error {
		if want.Excludes(site, nil, nil) == "" {
			out = append(out, site.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, domain.Invalid("filter", "No live website fits the filter.")
	}
	if len(out) > maxChanged {
		return nil, domain.Invalid("filter", "The filter selects %d websites; a change takes up to %d.", len(out), maxChanged)
	}
	return out, nil
}

// canaryFirst puts the canary group first: websites from all over the list.
func canaryFirst(ids []domain.WebsiteID, canary int) []domain.FleetChangeSite {
	first := make(map[int]bool, canary)
	for k := range canary {
		first[k*len(ids)/canary] = true
	}
	out := make([]domain.FleetChangeSite, 0, len(ids))
	for _, group := range []bool{true, false} {
		for i, id := range ids {
			if first[i] == group {
				out = append(out, domain.FleetChangeSite{WebsiteID: id, Position: len(out), Canary: group, State: domain.FleetSiteQueued})
			}
		}
	}
	return out
}

// Changes returns a window of the changes, the newest first.
func (s *Fleet) Changes(ctx context.Context, w domain.Window) ([]domain.FleetChange, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Changes.List(ctx, scope(ctx), nil, w)
}

// Change returns a change with a window of its websites.
func (s *Fleet) Change(ctx context.Context, id domain.FleetChangeID, w domain.Window) (*domain.FleetChange, []domain.FleetChangeSite, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, nil, err
	}
	c, err := s.cfg.Changes.Get(ctx, id)
	if c, err = visible(ctx, c, err, "Fleet change", string(id)); err != nil {
		return nil, nil, err
	}
	list, err := s.cfg.Changes.Sites(ctx, id, nil, w)
	return c, list, err
}

// ContinueChange goes on with all other websites once the canary group is published.
func (s *Fleet) ContinueChange(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error) {
	return s.decide(ctx, id, "fleet.change_continued", "", func(ctx context.Context, c *domain.FleetChange) error {
		if c.State != domain.FleetWaiting {
			return domain.Errorf(domain.CodeConflict, "Fleet change %s is %s; only one that waits can go on.", id, c.State)
		}
		c.State, c.Detail = domain.FleetRunning, ""
		return nil
	})
}

// StopChange ends a change: no further website is begun. Runs that are under way wait
// for their approval as always.
func (s *Fleet) StopChange(ctx context.Context, id domain.FleetChangeID, reason string) (*domain.FleetChange, error) {
	if reason == "" {
		reason = "Stopped by a person."
	}
	reason, err := checkReason(reason)
	if err != nil {
		return nil, err
	}
	return s.decide(ctx, id, "fleet.change_stopped", reason, func(_ context.Context, c *domain.FleetChange) error {
		if c.State.Ended() {
			return domain.Errorf(domain.CodeConflict, "Fleet change %s is %s already.", id, c.State)
		}
		c.State, c.Detail = domain.FleetStopped, reason
		return nil
	})
}

func (s *Fleet) decide(ctx context.Context, id domain.FleetChangeID, action, detail string, do func(context.Context, *domain.FleetChange) error) (*domain.FleetChange, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	var out *domain.FleetChange
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		c, err := s.cfg.Changes.Hold(ctx, id)
		if c, err = visible(ctx, c, err, "Fleet change", string(id)); err != nil {
			return err
		}
		before := *c
		if err := do(ctx, c); err != nil {
			return err
		}
		c.UpdatedAt = s.journal.stamp()
		if err := s.cfg.Changes.Update(ctx, c); err != nil {
			return err
		}
		if err := s.journal.changedFor(ctx, c.Tenant, action, string(id), detail, &before, c); err != nil {
			return err
		}
		out = c
		return s.advance(ctx, c)
	})
	return out, err
}

// Sweep looks how changes are getting on, of all tenants, and begins what is next.
// Several processes may do so at once.
func (s *Fleet) Sweep(ctx context.Context) error {
	list, _, err := s.cfg.Changes.List(ctx, "", []domain.FleetState{domain.FleetCanary, domain.FleetWaiting, domain.FleetRunning}, domain.Window{Limit: 1000})
	if err != nil {
		return err
	}
	var errs []error
	for i := range list {
		err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
			c, err := s.cfg.Changes.Hold(ctx, list[i].ID)
			if err != nil || c.State.Ended() {
				return err
			}
			return s.advance(ctx, c)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("fleet change %s: %w", list[i].ID, err))
		}
	}
	return errors.Join(errs...)
}

// advance brings a held change as far as it can go now.
func (s *Fleet) advance(ctx context.Context, c *domain.FleetChange) error {
	if c.State.Ended() {
		return nil
	}
	before := *c
	if err := s.follow(ctx, c); err != nil {
		return err
	}
	if !c.State.Ended() && c.State != domain.FleetWaiting {
		if err := s.begin(ctx, c); err != nil {
			return err
		}
	}
	if *c == before {
		return nil
	}
	c.UpdatedAt = s.journal.stamp()
	if err := s.cfg.Changes.Update(ctx, c); err != nil {
		return err
	}
	if c.State == before.State {
		return nil
	}
	action := map[domain.FleetState]string{domain.FleetWaiting: "waiting", domain.FleetStopped: "stopped", domain.FleetDone: "done"}[c.State]
	return s.journal.changedFor(ctx, c.Tenant, "fleet.change_"+action, string(c.ID), c.Detail, &before, c)
}
