package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TraceConfig says where traces go and what they say about this process.
type TraceConfig struct {
	URL      string            // of an OTLP/HTTP endpoint: http://127.0.0.1:4318/v1/traces
	Headers  map[string]string // sent with every export, such as Authorization
	Sample   float64           // share of the traces that begin here, 0 to 1; others' are kept if they want that
	Service  string            // service.name
	Version  string            // service.version
	Instance string            // service.instance.id
	HTTP     *http.Client      // nil: one with a timeout of ten seconds
	Log      *slog.Logger      // nil: no log
	Queue    int               // spans that wait at most; more are dropped; 0: 4096
	Pause    time.Duration     // that a span is held back at most; 0: two seconds
}

// Traces makes spans and sends them away in the background. A nil *Traces makes
// none and costs nothing. It is safe for concurrent use.
//
//	request ─▶ job ─▶ step ─▶ agent ─▶ model call
//
// Spans carry names, identifiers and numbers; never prompts, bodies or addresses.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	queue    *spanQueue
}

// propagator reads and writes the header traceparent (W3C Trace Context).
var propagator = propagation.TraceContext{}

// NewTraces returns Traces that send, or nil without a URL.
func NewTraces(c TraceConfig) *Traces {
	if c.URL == "" {
		return nil
	}
	about := resource.NewSchemaless(
		attribute.String("service.name", c.Service), attribute.String("service.version", c.Version), attribute.String("service.instance.id", c.Instance),
	)
	queue := newSpanQueue(c)
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(about), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.Sample))), sdktrace.WithSpanProcessor(queue),
	)
	return &Traces{provider: provider, tracer: provider.Tracer("empire"), queue: queue}
}

// Stop sends what waits and ends the background work; what is not sent before the
// end of ctx is lost.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Dropped returns how many spans were thrown away: too many at once, or an endpoint
// that did not take them.
func (t *Traces) Dropped() int64 {
	if t == nil {
		return 0
	}
	return t.queue.dropped.Load()
}

// Request begins the span of an incoming request, which continues the trace that
// its header names. The function that it returns ends it; route is a template.
func (t *Traces) Request(ctx context.Context, header http.Header, method string) (context.Context, func(route string, status int)) {
	if t == nil {
		return ctx, func(string, int) {}
	}
	ctx, span := t.tracer.Start(propagator.Extract(ctx, propagation.HeaderCarrier(header)), method,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", method)))
	return ctx, func(route string, status int) {
		span.SetName(method + " " + route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Carry returns the traceparent of the span in ctx, for a job that is worked later
// by any process; "" if there is none.
func (t *Traces) Carry(ctx context.Context) string {
	if t == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagator.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// Job begins the span of an attempt of a job, in the trace of who enqueued it. The
// function that it returns ends it; code is empty after a success.
func (t *Traces) Job(ctx context.Context, kind string, attempt int, traceparent string) (context.Context, func(code string)) {
	if t == nil {
		return ctx, func(string) {}
	}
	ctx = propagator.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	return t.begin(ctx, "job "+kind, trace.SpanKindConsumer, attribute.String("job.kind", kind), attribute.Int("attempt", attempt))
}

// Work is what a span of a step or an agent says. Empty fields are left out.
type Work struct {
	Run     string
	Step    string
	Attempt int
	Agent   string
	Task    string // its type
}

func (w Work) attributes() []attribute.KeyValue {
	var out []attribute.KeyValue
	for _, f := range []struct{ key, value string }{{"run_id", w.Run}, {"step", w.Step}, {"agent", w.Agent}, {"task", w.Task}} {
		if f.value != "" {
			out = append(out, attribute.String(f.key, f.value))
		}
	}
	if w.Attempt > 0 {
		out = append(out, attribute.Int("attempt", w.Attempt))
	}
	return out
}

// Step begins the span of an attempt of a step.
func (t *Traces) Step(ctx context.Context, w Work) (context.Context, func(code string)) {
	if t == nil {
		return ctx, func(string) {}
	}
	return t.begin(ctx, "step "+w.Step, trace.SpanKindInternal, w.attributes()...)
}

// Agent begins the span of a task that an agent does.
func (t *Traces) Agent(ctx context.Context, w Work) (context.Context, func(code string)) {
	if t == nil {
		return ctx, func(string) {}
	}
	return t.begin(ctx, "agent "+w.Agent, trace.SpanKindInternal, w.attributes()...)
}

// Outcome is what a call of a model came to.
type Outcome struct {
	Code         string // of an error; empty after a success
	InputTokens  int
	OutputTokens int
	CostMicros   int64
	Currency     string
	Cached       bool
}

// Call begins the span of a call of a model.
func (t *Traces) Call(ctx context.Context, provider, model string) (context.Context, func(o Outcome)) {
	if t == nil {
		return ctx, func(Outcome) {}
	}
	ctx, span := t.tracer.Start(ctx, "call "+model, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("provider", provider), attribute.String("model", model)))
	return ctx, func(o Outcome) {
		span.SetAttributes(
			attribute.Int("input_tokens", o.InputTokens), attribute.Int("output_tokens", o.OutputTokens), attribute.Int64("cost_micros", o.CostMicros),
			attribute.String("currency", o.Currency), attribute.Bool("cached", o.Cached),
		)
		end(span, o.Code)
	}
}

func (t *Traces) begin(ctx context.Context, name string, kind trace.SpanKind, attrs ...attribute.KeyValue) (context.Context, func(code string)) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
	return ctx, func(code string) { end(span, code) }
}

// end ends a span; the code of an error is all that is told about it.
func end(span trace.Span, code string) {
	if code != "" {
		span.SetStatus(codes.Error, code)
	}
	span.End()
}

// traceOf returns the attributes that lead from a line of the log to its trace.
func traceOf(ctx context.Context) []slog.Attr {
	if ctx == nil {
		return nil
	}
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())}
}
