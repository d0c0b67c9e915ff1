package ws_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"empire/internal/domain"
	"empire/internal/ws"
)

// document is the part of docs/asyncapi.yaml that frames are checked against.
type document struct {
	AsyncAPI string `json:"asyncapi"`
	Channels map[string]struct {
		Address  string                     `json:"address"`
		Messages map[string]json.RawMessage `json:"messages"`
	} `json:"channels"`
	Components struct {
		Messages map[string]struct {
			Examples []struct {
				Payload json.RawMessage `json:"payload"`
			} `json:"examples"`
		} `json:"messages"`
		Schemas map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`
}

func readDocument(t *testing.T) (*document, map[string]*domain.ConfigSchema) {
	t.Helper()
	text, err := os.ReadFile("../../docs/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	d := &document{}
	if err := json.Unmarshal(raw, d); err != nil {
		t.Fatal(err)
	}
	schemas := map[string]*domain.ConfigSchema{}
	for name, raw := range d.Components.Schemas {
		if schemas[name], err = domain.ParseConfigSchema(raw); err != nil {
			t.Fatalf("schema %s: %v", name, err)
		}
	}
	return d, schemas
}

var frameTypes = []string{
	ws.TypeHello, ws.TypeTask, ws.TypeTaskResult, ws.TypeProgress, ws.TypeMessage, ws.TypeMessageReceived, ws.TypeServiceRequest, ws.TypeServiceResponse,
	ws.TypeSubscribe, ws.TypeEvent, ws.TypePing, ws.TypeError, ws.TypeMetrics,
}

// TestDocumentKnowsFrames: the document describes every type of frame, with examples
// that fit, and no other.
func TestDocumentKnowsFrames(t *testing.T) {
	t.Parallel()
	d, schemas := readDocument(t)
	if d.AsyncAPI != "3.0.0" || d.Channels["agents"].Address != "/ws/agents/{agent_id}" || d.Channels["dashboard"].Address != "/ws/dashboard" {
		t.Errorf("document = %+v", d.Channels)
	}
	for _, kind := range frameTypes {
		m := d.Components.Messages[kind]
		if len(m.Examples) == 0 || schemas[kind] == nil {
			t.Errorf("%s has no example or no schema", kind)
		}
		for _, e := range m.Examples {
			if err := schemas[kind].Validate(kind, e.Payload); err != nil {
				t.Errorf("example %s: %v", e.Payload, err)
			}
		}
		if _, has := d.Channels["agents"].Messages[kind]; has == (kind == ws.TypeMetrics) {
			t.Errorf("channel agents and %s: %v", kind, has)
		}
	}
	for kind := range d.Components.Messages {
		if !slices.Contains(frameTypes, kind) {
			t.Errorf("the document has %s, which nobody sends", kind)
		}
	}
}

// TestCapturedFramesFitTheDocument provokes every type of frame that the server sends
// and checks all that came.
func TestCapturedFramesFitTheDocument(t *testing.T) {
	t.Parallel()
	_, schemas := readDocument(t)
	w := newWorld(t, nil)
	dash := w.connect("/ws/dashboard", "ada")
	dash.want(ws.TypeMetrics)
	w.hub.Publish(event("task.queued", "main", 1))
	dash.want(ws.TypeEvent)
	p := w.connect("/ws/agents/helper", "ada")
	w.agents.queue("task_1", "helper")
	w.hub.Wake("helper")
	p.want(ws.TypeTask)
	p.send(ws.TypeTaskResult, "a", domain.TaskResult{TaskID: "task_1", Result: json.RawMessage(`[1]`)})
	p.want(ws.TypeTaskResult)
	p.send(ws.TypeSubscribe, "b", ws.Subscription{Topics: []string{"task.>"}})
	p.want(ws.TypeSubscribe)
	p.send(ws.TypePing, "c", struct{}{})
	p.want(ws.TypePing)
	p.send("odd", "d", struct{}{})
	p.want(ws.TypeError)
	p.send(ws.TypeServiceRequest, "e", ws.Ask{Target: "slow", Request: json.RawMessage(`1`)})
	p.want(ws.TypeServiceResponse)
	p.send(ws.TypeServiceRequest, "f", ws.Ask{Target: "helper", Request: json.RawMessage(`1`)})
	p.want(ws.TypeError)
	box := w.mail.box("helper")
	go func() {
		_ = box.Deliver(t.Context(), domain.Message{ID: "m", From: "x", To: "helper", Message: json.RawMessage(`null`), Priority: "high"})
	}()
	p.want(ws.TypeMessageReceived)
	p.want(ws.TypeMessage)
	go func() {
		_, _ = box.Serve(t.Context(), domain.ServiceRequest{ID: "r", Type: domain.TypeServiceRequest, From: "x", Request: json.RawMessage(`{}`)})
	}()
	p.want(ws.TypeServiceRequest)
	seen := map[string]bool{}
	for _, f := range append(dash.seen, p.seen...) {
		seen[f.Type] = true
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if s := schemas[f.Type]; s == nil {
			t.Errorf("a frame of type %s is not in the document", f.Type)
		} else if err := s.Validate(f.Type, raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for _, kind := range frameTypes {
		if !seen[kind] && kind != ws.TypeProgress { // only agents send that
			t.Errorf("no %s was seen", kind)
		}
	}
}
