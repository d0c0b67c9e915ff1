package edge_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/certificate"
	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/gateway"
	"empire/internal/testkit/acmeserver"
)

// secured is an edge with both listeners and an ACME server that checks its hosts.
type secured struct {
	*testing.T
	gw    *gateway.Gateway
	edge  *edge.Server
	certs *certificate.Manager
	ca    *acmeserver.Server
}

func newSecured(t *testing.T, hosts ...string) *secured {
	t.Helper()
	w := newWorld(t)
	files := keyboards()
	for _, host := range hosts {
		w.publish(host, w.release(files...))
	}
	s := &secured{T: t}
	var late atomic.Pointer[certificate.Manager] // it needs the ports of the listeners, and they need it
	s.edge = w.serve(func(c *edge.Config) { c.Certificates = lateCertificates{&late} })
	s.gw = gateway.New(gateway.Config{
		EdgeAddr: "127.0.0.1:0", EdgeTLSAddr: "127.0.0.1:0", Edge: s.edge, Logger: slog.New(slog.DiscardHandler),
		EdgeTLS: &tls.Config{NextProtos: []string{"h2", "http/1.1", "acme-tls/1"}, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return late.Load().TLS(), nil }},
	})
	if err := s.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.gw.Stop(context.Background()) })
	s.ca = acmeserver.Start(t, s.gw.EdgeAddr(), s.gw.EdgeTLSAddr())
	var err error
	s.certs, err = certificate.New(certificate.Config{
		Directory: s.ca.Directory, Dir: t.TempDir(), Roots: s.ca.Own, Owned: s.edge.Owns, Logger: slog.New(slog.DiscardHandler), Pause: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.certs.Start(s.gw.EdgeAddr(), s.gw.EdgeTLSAddr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.certs.Stop(context.Background()) })
	late.Store(s.certs)
	return s
}

// lateCertificates are certificates once there is a manager.
type lateCertificates struct {
	m *atomic.Pointer[certificate.Manager]
}

func (l lateCertificates) Ready(host string) bool { return l.m.Load().Ready(host) }
func (l lateCertificates) Prepare(host string)    { l.m.Load().Prepare(host) }
func (l lateCertificates) State(host string) (domain.HostCertificate, bool) {
	return l.m.Load().State(host)
}
func (l lateCertificates) Challenge(w http.ResponseWriter, r *http.Request) bool {
	return l.m.Load().Challenge(w, r)
}

// reply is what came back, with the body read.
type reply struct {
	Proto      string
	ProtoMajor int
	StatusCode int
	Header     http.Header
}

// get asks for a page of a host at a listener.
func (s *secured) get(method, scheme, host, path string) (reply, string, error) {
	s.Helper()
	addr := s.gw.EdgeAddr()
	if scheme == "https" {
		addr = s.gw.EdgeTLSAddr()
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{ServerName: host, RootCAs: s.ca.Issued, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(s.Context(), method, scheme+"://"+addr+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Host = host
	res, err := transport.RoundTrip(r)
	if err != nil {
		return reply{}, "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return reply{res.Proto, res.ProtoMajor, res.StatusCode, res.Header}, string(b), err
}

// TestTLS: the first visitor of an owned host gets a certificate from the ACME server
// and the page over HTTP/2; from then on, and not before, HTTP leads there.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := newSecured(t, "keyboards", "kettles")
	s.edge.Configure(edge.Settings{Redirect: true, Port: 8443, HSTS: time.Hour})
	res, page, err := s.get(http.MethodGet, "https", "keyboards.example", "/guide/")
	if err != nil {
		t.Fatal(err)
	}
	if res.ProtoMajor != 2 || res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") != "max-age=3600" || !strings.Contains(page, "guide") {
		t.Errorf("%s %d %q", res.Proto, res.StatusCode, res.Header.Get("Strict-Transport-Security"))
	}
	res, _, err = s.get(http.MethodGet, "http", "keyboards.example", "/guide/?a=b")
	if err != nil || res.StatusCode != 301 || res.Header.Get("Location") != "https://keyboards.example:8443/guide/?a=b" {
		t.Errorf("HTTP: %d to %q, want 301 to HTTPS: %v", res.StatusCode, res.Header.Get("Location"), err)
	}
	if res, _, err = s.get(http.MethodPost, "http", "keyboards.example", "/e"); err != nil || res.StatusCode != 308 {
		t.Errorf("POST over HTTP: %d, want 308: %v", res.StatusCode, err)
	}
	s.edge.Configure(edge.Settings{Port: 443})
	if res, _, err = s.get(http.MethodGet, "http", "keyboards.example", "/"); err != nil || res.StatusCode != 200 {
		t.Errorf("without redirect: %d, want 200: %v", res.StatusCode, err)
	}
	if res, _, err = s.get(http.MethodGet, "https", "keyboards.example", "/"); err != nil || res.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("HSTS %q, want none: %v", res.Header.Get("Strict-Transport-Security"), err)
	}
	// A host of nobody gets no certificate, by whatever name.
	for _, host := range []string{"stranger.example", "keyboards.localhost", "sub.keyboards.example"} {
		if _, _, err := s.get(http.MethodGet, "https", host, "/"); err == nil {
			t.Errorf("%s was served over TLS", host)
		}
	}
	if n := s.ca.Orders(); n != 1 {
		t.Errorf("%d certificates were asked for, want 1", n)
	}
	for _, h := range s.edge.Hosts(domain.DefaultTenant) {
		if c := h.Certificate; (c != nil) != (h.Domain == "keyboards.example") || c != nil && time.Until(c.ValidUntil) < 80*24*time.Hour {
			t.Errorf("%s: %+v", h.Domain, c)
		}
	}
}

// TestTLSWithoutIssuer: while the ACME server fails, sites are served over HTTP, no
// visitor waits for it, and the reason is told.
func TestTLSWithoutIssuer(t *testing.T) {
	t.Parallel()
	s := newSecured(t, "keyboards")
	s.edge.Configure(edge.Settings{Redirect: true, HSTS: time.Hour})
	s.ca.SetDown(true)
	if _, _, err := s.get(http.MethodGet, "https", "keyboards.example", "/"); err == nil {
		t.Error("served over TLS without a certificate")
	}
	for range 3 {
		res, _, err := s.get(http.MethodGet, "http", "keyboards.example", "/")
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("HTTP while the issuer is down: %v", err)
		}
	}
	if c := s.edge.Hosts(domain.DefaultTenant)[0].Certificate; c == nil || c.Error == "" || !c.ValidUntil.IsZero() {
		t.Errorf("certificate = %+v, want the reason", c)
	}
}
