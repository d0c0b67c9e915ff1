// Package config reads the one configuration of the program: defaults, then a YAML
// file, then EMPIRE_* variables, then flags; the later one wins. It reports every
// fault at once, each with its key and where the value came from.
package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Secret is a string that does not print itself.
type Secret string

// String returns *** for any value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// LogValue keeps the secret out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Config is the whole configuration.
type Config struct {
	Data     string   `koanf:"data"`
	Role     string   `koanf:"role"`
	Dev      bool     `koanf:"dev"`
	Workers  int      `koanf:"workers"`
	Listen   Listen   `koanf:"listen"`
	Database Database `koanf:"database"`
	Bus      Bus      `koanf:"bus"`
	Auth     Auth     `koanf:"auth"`
	Log      Log      `koanf:"log"`
	Prices   Prices   `koanf:"prices"`
	Shutdown Shutdown `koanf:"shutdown"`
	Operator Operator `koanf:"operator"`
}

// Listen holds the addresses to listen on.
type Listen struct {
	API  string `koanf:"api"`
	Edge string `koanf:"edge"`
}

// Database chooses the store: PostgreSQL with a URL, else SQLite in the data
// directory.
type Database struct {
	URL Secret `koanf:"url"`
}

// Bus chooses the message bus: a NATS cluster with a URL, else one in the process.
type Bus struct {
	URL Secret `koanf:"url"`
}

// Auth holds how tokens are signed.
type Auth struct {
	// Secret signs tokens (HS256); empty: one is made and kept in the data directory.
	Secret Secret `koanf:"secret"`
}

// Log says how much is logged and in which form.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn, error
	Format string `koanf:"format"` // auto, text, json
}

// Prices holds the rules for shown prices.
type Prices struct {
	MaxAge time.Duration `koanf:"max_age"` // older prices are not shown
}

// Shutdown holds how long stopping may take.
type Shutdown struct {
	Timeout time.Duration `koanf:"timeout"`
}

// Operator is who answers for the sites; see domain.Operator.
type Operator struct {
	Name        string `koanf:"name"`
	Street      string `koanf:"street"`
	PostalCode  string `koanf:"postal_code"`
	City        string `koanf:"city"`
	Country     string `koanf:"country"`
	Email       string `koanf:"email"`
	Phone       string `koanf:"phone"`
	ContactURL  string `koanf:"contact_url"`
	Register    string `koanf:"register"`
	VATID       string `koanf:"vat_id"`
	Responsible string `koanf:"responsible"`
	PublisherID string `koanf:"publisher_id"`
}

// Roles are the values of Config.Role.
var Roles = []string{"all", "gateway", "worker", "edge"}

func defaults() map[string]any {
	operator := map[string]any{}
	for _, k := range []string{"name", "street", "postal_code", "city", "country", "email", "phone", "contact_url", "register", "vat_id", "responsible", "publisher_id"} {
		operator[k] = ""
	}
	return map[string]any{
		"data": "./empire-data", "role": "all", "dev": false, "workers": 4,
		"listen":   map[string]any{"api": "127.0.0.1:8080", "edge": "127.0.0.1:8081"},
		"database": map[string]any{"url": ""},
		"bus":      map[string]any{"url": ""},
		"auth":     map[string]any{"secret": ""},
		"log":      map[string]any{"level": "info", "format": "auto"},
		"prices":   map[string]any{"max_age": "72h"},
		"shutdown": map[string]any{"timeout": "10s"},
		"operator": operator,
	}
}

// secretKeys are masked when shown.
var secretKeys = []string{"database.url", "bus.url", "auth.secret"}

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
	checkURL := func(key string, value Secret, schemes ...string) {
		if value == "" {
			return
		}
		u, err := url.Parse(string(value))
		// PostgreSQL also takes the directory of a Unix socket as ?host=.
		if err != nil || u.Host == "" && u.Query().Get("host") == "" || !slices.Contains(schemes, u.Scheme) {
			add(key, "not a URL that starts with %s://", strings.Join(schemes, ":// or "))
		}
	}
	checkURL("database.url", c.Database.URL, "postgres", "postgresql")
	checkURL("bus.url", c.Bus.URL, "nats", "tls")
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
	if c.Shutdown.Timeout < time.Second {
		add("shutdown.timeout", "%s is shorter than 1s", c.Shutdown.Timeout)
	}
	slices.Sort(faults)
	return faults
}
