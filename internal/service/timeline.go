package service

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type approvalsOfRun interface {
	List(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error)
}

type messagesOfRun interface {
	ByRun(ctx context.Context, run domain.RunID) ([]domain.RunMessage, error)
}

type callsOfRun interface {
	ByRun(ctx context.Context, run domain.RunID) ([]domain.RunCall, error)
}

type tasksOfRun interface {
	ByRun(ctx context.Context, run domain.RunID) ([]domain.Task, error)
}

// TimelinesConfig is what Timelines needs. What is nil is left out of timelines.
type TimelinesConfig struct {
	Runs      *Runs
	Approvals approvalsOfRun
	Messages  messagesOfRun
	Calls     callsOfRun
	Tasks     tasksOfRun
	// BlobSize returns the bytes of a blob, or an error if it is not there.
	BlobSize func(ctx context.Context, sha string) (int64, error)
	Now      func() time.Time
}

// Timelines shows everything that happened in a run, in one order.
type Timelines struct{ cfg TimelinesConfig }

// NewTimelines returns the service.
func NewTimelines(cfg TimelinesConfig) *Timelines { return &Timelines{cfg} }

// Get returns up to limit entries after a cursor, oldest first, with a summary of
// every step. An empty cursor is the begin.
func (s *Timelines) Get(ctx context.Context, id domain.RunID, after string, limit int) (*domain.Timeline, error) {
	run, err := s.cfg.Runs.get(ctx, id)
	if err != nil {
		return nil, err
	}
	mark, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return nil, domain.Invalid("after", "This is not a cursor that a timeline gave.")
	}
	b := &timelineBuilder{run: run, now: s.cfg.Now(), steps: map[string]*domain.StepSummary{}, names: map[domain.StepID]string{}}
	b.begin()
	for _, add := range []func(context.Context, *timelineBuilder) error{s.addEvents, s.addAttempts, s.addApprovals, s.addMessages, s.addCalls, s.addTasks, s.addArtifacts} {
		if err := add(ctx, b); err != nil {
			return nil, fmt.Errorf("timeline of run %s: %w", id, err)
		}
	}
	return b.page(string(mark), limit), nil
}

// timelineBuilder collects what belongs to a run.
type timelineBuilder struct {
	run     *domain.Run
	now     time.Time
	order   []*domain.StepSummary
	steps   map[string]*domain.StepSummary
	names   map[domain.StepID]string
	entries []domain.TimelineEntry
}

func (b *timelineBuilder) begin() {
	for i := range b.run.Steps {
		st := &b.run.Steps[i]
		sum := &domain.StepSummary{Name: st.Name, Agent: st.Agent, State: st.State}
		b.order, b.steps[st.Name], b.names[st.ID] = append(b.order, sum), sum, st.Name
	}
}

func (b *timelineBuilder) add(e domain.TimelineEntry, data any) error {
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", e.Kind, e.ID, err)
		}
		e.Data = raw
	}
	e.At = e.At.UTC()
	b.entries = append(b.entries, e)
	return nil
}

// keyOf orders entries: by time, and equal times by kind and id, so that a cursor
// means the same however often one asks.
func keyOf(e *domain.TimelineEntry) string {
	return fmt.Sprintf("%020d.%s.%s", e.At.UnixMicro(), e.Kind, e.ID)
}

func (b *timelineBuilder) page(after string, limit int) *domain.Timeline {
	slices.SortFunc(b.entries, func(x, y domain.TimelineEntry) int { return strings.Compare(keyOf(&x), keyOf(&y)) })
	first, _ := slices.BinarySearchFunc(b.entries, after, func(e domain.TimelineEntry, key string) int {
		if keyOf(&e) <= key {
			return -1
		}
		return 1
	})
	t := &domain.Timeline{RunID: b.run.ID, Entries: b.entries[first:]}
	if len(t.Entries) > limit {
		t.Entries = t.Entries[:limit]
		t.Next = base64.RawURLEncoding.EncodeToString([]byte(keyOf(&t.Entries[limit-1])))
	}
	for _, sum := range b.order {
		t.Steps = append(t.Steps, *sum)
	}
	return t
}

// eventsPage is how many events are read at a time.
const eventsPage = 1000

func (s *Timelines) addEvents(ctx context.Context, b *timelineBuilder) error {
	for after := int64(0); ; {
		events, err := s.cfg.Runs.cfg.Events.List(ctx, b.run.ID, after, eventsPage)
		if err != nil {
			return err
		}
		for _, e := range events {
			after = e.Seq
			b.entries = append(b.entries, domain.TimelineEntry{
				At: e.At.UTC(), Kind: domain.TimelineEvent, Step: e.Step, ID: fmt.Sprintf("%09d", e.Seq), Summary: e.Type, Data: e.Data,
			})
		}
		if len(events) < eventsPage {
			return nil
		}
	}
}

func (s *Timelines) addAttempts(ctx context.Context, b *timelineBuilder) error {
	attempts, err := s.cfg.Runs.cfg.Attempts.Attempts(ctx, b.run.ID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		name := b.names[a.StepID]
		end := b.now
		if a.FinishedAt != nil {
			end = *a.FinishedAt
		}
		took := max(end.Sub(a.StartedAt).Seconds(), 0)
		if sum := b.steps[name]; sum != nil {
			sum.Attempts = append(sum.Attempts, domain.AttemptSummary{
				Number: a.Number, Worker: a.Worker, State: a.State, Error: a.Error, StartedAt: a.StartedAt, FinishedAt: a.FinishedAt, Seconds: took,
			})
			sum.Seconds += took
		}
		e := domain.TimelineEntry{
			At: a.StartedAt, Kind: domain.TimelineAttempt, Step: name, ID: fmt.Sprintf("%s.%d", a.StepID, a.Number),
			Summary: fmt.Sprintf("attempt %d: %s", a.Number, a.State),
		}
		if err := b.add(e, map[string]any{"number": a.Number, "worker": a.Worker, "state": a.State, "error": a.Error, "seconds": took}); err != nil {
			return err
		}
	}
	return nil
}

