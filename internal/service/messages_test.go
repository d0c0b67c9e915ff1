package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

// TestMailboxOrder: a thousand messages of one sender arrive in their order, and all
// that are high before those that are normal.
func TestMailboxOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t)
		for _, p := range []domain.Priority{domain.PriorityNormal, domain.PriorityHigh} {
			for i := range 500 {
				m := note("sender", "an_alias", fmt.Sprintf("%s %d", p, i))
				m.Priority = p
				if sent := mustSend(t, o, m); sent.To != "a" {
					t.Fatalf("sent to %s", sent.To)
				}
			}
		}
		box := newLetterbox()
		attach(t, o, "a", box)
		got := box.wait(t, 1000)
		lastHigh, normals, next := 0, 0, map[string]int{}
		for i, text := range got {
			p, n, _ := strings.Cut(text, " ")
			if n != fmt.Sprint(next[p]) {
				t.Fatalf("message %d is %q, want number %d of its priority", i, text, next[p])
			}
			if next[p]++; p == "high" {
				lastHigh = i
			} else if lastHigh < 499 && next["high"] < 500 {
				normals++
			}
		}
		// Nine high ones, then one normal, as long as there are high ones.
		if len(got) != 1000 || lastHigh > 499+56 || normals > 56 {
			t.Errorf("%d messages came, the last high one as number %d; %d normal ones came before it", len(got), lastHigh, normals)
		}
		if box.overlaps.Load() > 0 {
			t.Error("deliveries were not one at a time")
		}
		eventually(t, "all are handled", func() bool {
			n, err := r.st.Mailboxes.Depth(t.Context(), "")
			return n == 0 && err == nil
		})
	})
}

// TestHighIsNext: what is high is next although a thousand wait, and a stream of high
// messages leaves one in ten to the normal ones.
func TestHighIsNext(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t)
		step, at := make(chan struct{}), make(chan string, 1)
		box := newLetterbox()
		box.deliver = func(ctx context.Context, m domain.Message) error {
			var text string
			if err := json.Unmarshal(m.Message, &text); err != nil {
				return err
			}
			select {
			case at <- text:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case <-step:
			case <-ctx.Done():
				return ctx.Err()
			}
			return nil
		}
		for i := range 1000 {
			mustSend(t, o, note(domain.AgentID(fmt.Sprintf("s%d", i%7)), "a", fmt.Sprint(i)))
		}
		attach(t, o, "a", box)
		<-at
		high := note("other", "a", "high")
		high.Priority = domain.PriorityHigh
		mustSend(t, o, high)
		step <- struct{}{}
		if got := <-at; got != "high" {
			t.Errorf("next is %q, want the high one", got)
		}
		for i := range 40 { // more come than one can read
			m := high
			m.Message = json.RawMessage(fmt.Sprintf(`"high %d"`, i))
			mustSend(t, o, m)
		}
		normal := 0
		for range 40 {
			step <- struct{}{}
			if got := <-at; !strings.HasPrefix(got, "high") {
				normal++
			}
		}
		if normal != 4 {
			t.Errorf("%d of 40 were normal, want one in ten", normal)
		}
	})
}

