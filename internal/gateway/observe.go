package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"empire/internal/domain"
)

// slowRequest is the time from which a request is worth a warning.
const slowRequest = time.Second

// observe wraps next in what all requests need. The request that next gets is the
// one whose pattern and context are read afterwards, so next must not copy it
// before routing.
func (g *Gateway) observe(listener string, next func(x *exchange, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{g: g, w: w, start: g.c.Now()}
		if ids := r.Header["X-Request-Id"]; len(ids) == 1 && validRequestID(ids[0]) {
			x.id = ids[0]
		} else {
			x.id = domain.NewID("req")
		}
		x.ctx.parent = domain.WithRequestID(r.Context(), x.id)
		x.r = r.WithContext(&x.ctx)
		g.trace(listener, x)
		x.set("X-Request-Id", x.id)
		defer g.end(listener, x)
		next(x, x.r)
		x.finish()
	})
}

// end is deferred: it answers for a handler that panicked, reports the request and
// gives back what it held.
func (g *Gateway) end(listener string, x *exchange) {
	cause := recover()
	if cause != nil {
		g.recovered(x, cause)
	}
	x.leave()
	x.ctx.stop()
	x.recycle()
	g.report(listener, x)
	if aborted(cause) || x.broken {
		panic(http.ErrAbortHandler) // cut the connection: the answer is not whole
	}
}

// aborted reports whether a handler cut its connection on purpose.
func aborted(cause any) bool {
	err, ok := cause.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// recovered answers for a handler that panicked, if nothing was sent yet.
func (g *Gateway) recovered(x *exchange, cause any) {
	if aborted(cause) {
		return
	}
	g.c.Logger.ErrorContext(x.r.Context(), "request panicked", slog.String("request_id", x.id),
		slog.String("route", route(x.r)), slog.String("err", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if !x.startOver() {
		x.broken = true
		return
	}
	g.c.Problem(x, x.r, errors.New("panic"))
	x.finish()
}

// report writes the access log and the metrics of a finished request.
func (g *Gateway) report(listener string, x *exchange) {
	r, took := x.r, g.c.Now().Sub(x.start)
	if !x.taken.IsZero() {
		took = x.taken.Sub(x.start) // a socket that stays open is no slow request
	}
	template := route(r)
	if g.c.Observer != nil {
		g.c.Observer.ObserveRequest(listener, methodLabel(r.Method), template, x.status, took)
	}
	if x.traced != nil {
		defer x.traced(template, x.status)
	}
	level, message := slog.LevelInfo, "request served"
	switch {
	case took >= slowRequest:
		level, message = slog.LevelWarn, "slow request served"
	case x.quiet || isProbe(r):
		level = slog.LevelDebug
	}
	ctx := r.Context()
	if !g.c.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.id), slog.String("method", methodLabel(r.Method)), slog.String("route", template),
		slog.Int("status", x.status), slog.Int64("bytes", x.bytes), slog.Float64("seconds", took.Seconds()),
	}
	if template == unmatched {
		attrs = append(attrs, slog.String("path", scrub(r.URL.Path)))
	}
	if p := domain.PrincipalFrom(ctx); p != nil {
		attrs = append(attrs, slog.String("user_id", string(p.UserID)))
	}
	g.c.Logger.LogAttrs(ctx, level, message, attrs...)
}

// count counts an outcome that is not the usual one.
func (g *Gateway) count(outcome, what string) {
	if g.c.Counter != nil {
		g.c.Counter.CountOutcome(outcome, what)
	}
}

// unmatched is the route of a request that no pattern took.
const unmatched = "unmatched"

// route returns the template that a request matched, without its method.
func route(r *http.Request) string {
	pattern := r.Pattern
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" {
		return unmatched
	}
	return pattern
}

// methodLabel keeps made-up methods from making up metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}

// validRequestID reports whether a client's request ID is fit for logs: 8 to 64
// letters, digits, hyphens and underscores.
func validRequestID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// Bounds of a path in the log.
const (
	maxLoggedPath = 200
	maxPlainWord  = 20 // longer segments may be tokens
)

// scrub makes a path that nobody knows fit for the log: whatever may be an e-mail
// address, a token or an identifier is replaced by its kind.
func scrub(path string) string {
	var b strings.Builder
	for i, segment := range strings.Split(path, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		switch {
		case strings.Contains(segment, "@"), strings.Contains(segment, "%40"):
			segment = "{email}"
		case len(segment) > maxPlainWord || strings.HasPrefix(segment, apiKeyPrefix) || strings.HasPrefix(segment, "eyJ"):
			segment = "{token}"
		case !plain(segment):
			segment = "{other}"
		}
		if b.Len()+len(segment) > maxLoggedPath {
			b.WriteString("{more}")
			break
		}
		b.WriteString(segment)
	}
	return b.String()
}

// plain reports whether a segment has nothing but what is common in addresses.
func plain(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) && s[i] != '.' && s[i] != '~' {
			return false
		}
	}
	return true
}
