package app

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"empire/internal/config"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/anthropic"
	"empire/internal/intelligence/llm/cassette"
	"empire/internal/intelligence/llm/gemini"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/service"
)

// wireModels builds the models of the configuration. Those that lack a key are
// skipped; components and doctor say so.
func (a *App) wireModels(ledger llm.Ledger) error {
	router, err := openRouter(a.cfg, a.now)
	if err != nil {
		return err
	}
	a.models = llm.NewMetered(router, ledger, a.now)
	if keep := a.cfg.Models.Cache; keep > 0 {
		a.models.WithCache(a.cache, keep)
	}
	_, _, skipped := a.cfg.Models.Usable()
	for _, m := range skipped {
		a.log.Warn("model skipped", "model", m.Name, "provider", m.Provider, "err", m.Reason)
	}
	return nil
}

// Embedder returns what turns texts into vectors within the budgets, or
// CodeUnavailable if models.embedding names no model that can be called.
func (a *App) Embedder() (*llm.MeteredEmbedder, error) { return a.models.Embedder("") }

// openRouter returns the models of a configuration.
func openRouter(cfg *config.Config, now func() time.Time) (*llm.Router, error) {
	m := &cfg.Models
	list, standard, skipped := m.Usable()
	h, err := modelTransport(cfg)
	if err != nil {
		return nil, err
	}
	rc := &llm.RouterConfig{
		Default: standard, Limits: map[string]llm.Limits{}, Breaker: llm.Breaker{Failures: m.BreakerFailures, Pause: m.BreakerPause}, Now: now, Embedder: m.Embedding,
	}
	if slices.ContainsFunc(skipped, func(s config.SkippedModel) bool { return s.Name == m.Embedding }) {
		rc.Embedder = ""
	}
	for _, e := range list {
		p, err := openProvider(&e, h)
		if err != nil {
			return nil, err
		}
		model := llm.Model{
			Name: e.Name, Provider: p, Model: e.Model, MaxTokens: e.MaxTokens, Timeout: e.Timeout, Concurrency: e.Concurrency,
			DegradeTo: e.DegradeTo, Fallback: e.Fallback, Dimensions: e.Dimensions,
		}
		if e.API == string(openai.Responses) {
			model.MinTokens = openai.MinTokens
		}
		rc.Models = append(rc.Models, model)
		l := rc.Limits[e.Provider]
		l.RequestsPerMinute, l.TokensPerMinute = lower(l.RequestsPerMinute, e.RequestsPerMinute), lower(l.TokensPerMinute, e.TokensPerMinute)
		rc.Limits[e.Provider] = l
	}
	return llm.OpenRouter(rc)
}

// lower returns the lower limit; 0 is none.
func lower(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

func openProvider(e *config.Model, h *http.Client) (llm.Provider, error) {
	switch e.API {
	case "anthropic":
		return anthropic.New(anthropic.Config{Name: e.Provider, BaseURL: e.BaseURL, Key: string(e.APIKey), HTTP: h})
	case "gemini":
		return gemini.New(gemini.Config{Name: e.Provider, BaseURL: e.BaseURL, Key: string(e.APIKey), HTTP: h})
	default:
		return openai.New(openai.Config{Name: e.Provider, BaseURL: e.BaseURL, Key: string(e.APIKey), Organization: e.Organization, Shape: openai.Shape(e.API), HTTP: h})
	}
}

// modelTransport returns the client that records or replays, or nil.
func modelTransport(cfg *config.Config) (*http.Client, error) {
	m := &cfg.Models
	if m.Cassettes == "" {
		return nil, nil //nolint:nilnil // documented: the usual client
	}
	dir := m.Cassettes
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(cfg.Data, dir)
	}
	all, _ := m.All()
	var secrets []string
	for _, e := range all {
		secrets = append(secrets, string(e.APIKey), e.Organization)
	}
	rt, err := cassette.New(cassette.Config{Mode: cassette.Mode(m.CassetteMode), Dir: dir, Secrets: secrets})
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: rt}, nil
}

// modelProbes lists the providers of models, and what rests on all of them.
func (a *App) modelProbes() []service.Probe {
	list, _, skipped := a.cfg.Models.Usable()
	var providers []string
	for _, e := range list {
		providers = append(providers, e.Provider)
	}
	for _, e := range skipped {
		providers = append(providers, e.Provider)
	}
	slices.Sort(providers)
	providers = slices.Compact(providers)
	models := service.Probe{Name: "models", Layer: "intelligence", Unused: len(providers) == 0, Check: a.checkModels}
	var out []service.Probe
	for _, name := range providers {
		p := service.Probe{Name: "model_provider_" + name, Layer: "intelligence", Check: func(context.Context) error { return a.checkProvider(name) }}
		models.DependsOn = append(models.DependsOn, p.Name)
		out = append(out, p)
	}
	return append(out, models)
}

// checkModels: pages are written without a model too, so that models are never down
// for those who configured none.
func (a *App) checkModels(context.Context) error {
	if _, err := a.models.Router().Get(""); err != nil {
		return &service.DegradedError{Err: err}
	}
	return nil
}

// checkProvider reports what calls have shown, and models that are skipped. It asks
// nobody: that would cost money.
func (a *App) checkProvider(name string) error {
	_, _, skipped := a.cfg.Models.Usable()
	for _, m := range skipped {
		if m.Provider == name {
			return &service.DegradedError{Err: fmt.Errorf("model %s is skipped: %s", m.Name, m.Reason)}
		}
	}
	for _, h := range a.models.Router().Health() {
		if h.Provider != name || h.State == llm.EndpointOK {
			continue
		}
		err := fmt.Errorf("%s until %s after %d faults in a row, the last one %s", h.State, h.Until.UTC().Format(time.RFC3339), h.Failures, h.LastClass)
		if h.State == llm.EndpointOpen {
			return err
		}
		return &service.DegradedError{Err: err}
	}
	return nil
}
