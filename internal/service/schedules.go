package service

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"empire/internal/cron"
	"empire/internal/domain"
	"empire/internal/pipeline"
)

type scheduleStore interface {
	Insert(ctx context.Context, c *domain.Schedule) error
	Get(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error)
	Hold(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Schedule, int, error)
	Due(ctx context.Context, now time.Time) ([]domain.ScheduleID, error)
	Update(ctx context.Context, c *domain.Schedule) error
	Delete(ctx context.Context, id domain.ScheduleID) error
}

type runGetter interface {
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
}

// SchedulesConfig is what Schedules needs.
type SchedulesConfig struct {
	Tx       transactor
	Store    scheduleStore
	Runs     runGetter
	Websites websiteGetter
	Engine   *pipeline.Engine
	Audit    auditStore
	Now      func() time.Time
}

// Schedules start runs of pipelines at set times.
type Schedules struct {
	cfg     SchedulesConfig
	journal journal
}

// NewSchedules returns the service.
func NewSchedules(cfg SchedulesConfig) *Schedules {
	return &Schedules{cfg, journal{cfg.Audit, cfg.Now}}
}

// minEvery is the least time between two runs of a schedule.
const minEvery = time.Minute

// List returns a window of the tenant's schedules by name.
func (s *Schedules) List(ctx context.Context, w domain.Window) ([]domain.Schedule, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.List(ctx, scope(ctx), w)
}

// Get returns one schedule.
func (s *Schedules) Get(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	c, err := s.cfg.Store.Get(ctx, id)
	return visible(ctx, c, err, "Schedule", string(id))
}

// Create stores a schedule; it is enabled.
func (s *Schedules) Create(ctx context.Context, p domain.ScheduleParams) (*domain.Schedule, error) {
	principal, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	c := &domain.Schedule{
		ID: domain.ScheduleID(domain.NewID("sched")), Tenant: scope(ctx), Name: strings.TrimSpace(p.Name), Pipeline: p.Pipeline, Params: p.Params, Cron: p.Cron,
		Every: p.Every, TimeZone: p.TimeZone, Overlap: p.Overlap, Priority: p.Priority.OrNormal(), Enabled: true, OwnerID: principal.UserID,
		CreatedAt: now, UpdatedAt: now,
	}
	if c.Overlap == "" {
		c.Overlap = domain.OverlapSkip
	}
	if len(c.Params) == 0 {
		c.Params = json.RawMessage(`{}`)
	}
	if err := s.check(ctx, c); err != nil {
		return nil, err
	}
	if err := plan(c, now); err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Store.Insert(ctx, c); err != nil {
			return err
		}
		return s.journal.changed(ctx, "schedule.created", string(c.ID), c.Name, nil, c)
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Update changes a schedule. Its next time is found anew.
func (s *Schedules) Update(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (c *domain.Schedule, err error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.Hold(ctx, id)
		if held, err = visible(ctx, held, err, "Schedule", string(id)); err != nil {
			return err
		}
		before := *held
		c = held
		patch(c, p)
		c.UpdatedAt = s.journal.stamp()
		if err := s.check(ctx, c); err != nil {
			return err
		}
		if err := plan(c, c.UpdatedAt); err != nil {
			return err
		}
		if err := s.cfg.Store.Update(ctx, c); err != nil {
			return err
		}
		return s.journal.changed(ctx, "schedule.updated", string(id), c.Name, &before, c)
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func patch(c *domain.Schedule, p domain.SchedulePatch) {
	set(&c.TimeZone, p.TimeZone)
	set(&c.Overlap, p.Overlap)
	set(&c.Priority, p.Priority)
	set(&c.Enabled, p.Enabled)
	set(&c.Name, p.Name)
	if len(p.Params) > 0 {
		c.Params = p.Params
	}
	if p.Cron != nil {
		c.Cron, c.Every = *p.Cron, 0
	}
	if p.Every != nil {
		c.Every = *p.Every
		if p.Cron == nil {
			c.Cron = ""
		}
	}
	if !c.Enabled {
		c.Pending = false
	}
}

// Delete removes a schedule. Runs that it started go on.
func (s *Schedules) Delete(ctx context.Context, id domain.ScheduleID) error {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.Hold(ctx, id)
		if held, err = visible(ctx, held, err, "Schedule", string(id)); err != nil {
			return err
		}
		if err := s.cfg.Store.Delete(ctx, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, "schedule.deleted", string(id), held.Name, held, nil)
	})
}

// check refuses a schedule that could not start a run.
func (s *Schedules) check(ctx context.Context, c *domain.Schedule) error {
	switch {
	case c.Name == "" || len(c.Name) > 100:
		return domain.Invalid("name", "A schedule needs a name of 1 to 100 characters.")
	case (c.Cron == "") == (c.Every == 0):
		return domain.Invalid("cron", "Give either cron or every.")
	case c.Every != 0 && (c.Every < minEvery || c.Every > 366*24*time.Hour):
		return domain.Invalid("every", "The time between two runs must be between a minute and a year.")
	case c.Overlap != domain.OverlapSkip && c.Overlap != domain.OverlapQueue:
		return domain.Invalid("overlap", "The overlap is skip or queue, not %q.", c.Overlap)
	case !c.Priority.Valid():
		return domain.Invalid("priority", "The priority is high, normal or low, not %q.", c.Priority)
	}
	var object map[string]any
	if json.Unmarshal(c.Params, &object) != nil || object == nil {
		return domain.Invalid("params", "The parameters must be an object.")
	}
	if err := checkNamed(ctx, s.cfg.Websites, c.Params); err != nil {
		return err
	}
	return s.cfg.Engine.Startable(ctx, c.Tenant, c.Pipeline)
}

// plan sets the next time of a schedule after now.
func plan(c *domain.Schedule, now time.Time) error {
	c.NextAt = nil
	if c.Cron == "" {
		if c.Enabled {
			next := now.Add(c.Every)
			c.NextAt = &next
		}
		return nil
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil || c.TimeZone == "Local" {
		return domain.Invalid("time_zone", "There is no time zone %q.", c.TimeZone)
	}
	times, err := cron.Parse(c.Cron, zone)
	if err != nil {
		return domain.Invalid("cron", "The times cannot be read: %s.", err)
	}
	next := times.Next(now)
	if next.IsZero() {
		return domain.Invalid("cron", "The time %s never comes.", c.Cron)
	}
	if c.Enabled {
		c.NextAt = &next
	}
	return nil
}

// Fire starts the runs whose time has come, and returns how many. Times that were
// missed lead to one run. Several processes may call it at once: each time is one
// process's. It needs no principal.
func (s *Schedules) Fire(ctx context.Context) (int, error) {
	due, err := s.cfg.Store.Due(ctx, s.journal.stamp())
	if err != nil {
		return 0, err
	}
	started := 0
	var errs []error
	for _, id := range due {
		err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
			ok, err := s.fire(ctx, id)
			if ok {
				started++
			}
			return err
		})
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound { // deleted meanwhile
			errs = append(errs, err)
		}
	}
	return started, errors.Join(errs...)
}

