package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

func textOf(m domain.Message) string {
	var text string
	_ = json.Unmarshal(m.Message, &text)
	return text
}

// TestFailedDelivery: a message that fails comes again after what other senders sent
// and before what its sender sent next; one that never succeeds dies, and so does one
// that is refused. A panic is a failure.
func TestFailedDelivery(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t, func(c *service.MessagesConfig) { c.Pause, c.Attempts = 500*time.Millisecond, 4 })
		box := newLetterbox()
		var tries atomic.Int64
		var other, panicked atomic.Bool
		box.deliver = func(_ context.Context, m domain.Message) error {
			switch textOf(m) {
			case "flaky":
				if tries.Add(1) == 1 || !other.Load() { // what others send goes on
					return errors.New("not now")
				}
				if !panicked.Swap(true) {
					panic("not yet")
				}
			case "poison":
				return errors.New("never")
			case "refused":
				return domain.Invalid("message", "I do not understand.")
			case "other":
				other.Store(true)
			}
			return nil
		}
		for _, m := range []struct {
			from domain.AgentID
			text string
		}{{"s1", "flaky"}, {"s1", "after flaky"}, {"s3", "poison"}, {"s3", "after poison"}, {"s4", "refused"}, {"s4", "after refused"}, {"s2", "other"}} {
			mustSend(t, o, note(m.from, "a", m.text))
		}
		attach(t, o, "a", box)
		got := box.wait(t, 5)
		slices.Sort(got)
		if want := []string{"after flaky", "after poison", "after refused", "flaky", "other"}; !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		order := map[string]int{}
		for i, m := range box.all() {
			order[textOf(m)] = i
		}
		if order["flaky"] > order["after flaky"] || order["other"] > order["flaky"] || tries.Load() < 3 {
			t.Errorf("order %v after %d tries", order, tries.Load())
		}
		eventually(t, "two are dead", func() bool { return len(letters(t, r.st)) == 2 })
		reasons := map[string]domain.AgentID{}
		for _, d := range letters(t, r.st) {
			reasons[d.Reason] = d.From
		}
		if reasons[domain.DeadTooManyAttempts] != "s3" || reasons[domain.DeadRefused] != "s4" {
			t.Errorf("reasons: %v", reasons)
		}
	})
}

// TestLeaseOfMailbox: two processes that host an agent share its requests, and one of
// them delivers its messages; when that dies, the other takes over what is left.
func TestLeaseOfMailbox(t *testing.T) {
	t.Parallel()
	for _, db := range []string{"sqlite", "postgres"} {
		t.Run(db, func(t *testing.T) {
			t.Parallel()
			r := &rig{agents: known{"a"}, nats: testkit.NATS(t)}
			r.url = r.nats.URL()
			if r.st = testkit.DB(t); db == "postgres" {
				r.st = testkit.PostgresDB(t)
			}
			dying := newFragile(r.st.Mailboxes)
			short := func(c *service.MessagesConfig) { c.Lease = 3 * time.Second }
			one := r.office(t, short, func(c *service.MessagesConfig) { c.Boxes = dying })
			two := r.office(t, short)
			first, second := newLetterbox(), newLetterbox()
			release := make(chan struct{})
			first.deliver = func(ctx context.Context, m domain.Message) error {
				if textOf(m) != "5" {
					return nil
				}
				dying.die.Store(true) // no lease is renewed any more, and nothing comes back
				select {
				case <-release:
				case <-ctx.Done():
				}
				return errors.New("the process died")
			}
			t.Cleanup(func() { close(release) })
			attach(t, one, "a", first)
			attach(t, two, "a", second)
			for i := range 20 {
				mustSend(t, two, note("sender", "a", fmt.Sprint(i)))
			}
			got := second.wait(t, 15)
			for i, text := range got {
				if text != fmt.Sprint(i+5) {
					t.Fatalf("the second got %q, want 5 to 19", got)
				}
			}
			if n := len(first.all()); n != 5 {
				t.Errorf("the first got %d, want 5", n)
			}
		})
	}
}

// fragile are the mailboxes as a process sees them that may lose its database.
type fragile struct {
	boxes
	die atomic.Bool
}

type boxes interface {
	Claim(ctx context.Context, agent domain.AgentID, holder string, now, until time.Time) (bool, error)
	Renew(ctx context.Context, holder string, until time.Time) ([]domain.AgentID, error)
	Release(ctx context.Context, holder string, agent domain.AgentID) error
	Waiting(ctx context.Context) ([]domain.AgentID, error)
}

