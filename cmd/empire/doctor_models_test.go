package main

import (
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/testkit/modelserver"
)

// TestDoctorModels asks each provider with a real call, and says what is skipped.
func TestDoctorModels(t *testing.T) {
	t.Parallel()
	vendor, err := modelserver.Start(modelserver.Config{Key: "sk-good"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	list := "[{name: gpt, model: m, api: openai_responses, base_url: " + vendor.URL() + ", api_key: sk-good}," +
		"{name: claude, model: m, api: anthropic, base_url: " + vendor.URL() + ", api_key: sk-good}," +
		"{name: google, model: m, api: gemini, base_url: " + vendor.GeminiURL() + ", api_key: sk-hidden}," +
		"{name: vectors, model: m, base_url: " + vendor.URL() + ", api_key: sk-good}," +
		"{name: keyless, model: m, api: anthropic}]"
	environ := []string{"EMPIRE_LISTEN_API=127.0.0.1:0", "EMPIRE_LISTEN_EDGE=127.0.0.1:0", "EMPIRE_MODELS_LIST=" + list, "EMPIRE_MODELS_EMBEDDING=vectors"}
	dir := filepath.Join(t.TempDir(), "data")
	run := func(args ...string) (map[string]diagnosis, int) {
		o := commandEnv(t, environ, append([]string{"doctor", "--json", "--data", dir}, args...)...)
		var v struct {
			Checks []diagnosis `json:"checks"`
		}
		o.decode(t, &v)
		if strings.Contains(o.out, "hidden") {
			t.Errorf("it shows a key:\n%s", o.out)
		}
		out := map[string]diagnosis{}
		for _, d := range v.Checks {
			out[d.Check] = d
		}
		return out, o.code
	}
	got, code := run()
	for name, want := range map[string][2]string{
		"model gpt": {healthy, "openai answered"}, "model claude": {healthy, "output tokens"}, "model google": {failing, "credential"},
		"model vectors": {healthy, "openai answered"}, "model keyless": {warned, "EMPIRE_MODELS_ANTHROPIC_KEY"},
	} {
		if d := got[name]; d.State != want[0] || !strings.Contains(d.Found, want[1]) || (d.Advice == "") != (d.State == healthy) {
			t.Errorf("%s: %+v, want %q", name, d, want)
		}
	}
	if calls := vendor.Requests(); code != exitFailed || calls != 4 {
		t.Errorf("code %d after %d calls", code, calls)
	}
	if got, _ := run("--offline"); vendor.Requests() != 4 || got["model gpt"].State != healthy || got["model keyless"].State != warned {
		t.Errorf("offline: %d calls, %+v", vendor.Requests(), got)
	}
	none := commandEnv(t, environ[:2], "doctor", "--data", dir)
	if !strings.Contains(none.out, "none is configured") {
		t.Errorf("without models:\n%s", none.out)
	}
}
