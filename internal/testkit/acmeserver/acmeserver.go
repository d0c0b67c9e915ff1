// Package acmeserver is an ACME server (RFC 8555) for tests: Pebble, in the process. It
// checks hosts for real, over HTTP and in handshakes, at the ports that it is given;
// every name leads to 127.0.0.1.
package acmeserver

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// Server is a running ACME server.
type Server struct {
	// Directory is the URL of its directory.
	Directory string
	// Own signed the certificate of the server itself.
	Own *x509.CertPool
	// OwnFile holds the same, as PEM.
	OwnFile string
	// Issued signed the certificates that it issues.
	Issued *x509.CertPool

	orders atomic.Int64
	down   atomic.Bool
}

// Orders returns how many orders it accepted. It turns every twentieth request down as if
// its nonce were too old; that is none.
func (s *Server) Orders() int { return int(s.orders.Load()) }

// SetDown makes the server answer everything with 500, or ends that.
func (s *Server) SetDown(down bool) { s.down.Store(down) }

func init() {
	// Read by Pebble when it is built: no random pauses before checks.
	if err := os.Setenv("PEBBLE_VA_NOSLEEP", "1"); err != nil {
		panic(err)
	}
}

// Start starts a server that checks hosts at the ports of two listeners. It ends with
// the test.
func Start(t testing.TB, plainAddr, tlsAddr string) *Server {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "of tests", ValidityPeriod: 90 * 24 * 3600}})
	checks := va.New(quiet, port(t, plainAddr), port(t, tlsAddr), false, resolver(t), store)
	front := wfe.New(quiet, store, checks, authority, []string{"ca.example"}, false, false, 1, 1)
	pebble := front.Handler()
	s := &Server{Own: x509.NewCertPool(), Issued: x509.NewCertPool()}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		seen := &statusWriter{ResponseWriter: w}
		pebble.ServeHTTP(seen, r)
		if strings.HasSuffix(r.URL.Path, "/order-plz") && seen.status == http.StatusCreated {
			s.orders.Add(1)
		}
	}))
	t.Cleanup(server.Close)
	s.Directory = server.URL + wfe.DirectoryPath
	s.Own.AddCert(server.Certificate())
	s.Issued.AddCert(authority.GetRootCert(0).Cert)
	s.OwnFile = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(s.OwnFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func port(t testing.TB, addr string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return a.Port
}

// resolver answers 127.0.0.1 for every name, and nothing for names that begin with
// "nowhere".
func resolver(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg).SetReply(q)
		for _, one := range q.Question {
			if one.Qtype == dns.TypeA && !strings.HasPrefix(one.Name, "nowhere") {
				answer.Answer = append(answer.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: one.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1),
				})
			}
		}
		_ = w.WriteMsg(answer) // whoever asked is gone
	})}
	done := make(chan error, 1)
	go func() { done <- server.ActivateAndServe() }()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}
