package jobs

import (
	"context"
	"encoding/json"

	"empire/internal/domain"
)

// tracer makes spans. A job carries the traceparent of who enqueued it, and each of
// its attempts is a span in that trace.
type tracer interface {
	// Carry returns the traceparent of the span in ctx; "" if there is none.
	Carry(ctx context.Context) string
	// Job begins the span of an attempt; the function ends it with the code of its
	// error.
	Job(ctx context.Context, kind string, attempt int, traceparent string) (context.Context, func(code string))
}

// jobMetadata is what we keep in the metadata of a River job.
type jobMetadata struct {
	TraceParent string `json:"traceparent,omitempty"`
}

// metadata returns the metadata of a job that is enqueued in ctx; nil if there is
// nothing to say.
func (q *Queue) metadata(ctx context.Context) []byte {
	if q.cfg.Trace == nil {
		return nil
	}
	parent := q.cfg.Trace.Carry(ctx)
	if parent == "" {
		return nil
	}
	b, err := json.Marshal(jobMetadata{parent})
	if err != nil {
		return nil // a string is JSON
	}
	return b
}

// traced calls fn within the span of a job.
func (q *Queue) traced(ctx context.Context, kind string, attempt int, metadata []byte, fn func(ctx context.Context) error) error {
	if q.cfg.Trace == nil {
		return fn(ctx)
	}
	var m jobMetadata
	_ = json.Unmarshal(metadata, &m) // without one the job begins a trace
	ctx, end := q.cfg.Trace.Job(ctx, kind, attempt, m.TraceParent)
	err := fn(ctx)
	end(string(domain.CodeOf(err)))
	return err
}
