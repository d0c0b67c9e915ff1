// Package modelserver is a stand-in for vendors of language models: an endpoint with
// the wire shapes of OpenAI (Chat Completions, Responses, embeddings), Anthropic and
// Gemini that keeps its own log of what it bills. It reads requests as strictly as
// the vendors do, and can fail in all the ways in which they do.
//
//	s, err := modelserver.Start(modelserver.Config{Log: file, Rates: rates})
//	defer s.Close()
//	… point a client at s.URL() …
//	bills, err := modelserver.ReadLog(file)
//
// It bills once it has decided to answer, before it writes the answer, even when the
// client is gone by then: the worst case for whoever keeps a budget. It does not
// recognize idempotency keys, so a request that is sent twice is billed twice; the
// log shows the keys.
//
// The same server runs as a process of its own: internal/testkit/modelserver/cmd.
package modelserver

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

// Fault is a way to fail.
type Fault string

// The faults. Those after which the work may be done are billed.
const (
	FaultRate       Fault = "429"        // refused with Retry-After, not billed
	FaultQuota      Fault = "quota"      // 429 insufficient_quota, not billed
	FaultOverloaded Fault = "503"        // refused, not billed
	FaultCredential Fault = "401"        // refused, not billed
	FaultTooLong    Fault = "long"       // 400 context_length_exceeded, not billed
	FaultServer     Fault = "500"        // after the work: billed
	FaultCut        Fault = "cut"        // half of the answer, then the connection ends: billed
	FaultDropped    Fault = "drop"       // the connection ends without an answer: billed
	FaultSlow       Fault = "slow"       // the answer drips: billed
	FaultHang       Fault = "hang"       // no answer until the client goes: billed
	FaultMalformed  Fault = "malformed"  // not JSON: billed
	FaultNoUsage    Fault = "nousage"    // without usage: billed
	FaultRefusal    Fault = "refusal"    // the model refuses: billed
	FaultFilter     Fault = "filter"     // finish_reason content_filter: billed
	FaultNoChoices  Fault = "no_choices" // an answer without choices: billed

	FaultReset     Fault = "429reset" // refused without Retry-After: the vendor's own headers or details say when
	FaultForbidden Fault = "403"      // refused, not billed
	FaultNoModel   Fault = "404"      // refused, not billed
	FaultBusy      Fault = "529"      // refused, not billed
	FaultGateway   Fault = "502"      // HTML from a proxy: billed
	FaultPrompt    Fault = "prompt"   // the prompt is blocked: billed
	FaultEnded     Fault = "ended"    // a stream ends cleanly in its middle: billed
	FaultInStream  Fault = "instream" // an error within a stream: billed

	// What an adversary does.
	FaultEndless   Fault = "endless"      // a stream without end
	FaultOversize  Fault = "oversize"     // far more text than was asked for
	FaultWrong     Fault = "wrong_schema" // JSON that does not fit the schema, always
	FaultWrongOnce Fault = "wrong_once"   // the same, until it is told
	FaultTool      Fault = "unknown_tool" // a call of a tool that was not offered
	FaultArguments Fault = "bad_arguments"
	FaultVectors   Fault = "bad_vectors" // vectors of different lengths
	FaultTokens    Fault = "bad_tokens"  // usage that cannot be true
)

// Marker returns the text that makes a request with it in its prompt fail.
func Marker(f Fault) string { return "[[fault:" + string(f) + "]]" }

// faults are all of them, for markers.
var faults = []Fault{
	FaultRate, FaultQuota, FaultOverloaded, FaultCredential, FaultTooLong, FaultServer, FaultCut, FaultDropped, FaultSlow, FaultHang, FaultMalformed,
	FaultNoUsage, FaultRefusal, FaultFilter, FaultNoChoices, FaultReset, FaultForbidden, FaultNoModel, FaultBusy, FaultGateway, FaultPrompt, FaultEnded,
	FaultInStream, FaultEndless, FaultOversize, FaultWrong, FaultWrongOnce, FaultTool, FaultArguments, FaultVectors, FaultTokens,
}

// billed reports whether the vendor takes money for a fault.
func (f Fault) billed() bool {
	switch f {
	case FaultRate, FaultQuota, FaultOverloaded, FaultCredential, FaultTooLong, FaultReset, FaultForbidden, FaultNoModel, FaultBusy:
		return false
	}
	return true
}

// Config says how a server behaves.
type Config struct {
	Addr string // 127.0.0.1:0 if empty
	// Log is the file that bills are appended to, one JSON object a line, written
	// before the answer; empty: bills are kept in memory only.
	Log string
	// Rates are what tokens cost, in millionths for a million tokens.
	Rates domain.Rates
	// Key is what a request must carry, each vendor's in its own header; empty:
	// anything.
	Key string
	// Latency is how long an answer takes, Jitter how much longer by chance.
	Latency, Jitter time.Duration
	// Chance is how often a request meets a fault, from 0 to 1.
	Chance map[Fault]float64
	// Greedy counts as many tokens as there are bytes of text, and answers with as many
	// as may be: the most that a call can cost.
	Greedy bool
	// Details reports a quarter of the input as cached, an eighth as written to the
	// cache where the vendor says so, and a quarter of the output as thoughts.
	Details bool
	// Reply makes the answer; nil: "ok" and what was asked.
	Reply func(prompt string) string
	// Check looks at each request and says what is wrong with it, if anything: the
	// request is then refused with 400.
	Check func(r *http.Request, body []byte) error
}

