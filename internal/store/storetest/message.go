package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/store"
)

func letter(id string, to domain.AgentID, p domain.Priority) domain.MessageRecord {
	return domain.MessageRecord{
		Message: domain.Message{
			ID: id, From: "sender", To: to, Message: json.RawMessage(`{"n": "` + id + `"}`), Priority: p, Timestamp: day, TTL: day.Add(domain.MessageTTL),
		},
		Tenant: "main", Kind: domain.KindMessage, State: domain.MessageQueued,
	}
}

func letterIDs(list []domain.MessageRecord) []string {
	out := []string{}
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

func send(t *testing.T, s *store.Store, list ...domain.MessageRecord) {
	t.Helper()
	for i, full := range value(s.Messages.Insert(t.Context(), list, 100))(t) {
		if full {
			t.Fatalf("message %s was left out", list[i].ID)
		}
	}
}

func wantDepth(t *testing.T, s *store.Store, agent domain.AgentID, want int) {
	t.Helper()
	if got := value(s.Mailboxes.Depth(t.Context(), agent))(t); got != want {
		t.Errorf("depth of %q = %d, want %d", agent, got, want)
	}
}

func testMessages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	full := letter("a", "x", domain.PriorityNormal)
	full.Tenant, full.RequiresResponse, full.RunID, full.StepID, full.TaskID = "acme", true, "run_1", "step_1", "task_1"
	send(t, s, full, letter("b", "y", domain.PriorityNormal), letter("c", "x", domain.PriorityHigh), letter("d", "x", domain.PriorityNormal))
	got := value(s.Messages.Get(ctx, "a"))(t)
	full.Seq = got.Seq
	wantEqual(t, got, &full)
	_, err := s.Messages.Get(ctx, "z")
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Messages.Insert(ctx, []domain.MessageRecord{letter("e", "x", domain.PriorityHigh), letter("a", "x", domain.PriorityHigh)}, 100)
	wantCode(t, err, domain.CodeConflict)

	both := []domain.Priority{domain.PriorityHigh, domain.PriorityNormal}
	next := func(after domain.MailCursor, of []domain.Priority, without ...domain.AgentID) []string {
		t.Helper()
		return letterIDs(value(s.Messages.Next(ctx, "x", after, of, without))(t))
	}
	wantEqual(t, next(domain.MailCursor{}, both), []string{"c", "a", "d"})
	wantEqual(t, next(domain.MailCursor{}, both[1:]), []string{"a", "d"})
	wantEqual(t, next(domain.MailCursor{}, both[:1]), []string{"c"})
	wantEqual(t, next(domain.MailCursor{Normal: full.Seq}, both), []string{"c", "d"})
	wantEqual(t, next(domain.MailCursor{}, both, "sender", "other"), []string{})
	wantEqual(t, next(domain.MailCursor{}, both, "other"), []string{"c", "a", "d"})
	wantDepth(t, s, "x", 3)
	wantDepth(t, s, "", 4)
	wantEqual(t, value(s.Mailboxes.Waiting(ctx))(t), []domain.AgentID{"x", "y"})

	must(t, s.Messages.Attempt(ctx, "a"))
	must(t, s.Messages.Handle(ctx, []string{"a", "b", "none"}, day.Add(time.Second)))
	must(t, s.Messages.Handle(ctx, []string{"a"}, day.Add(time.Hour))) // again changes nothing
	got = value(s.Messages.Get(ctx, "a"))(t)
	full.State, full.Attempts, full.HandledAt = domain.MessageHandled, 2, ptr(day.Add(time.Second))
	wantEqual(t, got, &full)
	wantDepth(t, s, "x", 2)
	wantEqual(t, value(s.Mailboxes.Waiting(ctx))(t), []domain.AgentID{"x"})
	wantEqual(t, value(s.Messages.Queued(ctx, "x", 10))(t), []string{"c", "d"})

	for _, tt := range []struct {
		filter domain.MessageFilter
		want   []string
	}{
		{domain.MessageFilter{}, []string{"d", "c", "b", "a"}},
		{domain.MessageFilter{AgentID: "x"}, []string{"d", "c", "a"}},
		{domain.MessageFilter{Tenant: "acme"}, []string{"a"}},
		{domain.MessageFilter{RunID: "run_1"}, []string{"a"}},
		{domain.MessageFilter{AgentID: "x", State: domain.MessageQueued}, []string{"d", "c"}},
	} {
		list, total, err := s.Messages.List(ctx, tt.filter, window(10, 0))
		must(t, err)
		if wantEqual(t, letterIDs(list), tt.want); total != len(tt.want) {
			t.Errorf("%+v: total = %d, want %d", tt.filter, total, len(tt.want))
		}
	}

	log := letter("r", "x", domain.PriorityHigh)
	log.Kind, log.State, log.HandledAt, log.InReplyTo = domain.TypeServiceResponse, domain.MessageHandled, ptr(day), "q"
	must(t, s.Messages.Log(ctx, []domain.MessageRecord{log}))
	wantDepth(t, s, "x", 2)
	if n := value(s.Messages.Sweep(ctx, day.Add(time.Millisecond), 10))(t); n != 1 {
		t.Errorf("swept %d messages, want the logged one", n)
	}
}

