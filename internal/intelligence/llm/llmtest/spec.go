package llmtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Spec is OpenAI's OpenAPI document.
type Spec struct{ doc *openapi3.T }

// loadSpec reads the document once for a test binary: that takes seconds.
var loadSpec = sync.OnceValues(func() (*openapi3.T, error) {
	dir := os.Getenv("EMPIRE_TEST_SPECS")
	for up := "."; dir == ""; up = filepath.Join(up, "..") {
		if _, err := os.Stat(filepath.Join(up, "go.mod")); err == nil {
			dir = filepath.Join(up, "..", "shared", "specs")
		} else if len(up) > 60 {
			return nil, err
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "openai-subset.json"))
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	for _, ref := range doc.Components.Schemas {
		// Items of input are told apart by a type that a message need not have.
		ref.Value.Discriminator = nil
	}
	return doc, nil
})

// OpenAISpec returns the vendor's document: from EMPIRE_TEST_SPECS, or from
// ../shared/specs beside the repository. Without it the test skips, or fails if
// EMPIRE_TEST_REQUIRE says that nothing may.
func OpenAISpec(t testing.TB) *Spec {
	t.Helper()
	doc, err := loadSpec()
	if err != nil {
		if os.Getenv("EMPIRE_TEST_REQUIRE") != "" {
			t.Fatalf("the vendor's document openai-subset.json is needed: %v", err)
		}
		t.Skipf("the vendor's document openai-subset.json is not here (EMPIRE_TEST_SPECS): %v", err)
	}
	return &Spec{doc}
}

// Request says what of the body of a POST does not fit the document. path is below
// /v1: /responses.
func (s *Spec) Request(path string, body []byte) error {
	op, err := s.post(path)
	if err != nil {
		return err
	}
	return visit(op.RequestBody.Value.Content.Get("application/json").Schema, body)
}

// Answer says what of the body of a good answer to a POST does not fit.
func (s *Spec) Answer(path string, body []byte) error {
	op, err := s.post(path)
	if err != nil {
		return err
	}
	return visit(op.Responses.Value("200").Value.Content.Get("application/json").Schema, body)
}

func (s *Spec) post(path string) (*openapi3.Operation, error) {
	item := s.doc.Paths.Value(strings.TrimPrefix(path, "/v1"))
	if item == nil || item.Post == nil {
		return nil, fmt.Errorf("the document has no POST %s", path)
	}
	return item.Post, nil
}

// visit checks a value. In the document, bodies of requests are open; that a field is
// known at all is checked beside its schema.
func visit(ref *openapi3.SchemaRef, body []byte) error {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	if err := ref.Value.VisitJSON(v); err != nil {
		return err
	}
	known := map[string]bool{}
	collect(ref, known)
	object, _ := v.(map[string]any)
	for name := range object {
		if !known[name] {
			return fmt.Errorf("the document does not know the field %s", name)
		}
	}
	return nil
}

func collect(ref *openapi3.SchemaRef, known map[string]bool) {
	if ref == nil || ref.Value == nil {
		return
	}
	for name := range ref.Value.Properties {
		known[name] = true
	}
	for _, part := range ref.Value.AllOf {
		collect(part, known)
	}
}
