package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/llmtest"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/testkit/modelserver"
)

// double is the stand-in for the vendor.
type double struct {
	llmtest.Counter
	server *modelserver.Server
	shape  openai.Shape
	t      *testing.T
}

var markers = map[llmtest.Case]modelserver.Fault{
	llmtest.NoUsage: modelserver.FaultNoUsage, llmtest.Refusal: modelserver.FaultRefusal, llmtest.Filtered: modelserver.FaultFilter, llmtest.RateLimited: modelserver.FaultRate,
	llmtest.Quota: modelserver.FaultQuota, llmtest.Overloaded: modelserver.FaultOverloaded, llmtest.BadCredential: modelserver.FaultCredential,
	llmtest.TooLong: modelserver.FaultTooLong, llmtest.ServerFault: modelserver.FaultServer, llmtest.Cut: modelserver.FaultCut, llmtest.Dropped: modelserver.FaultDropped,
	llmtest.Malformed: modelserver.FaultMalformed, llmtest.Empty: modelserver.FaultNoChoices,
}

func (d *double) Provider() llm.Provider {
	p, err := openai.New(openai.Config{Name: "stand-in", BaseURL: d.server.URL(), Key: "sk-test", Shape: d.shape})
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d *double) Prompt(c llmtest.Case) string {
	if f, ok := markers[c]; ok {
		return modelserver.Marker(f)
	}
	return "hello"
}

func (d *double) Requests() int { return d.server.Requests() }

func (d *double) Answer(prompt string) string { return "ok " + prompt }

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, shape := range []openai.Shape{openai.Vendor, openai.Compatible} {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			llmtest.Run(t, func(t *testing.T) llmtest.Double {
				d := &double{shape: shape, t: t}
				known := properties(t)
				server, err := modelserver.Start(modelserver.Config{Key: "sk-test", Check: func(r *http.Request, body []byte) error {
					d.Note(r.Header.Get("Idempotency-Key"), r.Header.Get(openai.CallHeader))
					return check(shape, known, body)
				}})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = server.Close() })
				d.server = server
				return d
			})
		})
	}
}

// check holds a request against the vendor's description, and against what the shape
// may not send.
func check(shape openai.Shape, known []string, body []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	for name := range fields {
		if known != nil && !slices.Contains(known, name) {
			return fmt.Errorf("the vendor does not know the field %s", name)
		}
	}
	_, legacy := fields["max_tokens"]
	_, current := fields["max_completion_tokens"]
	if legacy != (shape == openai.Compatible) || current != (shape == openai.Vendor) {
		return errors.New("the limit of tokens has the wrong name")
	}
	return nil
}

// properties are the fields of a request in the vendor's OpenAPI document, or nil if
// that is not here: EMPIRE_TEST_SPECS, or specs beside the repository.
func properties(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("EMPIRE_TEST_SPECS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared", "specs")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "openai-subset.json"))
	if err != nil {
		t.Logf("requests are not held against the vendor's document: %v", err)
		return nil
	}
	type schema struct {
		Ref        string                     `json:"$ref"`
		AllOf      []json.RawMessage          `json:"allOf"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var doc struct {
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var names []string
	var collect func(raw json.RawMessage)
	collect = func(raw json.RawMessage) {
		var s schema
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for name := range s.Properties {
			names = append(names, name)
		}
		if s.Ref != "" {
			collect(doc.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]])
		}
		for _, part := range s.AllOf {
			collect(part)
		}
	}
	collect(doc.Components.Schemas["CreateChatCompletionRequest"])
	if !slices.Contains(names, "messages") || !slices.Contains(names, "max_completion_tokens") || slices.Contains(names, "unheard_of") {
		t.Fatalf("the vendor's document was read wrongly: %v", names)
	}
	return names
}

// TestShapeByAddress: OpenAI's own endpoint gets its own field, all others the old one.
func TestShapeByAddress(t *testing.T) {
	t.Parallel()
	var got map[string]any
	var auth, organization string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		auth, organization = r.Header.Get("Authorization"), r.Header.Get("OpenAI-Organization")
		_, _ = fmt.Fprint(w, `{"choices":[{"message":{"content":"hi"},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,"completion_tokens":5,
			"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}}`)
	}))
	defer server.Close()
	p, err := openai.New(openai.Config{Name: "x", BaseURL: server.URL + "/v1/", Organization: "org-1"})
	if err != nil {
		t.Fatal(err)
	}
	temperature := 0.5
	res, err := p.Complete(t.Context(), llm.Request{Model: "m", Prompt: "x", MaxTokens: 7, Temperature: &temperature})
	if err != nil || *res.Usage != (domain.Usage{Input: 9, CachedInput: 4, Output: 5, Reasoning: 3}) || res.Finish != llm.FinishOther {
		t.Errorf("got %+v, %v", res, err)
	}
	if got["max_tokens"] != 7.0 || got["max_completion_tokens"] != nil || got["temperature"] != 0.5 || auth != "" || organization != "org-1" {
		t.Errorf("sent %v with %q and %q", got, auth, organization)
	}
	if _, err := openai.New(openai.Config{Name: "x", BaseURL: "api.openai.com"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an address without a scheme: %v", err)
	}
}

// TestSecretsStayIn: an endpoint that repeats the key does not get it into errors.
func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":{"message":"wrong key %s","type":"invalid_request_error"}}`, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	p, err := openai.New(openai.Config{Name: "x", BaseURL: server.URL, Key: "sk-hunter2"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Complete(t.Context(), llm.Request{Model: "m", Prompt: "x", MaxTokens: 7})
	if llm.ClassOf(err) != llm.BadCredential || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "wrong key") {
		t.Errorf("got %v", err)
	}
}