func newFragile(b boxes) *fragile { return &fragile{boxes: b} }

var errGone = errors.New("the database is gone")

func (f *fragile) Claim(ctx context.Context, agent domain.AgentID, holder string, now, until time.Time) (bool, error) {
	if f.die.Load() {
		return false, errGone
	}
	return f.boxes.Claim(ctx, agent, holder, now, until)
}

func (f *fragile) Renew(ctx context.Context, holder string, until time.Time) ([]domain.AgentID, error) {
	if f.die.Load() {
		return nil, errGone
	}
	return f.boxes.Renew(ctx, holder, until)
}

func (f *fragile) Release(ctx context.Context, holder string, agent domain.AgentID) error {
	if f.die.Load() {
		return errGone
	}
	return f.boxes.Release(ctx, holder, agent)
}

// TestBusDown: without NATS messages still arrive, by looking; requests say that the
// bus is down, unless the agent is here; when it is back, everything is as before.
func TestBusDown(t *testing.T) {
	t.Parallel()
	r := &rig{st: testkit.DB(t), agents: known{"a", "b"}, nats: testkit.NATS(t)}
	r.url = r.nats.URL()
	one, two := r.office(t), r.office(t)
	box := newLetterbox()
	attach(t, two, "a", box)
	mustSend(t, one, note("sender", "a", "before"))
	box.wait(t, 1)
	ask := func(o *office) error {
		_, err := o.Request(t.Context(), "b", "a", json.RawMessage(`1`), patience)
		return err
	}
	if err := ask(one); err != nil {
		t.Fatal(err)
	}
	r.nats.Kill()
	eventually(t, "both notice", func() bool { return !one.bus.Connected() && !two.bus.Connected() })
	for i := range 100 {
		mustSend(t, one, note("sender", "a", fmt.Sprint(i)))
	}
	for i, text := range box.wait(t, 101)[1:] {
		if text != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, text)
		}
	}
	wantCode(t, "request to another process", ask(one), domain.CodeUnavailable)
	wantCode(t, "request within the process", ask(two), "")
	late := newLetterbox()
	attach(t, one, "b", late) // while the bus is down
	r.nats.Start()
	eventually(t, "requests are answered again", func() bool { return ask(one) == nil })
	eventually(t, "also by who came meanwhile", func() bool {
		_, err := two.Request(t.Context(), "a", "b", json.RawMessage(`1`), patience)
		return err == nil
	})
}

// TestHandleAgentMessage: an agent writes the envelope; who it is, is not its to say.
func TestHandleAgentMessage(t *testing.T) {
	t.Parallel()
	r := &rig{st: testkit.DB(t), agents: known{"a", "b"}}
	o := r.office(t)
	id := domain.NewUUID()
	good := `{"id":"` + id + `","from":"b","to":"a","message":{"x":1},"priority":"high","timestamp":"2020-01-01T00:00:00Z","ttl":"2026-03-01T12:01:00Z","requires_response":true}`
	sent, err := o.HandleAgentMessage(t.Context(), "b", json.RawMessage(good))
	if err != nil {
		t.Fatal(err)
	}
	if sent.ID != id || sent.From != "b" || sent.Priority != domain.PriorityHigh || !sent.RequiresResponse || !sent.Timestamp.Equal(o.clock.now()) ||
		sent.TTL.Sub(sent.Timestamp) != time.Minute {
		t.Errorf("sent %+v", sent)
	}
	if sent, err = o.HandleAgentMessage(t.Context(), "b", json.RawMessage(`{"to":"a","message":null}`)); err != nil || sent.From != "b" || sent.Priority != domain.PriorityNormal {
		t.Errorf("a short one: %+v, %v", sent, err)
	}
	for data, code := range map[string]domain.Code{
		good:                                           domain.CodeConflict, // the same id again
		`{"to":"a","message":1,"from":"c"}`:            domain.CodeForbidden,
		`{"to":"nobody","message":1}`:                  domain.CodeAgentNotFound,
		`{"message":1}`:                                domain.CodeInvalid,
		`{"to":"a"}`:                                   domain.CodeInvalid,
		`{"to":"a","message":1,"extra":1}`:             domain.CodeInvalid,
		`{"to":7,"message":1}`:                         domain.CodeInvalid,
		`{"to":"a","message":1,"priority":"urgent"}`:   domain.CodeInvalid,
		`{"to":"a","message":1,"priority":""}`:         domain.CodeInvalid,
		`{"to":"a","message":1,"id":""}`:               domain.CodeInvalid,
		`{"to":"a","message":1,"ttl":"soon"}`:          domain.CodeInvalid,
		`{"to":"a","message":1,"timestamp":"noon"}`:    domain.CodeInvalid,
		`{"to":"a","message":1,"requires_response":1}`: domain.CodeInvalid,
		`[]`:                          domain.CodeInvalid,
		`{"to":"a","message":1} more`: domain.CodeMalformed,
		`{`:                           domain.CodeMalformed,
	} {
		_, err := o.HandleAgentMessage(t.Context(), "b", json.RawMessage(data))
		wantCode(t, data, err, code)
	}
}

