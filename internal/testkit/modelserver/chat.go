package modelserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

const maxRequest = 16 << 20

// chat is what the vendor reads of a request.
type chat struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	MaxTokens           *int     `json:"max_tokens"`
	MaxCompletionTokens *int     `json:"max_completion_tokens"`
	Temperature         *float64 `json:"temperature"`
}

// parse reads a request as strictly as the vendor does.
func parse(body []byte) (*chat, error) {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	var c chat
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("we could not parse the JSON body of your request: %w", err)
	}
	if c.Model == "" {
		return nil, errors.New("you must provide a model parameter")
	}
	if len(c.Messages) == 0 {
		return nil, errors.New("messages: expected an array with at least one item")
	}
	for i, m := range c.Messages {
		switch m.Role {
		case "system", "developer", "user", "assistant":
		default:
			return nil, fmt.Errorf("messages[%d].role: %q is not one of system, developer, user, assistant", i, m.Role)
		}
	}
	if c.MaxTokens != nil && c.MaxCompletionTokens != nil {
		return nil, errors.New("max_tokens and max_completion_tokens cannot both be set")
	}
	if limit := c.limit(); limit < 1 {
		return nil, errors.New("max_tokens: expected a value of at least 1")
	}
	if t := c.Temperature; t != nil && (*t < 0 || *t > 2) {
		return nil, errors.New("temperature: expected a value between 0 and 2")
	}
	return &c, nil
}

// limit is how many tokens the answer may have.
func (c *chat) limit() int {
	switch {
	case c.MaxTokens != nil:
		return *c.MaxTokens
	case c.MaxCompletionTokens != nil:
		return *c.MaxCompletionTokens
	default:
		return 4096
	}
}

func (c *chat) text() string {
	var b strings.Builder
	for _, m := range c.Messages {
		b.WriteString(m.Content)
	}
	return b.String()
}

// answer is what a request comes to.
type answer struct {
	text          string
	finish        string
	input, output int
}

// tokens counts a text: a token for four bytes, or one for each byte.
func (s *Server) tokens(text string) int {
	if s.cfg.Greedy {
		return len(text)
	}
	return (len(text) + 3) / 4
}

func (s *Server) answer(c *chat) answer {
	prompt := c.text()
	reply := "ok " + prompt
	if s.cfg.Reply != nil {
		reply = s.cfg.Reply(prompt)
	}
	a := answer{text: reply, finish: "stop", input: s.tokens(prompt) + 4*len(c.Messages), output: s.tokens(reply)}
	if limit := c.limit(); s.cfg.Greedy || a.output > limit {
		cut := limit * 4
		if s.cfg.Greedy {
			cut = limit
		}
		a.text, a.output, a.finish = reply[:min(cut, len(reply))], limit, "length"
	}
	return a
}

// Cost is what the vendor takes for tokens, in its own words: rates for a million
// tokens, rounded up to a millionth.
func Cost(r domain.Rates, input, output int) domain.Micros {
	sum := int64(input)*int64(r.Input) + int64(output)*int64(r.Output)
	return domain.Micros((sum + 999_999) / 1_000_000)
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen++
	held := s.held
	s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return // the client went while it sent
	}
	if s.cfg.Key != "" && r.Header.Get("Authorization") != "Bearer "+s.cfg.Key {
		s.refuse(w, FaultCredential)
		return
	}
	c, err := parse(body)
	if err == nil && s.cfg.Check != nil {
		err = s.cfg.Check(r, body)
	}
	if err != nil {
		write(w, http.StatusBadRequest, problem(err.Error(), "invalid_request_error", ""))
		return
	}
	fault := s.pick(c.text())
	if !fault.billed() {
		s.refuse(w, fault)
		return
	}
	s.work()
	a := s.answer(c)
	b := &Bill{
		At: time.Now().UTC(), Key: r.Header.Get("Idempotency-Key"), Call: r.Header.Get("X-Empire-Call"), Model: c.Model, Input: a.input, Output: a.output,
		Cost: Cost(s.cfg.Rates, a.input, a.output), Fault: fault,
	}
	if err := s.bill(b); err != nil {
		write(w, http.StatusServiceUnavailable, problem(err.Error(), "server_error", "")) // not billed, so not answered
		return
	}
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
		case <-s.base.Done():
		}
	}
	s.send(w, r, c, &a, fault)
}

