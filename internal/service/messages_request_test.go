package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

// TestRequest: the answer is the agent's, whatever process hosts it, and both are in
// the log with the work on whose behalf they were made.
func TestRequest(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t)
		asker := o
		if r.url != "" {
			asker = r.office(t)
		}
		box := newLetterbox()
		requests, scopes := make(chan domain.ServiceRequest, 10), make(chan domain.WorkScope, 10)
		box.serve = func(ctx context.Context, q domain.ServiceRequest) (json.RawMessage, error) {
			scope, _ := domain.ScopeFrom(ctx)
			requests <- q
			scopes <- scope
			if string(q.Request) == `"fail"` {
				return nil, domain.Errorf(domain.CodeNotEnoughData, "There is too little.")
			}
			if string(q.Request) == `"panic"` {
				panic("boom")
			}
			return json.RawMessage(`{"answer":42}`), nil
		}
		attach(t, o, "a", box)
		ctx := domain.WithScope(t.Context(), domain.WorkScope{Tenant: "acme", RunID: "run_1", StepID: "step_1", WebsiteID: "site_1", AgentID: "b"})
		got, err := asker.Request(ctx, "b", "an_alias", json.RawMessage(`{"q":1}`), patience)
		if err != nil || string(got) != `{"answer":42}` {
			t.Fatalf("answer %s, %v", got, err)
		}
		asked, work := <-requests, <-scopes
		if asked.From != "b" || asked.Type != domain.TypeServiceRequest || !asked.RequiresResponse || string(asked.Request) != `{"q":1}` || !domain.ValidUUID(asked.ID) {
			t.Errorf("asked %+v", asked)
		}
		if work.Tenant != "acme" || work.RunID != "run_1" || work.WebsiteID != "site_1" || work.AgentID != "a" {
			t.Errorf("served for %+v", work)
		}
		var log []domain.MessageRecord
		eventually(t, "request and answer are logged", func() bool {
			log, _, err = r.st.Messages.List(t.Context(), domain.MessageFilter{RunID: "run_1"}, domain.Window{Limit: 10})
			return err == nil && len(log) == 2
		})
		answer, request := log[0], log[1]
		if request.ID != asked.ID || request.Kind != domain.TypeServiceRequest || request.To != "a" || request.Priority != domain.PriorityHigh || request.StepID != "step_1" ||
			answer.Kind != domain.TypeServiceResponse || answer.InReplyTo != asked.ID || answer.From != "a" || !strings.Contains(string(answer.Message.Message), `"answer":42`) {
			t.Errorf("log: %+v", log)
		}
		_, err = asker.Request(ctx, "b", "a", json.RawMessage(`"fail"`), patience)
		wantCode(t, "a fault", err, domain.CodeNotEnoughData)
		_, err = asker.Request(ctx, "b", "a", json.RawMessage(`"panic"`), patience)
		wantCode(t, "a panic", err, domain.CodeInternal)
		start := time.Now()
		_, err = asker.Request(ctx, "b", "c", json.RawMessage(`1`), domain.MaxRequestTimeout)
		wantCode(t, "nobody hosts it", err, domain.CodeConflict)
		if time.Since(start) > patience { // it would be five minutes
			t.Error("that took as long as the timeout")
		}
		_, err = asker.Request(ctx, "b", "nobody", json.RawMessage(`1`), patience)
		wantCode(t, "unknown", err, domain.CodeAgentNotFound)
		for name, bad := range map[string]error{
			"no time": second(asker.Request(ctx, "b", "a", json.RawMessage(`1`), 0)), "negative": second(asker.Request(ctx, "b", "a", json.RawMessage(`1`), -1)),
			"too long": second(asker.Request(ctx, "b", "a", json.RawMessage(`1`), domain.MaxRequestTimeout+1)), "no JSON": second(asker.Request(ctx, "b", "a", nil, patience)),
			"no asker": second(asker.Request(ctx, "", "a", json.RawMessage(`1`), patience)),
		} {
			wantCode(t, name, bad, domain.CodeInvalid)
		}
	})
}

func second(_ json.RawMessage, err error) error { return err }

