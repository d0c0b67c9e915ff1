package config

import (
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// Research says where research looks and how pages are fetched.
type Research struct {
	// SearXNG is the address of an instance, such as http://127.0.0.1:8888; empty: none
	// is asked. Sitemaps, Feeds and URLs are lists of the operator.
	SearXNG  string   `koanf:"searxng"`
	Sitemaps []string `koanf:"sitemaps"`
	Feeds    []string `koanf:"feeds"` // RSS, Atom
	URLs     []string `koanf:"urls"`
	// Allow are ranges such as 10.1.0.0/16 whose pages may be read although their
	// addresses are not public.
	Allow    []string      `koanf:"allow"`
	Proxy    Secret        `koanf:"proxy"`     // http://user:password@host:port for pages; empty: none
	Contact  string        `koanf:"contact"`   // in the User-Agent: a page or e-mail for complaints
	Interval time.Duration `koanf:"interval"`  // between two requests to a host
	Timeout  time.Duration `koanf:"timeout"`   // of one page
	MaxBytes int64         `koanf:"max_bytes"` // of one page, as sent and as unpacked
	Wait     time.Duration `koanf:"wait"`      // how long a request waits for its report
	// Models are names in models.list, in the order in which they are asked; empty:
	// the default one, then the others. Ensemble asks all of them.
	Models   []string `koanf:"models"`
	Ensemble bool     `koanf:"ensemble"`
}

func researchDefaults() map[string]any {
	none := func() []string { return []string{} }
	return map[string]any{
		"searxng": "", "sitemaps": none(), "feeds": none(), "urls": none(), "allow": none(), "proxy": "", "contact": "", "interval": "1s", "timeout": "20s",
		"max_bytes": 8 << 20, "wait": "20s", "models": none(), "ensemble": false,
	}
}

// AllowRanges returns Allow as ranges; Validate has checked them.
func (r *Research) AllowRanges() []netip.Prefix {
	out := make([]netip.Prefix, 0, len(r.Allow))
	for _, s := range r.Allow {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p.Masked())
		} else if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return out
}

func (c *Config) validateResearch(add func(key, format string, args ...any)) {
	r := &c.Research
	isURL := func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	}
	for key, list := range map[string][]string{"research.sitemaps": r.Sitemaps, "research.feeds": r.Feeds, "research.urls": r.URLs} {
		for _, s := range list {
			if !isURL(s) {
				add(key, "%q is not a URL that starts with https:// or http://", s)
			}
		}
	}
	if r.SearXNG != "" && !isURL(r.SearXNG) {
		add("research.searxng", "%q is not a URL that starts with https:// or http://", r.SearXNG)
	}
	if r.Proxy != "" && !isURL(string(r.Proxy)) {
		add("research.proxy", "not a URL that starts with http:// or https://")
	}
	for _, s := range r.Allow {
		_, err := netip.ParsePrefix(s)
		if _, errAddr := netip.ParseAddr(s); err != nil && errAddr != nil {
			add("research.allow", "%q is not an address or a range such as 10.0.0.0/8", s)
		}
	}
	if r.Interval < 0 || r.Interval > time.Minute {
		add("research.interval", "%s is not between 0s and 1m", r.Interval)
	}
	if r.Timeout < time.Second || r.Timeout > 5*time.Minute {
		add("research.timeout", "%s is not between 1s and 5m", r.Timeout)
	}
	if r.Wait < time.Second || r.Wait > 10*time.Minute {
		add("research.wait", "%s is not between 1s and 10m", r.Wait)
	}
	if r.MaxBytes < 1<<10 || r.MaxBytes > 64<<20 {
		add("research.max_bytes", "%d is not between 1024 and 67108864", r.MaxBytes)
	}
	models, _ := c.Models.All()
	for _, name := range r.Models {
		if !slices.ContainsFunc(models, func(m Model) bool { return m.Name == name }) {
			add("research.models", "there is no model with the name %q", name)
		}
	}
}
