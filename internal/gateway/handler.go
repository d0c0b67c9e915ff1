package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// Handler returns what the API listener serves.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", g.healthz)
	mux.HandleFunc("GET /readyz", g.readyz)
	if g.c.Metrics != nil {
		mux.HandleFunc("GET /metrics", g.metrics)
	}
	for pattern, h := range g.c.Routes {
		mux.Handle(pattern, h)
	}
	api := g.apiHandler()
	return g.observe("api", func(x *exchange, r *http.Request) {
		g.protect(x.w.Header(), r)
		switch {
		case isProbe(r): // must answer however busy, limited or broken the rest is
			mux.ServeHTTP(x, r)
		case headerTooLarge(r):
			refuseHeader(x)
		case g.share(x, r): // a preflight, which is answered now
		default:
			next := http.Handler(mux)
			if api != nil && isAPI(r.URL.Path) {
				next = api
			}
			if err := g.serve(x, r, next); err != nil {
				g.refuse(x, r, err)
			}
		}
	})
}

// apiHandler returns the handler that all of the API leads to, if there is one: then
// nothing has to be found by a mux, which costs a tenth of the way in.
func (g *Gateway) apiHandler() http.Handler {
	all := ""
	for pattern := range g.c.Routes {
		switch {
		case pattern == "/api/" || pattern == "/" && all == "":
			all = pattern
		case strings.HasPrefix(pattern, "/api/") || !strings.HasPrefix(pattern, "/") || strings.Contains(pattern, "{"):
			return nil
		}
	}
	h := g.c.Routes[all]
	if h == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = all
		h.ServeHTTP(w, r)
	})
}

// serve lets a request through to its handler unless something speaks against it:
// the cheapest questions come first.
func (g *Gateway) serve(x *exchange, r *http.Request, next http.Handler) error {
	if err := x.enter(r); err != nil {
		return err
	}
	if err := limitBody(x, r); err != nil {
		return err
	}
	p, err := g.admit(x, r)
	if err != nil {
		return err
	}
	if odd(r.URL.Path) {
		return domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
	}
	key, err := g.keyOf(r, p)
	if err != nil {
		return err
	}
	if g.c.RequestTimeout > 0 && !endless(r) {
		x.ctx.deadline = time.Now().Add(g.c.RequestTimeout)
	}
	if p != nil {
		x.ctx.parent = domain.WithPrincipal(x.ctx.parent, p)
	}
	if key != "" {
		return g.once(x, r, p, key, next)
	}
	x.conditional = isAPI(r.URL.Path) && (r.Method == http.MethodGet || r.Method == http.MethodHead)
	next.ServeHTTP(x, r)
	return nil
}

// admit finds out who asks and whether they may ask now. Whoever fails to say who
// they are pays for it as nobody, which limits guessing.
func (g *Gateway) admit(x *exchange, r *http.Request) (*domain.Principal, error) {
	p, cookie, err := g.identify(x, r)
	if err != nil {
		if domain.CodeOf(err) == domain.CodeUnavailable {
			return nil, err
		}
		if limited := g.charge(x, r, groupAnonymous, nil); limited != nil {
			return nil, limited
		}
		return nil, err
	}
	if err := g.charge(x, r, groupOf(r, p), p); err != nil {
		return nil, err
	}
	if cookie && g.foreign.Check(r) != nil {
		return nil, domain.Errorf(domain.CodeForbidden, "This request comes from another website.")
	}
	return p, nil
}

// refuse answers with a problem document.
func (g *Gateway) refuse(x *exchange, r *http.Request, err error) {
	if wait := retryAfter(err); wait > 0 {
		x.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(wait)))
	}
	g.c.Problem(x, r, err)
}

// retryAfter returns how long to wait after err; zero if it does not say.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// odd reports whether a path has dots or double slashes, which name nothing here.
// ServeMux would redirect them.
func odd(p string) bool {
	return p != "/" && path.Clean(p) != strings.TrimSuffix(p, "/")
}

// endless reports whether a request may take as long as it wants: uploads, and
// answers that are streams.
func endless(r *http.Request) bool {
	return r.Method == http.MethodGet && len(r.Header["Upgrade"]) > 0 || strings.Contains(r.Header.Get("Accept"), "text/event-stream") ||
		r.Body != nil && r.Body != http.NoBody && isUpload(r)
}

// isProbe reports whether a request is a health check.
func isProbe(r *http.Request) bool {
	return (r.URL.Path == "/healthz" || r.URL.Path == "/readyz") && safe(r.Method)
}

// healthz says that the process is alive.
func (g *Gateway) healthz(w http.ResponseWriter, _ *http.Request) {
	writeState(w, http.StatusOK, state{Status: "ok"})
}

// readyz says whether requests should be sent here. It names parts that are down,
// without the reason: this page is open to all.
func (g *Gateway) readyz(w http.ResponseWriter, r *http.Request) {
	if g.draining.Load() {
		writeState(w, http.StatusServiceUnavailable, state{Status: "stopping"})
		return
	}
	parts, ready := g.c.Health.Ready(r.Context())
	s := state{Status: "ready", Components: map[string]string{}}
	for _, p := range parts {
		s.Components[p.Name] = p.State
	}
	status := http.StatusOK
	if !ready {
		status, s.Status = http.StatusServiceUnavailable, "not ready"
	}
	writeState(w, status, s)
}

type state struct {
	Status     string            `json:"status"`
	Components map[string]string `json:"components,omitempty"`
}

func writeState(w http.ResponseWriter, status int, s state) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(s) // the client is gone if this fails
}

// metrics is for a scraper on this machine, or an administrator.
func (g *Gateway) metrics(w http.ResponseWriter, r *http.Request) {
	if !g.client(r).local() {
		if _, err := domain.Require(r.Context(), domain.AdminFull); err != nil {
			g.c.Problem(w, r, err)
			return
		}
	}
	g.c.Metrics.ServeHTTP(w, r)
}
