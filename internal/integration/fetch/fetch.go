// Package fetch gets pages from addresses that came from a user, a feed or another
// page. It is the only way out for such addresses.
//
//	Fetch ─ check ─► robots.txt ─► pace of the host ─► dial, address looked at ─► caps ─► page
//	           ▲                                                             │
//	           └──────────────────── redirect ◄──────────────────────────────┘
//
// An address is looked at when the connection is made, after its name was resolved,
// so that a name cannot change its meaning in between; every redirect goes the whole
// way again. Private, link-local, loopback and metadata addresses are refused unless
// the operator allows their range. Time, bytes (as sent and as unpacked) and redirects
// are bounded, and what a site asks for in robots.txt (RFC 9309) and by
// tdm-reservation (TDMRep) is obeyed. What goes wrong is a *domain.FetchError. No
// script is run: a page that scripts build is read as it was sent.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// Config says how pages are fetched. Zero values mean the defaults.
type Config struct {
	Agent   string // product token in robots.txt and User-Agent; default EmpireBot
	Contact string // where a site's operator can complain: an address of a page or e-mail
	// Allow are the ranges of addresses that are fetched from although they are not
	// public.
	Allow []netip.Prefix
	// Proxy is the address of an HTTP proxy; nil: none. Names are resolved and looked
	// at before they are given to it, but it resolves them again.
	Proxy        *url.URL
	MaxBytes     int64         // of a page, as sent and as unpacked; default 8 MB
	Timeout      time.Duration // of one page with its redirects, without the pauses; default 20 s
	MaxRedirects int           // default 5
	Interval     time.Duration // between two requests to a host; default 1 s
	PerHost      int           // requests to a host at a time; default 2
	Concurrency  int           // requests at a time; default 16
	MaxDelay     time.Duration // longest pause that a site may ask for; default 10 s
	Retries      int           // of what passes; default 2, negative: none
	RobotsAge    time.Duration // how long rules are kept; default 24 h (RFC 9309 §2.4)
	// Permit reports whether a host may be asked for anything; nil: every one. With it
	// robots.txt does not lead to other hosts either.
	Permit   func(host string) bool
	Now      func() time.Time
	Resolver *net.Resolver // nil: that of the system
}