// testMessageDeath: a message dies once, and leaves room.
func testMessageDeath(t *testing.T, s *store.Store) {
	ctx := t.Context()
	late := letter("late", "x", domain.PriorityNormal)
	late.TTL = day.Add(time.Hour)
	send(t, s, letter("a", "x", domain.PriorityNormal), letter("b", "x", domain.PriorityHigh), late)
	wantEqual(t, value(s.Messages.Expired(ctx, day.Add(domain.MessageTTL-time.Microsecond), 10))(t), []string{})
	expired := value(s.Messages.Expired(ctx, day.Add(domain.MessageTTL), 10))(t)
	must(t, s.Messages.Handle(ctx, []string{"b"}, day))
	wantEqual(t, letterIDs(value(s.Messages.Bury(ctx, expired, day))(t)), []string{"a"})
	wantEqual(t, letterIDs(value(s.Messages.Bury(ctx, expired, day))(t)), []string{})
	wantDepth(t, s, "x", 1)
	if m := value(s.Messages.Get(ctx, "a"))(t); m.State != domain.MessageDead || m.HandledAt == nil {
		t.Errorf("buried message: %+v", m)
	}

	d := &domain.DeadLetter{
		ID: "dead_1", Tenant: "acme", Kind: domain.DeadMessage, AgentID: "x", From: "sender", Reason: domain.DeadExpired, Detail: "Too late.",
		Payload: json.RawMessage(`{"id": "a"}`), CreatedAt: day,
	}
	must(t, s.DeadLetters.Insert(ctx, d))
	wantEqual(t, value(s.DeadLetters.Get(ctx, d.ID))(t), d)
	must(t, s.DeadLetters.Insert(ctx, &domain.DeadLetter{ID: "dead_2", Kind: domain.DeadTask, AgentID: "y", Reason: domain.DeadRefused, Payload: json.RawMessage(`{}`), CreatedAt: day}))
	_, err := s.DeadLetters.Get(ctx, "dead_3")
	wantCode(t, err, domain.CodeNotFound)
	for i, want := range []bool{true, false} { // replaying again is noticed
		if ok := value(s.DeadLetters.MarkReplayed(ctx, d.ID, "user_1", day.Add(time.Hour)))(t); ok != want {
			t.Errorf("mark %d = %v, want %v", i, ok, want)
		}
	}
	for _, tt := range []struct {
		filter domain.DeadLetterFilter
		want   []domain.DeadLetterID
	}{
		{domain.DeadLetterFilter{}, []domain.DeadLetterID{"dead_2", "dead_1"}},
		{domain.DeadLetterFilter{Tenant: "main"}, []domain.DeadLetterID{"dead_2"}},
		{domain.DeadLetterFilter{Kind: domain.DeadTask}, []domain.DeadLetterID{"dead_2"}},
		{domain.DeadLetterFilter{AgentID: "x"}, []domain.DeadLetterID{"dead_1"}},
		{domain.DeadLetterFilter{Reason: domain.DeadExpired}, []domain.DeadLetterID{"dead_1"}},
		{domain.DeadLetterFilter{Replayed: ptr(true)}, []domain.DeadLetterID{"dead_1"}},
		{domain.DeadLetterFilter{Replayed: ptr(false)}, []domain.DeadLetterID{"dead_2"}},
	} {
		list, total, err := s.DeadLetters.List(ctx, tt.filter, window(10, 0))
		must(t, err)
		got := []domain.DeadLetterID{}
		for _, d := range list {
			got = append(got, d.ID)
		}
		if wantEqual(t, got, tt.want); total != len(tt.want) {
			t.Errorf("%+v: total = %d, want %d", tt.filter, total, len(tt.want))
		}
	}
}

