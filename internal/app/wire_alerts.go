package app

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/integration/hook"
	smtp "empire/internal/integration/mail"
	"empire/internal/service"
	"empire/internal/telemetry"
)

// wireAlerts builds what holds measurements against rules and tells people.
func (a *App) wireAlerts(context.Context) error {
	senders, err := a.alertSenders()
	if err != nil {
		return err
	}
	sources := service.AlertSourcesConfig{
		Store: a.store.AlertSignals, Feeds: a.store.Feeds, Websites: a.store.Websites, DeadLinks: a.store.LinkHealth.Dead, Freezes: a.store.Fleet, Every: a.cfg.Alerts.Every,
	}
	if a.cfg.Edge.TLS.Enabled {
		sources.Certificates = a.StoredCertificates
	}
	a.Alerts = service.NewAlerts(service.AlertsConfig{
		Tx: a.store, Store: a.store.Alerts, Rules: a.store.AlertRules, Deliveries: a.store.AlertDeliveries, Websites: a.store.Websites,
		Sources: service.NewAlertSources(sources), Senders: senders, Recipients: a.alertRecipients, Hide: a.hideSecrets, Enqueue: a.enqueue, Emit: a.emit,
		Audit: a.store.Audit, Instance: a.instance, Digest: a.cfg.Alerts.Digest, Now: a.now, Log: a.log,
	})
	a.queue.Handle(service.JobAlert, 2*time.Minute, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Alerts.Work(ctx, args)
	})
	return nil
}

// alertSenders returns the channels that are configured.
func (a *App) alertSenders() (map[domain.AlertChannel]service.AlertSender, error) {
	out := map[domain.AlertChannel]service.AlertSender{}
	if w := a.cfg.Alerts.Webhook; w.URL != "" {
		c, err := hook.New(hook.Config{URL: string(w.URL), Secret: string(w.Secret), Now: a.now})
		if err != nil {
			return nil, err
		}
		out[domain.ChannelWebhook] = c
	}
	m := a.cfg.Alerts.Mail
	if m.Host == "" {
		return out, nil
	}
	c := smtp.Config{Host: m.Host, Port: m.Port, User: m.User, Password: string(m.Password), From: m.From, TLS: m.TLS, Now: a.now}
	if m.Roots != "" {
		pem, err := os.ReadFile(m.Roots)
		if err != nil {
			return nil, fmt.Errorf("read alerts.mail.roots_file: %w", err)
		}
		c.Roots = x509.NewCertPool()
		if !c.Roots.AppendCertsFromPEM(pem) {
			return nil, domain.Invalid("alerts.mail.roots_file", "%s has no certificate in PEM.", m.Roots)
		}
	}
	out[domain.ChannelMail] = smtp.New(c)
	return out, nil
}

// alertRecipients returns the configured addresses for the tenant main, and those of the
// administrators for another.
func (a *App) alertRecipients(ctx context.Context, tenant domain.TenantID) ([]string, error) {
	if tenant.OrDefault() == domain.DefaultTenant {
		return a.cfg.Alerts.Mail.To, nil
	}
	list, _, err := a.store.Users.List(ctx, tenant, domain.Window{Limit: 1000})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, u := range list {
		if p := (&domain.Principal{Permissions: u.Permissions}); p.Can(domain.AdminFull) {
			out = append(out, u.Email)
		}
	}
	return out, nil
}

// minHidden is how long a secret is at least that is looked for in texts: a shorter one
// would take words apart.
const minHidden = 6

// hideSecrets takes credentials and the secrets of the configuration out of a text.
func (a *App) hideSecrets(text string) string {
	text = telemetry.Redact(text)
	c := a.cfg
	for _, secret := range []string{
		string(c.Database.URL), string(c.Redis.URL), string(c.Bus.URL), string(c.Auth.Secret), string(c.Webhooks.AWIN), string(c.Webhooks.Digistore24),
		string(c.Webhooks.N8N), string(c.Webhooks.Mailgun), string(c.Traces.Authorization), string(c.Alerts.Webhook.URL), string(c.Alerts.Webhook.Secret),
		string(c.Alerts.Mail.Password), string(c.Vectors.Token), string(c.Models.APIKey), string(c.Models.OpenAIKey), string(c.Models.AnthropicKey), string(c.Models.GeminiKey),
	} {
		if len(secret) >= minHidden {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// watch lets rules be looked at, and tells what this process sees of itself. Every
// process tells; of those that work jobs, one looks.
type watch struct {
	a     *App
	stop  context.CancelFunc
	group errgroup.Group
	last  map[string]telemetry.ListenerTotals
}

// Start begins to look now and then. The end of ctx does not stop that.
func (w *watch) Start(ctx context.Context) error {
	if w.a.previous != "" { // the process that held the data directory before is dead
		if err := w.a.Alerts.Release(ctx, w.a.previous); err != nil {
			return err
		}
	}
	w.last = w.a.metrics.Totals()
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	w.group.Go(func() error {
		ticker := time.NewTicker(w.a.cfg.Alerts.Every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
			w.tick(ctx)
		}
	})
	return nil
}

// Stop ends what Start began.
func (w *watch) Stop(ctx context.Context) error {
	w.stop()
	if err := w.group.Wait(); err != nil {
		return err
	}
	return w.a.Alerts.Release(ctx, w.a.instance)
}

func (w *watch) tick(ctx context.Context) {
	log := w.a.log
	if err := w.report(ctx); err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "state of this process not told", slog.Any("err", err))
	}
	if !w.a.plays("worker") {
		return
	}
	n, err := w.a.Alerts.Evaluate(ctx)
	if err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "alert rules not evaluated", slog.Any("err", err))
	}
	if n > 0 {
		log.InfoContext(ctx, "alerts changed", slog.Int("count", n))
	}
}

// report stores what this process saw since the last time, if that is anything.
func (w *watch) report(ctx context.Context) error {
	sample := &domain.ProcessSample{
		Instance: w.a.instance, At: w.a.now().UTC().Truncate(time.Microsecond), Listeners: map[string]domain.ListenerSample{}, Components: map[string]domain.ComponentSample{},
	}
	totals := w.a.metrics.Totals()
	for name, t := range totals {
		if s := since(w.last[name], t); s.Requests > 0 {
			sample.Listeners[name] = s
		}
	}
	w.last = totals
	parts, _ := w.a.Health.Ready(ctx)
	for _, c := range parts {
		if c.Configured && c.State != "ok" {
			sample.Components[c.Name] = domain.ComponentSample{State: c.State, Error: w.a.hideSecrets(c.Error)}
		}
	}
	if len(sample.Listeners)+len(sample.Components) == 0 {
		return nil
	}
	return w.a.store.AlertSignals.AddSample(ctx, sample)
}

// since returns what was counted between two totals.
func since(before, after telemetry.ListenerTotals) domain.ListenerSample {
	s := domain.ListenerSample{Requests: after.Requests - before.Requests, Errors: after.Errors - before.Errors, Within: map[int]int{}}
	for bound, n := range after.Within {
		s.Within[int(bound.Milliseconds())] = n - before.Within[bound]
	}
	return s
}

// sweepAlerts removes alerts and deliveries that are too old.
func (a *App) sweepAlerts(ctx context.Context) {
	n, err := a.Alerts.Sweep(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "old alerts not removed", slog.Any("err", err))
	case n > 0:
		a.log.InfoContext(ctx, "old alerts removed", slog.Int("count", n))
	}
}
