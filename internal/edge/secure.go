package edge

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// certificates has the TLS certificates of hosts. None of its methods waits.
type certificates interface {
	// Ready reports whether a host can be served over TLS now.
	Ready(host string) bool
	// Prepare begins to get the certificate of a host unless that is under way.
	Prepare(host string)
	State(host string) (domain.HostCertificate, bool)
	// Challenge answers the check of an ACME server, or reports that a request is none.
	Challenge(w http.ResponseWriter, r *http.Request) bool
}

// Settings are what can change while the server runs.
type Settings struct {
	Redirect bool          // lead visitors to HTTPS once their host has a certificate
	Port     int           // at which they reach it; 0 means 443
	HSTS     time.Duration // how long browsers remember to use HTTPS; 0: not at all
}

// settings are Settings, ready for use.
type settings struct {
	redirect bool
	port     string   // with a colon; empty: the usual one
	hsts     []string // Strict-Transport-Security; nil: none
}

// Configure changes the settings for the requests that begin from now on.
func (s *Server) Configure(c Settings) {
	set := &settings{redirect: c.Redirect}
	if c.Port != 0 && c.Port != 443 {
		set.port = ":" + strconv.Itoa(c.Port)
	}
	if c.HSTS > 0 {
		set.hsts = []string{"max-age=" + strconv.FormatInt(int64(c.HSTS/time.Second), 10)}
	}
	s.settings.Store(set)
}

// Owns reports whether a host, in lower case, is the domain of a website that is live.
// Names under localhost are not: they need no certificate.
func (s *Server) Owns(host string) bool {
	t := s.table.Load()
	if t == nil {
		return false
	}
	st := (*t)[host]
	return st != nil && st.domain == host
}

// challengePrefix begins the paths where ACME servers check a host, RFC 8555 §8.3.
const challengePrefix = "/.well-known/acme-challenge/"

// secure settles what TLS has to do with a request. It reports the status if that was
// all there was to answer, else 0.
func (s *Server) secure(w http.ResponseWriter, r *http.Request, host string, st *site) int {
	set := s.settings.Load()
	if r.TLS != nil {
		if set.hsts != nil {
			w.Header()["Strict-Transport-Security"] = set.hsts
		}
		return 0
	}
	if strings.HasPrefix(r.URL.Path, challengePrefix) && s.cfg.Certificates.Challenge(w, r) {
		return http.StatusOK
	}
	if st == nil || host != st.domain || !set.redirect || s.cfg.Secure != nil && s.cfg.Secure(r) {
		return 0
	}
	if !s.cfg.Certificates.Ready(host) {
		s.cfg.Certificates.Prepare(host)
		return 0
	}
	status := http.StatusMovedPermanently
	if !readOnly(r) {
		status = http.StatusPermanentRedirect // the method stays
	}
	h := w.Header()
	h["Location"] = []string{"https://" + host + set.port + r.URL.RequestURI()}
	h["Cache-Control"] = cacheShort
	return plainText(w, r, status, "This site is served over HTTPS.\n")
}
