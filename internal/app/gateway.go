package app

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"empire/internal/api"
	"empire/internal/auth"
	"empire/internal/bus"
	"empire/internal/cache"
	"empire/internal/domain"
	"empire/internal/gateway"
	"empire/internal/gateway/proxy"
	"empire/internal/integration/awin"
	"empire/internal/integration/digistore24"
	"empire/internal/integration/mailgun"
	"empire/internal/integration/n8n"
	"empire/internal/integration/sendgrid"
	"empire/internal/service"
	"empire/internal/telemetry"
	"empire/internal/webhook"
)

// principalAge is how long a principal may be used after the database was asked.
const principalAge = time.Second

// wireCache opens the cache and what stands on it. A command beside a server needs
// no shared one: it answers nobody.
func (a *App) wireCache(ctx context.Context) error {
	a.metrics = telemetry.NewHTTPMetrics()
	a.local = cache.NewMemory(cache.MemoryConfig{Now: a.now})
	a.cache = a.local
	if url := string(a.cfg.Redis.URL); url != "" && a.mode == Serve {
		shared, err := cache.OpenRedis(ctx, cache.RedisConfig{URL: url, Timeout: a.cfg.Redis.Timeout, Logger: a.log})
		if err != nil {
			return fmt.Errorf("open cache: %w", err)
		}
		a.cache = shared
	}
	return nil
}

// wireRouting builds what finds other processes and leads requests to them.
func (a *App) wireRouting(context.Context) error {
	if a.mode != Serve {
		return nil
	}
	file := a.cfg.Routes.File
	if !a.plays(domain.ServiceGateway) {
		file = "" // what a gateway leads here is handled here
	}
	self := make([]string, 0, 3)
	for _, name := range a.offers() {
		self = append(self, a.instanceOf(name))
	}
	var err error
	a.proxy, err = proxy.New(proxy.Config{
		File: file, Self: self, ClientIP: func(r *http.Request) string { return a.gateway.ClientIP(r) }, Base: proxy.Local("/healthz", "/readyz", "/metrics", "/api/v1/system", "/ws"), Problem: api.WriteProblem,
		Observer: a.metrics, Logger: a.log, Now: a.now,
	})
	if err != nil {
		return err
	}
	a.registry = bus.NewRegistry(a.bus)
	a.Services = service.NewServices(service.ServicesConfig{Registry: a.registry, Router: a.proxy, Audit: a.store.Audit, Now: a.now})
	return nil
}

// startRouting begins to find others and to be found. It comes after the listeners,
// whose addresses it tells.
func (a *App) startRouting(ctx context.Context) error {
	if err := a.registry.Start(ctx); err != nil {
		return err
	}
	a.registry.Watch(a.proxy.SetInstances)
	if err := a.proxy.Start(ctx); err != nil {
		return err
	}
	for _, name := range a.offers() {
		here := domain.ServiceInstance{ID: a.instanceOf(name), Name: name, Role: a.cfg.Role, URL: a.advertised(name), Version: version()}
		announced, err := a.bus.Announce(ctx, here)
		if err != nil {
			return err
		}
		a.announced = append(a.announced, announced)
	}
	return nil
}

// offers returns the services that this role offers.
func (a *App) offers() []string {
	var out []string
	for _, name := range []string{domain.ServiceGateway, domain.ServiceWorker, domain.ServiceEdge} {
		if a.plays(name) {
			out = append(out, name)
		}
	}
	return out
}

// instanceOf names this process as an instance of a service.
func (a *App) instanceOf(service string) string { return a.instance + "-" + service }

// advertised returns the address of a service of this process.
func (a *App) advertised(service string) string {
	if service == domain.ServiceEdge {
		return "http://" + a.gateway.EdgeAddr()
	}
	if a.cfg.Listen.Advertise != "" {
		return strings.TrimSuffix(a.cfg.Listen.Advertise, "/")
	}
	return "http://" + a.gateway.Addr()
}

// drainRouting tells everybody that this process takes no new requests.
func (a *App) drainRouting(ctx context.Context) {
	for _, one := range a.announced {
		if err := one.Drain(ctx); err != nil {
			a.log.WarnContext(ctx, "drain not announced", "err", err)
		}
	}
}

