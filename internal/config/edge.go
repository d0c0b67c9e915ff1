package config

import (
	"net"
	"net/mail"
	"net/url"
	"slices"
	"time"
)

// Edge says how websites are served.
type Edge struct {
	TLS EdgeTLS `koanf:"tls"`
	Log EdgeLog `koanf:"log"`
}

// EdgeTLS says whether websites get certificates, and from whom. The ACME server checks
// each host at port 80 or 443, which must lead to listen.edge and edge.tls.listen.
type EdgeTLS struct {
	Enabled   bool   `koanf:"enabled"`
	Listen    string `koanf:"listen"`
	Directory string `koanf:"directory"`  // URL of the ACME directory
	Email     string `koanf:"email"`      // where the issuer writes to
	Dir       string `koanf:"dir"`        // keeps certificates; edges may share it; empty: certificates in the data directory
	RootsFile string `koanf:"roots_file"` // PEM of who signs the ACME server's own certificate; empty: whom the system trusts
	// Redirect leads visitors from HTTP to HTTPS once their host has a certificate.
	Redirect bool          `koanf:"redirect"`
	Port     int           `koanf:"port"` // at which visitors reach edge.tls.listen
	HSTS     time.Duration `koanf:"hsts"` // how long browsers remember to use HTTPS; 0s: not at all
}

// EdgeLog says whether and how requests of visitors are written to a file.
type EdgeLog struct {
	File      string `koanf:"file"`      // empty: none is written
	Format    string `koanf:"format"`    // combined or json
	Addresses string `koanf:"addresses"` // truncated (to /24 and /48), none, or full
	MaxBytes  int64  `koanf:"max_bytes"` // then another file is begun
	Keep      int    `koanf:"keep"`      // how many files of the past are kept
}

func edgeDefaults() map[string]any {
	return map[string]any{
		"tls": map[string]any{
			"enabled": false, "listen": "127.0.0.1:8443", "directory": "https://acme-v02.api.letsencrypt.org/directory", "email": "", "dir": "",
			"roots_file": "", "redirect": true, "port": 443, "hsts": "720h",
		},
		"log": map[string]any{"file": "", "format": "combined", "addresses": "truncated", "max_bytes": 100_000_000, "keep": 7},
	}
}

// validateEdge checks how websites are served.
func (c *Config) validateEdge(add func(key, format string, args ...any)) {
	t, l := &c.Edge.TLS, &c.Edge.Log
	if _, _, err := net.SplitHostPort(t.Listen); err != nil {
		add("edge.tls.listen", "%q is not host:port", t.Listen)
	}
	if u, err := url.Parse(t.Directory); err != nil || u.Scheme != "https" || u.Host == "" { // RFC 8555 §6.1
		add("edge.tls.directory", "%q is not a URL that starts with https://", t.Directory)
	}
	if t.Email != "" {
		if a, err := mail.ParseAddress(t.Email); err != nil || a.Address != t.Email {
			add("edge.tls.email", "%q is not an e-mail address", t.Email)
		}
	}
	if t.Port < 1 || t.Port > 65535 {
		add("edge.tls.port", "%d is not between 1 and 65535", t.Port)
	}
	if t.HSTS < 0 || t.HSTS > 2*365*24*time.Hour {
		add("edge.tls.hsts", "%s is not between 0s and 17520h", t.HSTS)
	}
	if !slices.Contains([]string{"combined", "json"}, l.Format) {
		add("edge.log.format", "%q is not combined or json", l.Format)
	}
	if !slices.Contains([]string{"truncated", "none", "full"}, l.Addresses) {
		add("edge.log.addresses", "%q is not truncated, none or full", l.Addresses)
	}
	if l.MaxBytes < 1<<16 {
		add("edge.log.max_bytes", "%d is less than 65536", l.MaxBytes)
	}
	if l.Keep < 1 || l.Keep > 1000 {
		add("edge.log.keep", "%d is not between 1 and 1000", l.Keep)
	}
}