// TestMessageInTransaction: a message exists if and only if what made it necessary
// does, and it is delivered after the commit.
func TestMessageInTransaction(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t)
		box := newLetterbox()
		attach(t, o, "a", box)
		work := domain.WithScope(t.Context(), domain.WorkScope{Tenant: "acme", RunID: "run_1", StepID: "step_1", TaskID: "task_1"})
		err := r.st.InTx(work, func(ctx context.Context) error {
			_, err := o.Send(ctx, note("s", "a", "rolled back"))
			return errors.Join(err, errGone)
		})
		if !errors.Is(err, errGone) {
			t.Fatal(err)
		}
		var id string
		if err := r.st.InTx(work, func(ctx context.Context) error {
			sent, err := o.Send(ctx, note("s", "a", "committed"))
			id = sent.ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := box.wait(t, 1); len(got) != 1 || got[0] != "committed" {
			t.Errorf("delivered %q", got)
		}
		m, err := r.st.Messages.Get(t.Context(), id)
		if err != nil || m.RunID != "run_1" || m.StepID != "step_1" || m.TaskID != "task_1" || m.Tenant != "acme" {
			t.Errorf("stored %+v, %v", m, err)
		}
		eventually(t, "the activity is noted", func() bool { // AG-03
			figures, err := r.st.Agents.Metrics(t.Context())
			return err == nil && figures["a"].LastActivity != nil && figures["a"].LastActivity.Equal(o.clock.now())
		})
	})
}

// TestAgentDeleted: what waits for a deleted agent becomes dead letters; a letter can
// be replayed once.
func TestAgentDeleted(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t)
		dead := service.NewDeadLetters(service.DeadLettersConfig{Tx: r.st, Store: r.st.DeadLetters, Messages: o.Messages, Audit: r.st.Audit, Now: o.clock.now})
		for i := range 3 {
			mustSend(t, o, note("s", "a", fmt.Sprint(i)))
		}
		if err := r.st.InTx(t.Context(), func(ctx context.Context) error { return o.AgentDeleted(ctx, "a") }); err != nil {
			t.Fatal(err)
		}
		list := letters(t, r.st)
		if len(list) != 3 || list[0].Reason != domain.DeadAgentDeleted {
			t.Fatalf("letters: %+v", list)
		}
		o.clock.set(o.clock.now().Add(time.Hour))
		ctx := in(t.Context(), domain.DefaultTenant)
		d, err := dead.Replay(ctx, list[0].ID)
		if err != nil || d.ReplayedAt == nil || d.ReplayedBy != "user_main" {
			t.Fatalf("replayed %+v, %v", d, err)
		}
		_, err = dead.Replay(ctx, list[0].ID)
		wantCode(t, "again", err, domain.CodeConflict)
		box := newLetterbox()
		attach(t, o, "a", box)
		box.wait(t, 1)
		if m := box.all()[0]; m.From != "s" || m.TTL.Sub(o.clock.now()) != domain.MessageTTL {
			t.Errorf("came again: %+v", m)
		}
		// What still cannot be delivered stays a dead letter.
		if err := dead.Add(ctx, domain.DeadLetter{Kind: domain.DeadMessage, AgentID: "x", Reason: domain.DeadAgentNotFound, Payload: json.RawMessage(`{"from":"s","to":"x","message":1}`)}); err != nil {
			t.Fatal(err)
		}
		if err := dead.Add(ctx, domain.DeadLetter{ID: "dead_task", Kind: domain.DeadTask, AgentID: "x", Reason: domain.DeadRefused}); err != nil {
			t.Fatal(err)
		}
		for _, d := range letters(t, r.st) {
			if d.AgentID == "x" {
				_, err := dead.Replay(ctx, d.ID)
				wantCode(t, "replay of "+d.Kind, err, domain.CodeConflict)
				if d, err := dead.Get(ctx, d.ID); err != nil || d.ReplayedAt != nil {
					t.Errorf("after a failed replay: %+v, %v", d, err)
				}
			}
		}
	})
}