// TestEnvelopeOnTheBus: who listens with a client of NATS sees the eight fields.
func TestEnvelopeOnTheBus(t *testing.T) {
	t.Parallel()
	r := &rig{st: testkit.DB(t), agents: known{"a"}, nats: testkit.NATS(t)}
	r.url = r.nats.URL()
	c, err := nats.Connect(r.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mail, err := c.SubscribeSync("empire.agent.*.mail")
	if err != nil {
		t.Fatal(err)
	}
	requests, err := c.SubscribeSync("empire.agent.a.request")
	if err == nil {
		err = c.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	o := r.office(t)
	sent := mustSend(t, o, note("sender", "a", "hello"))
	m, err := mail.NextMsg(patience)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(m.Data, &fields); err != nil {
		t.Fatal(err)
	}
	stamp, err1 := time.Parse(time.RFC3339Nano, fmt.Sprint(fields["timestamp"]))
	ttl, err2 := time.Parse(time.RFC3339Nano, fmt.Sprint(fields["ttl"]))
	if len(fields) != 8 || fields["id"] != sent.ID || !domain.ValidUUID(sent.ID) || fields["from"] != "sender" || fields["to"] != "a" || fields["message"] != "hello" ||
		fields["priority"] != "normal" || fields["requires_response"] != false || err1 != nil || err2 != nil || ttl.Sub(stamp) != 300*time.Second ||
		!strings.HasSuffix(fmt.Sprint(fields["timestamp"]), "Z") {
		t.Errorf("on the bus: %s", m.Data)
	}
	box := newLetterbox()
	attach(t, o, "a", box)
	if _, err := o.Request(t.Context(), "b", "a", json.RawMessage(`{"q":1}`), patience); err != nil {
		t.Fatal(err)
	}
	if m, err = requests.NextMsg(patience); err != nil {
		t.Fatal(err)
	}
	var envelope domain.Message
	var request map[string]any
	if err := errors.Join(json.Unmarshal(m.Data, &envelope), json.Unmarshal(envelope.Message, &request)); err != nil {
		t.Fatal(err)
	}
	if envelope.Priority != domain.PriorityHigh || !envelope.RequiresResponse || len(request) != 6 || request["type"] != "service_request" ||
		request["from"] != "b" || request["requires_response"] != true || !domain.ValidUUID(fmt.Sprint(request["id"])) || request["timestamp"] == nil ||
		fmt.Sprint(request["request"]) != "map[q:1]" {
		t.Errorf("request on the bus: %s", m.Data)
	}
}

// TestMailboxFull: the sender learns, and nothing is lost silently.
func TestMailboxFull(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t, func(c *service.MessagesConfig) { c.Max = 50 })
		var group sync.WaitGroup
		var accepted, refused atomic.Int64
		for i := range 8 {
			group.Go(func() {
				for k := range 10 {
					_, err := o.Send(t.Context(), note("sender", "a", fmt.Sprint(i, k)))
					var e *domain.Error
					switch {
					case err == nil:
						accepted.Add(1)
					case errors.As(err, &e) && e.Code == domain.CodeRateLimited && e.RetryAfter > 0:
						refused.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if accepted.Load() != 50 || refused.Load() != 30 || o.of("full") != 30 {
			t.Errorf("%d accepted, %d refused, want 50 and 30", accepted.Load(), refused.Load())
		}
		mustSend(t, o, note("sender", "b", "has room"))
		box := newLetterbox()
		attach(t, o, "a", box)
		box.wait(t, 50)
		eventually(t, "there is room again", func() bool {
			_, err := o.Send(t.Context(), note("sender", "a", "again"))
			return err == nil
		})
		box.wait(t, 51)
	})
}

// TestMessageTTL: with the clock at 5:01 a message is never delivered.
func TestMessageTTL(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t, func(c *service.MessagesConfig) { c.Sweep = time.Hour })
		start := o.clock.now()
		unread, unswept := mustSend(t, o, note("sender", "a", "unread")), mustSend(t, o, note("sender", "b", "nobody reads"))
		o.clock.set(start.Add(5 * time.Minute).Add(-time.Millisecond))
		mustSend(t, o, note("sender", "a", "fresh"))
		o.clock.set(start.Add(5*time.Minute + time.Second))
		box := newLetterbox()
		attach(t, o, "a", box)
		if got := box.wait(t, 1); got[0] != "fresh" {
			t.Errorf("got %q, want the fresh one alone", got)
		}
		if err := o.BuryExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "both are dead", func() bool { return len(letters(t, r.st)) == 2 })
		for _, d := range letters(t, r.st) {
			var m domain.Message
			if err := json.Unmarshal(d.Payload, &m); err != nil {
				t.Fatal(err)
			}
			if d.Reason != domain.DeadExpired || d.Kind != domain.DeadMessage || d.From != "sender" || m.ID != unread.ID && m.ID != unswept.ID || m.To != d.AgentID {
				t.Errorf("dead letter: %+v of %+v", d, m)
			}
		}
		if n := len(box.all()); n != 1 || o.of("expired") != 2 {
			t.Errorf("%d messages were delivered, %d expired", n, o.of("expired"))
		}
	})
}

// TestSenderLearns: what is not accepted is an error and a dead letter, also from
// within a transaction that rolls back because of it.
func TestSenderLearns(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t, func(c *service.MessagesConfig) {
			c.Deleted = func(_ context.Context, id domain.AgentID) bool { return id == "gone" }
		})
		late := note("sender", "a", "late")
		late.TTL = o.clock.now()
		for _, tt := range []struct {
			m      domain.Message
			code   domain.Code
			reason string
		}{
			{note("sender", "nobody", "x"), domain.CodeAgentNotFound, domain.DeadAgentNotFound},
			{note("sender", "no.body.>", "x"), domain.CodeAgentNotFound, domain.DeadAgentNotFound},
			{note("sender", "gone", "x"), domain.CodeAgentNotFound, domain.DeadAgentDeleted},
			{late, domain.CodeInvalid, domain.DeadExpired},
		} {
			before, counted := len(letters(t, r.st)), o.of(tt.reason)
			_, err := o.Send(t.Context(), tt.m)
			wantCode(t, tt.reason, err, tt.code)
			list := letters(t, r.st)
			if len(list) != before+1 || list[0].Reason != tt.reason || list[0].AgentID != tt.m.To || o.of(tt.reason) != counted+1 {
				t.Errorf("%s: %d letters, %+v", tt.reason, len(list)-before, list[0])
			}
			err = r.st.InTx(t.Context(), func(ctx context.Context) error {
				_, err := o.Send(ctx, tt.m)
				return err
			})
			wantCode(t, tt.reason+" in a transaction", err, tt.code)
			eventually(t, "the letter is there", func() bool { return len(letters(t, r.st)) == before+2 })
		}
		for name, bad := range map[string]domain.Message{
			"priority": {From: "s", To: "a", Message: json.RawMessage(`1`), Priority: "urgent"},
			"message":  {From: "s", To: "a", Message: json.RawMessage(`{`)},
			"no text":  {From: "s", To: "a"},
			"id":       {From: "s", To: "a", Message: json.RawMessage(`1`), ID: "7"},
			"from":     {To: "a", Message: json.RawMessage(`1`)},
			"to":       {From: "s", Message: json.RawMessage(`1`)},
			"ttl":      {From: "s", To: "a", Message: json.RawMessage(`1`), TTL: o.clock.now().Add(1000 * time.Hour)},
		} {
			_, err := o.Send(t.Context(), bad)
			wantCode(t, name, err, domain.CodeInvalid)
		}
		big := note("s", "a", strings.Repeat("x", domain.MaxMessageBytes))
		_, err := o.Send(t.Context(), big)
		wantCode(t, "a large one", err, domain.CodeTooLarge)
	})
}
