package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type fleetStore interface {
	Record(ctx context.Context, m domain.FleetMove) error
	Moves(ctx context.Context, id domain.WebsiteID, after time.Time) ([]domain.FleetMove, error)
	Releases(ctx context.Context, tenant domain.TenantID, after time.Time) (int, error)
	Newest(ctx context.Context, tenant domain.TenantID, n int) (time.Time, error)
	Fastest(ctx context.Context, tenant domain.TenantID, after time.Time, limit int) ([]domain.FleetPace, error)
	Freeze(ctx context.Context, f domain.FleetFreeze) error
	Unfreeze(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID) (bool, error)
	Freezes(ctx context.Context, tenant domain.TenantID) ([]domain.FleetFreeze, error)
	FreezeNew(ctx context.Context, f domain.FleetFreeze) (bool, error)
	Lift(ctx context.Context, l domain.FleetLift) error
	Lifts(ctx context.Context) (map[domain.WebsiteID]domain.FleetLift, error)
	Visits(ctx context.Context, ids []domain.WebsiteID, from, to int64) ([]domain.DayVisitors, error)
}

type fleetChangeStore interface {
	Insert(ctx context.Context, c *domain.FleetChange, sites []domain.FleetChangeSite) error
	Get(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error)
	Hold(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error)
	List(ctx context.Context, tenant domain.TenantID, states []domain.FleetState, w domain.Window) ([]domain.FleetChange, int, error)
	Update(ctx context.Context, c *domain.FleetChange) error
	Sites(ctx context.Context, id domain.FleetChangeID, states []domain.FleetSiteState, w domain.Window) ([]domain.FleetChangeSite, error)
	SetSite(ctx context.Context, id domain.FleetChangeID, w *domain.FleetChangeSite) error
	Counts(ctx context.Context, id domain.FleetChangeID) (map[domain.FleetSiteState]int, error)
}

// fleetWebsites are the websites that a change may select.
type fleetWebsites interface {
	websiteGetter
	websiteWalker
}

// FleetConfig is what Fleet needs.
type FleetConfig struct {
	Tx       transactor
	Store    fleetStore
	Changes  fleetChangeStore
	Websites fleetWebsites
	Runs     interface {
		Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	}
	Releases interface {
		Get(ctx context.Context, id domain.ReleaseID) (*domain.Release, error)
	}
	// Rebuild starts a run that builds a website anew, as the principal in ctx.
	Rebuild func(ctx context.Context, id domain.WebsiteID) (*domain.Run, error)
	Limits  domain.FleetLimits
	// Judge says whether the last days of a series of daily visitors fell; nil: nothing
	// freezes by itself.
	Judge func(values []float64, p domain.CliffParams) domain.Cliff
	Fall  float64 // share of the expected visitors whose loss freezes a website; 0: none
	Audit auditStore
	Now   func() time.Time
}

// Fleet brakes the publishing of a portfolio: it counts, freezes, and lets changes of
// many websites begin with a few. A rollback is never braked.
type Fleet struct {
	cfg     FleetConfig
	journal journal
}

// NewFleet returns the service.
func NewFleet(c FleetConfig) *Fleet { return &Fleet{c, journal{c.Audit, c.Now}} }

// Frozen is CodeConflict, with the reason, for a website that must not publish.
func (s *Fleet) Frozen(ctx context.Context, site *domain.Website) error {
	list, err := s.cfg.Store.Freezes(ctx, site.Tenant.OrDefault())
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		if f.WebsiteID != "" && f.WebsiteID != site.ID {
			continue
		}
		what := "All websites are"
		if f.WebsiteID != "" {
			what = fmt.Sprintf("Website %s is", site.ID)
		}
		return domain.Errorf(domain.CodeConflict, "%s frozen since %s: %s A rollback stays possible.", what, f.At.UTC().Format("2006-01-02 15:04"), sentence(f.Reason))
	}
	return nil
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// Allow is CodeConflict for a website that would publish faster than it may, with
// RetryAfter and, in words, when it may go on. Fresh is how many new pages it would
// publish.
func (s *Fleet) Allow(ctx context.Context, site *domain.Website, fresh int) error {
	now := s.journal.stamp()
	if most := s.cfg.Limits.ReleasesPerDay; most > 0 {
		at, err := s.cfg.Store.Newest(ctx, site.Tenant.OrDefault(), most)
		if err != nil {
			return err
		}
		if on := at.Add(domain.FleetDay); !at.IsZero() && on.After(now) {
			return tooFast(now, on, "%d releases were published within 24 hours, as many as fleet.releases_per_day allows.", most)
		}
	}
	most := s.cfg.Limits.PagesPerWeek
	if most == 0 || fresh == 0 {
		return nil
	}
	if fresh > most {
		return domain.Errorf(domain.CodeConflict, "The release has %d new pages; fleet.pages_per_week allows %d. Build fewer pages, or raise the setting.", fresh, most)
	}
	moves, err := s.cfg.Store.Moves(ctx, site.ID, now.Add(-domain.FleetWeek))
	if err != nil {
		return err
	}
	sum := 0
	for _, m := range moves {
		sum += m.NewPages
	}
	left := sum
	for _, m := range moves {
		if left+fresh <= most {
			break
		}
		if left -= m.NewPages; left+fresh <= most {
			return tooFast(now, m.At.Add(domain.FleetWeek), "Website %s published %d new pages within seven days and would publish %d more; fleet.pages_per_week allows %d.",
				site.ID, sum, fresh, most)
		}
	}
	return nil
}

