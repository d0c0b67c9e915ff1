package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/testkit/mailserver"
)

// TestAlertsReachPeople: a feed that goes stale is told by mail and webhook within a
// minute, and so is that it was read again; the password of the mail server is nowhere.
func TestAlertsReachPeople(t *testing.T) {
	t.Parallel()
	const limit = time.Minute // from the breach
	mails := mailserver.Start(t, mailserver.Config{StartTLS: true, Auth: []string{"PLAIN"}, User: "empire", Password: "password-of-this-test"})
	calls := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- string(body)
	}))
	defer receiver.Close()
	dir := t.TempDir()
	roots := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(roots, mails.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(config.Input{Flags: map[string]string{
		"data": dir, "listen.api": "127.0.0.1:0", "listen.edge": "127.0.0.1:0", "alerts.every": "1s", "alerts.digest": "0s",
		"alerts.mail.host": mails.Host(), "alerts.mail.port": strconv.Itoa(mails.Port()), "alerts.mail.user": "empire", "alerts.mail.password": "password-of-this-test",
		"alerts.mail.from": "empire@example.com", "alerts.mail.to": "ada@example.com,bob@example.com", "alerts.mail.roots_file": roots,
		"alerts.webhook.url": receiver.URL, "alerts.webhook.secret": "secret-of-this-test",
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler), Serve)
	if err != nil {
		t.Fatal(err)
	}
	ctx := domain.WithPrincipal(t.Context(), a.admin)
	if _, err := a.Alerts.UpdateRule(ctx, "stale_feed", domain.AlertRulePatch{Quiet: new(time.Duration(0))}); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	feed := &domain.Feed{ID: "feed_1", Name: "keys", Source: "keys.csv", Language: "en", CreatedAt: now, UpdatedAt: now, ReadAt: new(now.Add(-100 * time.Hour))}
	if err := a.store.Feeds.Insert(ctx, feed); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := a.Stop(stop); err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	reached := func(subject, body string) {
		t.Helper()
		m, err := mails.Wait(limit)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.Data, subject) || !m.Secure || m.User != "empire" || len(m.To) != 2 || strings.Contains(m.Data, "of-this-test") {
			t.Errorf("mail = %+v, want %q in it", m, subject)
		}
		select {
		case call := <-calls:
			if !strings.Contains(call, body) || strings.Contains(call, "of-this-test") {
				t.Errorf("webhook = %s, want %s in it", call, body)
			}
		case <-time.After(limit):
			t.Fatal("the webhook was not called")
		}
	}
	reached("[empire] warning: Stale feed: keys", `"title":"Stale feed: keys"`)
	feed.ReadAt = new(time.Now().UTC())
	if err := a.store.Feeds.Update(ctx, feed); err != nil {
		t.Fatal(err)
	}
	reached("[empire] over: Stale feed: keys", `"cleared_at":"`)
	if s, err := a.Alerts.Summary(ctx); err != nil || s.Firing != 0 || s.EvaluatedAt.IsZero() {
		t.Errorf("summary = %+v, %v", s, err)
	}
}
