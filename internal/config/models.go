package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Models are the language models. One model needs only models.model and
// models.api_key; more of them are in models.list, whose entries take from models
// what they leave out.
type Models struct {
	Default      string        `koanf:"default"`  // name of the model that is asked when none is named
	Currency     string        `koanf:"currency"` // of budgets and prices
	Model        string        `koanf:"model"`    // the vendor's name of one model, which gets the name default
	Provider     string        `koanf:"provider"` // name of the vendor in prices and reports
	API          string        `koanf:"api"`      // see modelAPIs; empty: by the address
	BaseURL      string        `koanf:"base_url"`
	APIKey       Secret        `koanf:"api_key"`
	Organization string        `koanf:"organization"`
	MaxTokens    int           `koanf:"max_tokens"`
	Timeout      time.Duration `koanf:"timeout"`
	Concurrency  int           `koanf:"concurrency"`
	List         []Model       `koanf:"list"`

	// Keys of vendors, for models at the vendor's own address that have no key.
	OpenAIKey    Secret `koanf:"openai_key"`
	AnthropicKey Secret `koanf:"anthropic_key"`
	GeminiKey    Secret `koanf:"gemini_key"`

	Embedding         string        `koanf:"embedding"`           // name of the model for embeddings; empty: none
	RequestsPerMinute int           `koanf:"requests_per_minute"` // to each provider, of each process; 0: no limit
	TokensPerMinute   int           `koanf:"tokens_per_minute"`
	BreakerFailures   int           `koanf:"breaker_failures"` // in a row, after which a provider is left alone; 0: never
	BreakerPause      time.Duration `koanf:"breaker_pause"`
	Cache             time.Duration `koanf:"cache"`          // how long equal requests get an earlier answer; 0: never
	Cassettes         string        `koanf:"cassettes"`      // directory of recordings; empty: none
	CassetteMode      string        `koanf:"cassettes_mode"` // record, replay
}

// Model is one entry of models.list.
type Model struct {
	Name         string        `koanf:"name"`
	Provider     string        `koanf:"provider"`
	API          string        `koanf:"api"`
	BaseURL      string        `koanf:"base_url"`
	APIKey       Secret        `koanf:"api_key"`
	Organization string        `koanf:"organization"`
	Model        string        `koanf:"model"`
	MaxTokens    int           `koanf:"max_tokens"`
	Timeout      time.Duration `koanf:"timeout"`
	Concurrency  int           `koanf:"concurrency"`
	DegradeTo    string        `koanf:"degrade_to"` // name of the cheaper model that a budget may choose
	Fallback     []string      `koanf:"fallback"`   // names of models to ask when this one cannot answer
	Default      bool          `koanf:"default"`
	Dimensions   int           `koanf:"dimensions"` // of a model for embeddings; 0: what it gives

	// The provider's limits; 0: those of models. The lowest of a provider's models
	// counts for it.
	RequestsPerMinute int `koanf:"requests_per_minute"`
	TokensPerMinute   int `koanf:"tokens_per_minute"`
}

// modelKeys are the parts of an entry of models.list.
var modelKeys = []string{
	"name", "provider", "api", "base_url", "api_key", "organization", "model", "max_tokens", "timeout", "concurrency", "degrade_to", "fallback", "default",
	"dimensions", "requests_per_minute", "tokens_per_minute",
}

func modelDefaults() map[string]any {
	return map[string]any{
		"default": "", "currency": "USD", "model": "", "provider": "", "api": "", "base_url": "", "api_key": "", "organization": "",
		"max_tokens": 4096, "timeout": "2m", "concurrency": 8, "list": []any{},
		"openai_key": "", "anthropic_key": "", "gemini_key": "", "embedding": "", "requests_per_minute": 0, "tokens_per_minute": 0,
		"breaker_failures": 5, "breaker_pause": "30s", "cache": "0s", "cassettes": "", "cassettes_mode": "replay",
	}
}

// All returns the models with everything filled in, and the name of the default one:
// models.default, else the entry that says so, else the only one.
func (m *Models) All() (list []Model, standard string) {
	entries := m.List
	if m.Model != "" {
		entries = append([]Model{{Name: "default", Model: m.Model}}, entries...)
	}
	standard = m.Default
	for _, e := range entries {
		e = m.fill(e)
		if standard == "" && (e.Default || e.Name == "default" && len(m.List) == 0) {
			standard = e.Name
		}
		list = append(list, e)
	}
	if standard == "" && len(list) == 1 {
		standard = list[0].Name
	}
	return list, standard
}

// EmbeddingModel returns the model for embeddings; nil: there is none.
func (m *Models) EmbeddingModel() *Model {
	list, _ := m.All()
	for i := range list {
		if m.Embedding != "" && list[i].Name == m.Embedding {
			return &list[i]
		}
	}
	return nil
}

