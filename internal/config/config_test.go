package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/config"
)

func TestLoadPrecedence(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "c.yaml")
	write(t, file, "workers: 7\nlisten:\n  api: 127.0.0.1:1\n  edge: 127.0.0.1:2\nprices:\n  max_age: 24h\n")
	cfg, settings, err := config.Load(config.Input{
		File: file, Environ: []string{"EMPIRE_LISTEN_API=127.0.0.1:3", "EMPIRE_LISTEN_EDGE=127.0.0.1:4", "EMPIRE_DEV=true", "HOME=/x"},
		Flags: map[string]string{"listen.edge": "127.0.0.1:5"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Workers != 7 || cfg.Listen.API != "127.0.0.1:3" || cfg.Listen.Edge != "127.0.0.1:5" || cfg.Prices.MaxAge != 24*time.Hour || !cfg.Dev {
		t.Errorf("got %+v", cfg)
	}
	sources := map[string]string{}
	for _, s := range settings {
		sources[s.Key] = s.Source
	}
	for key, want := range map[string]string{"workers": "file " + file, "listen.api": "env", "listen.edge": "flag", "log.level": "default"} {
		if sources[key] != want {
			t.Errorf("source of %s = %q, want %q", key, sources[key], want)
		}
	}
}

func TestLoadFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		environ    []string
		want       []string
	}{
		{"unknown key in file", "listen:\n  apl: x\n", nil, []string{"listen.apl"}},
		{"unknown variable", "", []string{"EMPIRE_WROKERS=1"}, []string{"EMPIRE_WROKERS"}},
		{"odd traces", "traces:\n  url: 127.0.0.1:4318\n  sample: 2\n", nil, []string{"traces.url", "traces.sample"}},
		{"approvals that expire at once", "approvals:\n  expire_after: 10ms\n", nil, []string{"approvals.expire_after", "10ms"}},
		{"odd writers", "content:\n  writer: ghost\n", nil, []string{"content.writer"}},
		{"odd policy", "content:\n  failing_page: shrug\n", nil, []string{"content.failing_page"}},
		{"a writer without a model", "content:\n  writer: model\n", nil, []string{"content.writer"}},
		{"a writer that nobody knows", "content:\n  writer: model\n  model: ghost\nmodels:\n  model: gpt\n", nil, []string{"content.model"}},
		{"odd research", "research:\n  searxng: x\n  feeds: [ftp://a]\n  allow: [lan]\n  models: [nobody]\n  timeout: 1ms\n", nil, []string{"research.searxng", "research.feeds", "research.allow", "research.models", "research.timeout"}},
		{"odd vectors", "vectors:\n  url: ftp://a\n  memory_mb: 1\n  dimension: 3\n  embedder: magic\n", nil, []string{"vectors.url", "vectors.memory_mb", "vectors.dimension", "vectors.embedder"}},
		{"odd analytics", "analytics:\n  own_networks: [lan]\n  keep_events: 1m\n  keep: 24h\n", nil, []string{"analytics.own_networks", "analytics.keep_events", "analytics.keep:"}},
		{
			"odd alerts", "alerts:\n  every: 2m\n  digest: -1s\n  webhook: {url: 'ftp://a', secret: short}\n  mail: {host: 'a:25', port: 0, user: u, from: x, to: [y], tls: ssl}\n", nil,
			[]string{"alerts.every", "alerts.digest", "alerts.webhook.url", "alerts.webhook.secret", "alerts.mail.host", "alerts.mail.port", "alerts.mail.from", "alerts.mail.to", "alerts.mail.tls", "alerts.mail.password"},
		},
		{"mails to nobody", "alerts:\n  mail: {host: mail.example, from: a@b.example}\n", nil, []string{"alerts.mail.to"}},
		{"odd search engine", "seo:\n  indexnow: http://api.indexnow.example/indexnow\n", nil, []string{"seo.indexnow"}},
		{"odd fleet", "fleet:\n  duplicates: 0.2\n  pages_per_week: -1\n  fall: 0.1\n", nil, []string{"fleet.duplicates", "fleet.fall", "fleet.pages_per_week"}},
		{"vectors of no model", "vectors:\n  embedder: model\n", nil, []string{"vectors.embedder", "models.embedding"}},
		{"odd timeout of Redis", "redis:\n  timeout: 1ms\n", nil, []string{"redis.timeout"}},
		{"bad duration", "prices:\n  max_age: soon\n", nil, []string{"max_age"}},
		{"bad URL", "database:\n  url: mysql://x/y\n", nil, []string{"database.url"}},
		{"short secret", "", []string{"EMPIRE_AUTH_SECRET=short"}, []string{"auth.secret"}},
		{"all at once", "workers: 0\nrole: king\nlog:\n  level: loud\n", nil, []string{"workers", "role", "log.level"}},
		{"not YAML", "a: [", nil, []string{"not YAML"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "c.yaml")
			write(t, file, tt.file)
			_, _, err := config.Load(config.Input{File: file, Environ: tt.environ})
			fault, ok := errors.AsType[*config.FaultError](err)
			if !ok {
				t.Fatalf("got %v, want a FaultError", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(fault.Error(), w) {
					t.Errorf("%q does not name %s", fault.Error(), w)
				}
			}
		})
	}
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	_, settings, err := config.Load(config.Input{Environ: []string{
		"EMPIRE_DATABASE_URL=postgres://u:hunter2@localhost/db", "EMPIRE_ALERTS_MAIL_PASSWORD=hunter2", "EMPIRE_ALERTS_WEBHOOK_URL=https://hooks.example/hunter2",
		"EMPIRE_ALERTS_WEBHOOK_SECRET=hunter2hunter2hunter2",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows its secret: %s", s.Key, s.Value)
		}
	}
}

func write(t *testing.T, name, body string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}
