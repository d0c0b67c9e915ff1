package service

import (
	"context"
	"fmt"

	"empire/internal/domain"
)

// follow reads what became of the runs of a change and decides what that means: a
// failure or a freeze in the canary group stops it, a published canary group makes it
// wait for a person.
func (s *Fleet) follow(ctx context.Context, c *domain.FleetChange) error {
	list, err := s.cfg.Changes.Sites(ctx, c.ID, []domain.FleetSiteState{domain.FleetSiteRunning}, domain.Window{Limit: maxCanary + changedAtOnce})
	if err != nil {
		return err
	}
	for i := range list {
		if err := s.followSite(ctx, c, &list[i]); err != nil {
			return err
		}
	}
	counts, err := s.cfg.Changes.Counts(ctx, c.ID)
	if err != nil {
		return err
	}
	c.Published, c.Failed = counts[domain.FleetSitePublished], counts[domain.FleetSiteFailed]
	if c.State == domain.FleetCanary || c.State == domain.FleetWaiting {
		return s.followCanary(ctx, c)
	}
	if stopped, err := s.canaryFrozen(ctx, c); err != nil || stopped {
		return err
	}
	switch {
	case float64(c.Failed) > max(1, maxFailedShare*float64(c.Total)):
		c.State, c.Detail = domain.FleetStopped, fmt.Sprintf("%d of %d websites failed.", c.Failed, c.Total)
	case counts[domain.FleetSiteQueued]+counts[domain.FleetSiteRunning] == 0:
		c.State = domain.FleetDone
	}
	return nil
}

// followCanary looks at the whole canary group.
func (s *Fleet) followCanary(ctx context.Context, c *domain.FleetChange) error {
	list, err := s.cfg.Changes.Sites(ctx, c.ID, nil, domain.Window{Limit: c.Canary})
	if err != nil {
		return err
	}
	published := 0
	for i := range list {
		w := &list[i]
		switch w.State {
		case domain.FleetSiteFailed, domain.FleetSiteSkipped:
			c.State, c.Detail = domain.FleetStopped, fmt.Sprintf("Website %s of the canary group: %s", w.WebsiteID, w.Detail)
			return nil
		case domain.FleetSitePublished:
			published++
		}
		frozen, err := s.stops(ctx, c, w.WebsiteID)
		if err != nil || frozen {
			return err
		}
	}
	if c.State == domain.FleetCanary && published == c.Canary {
		c.State, c.Detail = domain.FleetWaiting, fmt.Sprintf("All %d websites of the canary group are published; a person decides whether it goes on.", published)
		if c.Canary == c.Total {
			c.State, c.Detail = domain.FleetDone, ""
		}
	}
	return nil
}

// canaryFrozen ends a change that is going on if a website of its canary group is
// frozen by now: what it began with shows first what it does.
func (s *Fleet) canaryFrozen(ctx context.Context, c *domain.FleetChange) (bool, error) {
	list, err := s.cfg.Changes.Sites(ctx, c.ID, nil, domain.Window{Limit: c.Canary})
	if err != nil {
		return false, err
	}
	for i := range list {
		if stopped, err := s.stops(ctx, c, list[i].WebsiteID); err != nil || stopped {
			return stopped, err
		}
	}
	return false, nil
}

// stops ends a change if a website of its canary group is frozen.
func (s *Fleet) stops(ctx context.Context, c *domain.FleetChange, id domain.WebsiteID) (bool, error) {
	site, err := s.cfg.Websites.Get(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		c.State, c.Detail = domain.FleetStopped, fmt.Sprintf("Website %s of the canary group was deleted.", id)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	switch err := s.Frozen(ctx, site); domain.CodeOf(err) {
	case "":
		return false, nil
	case domain.CodeConflict:
		c.State, c.Detail = domain.FleetStopped, domain.MessageOf(err)
		return true, nil
	default:
		return false, err
	}
}

// followSite reads the run of one website.
func (s *Fleet) followSite(ctx context.Context, c *domain.FleetChange, w *domain.FleetChangeSite) error {
	run, err := s.cfg.Runs.Get(ctx, w.RunID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		w.State, w.Detail = domain.FleetSiteFailed, "The run is gone."
		return s.cfg.Changes.SetSite(ctx, c.ID, w)
	}
	if err != nil || !run.State.Ended() {
		return err
	}
	w.State, w.Detail = domain.FleetSiteFailed, fmt.Sprintf("Run %s is %s.", run.ID, run.State)
	switch {
	case run.State == domain.StateCompleted:
		if w.State, w.Detail, err = s.released(ctx, w); err != nil {
			return err
		}
	case run.Error != nil:
		w.Detail = run.Error.Message
	}
	return s.cfg.Changes.SetSite(ctx, c.ID, w)
}

// released says how a run that completed left its website: its release is live, with
// no red gate, unless something moved it meanwhile.
func (s *Fleet) released(ctx context.Context, w *domain.FleetChangeSite) (domain.FleetSiteState, string, error) {
	site, err := s.cfg.Websites.Get(ctx, w.WebsiteID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.FleetSiteFailed, "The website was deleted.", nil
	}
	if err != nil {
		return "", "", err
	}
	if site.LiveRelease == "" {
		return domain.FleetSiteFailed, "The website has no live release.", nil
	}
	r, err := s.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return "", "", err
	}
	switch {
	case r.RunID != w.RunID:
		return domain.FleetSiteFailed, fmt.Sprintf("Release %s is live, not that of the change.", r.ID), nil
	case domain.GateVerdict(r.Gates) == domain.GateFail:
		return domain.FleetSiteFailed, fmt.Sprintf("Release %s has a red gate.", r.ID), nil
	default:
		return domain.FleetSitePublished, "", nil
	}
}

// begin starts runs of websites whose turn it is: of the canary group all, of the
// others a few at a time.
func (s *Fleet) begin(ctx context.Context, c *domain.FleetChange) error {
	counts, err := s.cfg.Changes.Counts(ctx, c.ID)
	if err != nil {
		return err
	}
	free := changedAtOnce - counts[domain.FleetSiteRunning]
	if c.State == domain.FleetCanary {
		free = c.Canary
	}
	if free <= 0 || counts[domain.FleetSiteQueued] == 0 {
		return nil
	}
	list, err := s.cfg.Changes.Sites(ctx, c.ID, []domain.FleetSiteState{domain.FleetSiteQueued}, domain.Window{Limit: free})
	if err != nil {
		return err
	}
	// Who began the change is who begins its runs.
	actor := domain.WithPrincipal(ctx, &domain.Principal{UserID: c.ActorID, Tenant: c.Tenant, Permissions: []domain.Permission{domain.WebsitesManage}})
	for i := range list {
		w := &list[i]
		if c.State == domain.FleetCanary && !w.Canary {
			continue
		}
		run, err := s.cfg.Rebuild(actor, w.WebsiteID)
		switch code := domain.CodeOf(err); code {
		case "":
			w.State, w.RunID = domain.FleetSiteRunning, run.ID
		case domain.CodeConflict, domain.CodeNotFound:
			w.State, w.Detail = domain.FleetSiteSkipped, domain.MessageOf(err)
		default:
			return err
		}
		if err := s.cfg.Changes.SetSite(ctx, c.ID, w); err != nil {
			return err
		}
		if w.State == domain.FleetSiteSkipped && w.Canary {
			c.State, c.Detail = domain.FleetStopped, fmt.Sprintf("Website %s of the canary group: %s", w.WebsiteID, w.Detail)
			return nil
		}
	}
	return nil
}
