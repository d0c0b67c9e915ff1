package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// slowRequest is the time from which a request is worth a warning.
const slowRequest = time.Second

var validRequestID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// observe wraps next in what all requests need. The request that next gets is the
// one whose pattern and context are read afterwards, so next must not copy it
// before routing.
func (g *Gateway) observe(listener string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-ID")
		if !validRequestID.MatchString(id) {
			id = domain.NewID("req")
		}
		r = r.WithContext(domain.WithRequestID(r.Context(), id))
		rec := &recorder{ResponseWriter: w, now: g.c.Now, start: g.c.Now()}
		rec.Header().Set("X-Request-ID", id)
		defer func() {
			cause := recover()
			if cause != nil {
				g.recovered(rec, r, cause)
			}
			g.report(listener, rec, r)
			if aborted(cause) || cause != nil && rec.broken {
				panic(http.ErrAbortHandler) // cut the connection: the answer is not whole
			}
		}()
		next(rec, r)
		rec.begin() // a handler that wrote nothing means 200
	})
}

// aborted reports whether a handler cut its connection on purpose.
func aborted(cause any) bool {
	err, ok := cause.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// recovered answers for a handler that panicked, if nothing was sent yet.
func (g *Gateway) recovered(rec *recorder, r *http.Request, cause any) {
	if aborted(cause) {
		return
	}
	g.c.Logger.ErrorContext(r.Context(), "request panicked", slog.String("request_id", domain.RequestIDFrom(r.Context())),
		slog.String("route", route(r)), slog.String("err", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if rec.status != 0 {
		rec.broken = true
		return
	}
	g.c.Problem(rec, r, errors.New("panic"))
}

// report writes the access log and the metrics of a finished request.
func (g *Gateway) report(listener string, rec *recorder, r *http.Request) {
	took := g.c.Now().Sub(rec.start)
	status := rec.status
	if g.c.Observer != nil {
		g.c.Observer.ObserveRequest(listener, methodLabel(r.Method), route(r), status, took)
	}
	level, message := slog.LevelInfo, "request served"
	switch {
	case took >= slowRequest:
		level, message = slog.LevelWarn, "slow request served"
	case listener == "edge" || r.URL.Path == "/healthz" || r.URL.Path == "/readyz":
		level = slog.LevelDebug
	}
	ctx := r.Context()
	if !g.c.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", domain.RequestIDFrom(ctx)), slog.String("method", methodLabel(r.Method)), slog.String("route", route(r)),
		slog.Int("status", status), slog.Int64("bytes", rec.bytes), slog.Float64("seconds", took.Seconds()),
	}
	if p := domain.PrincipalFrom(ctx); p != nil {
		attrs = append(attrs, slog.String("user_id", string(p.UserID)))
	}
	g.c.Logger.LogAttrs(ctx, level, message, attrs...)
}

// route returns the template that a request matched, without its method.
func route(r *http.Request) string {
	pattern := r.Pattern
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" {
		return "unmatched"
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

// credential says how a request names its principal.
type credential int

const (
	byNothing credential = iota
	byBearer
	byCookie
)

// identify puts the principal into the context of r, in place. A bad bearer token
// is an error; a session cookie that is not valid any more is as good as none.
func (g *Gateway) identify(r *http.Request) (credential, error) {
	by, token := byNothing, ""
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, value, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return by, domain.Errorf(domain.CodeUnauthenticated, "Only bearer tokens are accepted.")
		}
		by, token = byBearer, strings.TrimSpace(value)
	} else if c, err := r.Cookie(g.c.SessionCookie); err == nil && c.Value != "" {
		by, token = byCookie, c.Value
	}
	if by == byNothing {
		return by, nil
	}
	p, err := g.c.Auth.Authenticate(r.Context(), token)
	switch {
	case err == nil:
		setContext(domain.WithPrincipal(r.Context(), p), r)
	case domain.CodeOf(err) != domain.CodeUnauthenticated:
		g.c.Logger.ErrorContext(r.Context(), "authentication failed to answer",
			slog.String("request_id", domain.RequestIDFrom(r.Context())), slog.Any("err", err))
		return by, &domain.Error{Code: domain.CodeUnavailable, Message: "Sign-ins cannot be checked at the moment.", Err: err}
	case by == byCookie:
		return byNothing, nil
	}
	if err != nil {
		return by, err
	}
	return by, nil
}

// setContext gives r another context without making another request: the pattern
// that a mux sets on r is read later.
func setContext(ctx context.Context, r *http.Request) { *r = *r.WithContext(ctx) }

// recorder remembers the status and size of an answer, and stamps the time that
// it took on it.
type recorder struct {
	http.ResponseWriter
	now    func() time.Time
	start  time.Time
	status int
	bytes  int64
	broken bool
}

// WriteHeader stamps and sends the header. Informational answers pass through; a
// switch of protocols is final.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
		r.Header().Set("X-Process-Time", strconv.FormatFloat(r.now().Sub(r.start).Seconds(), 'f', 6, 64))
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.begin()
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom keeps sendfile working for files.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	r.begin()
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}

// Flush sends what is buffered.
func (r *recorder) Flush() {
	r.begin()
	_ = http.NewResponseController(r.ResponseWriter).Flush() // not all writers can
}

func (r *recorder) begin() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