// TestRequestTimeout: the caller gets exactly the timeout object, and the late answer
// is dropped and counted.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		o := r.office(t)
		box := newLetterbox()
		ids := make(chan string, 1)
		release := make(chan struct{})
		box.serve = func(ctx context.Context, q domain.ServiceRequest) (json.RawMessage, error) {
			ids <- q.ID
			<-release
			return json.RawMessage(`"late"`), nil
		}
		attach(t, o, "a", box)
		got, err := o.Request(t.Context(), "b", "a", json.RawMessage(`1`), 100*time.Millisecond)
		id := <-ids
		if want := `{"error":"timeout","request_id":"` + id + `"}`; err != nil || string(got) != want || id == "" {
			t.Errorf("answer %s, %v, want %s", got, err, want)
		}
		close(release)
		eventually(t, "the late answer is counted", func() bool { return o.of("response_late") == 1 })
		if o.of("timeout") != 1 {
			t.Errorf("%d timeouts counted", o.of("timeout"))
		}
	})
}

// TestForeignAnswer: an answer with an unknown request id is dropped and counted, and
// the right one still counts.
func TestForeignAnswer(t *testing.T) {
	t.Parallel()
	r := &rig{st: testkit.DB(t), agents: known{"a"}, nats: testkit.NATS(t)}
	r.url = r.nats.URL()
	o := r.office(t)
	c, err := nats.Connect(r.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Subscribe("empire.agent.a.request", func(m *nats.Msg) {
		var envelope domain.Message
		var q domain.ServiceRequest
		if err := errors.Join(json.Unmarshal(m.Data, &envelope), json.Unmarshal(envelope.Message, &q)); err != nil {
			t.Error(err)
		}
		base := strings.TrimSuffix(m.Reply, q.ID)
		for _, answer := range []struct{ subject, body string }{
			{base + "unknown", `{"type":"service_response","request_id":"unknown","response":1}`},
			{m.Reply, `{"type":"service_response","request_id":"` + domain.NewUUID() + `","response":2}`},
			{m.Reply, `no JSON`},
			{m.Reply, `{"type":"service_response","request_id":"` + q.ID + `","response":3}`},
			{m.Reply, `{"type":"service_response","request_id":"` + q.ID + `","response":4}`},
		} {
			if err := c.Publish(answer.subject, []byte(answer.body)); err != nil {
				t.Error(err)
			}
		}
	})
	if err := errors.Join(err, c.Flush()); err != nil {
		t.Fatal(err)
	}
	got, err := o.Request(t.Context(), "b", "a", json.RawMessage(`1`), patience)
	if err != nil || string(got) != "3" {
		t.Errorf("answer %s, %v, want 3", got, err)
	}
	eventually(t, "four were dropped", func() bool { return o.of("response_unknown") == 4 })
}

// TestRequestCycle: who waits is not asked, whoever asks from wherever.
func TestRequestCycle(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, r *rig) {
		one := r.office(t)
		two := one
		if r.url != "" {
			two = r.office(t)
		}
		_, err := one.Request(t.Context(), "a", "an_alias", json.RawMessage(`1`), patience)
		if wantCode(t, "of itself", err, domain.CodeConflict); !strings.Contains(fmt.Sprint(err), "a → a") {
			t.Errorf("the cycle is not named: %v", err)
		}
		a, b, c := newLetterbox(), newLetterbox(), newLetterbox()
		forward := func(o *office, from, to domain.AgentID) func(context.Context, domain.ServiceRequest) (json.RawMessage, error) {
			return func(ctx context.Context, q domain.ServiceRequest) (json.RawMessage, error) {
				return o.Request(ctx, from, to, q.Request, patience)
			}
		}
		b.serve, c.serve = forward(two, "b", "c"), forward(one, "c", "a")
		attach(t, one, "a", a)
		attach(t, two, "b", b)
		attach(t, one, "c", c)
		_, err = one.Request(t.Context(), "a", "b", json.RawMessage(`1`), patience)
		if wantCode(t, "a, b, c, a", err, domain.CodeConflict); !strings.Contains(fmt.Sprint(err), "a → b → c → a") {
			t.Errorf("the cycle is not named: %v", err)
		}
		if got, err := two.Request(t.Context(), "z", "b", json.RawMessage(`7`), patience); err != nil || string(got) != "7" {
			t.Errorf("without a cycle: %s, %v", got, err)
		}
		if len(a.all()) != 0 {
			t.Error("a was told")
		}
	})
}

