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

func failedFor(c llm.Class, wait time.Duration) error {
	return llm.Fail(&llm.Error{Provider: "p", Class: c}, wait)
}

func routed(t *testing.T, cfg *llm.RouterConfig) (*llm.Metered, *llm.Router, *book) {
	t.Helper()
	r, err := llm.OpenRouter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ledger := &book{}
	return llm.NewMetered(r, ledger, time.Now), r, ledger
}

// TestBreaker: an endpoint that fails is left alone for a while, others answer
// meanwhile at no cost for it; one call tries it again.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := &scripted{name: "a"}, &scripted{name: "b"}
		a := model("a", first)
		a.Fallback = []string{"b"}
		m, r, ledger := routed(t, &llm.RouterConfig{Models: []llm.Model{a, model("b", second)}, Default: "a", Breaker: llm.Breaker{Failures: 2, Pause: time.Minute}})
		ask := func() string {
			t.Helper()
			res, err := m.Call(t.Context(), llm.Request{Prompt: "x"})
			if err != nil {
				t.Fatal(err)
			}
			return res.Text
		}
		state := func() string { return r.Health()[0].State }
		first.script = []error{failed(llm.Overloaded), failed(llm.RateLimited), failed(llm.ServerFault)}
		for range 3 { // a limit is no fault of the endpoint, but does not mend one either
			ask()
		}
		if len(first.asked) != 3 || state() != llm.EndpointOpen {
			t.Fatalf("asked %d times, %s", len(first.asked), state())
		}
		before := len(ledger.entries)
		if ask() != "b" || len(first.asked) != 3 || len(ledger.entries) != before+1 {
			t.Errorf("an open breaker: asked %d times, %v", len(first.asked), ledger.entries)
		}
		time.Sleep(time.Minute)
		first.script = []error{failed(llm.Timeout)}
		if ask() != "b" || len(first.asked) != 4 || state() != llm.EndpointOpen {
			t.Errorf("it fails again: asked %d times, %s", len(first.asked), state())
		}
		if ask(); len(first.asked) != 4 {
			t.Error("it was not left alone after the second time")
		}
		time.Sleep(time.Minute)
		if ask() != "a" || state() != llm.EndpointOK {
			t.Errorf("it works again: %s", state())
		}
		h := r.Health()[0]
		if h.Calls != 5 || h.Faults != 4 || h.LastClass != llm.Timeout || h.Failures != 0 {
			t.Errorf("health %+v", h)
		}
	})
}

// TestPause: an endpoint that asks to wait is not asked before; a bad key opens the
// breaker at once; a lone model says so before anything is reserved.
func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &scripted{name: "a", script: []error{failedFor(llm.RateLimited, 34*time.Second), nil, failed(llm.BadCredential)}}
		m, r, ledger := routed(t, &llm.RouterConfig{Models: []llm.Model{model("a", p)}, Default: "a", Breaker: llm.Breaker{Failures: 5, Pause: time.Minute}})
		ask := func() llm.Class {
			_, err := m.Call(t.Context(), llm.Request{Prompt: "x"})
			return llm.ClassOf(err)
		}
		if ask() != llm.RateLimited || ask() != llm.Overloaded || r.Health()[0].State != llm.EndpointPaused || len(ledger.entries) != 1 {
			t.Errorf("paused: %+v, %v", r.Health(), ledger.entries)
		}
		time.Sleep(34 * time.Second)
		if r.Health()[0].State != llm.EndpointOK || ask() != "" {
			t.Errorf("after the pause: %+v", r.Health())
		}
		if ask() != llm.BadCredential || r.Health()[0].State != llm.EndpointOpen || ask() != llm.Overloaded || len(p.asked) != 3 {
			t.Errorf("bad key: %+v, asked %d times", r.Health(), len(p.asked))
		}
	})
}

