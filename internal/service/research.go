package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"empire/internal/domain"
)

// JobResearch is the kind of the jobs that do research; Work works them.
const JobResearch = "research"

type researchArgs struct {
	ID domain.ResearchID `json:"research_id"`
}

type researchStore interface {
	Insert(ctx context.Context, r *domain.ResearchReport) error
	Get(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error)
	Hold(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error)
	Update(ctx context.Context, r *domain.ResearchReport) error
	List(ctx context.Context, f domain.ResearchFilter, w domain.Window) ([]domain.ResearchReport, int, error)
}

// ResearchInput is one piece of research for who does it.
type ResearchInput struct {
	Params   domain.ResearchParams
	Tenant   domain.TenantID
	Keep     func(ctx context.Context, p ReadPage) (*domain.Snapshot, error)
	Progress func(domain.ResearchProgress)
}

// ResearchConfig is what Research needs.
type ResearchConfig struct {
	Tx        transactor
	Store     researchStore
	Snapshots *Snapshots
	// Do does the research; the report lacks ID, owner and times.
	Do      func(ctx context.Context, in ResearchInput) (*domain.ResearchReport, error)
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	Audit   auditStore
	// Emit tells who watches; nil: nobody.
	Emit func(ctx context.Context, ev domain.Event)
	Now  func() time.Time
	Log  *slog.Logger // nil: no log
	// Patience is how long a request waits for its report; default 20 s.
	Patience time.Duration
}

// Research finds out about topics. It is a job, so that a process that dies loses
// nothing: whoever asks waits for its end for a while, or looks again.
type Research struct {
	cfg     ResearchConfig
	journal journal
}

// NewResearch returns the service.
func NewResearch(cfg ResearchConfig) *Research {
	if cfg.Emit == nil {
		cfg.Emit = func(context.Context, domain.Event) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 20 * time.Second
	}
	return &Research{cfg, journal{cfg.Audit, cfg.Now}}
}

// Start stores what is asked for and queues the work, in one transaction.
func (s *Research) Start(ctx context.Context, p domain.ResearchParams) (*domain.ResearchReport, error) {
	who, err := domain.Require(ctx, domain.IntelligenceUse)
	if err != nil {
		return nil, err
	}
	if p, err = p.Normal(); err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	r := &domain.ResearchReport{
		ID: domain.ResearchID(domain.NewID("rsch")), Tenant: who.Tenant.OrDefault(), OwnerID: who.UserID, Params: p, State: domain.StateQueued, CreatedAt: now,
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Store.Insert(ctx, r); err != nil {
			return err
		}
		if err := s.journal.changed(ctx, "research.started", string(r.ID), p.Topic, nil, r); err != nil {
			return err
		}
		return s.cfg.Enqueue(ctx, JobResearch, researchArgs{r.ID}, now)
	})
	if err != nil {
		return nil, fmt.Errorf("start research on %q: %w", p.Topic, err)
	}
	s.tell(ctx, r, "queued", nil)
	return r, nil
}

// Ask starts research and waits for its end as long as a request may: then the report
// is what it is so far. That research failed is an error, with the reasons of the
// models as Faults.
func (s *Research) Ask(ctx context.Context, p domain.ResearchParams) (*domain.ResearchReport, error) {
	r, err := s.Start(ctx, p)
	if err != nil {
		return nil, err
	}
	patience := s.cfg.Patience
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end)-2*time.Second)
	}
	if r, err = s.Await(ctx, r.ID, patience); err != nil {
		return nil, err
	}
	return r, failureOf(r)
}

// failureOf returns the error that a report failed with.
func failureOf(r *domain.ResearchReport) error {
	if r.State != domain.StateFailed || r.Error == nil {
		return nil
	}
	e := domain.Errorf(r.Error.Code, "Research %s failed: %s", r.ID, r.Error.Message)
	for _, reason := range r.Error.Reasons {
		e.Faults = append(e.Faults, domain.Fault{Path: "models." + reason.Name, Message: reason.Message})
	}
	return e
}

// pollResearch is the pause between two looks at a report that is under way.
const pollResearch = 50 * time.Millisecond

// Await waits for the end of research, at most as long as patience says.
func (s *Research) Await(ctx context.Context, id domain.ResearchID, patience time.Duration) (*domain.ResearchReport, error) {
	wait, cancel := context.WithTimeout(ctx, max(patience, pollResearch))
	defer cancel()
	ticker := time.NewTicker(pollResearch)
	defer ticker.Stop()
	for {
		r, err := s.Get(ctx, id)
		if err != nil || r.State.Ended() {
			return r, err
		}
		select {
		case <-wait.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return r, nil
		case <-ticker.C:
		}
	}
}

// Get returns one report.
func (s *Research) Get(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	r, err := s.cfg.Store.Get(ctx, id)
	return visible(ctx, r, err, "Research report", string(id))
}

// List returns a window of the tenant's reports, newest first, and how many there are.
func (s *Research) List(ctx context.Context, state domain.RunState, w domain.Window) ([]domain.ResearchReport, int, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.List(ctx, domain.ResearchFilter{Tenant: scope(ctx), State: state}, w)
}

