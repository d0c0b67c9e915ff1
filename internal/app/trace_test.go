package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// span is what a collector learns about one.
type span struct {
	TraceID      string `json:"traceId"`
	SpanID       string `json:"spanId"`
	ParentSpanID string `json:"parentSpanId"`
	Name         string `json:"name"`
	Attributes   []struct {
		Key   string `json:"key"`
		Value struct {
			StringValue string `json:"stringValue"`
			IntValue    string `json:"intValue"`
		} `json:"value"`
	} `json:"attributes"`
	Status struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"status"`
}

func (s span) attribute(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.StringValue + a.Value.IntValue
		}
	}
	return ""
}

// collectSpans is an OTLP/HTTP endpoint; the function returns what it got so far.
func collectSpans(t *testing.T) (address string, spans func() []span) {
	t.Helper()
	var mu sync.Mutex
	var all []span
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var in struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []span } `json:"scopeSpans"`
			} `json:"resourceSpans"`
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(raw, &in) != nil {
			t.Errorf("export: %v, %s", err, raw)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, rs := range in.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				all = append(all, ss.Spans...)
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1/traces", func() []span {
		mu.Lock()
		defer mu.Unlock()
		return append([]span(nil), all...)
	}
}

// TestTraceOfARun follows one trace from a client's request through the job of each
// step to the agents' work: every span has the right parent, in the client's trace.
func TestTraceOfARun(t *testing.T) {
	t.Parallel()
	address, spans := collectSpans(t)
	a := run(t, map[string]string{"traces.url": address})
	c := newCaller(t, a)
	importSample(t, a)
	const secret = "unicorn saddles of Ada"
	const caller = "b7ad6b7169203331"
	const trace = "0af7651916cd43dd8448eb211c80319c"
	var r runAnswer
	c.want("POST", "/api/v1/pipelines/runs", map[string]any{"stages": []stage{scanStage("look", sampleTopic), {"lost", "website_generator", map[string]any{"type": "plan_website", "params": map[string]any{"topic": secret}}}}},
		http.StatusAccepted, &r, "Traceparent", "00-"+trace+"-"+caller+"-01")
	c.until("the end of the run", "/api/v1/runs/"+r.ID, &r, func() bool { return r.Status == "failed" })
	halt(t, a) // sends what waits

	byID := map[string]span{}
	for _, s := range spans() {
		byID[s.SpanID] = s
		for _, attribute := range s.Attributes {
			if strings.Contains(attribute.Value.StringValue, "Ada") || strings.Contains(s.Status.Message, "Ada") {
				t.Errorf("span %s tells what was asked: %+v", s.Name, s)
			}
		}
	}
	path := func(s span) string { // from the client to s
		names := s.Name
		for s.ParentSpanID != caller {
			parent, ok := byID[s.ParentSpanID]
			if !ok {
				return "? " + names
			}
			s, names = parent, parent.Name+" > "+names
		}
		return names
	}
	const request = "POST /api/v1/pipelines/runs"
	first := request + " > job pipeline.step > step look"
	want := map[string]string{ // path: code
		request: "", first: "", first + " > agent opportunity_scanner": "",
		first + " > job pipeline.step > step lost":                           "not_enough_data",
		first + " > job pipeline.step > step lost > agent website_generator": "not_enough_data",
	}
	seen := map[string]bool{}
	for _, s := range byID {
		if s.TraceID != trace {
			continue
		}
		at := path(s)
		code, known := want[at]
		if known && s.Status.Message != code {
			t.Errorf("%s has the status %+v, want %q", at, s.Status, code)
		}
		seen[at] = true
		if strings.HasPrefix(s.Name, "step ") && (s.attribute("run_id") != r.ID || s.attribute("attempt") != "1" || s.attribute("step") == "") {
			t.Errorf("%s says %+v", at, s.Attributes)
		}
	}
	for at := range want {
		if !seen[at] {
			t.Errorf("the trace has no %s; it has %v", at, seen)
		}
	}
}
