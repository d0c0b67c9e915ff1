package gateway

import (
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"path"
	"strings"

	"empire/internal/domain"
)

// Limits of a request's body.
const (
	maxBody   = 1 << 20
	maxUpload = 10 << 20
)

// uploadTypes are the media types of files that people upload.
var uploadTypes = map[string]bool{
	"multipart/form-data": true, "text/csv": true, "application/gzip": true, "application/octet-stream": true,
}

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
	foreign := http.NewCrossOriginProtection()
	return g.observe("api", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		limitBody(w, r)
		by, err := g.identify(r)
		if err == nil && by == byCookie && foreign.Check(r) != nil {
			err = domain.Errorf(domain.CodeForbidden, "This request comes from another website.")
		}
		if err == nil && odd(r.URL.Path) {
			err = domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
		}
		if err != nil {
			g.c.Problem(w, r, err)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// EdgeHandler returns what the edge listener serves.
func (g *Gateway) EdgeHandler() http.Handler {
	return g.observe("edge", func(w http.ResponseWriter, r *http.Request) {
		limitBody(w, r)
		g.c.Edge.ServeHTTP(w, r)
	})
}

// odd reports whether a path has dots or double slashes, which name nothing here.
// ServeMux would redirect them.
func odd(p string) bool {
	return p != "/" && path.Clean(p) != strings.TrimSuffix(p, "/")
}

func limitBody(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	limit := int64(maxBody)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && uploadTypes[kind] {
		limit = maxUpload
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
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
	if !local(r) {
		if _, err := domain.Require(r.Context(), domain.AdminFull); err != nil {
			g.c.Problem(w, r, err)
			return
		}
	}
	g.c.Metrics.ServeHTTP(w, r)
}

// local reports whether the peer is on this machine and nobody forwarded it.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}