func (a *App) stopRouting(ctx context.Context) error {
	for _, one := range a.announced {
		if err := one.Stop(ctx); err != nil {
			a.log.WarnContext(ctx, "announcement not taken back", "err", err)
		}
	}
	a.announced = nil
	if err := a.proxy.Stop(ctx); err != nil {
		return err
	}
	return a.registry.Stop(ctx)
}

// wireGateway builds the listeners and what every request passes.
func (a *App) wireGateway(routes map[string]http.Handler, metrics http.Handler) error {
	local := http.NewServeMux()
	for pattern, h := range routes {
		local.Handle(pattern, h)
	}
	l := a.cfg.Limits
	c := gateway.Config{
		APIAddr: a.cfg.Listen.API, Auth: a.authenticator, SessionCookie: auth.SessionCookie, Health: a.Health, Problem: api.WriteProblem,
		Metrics: metrics, Observer: a.metrics, Counter: a.metrics, Logger: a.log, Routes: map[string]http.Handler{"/": a.proxy.Handler(local)},
		Limits: gateway.Limits{
			Auth: perMinute(l.Auth), Webhooks: perMinute(l.Webhooks), Intelligence: perMinute(l.Intelligence), Write: perMinute(l.Write),
			Read: perMinute(l.Read), Anonymous: perMinute(l.Anonymous),
		},
		Limiter: a.cache, LimitPatience: a.cfg.Redis.Timeout, Fallback: a.local, FailClosed: l.Fail == "closed", InFlight: l.InFlight, WritesInFlight: l.WritesInFlight,
		RequestTimeout: l.RequestTimeout, Origins: a.cfg.CORS.Origins, TrustedProxies: prefixes(a.cfg.Proxies.Trusted),
		Idempotency: a.store.Idempotency, NoIdempotency: api.Unrepeatable(),
	}
	if a.traces != nil {
		c.Tracer = a.traces
	}
	if a.plays("edge") {
		c.EdgeAddr, c.Edge = a.cfg.Listen.Edge, a.edge
		if a.certificates != nil {
			c.EdgeTLSAddr, c.EdgeTLS = a.cfg.Edge.TLS.Listen, a.certificates.TLS()
		}
	}
	a.gateway = gateway.New(c)
	return nil
}

func perMinute(n int) domain.RateLimit { return domain.RateLimit{Requests: n, Per: time.Minute} }

// prefixes parses addresses and ranges, which the configuration has checked.
func prefixes(list []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p.Masked())
		} else if addr, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
		}
	}
	return out
}

// wireWebhooks returns the handler of what providers send. A provider without a
// secret is not there.
func (a *App) wireWebhooks() (http.Handler, error) {
	verifiers := map[string]webhook.Verifier{}
	for _, p := range []struct {
		name, secret string
		build        func(string) (webhook.Verifier, error)
	}{
		{"awin", string(a.cfg.Webhooks.AWIN), func(s string) (webhook.Verifier, error) { return awin.NewWebhook(s) }},
		{"digistore24", string(a.cfg.Webhooks.Digistore24), func(s string) (webhook.Verifier, error) { return digistore24.NewWebhook(s) }},
		{"n8n", string(a.cfg.Webhooks.N8N), func(s string) (webhook.Verifier, error) { return n8n.NewWebhook(s) }},
		{"sendgrid", string(a.cfg.Webhooks.SendGrid), func(s string) (webhook.Verifier, error) { return sendgrid.NewWebhook(s) }},
		{"mailgun", string(a.cfg.Webhooks.Mailgun), func(s string) (webhook.Verifier, error) { return mailgun.NewWebhook(s) }},
	} {
		if p.secret == "" {
			continue
		}
		v, err := p.build(p.secret)
		if err != nil {
			return nil, err // it names the setting
		}
		verifiers[p.name] = v
	}
	return webhook.New(webhook.Config{
		Verifiers: verifiers, Intake: a.Webhooks, Problem: api.WriteProblem, NotMethod: api.MethodNotAllowed, Logger: a.log, Now: a.now,
	}), nil
}
