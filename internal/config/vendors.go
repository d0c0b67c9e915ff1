package config

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// modelAPIs are the values of Models.API.
var modelAPIs = []string{"", "openai", "openai_responses", "openai_compatible", "anthropic", "gemini"}

// vendorHosts are the vendors' own addresses, which want a key.
var vendorHosts = map[string]string{
	"openai": "api.openai.com", "anthropic": "api.anthropic.com", "gemini": "generativelanguage.googleapis.com",
}

// vendorOf returns whose interface is meant: openai, anthropic or gemini.
func vendorOf(api, base string) string {
	switch {
	case strings.HasPrefix(api, "openai"):
		return "openai"
	case api != "":
		return api
	}
	for vendor, host := range vendorHosts {
		if u, err := url.Parse(base); err == nil && u.Hostname() == host {
			return vendor
		}
	}
	return "openai"
}

// own reports whether a model is at its vendor's own address.
func (e *Model) own() bool {
	if e.BaseURL == "" {
		return true
	}
	u, err := url.Parse(e.BaseURL)
	return err == nil && u.Hostname() == vendorHosts[vendorOf(e.API, e.BaseURL)]
}

// SkippedModel is a model that cannot be called as it is configured.
type SkippedModel struct {
	Model
	Reason string // what is missing, and where to set it
}

// Usable returns the models that can be called, the name of the default one among
// them, and those that are skipped. A model that is skipped is taken out of the
// fallbacks of others, and a default that is skipped gives way to the first of its
// fallbacks that can be called, else to the first model.
func (m *Models) Usable() (list []Model, standard string, skipped []SkippedModel) {
	all, standard := m.All()
	off := map[string]*Model{}
	for i := range all {
		e := &all[i]
		if reason := m.missing(e); reason != "" {
			off[e.Name] = e
			skipped = append(skipped, SkippedModel{*e, reason})
		}
	}
	for _, e := range all {
		if off[e.Name] != nil {
			continue
		}
		e.Fallback = slices.DeleteFunc(slices.Clone(e.Fallback), func(name string) bool { return off[name] != nil })
		if off[e.DegradeTo] != nil {
			e.DegradeTo = ""
		}
		list = append(list, e)
	}
	if gone := off[standard]; gone != nil {
		standard = ""
		for _, name := range gone.Fallback {
			if standard == "" && off[name] == nil {
				standard = name
			}
		}
		for _, e := range list {
			if standard == "" && e.Name != m.Embedding {
				standard = e.Name
			}
		}
	}
	return list, standard, skipped
}

// missing says why a model cannot be called; empty: it can. Recordings need no key.
func (m *Models) missing(e *Model) string {
	if e.APIKey != "" || !e.own() || m.Cassettes != "" && m.CassetteMode == "replay" {
		return ""
	}
	vendor := vendorOf(e.API, e.BaseURL)
	return "no key: set models." + vendor + "_key (EMPIRE_MODELS_" + strings.ToUpper(vendor) + "_KEY), or api_key of the model"
}

// validateRouting checks what concerns all providers.
func (m *Models) validateRouting(add func(key, format string, args ...any)) {
	if m.RequestsPerMinute < 0 {
		add("models.requests_per_minute", "%d is negative", m.RequestsPerMinute)
	}
	if m.TokensPerMinute < 0 {
		add("models.tokens_per_minute", "%d is negative", m.TokensPerMinute)
	}
	if m.BreakerFailures < 0 || m.BreakerFailures > 1000 {
		add("models.breaker_failures", "%d is not between 0 and 1000", m.BreakerFailures)
	}
	if m.BreakerPause < time.Second || m.BreakerPause > time.Hour {
		add("models.breaker_pause", "%s is not between 1s and 1h", m.BreakerPause)
	}
	if m.Cache < 0 || m.Cache > 365*24*time.Hour {
		add("models.cache", "%s is not between 0 and a year", m.Cache)
	}
	if m.CassetteMode != "record" && m.CassetteMode != "replay" {
		add("models.cassettes_mode", "%q is not record or replay", m.CassetteMode)
	}
}
