package config

import "time"

// LinkCheck holds how often the pages that links lead to are looked at, and what follows.
type LinkCheck struct {
	Batch int           `koanf:"batch"` // links that are looked at in a minute; 0: none
	Every time.Duration `koanf:"every"` // between two looks at a page that is well
	Again time.Duration `koanf:"again"` // between two looks at one that is not
	// Looks and Span are how many failing looks in a row, over how long at least, make a
	// link dead.
	Looks int           `koanf:"looks"`
	Span  time.Duration `koanf:"span"`
	// Policy is off (nothing is proposed), propose (a person is asked) or apply (the same
	// product at another merchant is linked without asking).
	Policy string `koanf:"policy"`
	// ApplySites and AskSites name websites by their hosts whose own links follow apply
	// and propose instead.
	ApplySites []string      `koanf:"apply_sites"`
	AskSites   []string      `koanf:"ask_sites"`
	Timeout    time.Duration `koanf:"timeout"`   // of one look with its redirects
	Interval   time.Duration `koanf:"interval"`  // between two requests to a host
	MaxBytes   int64         `koanf:"max_bytes"` // of a page; what is larger is unknown
}

func linkDefaults() map[string]any {
	return map[string]any{"way": "direct", "check": map[string]any{
		"batch": 10, "every": "72h", "again": "6h", "looks": 3, "span": "24h", "policy": "propose", "apply_sites": []string{}, "ask_sites": []string{},
		"timeout": "20s", "interval": "5s", "max_bytes": 4 << 20,
	}}
}

func (c *Config) checkLinks(add func(key, format string, args ...any)) {
	if c.Links.Way != "direct" && c.Links.Way != "redirect" {
		add("links.way", "%q is not one of direct and redirect", c.Links.Way)
	}
	k := c.Links.Check
	if k.Batch < 0 || k.Batch > 100 {
		add("links.check.batch", "%d is not between 0 and 100", k.Batch)
	}
	if k.Every < time.Hour {
		add("links.check.every", "%s is shorter than 1h", k.Every)
	}
	if k.Again < 10*time.Minute || k.Again > k.Every {
		add("links.check.again", "%s is not between 10m and links.check.every", k.Again)
	}
	if k.Looks < 2 || k.Looks > 20 {
		add("links.check.looks", "%d is not between 2 and 20", k.Looks)
	}
	if k.Span < 0 {
		add("links.check.span", "%s is negative", k.Span)
	}
	if k.Policy != "off" && k.Policy != "propose" && k.Policy != "apply" {
		add("links.check.policy", "%q is not one of off, propose, apply", k.Policy)
	}
	if k.Timeout < time.Second || k.Timeout > time.Minute {
		add("links.check.timeout", "%s is not between 1s and 1m", k.Timeout)
	}
	if k.Interval < 0 || k.Interval > time.Minute {
		add("links.check.interval", "%s is not between 0s and 1m", k.Interval)
	}
	if k.MaxBytes < 1<<10 || k.MaxBytes > 64<<20 {
		add("links.check.max_bytes", "%d is not between 1024 and 67108864", k.MaxBytes)
	}
}
