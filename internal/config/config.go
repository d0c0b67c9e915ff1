// Package config reads the one configuration of the program: defaults, then a YAML
// file, then EMPIRE_* variables, then flags; the later one wins. It reports every
// fault at once, each with its key and where the value came from.
package config

import (
	"log/slog"
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
	Routes   Routes   `koanf:"routes"`
	Limits   Limits   `koanf:"limits"`
	CORS     CORS     `koanf:"cors"`
	Proxies  Proxies  `koanf:"proxies"`
	Database Database `koanf:"database"`
	Blobs    Blobs    `koanf:"blobs"`
	Designs  Designs  `koanf:"designs"`
	Redis    Redis    `koanf:"redis"`
	Bus      Bus      `koanf:"bus"`
	Mailbox  Mailbox  `koanf:"mailbox"`
	Auth     Auth     `koanf:"auth"`
	Webhooks Webhooks `koanf:"webhooks"`
	Log      Log      `koanf:"log"`
	Prices   Prices   `koanf:"prices"`
	Links    Links    `koanf:"links"`
	Market   Market   `koanf:"market"`
	Models   Models   `koanf:"models"`
	Research Research `koanf:"research"`
	Content  Content  `koanf:"content"`
	Vectors  Vectors  `koanf:"vectors"`

	Analytics Analytics `koanf:"analytics"`
	Edge      Edge      `koanf:"edge"`
	Fleet     Fleet     `koanf:"fleet"`
	SEO       SEO       `koanf:"seo"`
	Approvals Approvals `koanf:"approvals"`
	Traces    Traces    `koanf:"traces"`
	Alerts    Alerts    `koanf:"alerts"`

	Shutdown Shutdown `koanf:"shutdown"`
	Agents   Agents   `koanf:"agents"`
	Operator Operator `koanf:"operator"`
}

// Designs says where the operator's choices for the looks of sites are: one file
// DOMAIN.json for each site that has some.
type Designs struct {
	Dir string `koanf:"dir"` // empty: designs in the data directory
}

// Listen holds the addresses to listen on.
type Listen struct {
	API  string `koanf:"api"`
	Edge string `koanf:"edge"`
	// Advertise is the address at which other processes reach API, such as
	// http://10.0.0.7:8080; empty: the address that it listens on.
	Advertise string `koanf:"advertise"`
}

// Routes says where requests go that this process does not handle itself.
type Routes struct {
	File string `koanf:"file"` // YAML; read again when it changes; empty: everything is handled here
}

// Limits bounds what clients may ask for. Rates are requests per minute for one
// identity, 0 for no limit.
type Limits struct {
	Read         int    `koanf:"read"`
	Write        int    `koanf:"write"`
	Intelligence int    `koanf:"intelligence"`
	Auth         int    `koanf:"auth"`      // sign-ins, per address
	Anonymous    int    `koanf:"anonymous"` // everything else without identity, per address
	Webhooks     int    `koanf:"webhooks"`  // per address
	Fail         string `koanf:"fail"`      // open or closed: while the shared store of limits is down
	// InFlight and WritesInFlight are how many requests are worked on at a time;
	// more are answered with 503.
	InFlight       int           `koanf:"in_flight"`
	WritesInFlight int           `koanf:"writes_in_flight"`
	RequestTimeout time.Duration `koanf:"request_timeout"`
}

// CORS names the origins whose pages may call the API from a browser.
type CORS struct {
	Origins []string `koanf:"origins"` // https://dashboard.example, or * without credentials
}

// Proxies names who may say on whose behalf a request comes.
type Proxies struct {
	Trusted []string `koanf:"trusted"` // addresses and CIDR ranges
}

// Redis chooses the cache: a server with a URL, else memory of this process.
type Redis struct {
	URL     Secret        `koanf:"url"`
	Timeout time.Duration `koanf:"timeout"` // of one call; while the server takes longer, limits count in each process by itself
}

// Webhooks holds the secrets that providers sign with; a provider without one is
// refused.
type Webhooks struct {
	AWIN        Secret `koanf:"awin"`
	Digistore24 Secret `koanf:"digistore24"` // IPN passphrase
	N8N         Secret `koanf:"n8n"`
	SendGrid    Secret `koanf:"sendgrid"` // verification key (public, base64)
	Mailgun     Secret `koanf:"mailgun"`  // webhook signing key
}

// Database chooses the store: PostgreSQL with a URL, else SQLite in the data
// directory.
type Database struct {
	URL      Secret `koanf:"url"`
	MaxConns int    `koanf:"max_conns"` // of one process; 0: 20 for PostgreSQL, 8 readers for SQLite
}

// Blobs says where files are kept by content. Processes that share a database need
// the same place.
type Blobs struct {
	Dir string `koanf:"dir"` // empty: blobs in the data directory
}

// Bus chooses the message bus: a NATS cluster with a URL, else one in the process.
type Bus struct {
	URL Secret `koanf:"url"`
}

