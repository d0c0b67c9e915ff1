package llm_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
)

// scripted is a provider that answers as its script says, one line for each call.
type scripted struct {
	name   string
	script []error
	asked  []llm.Request
	hold   chan struct{}
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Complete(_ context.Context, r llm.Request) (*llm.Response, error) {
	s.asked = append(s.asked, r)
	if s.hold != nil {
		<-s.hold
	}
	if len(s.script) > 0 {
		err := s.script[0]
		s.script = s.script[1:]
		if err != nil {
			return nil, err
		}
	}
	return &llm.Response{Text: s.name, Finish: llm.FinishStop, Usage: &domain.Usage{Input: 3, Output: 2}}, nil
}

func failed(c llm.Class) error { return llm.Fail(&llm.Error{Provider: "p", Class: c}, 0) }

// book is a ledger that allows everything and writes down what it is told.
type book struct {
	calls   map[domain.ModelCallID]*domain.ModelCall
	entries []string
	refuse  error
	take    int // which of the options
}

func (b *book) Recall(context.Context, domain.CallKey) (*domain.ModelCall, error) {
	return nil, domain.Errorf(domain.CodeNotFound, "There is none.")
}

func (b *book) Reserve(_ context.Context, r domain.CallRequest) (*domain.ModelCall, error) {
	if b.refuse != nil {
		return nil, b.refuse
	}
	o := r.Options[min(b.take, len(r.Options)-1)]
	c := &domain.ModelCall{ID: domain.ModelCallID(domain.NewID("call")), Key: r.Key, Name: o.Name, Provider: o.Provider, Model: o.Model, InputBound: o.InputBound, MaxOutput: o.MaxOutput}
	if b.calls == nil {
		b.calls = map[domain.ModelCallID]*domain.ModelCall{}
	}
	b.calls[c.ID] = c
	return c, nil
}

func (b *book) Settle(ctx context.Context, id domain.ModelCallID, res domain.CallResult) (*domain.ModelCall, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := b.calls[id]
	b.entries = append(b.entries, c.Name+" "+string(res.State))
	return c, nil
}

func model(name string, p llm.Provider) llm.Model {
	return llm.Model{Name: name, Provider: p, Model: "vendor-" + name, MaxTokens: 10, Timeout: time.Minute, Concurrency: 1}
}

func router(t *testing.T, standard string, models ...llm.Model) *llm.Router {
	t.Helper()
	r, err := llm.NewRouter(models, standard)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFallback: another model is asked when the first one could not answer for a
// reason of its own. What the first one cost, if anything, is settled before.
func TestFallback(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class  llm.Class
		answer string
		want   []string
	}{
		{"", "a", []string{"a settled"}},
		{llm.RateLimited, "b", []string{"a released", "b settled"}},
		{llm.Overloaded, "b", []string{"a released", "b settled"}},
		{llm.Quota, "b", []string{"a released", "b settled"}},
		{llm.BadCredential, "b", []string{"a released", "b settled"}},
		{llm.Unreachable, "b", []string{"a released", "b settled"}},
		{llm.BadRequest, "", []string{"a released"}},
		{llm.TooLong, "", []string{"a released"}},
		{llm.Forbidden, "b", []string{"a released", "b settled"}},
		{llm.NoModel, "b", []string{"a released", "b settled"}},
		{llm.Unsupported, "b", []string{"a released", "b settled"}},
		{llm.Timeout, "b", []string{"a lost", "b settled"}},
		{llm.Cut, "b", []string{"a lost", "b settled"}},
		{llm.ServerFault, "b", []string{"a lost", "b settled"}},
		{llm.Malformed, "b", []string{"a lost", "b settled"}},
		{llm.Oversize, "b", []string{"a lost", "b settled"}},
		{llm.Cancelled, "", []string{"a lost"}},
	} {
		first, second, ledger := &scripted{name: "a"}, &scripted{name: "b"}, &book{}
		if tt.class != "" {
			first.script = []error{failed(tt.class)}
		}
		a := model("a", first)
		a.Fallback = []string{"b", "a", "b"}
		m := llm.NewMetered(router(t, "a", a, model("b", second)), ledger, time.Now)
		res, err := m.Call(t.Context(), llm.Request{Prompt: "x"})
		if tt.answer == "" && llm.ClassOf(err) != tt.class || tt.answer != "" && (err != nil || res.Text != tt.answer) || !slices.Equal(ledger.entries, tt.want) {
			t.Errorf("%s: %+v, %v, %v", tt.class, res, err, ledger.entries)
		}
	}
}

// TestMeteredTakesWhatTheLedgerSays: the model that the ledger chose is the one that
// is asked, with the key of the reservation and the bounds that were reserved.
func TestMeteredTakesWhatTheLedgerSays(t *testing.T) {
	t.Parallel()
	first, second, ledger := &scripted{name: "a"}, &scripted{name: "b"}, &book{take: 1}
	a := model("a", first)
	a.DegradeTo = "b"
	m := llm.NewMetered(router(t, "a", a, model("b", second)), ledger, time.Now)
	ctx := domain.WithScope(t.Context(), domain.WorkScope{RunID: "run_1", StepID: "step_1", Step: "write up"})
	if _, err := m.Call(ctx, llm.Request{Prompt: "x", MaxTokens: 5}); err != nil {
		t.Fatal(err)
	}
	if len(first.asked) != 0 || len(second.asked) != 1 {
		t.Fatalf("asked %d and %d times", len(first.asked), len(second.asked))
	}
	r := second.asked[0]
	if _, ok := ledger.calls[domain.ModelCallID(r.IdempotencyKey)]; !ok || r.Model != "vendor-b" || r.MaxTokens != 5 || r.CallName != "run_1/write%20up/1" {
		t.Errorf("asked %+v", r)
	}
	refused := &domain.Error{Code: domain.CodeBudgetExhausted, Err: &domain.Exhausted{Budget: "bud_1"}}
	ledger.refuse = refused
	if _, err := m.Call(ctx, llm.Request{Prompt: "x"}); !errors.Is(err, refused) || len(second.asked) != 1 {
		t.Errorf("refused: %v, asked %d times", err, len(second.asked))
	}
}

// TestSettledAfterCancel: what was paid is stored though whoever asked has gone.
func TestSettledAfterCancel(t *testing.T) {
	t.Parallel()
	p, ledger := &scripted{name: "a", hold: make(chan struct{})}, &book{}
	m := llm.NewMetered(router(t, "a", model("a", p)), ledger, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := m.Call(ctx, llm.Request{Prompt: "x"})
		done <- err
	}()
	p.hold <- struct{}{} // it is in the call
	cancel()
	close(p.hold)
	if err := <-done; err != nil || !slices.Equal(ledger.entries, []string{"a settled"}) {
		t.Errorf("%v, %v", err, ledger.entries)
	}
}

// TestConcurrency: a model takes as many calls at a time as it says; who gives up
// waiting for a turn has paid nothing.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, ledger := &scripted{name: "a", hold: make(chan struct{})}, &book{}
		a := model("a", p)
		a.Timeout = time.Minute
		m := llm.NewMetered(router(t, "a", a), ledger, time.Now)
		done := make(chan error)
		go func() {
			_, err := m.Call(t.Context(), llm.Request{Prompt: "x"})
			done <- err
		}()
		synctest.Wait() // it is in the call
		_, err := m.Call(t.Context(), llm.Request{Prompt: "y"})
		if llm.ClassOf(err) != llm.Overloaded || len(p.asked) != 1 || !slices.Equal(ledger.entries, []string{"a released"}) {
			t.Errorf("%v, asked %d times, %v", err, len(p.asked), ledger.entries)
		}
		close(p.hold)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestRouterFaults(t *testing.T) {
	t.Parallel()
	p := &scripted{name: "p"}
	none, err := llm.NewRouter(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = llm.NewMetered(none, &book{}, time.Now).Complete(t.Context(), domain.ModelPrompt{Prompt: "x"})
	if domain.CodeOf(err) != domain.CodeUnavailable || !strings.Contains(domain.MessageOf(err), "EMPIRE_MODELS_MODEL") {
		t.Errorf("no model: %v", err)
	}
	noDefault := router(t, "", model("a", p))
	if _, err := noDefault.Get(""); domain.CodeOf(err) != domain.CodeUnavailable || !strings.Contains(domain.MessageOf(err), "models.default") {
		t.Errorf("no default: %v", err)
	}
	if _, err := noDefault.Get("b"); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("unknown model: %v", err)
	}
	loop := model("a", p)
	loop.DegradeTo = "a"
	if list := router(t, "a", loop).Cheaper(&loop); len(list) != 1 {
		t.Errorf("a model that degrades to itself: %d", len(list))
	}
	bad := model("a", p)
	bad.Fallback = []string{"z"}
	for name, models := range map[string][]llm.Model{"twice": {model("a", p), model("a", p)}, "unknown": {bad}} {
		if _, err := llm.NewRouter(models, "a"); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string]llm.Request{"nothing": {}, "role": {Messages: []llm.Message{{Role: "king", Text: "x"}}}, "tokens": {Prompt: "x", MaxTokens: -1}} {
		if _, err := llm.NewMetered(noDefault, &book{}, time.Now).Call(t.Context(), r); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type advice struct {
	Title string `json:"title"`
}

func (a *advice) Validate() error {
	if a.Title == "" {
		return domain.Invalid("title", "It needs a title.")
	}
	return nil
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		finish     llm.Finish
		want       string
	}{
		{"plain", `{"title":"a"}`, llm.FinishStop, "a"},
		{"in a fence", "```json\n{\"title\":\"a\"}\n```", llm.FinishStop, "a"},
		{"with words", `Sure: {"title":"a"}`, llm.FinishStop, ""},
		{"breaks a rule", `{"title":""}`, llm.FinishStop, ""},
		{"cut", `{"title":"a"}`, llm.FinishLength, ""},
		{"half a fence", "```json\n{}", llm.FinishStop, ""},
		{"nothing", "", llm.FinishStop, ""},
	} {
		got, err := llm.Decode[advice](&llm.Response{Text: tt.text, Finish: tt.finish})
		if tt.want != "" && (err != nil || got.Title != tt.want) || tt.want == "" && domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// FuzzInputBound: no text has more tokens than its bound, whatever a byte-level
// tokenizer makes of it: at most one for each byte.
func FuzzInputBound(f *testing.F) {
	f.Add("system", "Grüße 👋🏽")
	f.Fuzz(func(t *testing.T, system, prompt string) {
		r := llm.Request{System: system, Prompt: prompt, Messages: []llm.Message{{Role: llm.Assistant, Text: system}}}
		if n, most := llm.InputBound(&r), 2*len(system)+len(prompt)+8; n < most {
			t.Errorf("bound %d is less than %d", n, most)
		}
	})
}
