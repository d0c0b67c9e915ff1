package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Validate returns every fault of the values, each as "key: what would be right".
func (c *Config) Validate() []string {
	var faults []string
	add := func(key, format string, args ...any) { faults = append(faults, key+": "+fmt.Sprintf(format, args...)) }
	if strings.TrimSpace(c.Data) == "" {
		add("data", "a directory is needed")
	}
	if !slices.Contains(Roles, c.Role) {
		add("role", "%q is not one of %s", c.Role, strings.Join(Roles, ", "))
	}
	if c.Workers < 1 || c.Workers > 256 {
		add("workers", "%d is not between 1 and 256", c.Workers)
	}
	for key, address := range map[string]string{"listen.api": c.Listen.API, "listen.edge": c.Listen.Edge} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			add(key, "%q is not host:port", address)
		}
	}
	c.validateGateway(add)
	c.validateModels(add)
	c.validateResearch(add)
	c.validateContent(add)
	c.validateVectors(add)
	c.validateAnalytics(add)
	c.validateEdge(add)
	c.validateFleet(add)
	c.validateSEO(add)
	c.validateAlerts(add)
	checkURL := func(key string, value Secret, schemes ...string) {
		if value == "" {
			return
		}
		u, err := url.Parse(string(value))
		// PostgreSQL also takes the directory of a Unix socket as ?host=.
		if err != nil || u.Host == "" && u.Query().Get("host") == "" && (u.Scheme != "unix" || u.Path == "") || !slices.Contains(schemes, u.Scheme) {
			add(key, "not a URL that starts with %s://", strings.Join(schemes, ":// or "))
		}
	}
	checkURL("database.url", c.Database.URL, "postgres", "postgresql")
	checkURL("bus.url", c.Bus.URL, "nats", "tls")
	if c.Redis.Timeout < 10*time.Millisecond || c.Redis.Timeout > time.Minute {
		add("redis.timeout", "%s is not between 10ms and 1m", c.Redis.Timeout)
	}
	checkURL("redis.url", c.Redis.URL, "redis", "rediss", "unix")
	checkURL("traces.url", Secret(c.Traces.URL), "http", "https")
	if c.Traces.Sample < 0 || c.Traces.Sample > 1 {
		add("traces.sample", "%v is not between 0 and 1", c.Traces.Sample)
	}
	checkURL("listen.advertise", Secret(c.Listen.Advertise), "http", "https")
	if c.Auth.Secret != "" && len(c.Auth.Secret) < 32 && !c.Dev {
		add("auth.secret", "it has %d bytes; at least 32 are needed", len(c.Auth.Secret))
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		add("log.level", "%q is not one of debug, info, warn, error", c.Log.Level)
	}
	if !slices.Contains([]string{"auto", "text", "json"}, c.Log.Format) {
		add("log.format", "%q is not one of auto, text, json", c.Log.Format)
	}
	if c.Prices.MaxAge < time.Hour {
		add("prices.max_age", "%s is shorter than 1h", c.Prices.MaxAge)
	}
	if c.Prices.History != 0 && c.Prices.History < 30*24*time.Hour {
		add("prices.history", "%s is neither 0, for ever, nor at least 720h", c.Prices.History)
	}
	c.checkLinks(add)
	if c.Market.ProgramMaxAge < time.Minute {
		add("market.program_max_age", "%s is shorter than 1m", c.Market.ProgramMaxAge)
	}
	if c.Market.FeedMaxAge < time.Minute {
		add("market.feed_max_age", "%s is shorter than 1m", c.Market.FeedMaxAge)
	}
	if c.Approvals.ExpireAfter < 0 || c.Approvals.ExpireAfter > 0 && c.Approvals.ExpireAfter < time.Second {
		add("approvals.expire_after", "%s is neither 0s, for never, nor at least 1s", c.Approvals.ExpireAfter)
	}
	if c.Mailbox.Max < 1 || c.Mailbox.Max > 10_000_000 {
		add("mailbox.max", "%d is not between 1 and 10000000", c.Mailbox.Max)
	}
	if c.Mailbox.Keep < time.Hour {
		add("mailbox.keep", "%s is shorter than 1h", c.Mailbox.Keep)
	}
	if c.Shutdown.Timeout < time.Second {
		add("shutdown.timeout", "%s is shorter than 1s", c.Shutdown.Timeout)
	}
	if c.Agents.Heartbeat < 100*time.Millisecond || c.Agents.Heartbeat > time.Hour {
		add("agents.heartbeat", "%s is not between 100ms and 1h", c.Agents.Heartbeat)
	}
	slices.Sort(faults)
	return faults
}

// validateGateway checks the limits and whom the gateway trusts.
func (c *Config) validateGateway(add func(key, format string, args ...any)) {
	for key, n := range map[string]int{
		"limits.read": c.Limits.Read, "limits.write": c.Limits.Write, "limits.intelligence": c.Limits.Intelligence, "limits.auth": c.Limits.Auth,
		"limits.anonymous": c.Limits.Anonymous, "limits.webhooks": c.Limits.Webhooks, "database.max_conns": c.Database.MaxConns,
	} {
		if n < 0 || n > 100_000_000 {
			add(key, "%d is not between 0 and 100000000", n)
		}
	}
	if c.Limits.Fail != "open" && c.Limits.Fail != "closed" {
		add("limits.fail", "%q is not open or closed", c.Limits.Fail)
	}
	if c.Limits.InFlight < 1 {
		add("limits.in_flight", "%d is less than 1", c.Limits.InFlight)
	}
	if c.Limits.WritesInFlight < 1 {
		add("limits.writes_in_flight", "%d is less than 1", c.Limits.WritesInFlight)
	}
	if c.Limits.RequestTimeout < time.Second {
		add("limits.request_timeout", "%s is shorter than 1s", c.Limits.RequestTimeout)
	}
	for _, o := range c.CORS.Origins {
		u, err := url.Parse(o)
		if o != "*" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil) {
			add("cors.origins", "%q is not an origin such as https://dashboard.example", o)
		}
	}
	for _, p := range c.Proxies.Trusted {
		if _, err := netip.ParsePrefix(p); err != nil {
			if _, err := netip.ParseAddr(p); err != nil {
				add("proxies.trusted", "%q is not an address or a range such as 10.0.0.0/8", p)
			}
		}
	}
}
