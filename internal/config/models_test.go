package config_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/config"
)

// TestOneModel: one model needs no file.
func TestOneModel(t *testing.T) {
	t.Parallel()
	cfg, settings, err := config.Load(config.Input{Environ: []string{"EMPIRE_MODELS_MODEL=gpt-6-luna", "EMPIRE_MODELS_API_KEY=sk-hunter2", "EMPIRE_MODELS_TIMEOUT=30s"}})
	if err != nil {
		t.Fatal(err)
	}
	list, standard := cfg.Models.All()
	want := config.Model{Name: "default", Provider: "openai", Model: "gpt-6-luna", APIKey: "sk-hunter2", MaxTokens: 4096, Timeout: 30 * time.Second, Concurrency: 8}
	if len(list) != 1 || standard != "default" || !equal(list[0], want) {
		t.Errorf("got %+v, default %q", list, standard)
	}
	wantMasked(t, settings)
}

func equal(a, b config.Model) bool {
	return a.Name == b.Name && a.Provider == b.Provider && a.Model == b.Model && a.APIKey == b.APIKey && a.BaseURL == b.BaseURL &&
		a.MaxTokens == b.MaxTokens && a.Timeout == b.Timeout && a.Concurrency == b.Concurrency && a.API == b.API
}

func wantMasked(t *testing.T, settings []config.Setting) {
	t.Helper()
	for _, s := range settings {
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows its secret: %s", s.Key, s.Value)
		}
	}
}

// TestModelList: entries take what they leave out from models, but an address of its
// own does not get the credential of another.
func TestModelList(t *testing.T) {
	t.Parallel()
	const list = `
- {name: big, model: gpt-6-sol, degrade_to: small, fallback: [local], default: true}
- {name: small, model: gpt-6-luna, max_tokens: 1000, timeout: 10s}
- {name: local, provider: ollama, base_url: "http://127.0.0.1:11434/v1", model: qwen, concurrency: 1}
- {name: other, provider: vendor, base_url: "https://vendor.example/v1", api_key: vendor-hunter2, model: x}
`
	file := filepath.Join(t.TempDir(), "c.yaml")
	write(t, file, "models:\n  api_key: sk-hunter2\n  list:"+strings.ReplaceAll(list, "\n", "\n    ")+"\n")
	for name, in := range map[string]config.Input{
		"file": {File: file},
		"env":  {Environ: []string{"EMPIRE_MODELS_API_KEY=sk-hunter2", "EMPIRE_MODELS_LIST=" + list}},
	} {
		cfg, settings, err := config.Load(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, standard := cfg.Models.All()
		want := []config.Model{
			{Name: "big", Provider: "openai", Model: "gpt-6-sol", APIKey: "sk-hunter2", MaxTokens: 4096, Timeout: 2 * time.Minute, Concurrency: 8},
			{Name: "small", Provider: "openai", Model: "gpt-6-luna", APIKey: "sk-hunter2", MaxTokens: 1000, Timeout: 10 * time.Second, Concurrency: 8},
			{Name: "local", Provider: "ollama", BaseURL: "http://127.0.0.1:11434/v1", Model: "qwen", MaxTokens: 4096, Timeout: 2 * time.Minute, Concurrency: 1},
			{Name: "other", Provider: "vendor", BaseURL: "https://vendor.example/v1", APIKey: "vendor-hunter2", Model: "x", MaxTokens: 4096, Timeout: 2 * time.Minute, Concurrency: 8},
		}
		if len(got) != 4 || standard != "big" || got[0].DegradeTo != "small" || len(got[0].Fallback) != 1 {
			t.Fatalf("%s: got %+v, default %q", name, got, standard)
		}
		for i := range want {
			if !equal(got[i], want[i]) {
				t.Errorf("%s: model %d is %+v, want %+v", name, i, got[i], want[i])
			}
		}
		wantMasked(t, settings)
		shown := ""
		for _, s := range settings {
			if s.Key == "models.list" {
				shown = s.Value
			}
		}
		if !strings.Contains(shown, "name: big") || !strings.Contains(shown, "api_key: ***") {
			t.Errorf("%s: shown as %q", name, shown)
		}
	}
}

func TestModelFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		list string
		want string
	}{
		"no list":           {"{name: a}", "not a list"},
		"no map":            {"[a]", "number 1 is not a map"},
		"unknown part":      {"[{name: a, model: b, api_keys: hunter2}]", `"api_keys"`},
		"no name":           {"[{model: b}]", "number 1: it needs a name"},
		"no model":          {"[{name: a}]", "model a: it needs model"},
		"same name":         {"[{name: a, model: b}, {name: a, model: c}]", "another one has this name"},
		"unknown other":     {"[{name: a, model: b, degrade_to: z}]", `"z"`},
		"unknown fallback":  {"[{name: a, model: b, fallback: [y]}]", `"y"`},
		"two defaults":      {"[{name: a, model: b, default: true}, {name: c, model: d, default: true}]", "2 of them"},
		"bad address":       {"[{name: a, model: b, base_url: hunter2}]", "base_url is not a URL"},
		"unknown interface": {"[{name: a, model: b, api: soap}]", `"soap"`},
		"too long":          {"[{name: a, model: b, timeout: 2h}]", "2h"},
	} {
		_, _, err := config.Load(config.Input{Environ: []string{"EMPIRE_MODELS_LIST=" + tt.list}})
		fault, ok := errors.AsType[*config.FaultError](err)
		if !ok || !strings.Contains(fault.Error(), tt.want) || !strings.Contains(fault.Error(), "models.list") || strings.Contains(fault.Error(), "hunter2") {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	_, _, err := config.Load(config.Input{Environ: []string{"EMPIRE_MODELS_CURRENCY=euro", "EMPIRE_MODELS_DEFAULT=x", "EMPIRE_MODELS_CONCURRENCY=0"}})
	for _, want := range []string{"models.currency", "models.default", "models.concurrency"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