// TestLimits: requests and tokens of a minute are kept to by waiting, or by another
// provider if that would take longer than an answer may.
func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, other := &scripted{name: "a"}, &scripted{name: "b"}
		a := model("a", p)
		a.Fallback = []string{"b"}
		m, _, ledger := routed(t, &llm.RouterConfig{Models: []llm.Model{a, model("b", other)}, Default: "a", Limits: map[string]llm.Limits{"a": {RequestsPerMinute: 6}}})
		begun := time.Now()
		for range 8 { // six at once, then one every ten seconds
			if _, err := m.Call(t.Context(), llm.Request{Prompt: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 20*time.Second || len(p.asked) != 8 {
			t.Errorf("eight requests took %s, %d of them there", took, len(p.asked))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		res, err := m.Call(ctx, llm.Request{Prompt: "x"})
		if err != nil || res.Text != "b" || !slices.Equal(ledger.entries[len(ledger.entries)-2:], []string{"a released", "b settled"}) {
			t.Errorf("no time to wait: %+v, %v, %v", res, err, ledger.entries)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := &scripted{name: "a"}
		m, _, _ := routed(t, &llm.RouterConfig{Models: []llm.Model{model("a", p)}, Default: "a", Limits: map[string]llm.Limits{"a": {TokensPerMinute: 6000}}})
		begun := time.Now()
		for range 2 { // 2,000 tokens of input and 3,000 of answer, more or less
			if _, err := m.Call(t.Context(), llm.Request{Prompt: strings.Repeat("word ", 1200), MaxTokens: 3000}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took < 30*time.Second || took > time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// memory is a result cache.
type memory map[string][]byte

func (m memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	raw, ok := m[key]
	return raw, ok, nil
}

func (m memory) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	m[key] = value
	return nil
}

// TestCache: an equal request of the same tenant is answered at no cost; any other
// part, another tenant and a blocked answer are not.
func TestCache(t *testing.T) {
	t.Parallel()
	p := &scripted{name: "a"}
	m, _, ledger := routed(t, &llm.RouterConfig{Models: []llm.Model{model("a", p)}, Default: "a"})
	m.WithCache(memory{}, time.Hour)
	as := func(tenant domain.TenantID) context.Context {
		return domain.WithPrincipal(t.Context(), &domain.Principal{Tenant: tenant})
	}
	var pieces []string
	r := llm.Request{Prompt: "x"}
	for range 3 {
		res, err := m.Call(as("one"), r)
		if err != nil || res.Text != "a" || res.Receipt.Cached != (r.Stream != nil || len(ledger.entries) > 1) && len(p.asked) != 1 {
			t.Fatalf("%+v, %v", res, err)
		}
		r.Stream = func(s string) error {
			pieces = append(pieces, s)
			return nil
		}
	}
	if len(p.asked) != 1 || len(ledger.entries) != 1 || strings.Join(pieces, ",") != "a,a" {
		t.Errorf("asked %d times, %v, pieces %q", len(p.asked), ledger.entries, pieces)
	}
	if _, err := m.Call(as("two"), r); err != nil || len(p.asked) != 2 {
		t.Errorf("another tenant: %v, asked %d times", err, len(p.asked))
	}
	r.MaxTokens = 7
	if _, err := m.Call(as("one"), r); err != nil || len(p.asked) != 3 {
		t.Errorf("another request: %v, asked %d times", err, len(p.asked))
	}
}

// TestDeliveredOnce: once a part was handed on, no other model speaks; before that,
// another one does.
func TestDeliveredOnce(t *testing.T) {
	t.Parallel()
	for _, spoke := range []bool{false, true} {
		first, second, ledger := &talker{scripted{name: "a", script: []error{failed(llm.Cut)}}, spoke}, &scripted{name: "b"}, &book{}
		a := model("a", first)
		a.Fallback = []string{"b"}
		m := llm.NewMetered(router(t, "a", a, model("b", second)), ledger, time.Now)
		heard := ""
		_, err := m.Call(t.Context(), llm.Request{Prompt: "x", Stream: func(s string) error {
			heard += s
			return nil
		}})
		if spoke && (llm.ClassOf(err) != llm.Cut || heard != "half" || !slices.Equal(ledger.entries, []string{"a lost"})) {
			t.Errorf("after a part: %v, %q, %v", err, heard, ledger.entries)
		}
		if !spoke && (err != nil || !slices.Equal(ledger.entries, []string{"a lost", "b settled"})) {
			t.Errorf("before: %v, %v", err, ledger.entries)
		}
	}
}

// talker hands on half of an answer before it does what its script says.
type talker struct {
	scripted
	speaks bool
}

func (p *talker) Complete(ctx context.Context, r llm.Request) (*llm.Response, error) {
	if p.speaks {
		if err := r.Stream("half"); err != nil {
			return nil, err
		}
	}
	return p.scripted.Complete(ctx, r)
}

// TestEmbedderRefuses: what has no embeddings says so, with a class.
func TestEmbedderRefuses(t *testing.T) {
	t.Parallel()
	m, _, _ := routed(t, &llm.RouterConfig{Models: []llm.Model{model("a", &scripted{name: "a"})}, Default: "a"})
	if _, err := m.Embedder(""); domain.CodeOf(err) != domain.CodeUnavailable || !strings.Contains(domain.MessageOf(err), "models.embedding") {
		t.Errorf("none is named: %v", err)
	}
	if _, err := m.Embedder("a"); llm.ClassOf(err) != llm.Unsupported || llm.Outcome(err) != domain.CallReleased {
		t.Errorf("a provider without: %v", err)
	}
	if _, err := llm.OpenRouter(&llm.RouterConfig{Embedder: "z"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an unknown one: %v", err)
	}
	if llm.ClassOf(errors.New("x")) != "" {
		t.Error("an error without a class has one")
	}
}
