package certificate

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"empire/internal/domain"
)

// hosts is what is known of each host that somebody asked for.
type hosts struct {
	mu    sync.Mutex
	known map[string]*host
}

type host struct {
	state   domain.HostCertificate
	pause   time.Duration // after the last failure
	pending chan struct{} // closed when the attempt that is under way ended; nil: there is none
}

// of returns the entry of a host. The caller holds the lock.
func (h *hosts) of(name string) *host {
	one := h.known[name]
	if one == nil {
		one = &host{state: domain.HostCertificate{Host: name}}
		h.known[name] = one
	}
	return one
}

// succeeded forgets what failed before.
func (h *hosts) succeeded(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.of(name)
	one.state.Error, one.state.FailedAt, one.state.NextTry, one.pause = "", time.Time{}, time.Time{}, 0
}

func (h *hosts) obtained(name string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.of(name)
	one.state.Obtained, one.state.Error, one.state.FailedAt, one.state.NextTry, one.pause = now.UTC(), "", time.Time{}, time.Time{}, 0
}

// failed remembers why there is no certificate, and when to try again.
func (h *hosts) failed(name string, err error, now time.Time, first time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.of(name)
	if now.Before(one.state.NextTry) { // the same attempt
		return
	}
	one.pause = min(max(2*one.pause, first), max(longestPause, first))
	one.state.Error, one.state.FailedAt, one.state.NextTry = err.Error(), now.UTC(), now.Add(one.pause).UTC()
}

// forgive ends all pauses, and returns all hosts.
func (h *hosts) forgive() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]string, 0, len(h.known))
	for name, one := range h.known {
		one.state.NextTry, one.pause = time.Time{}, 0
		out = append(out, name)
	}
	return out
}

// leaf returns the certificate of a host that ends last; nil: there is none in memory.
func (m *Manager) leaf(name string) *x509.Certificate {
	var out *x509.Certificate
	for _, c := range m.cached(name) {
		if c.Leaf != nil && (out == nil || c.Leaf.NotAfter.After(out.NotAfter)) {
			out = c.Leaf
		}
	}
	return out
}

// Ready reports whether a host can be served over TLS now.
func (m *Manager) Ready(name string) bool {
	leaf := m.leaf(name)
	return leaf != nil && time.Now().Before(leaf.NotAfter)
}

// State returns what is known of the certificate of a host; false if nobody asked for it
// since the process began.
func (m *Manager) State(name string) (domain.HostCertificate, bool) {
	m.hosts.mu.Lock()
	one := m.hosts.known[name]
	if one == nil {
		m.hosts.mu.Unlock()
		return domain.HostCertificate{}, false
	}
	state := one.state
	m.hosts.mu.Unlock()
	if leaf := m.leaf(name); leaf != nil {
		state.ValidUntil, state.Issuer = leaf.NotAfter.UTC(), leaf.Issuer.CommonName
	}
	return state, true
}

// soon is how little life a certificate has left when somebody should look.
const soon = 7 * 24 * time.Hour

// Ping returns why an owned host has no certificate, or one that ends soon and cannot be
// renewed: nil if there is no such host.
func (m *Manager) Ping(context.Context) error {
	if _, err := m.config(); err != nil {
		return err
	}
	m.hosts.mu.Lock()
	names := slices.Collect(maps.Keys(m.hosts.known))
	m.hosts.mu.Unlock()
	var bad []domain.HostCertificate
	for _, name := range names {
		if s, _ := m.State(name); s.Error != "" && time.Until(s.ValidUntil) < soon && m.cfg.Owned(name) {
			bad = append(bad, s)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	last := slices.MaxFunc(bad, func(a, b domain.HostCertificate) int {
		return cmp.Or(a.FailedAt.Compare(b.FailedAt), cmp.Compare(a.Host, b.Host))
	})
	return fmt.Errorf("%d hosts have no certificate or one that ends soon, the last one tried is %s: %s", len(bad), last.Host, last.Error)
}

// Prepare gets the certificate of an owned host unless it is there, an attempt is under
// way or a pause is on. It does not wait.
func (m *Manager) Prepare(name string) {
	if m.Ready(name) || !m.cfg.Owned(name) {
		return
	}
	_, _ = m.attempt(name) // State tells how it went
}

// await returns when the certificate of an owned host is in memory, or why it is not.
func (m *Manager) await(ctx context.Context, name string) error {
	if m.Ready(name) {
		return nil
	}
	pending, err := m.attempt(name)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-pending:
	}
	if state, _ := m.State(name); !m.Ready(name) {
		return fmt.Errorf("%w: %s", errUnknown, state.Error)
	}
	return nil
}

// attempt begins to get a certificate, or joins the attempt that is under way.
func (m *Manager) attempt(name string) (<-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.halt == nil {
		return nil, errStopped
	}
	m.hosts.mu.Lock()
	defer m.hosts.mu.Unlock()
	one := m.hosts.of(name)
	if one.pending != nil {
		return one.pending, nil
	}
	if time.Now().Before(one.state.NextTry) {
		return nil, fmt.Errorf("%w: %s", errUnknown, one.state.Error)
	}
	pending := make(chan struct{})
	one.pending = pending
	halt := m.halt
	m.done.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), obtainLimit)
		defer cancel()
		m.done.Go(func() {
			select {
			case <-halt:
				cancel()
			case <-ctx.Done():
			}
		})
		if err := m.get(ctx, name); err != nil {
			m.hosts.failed(name, err, time.Now(), m.cfg.Pause)
		}
		m.hosts.mu.Lock()
		one.pending = nil
		m.hosts.mu.Unlock()
		close(pending)
	})
	return pending, nil
}

// get loads a certificate from the directory, or asks the server for one.
func (m *Manager) get(ctx context.Context, name string) error {
	magic, err := m.config()
	if err != nil {
		return err
	}
	cert, err := magic.CacheManagedCertificate(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		select {
		case m.slots <- struct{}{}:
			defer func() { <-m.slots }()
		case <-ctx.Done():
			return ctx.Err()
		}
		if err = magic.ObtainCertSync(ctx, name); err == nil {
			cert, err = magic.CacheManagedCertificate(ctx, name)
		}
	}
	if err != nil {
		return err
	}
	if !time.Now().Before(cert.Leaf.NotAfter) {
		if err := magic.RenewCertSync(ctx, name, true); err != nil {
			return err
		}
		if _, err = magic.CacheManagedCertificate(ctx, name); err != nil {
			return err
		}
	}
	m.hosts.succeeded(name)
	return nil
}

// Stored returns the newest certificate of each host in a directory, by host. A
// directory that is not there has none.
func Stored(dir string) ([]domain.HostCertificate, error) {
	files, err := filepath.Glob(filepath.Join(dir, "certificates", "*", "*", "*.crt"))
	if err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	newest := map[string]domain.HostCertificate{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		block, _ := pem.Decode(raw)
		if block == nil {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil || len(leaf.DNSNames) == 0 {
			continue
		}
		if host := leaf.DNSNames[0]; leaf.NotAfter.After(newest[host].ValidUntil) {
			newest[host] = domain.HostCertificate{Host: host, ValidUntil: leaf.NotAfter.UTC(), Issuer: leaf.Issuer.CommonName}
		}
	}
	out := slices.Collect(maps.Values(newest))
	slices.SortFunc(out, func(a, b domain.HostCertificate) int { return cmp.Compare(a.Host, b.Host) })
	return out, nil
}
