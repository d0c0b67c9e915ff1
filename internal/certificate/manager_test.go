package certificate_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/certificate"
	"empire/internal/testkit/acmeserver"
)

// place is an edge: two listeners, of which the plain one answers for checks.
type place struct {
	plain, tls net.Listener
	manager    atomic.Pointer[certificate.Manager]
	ca         *acmeserver.Server
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{}
	for _, l := range []*net.Listener{&p.plain, &p.tls} {
		var err error
		if *l, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	p.ca = acmeserver.Start(t, p.plain.Addr().String(), p.tls.Addr().String())
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m := p.manager.Load(); r.TLS != nil || m == nil || !m.Challenge(w, r) {
			_, _ = io.WriteString(w, "page")
		}
	})
	server := &http.Server{Handler: page, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0), ReadHeaderTimeout: time.Minute, TLSConfig: &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return p.manager.Load().TLS(), nil },
		NextProtos:         []string{"h2", "http/1.1", "acme-tls/1"},
	}}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(p.plain) })
	wg.Go(func() { _ = server.ServeTLS(p.tls, "", "") })
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
	})
	return p
}

// manage starts a manager on a directory that owns all hosts under .example but
// stranger.example.
func (p *place) manage(t *testing.T, dir string) *certificate.Manager {
	t.Helper()
	m, err := certificate.New(certificate.Config{
		Directory: p.ca.Directory, Dir: dir, Roots: p.ca.Own, Logger: slog.New(slog.DiscardHandler), Pause: time.Hour,
		Owned: func(host string) bool { return strings.HasSuffix(host, ".example") && host != "stranger.example" },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(p.plain.Addr().String(), p.tls.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Stop(context.Background()) })
	p.manager.Store(m)
	return m
}

// visit asks for a page over TLS and returns the serial number of the certificate.
func (p *place) visit(t *testing.T, host string) (serial string, err error) {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: p.ca.Issued, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(t.Context(), "tcp", p.tls.Addr().String())
	if err != nil {
		return "", err
	}
	state := conn.(*tls.Conn).ConnectionState()
	if state.NegotiatedProtocol != "h2" {
		t.Errorf("protocol %q, want h2", state.NegotiatedProtocol)
	}
	return state.PeerCertificates[0].SerialNumber.String(), conn.Close()
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	p, dir := newPlace(t), t.TempDir()
	m := p.manage(t, dir)
	if m.Ready("one.example") {
		t.Error("ready before anybody asked")
	}
	var wg sync.WaitGroup
	serials := make([]string, 8)
	for i := range serials {
		wg.Go(func() {
			var err error
			if serials[i], err = p.visit(t, "one.example"); err != nil {
				t.Errorf("visit: %v", err)
			}
		})
	}
	wg.Wait()
	if n := p.ca.Orders(); n != 1 {
		t.Errorf("%d orders for one host, want 1", n)
	}
	state, ok := m.State("one.example")
	if days := time.Until(state.ValidUntil).Hours() / 24; !ok || days < 88 || days > 91 || state.Error != "" || state.Obtained.IsZero() {
		t.Errorf("state = %+v, valid for %.0f days, want 90", state, days)
	}
	if !m.Ready("one.example") || m.Ping(t.Context()) != nil {
		t.Errorf("not ready: %v", m.Ping(t.Context()))
	}
	// Whoever is not owned gets no certificate, and nobody is asked for one.
	for _, host := range []string{"stranger.example", "other.test"} {
		if _, err := p.visit(t, host); err == nil {
			t.Errorf("%s was served", host)
		}
		m.Prepare(host)
	}
	if n := p.ca.Orders(); n != 1 {
		t.Errorf("%d orders, want still 1", n)
	}
	// Another edge on the same directory serves it without asking, and takes over what
	// the first renews.
	other := p.manage(t, dir)
	first, err := p.visit(t, "one.example")
	if err != nil || first != serials[0] || p.ca.Orders() != 1 {
		t.Errorf("serial %s after %d orders, want %s after 1: %v", first, p.ca.Orders(), serials[0], err)
	}
	if err := m.Renew(t.Context(), "one.example"); err != nil {
		t.Fatal(err)
	}
	if list, err := certificate.Stored(dir); err != nil || len(list) != 1 || list[0].Host != "one.example" || list[0].ValidUntil.Before(state.ValidUntil) {
		t.Errorf("stored %+v, want the one host: %v", list, err)
	}
	other.Reload(t.Context())
	if second, err := p.visit(t, "one.example"); err != nil || second == first {
		t.Errorf("serial %s, want another than that before: %v", second, err)
	}
}

// TestPrepare gets a certificate without a handshake that waits for it.
func TestPrepare(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	m := p.manage(t, t.TempDir())
	m.Prepare("two.example")
	if _, err := p.visit(t, "two.example"); err != nil || p.ca.Orders() != 1 { // it joins
		t.Errorf("visit after %d orders: %v", p.ca.Orders(), err)
	}
}

// TestFailingServer: while the ACME server is down, handshakes fail soon and it is not
// asked again before the pause is over.
func TestFailingServer(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	m := p.manage(t, t.TempDir())
	p.ca.SetDown(true)
	for range 3 {
		if _, err := p.visit(t, "three.example"); err == nil {
			t.Fatal("served without a certificate")
		}
	}
	state, ok := m.State("three.example")
	if !ok || state.Error == "" || time.Until(state.NextTry) < 50*time.Minute || m.Ready("three.example") {
		t.Errorf("state = %+v, want an error and a pause of an hour", state)
	}
	if err := m.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "three.example") {
		t.Errorf("ping = %v, want the host", err)
	}
	p.ca.SetDown(false)
	if _, err := p.visit(t, "three.example"); err == nil {
		t.Error("served within the pause")
	}
	m.Reload(t.Context())
	if _, err := p.visit(t, "three.example"); err != nil {
		t.Errorf("visit after the pause: %v", err)
	}
	if err := m.Ping(t.Context()); err != nil {
		t.Errorf("ping = %v", err)
	}
}

// TestUnreachable: a host that leads elsewhere gets no certificate, and the reason is
// that of the server.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	m := p.manage(t, t.TempDir())
	if _, err := p.visit(t, "nowhere.example"); err == nil {
		t.Fatal("served without a certificate")
	}
	if state, _ := m.State("nowhere.example"); !strings.Contains(state.Error, "nowhere.example") {
		t.Errorf("error %q does not name the host", state.Error)
	}
}

func TestNewIsStrict(t *testing.T) {
	t.Parallel()
	if _, err := certificate.New(certificate.Config{Directory: "https://ca.example/dir"}); err == nil {
		t.Error("accepted without a folder")
	}
	m, err := certificate.New(certificate.Config{
		Directory: "https://ca.example/dir", Dir: t.TempDir(), Owned: func(string) bool { return true }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start("nowhere", "127.0.0.1:1"); err == nil {
		t.Error("started without a port")
	}
	if _, err := m.TLS().GetCertificate(&tls.ClientHelloInfo{ServerName: "a.example"}); err == nil {
		t.Error("a certificate before the start")
	}
	if err := m.Ping(t.Context()); err == nil {
		t.Error("well before the start")
	}
	if err := m.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
