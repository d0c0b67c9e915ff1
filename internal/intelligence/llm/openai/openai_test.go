package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/llmtest"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/testkit/modelserver"
)

var shapes = []openai.Shape{openai.Vendor, openai.Responses, openai.Compatible}

func open(shape openai.Shape) func(s *modelserver.Server, key string, timeout time.Duration) (llm.Provider, error) {
	return func(s *modelserver.Server, key string, timeout time.Duration) (llm.Provider, error) {
		return openai.New(openai.Config{Name: "stand-in", BaseURL: s.URL(), Key: key, Shape: shape, Timeout: timeout})
	}
}

// TestConformance runs the suite for both interfaces and for compatible endpoints.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, shape := range shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			llmtest.Run(t, llmtest.Vendor{New: open(shape), Check: func(r *http.Request, body []byte) error { return names(shape, r, body) }})
		})
	}
}

// names checks that the limit of tokens has the name that the shape takes.
func names(shape openai.Shape, r *http.Request, body []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	_, legacy := fields["max_tokens"]
	_, current := fields["max_completion_tokens"]
	chat := strings.HasSuffix(r.URL.Path, "/chat/completions")
	if chat != (legacy || current) || legacy && shape != openai.Compatible || current && shape != openai.Vendor {
		return errors.New("the limit of tokens has the wrong name")
	}
	return nil
}

// TestRequestsFitTheVendorsDocument holds the requests of all features against
// OpenAI's OpenAPI document.
func TestRequestsFitTheVendorsDocument(t *testing.T) {
	t.Parallel()
	spec := llmtest.OpenAISpec(t)
	for _, shape := range shapes {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			features := []string{"text", "schema", "tools", "streaming", "embeddings"}
			llmtest.Run(t, llmtest.Vendor{New: open(shape), Only: features, Check: func(r *http.Request, body []byte) error {
				err := spec.Request(r.URL.Path, body)
				if err != nil {
					t.Errorf("%s: %v in %s", r.URL.Path, err, body)
				}
				return err
			}})
		})
	}
}

// TestDoublesFitTheVendorsDocument: what the stand-in answers is what the vendor says
// that it answers.
func TestDoublesFitTheVendorsDocument(t *testing.T) {
	t.Parallel()
	spec := llmtest.OpenAISpec(t)
	s, err := modelserver.Start(modelserver.Config{Details: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const tool = `"parameters":{"type":"object","properties":{"a":{"type":"string"}}}`
	for path, bodies := range map[string][]string{
		"/chat/completions": {
			`{"model":"m","messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f",` + tool + `}}]}`,
			`{"model":"m","messages":[{"role":"user","content":"` + modelserver.Marker(modelserver.FaultRefusal) + `"}]}`,
		},
		"/responses": {
			`{"model":"m","input":[{"role":"user","content":"hi"}],"store":false}`,
			`{"model":"m","input":[{"role":"user","content":"hi"}],"store":false,"tools":[{"type":"function","name":"f","strict":false,` + tool + `}]}`,
			`{"model":"m","input":[{"role":"user","content":"` + modelserver.Marker(modelserver.FaultRefusal) + `"}],"store":false}`,
			`{"model":"m","input":[{"role":"user","content":"aaaaaaaaaa` + strings.Repeat(" and more", 20) + `"}],"store":false,"max_output_tokens":16}`,
		},
		"/embeddings": {`{"model":"m","input":["a","b"],"encoding_format":"float"}`},
	} {
		for _, body := range bodies {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %d %s, %v", path, res.StatusCode, raw, err)
			}
			if err := spec.Answer(path, raw); err != nil {
				t.Errorf("%s: %v in %s", path, err, raw)
			}
		}
	}
}

// TestDocumentRefuses: the check against the document does check.
func TestDocumentRefuses(t *testing.T) {
	t.Parallel()
	spec := llmtest.OpenAISpec(t)
	for path, body := range map[string]string{
		"/responses":        `{"model":"m","input":[{"role":"king","content":"hi"}]}`,
		"/chat/completions": `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":"7"}`,
		"/embeddings":       `{"model":"m","input":["a"],"dimensionz":3}`,
		"/v1/responses":     `{"model":"m","input":"hi","response_format":{"type":"json_object"}}`,
		"/unknown":          `{}`,
	} {
		if spec.Request(path, []byte(body)) == nil {
			t.Errorf("%s: %s fits", path, body)
		}
	}
}

// TestShapeByAddress: OpenAI's own endpoint gets its own field, all others the old one.
func TestShapeByAddress(t *testing.T) {
	t.Parallel()
	var got map[string]any
	var auth, organization string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		auth, organization = r.Header.Get("Authorization"), r.Header.Get("OpenAI-Organization")
		_, _ = fmt.Fprint(w, `{"choices":[{"message":{"content":"hi"},"finish_reason":"unheard_of"}],"usage":{"prompt_tokens":9,"completion_tokens":5,
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
	if !openai.Own("") || !openai.Own("https://api.openai.com/v1/") || openai.Own("http://127.0.0.1:11434/v1") {
		t.Error("the vendor's own address is not known")
	}
}