// fill takes from models what an entry leaves out.
func (m *Models) fill(e Model) Model {
	// An address of its own, or another vendor's interface, does not get the
	// credential of this one.
	if (e.BaseURL == "" || e.BaseURL == m.BaseURL) && (e.API == "" || vendorOf(e.API, e.BaseURL) == vendorOf(m.API, m.BaseURL)) {
		e.BaseURL = m.BaseURL
		e.APIKey = or(e.APIKey, m.APIKey)
		e.Organization = or(e.Organization, m.Organization)
		e.API = or(e.API, m.API)
		e.Provider = or(e.Provider, m.Provider)
	}
	vendor := vendorOf(e.API, e.BaseURL)
	if e.APIKey == "" && e.own() {
		e.APIKey = map[string]Secret{"openai": m.OpenAIKey, "anthropic": m.AnthropicKey, "gemini": m.GeminiKey}[vendor]
	}
	if e.API == "" && vendor != "openai" {
		e.API = vendor
	}
	if vendor == vendorOf(m.API, m.BaseURL) {
		e.Provider = or(e.Provider, m.Provider)
	}
	e.Provider = or(e.Provider, vendor)
	e.MaxTokens = or(e.MaxTokens, m.MaxTokens)
	e.Timeout, e.Concurrency = or(e.Timeout, m.Timeout), or(e.Concurrency, m.Concurrency)
	e.RequestsPerMinute, e.TokensPerMinute = or(e.RequestsPerMinute, m.RequestsPerMinute), or(e.TokensPerMinute, m.TokensPerMinute)
	return e
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// validateModels checks the models as they are used.
func (c *Config) validateModels(add func(key, format string, args ...any)) {
	m := &c.Models
	if len(m.Currency) != 3 || strings.Trim(m.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		add("models.currency", "%q is not an ISO 4217 code such as EUR", m.Currency)
	}
	if m.MaxTokens < 1 || m.MaxTokens > 1_000_000 {
		add("models.max_tokens", "%d is not between 1 and 1000000", m.MaxTokens)
	}
	if m.Timeout < time.Second || m.Timeout > time.Hour {
		add("models.timeout", "%s is not between 1s and 1h", m.Timeout)
	}
	if m.Concurrency < 1 || m.Concurrency > 1000 {
		add("models.concurrency", "%d is not between 1 and 1000", m.Concurrency)
	}
	m.validateRouting(add)
	list, standard := m.All()
	names := make([]string, 0, len(list))
	for _, e := range list {
		names = append(names, e.Name)
	}
	if standard != "" && !slices.Contains(names, standard) {
		add("models.default", "there is no model with the name %q", standard)
	}
	if m.Embedding != "" && !slices.Contains(names, m.Embedding) {
		add("models.embedding", "there is no model with the name %q", m.Embedding)
	}
	defaults := 0
	for i, e := range list {
		entry := func(format string, args ...any) {
			add("models.list", "%s: "+format, append([]any{entryName(i, e.Name)}, args...)...)
		}
		if e.Name == "" {
			entry("it needs a name")
		} else if slices.Index(names, e.Name) != i {
			entry("another one has this name")
		}
		if e.Default {
			defaults++
		}
		e.validate(entry, names)
	}
	if defaults > 1 {
		add("models.list", "%d of them say that they are the default", defaults)
	}
}

func entryName(i int, name string) string {
	if name == "" {
		return fmt.Sprintf("model number %d", i+1)
	}
	return "model " + name
}

func (e *Model) validate(entry func(format string, args ...any), names []string) {
	if e.Model == "" {
		entry("it needs model, the vendor's name")
	}
	if e.Provider == "" {
		entry("it needs a provider")
	}
	if !slices.Contains(modelAPIs, e.API) {
		entry("api %q is not one of %s", e.API, strings.Join(modelAPIs[1:], ", "))
	}
	if e.Dimensions < 0 || e.Dimensions > 16384 {
		entry("dimensions %d is not between 0 and 16384", e.Dimensions)
	}
	if e.RequestsPerMinute < 0 || e.TokensPerMinute < 0 {
		entry("a limit is not negative")
	}
	if e.BaseURL != "" {
		if u, err := url.Parse(e.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			entry("base_url is not a URL that starts with https:// or http://")
		}
	}
	if e.MaxTokens < 1 || e.MaxTokens > 1_000_000 {
		entry("max_tokens %d is not between 1 and 1000000", e.MaxTokens)
	}
	if e.Timeout < time.Second || e.Timeout > time.Hour {
		entry("timeout %s is not between 1s and 1h", e.Timeout)
	}
	if e.Concurrency < 1 || e.Concurrency > 1000 {
		entry("concurrency %d is not between 1 and 1000", e.Concurrency)
	}
	for _, other := range append([]string{e.DegradeTo}, e.Fallback...) {
		if other != "" && !slices.Contains(names, other) {
			entry("there is no model with the name %q", other)
		}
	}
}

// listKey is the setting whose value is a list of maps.
const listKey = "models.list"

// listValue reads models.list: as YAML has it, or as text with YAML or JSON from the
// environment. It returns the faults in a form without values: those may be secret.
func listValue(v any) (list []any, faults []string) {
	if text, ok := v.(string); ok {
		if strings.TrimSpace(text) == "" {
			return []any{}, nil
		}
		if yaml.Unmarshal([]byte(text), &list) != nil {
			return nil, []string{listKey + ": it is not a list in YAML or JSON"}
		}
		v = list
	}
	list, ok := v.([]any)
	if !ok && v != nil {
		return nil, []string{listKey + ": it is not a list of models"}
	}
	for i, e := range list {
		entry, ok := e.(map[string]any)
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: model number %d is not a map with name, model and others", listKey, i+1))
			continue
		}
		for _, key := range sortedKeys(entry) {
			if !slices.Contains(modelKeys, key) {
				faults = append(faults, fmt.Sprintf("%s: model number %d has %q; the parts of a model are %s", listKey, i+1, key, strings.Join(modelKeys, ", ")))
			}
		}
	}
	return list, faults
}

// shownList is models.list without its secrets, as YAML in one line for each model.
func shownList(v any) string {
	list, _ := v.([]any)
	shown := make([]string, 0, len(list))
	for _, e := range list {
		entry, _ := e.(map[string]any)
		var parts []string
		for _, key := range modelKeys {
			value, ok := entry[key]
			if !ok {
				continue
			}
			if key == "api_key" {
				value = Secret(fmt.Sprint(value)).String()
			}
			parts = append(parts, fmt.Sprintf("%s: %v", key, value))
		}
		shown = append(shown, "{"+strings.Join(parts, ", ")+"}")
	}
	return strings.Join(shown, ", ")
}