// approvalsPage is how many approvals are read at a time.
const approvalsPage = 1000

func (s *Timelines) addApprovals(ctx context.Context, b *timelineBuilder) error {
	if s.cfg.Approvals == nil {
		return nil
	}
	list, _, err := s.cfg.Approvals.List(ctx, domain.ApprovalFilter{RunID: b.run.ID}, domain.Window{Limit: approvalsPage})
	if err != nil {
		return err
	}
	for i := range list {
		a := &list[i]
		if sum := b.steps[a.Step]; sum != nil {
			sum.Approvals = append(sum.Approvals, a.ID)
		}
		data := map[string]any{"approval_id": a.ID, "kind": a.Kind, "title": a.Title, "payload_hash": a.PayloadHash}
		e := domain.TimelineEntry{At: a.CreatedAt, Kind: domain.TimelineApproval, Step: a.Step, ID: string(a.ID) + ".opened", Summary: "asked: " + a.Title}
		if err := b.add(e, data); err != nil {
			return err
		}
		if a.DecidedAt == nil {
			continue
		}
		data["state"], data["actor_id"], data["reason"] = a.State, a.ActorID, a.Reason
		e.At, e.ID, e.Summary = *a.DecidedAt, string(a.ID)+".ended", string(a.State)+": "+a.Title
		if err := b.add(e, data); err != nil {
			return err
		}
	}
	return nil
}

func (s *Timelines) addMessages(ctx context.Context, b *timelineBuilder) error {
	if s.cfg.Messages == nil {
		return nil
	}
	list, err := s.cfg.Messages.ByRun(ctx, b.run.ID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if sum := b.steps[m.Step]; sum != nil {
			sum.Messages++
		}
		e := domain.TimelineEntry{At: m.At, Kind: domain.TimelineMessage, Step: m.Step, ID: m.ID, Summary: fmt.Sprintf("%s to %s", m.From, m.To)}
		if err := b.add(e, map[string]any{"message_id": m.ID, "from": m.From, "to": m.To, "priority": m.Priority}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Timelines) addCalls(ctx context.Context, b *timelineBuilder) error {
	if s.cfg.Calls == nil {
		return nil
	}
	list, err := s.cfg.Calls.ByRun(ctx, b.run.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		if sum := b.steps[c.Step]; sum != nil {
			sum.Calls++
			sum.InputTokens += c.InputTokens
			sum.OutputTokens += c.OutputTokens
			sum.Cost, sum.Currency = sum.Cost+c.Cost, c.Currency
		}
		e := domain.TimelineEntry{At: c.At, Kind: domain.TimelineCost, Step: c.Step, ID: c.ID, Summary: fmt.Sprintf("%s of %s", c.Model, c.Provider)}
		err := b.add(e, map[string]any{
			"call_id": c.ID, "attempt": c.Attempt, "provider": c.Provider, "model": c.Model, "input_tokens": c.InputTokens, "output_tokens": c.OutputTokens,
			"cost_micros": c.Cost, "currency": c.Currency,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Timelines) addTasks(ctx context.Context, b *timelineBuilder) error {
	if s.cfg.Tasks == nil {
		return nil
	}
	list, err := s.cfg.Tasks.ByRun(ctx, b.run.ID)
	if err != nil {
		return err
	}
	for _, t := range list {
		e := domain.TimelineEntry{At: t.CreatedAt, Kind: domain.TimelineTask, ID: string(t.ID), Summary: fmt.Sprintf("%s for %s: %s", t.Type, t.AgentID, t.State)}
		if err := b.add(e, map[string]any{"task_id": t.ID, "agent_id": t.AgentID, "type": t.Type, "state": t.State}); err != nil {
			return err
		}
	}
	return nil
}

var isHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// artifactFields are the fields of results that name a blob.
var artifactFields = []string{"market", "draft", "manifest", "$blob"}

func (s *Timelines) addArtifacts(ctx context.Context, b *timelineBuilder) error {
	for i := range b.run.Steps {
		st := &b.run.Steps[i]
		var fields map[string]json.RawMessage
		if st.FinishedAt == nil || json.Unmarshal(st.Result, &fields) != nil {
			continue
		}
		for _, kind := range artifactFields {
			var hash string
			if json.Unmarshal(fields[kind], &hash) != nil || !isHash.MatchString(hash) {
				continue
			}
			if kind == "$blob" {
				kind = "result"
			}
			a := domain.Artifact{Kind: kind, Hash: hash, Size: s.sizeOf(ctx, hash)}
			b.steps[st.Name].Artifacts = append(b.steps[st.Name].Artifacts, a)
			e := domain.TimelineEntry{At: *st.FinishedAt, Kind: domain.TimelineArtifact, Step: st.Name, ID: st.Name + "." + kind, Summary: kind + " " + hash[:12]}
			if err := b.add(e, map[string]any{"kind": kind, "sha256": hash, "size": a.Size}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sizeOf returns the bytes of a blob; -1 if that cannot be found out.
func (s *Timelines) sizeOf(ctx context.Context, hash string) int64 {
	if s.cfg.BlobSize == nil {
		return -1
	}
	n, err := s.cfg.BlobSize(ctx, hash)
	if err != nil {
		return -1
	}
	return n
}
