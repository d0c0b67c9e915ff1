package api

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

// stream is an answer that is written while it is made.
type stream struct {
	kind  string // media type
	name  string // under which it is saved
	write func(ctx context.Context, w io.Writer) error
}

// handleStream registers an operation whose answer is a file of one of several
// media types, each with an example or nil. What is refused before the first byte is a problem like any other;
// when it fails later the connection is cut, so that nobody takes a part of a file
// for the whole.
func handleStream[I any](a *API, op operation, kinds map[string]any, fn func(context.Context, *I) (*stream, error)) {
	handle(a, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		s, err := fn(ctx, in)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { a.send(hc, op.id, s) }}, nil
	})
	answer := a.entry(op).Responses["200"]
	answer.Headers["Content-Disposition"] = ref("Content-Disposition")
	answer.Content = map[string]*huma.MediaType{}
	for kind, example := range kinds {
		answer.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
	}
}

func (a *API) send(hc huma.Context, operation string, s *stream) {
	ctx := hc.Context()
	w := &lateStatus{ctx: hc, of: s}
	err := s.write(ctx, w)
	if err == nil {
		w.begin()
		return
	}
	if !w.begun {
		a.refuse(hc, a.fail(ctx, operation, err))
		return
	}
	a.log.WarnContext(ctx, "answer cut off",
		slog.String("operation", operation), slog.String("request_id", domain.RequestIDFrom(ctx)), slog.Any("err", err))
	panic(http.ErrAbortHandler)
}

// lateStatus sends the status and the headers of a file with the first byte.
type lateStatus struct {
	ctx   huma.Context
	of    *stream
	begun bool
}

func (w *lateStatus) begin() {
	if !w.begun {
		w.begun = true
		w.ctx.SetHeader("Content-Type", w.of.kind)
		w.ctx.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": w.of.name}))
		w.ctx.SetStatus(http.StatusOK)
	}
}

// Write implements io.Writer.
func (w *lateStatus) Write(b []byte) (int, error) {
	w.begin()
	return w.ctx.BodyWriter().Write(b)
}
