// Package llmtest is the conformance suite of providers: what each must make of an
// endpoint's answers, whatever its wire looks like.
package llmtest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
)

// Case is what the double of a vendor does to a request.
type Case string

// The cases that every double can play.
const (
	Good          Case = "good"
	NoUsage       Case = "no usage"
	Refusal       Case = "refusal"
	Filtered      Case = "filtered"
	RateLimited   Case = "rate limited"
	Quota         Case = "no credit"
	Overloaded    Case = "overloaded"
	BadCredential Case = "bad credential"
	TooLong       Case = "too long"
	ServerFault   Case = "server fault"
	Cut           Case = "cut"
	Dropped       Case = "dropped"
	Malformed     Case = "malformed"
	Empty         Case = "empty"
)

// Double is an endpoint in the vendor's real wire shape.
type Double interface {
	// Provider returns a provider that speaks to the double.
	Provider() llm.Provider
	// Prompt returns a prompt that makes the double play a case.
	Prompt(c Case) string
	// Answer returns what it answers to a prompt when all is well.
	Answer(prompt string) string
	// Requests returns how many requests came.
	Requests() int
	// Last returns the headers of the last request that name the paid call: the
	// idempotency key, and the place in the work.
	Last() (key, call string)
}

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) Double) {
	t.Helper()
	t.Run("good", func(t *testing.T) { t.Parallel(); testGood(t, open(t)) })
	t.Run("finish", func(t *testing.T) { t.Parallel(); testFinish(t, open(t)) })
	t.Run("failures", func(t *testing.T) { t.Parallel(); testFailures(t, open(t)) })
	t.Run("cancelled", func(t *testing.T) { t.Parallel(); testCancelled(t, open(t)) })
}

func request(prompt string) llm.Request {
	return llm.Request{Model: "vendor-m", System: "Be brief.", Prompt: prompt, MaxTokens: 500, IdempotencyKey: "call_1", CallName: "run_1/write/1"}
}

func testGood(t *testing.T, d Double) {
	prompt := d.Prompt(Good)
	r := request(prompt)
	r.Messages = []llm.Message{{Role: llm.User, Text: "Before."}, {Role: llm.Assistant, Text: "Yes."}}
	res, err := d.Provider().Complete(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if want := d.Answer("Be brief.Before.Yes." + prompt); res.Text != want || res.Finish != llm.FinishStop {
		t.Errorf("got %q, %s, want %q", res.Text, res.Finish, want)
	}
	if u := res.Usage; u == nil || !u.Valid() || u.Input == 0 || u.Output == 0 || u.Input > llm.InputBound(&r) || u.Output > r.MaxTokens {
		t.Errorf("usage %+v", u)
	}
	if key, call := d.Last(); key != "call_1" || call != "run_1/write/1" || res.ProviderRequestID == "" {
		t.Errorf("key %q, call %q, request %q", key, call, res.ProviderRequestID)
	}
}

func testFinish(t *testing.T, d Double) {
	r := request(d.Prompt(Good) + strings.Repeat(" and more", 20))
	r.MaxTokens = 3
	if res, err := d.Provider().Complete(t.Context(), r); err != nil || res.Finish != llm.FinishLength || res.Usage.Output != 3 {
		t.Errorf("cut by length: %+v, %v", res, err)
	}
	for _, c := range []Case{Refusal, Filtered} {
		if res, err := d.Provider().Complete(t.Context(), request(d.Prompt(c))); err != nil || res.Finish != llm.FinishBlocked || res.Usage == nil {
			t.Errorf("%s: %+v, %v", c, res, err)
		}
	}
	if res, err := d.Provider().Complete(t.Context(), request(d.Prompt(NoUsage))); err != nil || res.Usage != nil || res.Text == "" {
		t.Errorf("without usage: %+v, %v", res, err)
	}
}

func testFailures(t *testing.T, d Double) {
	for _, tt := range []struct {
		play  Case
		class llm.Class
		state domain.CallState
	}{
		{RateLimited, llm.RateLimited, domain.CallReleased}, {Quota, llm.Quota, domain.CallReleased}, {Overloaded, llm.Overloaded, domain.CallReleased},
		{BadCredential, llm.BadCredential, domain.CallReleased}, {TooLong, llm.TooLong, domain.CallReleased}, {ServerFault, llm.ServerFault, domain.CallLost},
		{Cut, llm.Cut, domain.CallLost}, {Dropped, llm.Cut, domain.CallLost}, {Malformed, llm.Malformed, domain.CallLost}, {Empty, llm.Malformed, domain.CallLost},
	} {
		before := d.Requests()
		_, err := d.Provider().Complete(t.Context(), request(d.Prompt(tt.play)))
		if llm.ClassOf(err) != tt.class || llm.Outcome(err) != tt.state || !strings.HasSuffix(domain.MessageOf(err), ".") {
			t.Errorf("%s: %v, class %q and state %q, want %q and %q", tt.play, err, llm.ClassOf(err), llm.Outcome(err), tt.class, tt.state)
		}
		if n := d.Requests() - before; n != 1 {
			t.Errorf("%s: %d requests, want one: a provider never repeats a call", tt.play, n)
		}
	}
}

func testCancelled(t *testing.T, d Double) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Provider().Complete(ctx, request(d.Prompt(Good)))
	if c := llm.ClassOf(err); !slices.Contains([]llm.Class{llm.Unsent, llm.Cancelled}, c) {
		t.Errorf("cancelled before: %v", err)
	}
	if d.Requests() == 0 && llm.Outcome(err) != domain.CallReleased {
		t.Errorf("nothing was sent, but it counts as %s", llm.Outcome(err))
	}
}

// Counter counts requests and keeps the headers of the last one, for doubles.
type Counter struct {
	n    atomic.Int64
	last atomic.Pointer[[2]string]
}

// Note counts a request.
func (c *Counter) Note(key, call string) {
	c.n.Add(1)
	c.last.Store(&[2]string{key, call})
}

// Requests returns how many requests came.
func (c *Counter) Requests() int { return int(c.n.Load()) }

// Last returns the headers of the last request.
func (c *Counter) Last() (key, call string) {
	if l := c.last.Load(); l != nil {
		return l[0], l[1]
	}
	return "", ""
}