// work takes as long as an answer takes, whether or not the client still waits.
func (s *Server) work() {
	d := s.cfg.Latency
	if s.cfg.Jitter > 0 {
		d += rand.N(s.cfg.Jitter) //nolint:gosec // how long it takes is no secret
	}
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.base.Done():
	}
}

// refuse answers without work.
func (s *Server) refuse(w http.ResponseWriter, f Fault) {
	switch f {
	case FaultRate:
		w.Header().Set("Retry-After", "2")
		write(w, http.StatusTooManyRequests, problem("Rate limit reached", "requests", "rate_limit_exceeded"))
	case FaultQuota:
		write(w, http.StatusTooManyRequests, problem("You exceeded your current quota", "insufficient_quota", "insufficient_quota"))
	case FaultCredential:
		write(w, http.StatusUnauthorized, problem("Incorrect API key provided", "invalid_request_error", "invalid_api_key"))
	case FaultTooLong:
		write(w, http.StatusBadRequest, problem("This model's maximum context length is exceeded", "invalid_request_error", "context_length_exceeded"))
	default:
		write(w, http.StatusServiceUnavailable, problem("The engine is currently overloaded", "server_error", ""))
	}
}

// send writes the answer, or what a fault makes of it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, c *chat, a *answer, f Fault) {
	w.Header().Set("X-Request-Id", domain.NewID("req"))
	switch f {
	case FaultServer:
		write(w, http.StatusInternalServerError, problem("The server had an error while processing your request", "server_error", ""))
	case FaultMalformed:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "<html>bad gateway</html>")
	case FaultDropped:
		panic(http.ErrAbortHandler) // ends the connection
	case FaultHang:
		select {
		case <-r.Context().Done():
		case <-s.base.Done():
		}
		panic(http.ErrAbortHandler)
	case FaultCut:
		raw := encode(completion(c, a, f))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		_, _ = w.Write(raw[:len(raw)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case FaultSlow:
		s.drip(w, encode(completion(c, a, f)))
	default:
		write(w, http.StatusOK, completion(c, a, f))
	}
}

// drip writes a few bytes at a time.
func (s *Server) drip(w http.ResponseWriter, raw []byte) {
	w.Header().Set("Content-Type", "application/json")
	rc := http.NewResponseController(w)
	for len(raw) > 0 {
		n := min(16, len(raw))
		if _, err := w.Write(raw[:n]); err != nil || rc.Flush() != nil {
			return
		}
		raw = raw[n:]
		t := time.NewTimer(20 * time.Millisecond)
		select {
		case <-t.C:
		case <-s.base.Done():
			t.Stop()
			return
		}
	}
}

// completion is the vendor's chat.completion object.
func completion(c *chat, a *answer, f Fault) map[string]any {
	message := map[string]any{"role": "assistant", "content": a.text, "refusal": nil}
	finish := a.finish
	switch f {
	case FaultRefusal:
		message["content"], message["refusal"] = nil, "I cannot help with that."
	case FaultFilter:
		finish = "content_filter"
	}
	out := map[string]any{
		"id": domain.NewID("chatcmpl"), "object": "chat.completion", "created": time.Now().Unix(), "model": c.Model,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish, "logprobs": nil}},
		"usage": map[string]any{
			"prompt_tokens": a.input, "completion_tokens": a.output, "total_tokens": a.input + a.output,
			"prompt_tokens_details": map[string]any{"cached_tokens": 0}, "completion_tokens_details": map[string]any{"reasoning_tokens": 0},
		},
	}
	switch f {
	case FaultNoUsage:
		delete(out, "usage")
	case FaultNoChoices:
		out["choices"] = []any{}
	}
	return out
}

func problem(message, kind, code string) map[string]any {
	var c any
	if code != "" {
		c = code
	}
	return map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": c}}
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("modelserver: " + err.Error()) // a bug: maps of plain values
	}
	return raw
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(v))
}
