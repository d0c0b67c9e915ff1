package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline/spec"
)

// keyField is a part of the key of a limit that depends on the run.
var keyField = regexp.MustCompile(`\{[a-z_]+(?:\.[A-Za-z0-9_-]+)?\}`)

// fillLimits returns the limits of a step with their keys for a run.
func fillLimits(run *domain.Run, s *StepDef) []domain.Limit {
	var params map[string]any
	if len(s.Limits) > 0 {
		_ = json.Unmarshal(run.Params, &params) // what is not an object has no names
	}
	var out []domain.Limit
	for _, l := range s.Limits {
		l.Key = keyField.ReplaceAllStringFunc(l.Key, func(field string) string {
			switch name := field[1 : len(field)-1]; name {
			case "website_id":
				return string(run.WebsiteID)
			case "tenant":
				return string(run.Tenant)
			case "pipeline":
				return run.Pipeline
			case "agent":
				return string(s.Agent)
			default:
				v, err := spec.FillText("${"+name+"}", spec.Env{Params: params})
				if err != nil {
					return field // not a field
				}
				return v
			}
		})
		out = append(out, l)
	}
	return out
}

// rateWindow is the time within which Limit.PerMinute counts.
const rateWindow = time.Minute

// workAdmit lets in what the limits allow. Decisions are made one after the other,
// and from rows alone: a slot counts while its step has been let in and has not
// ended, whatever became of the process that let it in.
func (e *Engine) workAdmit(ctx context.Context, _ json.RawMessage) error {
	return e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := e.cfg.Slots.Lock(ctx); err != nil {
			return err
		}
		slots, err := e.cfg.Slots.List(ctx)
		if err != nil {
			return err
		}
		plan := admit(slots, e.now())
		for _, s := range plan.admitted {
			if err := e.cfg.Slots.Admit(ctx, s.ID, e.now()); err != nil {
				return err
			}
			if err := e.enqueue(ctx, &domain.Step{ID: s.StepID, RunID: s.RunID, ReadyAt: &s.ReadyAt}, s.OrderAt); err != nil {
				return err
			}
		}
		for _, s := range plan.blocked {
			if err := e.cfg.Slots.Block(ctx, s.ID, s.BlockedOn, s.WakeAt); err != nil {
				return err
			}
		}
		if !plan.wake.IsZero() {
			if err := e.cfg.Enqueue(ctx, JobAdmit, struct{}{}, plan.wake); err != nil {
				return err
			}
		}
		return e.cfg.Slots.Delete(ctx, plan.gone)
	})
}

// admission is what became of all slots.
type admission struct {
	admitted []domain.Slot
	blocked  []domain.Slot // those of which the reason or the time has changed
	gone     []string
	wake     time.Time // when somebody must look again; zero: when a place is free
}

// use is what is taken of one key.
type use struct {
	held   int
	recent []time.Time // when the last ones were let in, within rateWindow
}

// admit decides who is let in, first come, first served; who is held back by one key
// does not hold back others that do without it.
func admit(slots []domain.Slot, now time.Time) admission {
	var out admission
	uses := map[string]*use{}
	of := func(key string) *use {
		if uses[key] == nil {
			uses[key] = &use{}
		}
		return uses[key]
	}
	waking := map[int64]bool{} // times at which somebody looks already
	for _, s := range slots {
		recent := s.AdmittedAt != nil && now.Sub(*s.AdmittedAt) < rateWindow
		if !s.Held && !s.Live && !recent {
			out.gone = append(out.gone, s.ID)
		}
		if s.WakeAt != nil && s.WakeAt.After(now) {
			waking[s.WakeAt.UnixMicro()] = true
		}
		for _, l := range s.Limits {
			if s.Held {
				of(l.Key).held++
			}
			if recent {
				of(l.Key).recent = append(of(l.Key).recent, *s.AdmittedAt)
			}
		}
	}
	for _, s := range slots {
		if !s.Live {
			continue
		}
		reason, wake := blockedBy(s.Limits, of, now)
		if reason == "" {
			for _, l := range s.Limits {
				of(l.Key).held++
				of(l.Key).recent = append(of(l.Key).recent, now)
			}
			out.admitted = append(out.admitted, s)
			continue
		}
		if reason != s.BlockedOn || !sameTime(wake, s.WakeAt) {
			if wake != nil && !waking[wake.UnixMicro()] && (out.wake.IsZero() || wake.Before(out.wake)) {
				out.wake = *wake
			}
			s.BlockedOn, s.WakeAt = reason, wake
			out.blocked = append(out.blocked, s)
		}
	}
	return out
}

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// blockedBy returns which limit holds a step back, and, if it is one of a rate, when
// that ends; "" if none does.
func blockedBy(limits []domain.Limit, of func(string) *use, now time.Time) (string, *time.Time) {
	for _, l := range limits {
		u := of(l.Key)
		if l.Concurrency > 0 && u.held >= l.Concurrency {
			return fmt.Sprintf("%s: %d of %d at the same time", l.Key, u.held, l.Concurrency), nil
		}
		if l.PerMinute > 0 && len(u.recent) >= l.PerMinute {
			wake := oldestOf(u.recent, l.PerMinute).Add(rateWindow)
			return fmt.Sprintf("%s: %d a minute, until %s", l.Key, l.PerMinute, wake.Format(time.RFC3339)), &wake
		}
	}
	return "", nil
}

// oldestOf returns the oldest of the last n times.
func oldestOf(times []time.Time, n int) time.Time {
	sorted := slices.SortedFunc(slices.Values(times), time.Time.Compare)
	return sorted[len(sorted)-n]
}