// testMailboxBound: a mailbox takes what it has room for, the first ones first,
// whoever writes at the same time.
func testMailboxBound(t *testing.T, s *store.Store) {
	ctx := t.Context()
	list := []domain.MessageRecord{
		letter("a", "x", domain.PriorityNormal), letter("b", "x", domain.PriorityNormal), letter("c", "y", domain.PriorityNormal), letter("d", "x", domain.PriorityNormal),
	}
	wantEqual(t, value(s.Messages.Insert(ctx, list, 2))(t), []bool{false, false, false, true})
	wantDepth(t, s, "x", 2)
	wantEqual(t, value(s.Messages.Insert(ctx, list[3:], 2))(t), []bool{true})
	must(t, s.Messages.Handle(ctx, []string{"a"}, day))
	wantEqual(t, value(s.Messages.Insert(ctx, list[3:], 2))(t), []bool{false})

	var group errgroup.Group
	for w := range 8 {
		group.Go(func() error {
			for i := range 10 {
				id := fmt.Sprintf("w%d-%d", w, i)
				_, err := s.Messages.Insert(ctx, []domain.MessageRecord{letter("z"+id, "z", domain.PriorityNormal), letter("u"+id, "u", domain.PriorityHigh)}, 50)
				if err == nil && i%3 == 0 {
					err = s.Messages.Handle(ctx, []string{"u" + id, "z" + id}, day)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, group.Wait())
	for _, box := range []domain.AgentID{"z", "u"} {
		depth := value(s.Mailboxes.Depth(ctx, box))(t)
		queued := value(s.Messages.Queued(ctx, box, 1000))(t)
		if depth != len(queued) || depth > 50 {
			t.Errorf("mailbox %s: depth %d, %d queued", box, depth, len(queued))
		}
	}
}

// testMessageTransaction: a message exists if and only if the transaction of its
// sender commits.
func testMessageTransaction(t *testing.T, s *store.Store) {
	ctx := t.Context()
	err := s.InTx(ctx, func(ctx context.Context) error {
		value(s.Messages.Insert(ctx, []domain.MessageRecord{letter("a", "x", domain.PriorityNormal)}, 10))(t)
		return context.Canceled
	})
	if err == nil {
		t.Fatal("the transaction committed")
	}
	wantDepth(t, s, "", 0)
	_, err = s.Messages.Get(ctx, "a")
	wantCode(t, err, domain.CodeNotFound)
}

func testMailboxLease(t *testing.T, s *store.Store) {
	ctx := t.Context()
	claim := func(agent domain.AgentID, holder string, now time.Time) bool {
		t.Helper()
		return value(s.Mailboxes.Claim(ctx, agent, holder, now, now.Add(time.Minute)))(t)
	}
	if !claim("x", "one", day) || claim("x", "two", day.Add(30*time.Second)) || !claim("x", "one", day.Add(30*time.Second)) {
		t.Error("the lease does not belong to the first alone")
	}
	wantEqual(t, value(s.Mailboxes.Renew(ctx, "one", day.Add(3*time.Minute)))(t), []domain.AgentID{"x"})
	if claim("x", "two", day.Add(2*time.Minute)) || !claim("x", "two", day.Add(3*time.Minute)) {
		t.Error("a lease is taken over when it ends")
	}
	wantEqual(t, value(s.Mailboxes.Renew(ctx, "one", day.Add(9*time.Minute)))(t), []domain.AgentID{})
	must(t, s.Mailboxes.Release(ctx, "one", "x")) // not its own
	if claim("x", "one", day.Add(3*time.Minute)) {
		t.Error("the lease of another was released")
	}
	if !claim("y", "two", day) {
		t.Error("a free mailbox was not given")
	}
	must(t, s.Mailboxes.Release(ctx, "two", ""))
	if !claim("x", "one", day) || !claim("y", "one", day) {
		t.Error("released mailboxes are not free")
	}
}

func testOrchestratorCounts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	other := letter("b", "x", domain.PriorityHigh)
	other.Tenant = "acme"
	send(t, s, letter("a", "x", domain.PriorityNormal), other, letter("c", "y", domain.PriorityNormal))
	must(t, s.Messages.Handle(ctx, []string{"c"}, day))
	insertRun(t, s, "1", day)
	must(t, s.Tasks.Insert(ctx, &domain.Task{ID: "task_1", State: domain.StateQueued, CreatedAt: day}))
	must(t, s.Tasks.Insert(ctx, &domain.Task{ID: "task_2", State: domain.StateFailed, CreatedAt: day}))
	must(t, s.DeadLetters.Insert(ctx, &domain.DeadLetter{ID: "dead_1", Payload: json.RawMessage(`{}`), CreatedAt: day}))
	must(t, s.DeadLetters.Insert(ctx, &domain.DeadLetter{ID: "dead_2", Payload: json.RawMessage(`{}`), CreatedAt: day, ReplayedAt: ptr(day)}))
	wantEqual(t, value(s.Mailboxes.Counts(ctx, "main"))(t), &domain.OrchestratorCounts{
		Messages: []domain.MessageCount{{State: "handled", Priority: "normal", Count: 1}, {State: "queued", Priority: "normal", Count: 1}},
		DeadOpen: 1, DeadTotal: 2, ActiveTasks: map[domain.RunState]int{"queued": 1}, Runs: map[domain.RunState]int{"queued": 1},
	})
	if got := value(s.Mailboxes.Counts(ctx, ""))(t); len(got.Messages) != 3 {
		t.Errorf("counts of all tenants: %+v", got)
	}
}
