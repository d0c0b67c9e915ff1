package gemini_test

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/gemini"
	"empire/internal/intelligence/llm/llmtest"
	"empire/internal/testkit/modelserver"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, llmtest.Vendor{New: func(s *modelserver.Server, key string, timeout time.Duration) (llm.Provider, error) {
		return gemini.New(gemini.Config{Name: "stand-in", BaseURL: s.GeminiURL(), Key: key, Timeout: timeout})
	}})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	if !gemini.Own("") || !gemini.Own("https://generativelanguage.googleapis.com/v1beta") || gemini.Own("http://127.0.0.1:8080/v1") {
		t.Error("the vendor's own address is not known")
	}
	if _, err := gemini.New(gemini.Config{Name: "x", BaseURL: "nowhere"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an address without a scheme: %v", err)
	}
}
