package deploy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"empire/internal/domain"
)

// maxFile bounds what is read of one answer.
const maxFile = 64 << 20

// EdgeConfig is what NewEdge needs.
type EdgeConfig struct {
	// Live returns the release of a website that is live; empty: none.
	Live func(ctx context.Context, id domain.WebsiteID) (domain.ReleaseID, error)
	// SetLive makes a release live, or takes the website down without one.
	SetLive func(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) error
	Address string // where the edge listens: 127.0.0.1:8081
	// Settle returns when the edge may be asked: it follows the pointer a moment later.
	Settle func(ctx context.Context) error
}

// Edge is the edge of this program. Its files are in the blob store already, so that
// pushing is nothing and switching moves a pointer.
type Edge struct {
	cfg    EdgeConfig
	client *http.Client
}

// NewEdge returns the target.
func NewEdge(cfg EdgeConfig) *Edge {
	return &Edge{cfg, &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Name implements Target.
func (e *Edge) Name() string { return "edge" }

// Push implements Target: it makes sure that every file can be read.
func (e *Edge) Push(ctx context.Context, d *Deployment) error {
	for i := range d.Manifest.Entries {
		if entry := &d.Manifest.Entries[i]; entry.Location == "" {
			if _, err := d.Read(ctx, entry.SHA256); err != nil {
				return err
			}
		}
	}
	return nil
}

// Switch implements Target.
func (e *Edge) Switch(ctx context.Context, d *Deployment) (undo func(context.Context) error, err error) {
	before, err := e.cfg.Live(ctx, d.WebsiteID)
	if err != nil {
		return nil, err
	}
	move := func(ctx context.Context, to domain.ReleaseID) error {
		if err := e.cfg.SetLive(ctx, d.WebsiteID, to); err != nil {
			return err
		}
		return e.cfg.Settle(ctx)
	}
	if err := move(ctx, d.Release); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return move(ctx, before) }, nil
}

// Get implements Target: it asks the listener with the Host of the website.
func (e *Edge) Get(ctx context.Context, host, path string) ([]byte, error) {
	u := url.URL{Scheme: "http", Host: e.cfg.Address, Path: path}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask the edge: %w", err)
	}
	r.Host = host
	res, err := e.client.Do(r)
	if err != nil {
		return nil, &domain.Error{Code: domain.CodeUnavailable, Message: "The edge does not answer.", Err: err}
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusMisdirectedRequest:
		return nil, domain.Errorf(domain.CodeNotFound, "%s has no %s.", host, path)
	default:
		return nil, domain.Errorf(domain.CodeUnavailable, "The edge answers %d for %s%s.", res.StatusCode, host, path)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxFile))
}
