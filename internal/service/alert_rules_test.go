package service_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/testkit"
)

func TestAlertRules(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	b, ctx := newBell(t, st, "a"), in(t.Context(), "main")
	e := newEstate(t, st)
	site := e.register(ctx, t, "keys.example")
	list, err := b.Rules(ctx)
	if err != nil || len(list) != 11 {
		t.Fatalf("%d built-in rules, %v, want 11", len(list), err)
	}
	for _, r := range list {
		if err := r.Validate(); err != nil || !r.BuiltIn || r.Changed || !r.Enabled {
			t.Errorf("built-in rule %s: %v, %+v", r.ID, err, r)
		}
	}
	for _, tt := range []struct {
		id domain.AlertRuleID
		p  domain.AlertRulePatch
	}{
		{"latency", domain.AlertRulePatch{Threshold: new(0.0)}}, {"latency", domain.AlertRulePatch{Threshold: new(math.NaN())}}, {"latency", domain.AlertRulePatch{Window: new(30 * time.Second)}},
		{"latency", domain.AlertRulePatch{Window: new(25 * time.Hour)}}, {"budget", domain.AlertRulePatch{Threshold: new(1001.0)}}, {"component", domain.AlertRulePatch{Threshold: new(1.5)}},
		{"certificate", domain.AlertRulePatch{Threshold: new(31.0)}}, {"traffic_cliff", domain.AlertRulePatch{Window: new(10 * 24 * time.Hour)}}, {"stale_feed", domain.AlertRulePatch{Window: new(time.Hour)}},
		{"latency", domain.AlertRulePatch{Quiet: new(-time.Second)}}, {"latency", domain.AlertRulePatch{Severity: new(domain.AlertSeverity("odd"))}}, {"latency", domain.AlertRulePatch{Name: new(" ")}},
		{"latency", domain.AlertRulePatch{Name: new("a\nb")}}, {"latency", domain.AlertRulePatch{Channels: &[]domain.AlertChannel{"mail", "mail"}}}, {"latency", domain.AlertRulePatch{Channels: &[]domain.AlertChannel{"pigeon"}}},
	} {
		_, err := b.UpdateRule(ctx, tt.id, tt.p)
		wantCode(t, string(tt.id), err, domain.CodeInvalid)
	}
	if r, err := b.UpdateRule(ctx, "stale_feed", domain.AlertRulePatch{Threshold: new(90.0), Channels: &[]domain.AlertChannel{}}); err != nil || r.Threshold != 90 || !r.Changed || len(r.Channels) != 0 {
		t.Fatalf("changed: %+v, %v", r, err)
	}
	b.wrong = stale("a") // 80 hours
	b.after(t, time.Second)
	if got := b.open(ctx, t); len(got) != 0 {
		t.Errorf("below the new threshold: %+v", got)
	}
	if r, err := b.ResetRule(ctx, "stale_feed"); err != nil || r.Threshold != 72 || r.Changed || len(r.Channels) != 2 {
		t.Errorf("reset: %+v, %v", r, err)
	}
	b.after(t, time.Second)
	if got := b.open(ctx, t); len(got) != 1 {
		t.Errorf("with the threshold of before: %+v", got)
	}
	if _, err := b.UpdateRule(ctx, "stale_feed", domain.AlertRulePatch{Enabled: new(false)}); err != nil {
		t.Fatal(err)
	}
	b.after(t, time.Second)
	if got := b.open(ctx, t); len(got) != 0 {
		t.Errorf("of a disabled rule: %+v", got)
	}
	for _, p := range []domain.AlertRuleParams{
		{Kind: "odd"}, {Kind: domain.AlertDeadLetters, WebsiteID: site.ID}, {Kind: domain.AlertLatency, WebsiteID: site.ID}, {Kind: domain.AlertLatency, Name: strings.Repeat("x", 201)},
	} {
		_, err := b.CreateRule(ctx, p)
		wantCode(t, string(p.Kind), err, domain.CodeInvalid)
	}
	own, err := b.CreateRule(ctx, domain.AlertRuleParams{Kind: domain.AlertTrafficCliff, WebsiteID: site.ID, Threshold: 30, Name: "Main"})
	if err != nil || own.BuiltIn || own.Window != 4*7*24*time.Hour || own.Severity != domain.SeverityWarning || len(own.Channels) != 2 {
		t.Fatalf("added: %+v, %v", own, err)
	}
	_, err = b.ResetRule(ctx, own.ID)
	wantCode(t, "reset an added one", err, domain.CodeConflict)
	wantCode(t, "delete a built-in one", b.DeleteRule(ctx, "latency"), domain.CodeConflict)
	if err := b.DeleteRule(ctx, own.ID); err != nil {
		t.Fatal(err)
	}
	_, err = b.Rule(ctx, own.ID)
	wantCode(t, "a deleted one", err, domain.CodeNotFound)
}

