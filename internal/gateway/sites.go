package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"empire/internal/domain"
)

// EdgeHandler returns what the edge listener serves. Visitors are many and need little:
// no identity, no limits, no request ID unless something goes wrong. So their requests
// pass a shorter way than those of the API listener.
func (g *Gateway) EdgeHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{ResponseWriter: w}
		start := g.c.Now()
		defer g.endVisit(&v, r, start)
		if r.Body != nil && r.Body != http.NoBody {
			if r.ContentLength > maxBody {
				v.Header().Set("Connection", "close")
				g.c.Problem(&v, r, domain.Errorf(domain.CodeTooLarge, "The request body is larger than %d bytes.", maxBody))
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		g.c.Edge.ServeHTTP(&v, r)
	})
}

// visit is the ResponseWriter of a visitor. It remembers the status.
type visit struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (v *visit) WriteHeader(status int) {
	if v.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		v.status = status
	}
	v.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (v *visit) Write(b []byte) (int, error) {
	if v.status == 0 {
		v.status = http.StatusOK
	}
	return v.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (v *visit) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// endVisit is deferred: it answers for a handler that panicked, and counts the request.
func (g *Gateway) endVisit(v *visit, r *http.Request, start time.Time) {
	cause := recover()
	broken := false
	if cause != nil && !aborted(cause) {
		id := domain.NewID("req")
		ctx := domain.WithRequestID(r.Context(), id)
		g.c.Logger.ErrorContext(ctx, "request panicked", slog.String("request_id", id), slog.String("route", "edge"),
			slog.String("err", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
		if broken = v.status != 0; !broken {
			clear(v.Header())
			v.Header().Set("X-Request-Id", id)
			g.c.Problem(v, r.WithContext(ctx), errors.New("panic"))
		}
	}
	took := g.c.Now().Sub(start)
	if v.status == 0 {
		v.status = http.StatusOK // the server sends it
	}
	if g.c.Observer != nil {
		g.c.Observer.ObserveRequest("edge", methodLabel(r.Method), unmatched, v.status, took)
	}
	if took >= slowRequest {
		g.c.Logger.WarnContext(context.WithoutCancel(r.Context()), "slow request served", slog.String("method", methodLabel(r.Method)), slog.String("route", "edge"),
			slog.Int("status", v.status), slog.Float64("seconds", took.Seconds()), slog.String("path", scrub(r.URL.Path)))
	}
	if aborted(cause) || broken {
		panic(http.ErrAbortHandler) // cut the connection: the answer is not whole
	}
}
