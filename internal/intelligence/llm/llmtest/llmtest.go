// Package llmtest is the conformance suite of providers: what each must make of an
// endpoint's answers, whatever its wire looks like. The endpoint is modelserver, which
// answers in the real shapes of the vendors and reads requests as strictly as they do.
package llmtest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/testkit/modelserver"
)

// Key is the credential that the endpoint wants.
const Key = "sk-conformance"

// Vendor is a provider under test.
type Vendor struct {
	// New returns a provider with this credential.
	New func(s *modelserver.Server, key string, timeout time.Duration) (llm.Provider, error)
	// Check looks at each request beside what the endpoint does; nil: nothing more.
	Check func(r *http.Request, body []byte) error
	// Only are the tests to run; empty: all.
	Only []string
	// NoEmbeddings says that the vendor has none.
	NoEmbeddings bool
}

// rig is a provider with its endpoint.
type rig struct {
	llm.Provider
	server *modelserver.Server
	last   atomic.Pointer[[2]string] // headers of the last request
}

func (v *Vendor) rig(t *testing.T, cfg modelserver.Config) *rig {
	t.Helper()
	r := &rig{}
	cfg.Key = Key
	cfg.Check = func(req *http.Request, body []byte) error {
		r.last.Store(&[2]string{req.Header.Get("Idempotency-Key"), req.Header.Get("X-Empire-Call")})
		if v.Check == nil {
			return nil
		}
		return v.Check(req, body)
	}
	server, err := modelserver.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	r.server = server
	if r.Provider, err = v.New(server, Key, time.Minute); err != nil {
		t.Fatal(err)
	}
	return r
}

// used is what the endpoint billed last.
func (r *rig) used() domain.Usage {
	bills := r.server.Bills()
	if len(bills) == 0 {
		return domain.Usage{}
	}
	b := bills[len(bills)-1]
	return domain.Usage{Input: b.Input, CachedInput: b.Cached, CacheWrite: b.Write, Output: b.Output, Reasoning: b.Reasoning}
}

// Run runs the suite.
func Run(t *testing.T, v Vendor) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *Vendor){
		"text": testText, "finish": testFinish, "failures": testFailures, "waits": testWaits, "cancelled": testCancelled, "timeout": testTimeout, "secrets": testSecrets,
		"schema": testSchema, "tools": testTools, "streaming": testStreaming, "cut_streams": testCutStreams, "embeddings": testEmbeddings, "adversary": testAdversary,
		"wrong_requests_are_noticed": testNoticed,
	} {
		if len(v.Only) > 0 && !slices.Contains(v.Only, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &v)
		})
	}
}

func request(prompt string) llm.Request {
	return llm.Request{Model: "vendor-m", System: "Be brief.", Prompt: prompt, MaxTokens: 500, IdempotencyKey: "call_1", CallName: "run_1/write/1"}
}

// streamed is a request whose answer comes in pieces, which are collected.
func streamed(prompt string, into *[]string) llm.Request {
	r := request(prompt)
	r.Stream = func(s string) error {
		*into = append(*into, s)
		return nil
	}
	return r
}

func testText(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{Details: true})
	r := request("Grüße 👋🏽, hello")
	r.Messages = []llm.Message{{Role: llm.User, Text: "Before."}, {Role: llm.Assistant, Text: "Yes."}}
	res, err := d.Complete(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if want := "ok Be brief.Before.Yes." + r.Prompt; res.Text != want || res.Finish != llm.FinishStop || len(res.Calls) != 0 {
		t.Errorf("got %q, %s, want %q", res.Text, res.Finish, want)
	}
	// Whatever the vendor counts inside and outside: all input with what was cached,
	// all output with what was thought.
	if u := res.Usage; u == nil || *u != d.used() || !u.Valid() || u.CachedInput == 0 || u.Input > llm.InputBound(&r) || u.Output > r.MaxTokens {
		t.Errorf("usage %+v, billed %+v", u, d.used())
	}
	if last := d.last.Load(); last[0] != "call_1" || last[1] != "run_1/write/1" || res.ProviderRequestID == "" {
		t.Errorf("headers %q, request %q", last, res.ProviderRequestID)
	}
	warm := 0.5
	r.Temperature = &warm
	if _, err := d.Complete(t.Context(), r); err != nil {
		t.Errorf("with a temperature: %v", err)
	}
}

func testFinish(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	r := request("hello" + strings.Repeat(" and more", 20))
	r.MaxTokens = 16
	if res, err := d.Complete(t.Context(), r); err != nil || res.Finish != llm.FinishLength || res.Usage.Output != 16 {
		t.Errorf("cut by length: %+v, %v", res, err)
	}
	for _, f := range []modelserver.Fault{modelserver.FaultRefusal, modelserver.FaultFilter, modelserver.FaultPrompt} {
		if res, err := d.Complete(t.Context(), request(modelserver.Marker(f))); err != nil || res.Finish != llm.FinishBlocked || res.Usage == nil {
			t.Errorf("%s: %+v, %v", f, res, err)
		}
	}
	if res, err := d.Complete(t.Context(), request(modelserver.Marker(modelserver.FaultNoUsage))); err != nil || res.Usage != nil || res.Text == "" {
		t.Errorf("without usage: %+v, %v", res, err)
	}
	if res, err := d.Complete(t.Context(), request(modelserver.Marker(modelserver.FaultTokens))); err != nil || res.Usage != nil && res.Usage.Valid() {
		t.Errorf("usage that cannot be true: %+v, %v", res, err)
	}
}

