package config

import (
	"net/url"
	"slices"
)

// SEO holds how search engines are told of changes.
type SEO struct {
	// IndexNow is the address that changed pages are submitted to after a release, such
	// as https://api.indexnow.org/indexnow; empty: nobody is told.
	IndexNow string `koanf:"indexnow"`
}

func seoDefaults() map[string]any { return map[string]any{"indexnow": ""} }

// validateSEO checks how search engines are told.
func (c *Config) validateSEO(add func(key, format string, args ...any)) {
	if c.SEO.IndexNow == "" {
		return
	}
	u, err := url.Parse(c.SEO.IndexNow)
	local := err == nil && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local) || u.User != nil || u.RawQuery != "" {
		add("seo.indexnow", "%q is not an https address such as https://api.indexnow.org/indexnow", c.SEO.IndexNow)
	}
}
