package llmtest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/testkit/modelserver"
)

// claims is a schema as strict modes take it.
var claims = &llm.Schema{Name: "claims", JSON: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["title","claims"],"properties":{
	"title":{"type":"string"},
	"claims":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["text","score","kind"],"properties":{
		"text":{"type":"string"},"score":{"type":["number","null"]},"kind":{"type":"string","enum":["fact","opinion"]}}}}}}`)}

func testSchema(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	r := request("What is known?")
	r.Schema = claims
	res, err := d.Complete(t.Context(), r)
	if err != nil || res.Finish != llm.FinishStop {
		t.Fatalf("%+v, %v", res, err)
	}
	if err := claims.Check([]byte(res.Text)); err != nil {
		t.Errorf("%s: %v", res.Text, err)
	}
}

func testTools(t *testing.T, v *Vendor) {
	for _, stream := range []bool{false, true} {
		d := v.rig(t, modelserver.Config{Details: true})
		r := request("How many keys has it?")
		var got []string
		if stream {
			r = streamed(r.Prompt, &got)
		}
		r.Tools = []llm.Tool{{Name: "count_keys", Description: "Counts keys.", Parameters: json.RawMessage(
			`{"type":"object","properties":{"model":{"type":"string"},"exact":{"type":"boolean"}},"required":["model","exact"],"additionalProperties":false}`)}}
		r.Choice = llm.ToolsRequired
		res, err := d.Complete(t.Context(), r)
		if err != nil || res.Finish != llm.FinishTools || len(res.Calls) != 1 {
			t.Fatalf("stream %t: %+v, %v", stream, res, err)
		}
		var args struct {
			Model string
			Exact bool
		}
		call := res.Calls[0]
		if err := json.Unmarshal(call.Arguments, &args); err != nil || call.Name != "count_keys" || call.ID == "" || args.Model != "text" || !args.Exact {
			t.Errorf("stream %t: call %+v, %v", stream, call, err)
		}
		if *res.Usage != d.used() {
			t.Errorf("stream %t: usage %+v, billed %+v", stream, res.Usage, d.used())
		}
		testResult(t, d, &r, res)
	}
}

// testResult gives the result of a tool back. The answer that asked for it is stored
// and read again in between, as the ledger does.
func testResult(t *testing.T, d *rig, r *llm.Request, res *llm.Response) {
	t.Helper()
	next := *r
	next.Prompt, next.Choice = "", llm.ToolsAuto
	stored, err := json.Marshal(res.Turn())
	if err != nil {
		t.Fatal(err)
	}
	var turn llm.Message
	if err := json.Unmarshal(stored, &turn); err != nil {
		t.Fatal(err)
	}
	next.Messages = []llm.Message{
		{Role: llm.User, Text: r.Prompt}, turn,
		{Role: llm.User, Results: []llm.ToolResult{{CallID: res.Calls[0].ID, Name: res.Calls[0].Name, Text: "It has 87 keys."}}},
	}
	if err := next.Validate(); err != nil {
		t.Fatal(err)
	}
	end, err := d.Complete(t.Context(), next)
	if err != nil || end.Finish != llm.FinishStop || !strings.Contains(end.Text, "It has 87 keys.") || len(end.Calls) != 0 {
		t.Errorf("after the result: %+v, %v", end, err)
	}
	// The same without what only the vendor reads: a turn of another vendor.
	next.Messages[1].Native = &llm.Native{Wire: "another", Turn: json.RawMessage(`[]`)}
	if _, err := d.Complete(t.Context(), next); err != nil && llm.ClassOf(err) != llm.BadRequest {
		t.Errorf("after the turn of another vendor: %v", err)
	}
	next.Messages[1].Native = turn.Native
	next.Choice, next.Prompt = llm.ToolsNone, "And now?"
	if end, err := d.Complete(t.Context(), next); err != nil || len(end.Calls) != 0 {
		t.Errorf("no tools: %+v, %v", end, err)
	}
}

func testStreaming(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{Details: true})
	var got []string
	r := streamed("Grüße 👋🏽, hello", &got)
	res, err := d.Complete(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if want := "ok Be brief." + r.Prompt; res.Text != want || strings.Join(got, "") != want || len(got) < 3 || res.Finish != llm.FinishStop {
		t.Errorf("got %q from %q, %s", res.Text, got, res.Finish)
	}
	if res.Usage == nil || *res.Usage != d.used() || res.ProviderRequestID == "" {
		t.Errorf("usage %+v, billed %+v", res.Usage, d.used())
	}
	r = streamed("hello"+strings.Repeat(" and more", 20), &got)
	r.MaxTokens = 16
	if res, err := d.Complete(t.Context(), r); err != nil || res.Finish != llm.FinishLength || res.Usage.Output != 16 {
		t.Errorf("cut by length: %+v, %v", res, err)
	}
	for _, f := range []modelserver.Fault{modelserver.FaultRefusal, modelserver.FaultPrompt} {
		if res, err := d.Complete(t.Context(), streamed(modelserver.Marker(f), &got)); err != nil || res.Finish != llm.FinishBlocked {
			t.Errorf("%s: %+v, %v", f, res, err)
		}
	}
	if res, err := d.Complete(t.Context(), streamed(modelserver.Marker(modelserver.FaultNoUsage), &got)); err != nil || res.Text == "" || res.Usage != nil {
		t.Errorf("without usage: %+v, %v", res, err)
	}
	enough := errors.New("enough")
	r.Stream = func(string) error { return enough }
	if _, err := d.Complete(t.Context(), r); llm.ClassOf(err) != llm.Cancelled || !errors.Is(err, enough) || llm.Outcome(err) != domain.CallLost {
		t.Errorf("whoever listens gives up: %v", err)
	}
}

// testCutStreams: a stream that does not come to its end is an error, whatever came
// before, and it is asked for once.
func testCutStreams(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	for _, f := range []modelserver.Fault{modelserver.FaultCut, modelserver.FaultEnded, modelserver.FaultInStream} {
		var got []string
		before := d.server.Requests()
		_, err := d.Complete(t.Context(), streamed(modelserver.Marker(f)+" a text that is long enough to be cut", &got))
		if llm.ClassOf(err) != llm.Cut || llm.Outcome(err) != domain.CallLost || len(got) == 0 {
			t.Errorf("%s: %v after %q", f, err, got)
		}
		if n := d.server.Requests() - before; n != 1 {
			t.Errorf("%s: %d requests", f, n)
		}
	}
}

func testEmbeddings(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	p, ok := d.Provider.(llm.EmbeddingProvider)
	if ok == v.NoEmbeddings {
		t.Fatalf("has embeddings: %t", ok)
	}
	if !ok {
		return // Metered says so with a class: see TestEmbedder
	}
	r := llm.EmbedRequest{Model: "vendor-e", Texts: []string{"one", "two", "three"}, Dimensions: 24, IdempotencyKey: "call_2", CallName: "run_1/index/1"}
	res, err := p.Embed(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	one, err := p.Embed(t.Context(), llm.EmbedRequest{Model: "vendor-e", Texts: []string{"two"}, Dimensions: 24})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Vectors) != 3 || len(res.Vectors[1]) != 24 || res.Vectors[1][5] != one.Vectors[0][5] || res.Vectors[0][5] == res.Vectors[1][5] {
		t.Errorf("vectors are not in the order of texts: %v", res.Vectors)
	}
	if res.Usage == nil || res.Usage.Input < 1 || res.Usage.Input > llm.EmbedBound(r.Texts) || res.Usage.Output != 0 {
		t.Errorf("usage %+v", res.Usage)
	}
	for f, class := range map[modelserver.Fault]llm.Class{
		modelserver.FaultVectors: llm.Malformed, modelserver.FaultNoChoices: llm.Malformed, modelserver.FaultCredential: llm.BadCredential,
		modelserver.FaultReset: llm.RateLimited, modelserver.FaultServer: llm.ServerFault, modelserver.FaultNoModel: llm.NoModel,
	} {
		r.Texts = []string{"one", modelserver.Marker(f)}
		if _, err := p.Embed(t.Context(), r); llm.ClassOf(err) != class {
			t.Errorf("%s: %v, want %s", f, err, class)
		}
	}
}

// testAdversary: an endpoint that sends without end, or far more than was asked for,
// is stopped within the bounds of the request.
func testAdversary(t *testing.T, v *Vendor) {
	d := v.rig(t, modelserver.Config{})
	size := 0
	r := request(modelserver.Marker(modelserver.FaultEndless))
	r.Stream = func(s string) error {
		size += len(s)
		return nil
	}
	if _, err := d.Complete(t.Context(), r); llm.ClassOf(err) != llm.Oversize || llm.Outcome(err) != domain.CallLost || size > llm.MaxText(r.MaxTokens) {
		t.Errorf("a stream without end: %v after %d bytes", err, size)
	}
	r = request(modelserver.Marker(modelserver.FaultOversize))
	if _, err := d.Complete(t.Context(), r); llm.ClassOf(err) != llm.Oversize || llm.Outcome(err) != domain.CallLost {
		t.Errorf("far too much: %v", err)
	}
	r.Stream = func(string) error { return nil }
	if _, err := d.Complete(t.Context(), r); llm.ClassOf(err) != llm.Oversize {
		t.Errorf("far too much in a stream: %v", err)
	}
	r = request(modelserver.Marker(modelserver.FaultArguments))
	r.Tools = []llm.Tool{{Name: "find", Parameters: json.RawMessage(`{"type":"object"}`)}}
	res, err := d.Complete(t.Context(), r)
	if err != nil || len(res.Calls) != 1 || !json.Valid(res.Calls[0].Arguments) {
		t.Fatalf("arguments that are no JSON: %+v, %v", res, err)
	}
	if err := res.CheckCalls(r.Tools); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("arguments that are no object: %v", err)
	}
	r.Prompt = modelserver.Marker(modelserver.FaultTool)
	if res, err = d.Complete(t.Context(), r); err != nil || domain.CodeOf(res.CheckCalls(r.Tools)) != domain.CodeInvalid {
		t.Errorf("a tool that was not offered: %+v, %v", res, err)
	}
}
