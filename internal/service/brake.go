package service

import (
	"context"

	"empire/internal/domain"
)

// actionPublished is what the log says of a release that was made live.
const actionPublished = "release.published"

// actionRolledBack is what the log says of a release that was live before and is
// again: nothing ever brakes it.
const actionRolledBack = "release.rolled_back"

// websiteTwins holds the pages of live websites against each other, in the transaction
// of a release.
type websiteTwins interface {
	// Refuse is CodeGateRed for a draft that says what other websites say.
	Refuse(ctx context.Context, d *domain.Draft) error
	// Fresh returns how many pages of a draft that may rank its website does not have.
	Fresh(ctx context.Context, d *domain.Draft) (int, error)
	// Moved follows the live release; d is what it was built from, nil if that is not at
	// hand.
	Moved(ctx context.Context, site *domain.Website, r *domain.Release, d *domain.Draft) error
}

// websiteFleet brakes the publishing of a portfolio.
type websiteFleet interface {
	// Frozen is CodeConflict for a website that must not publish.
	Frozen(ctx context.Context, site *domain.Website) error
	// Allow is CodeConflict, with the time when it may go on, for a website that would
	// publish faster than it may.
	Allow(ctx context.Context, site *domain.Website, fresh int) error
	// Published notes a release.
	Published(ctx context.Context, m domain.FleetMove) error
}

// brake refuses what may not be published now: a frozen website, one that would
// publish too fast, a draft that says what other websites say. It returns how many
// pages are new. Releases wait for one another from here on, so that each sees those
// before it.
func (s *Websites) brake(ctx context.Context, site *domain.Website, d *domain.Draft, action string) (fresh int, err error) {
	if action == actionRolledBack || s.cfg.Twins == nil {
		return 0, nil
	}
	if err := s.cfg.Websites.InOrder(ctx); err != nil {
		return 0, err
	}
	if d != nil {
		own := *d // a draft may be older than the website's tenant and domain
		own.Website = *site
		if fresh, err = s.cfg.Twins.Fresh(ctx, &own); err != nil {
			return 0, err
		}
		if err := s.cfg.Twins.Refuse(ctx, &own); err != nil {
			return 0, err
		}
	}
	if s.cfg.Fleet == nil {
		return fresh, nil
	}
	if err := s.cfg.Fleet.Frozen(ctx, site); err != nil {
		return 0, err
	}
	return fresh, s.cfg.Fleet.Allow(ctx, site, fresh)
}

// published tells those who watch the portfolio that a release is live.
func (s *Websites) published(ctx context.Context, site *domain.Website, r *domain.Release, d *domain.Draft, action string, fresh int) error {
	if s.cfg.Twins != nil {
		if err := s.cfg.Twins.Moved(ctx, site, r, d); err != nil {
			return err
		}
	}
	if s.cfg.Fleet == nil || action == actionRolledBack {
		return nil
	}
	return s.cfg.Fleet.Published(ctx, domain.FleetMove{ReleaseID: r.ID, WebsiteID: site.ID, Tenant: site.Tenant.OrDefault(), NewPages: fresh, At: s.journal.stamp()})
}

// frozen refuses to begin a build that could not be published.
func (s *Websites) frozen(ctx context.Context, site *domain.Website) error {
	if s.cfg.Fleet == nil {
		return nil
	}
	return s.cfg.Fleet.Frozen(ctx, site)
}