// TestRequestFromOutside: an agent that asks from outside of Serve extends the chain
// of the request that it names, or of all that it serves.
func TestRequestFromOutside(t *testing.T) {
	t.Parallel()
	r := &rig{st: testkit.DB(t), agents: known{"a", "b", "c"}}
	o := r.office(t)
	open := make(chan string, 2)
	release := make(chan struct{})
	b := newLetterbox()
	b.serve = func(_ context.Context, q domain.ServiceRequest) (json.RawMessage, error) {
		open <- q.ID
		<-release
		return json.RawMessage(`1`), nil
	}
	attach(t, o, "a", newLetterbox())
	attach(t, o, "b", b)
	attach(t, o, "c", newLetterbox())
	var group sync.WaitGroup
	ids := map[domain.AgentID]string{}
	for _, from := range []domain.AgentID{"a", "c"} {
		group.Go(func() {
			if _, err := o.Request(t.Context(), from, "b", json.RawMessage(`1`), patience); err != nil {
				t.Error(err)
			}
		})
		ids[from] = <-open
	}
	ask := func(to domain.AgentID, inReplyTo string) error {
		_, err := o.RequestFor(t.Context(), "b", to, json.RawMessage(`1`), patience, inReplyTo)
		return err
	}
	for _, tt := range []struct {
		to        domain.AgentID
		inReplyTo string
		code      domain.Code
	}{
		{"a", ids["a"], domain.CodeConflict}, {"c", ids["a"], ""}, {"a", ids["c"], ""}, {"c", ids["c"], domain.CodeConflict},
		{"a", "", domain.CodeConflict}, {"c", "", domain.CodeConflict}, {"a", "unknown", domain.CodeInvalid},
	} {
		wantCode(t, fmt.Sprintf("b asks %s for %q", tt.to, tt.inReplyTo), ask(tt.to, tt.inReplyTo), tt.code)
	}
	close(release)
	group.Wait()
	wantCode(t, "when it serves nothing", ask("a", ""), "")
	wantCode(t, "for a request that has ended", ask("a", ids["a"]), domain.CodeInvalid)
}

// tasker does tasks that are asked of agents.
type tasker struct{ asked []domain.TaskSpec }

func (d *tasker) Do(ctx context.Context, agent domain.AgentID, task domain.TaskSpec, _ map[string]json.RawMessage) (json.RawMessage, error) {
	d.asked = append(d.asked, task)
	work, _ := domain.ScopeFrom(ctx)
	if task.Type != "scan" {
		return nil, domain.Errorf(domain.CodeUnsupportedTaskType, "Agent %s does not take %s.", agent, task.Type)
	}
	return json.Marshal(map[string]any{"by": agent, "tenant": work.Tenant})
}

// TestBuiltInAgent: an agent of the program does tasks for who asks, with the websites
// of the asker and no others.
func TestBuiltInAgent(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	site := &domain.Website{ID: "site_1", Tenant: "acme", Name: "tea", Domain: "tea.example", CreatedAt: time.Now(), UpdatedAt: time.Now()}
	if err := st.Websites.Insert(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	box := service.NewBuiltIn("scanner", &tasker{}, st.Websites, 2)
	acme := domain.WithScope(t.Context(), domain.WorkScope{Tenant: "acme"})
	for _, tt := range []struct {
		ctx           context.Context
		request, want string
	}{
		{acme, `{"type":"scan","params":{"website_id":"site_1"}}`, `{"by":"scanner","tenant":"acme"}`},
		{t.Context(), `{"type":"scan","params":{"website_id":"site_1"}}`, `{"error":"not_found","message":"Website site_1 does not exist."}`},
		{acme, `{"type":"fly"}`, `{"error":"unsupported_task_type","message":"Agent scanner does not take fly."}`},
		{acme, `{"kind":"scan"}`, `{"error":"invalid","message":"Agent scanner is asked with {\"type\": task type, \"params\": …}."}`},
		{acme, `[]`, `{"error":"invalid","message":"Agent scanner is asked with {\"type\": task type, \"params\": …}."}`},
	} {
		got, err := box.Serve(tt.ctx, domain.ServiceRequest{Request: json.RawMessage(tt.request)})
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.request, got, err, tt.want)
		}
	}
	if err := box.Deliver(t.Context(), note("a", "scanner", "hello")); err != nil {
		t.Error(err)
	}
}