// outcomes are the classes of all faults that are no answers, and what the ledger
// makes of them.
var outcomes = []struct {
	play  modelserver.Fault
	class llm.Class
	state domain.CallState
}{
	{modelserver.FaultRate, llm.RateLimited, domain.CallReleased},
	{modelserver.FaultReset, llm.RateLimited, domain.CallReleased},
	{modelserver.FaultQuota, llm.Quota, domain.CallReleased},
	{modelserver.FaultOverloaded, llm.Overloaded, domain.CallReleased},
	{modelserver.FaultBusy, llm.Overloaded, domain.CallReleased},
	{modelserver.FaultCredential, llm.BadCredential, domain.CallReleased},
	{modelserver.FaultForbidden, llm.Forbidden, domain.CallReleased},
	{modelserver.FaultNoModel, llm.NoModel, domain.CallReleased},
	{modelserver.FaultTooLong, llm.TooLong, domain.CallReleased},
	{modelserver.FaultServer, llm.ServerFault, domain.CallLost},
	{modelserver.FaultGateway, llm.ServerFault, domain.CallLost},
	{modelserver.FaultDropped, llm.Cut, domain.CallLost},
	{modelserver.FaultCut, llm.Cut, domain.CallLost},
	{modelserver.FaultMalformed, llm.Malformed, domain.CallLost},
}

func testFailures(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	play := func(f modelserver.Fault, class llm.Class, state domain.CallState, r llm.Request) {
		t.Helper()
		before := d.server.Requests()
		_, err := d.Complete(t.Context(), r)
		if llm.ClassOf(err) != class || llm.Outcome(err) != state || !strings.HasSuffix(domain.MessageOf(err), ".") {
			t.Errorf("%s: %v, class %q and state %q, want %q and %q", f, err, llm.ClassOf(err), llm.Outcome(err), class, state)
		}
		if n := d.server.Requests() - before; n != 1 {
			t.Errorf("%s: %d requests, want one: a provider never repeats a call", f, n)
		}
	}
	for _, o := range outcomes {
		play(o.play, o.class, o.state, request(modelserver.Marker(o.play)))
		var got []string
		play(o.play, o.class, o.state, streamed(modelserver.Marker(o.play), &got))
	}
	play(modelserver.FaultNoChoices, llm.Malformed, domain.CallLost, request(modelserver.Marker(modelserver.FaultNoChoices)))
}

// testWaits: how long a vendor asks to wait, in whatever way it says so.
func testWaits(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	for f, most := range map[modelserver.Fault]time.Duration{modelserver.FaultRate: 34 * time.Second, modelserver.FaultReset: 34 * time.Second} {
		_, err := d.Complete(t.Context(), request(modelserver.Marker(f)))
		if wait := retryAfter(err); wait < time.Second || wait > most {
			t.Errorf("%s: wait for %s: %v", f, wait, err)
		}
	}
	_, err := d.Complete(t.Context(), request(modelserver.Marker(modelserver.FaultQuota)))
	if wait := retryAfter(err); wait != 0 {
		t.Errorf("no credit: waiting %s does not help", wait)
	}
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

func testCancelled(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Complete(ctx, request("hello"))
	if c := llm.ClassOf(err); !slices.Contains([]llm.Class{llm.Unsent, llm.Cancelled}, c) {
		t.Errorf("cancelled before: %v", err)
	}
	if d.server.Requests() == 0 && llm.Outcome(err) != domain.CallReleased {
		t.Errorf("nothing was sent, but it counts as %s", llm.Outcome(err))
	}
	if err := d.server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Complete(t.Context(), request("hello")); llm.ClassOf(err) != llm.Unreachable || llm.Outcome(err) != domain.CallReleased {
		t.Errorf("nobody listens: %v", err)
	}
}

func testTimeout(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	if _, err := d.Complete(t.Context(), request("hello")); err != nil { // so that there is a connection
		t.Fatal(err)
	}
	p, err := v.New(d.server, Key, 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Complete(t.Context(), request(modelserver.Marker(modelserver.FaultHang))); llm.ClassOf(err) != llm.Timeout || llm.Outcome(err) != domain.CallLost {
		t.Errorf("it hangs: %v", err)
	}
}

// testSecrets: a credential is in no error, even if the endpoint repeats it.
func testSecrets(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	p, err := v.New(d.server, "sk-hunter2", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Complete(t.Context(), request("hello"))
	if llm.ClassOf(err) != llm.BadCredential || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("wrong key: %v", err)
	}
}

// testNoticed: the endpoint refuses a request that is wrong, so that the suite does
// check their shape.
func testNoticed(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	r := request("hello")
	r.Tools = []llm.Tool{{Name: "find", Parameters: []byte(`{"type":"object"}`)}}
	r.Messages = []llm.Message{{Role: llm.User, Text: "x"}, {Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "c1", Name: "find", Arguments: []byte(`{}`)}}}}
	if _, err := d.Complete(t.Context(), r); llm.ClassOf(err) != llm.BadRequest || llm.Outcome(err) != domain.CallReleased {
		t.Errorf("a call without its result: %v", err)
	}
}
