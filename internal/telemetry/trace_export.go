package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	traceQueue   = 4096
	traceBatch   = 512 // spans that are sent at once
	tracePause   = 2 * time.Second
	traceTimeout = 10 * time.Second
	traceWarning = time.Minute // between two warnings
)

// spanQueue takes ended spans and sends them in the background. It never makes who
// ends a span wait: what does not fit is dropped and counted.
type spanQueue struct {
	c       TraceConfig
	spans   chan sdktrace.ReadOnlySpan
	flush   chan chan struct{}
	stop    chan struct{}
	once    sync.Once
	done    chan struct{}
	cancel  context.CancelFunc
	dropped atomic.Int64
	warned  time.Time // of the background work
}

func newSpanQueue(c TraceConfig) *spanQueue {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: traceTimeout}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Queue <= 0 {
		c.Queue = traceQueue
	}
	if c.Pause <= 0 {
		c.Pause = tracePause
	}
	ctx, cancel := context.WithCancel(context.Background())
	q := &spanQueue{
		c: c, spans: make(chan sdktrace.ReadOnlySpan, c.Queue), flush: make(chan chan struct{}), stop: make(chan struct{}), done: make(chan struct{}), cancel: cancel,
	}
	go q.work(ctx)
	return q
}

// OnStart implements sdktrace.SpanProcessor.
func (*spanQueue) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor.
func (q *spanQueue) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	select {
	case q.spans <- s:
	default:
		q.dropped.Add(1)
	}
}

// ForceFlush implements sdktrace.SpanProcessor.
func (q *spanQueue) ForceFlush(ctx context.Context) error {
	sent := make(chan struct{})
	select {
	case q.flush <- sent:
	case <-q.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-sent:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Shutdown implements sdktrace.SpanProcessor.
func (q *spanQueue) Shutdown(ctx context.Context) error {
	q.once.Do(func() { close(q.stop) })
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
		q.cancel() // cuts off what is being sent
		<-q.done
		return ctx.Err()
	}
}

// work sends batches until the queue is stopped.
func (q *spanQueue) work(ctx context.Context) {
	defer close(q.done)
	defer q.cancel()
	ticker := time.NewTicker(q.c.Pause)
	defer ticker.Stop()
	var held []sdktrace.ReadOnlySpan
	send := func() {
		q.export(ctx, held)
		held = nil
	}
	for {
		select {
		case s := <-q.spans:
			if held = append(held, s); len(held) >= traceBatch {
				send()
			}
		case <-ticker.C:
			send()
		case sent := <-q.flush:
			held = q.drain(ctx, held)
			close(sent)
		case <-q.stop:
			q.drain(ctx, held)
			return
		}
	}
}

// drain sends what waits now, together with what is held.
func (q *spanQueue) drain(ctx context.Context, held []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	for {
		select {
		case s := <-q.spans:
			if held = append(held, s); len(held) >= traceBatch {
				q.export(ctx, held)
				held = nil
			}
		default:
			q.export(ctx, held)
			return nil
		}
	}
}

// export sends spans once: an endpoint that does not take them shall not keep the
// memory of this program busy.
func (q *spanQueue) export(ctx context.Context, spans []sdktrace.ReadOnlySpan) {
	if len(spans) == 0 {
		return
	}
	err := q.post(ctx, encodeSpans(spans))
	if err == nil {
		return
	}
	q.dropped.Add(int64(len(spans)))
	if now := time.Now(); now.Sub(q.warned) >= traceWarning {
		q.warned = now
		q.c.Log.WarnContext(ctx, "traces not sent", "spans", len(spans), "dropped", q.dropped.Load(), "err", err)
	}
}

func (q *spanQueue) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.c.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range q.c.Headers {
		req.Header.Set(name, value)
	}
	res, err := q.c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is kept
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the endpoint answered %s", res.Status)
	}
	return nil
}
