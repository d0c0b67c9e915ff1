package config

import (
	"net/netip"
	"time"
)

// Analytics says how visits of websites are counted.
type Analytics struct {
	// OwnNetworks are those of the operator, whose visits count apart: addresses and
	// ranges such as 203.0.113.0/24.
	OwnNetworks []string      `koanf:"own_networks"`
	KeepEvents  time.Duration `koanf:"keep_events"` // how long single views and clicks are kept; 0s: not at all
	Keep        time.Duration `koanf:"keep"`        // how long their sums are kept
	// ServerViews is whether the edge counts the pages that it sends, too: those of
	// bots, and of people whose browser runs no script. The counts stand apart.
	ServerViews bool `koanf:"server_views"`
}

func analyticsDefaults() map[string]any {
	return map[string]any{"own_networks": []string{}, "keep_events": "720h", "keep": "9600h", "server_views": true}
}

// Own returns the networks of the operator. What is not one is left out: Validate
// names it.
func (a *Analytics) Own() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range a.OwnNetworks {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p.Masked())
		} else if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
		}
	}
	return out
}

// validateAnalytics checks how visits are counted.
func (c *Config) validateAnalytics(add func(key, format string, args ...any)) {
	a := &c.Analytics
	for _, text := range a.OwnNetworks {
		if one := (&Analytics{OwnNetworks: []string{text}}).Own(); len(one) == 0 {
			add("analytics.own_networks", "%q is not an address or a range such as 203.0.113.0/24", text)
		}
	}
	if a.KeepEvents < 0 || a.KeepEvents > 0 && a.KeepEvents < time.Hour {
		add("analytics.keep_events", "%s is neither 0s, for not at all, nor at least 1h", a.KeepEvents)
	}
	if a.Keep < 10*24*time.Hour {
		add("analytics.keep", "%s is shorter than 240h", a.Keep)
	}
}
