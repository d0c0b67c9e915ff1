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
		for _, c := range m.Calls {
			n += tokensPerMessage + len(c.ID) + len(c.Name) + len(c.Arguments)
		}
		for _, res := range m.Results {
			n += tokensPerMessage + len(res.CallID) + len(res.Name) + len(res.Text)
		}
		if m.Native != nil { // it holds the text again, and thoughts
			n += len(m.Native.Turn)
		}
	}
	if r.Schema != nil {
		n += tokensPerMessage + len(r.Schema.Name) + len(r.Schema.JSON)
	}
	for _, t := range r.Tools {
		// Vendors write tools into the prompt in words of their own.
		n += tokensPerTool + len(t.Name) + len(t.Description) + 2*len(t.Parameters)
	}
	if len(r.Tools) > 0 {
		n += tokensForTools
	}
	return min(n, domain.MaxTokens)
}

// EmbedBound is InputBound for the texts of a batch.
func EmbedBound(texts []string) int {
	n := tokensPerRequest
	for _, t := range texts {
		n += tokensPerMessage + len(t)
	}
	return min(n, domain.MaxTokens)
}

const (
	tokensPerTool  = 64
	tokensForTools = 1024 // Anthropic documents up to 346 for its text on tools; others say nothing
)

// MaxText returns how many bytes the text of an answer can have that was asked for
// with so many tokens. Tokens are four bytes long as a rule; those of long runs of
// one character are longer. An endpoint that sends more does not count as it says.
func MaxText(maxTokens int) int { return 64<<10 + 32*min(maxTokens, 4<<20) }