func tooFast(now, on time.Time, format string, args ...any) error {
	// A minute in full, so that it is never told too early.
	text := fmt.Sprintf(format, args...) + " It may go on at " + on.UTC().Add(time.Minute-time.Microsecond).Truncate(time.Minute).Format("2006-01-02 15:04") + " UTC."
	return &domain.Error{Code: domain.CodeConflict, Message: text, RetryAfter: on.Sub(now)}
}

// Published notes a release in the transaction that makes it live.
func (s *Fleet) Published(ctx context.Context, m domain.FleetMove) error {
	return s.cfg.Store.Record(ctx, m)
}

// fastest is how many websites Status names.
const fastest = 10

// Status returns how the portfolio publishes now.
func (s *Fleet) Status(ctx context.Context) (*domain.FleetStatus, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	now, tenant := s.journal.stamp(), scope(ctx)
	out := &domain.FleetStatus{Limits: s.cfg.Limits}
	var err error
	if out.Releases, err = s.cfg.Store.Releases(ctx, tenant, now.Add(-domain.FleetDay)); err != nil {
		return nil, err
	}
	if out.Fastest, err = s.cfg.Store.Fastest(ctx, tenant, now.Add(-domain.FleetWeek), fastest); err != nil {
		return nil, err
	}
	if out.Freezes, err = s.cfg.Store.Freezes(ctx, tenant); err != nil {
		return nil, err
	}
	out.Changes, _, err = s.cfg.Changes.List(ctx, tenant, []domain.FleetState{domain.FleetCanary, domain.FleetWaiting, domain.FleetRunning}, domain.Window{Limit: 100})
	return out, err
}

// maxFleetReason is the length of a reason in bytes.
const maxFleetReason = 1000

func checkReason(text string) (string, error) {
	text, err := tidyReason(text)
	if err == nil && text == "" {
		err = domain.Invalid("reason", "A reason is needed: who meets it later must know why.")
	}
	return text, err
}

// tidyReason returns a reason, which may be empty, with single spaces.
func tidyReason(text string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxFleetReason {
		return "", domain.Invalid("reason", "The reason is longer than %d bytes.", maxFleetReason)
	}
	return text, nil
}

// Freeze keeps a website from publishing and from being built anew; without one all
// of the tenant. What is live stays live, and rollbacks stay possible.
func (s *Fleet) Freeze(ctx context.Context, p domain.FleetFreezeParams) (*domain.FleetFreeze, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	reason, err := checkReason(p.Reason)
	if err != nil {
		return nil, err
	}
	cause := cmp.Or(p.Cause, domain.FleetByPerson)
	if cause != domain.FleetByPerson && cause != domain.FleetByNotice {
		return nil, domain.Invalid("cause", "Cause %.20q is not one of person, manual_action.", cause)
	}
	f := &domain.FleetFreeze{Tenant: scope(ctx), WebsiteID: p.WebsiteID, Cause: cause, Reason: reason, ActorID: principal.UserID, At: s.journal.stamp()}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.known(ctx, p.WebsiteID); err != nil {
			return err
		}
		if err := s.cfg.Store.Freeze(ctx, *f); err != nil {
			return err
		}
		return s.journal.changed(ctx, "fleet.frozen", frozenObject(p.WebsiteID), reason, nil, f)
	})
	return f, err
}

// Unfreeze ends a freeze: that of a website, or without one that of all. The level of
// visits that a freeze by itself rested on is the usual one from then on.
func (s *Fleet) Unfreeze(ctx context.Context, id domain.WebsiteID) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.known(ctx, id); err != nil {
			return err
		}
		list, err := s.cfg.Store.Freezes(ctx, scope(ctx))
		if err != nil {
			return err
		}
		ok, err := s.cfg.Store.Unfreeze(ctx, scope(ctx), id)
		if err != nil {
			return err
		}
		if !ok && id == "" {
			return domain.Errorf(domain.CodeNotFound, "The portfolio is not frozen as a whole.")
		}
		if !ok {
			return domain.Errorf(domain.CodeNotFound, "Website %s is not frozen.", id)
		}
		if i := slices.IndexFunc(list, func(f domain.FleetFreeze) bool { return f.WebsiteID == id }); i >= 0 && list[i].Evidence != nil {
			e := list[i].Evidence
			if err := s.cfg.Store.Lift(ctx, domain.FleetLift{WebsiteID: id, At: s.journal.stamp(), From: e.From, Share: min(1, e.Share)}); err != nil {
				return err
			}
			return s.journal.record(ctx, "fleet.unfrozen", frozenObject(id), list[i].Reason)
		}
		return s.journal.record(ctx, "fleet.unfrozen", frozenObject(id), "")
	})
}

func frozenObject(id domain.WebsiteID) string {
	if id == "" {
		return "fleet"
	}
	return string(id)
}

// known is CodeNotFound for a website that the principal does not see.
func (s *Fleet) known(ctx context.Context, id domain.WebsiteID) error {
	if id == "" {
		return nil
	}
	site, err := s.cfg.Websites.Get(ctx, id)
	_, err = visible(ctx, site, err, "Website", string(id))
	return err
}
