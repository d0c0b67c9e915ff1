package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

type plannedStore interface {
	Insert(ctx context.Context, p *domain.PlannedRelease) error
	Get(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error)
	Hold(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error)
	List(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID, states []domain.PlannedState, w domain.Window) ([]domain.PlannedRelease, int, error)
	Due(ctx context.Context, now time.Time, limit int) ([]domain.PlannedRelease, error)
	Update(ctx context.Context, p *domain.PlannedRelease) error
}

// PlannedConfig is what Planned needs.
type PlannedConfig struct {
	Tx       transactor
	Store    plannedStore
	Websites *Websites
	Users    interface {
		Get(ctx context.Context, id domain.UserID) (*domain.User, error)
	}
	Audit auditStore
	Now   func() time.Time
}

// Planned makes releases live at a time: what brakes or forbids publishing is asked
// then, and whoever planned it must still have the right.
type Planned struct {
	cfg     PlannedConfig
	journal journal
}

// NewPlanned returns the service.
func NewPlanned(c PlannedConfig) *Planned { return &Planned{c, journal{c.Audit, c.Now}} }

// Bounds of planned releases.
const (
	maxPlannedAhead = 2 * 365 * 24 * time.Hour
	plannedLate     = time.Minute // what goes live later than that says so
	plannedAtOnce   = 100
)

// Plan has a release that was approved before go live at a time.
func (s *Planned) Plan(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) (*domain.PlannedRelease, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	p := &domain.PlannedRelease{
		ID: domain.PlannedReleaseID(domain.NewID("plan")), WebsiteID: id, ReleaseID: release, At: at.UTC().Truncate(time.Second), State: domain.PlannedWaiting,
		ActorID: principal.UserID, CreatedAt: now,
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := s.cfg.Websites.hold(ctx, id)
		if err != nil {
			return err
		}
		if at.Before(now) || at.Sub(now) > maxPlannedAhead {
			return domain.Invalid("at", "The time must lie ahead, at most two years.")
		}
		if _, err := s.cfg.Websites.movable(ctx, site, actionPublished, release); err != nil {
			return err
		}
		p.Tenant = site.Tenant.OrDefault()
		if err := s.cfg.Store.Insert(ctx, p); err != nil {
			return err
		}
		return s.journal.changed(ctx, "release.planned", string(id), fmt.Sprintf("%s at %s", release, p.At.Format(time.RFC3339)), nil, p)
	})
	return p, err
}

// List returns a window of the planned releases of the tenant, or of one website, the
// newest first; with states only those.
func (s *Planned) List(ctx context.Context, id domain.WebsiteID, states []domain.PlannedState, w domain.Window) ([]domain.PlannedRelease, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	if id != "" {
		if _, err := s.cfg.Websites.get(ctx, id); err != nil {
			return nil, 0, err
		}
	}
	return s.cfg.Store.List(ctx, scope(ctx), id, states, w)
}

// Cancel keeps a planned release from going live.
func (s *Planned) Cancel(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	var p *domain.PlannedRelease
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		p, err = s.cfg.Store.Hold(ctx, id)
		if p, err = visible(ctx, p, err, "Planned release", string(id)); err != nil {
			return err
		}
		if p.State != domain.PlannedWaiting {
			return domain.Errorf(domain.CodeConflict, "Planned release %s is %s already.", id, p.State)
		}
		return s.end(ctx, p, domain.PlannedCancelled, "")
	})
	return p, err
}

func (s *Planned) end(ctx context.Context, p *domain.PlannedRelease, state domain.PlannedState, detail string) error {
	before, now := *p, s.journal.stamp()
	p.State, p.Detail, p.EndedAt = state, detail, &now
	if err := s.cfg.Store.Update(ctx, p); err != nil {
		return err
	}
	return s.journal.changed(ctx, "release.plan_"+string(state), string(p.WebsiteID), string(p.ID), &before, p)
}

// Fire makes releases live whose time has come, of all tenants, and returns how many it
// settled. One that cannot be settled now does not keep the others waiting. Several
// processes may do so at once.
func (s *Planned) Fire(ctx context.Context) (int, error) {
	due, err := s.cfg.Store.Due(ctx, s.journal.stamp(), plannedAtOnce)
	if err != nil {
		return 0, err
	}
	done := 0
	var faults []error
	for i := range due {
		ended, err := s.settle(ctx, &due[i])
		if ended {
			done++
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("planned release %s: %w", due[i].ID, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return done, errors.Join(faults...)
}

// settle makes one planned release live or notes why it cannot, and reports whether it
// did. What the note hides, a fault of ours, is an error as well.
func (s *Planned) settle(ctx context.Context, p *domain.PlannedRelease) (bool, error) {
	err := s.fire(ctx, p)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errSettled):
		return false, nil
	case ctx.Err() != nil || !settled(err):
		return false, err // the next look tries again
	}
	if err := s.refuse(ctx, p.ID, domain.MessageOf(err)); err != nil {
		return false, err
	}
	if domain.CodeOf(err) == domain.CodeInternal {
		return true, err
	}
	return true, nil
}

// errSettled says that another process did it.
var errSettled = errors.New("settled already")

// fire makes one planned release live, as who planned it.
func (s *Planned) fire(ctx context.Context, p *domain.PlannedRelease) error {
	u, err := s.cfg.Users.Get(ctx, p.ActorID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.Errorf(domain.CodeForbidden, "Who planned it does not exist any more.")
	}
	if err != nil {
		return err
	}
	actor := domain.WithPrincipal(ctx, &domain.Principal{UserID: u.ID, Tenant: p.Tenant, Permissions: u.Permissions})
	if _, err := domain.Require(actor, domain.WebsitesManage); err != nil {
		return domain.Errorf(domain.CodeForbidden, "Who planned it may not publish any more.")
	}
	_, err = s.cfg.Websites.move(actor, p.WebsiteID, actionPublished, p.ReleaseID, func(ctx context.Context, _ *domain.Release) error {
		held, err := s.waiting(ctx, p.ID)
		if err != nil {
			return err
		}
		detail := ""
		if late := s.journal.stamp().Sub(held.At); late > plannedLate {
			detail = fmt.Sprintf("It went live %s late: no process looked when its time came.", late.Truncate(time.Minute))
		}
		return s.end(ctx, held, domain.PlannedPublished, detail)
	})
	return err
}

// waiting holds a planned release that is not settled.
func (s *Planned) waiting(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error) {
	p, err := s.cfg.Store.Hold(ctx, id)
	if err == nil && p.State != domain.PlannedWaiting {
		err = errSettled
	}
	return p, err
}

// refuse notes why a release did not go live.
func (s *Planned) refuse(ctx context.Context, id domain.PlannedReleaseID, why string) error {
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		p, err := s.waiting(ctx, id)
		if err != nil {
			return err
		}
		return s.end(ctx, p, domain.PlannedRefused, why)
	})
	if errors.Is(err, errSettled) || domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	return err
}
