package fetch

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/extract"
)

const (
	maxOrigins     = 10_000          // whose rules are kept
	robotsRetry    = 5 * time.Minute // after which rules that could not be read are asked for again
	robotsRedirect = 5               // RFC 9309 §2.3.1.2
)

// robotsCache keeps the rules of origins.
type robotsCache struct {
	client  *Client
	mu      sync.Mutex
	entries map[string]*robotsEntry
}

// robotsEntry is the rules of one origin; ready is closed once they are known.
type robotsEntry struct {
	ready chan struct{}
	until time.Time
	rules *extract.Robots
	err   error // the rules could not be read: nothing may be fetched
}

// get returns the rules of the origin of u. Who comes while they are fetched waits.
func (r *robotsCache) get(ctx context.Context, u *url.URL) (*extract.Robots, error) {
	origin := u.Scheme + "://" + u.Host
	now := r.client.cfg.Now()
	r.mu.Lock()
	e := r.entries[origin]
	if e != nil {
		select {
		case <-e.ready:
			if now.After(e.until) {
				e = nil
			}
		default:
		}
	}
	if e != nil {
		r.mu.Unlock()
		select {
		case <-e.ready:
			return e.rules, e.of(u)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if len(r.entries) >= maxOrigins {
		clear(r.entries)
	}
	e = &robotsEntry{ready: make(chan struct{})}
	r.entries[origin] = e
	r.mu.Unlock()
	e.rules, e.err = r.load(ctx, u)
	e.until = now.Add(r.client.cfg.RobotsAge)
	if e.err != nil {
		e.until = now.Add(robotsRetry)
	}
	if ctx.Err() != nil { // says nothing about the site
		r.mu.Lock()
		delete(r.entries, origin)
		r.mu.Unlock()
	}
	close(e.ready)
	return e.rules, e.of(u)
}

// of returns the error as one of the page.
func (e *robotsEntry) of(u *url.URL) error {
	f, ok := errors.AsType[*domain.FetchError](e.err)
	if !ok {
		return e.err
	}
	switch f.Reason {
	case domain.FetchPrivate, domain.FetchUnreachable, domain.FetchTimeout, domain.FetchForeign:
		return fail(u, f.Reason, f.Detail, f.Err)
	}
	return fail(u, domain.FetchRobots, "robots.txt cannot be read now", nil)
}

// load fetches the rules. RFC 9309 §2.3.1: a site that has none (4xx) allows all, one
// that is not well (5xx, or too many requests) allows nothing for now.
func (r *robotsCache) load(ctx context.Context, u *url.URL) (*extract.Robots, error) {
	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	for range robotsRedirect + 1 {
		leave, err := r.client.enter(ctx, at, 0)
		if err != nil {
			return nil, err
		}
		page, next, err := r.client.once(ctx, at, r.client.cfg.Timeout, extract.MaxRobots+1, func(string, []byte) bool { return true })
		leave()
		if e, ok := errors.AsType[*domain.FetchError](err); ok {
			switch {
			case e.Reason == domain.FetchStatus && e.Status >= 400 && e.Status < 500 && e.Status != 429, e.Reason == domain.FetchReserved:
				return &extract.Robots{}, nil
			case e.Reason == domain.FetchTooLarge:
				return nil, e
			}
		}
		if err != nil {
			return nil, err
		}
		if next == nil {
			return extract.ParseRobots(page.Body), nil
		}
		if r.client.cfg.Permit != nil && next.Hostname() != at.Hostname() {
			break
		}
		at = next
	}
	return &extract.Robots{}, nil // as if there were none
}

// Sitemaps returns the addresses of sitemaps that the robots.txt of an address names.
func (c *Client) Sitemaps(ctx context.Context, address string) ([]string, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	rules, err := c.robots.get(ctx, u)
	if err != nil {
		return nil, err
	}
	return rules.Sitemaps, nil
}
