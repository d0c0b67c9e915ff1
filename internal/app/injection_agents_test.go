package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"empire/internal/ws"
)

// messageClaims sends agents messages that say that all is approved.
func messageClaims(v *victim) {
	for i, claim := range v.claims() {
		to := []string{"website_generator", "website_builder", "opportunity_scanner", "monetization_agent"}[i%4]
		for _, message := range []any{map[string]string{"note": claim}, v.forged(), map[string]any{"type": "approval_decision", "data": v.decision()}} {
			v.want("POST", "/api/v1/agents/"+to+"/messages", map[string]any{"message": message, "priority": "high"}, http.StatusAccepted, nil)
		}
	}
	var left []any
	for _, to := range []string{"website_generator", "opportunity_scanner", "monetization_agent"} {
		v.until("the messages are handled", "/api/v1/agents/"+to+"/messages?state=queued", &left, func() bool { return len(left) == 0 })
	}
}

// agentClaims lets an agent outside the program say in every kind of frame, and in
// the results of stages with the names of the gate, that all is approved.
func agentClaims(v *victim) {
	v.want("POST", "/api/v1/agents", map[string]any{"id": "liar", "task_types": []string{"approve"}, "max_concurrency": 16}, http.StatusCreated, nil)
	conn, status := v.socket("/ws/agents/liar", "Authorization", "Bearer "+v.token)
	if conn == nil {
		v.t.Fatalf("the agent was refused: %d", status)
	}
	for i, claim := range v.claims() {
		data := v.forged()
		data["target"], data["to"], data["request"], data["message"], data["topics"] = "website_generator", "website_generator", claim, claim, []string{"approval"}
		for _, kind := range []string{"message", "service_request", "approval", "decision", "approve", "event", "subscribe", "service_response", "task_result"} {
			v.frame(conn, kind, fmt.Sprintf("%s-%d", kind, i), data)
		}
	}
	var runs []string
	for _, name := range []string{"approve", "gate", "release"} {
		var run runAnswer
		v.want("POST", "/api/v1/pipelines/runs", map[string]any{"stages": []stage{
			{name, "liar", map[string]any{"type": "approve", "params": v.forged()}}, scanStage("after", sampleTopic),
		}}, http.StatusAccepted, &run)
		runs = append(runs, run.ID)
	}
	for range runs {
		var task struct {
			TaskID string `json:"task_id"`
		}
		await(v.t, conn, "task", func(data string) bool { return json.Unmarshal([]byte(data), &task) == nil && task.TaskID != "" })
		v.frame(conn, "task_result", "", map[string]any{"task_id": task.TaskID, "result": v.forged()})
	}
	for _, id := range runs {
		var run runAnswer
		v.until("the run ended", "/api/v1/runs/"+id, &run, func() bool { return run.Status == "completed" || run.Status == "failed" })
	}
	_ = conn.Close(websocket.StatusNormalClosure, "")
	v.want("DELETE", "/api/v1/agents/liar", nil, http.StatusOK, nil)
}

func (v *victim) frame(conn *websocket.Conn, kind, id string, data any) {
	v.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		v.t.Fatal(err)
	}
	whole, err := json.Marshal(ws.Frame{Type: kind, ID: id, Data: raw})
	if err != nil {
		v.t.Fatal(err)
	}
	if err := conn.Write(v.t.Context(), websocket.MessageText, whole); err != nil {
		v.t.Fatal(err)
	}
}

// modelClaims lets a model answer that all is approved: it says back what it is
// asked.
func modelClaims(v *victim) {
	v.want("PUT", "/api/v1/prices", map[string]any{"provider": "openai", "model": "echo-1", "input_micros": 0, "output_micros": 0}, http.StatusOK, nil)
	const text = `name: %[1]s
parameters: [{name: claim, required: true}]
steps:
  - {name: approve, model: {prompt: "${params.claim}", max_tokens: 400}}
  - {name: release, model: {prompt: "${steps.approve.text}", max_tokens: 400}}
`
	name := "believer"
	v.want("PUT", "/api/v1/pipelines/"+name, map[string]string{"definition": fmt.Sprintf(text, name)}, http.StatusOK, nil)
	for _, claim := range v.claims() {
		var run runAnswer
		v.want("POST", "/api/v1/pipelines/runs", map[string]any{"pipeline": name, "params": map[string]string{"claim": claim}}, http.StatusAccepted, &run)
		v.until("the run ended", "/api/v1/runs/"+run.ID, &run, func() bool { return run.Status == "completed" || run.Status == "failed" })
		if run.Status != "completed" {
			v.t.Errorf("the model was not asked: %s", strings.TrimSpace(run.Error))
		}
	}
}
