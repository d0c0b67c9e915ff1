package domain

import (
	"fmt"
	"strings"
	"time"
)

// RunPriority gives the steps of a run a head start over those of other runs. It
// is no more than that: a step that has waited for as long as the difference goes
// first, so nothing starves.
type RunPriority string

// The priorities of runs.
const (
	RunHigh   RunPriority = "high"   // five minutes ahead
	RunNormal RunPriority = "normal" // one minute ahead
	RunLow    RunPriority = "low"
)

// OrNormal returns the priority, or RunNormal if it is empty.
func (p RunPriority) OrNormal() RunPriority {
	if p == "" {
		return RunNormal
	}
	return p
}

// Valid reports whether p is one of the priorities.
func (p RunPriority) Valid() bool { return p == RunHigh || p == RunNormal || p == RunLow }

// HeadStart is how far back in time the jobs of a run are queued.
func (p RunPriority) HeadStart() time.Duration {
	switch p.OrNormal() {
	case RunHigh:
		return 5 * time.Minute
	case RunLow:
		return 0
	default:
		return time.Minute
	}
}

// Duration is a time.Duration that is written as text: "90s", "10m", "1h30m".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the duration without zero parts: 1h30m rather than 1h30m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 90s, 10m or 1h30m", b)
	}
	*d = Duration(v)
	return nil
}

// RetryPolicy says how often a failed attempt of a step is repeated, and when. The
// zero value means one attempt.
type RetryPolicy struct {
	Attempts   int      `json:"attempts,omitempty"`    // at most this many, the first included
	Backoff    Duration `json:"backoff,omitempty"`     // before the second attempt
	Factor     float64  `json:"factor,omitempty"`      // by which it grows with each further one; 0: 2
	MaxBackoff Duration `json:"max_backoff,omitempty"` // 0: one hour
	Jitter     float64  `json:"jitter,omitempty"`      // 0 to 1: the share of the pause that is left to chance
	// Codes are the failures that are worth another attempt; empty: those that could
	// go better a second time.
	Codes []Code `json:"codes,omitempty"`
}

// Limits of policies: more is taken for a mistake.
const (
	MaxAttempts = 100
	MaxPause    = 24 * time.Hour
	MaxTimeout  = 24 * time.Hour
)

// Validate reports the first fault, with its field.
func (r *RetryPolicy) Validate() error {
	switch {
	case r.Attempts < 0 || r.Attempts > MaxAttempts:
		return Invalid("attempts", "The attempts must be between 1 and %d.", MaxAttempts)
	case r.Backoff < 0 || time.Duration(r.Backoff) > MaxPause:
		return Invalid("backoff", "The backoff must be between 0 and %s.", Duration(MaxPause))
	case r.MaxBackoff < 0 || time.Duration(r.MaxBackoff) > MaxPause:
		return Invalid("max_backoff", "The longest backoff must be between 0 and %s.", Duration(MaxPause))
	case r.Factor != 0 && (r.Factor < 1 || r.Factor > 10):
		return Invalid("factor", "The factor must be between 1 and 10.")
	case r.Jitter < 0 || r.Jitter > 1:
		return Invalid("jitter", "The jitter must be between 0 and 1.")
	}
	return nil
}

// Limit bounds how many steps with an equal key run at the same time, and how many
// of them are let in within a minute. {website_id}, {tenant}, {pipeline}, {agent}
// and {params.NAME} in the key are replaced by those of the run.
type Limit struct {
	Key         string `json:"key"`
	Concurrency int    `json:"concurrency,omitempty"` // 0: any number at a time
	PerMinute   int    `json:"per_minute,omitempty"`  // 0: any number
}

// Validate reports the first fault, with its field.
func (l *Limit) Validate() error {
	switch {
	case l.Key == "" || len(l.Key) > 200:
		return Invalid("key", "A limit needs a key of 1 to 200 characters.")
	case l.Concurrency < 0 || l.PerMinute < 0:
		return Invalid("key", "The bounds of limit %q must not be negative.", l.Key)
	case l.Concurrency == 0 && l.PerMinute == 0:
		return Invalid("key", "Limit %q bounds nothing; give concurrency or per_minute.", l.Key)
	}
	return nil
}

// Slot is the place of a ready step behind its limits.
type Slot struct {
	ID         string // slot_…
	StepID     StepID
	RunID      RunID
	Limits     []Limit   // keys are filled in
	ReadyAt    time.Time // of the step; a slot of an earlier time holds nothing
	OrderAt    time.Time // ReadyAt less the head start of the run: who is let in first
	AdmittedAt *time.Time
	WakeAt     *time.Time // when the decision is made again at the latest
	BlockedOn  string     // why it was not let in; empty once it was
	// Held is true while the step has been let in and has not ended, and Live while it
	// could still be let in.
	Held bool
	Live bool
}

// CustomPipeline is one version of an operator's own pipeline. It is never changed.
type CustomPipeline struct {
	Tenant    TenantID
	Name      string
	Version   int
	Source    string // YAML or JSON
	CreatedBy UserID
	CreatedAt time.Time
	DeletedAt *time.Time // no run may be started any more
}
