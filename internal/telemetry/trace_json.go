package telemetry

import (
	"encoding/json"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The JSON of OTLP is that of protobuf with exceptions: identifiers are in hex, and
// enumerations are numbers; 64-bit integers are decimal strings as usual.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
type (
	otlpRequest struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		TraceState   string          `json:"traceState,omitempty"`
		Flags        uint32          `json:"flags,omitempty"`
		Name         string          `json:"name"`
		Kind         trace.SpanKind  `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes,omitempty"`
		Status       otlpStatus      `json:"status"`
	}
	otlpStatus struct {
		Code    int    `json:"code,omitempty"` // 0 unset, 1 ok, 2 error: another order than in Go
		Message string `json:"message,omitempty"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Bool   *bool   `json:"boolValue,omitempty"`
		Int    *string `json:"intValue,omitempty"`
	}
)

// encodeSpans returns the body of an ExportTraceServiceRequest. All spans are of
// this process.
func encodeSpans(spans []sdktrace.ReadOnlySpan) []byte {
	out := make([]otlpSpan, len(spans))
	for i, s := range spans {
		sc := s.SpanContext()
		out[i] = otlpSpan{
			TraceID: sc.TraceID().String(), SpanID: sc.SpanID().String(), TraceState: sc.TraceState().String(), Flags: uint32(sc.TraceFlags()), Name: s.Name(),
			Kind: s.SpanKind(), Start: nanos(s.StartTime()), End: nanos(s.EndTime()), Attributes: encodeAttributes(s.Attributes()),
		}
		if parent := s.Parent(); parent.SpanID().IsValid() {
			out[i].ParentSpanID = parent.SpanID().String()
		}
		switch status := s.Status(); status.Code {
		case codes.Error:
			out[i].Status = otlpStatus{2, status.Description}
		case codes.Ok:
			out[i].Status = otlpStatus{Code: 1}
		}
	}
	body, err := json.Marshal(otlpRequest{[]otlpResourceSpans{{
		Resource:   otlpResource{encodeAttributes(spans[0].Resource().Attributes())},
		ScopeSpans: []otlpScopeSpans{{otlpScope{spans[0].InstrumentationScope().Name}, out}},
	}}})
	if err != nil {
		panic("spans are not JSON: " + err.Error()) // strings and finite numbers are
	}
	return body
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func encodeAttributes(list []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, 0, len(list))
	for _, kv := range list {
		a := otlpAttribute{Key: string(kv.Key)}
		switch kv.Value.Type() {
		case attribute.BOOL:
			b := kv.Value.AsBool()
			a.Value.Bool = &b
		case attribute.INT64:
			n := strconv.FormatInt(kv.Value.AsInt64(), 10)
			a.Value.Int = &n
		default:
			s := kv.Value.String()
			a.Value.String = &s
		}
		out = append(out, a)
	}
	return out
}
