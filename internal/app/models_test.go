package app_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/testkit/modelserver"
)

// TestModelProviders: models of three vendors in one configuration. What has no key is
// skipped and says so; what fails is replaced by another vendor and says so; which
// model answered is recorded.
func TestModelProviders(t *testing.T) {
	t.Parallel()
	vendor, err := modelserver.Start(modelserver.Config{Key: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	broken, err := modelserver.Start(modelserver.Config{Key: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broken.Close() })
	broken.Play(modelserver.FaultServer)
	tapes := filepath.Join(t.TempDir(), "tapes")
	a := startWith(t, map[string]string{
		"models.list": "[{name: gpt, model: m, api: openai_responses, base_url: " + broken.URL() + ", api_key: sk-test, fallback: [google, claude], default: true}," +
			"{name: claude, model: m, api: anthropic, base_url: " + vendor.URL() + ", api_key: sk-test}," +
			"{name: google, model: m, api: gemini}," +
			"{name: vectors, model: e, provider: own, base_url: " + vendor.URL() + ", api_key: sk-test, dimensions: 24}]",
		"models.embedding": "vectors", "models.breaker_failures": "2", "models.cassettes": tapes, "models.cassettes_mode": "record",
	})
	c := newCaller(t, a)
	for _, p := range []string{"openai/m", "anthropic/m", "own/e"} {
		provider, model, _ := strings.Cut(p, "/")
		c.want("PUT", "/api/v1/prices", map[string]any{"provider": provider, "model": model, "input_micros": 1_000_000, "output_micros": 1_000_000}, http.StatusOK, nil)
	}
	for range 2 {
		answer, err := a.Complete(t.Context(), domain.ModelPrompt{Prompt: "hello"})
		if err != nil || answer.Provider != "anthropic" || answer.Text != "ok hello" {
			t.Fatalf("got %+v, %v", answer, err)
		}
	}
	for name, want := range map[string][2]string{
		"model_provider_openai":    {"down", "open until"},
		"model_provider_anthropic": {"ok", ""},
		"model_provider_gemini":    {"degraded", "model google is skipped: no key: set models.gemini_key (EMPIRE_MODELS_GEMINI_KEY)"},
		"models":                   {"degraded", "model_provider_openai is down"},
	} {
		awaitComponent(t, c, name, want[0], want[1])
	}
	e, err := a.Embedder()
	if err != nil {
		t.Fatal(err)
	}
	if vectors, used, err := e.Embed(t.Context(), []string{"one", "two"}); err != nil || len(vectors) != 2 || len(vectors[0]) != 24 || used.Input == 0 {
		t.Errorf("vectors: %v, %+v, %v", vectors, used, err)
	}
	var calls []struct {
		Provider, State, Error string
		Cost                   int64 `json:"cost_micros"`
	}
	c.want("GET", "/api/v1/model-calls", nil, http.StatusOK, &calls)
	if len(calls) != 5 {
		t.Errorf("calls: %+v", calls)
	}
	if files, err := filepath.Glob(filepath.Join(tapes, "*.json")); err != nil || len(files) != 5 {
		t.Errorf("%d recordings, %v", len(files), err)
	}
}

// awaitComponent waits until a component is in a state for a reason: answers may be a
// second old.
func awaitComponent(t *testing.T, c *caller, name, state, reason string) {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		var got struct{ State, Error string }
		c.want("GET", "/api/v1/system/components/"+name, nil, http.StatusOK, &got)
		if got.State == state && strings.Contains(got.Error, reason) {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Errorf("%s: %+v, want %s, %q", name, got, state, reason)
			return
		}
	}
}
