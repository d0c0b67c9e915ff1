package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of every answer of the API listener. Handlers may replace them. Their
// values are shared by all answers and never changed.
var (
	nosniff    = []string{"nosniff"}
	denyFrame  = []string{"DENY"}
	sameOrigin = []string{"same-origin"}
	noSources  = []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	noDevices  = []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}
	noStore    = []string{"no-store"}
	oneYear    = []string{"max-age=31536000"}
)

// protect sets the security headers. Strict-Transport-Security says nothing over
// plain HTTP (RFC 6797 §7.2), so it is left out there.
func (g *Gateway) protect(h http.Header, r *http.Request) {
	h["X-Content-Type-Options"] = nosniff
	h["X-Frame-Options"] = denyFrame
	h["Referrer-Policy"] = sameOrigin
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Content-Security-Policy"] = noSources
	h["Permissions-Policy"] = noDevices
	h["Cache-Control"] = noStore
	if r.TLS != nil || len(g.c.TrustedProxies) > 0 && g.client(r).secure {
		h["Strict-Transport-Security"] = oneYear
	}
}

// Values of the answers to browsers that ask across origins.
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-API-Key, X-Request-ID"
	corsExposed = "X-Total-Count, Link, ETag, Location, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, " +
		"Retry-After, Idempotency-Replayed, Deprecation, Sunset, X-Request-ID, X-Process-Time"
	corsMaxAge = "7200" // what browsers keep at most
)

// share sets the CORS headers of an API request. It reports whether the request was
// a preflight, which is answered then.
func (g *Gateway) share(x *exchange, r *http.Request) bool {
	if len(g.c.Origins) == 0 || !isAPI(r.URL.Path) {
		return false
	}
	h := x.Header()
	origin := r.Header.Get("Origin")
	preflight := r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != ""
	if !g.anyOrigin {
		h.Add("Vary", "Origin")
	}
	if origin != "" && (g.anyOrigin || g.origins[origin]) {
		if g.anyOrigin {
			h.Set("Access-Control-Allow-Origin", "*") // and no credentials
		} else {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		if preflight {
			h.Set("Access-Control-Allow-Methods", corsMethods)
			h.Set("Access-Control-Allow-Headers", corsHeaders)
			h.Set("Access-Control-Max-Age", corsMaxAge)
		} else {
			h.Set("Access-Control-Expose-Headers", corsExposed)
		}
	}
	if preflight {
		h.Add("Vary", "Access-Control-Request-Method")
		h.Add("Vary", "Access-Control-Request-Headers")
		x.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

// isAPI reports whether a path belongs to the API.
func isAPI(path string) bool { return strings.HasPrefix(path, "/api/") }

// Sunset says that a route is superseded. Route is a prefix of paths when it ends
// with a slash, else the template of one route, with or without a method:
// "/api/v1/old/", "/api/v1/websites/{website_id}/stats", "GET /api/v1/stats".
type Sunset struct {
	Route      string
	Deprecated time.Time // since when it should not be used any more; may be in the future
	Ends       time.Time // when it is expected to stop working; zero: not known
	Link       string    // where a person reads what to do instead; may be empty
}

// announceSunset adds the headers of RFC 9745 and RFC 8594 for superseded routes.
func (g *Gateway) announceSunset(h http.Header, r *http.Request) {
	for _, s := range g.c.Sunsets {
		if !s.covers(r) {
			continue
		}
		h.Set("Deprecation", "@"+strconv.FormatInt(s.Deprecated.Unix(), 10))
		if !s.Ends.IsZero() {
			h.Set("Sunset", s.Ends.UTC().Format(http.TimeFormat))
		}
		if s.Link != "" {
			h.Add("Link", "<"+s.Link+`>; rel="deprecation"; type="text/html"`)
		}
		return
	}
}

func (s *Sunset) covers(r *http.Request) bool {
	if strings.HasSuffix(s.Route, "/") && strings.HasPrefix(s.Route, "/") {
		return strings.HasPrefix(r.URL.Path, s.Route)
	}
	return s.Route == r.Pattern || s.Route == route(r)
}
