package domain

import (
	"encoding/json"
	"time"
)

// ScheduleID identifies a schedule: sched_….
type ScheduleID string

// Overlap says what a schedule does when its time has come and its last run has
// not ended.
type Overlap string

// The policies.
const (
	OverlapSkip  Overlap = "skip"  // lets this time pass
	OverlapQueue Overlap = "queue" // starts one run when the last has ended
)

// Schedule starts runs of a pipeline at set times. Times that were missed while no
// process ran lead to one run, not to many.
type Schedule struct {
	ID       ScheduleID
	Tenant   TenantID
	Name     string
	Pipeline string
	Params   json.RawMessage
	Cron     string        // five fields; or Every
	Every    time.Duration // between two times; 0 with Cron
	TimeZone string        // IANA name that Cron is read in; empty: UTC
	Overlap  Overlap
	Priority RunPriority
	Enabled  bool
	OwnerID  UserID

	NextAt    *time.Time // nil while it is not enabled, or if the time never comes
	Pending   bool       // a run starts when the last has ended
	LastAt    *time.Time // when its time came last
	LastRun   RunID
	LastError string // why that time led to no run; empty if it did
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ScheduleParams describe a new schedule.
type ScheduleParams struct {
	Name     string
	Pipeline string
	Params   json.RawMessage
	Cron     string
	Every    time.Duration
	TimeZone string
	Overlap  Overlap // empty: skip
	Priority RunPriority
}

// SchedulePatch changes a schedule; nil fields stay. Setting Cron clears Every and
// the other way round.
type SchedulePatch struct {
	Name     *string
	Params   json.RawMessage
	Cron     *string
	Every    *time.Duration
	TimeZone *string
	Overlap  *Overlap
	Priority *RunPriority
	Enabled  *bool
}