// fire decides about one schedule in the transaction that holds it.
func (s *Schedules) fire(ctx context.Context, id domain.ScheduleID) (bool, error) {
	c, err := s.cfg.Store.Hold(ctx, id)
	if err != nil {
		return false, err
	}
	now := s.journal.stamp()
	due := c.NextAt != nil && !c.NextAt.After(now)
	if !due && !c.Pending {
		return false, nil // another process was faster
	}
	busy, err := s.busy(ctx, c)
	if err != nil {
		return false, err
	}
	if due {
		advance(c, now)
	} else if busy {
		return false, nil
	}
	switch {
	case busy && c.Overlap == domain.OverlapQueue:
		c.Pending, c.LastError = true, ""
	case busy:
		c.LastError = "The run before, " + string(c.LastRun) + ", had not ended; this time was left out."
	default:
		c.Pending = false
		if err := s.start(ctx, c); err != nil {
			return false, err
		}
	}
	return !busy && c.LastError == "", s.cfg.Store.Update(ctx, c)
}

// advance notes that a time has come and finds the next one.
func advance(c *domain.Schedule, now time.Time) {
	c.LastAt = c.NextAt
	if c.Every > 0 { // keeps its pace whatever was missed
		next := c.NextAt.Add(now.Sub(*c.NextAt).Truncate(c.Every) + c.Every)
		c.NextAt = &next
		return
	}
	if err := plan(c, now); err != nil {
		c.Enabled, c.LastError = false, domain.MessageOf(err)
	}
}

func (s *Schedules) busy(ctx context.Context, c *domain.Schedule) (bool, error) {
	if c.LastRun == "" {
		return false, nil
	}
	run, err := s.cfg.Runs.Get(ctx, c.LastRun)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return false, nil
	}
	return err == nil && !run.State.Ended(), err
}

// start starts the run of a schedule, or notes why it cannot be.
func (s *Schedules) start(ctx context.Context, c *domain.Schedule) error {
	site := websiteOf(c.Params)
	err := error(nil)
	if site != "" {
		_, err = s.cfg.Websites.Get(ctx, site)
	}
	var run *domain.Run
	if err == nil {
		run, err = s.cfg.Engine.Start(ctx, pipeline.StartParams{
			Pipeline: c.Pipeline, Params: c.Params, WebsiteID: site, Tenant: c.Tenant, OwnerID: c.OwnerID, Priority: c.Priority,
		})
	}
	switch domain.CodeOf(err) {
	case "":
		c.LastRun, c.LastError = run.ID, ""
		return s.journal.changed(ctx, "run.started", string(run.ID), "schedule "+c.Name, nil, run)
	case domain.CodeInvalid, domain.CodeNotFound:
		c.LastError = domain.MessageOf(err)
		return nil
	}
	return err
}