// Verify proves the snapshots that a report rests on and all its spans again.
func (s *Research) Verify(ctx context.Context, id domain.ResearchID) (*domain.SnapshotReport, error) {
	r, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &domain.SnapshotReport{Faults: []domain.SnapshotFault{}}
	seen := map[domain.SnapshotID]bool{}
	for _, e := range r.Evidence {
		if e.Kind != domain.EvidenceSnapshot || seen[e.Snapshot] {
			continue
		}
		seen[e.Snapshot] = true
		v, err := s.cfg.Snapshots.cfg.Store.Get(ctx, e.Snapshot)
		if domain.CodeOf(err) == domain.CodeNotFound {
			out.Faults = append(out.Faults, domain.SnapshotFault{
				Snapshot: e.Snapshot, URL: e.URL, Evidence: e.ID, Message: "The snapshot does not exist any more.", Uses: reportUses(r.ID, r, []domain.EvidenceID{e.ID}),
			})
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := s.cfg.Snapshots.verify(ctx, v, out); err != nil {
			return nil, err
		}
	}
	out.Intact = len(out.Faults) == 0
	return out, s.journal.record(ctx, "research.verified", string(id), fmt.Sprintf("%d snapshots, %d spans, %d faults", out.Snapshots, out.Spans, len(out.Faults)))
}

// Work does the research of a job. A repeated attempt begins anew, but pays no model
// twice for the same question. Research that fails for a reason of its own is stored
// as failed, and the job is done.
func (s *Research) Work(ctx context.Context, args json.RawMessage) error {
	var a researchArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not research.")
	}
	r, err := s.begin(ctx, a.ID)
	if err != nil || r == nil {
		return err
	}
	s.tell(ctx, r, "running", nil)
	scoped := domain.WithScope(ctx, domain.WorkScope{Tenant: r.Tenant, TaskID: domain.TaskID(r.ID), Step: "research"})
	done, err := s.cfg.Do(scoped, ResearchInput{
		Params: r.Params, Tenant: r.Tenant,
		Keep: func(ctx context.Context, p ReadPage) (*domain.Snapshot, error) {
			return s.cfg.Snapshots.Keep(ctx, r.Tenant, p)
		},
		Progress: func(p domain.ResearchProgress) { s.tell(ctx, r, "progress", p) },
	})
	if err != nil && ctx.Err() != nil { // stopped, not failed: the job runs again
		return err
	}
	return s.end(ctx, r, done, err)
}

// begin marks a report as running; nil for one that has ended.
func (s *Research) begin(ctx context.Context, id domain.ResearchID) (r *domain.ResearchReport, err error) {
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if r, err = s.cfg.Store.Hold(ctx, id); err != nil {
			return err
		}
		if r.State.Ended() {
			r = nil
			return nil
		}
		now := s.journal.stamp()
		r.State, r.StartedAt = domain.StateRunning, &now
		return s.cfg.Store.Update(ctx, r)
	})
	return r, err
}

// end stores what research came to.
func (s *Research) end(ctx context.Context, r, done *domain.ResearchReport, cause error) error {
	now := s.journal.stamp()
	out := *r
	if cause == nil {
		out = *done
		out.ID, out.Tenant, out.OwnerID, out.Params, out.CreatedAt, out.StartedAt = r.ID, r.Tenant, r.OwnerID, r.Params, r.CreatedAt, r.StartedAt
	}
	out.State, out.FinishedAt = domain.StateCompleted, &now
	action, detail := "research.completed", fmt.Sprintf("%d claims from %d sources", len(out.Claims), len(out.Sources))
	if cause != nil {
		out.State, out.Error = domain.StateFailed, failure(cause)
		action, detail = "research.failed", string(out.Error.Code)
		s.cfg.Log.WarnContext(ctx, "research failed", "research_id", r.ID, "err", cause)
	}
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Store.Update(ctx, &out); err != nil {
			return err
		}
		return s.journal.changed(ctx, action, string(r.ID), detail, r, &out)
	})
	if err != nil {
		return err
	}
	s.tell(ctx, &out, strings.TrimPrefix(action, "research."), map[string]any{"claims": len(out.Claims), "sources": len(out.Sources), "confidence": out.Confidence.Score})
	return nil
}

// failure is what a report keeps of an error.
func failure(err error) *domain.ResearchFailure {
	f := &domain.ResearchFailure{Code: domain.CodeOf(err), Message: domain.MessageOf(err)}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		for _, fault := range e.Faults {
			f.Reasons = append(f.Reasons, domain.Reason{Name: fault.Path, Message: fault.Message})
		}
	}
	return f
}

// tell publishes news about a report: intelligence.research.<what>.
func (s *Research) tell(ctx context.Context, r *domain.ResearchReport, what string, data any) {
	raw, err := json.Marshal(map[string]any{"research_id": r.ID, "topic": r.Params.Topic, "depth": r.Params.Depth, "state": r.State, "detail": data})
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "event not published", "research_id", r.ID, "err", err)
		return
	}
	s.cfg.Emit(ctx, domain.Event{
		Topic: domain.EventIntelligence + ".research." + what, Tenant: r.Tenant, Object: string(r.ID), Data: raw, At: s.cfg.Now().UTC(),
	})
}