func (c Config) withDefaults() Config {
	c.Agent = or(c.Agent, "EmpireBot")
	c.MaxBytes = or(c.MaxBytes, 8<<20)
	c.Timeout = or(c.Timeout, 20*time.Second)
	c.MaxRedirects = or(c.MaxRedirects, 5)
	c.Interval = or(c.Interval, time.Second)
	c.PerHost = or(c.PerHost, 2)
	c.Concurrency = or(c.Concurrency, 16)
	c.MaxDelay = or(c.MaxDelay, 10*time.Second)
	c.Retries = or(c.Retries, 2)
	c.RobotsAge = or(c.RobotsAge, 24*time.Hour)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Client fetches pages. It is safe for concurrent use and keeps connections open.
type Client struct {
	cfg       Config
	userAgent string
	http      *http.Client
	robots    *robotsCache
	pace      *pace
	free      chan struct{} // one for each request at a time
}

// New returns a client.
func New(cfg Config) *Client {
	cfg = cfg.withDefaults()
	c := &Client{cfg: cfg, userAgent: cfg.Agent + "/1.0", pace: newPace(cfg.PerHost), free: make(chan struct{}, cfg.Concurrency)}
	if cfg.Contact != "" {
		c.userAgent += " (+" + cfg.Contact + ")"
	}
	c.http = &http.Client{
		Transport:     c.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.robots = &robotsCache{client: c, entries: map[string]*robotsEntry{}}
	return c
}

// Close closes the connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Fetch gets one page. The error is a *domain.FetchError, or that of ctx.
func (c *Client) Fetch(ctx context.Context, address string) (*domain.FetchedPage, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		page, err := c.follow(ctx, u)
		if err == nil {
			page.URL = address
			return page, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		wait, again := passes(err, try)
		if !again || try >= c.cfg.Retries || wait > c.cfg.MaxDelay {
			return nil, err
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// follow gets a page through its redirects.
func (c *Client) follow(ctx context.Context, u *url.URL) (*domain.FetchedPage, error) {
	spent := time.Duration(0) // on requests
	for hop := 0; ; hop++ {
		if hop > c.cfg.MaxRedirects {
			return nil, fail(u, domain.FetchRedirects, fmt.Sprintf("more than %d", c.cfg.MaxRedirects), nil)
		}
		leave, err := c.turn(ctx, u)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		page, next, err := c.once(ctx, u, c.cfg.Timeout-spent, c.cfg.MaxBytes, readable)
		leave()
		spent += time.Since(began)
		if err != nil {
			return nil, err
		}
		if next == nil {
			page.Redirects = hop
			return page, nil
		}
		if spent >= c.cfg.Timeout {
			return nil, fail(u, domain.FetchTimeout, "redirects took too long", nil)
		}
		u = next
	}
}

// turn waits until an address may be asked for, if it may.
func (c *Client) turn(ctx context.Context, u *url.URL) (leave func(), err error) {
	rules, err := c.robots.get(ctx, u)
	if err != nil {
		return nil, err
	}
	if !rules.Allowed(c.cfg.Agent, u.RequestURI()) {
		return nil, fail(u, domain.FetchRobots, "", nil)
	}
	interval := c.cfg.Interval
	if d, ok := rules.CrawlDelay(c.cfg.Agent); ok && d > interval {
		interval = d
	}
	if interval > c.cfg.MaxDelay && interval > c.cfg.Interval {
		return nil, fail(u, domain.FetchDelay, interval.String(), nil)
	}
	return c.enter(ctx, u, interval)
}

// enter waits for the turn of a host and for a free place.
func (c *Client) enter(ctx context.Context, u *url.URL, interval time.Duration) (leave func(), err error) {
	out, err := c.pace.enter(ctx, u.Host, interval)
	if err != nil {
		return nil, err
	}
	select {
	case c.free <- struct{}{}:
		return func() { <-c.free; out() }, nil
	case <-ctx.Done():
		out()
		return nil, ctx.Err()
	}
}

// once makes one request; next is where it redirects to, then the page has a status only.
func (c *Client) once(ctx context.Context, u *url.URL, timeout time.Duration, limit int64, kinds func(string, []byte) bool) (page *domain.FetchedPage, next *url.URL, err error) {
	if c.cfg.Permit != nil && !c.cfg.Permit(strings.TrimSuffix(u.Hostname(), ".")) {
		return nil, nil, fail(u, domain.FetchForeign, "", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if c.cfg.Proxy != nil {
		if err := c.lookUp(ctx, u); err != nil {
			return nil, nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, nil, fail(u, domain.FetchBadURL, "", err)
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,text/plain;q=0.8,*/*;q=0.1")
	req.Header.Set("Accept-Encoding", "gzip, br")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, c.broken(ctx, u, domain.FetchUnreachable, err)
	}
	defer func() { _ = res.Body.Close() }()
	if next, err := redirect(u, res); next != nil || err != nil {
		return &domain.FetchedPage{Status: res.StatusCode}, next, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, nil, &domain.FetchError{URL: u.String(), Reason: domain.FetchStatus, Status: res.StatusCode, Detail: strconv.Itoa(res.StatusCode), Err: retryAfter(res)}
	}
	if strings.TrimSpace(res.Header.Get("Tdm-Reservation")) == "1" {
		return nil, nil, fail(u, domain.FetchReserved, "header", nil)
	}
	body, err := read(res, limit)
	if err != nil {
		if e, ok := errors.AsType[*domain.FetchError](err); ok {
			e.URL = u.String()
			return nil, nil, e
		}
		return nil, nil, c.broken(ctx, u, domain.FetchBroken, err)
	}
	kind := res.Header.Get("Content-Type")
	if !kinds(kind, body) {
		return nil, nil, fail(u, domain.FetchType, kind, nil)
	}
	if reserved(body) {
		return nil, nil, fail(u, domain.FetchReserved, "meta element", nil)
	}
	return &domain.FetchedPage{
		URL: u.String(), FinalURL: u.String(), Status: res.StatusCode, ContentType: kind, Body: body, FetchedAt: c.cfg.Now().UTC(),
	}, nil, nil
}

// broken classifies an error of the transport.
func (*Client) broken(ctx context.Context, u *url.URL, reason domain.FetchReason, err error) error {
	if e, ok := errors.AsType[*privateError](err); ok {
		return fail(u, domain.FetchPrivate, e.Error(), nil)
	}
	var timeout net.Error
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return fail(u, domain.FetchTimeout, "", nil)
	}
	return fail(u, reason, "", err)
}

func fail(u *url.URL, reason domain.FetchReason, detail string, err error) *domain.FetchError {
	return &domain.FetchError{URL: u.String(), Reason: reason, Detail: detail, Err: err}
}

// maxURL is how long an address may be.
const maxURL = 2048

// parse checks an address before anything is done with it.
func parse(address string) (*url.URL, error) {
	bad := func(detail string) error {
		return &domain.FetchError{URL: clip(address), Reason: domain.FetchBadURL, Detail: detail}
	}
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case len(address) > maxURL:
		return nil, bad("too long")
	case err != nil:
		return nil, bad("it cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, bad("not http or https")
	case u.Hostname() == "":
		return nil, bad("no host")
	case u.User != nil:
		return nil, bad("it has a credential")
	}
	u.Fragment, u.RawFragment = "", ""
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// redirect returns where an answer leads to, checked like any other address.
func redirect(u *url.URL, res *http.Response) (*url.URL, error) {
	switch res.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := u.Parse(res.Header.Get("Location"))
	if err != nil || res.Header.Get("Location") == "" {
		return nil, fail(u, domain.FetchBroken, "a redirect to nowhere", nil)
	}
	return parse(to.String())
}

// waitError carries what Retry-After asked for.
type waitError struct{ wait time.Duration }

func (e *waitError) Error() string { return "retry after " + e.wait.String() }

func retryAfter(res *http.Response) error {
	v := res.Header.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1e6 {
		return &waitError{time.Duration(n) * time.Second}
	}
	if at, err := http.ParseTime(v); err == nil {
		return &waitError{max(0, time.Until(at))}
	}
	return nil
}

// passes reports whether a failure may be gone soon, and how long to wait.
func passes(err error, try int) (time.Duration, bool) {
	e, ok := errors.AsType[*domain.FetchError](err)
	if !ok {
		return 0, false
	}
	again := e.Reason == domain.FetchUnreachable || e.Reason == domain.FetchBroken && e.Err != nil ||
		e.Reason == domain.FetchStatus && (e.Status == 429 || e.Status == 502 || e.Status == 503 || e.Status == 504)
	wait := min(200*time.Millisecond<<min(try, 5), 5*time.Second)
	wait -= rand.N(wait / 2) //nolint:gosec // nobody gains by guessing it
	if w, ok := errors.AsType[*waitError](e.Err); ok {
		wait = max(wait, w.wait)
	}
	return wait, again
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
