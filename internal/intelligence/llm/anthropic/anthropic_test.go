package anthropic_test

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/anthropic"
	"empire/internal/intelligence/llm/llmtest"
	"empire/internal/testkit/modelserver"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, llmtest.Vendor{New: func(s *modelserver.Server, key string, timeout time.Duration) (llm.Provider, error) {
		return anthropic.New(anthropic.Config{Name: "stand-in", BaseURL: s.URL(), Key: key, Timeout: timeout})
	}, NoEmbeddings: true})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	if !anthropic.Own("") || !anthropic.Own("https://api.anthropic.com/v1") || anthropic.Own("http://127.0.0.1:8080/v1") {
		t.Error("the vendor's own address is not known")
	}
	if _, err := anthropic.New(anthropic.Config{Name: "x", BaseURL: "nowhere"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an address without a scheme: %v", err)
	}
}