// Bill is one billed call.
type Bill struct {
	At     time.Time `json:"at"`
	Key    string    `json:"idempotency_key"`
	Call   string    `json:"call"` // the header X-Empire-Call: run/step/number, each escaped
	Model  string    `json:"model"`
	Input  int       `json:"input_tokens"`
	Output int       `json:"output_tokens"`
	// Of them, with Details:
	Cached    int `json:"cached_input_tokens,omitempty"`
	Write     int `json:"cache_write_tokens,omitempty"`
	Reasoning int `json:"reasoning_tokens,omitempty"`

	Cost  domain.Micros `json:"cost_micros"`
	Fault Fault         `json:"fault,omitempty"`
}

// Server is a running endpoint.
type Server struct {
	cfg      Config
	listener net.Listener
	http     *http.Server
	done     chan struct{}
	gone     context.CancelFunc
	base     context.Context //nolint:containedctx // ends with the server: what hangs ends then
	log      *os.File

	mu    sync.Mutex
	bills []Bill
	seen  int
	held  chan struct{} // not nil: answers wait until it is closed
	plays Fault         // by every request
}

// Start begins to listen.
func Start(cfg Config) (*Server, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	s := &Server{cfg: cfg, done: make(chan struct{})}
	if cfg.Log != "" {
		f, err := os.OpenFile(cfg.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open the log of bills: %w", err)
		}
		s.log = f
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.base, s.gone = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.handle(chatVendor{}))
	mux.HandleFunc("POST /v1/responses", s.handle(respondVendor{}))
	mux.HandleFunc("POST /v1/embeddings", s.handle(embedVendor{}))
	mux.HandleFunc("POST /v1/messages", s.handle(claudeVendor{}))
	mux.HandleFunc("POST /v1beta/models/{action}", s.handle(geminiVendor{}))
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"object": "list", "data": []any{}})
	})
	s.listener, s.http = l, &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with Close
	}()
	return s, nil
}

// Addr returns host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the base URL for clients of OpenAI and Anthropic.
func (s *Server) URL() string { return "http://" + s.Addr() + "/v1" }

// GeminiURL returns the base URL for clients of Gemini.
func (s *Server) GeminiURL() string { return "http://" + s.Addr() + "/v1beta" }

// Close ends the server at once, whatever it is doing.
func (s *Server) Close() error {
	s.gone()
	err := s.http.Close()
	<-s.done
	if s.log != nil {
		_ = s.log.Close()
	}
	return err
}

// Bills returns what was billed since the start.
func (s *Server) Bills() []Bill {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Bill(nil), s.bills...)
}

// Requests returns how many requests came, billed or not.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Hold keeps answers back, after they are billed, until the function that it returns
// is called.
func (s *Server) Hold() (release func()) {
	held := make(chan struct{})
	s.mu.Lock()
	s.held = held
	s.mu.Unlock()
	return sync.OnceFunc(func() {
		s.mu.Lock()
		if s.held == held {
			s.held = nil
		}
		s.mu.Unlock()
		close(held)
	})
}

// Play makes every request from now on meet a fault, until it is "".
func (s *Server) Play(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plays = f
}

// bill appends a line with one write, so that a killed process leaves whole lines.
func (s *Server) bill(b *Bill) error {
	line, err := json.Marshal(b)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != nil {
		if _, err := s.log.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	s.bills = append(s.bills, *b)
	return nil
}

// pick returns the fault that a prompt asks for, or one by chance, or "".
func (s *Server) pick(prompt string) Fault {
	s.mu.Lock()
	plays := s.plays
	s.mu.Unlock()
	if plays != "" {
		return plays
	}
	for _, f := range faults {
		if strings.Contains(prompt, Marker(f)) {
			return f
		}
	}
	x := rand.Float64() //nolint:gosec // which call fails is no secret
	for _, f := range faults {
		if x -= s.cfg.Chance[f]; x < 0 {
			return f
		}
	}
	return ""
}

// ReadLog reads a log of bills. A line that a kill cut off is left out.
func ReadLog(name string) ([]Bill, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the log of bills: %w", err)
	}
	var out []Bill
	for line := range strings.Lines(string(raw)) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		var b Bill
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			return nil, fmt.Errorf("read the log of bills: %w", err)
		}
		out = append(out, b)
	}
	return out, nil
}

// Total returns what bills come to.
func Total(bills []Bill) domain.Micros {
	var sum domain.Micros
	for i := range bills {
		sum += bills[i].Cost
	}
	return sum
}
