package config

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Alerts says how often rules are looked at and over what people are told.
type Alerts struct {
	Every time.Duration `koanf:"every"` // between two looks
	// Digest is the least time between two messages about what is not critical: what
	// comes within it comes together.
	Digest  time.Duration `koanf:"digest"`
	Webhook AlertWebhook  `koanf:"webhook"`
	Mail    AlertMail     `koanf:"mail"`
}

// AlertWebhook is the address that alerts are posted to.
type AlertWebhook struct {
	URL    Secret `koanf:"url"`    // empty: none
	Secret Secret `koanf:"secret"` // that requests are signed with; at least 16 bytes
}

// AlertMail is the mail server that alerts are sent through.
type AlertMail struct {
	Host     string   `koanf:"host"` // empty: no mails
	Port     int      `koanf:"port"`
	User     string   `koanf:"user"` // empty: the server asks for none
	Password Secret   `koanf:"password"`
	From     string   `koanf:"from"`
	To       []string `koanf:"to"`         // of the tenant main; others: their administrators
	TLS      string   `koanf:"tls"`        // starttls, tls or none
	Roots    string   `koanf:"roots_file"` // PEM of who signs the server's certificate; empty: whom the system trusts
}

func alertDefaults() map[string]any {
	return map[string]any{
		"every": "15s", "digest": "5m",
		"webhook": map[string]any{"url": "", "secret": ""},
		"mail": map[string]any{
			"host": "", "port": 587, "user": "", "password": "", "from": "", "to": []string{}, "tls": "starttls", "roots_file": "",
		},
	}
}

// validateAlerts checks how alerts are looked for and delivered.
func (c *Config) validateAlerts(add func(key, format string, args ...any)) {
	a := &c.Alerts
	if a.Every < time.Second || a.Every > 30*time.Second { // fired within a minute
		add("alerts.every", "%s is not between 1s and 30s", a.Every)
	}
	if a.Digest < 0 || a.Digest > 24*time.Hour {
		add("alerts.digest", "%s is not between 0s and 24h", a.Digest)
	}
	if a.Webhook.URL != "" {
		u, err := url.Parse(string(a.Webhook.URL))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			add("alerts.webhook.url", "not a URL that starts with https:// or http://")
		}
		if s := string(a.Webhook.Secret); len(s) < 16 || strings.TrimSpace(s) != s {
			add("alerts.webhook.secret", "at least 16 bytes without spaces around them are needed to sign requests")
		}
	}
	a.Mail.validate(add)
}

func (m *AlertMail) validate(add func(key, format string, args ...any)) {
	if m.Port < 1 || m.Port > 65535 {
		add("alerts.mail.port", "%d is not between 1 and 65535", m.Port)
	}
	if !slices.Contains([]string{"starttls", "tls", "none"}, m.TLS) {
		add("alerts.mail.tls", "%q is not starttls, tls or none", m.TLS)
	}
	if m.Host == "" {
		return
	}
	if strings.ContainsAny(m.Host, " :/@") && !strings.Contains(m.Host, "::") {
		add("alerts.mail.host", "%q is not the name of a host without port", m.Host)
	}
	if !plainAddress(m.From) {
		add("alerts.mail.from", "%q is not an e-mail address", m.From)
	}
	if len(m.To) == 0 {
		add("alerts.mail.to", "at least one address is needed")
	}
	for _, to := range m.To {
		if !plainAddress(to) {
			add("alerts.mail.to", "%q is not an e-mail address", to)
		}
	}
	if m.User != "" && m.Password == "" {
		add("alerts.mail.password", "user %s needs a password", m.User)
	}
}

func plainAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}
