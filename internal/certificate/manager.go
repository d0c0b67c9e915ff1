package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

const (
	// obtainLimit bounds one attempt, with the checks of the server.
	obtainLimit = 90 * time.Second
	// handshakeLimit is how long a handshake waits for the first certificate of a host.
	handshakeLimit = 45 * time.Second
	// attempts is how many hosts may ask the server at a time.
	attempts = 4
	// Pauses of a host after failed attempts.
	defaultPause = time.Minute
	longestPause = time.Hour
	// alpnChallenge is the protocol of a handshake that checks a host, RFC 8737 §6.2.
	alpnChallenge = "acme-tls/1"
)

// Config is what New needs.
type Config struct {
	Directory string         // URL of the ACME directory
	Email     string         // where the server writes to; may be empty
	Dir       string         // keeps certificates and the account; edges may share it
	Roots     *x509.CertPool // who may sign the certificate of the ACME server itself; nil: whom the system trusts
	// Owned reports whether a host, in lower case, may have a certificate now.
	Owned  func(host string) bool
	Logger *slog.Logger
	Pause  time.Duration // after the first failed attempt of a host; 0: one minute
}

// Manager keeps the certificates of all hosts. It is safe for concurrent use.
type Manager struct {
	cfg Config
	log *slog.Logger

	hosts hosts
	slots chan struct{} // one for each host that asks the server

	mu     sync.Mutex // guards what follows
	magic  *certmagic.Config
	cache  *certmagic.Cache
	issuer *certmagic.ACMEIssuer
	halt   chan struct{} // closed by Stop; nil: not started
	done   sync.WaitGroup
}

// New returns a manager that gets nothing before Start.
func New(cfg Config) (*Manager, error) {
	if cfg.Directory == "" || cfg.Dir == "" || cfg.Owned == nil || cfg.Logger == nil {
		return nil, errors.New("new certificates: the ACME directory, a folder, the owned hosts and a logger are needed")
	}
	if cfg.Pause <= 0 {
		cfg.Pause = defaultPause
	}
	return &Manager{cfg: cfg, log: cfg.Logger, hosts: hosts{known: map[string]*host{}}, slots: make(chan struct{}, attempts)}, nil
}

// Start begins to serve and renew certificates. The addresses are those of the
// listeners that the ACME server reaches, directly or forwarded, at ports 80 and 443.
func (m *Manager) Start(plainAddr, tlsAddr string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.halt != nil {
		return errors.New("start certificates: they are running")
	}
	host, plainPort, err := splitAddr(plainAddr)
	if err != nil {
		return err
	}
	_, tlsPort, err := splitAddr(tlsAddr)
	if err != nil {
		return err
	}
	quiet := zap.NewNop() // what matters comes as events
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return m.config() }, Logger: quiet,
	})
	m.magic = certmagic.New(m.cache, certmagic.Config{Storage: &certmagic.FileStorage{Path: m.cfg.Dir}, OnEvent: m.event, Logger: quiet})
	m.issuer = certmagic.NewACMEIssuer(m.magic, certmagic.ACMEIssuer{
		CA: m.cfg.Directory, Email: m.cfg.Email, Agreed: true, TrustedRoots: m.cfg.Roots, CertObtainTimeout: obtainLimit,
		ListenHost: host, AltHTTPPort: plainPort, AltTLSALPNPort: tlsPort, Logger: quiet,
	})
	m.magic.Issuers = []certmagic.Issuer{silent{m.issuer}}
	m.halt = make(chan struct{})
	return nil
}

// silent is an issuer that never asks at the terminal for an address to write to.
type silent struct{ *certmagic.ACMEIssuer }

// PreCheck implements certmagic.PreChecker.
func (s silent) PreCheck(ctx context.Context, names []string, _ bool) error {
	return s.ACMEIssuer.PreCheck(ctx, names, false)
}

func splitAddr(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("start certificates: listener %q: %w", addr, err)
	}
	return host, port, nil
}

// Stop breaks off attempts and ends renewing.
func (m *Manager) Stop(context.Context) error {
	m.mu.Lock()
	cache, halt := m.cache, m.halt
	m.magic, m.cache, m.issuer, m.halt = nil, nil, nil, nil
	m.mu.Unlock()
	if halt == nil {
		return nil
	}
	close(halt)
	cache.Stop()
	m.done.Wait()
	return nil
}

var errStopped = errors.New("certificates are not served yet")

func (m *Manager) config() (*certmagic.Config, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.magic == nil {
		return nil, errStopped
	}
	return m.magic, nil
}

// TLS returns the configuration of a listener that serves HTTP/2 and HTTP/1.1 and
// answers for the checks of the ACME server.
func (m *Manager) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: m.getCertificate,
		NextProtos: []string{"h2", "http/1.1", alpnChallenge},
	}
}

// errUnknown refuses a handshake for a host that has no certificate and gets none.
var errUnknown = errors.New("this server has no certificate for the requested name")

func (m *Manager) getCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	magic, err := m.config()
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == alpnChallenge {
		if !m.cfg.Owned(name) {
			return nil, errUnknown
		}
		return magic.GetCertificate(hello)
	}
	if name == "" || !m.cfg.Owned(name) {
		return nil, errUnknown
	}
	ctx, cancel := context.WithTimeout(hello.Context(), handshakeLimit)
	defer cancel()
	if err := m.await(ctx, name); err != nil {
		return nil, err
	}
	return magic.GetCertificate(hello)
}

// Challenge answers the check of an ACME server over HTTP. It reports false if the
// request is none that this server, or one that shares its directory, waits for.
func (m *Manager) Challenge(w http.ResponseWriter, r *http.Request) bool {
	m.mu.Lock()
	issuer := m.issuer
	m.mu.Unlock()
	return issuer != nil && issuer.HandleHTTPChallenge(w, r)
}

// event hears what certmagic does. An error forbids what it is about to do.
func (m *Manager) event(ctx context.Context, name string, data map[string]any) error {
	host, _ := data["identifier"].(string)
	switch name {
	case "cert_obtaining":
		if !m.cfg.Owned(host) {
			return certmagic.ErrNoRetry{Err: errUnknown}
		}
	case "cert_obtained":
		m.log.InfoContext(ctx, "certificate obtained", slog.String("host", host))
		m.hosts.obtained(host, time.Now())
	case "cert_failed":
		err, _ := data["error"].(error)
		m.log.WarnContext(ctx, "certificate not obtained", slog.String("host", host), slog.Any("err", err))
		m.hosts.failed(host, err, time.Now(), m.cfg.Pause)
	}
	return nil
}

// Reload reads the certificates that are in use from the directory again, and lets
// hosts whose last attempt failed try at once. Handshakes go on meanwhile.
func (m *Manager) Reload(ctx context.Context) {
	for _, name := range m.hosts.forgive() {
		m.reread(ctx, name)
	}
}

// reread takes over the certificate that the directory has now. If it has none, the
// one in memory goes on.
func (m *Manager) reread(ctx context.Context, name string) {
	magic, err := m.config()
	if err != nil {
		return
	}
	old := m.cached(name)
	fresh, err := magic.CacheManagedCertificate(ctx, name)
	if err != nil {
		return
	}
	var replaced []string
	for i := range old {
		if old[i].Hash() != fresh.Hash() {
			replaced = append(replaced, old[i].Hash())
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cache != nil {
		m.cache.Remove(replaced)
	}
}

// cached returns the certificates of a host that are in memory.
func (m *Manager) cached(name string) []certmagic.Certificate {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cache == nil {
		return nil
	}
	return m.cache.AllMatchingCertificates(name)
}