// TestAlertTenants: another tenant sees no alert, rule or delivery, changes none, and has
// no rules about the installation.
func TestAlertTenants(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	b, main, other := newBell(t, st, "a"), in(t.Context(), "main"), in(t.Context(), "other")
	e := newEstate(t, st)
	site := e.register(main, t, "keys.example")
	e.register(other, t, "other.example")
	b.wrong = stale("a")
	b.after(t, 0)
	b.deliver(t)
	id := b.open(main, t)[0].ID
	own, err := b.CreateRule(main, domain.AlertRuleParams{Kind: domain.AlertFailedRuns, WebsiteID: site.ID})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.open(other, t); len(got) != 0 {
		t.Errorf("another tenant sees %+v", got)
	}
	if s, err := b.Summary(other); err != nil || s.Firing != 0 {
		t.Errorf("another tenant counts %+v, %v", s, err)
	}
	if _, n, err := b.Deliveries(other, domain.DeliveryFilter{Tenant: "main"}, domain.Window{}); err != nil || n != 0 {
		t.Errorf("another tenant sees %d deliveries, %v", n, err)
	}
	if list, err := b.Rules(other); err != nil || len(list) != 7 {
		t.Errorf("another tenant has %d rules, %v, want 7", len(list), err)
	}
	for name, try := range map[string]func() error{
		"Get":         func() error { _, err := b.Get(other, id); return err },
		"Acknowledge": func() error { _, err := b.Acknowledge(other, id, ""); return err },
		"Rule":        func() error { _, err := b.Rule(other, own.ID); return err },
		"UpdateRule": func() error {
			_, err := b.UpdateRule(other, own.ID, domain.AlertRulePatch{Enabled: new(false)})
			return err
		},
		"Silence":    func() error { _, err := b.Silence(other, own.ID, nil); return err },
		"ResetRule":  func() error { _, err := b.ResetRule(other, "stale_feed"); return err },
		"DeleteRule": func() error { return b.DeleteRule(other, own.ID) },
		"CreateRule for": func() error {
			_, err := b.CreateRule(other, domain.AlertRuleParams{Kind: domain.AlertFailedRuns, WebsiteID: site.ID})
			return err
		},
	} {
		wantCode(t, name, try(), domain.CodeNotFound)
	}
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: "main", Permissions: []domain.Permission{domain.AgentsRead}, Human: true})
	for name, try := range map[string]func() error{
		"Acknowledge": func() error { _, err := b.Acknowledge(reader, id, ""); return err },
		"UpdateRule":  func() error { _, err := b.UpdateRule(reader, own.ID, domain.AlertRulePatch{}); return err },
		"CreateRule":  func() error { _, err := b.CreateRule(reader, domain.AlertRuleParams{}); return err },
		"Silence":     func() error { _, err := b.Silence(reader, own.ID, nil); return err },
		"DeleteRule":  func() error { return b.DeleteRule(reader, own.ID) },
		"Test":        func() error { _, err := b.Test(reader, domain.ChannelMail); return err },
	} {
		wantCode(t, "a reader's "+name, try(), domain.CodeForbidden)
	}
	if channels, err := b.Channels(reader); err != nil || channels[0].Target != "" {
		t.Errorf("a reader sees where alerts go: %+v, %v", channels, err)
	}
}
