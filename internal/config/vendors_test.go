package config_test

import (
	"slices"
	"strings"
	"testing"

	"empire/internal/config"
)

// TestVendors: each vendor's key goes to its own address only, and a model without a
// key is skipped with the reason, wherever others name it.
func TestVendors(t *testing.T) {
	t.Parallel()
	const list = `
- {name: gpt, model: gpt-6-luna, api: openai_responses, fallback: [claude, google, local], default: true}
- {name: claude, model: claude-haiku-5-5, api: anthropic, degrade_to: google}
- {name: google, model: gemini-3.5-flash-lite, base_url: "https://generativelanguage.googleapis.com/v1beta"}
- {name: proxy, model: claude-haiku-5-5, api: anthropic, base_url: "http://127.0.0.1:9/v1"}
- {name: local, provider: ollama, model: qwen, base_url: "http://127.0.0.1:11434/v1"}
- {name: vectors, model: text-embedding-3-small, dimensions: 512, requests_per_minute: 7}
`
	load := func(environ ...string) (usable []config.Model, standard string, skipped []config.SkippedModel) {
		t.Helper()
		cfg, settings, err := config.Load(config.Input{Environ: append(environ, "EMPIRE_MODELS_LIST="+list, "EMPIRE_MODELS_EMBEDDING=vectors", "EMPIRE_MODELS_TOKENS_PER_MINUTE=90000")})
		if err != nil {
			t.Fatal(err)
		}
		wantMasked(t, settings)
		return cfg.Models.Usable()
	}
	find := func(list []config.Model, name string) config.Model {
		for _, e := range list {
			if e.Name == name {
				return e
			}
		}
		t.Fatalf("no model %s in %+v", name, list)
		return config.Model{}
	}

	usable, standard, skipped := load("EMPIRE_MODELS_OPENAI_KEY=sk-hunter2-o", "EMPIRE_MODELS_ANTHROPIC_KEY=sk-hunter2-a", "EMPIRE_MODELS_GEMINI_KEY=sk-hunter2-g")
	if len(usable) != 6 || standard != "gpt" || len(skipped) != 0 {
		t.Fatalf("with all keys: %+v, %s, %+v", usable, standard, skipped)
	}
	for name, want := range map[string][3]string{
		"gpt": {"openai", "openai_responses", "sk-hunter2-o"}, "claude": {"anthropic", "anthropic", "sk-hunter2-a"}, "google": {"gemini", "gemini", "sk-hunter2-g"},
		"proxy": {"anthropic", "anthropic", ""}, "local": {"ollama", "", ""}, "vectors": {"openai", "", "sk-hunter2-o"},
	} {
		e := find(usable, name)
		if got := [3]string{e.Provider, e.API, string(e.APIKey)}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if e := find(usable, "vectors"); e.RequestsPerMinute != 7 || e.TokensPerMinute != 90000 || e.Dimensions != 512 {
		t.Errorf("limits %+v", e)
	}

	usable, standard, skipped = load("EMPIRE_MODELS_ANTHROPIC_KEY=sk-hunter2-a")
	var names []string
	for _, s := range skipped {
		names = append(names, s.Name)
		if !strings.Contains(s.Reason, "no key: set models.") {
			t.Errorf("%s: %s", s.Name, s.Reason)
		}
	}
	if !slices.Equal(names, []string{"gpt", "google", "vectors"}) || standard != "claude" || find(usable, "claude").DegradeTo != "" {
		t.Errorf("with one key: skipped %v, default %s, %+v", names, standard, usable)
	}
	_, standard, _ = load()
	if standard != "local" {
		t.Errorf("without keys the default is %q", standard)
	}
}

// TestOneVendor: the short form takes another vendor, too.
func TestOneVendor(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load(config.Input{Environ: []string{"EMPIRE_MODELS_API=anthropic", "EMPIRE_MODELS_MODEL=claude-haiku-5-5", "EMPIRE_MODELS_ANTHROPIC_KEY=sk-hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	list, standard, skipped := cfg.Models.Usable()
	if len(list) != 1 || standard != "default" || len(skipped) != 0 || list[0].Provider != "anthropic" || list[0].APIKey != "sk-hunter2" {
		t.Errorf("got %+v, %s, %+v", list, standard, skipped)
	}
}

func TestRoutingFaults(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load(config.Input{Environ: []string{
		"EMPIRE_MODELS_EMBEDDING=x", "EMPIRE_MODELS_REQUESTS_PER_MINUTE=-1", "EMPIRE_MODELS_BREAKER_FAILURES=-1", "EMPIRE_MODELS_BREAKER_PAUSE=0s", "EMPIRE_MODELS_CACHE=-1s",
		"EMPIRE_MODELS_CASSETTES_MODE=sing", "EMPIRE_MODELS_TOKENS_PER_MINUTE=-1", "EMPIRE_MODELS_LIST=[{name: a, model: b, dimensions: -1}]",
	}})
	for _, want := range []string{
		"models.embedding", "models.requests_per_minute", "models.breaker_failures", "models.breaker_pause", "models.cache", "models.cassettes_mode", "models.tokens_per_minute", "dimensions",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