// Mailbox bounds what waits for agents.
type Mailbox struct {
	Max  int           `koanf:"max"`  // messages that wait for one agent; more are refused
	Keep time.Duration `koanf:"keep"` // how long handled and dead messages stay in the log
}

// Auth holds how tokens are signed.
type Auth struct {
	// Secret signs tokens (HS256); empty: one is made and kept in the data directory.
	Secret Secret `koanf:"secret"`
	// KeyFile holds the key that secrets in the database are encrypted with; empty:
	// seal.key in the data directory. Several processes need the same.
	KeyFile string `koanf:"key_file"`
}

// Log says how much is logged and in which form.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn, error
	Format string `koanf:"format"` // auto, text, json
}

// Approvals holds the rules for questions that only a person answers.
type Approvals struct {
	ExpireAfter time.Duration `koanf:"expire_after"` // then an unanswered one ends its run; 0: never
	FourEyes    bool          `koanf:"four_eyes"`    // somebody else than who started the run decides
}

// Traces says where the spans of OpenTelemetry go.
type Traces struct {
	URL           string  `koanf:"url"`           // OTLP/HTTP endpoint: http://127.0.0.1:4318/v1/traces; empty: none are made
	Sample        float64 `koanf:"sample"`        // share of the traces that are kept, 0 to 1
	Authorization Secret  `koanf:"authorization"` // header that is sent along: Bearer …
}

// Prices holds the rules for shown prices.
type Prices struct {
	MaxAge time.Duration `koanf:"max_age"` // older prices are not shown
	// History is how long changes of prices are kept; 0: for ever.
	History time.Duration `koanf:"history"`
}

// Links holds how pages lead to merchants.
type Links struct {
	// Way is direct or redirect (/go/… of the edge), where neither link nor program say.
	Way   string    `koanf:"way"`
	Check LinkCheck `koanf:"check"`
}

// Market holds when market data count as stale.
type Market struct {
	ProgramMaxAge time.Duration `koanf:"program_max_age"` // of affiliate programs and their commissions
	FeedMaxAge    time.Duration `koanf:"feed_max_age"`    // of product feeds
}

// Shutdown holds how long stopping may take.
type Shutdown struct {
	Timeout time.Duration `koanf:"timeout"`
}

// Agents holds how agents outside this program are watched.
type Agents struct {
	// Heartbeat is how often a connected agent must give a sign of life; after three
	// missed ones it is offline.
	Heartbeat time.Duration `koanf:"heartbeat"`
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
		"listen": map[string]any{"api": "127.0.0.1:8080", "edge": "127.0.0.1:8081", "advertise": ""},
		"routes": map[string]any{"file": ""},
		"limits": map[string]any{
			"read": 6000, "write": 600, "intelligence": 60, "auth": 30, "anonymous": 300, "webhooks": 6000, "fail": "open",
			"in_flight": 16384, "writes_in_flight": 256, "request_timeout": "30s",
		},
		"cors":     map[string]any{"origins": []string{}},
		"proxies":  map[string]any{"trusted": []string{}},
		"database": map[string]any{"url": "", "max_conns": 0},
		"blobs":    map[string]any{"dir": ""},
		"redis":    map[string]any{"url": "", "timeout": "250ms"},
		"designs":  map[string]any{"dir": ""},
		"bus":      map[string]any{"url": ""},
		"mailbox":  map[string]any{"max": 10000, "keep": "168h"},
		"auth":     map[string]any{"secret": "", "key_file": ""},
		"webhooks": map[string]any{"awin": "", "digistore24": "", "n8n": "", "sendgrid": "", "mailgun": ""},
		"log":      map[string]any{"level": "info", "format": "auto"},
		"prices":   map[string]any{"max_age": "72h", "history": "9600h"},
		"links":    linkDefaults(),
		"market":   map[string]any{"program_max_age": "24h", "feed_max_age": "72h"},
		"models":   modelDefaults(),
		"research": researchDefaults(),
		"content":  map[string]any{"writer": WriterData, "model": "", "failing_page": HoldSite},
		"vectors":  vectorDefaults(),

		"analytics": analyticsDefaults(),
		"edge":      edgeDefaults(),
		"fleet":     fleetDefaults(),
		"seo":       seoDefaults(),
		"approvals": map[string]any{"expire_after": "0s", "four_eyes": false},
		"traces":    map[string]any{"url": "", "sample": 1.0, "authorization": ""},
		"alerts":    alertDefaults(),

		"shutdown": map[string]any{"timeout": "10s"},
		"agents":   map[string]any{"heartbeat": "10s"},
		"operator": operator,
	}
}

// secretKeys are masked when shown.
var secretKeys = []string{
	"database.url", "redis.url", "bus.url", "auth.secret", "webhooks.awin", "webhooks.digistore24", "webhooks.n8n", "webhooks.sendgrid", "webhooks.mailgun", "models.api_key",
	"models.openai_key", "models.anthropic_key", "models.gemini_key", "traces.authorization", "research.proxy", "vectors.token",
	"alerts.webhook.url", "alerts.webhook.secret", "alerts.mail.password",
}
