package llm

import (
	"strings"

	"empire/internal/domain"
)

// unfence takes off the Markdown fence that many models put around JSON.
func unfence(text string) string {
	text = strings.TrimSpace(text)
	rest, ok := strings.CutPrefix(text, "```")
	if !ok {
		return text
	}
	rest, ok = strings.CutSuffix(rest, "```")
	if !ok {
		return text
	}
	_, body, ok := strings.Cut(rest, "\n") // after the name of the language
	if !ok {
		return text
	}
	return strings.TrimSpace(body)
}

// What vendors put around messages: marks of roles and turns, the start of the
// answer, the names of templates.
const (
	tokensPerMessage = 16
	tokensPerRequest = 64
)

// InputBound returns a number of tokens that a request does not exceed: one for each
// byte of its text, and what the vendor's template adds. Tokenizers work on bytes or
// fall back to them, so that no token is shorter than a byte. It is a bound, three to
// four times what is counted in the end: reservations only.
func InputBound(r *Request) int {
	n := tokensPerRequest + len(r.System)
	if r.System != "" {
		n += tokensPerMessage
	}
	for _, m := range r.Turns() {
		n += tokensPerMessage + len(m.Text)
	}
	return min(n, domain.MaxTokens)
}
