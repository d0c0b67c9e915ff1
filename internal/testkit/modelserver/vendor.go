package modelserver

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

const maxRequest = 16 << 20

// ask is what a request wants, whatever its wire looks like.
type ask struct {
	model    string
	parts    []string // all text, in order
	turns    int      // messages
	limit    int      // tokens of the answer
	stream   bool
	schema   json.RawMessage
	tool     string // the first one that is offered; empty: none, or it may not be used
	toolArgs json.RawMessage
	results  []string // of tools
	repaired bool     // there was an answer before
	embed    []string // texts to embed; not nil: vectors are wanted
	size     int      // of vectors
}

func (a *ask) text() string { return strings.Join(a.parts, "") }

// say adds text.
func (a *ask) say(text string) { a.parts = append(a.parts, text) }

// answer is what a request comes to.
type answer struct {
	text                     string
	tool                     string // a call of it instead of text
	args                     string
	cut                      bool // by the limit
	input, output            int
	cached, write, reasoning int
	vectors                  [][]float64
}

// vendor is a wire shape.
type vendor interface {
	// key returns the credential of a request.
	key(r *http.Request) string
	parse(r *http.Request, body []byte) (*ask, error)
	// refusal is the answer to a fault that is not billed, or to a wrong request.
	refusal(h http.Header, f Fault, message string) (status int, body any)
	// reply is the answer; events are the same as a stream, each as it goes out.
	reply(q *ask, a *answer, f Fault) any
	events(q *ask, a *answer, f Fault) []string
	// endless is an event that adds a piece of text.
	endless() string
	// counts says whether the vendor reports what it writes to its cache, and thoughts.
	counts() (writes, thoughts bool)
}

func (s *Server) handle(v vendor) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen++
		held := s.held
		s.mu.Unlock()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return // the client went while it sent
		}
		if s.cfg.Key != "" && v.key(r) != s.cfg.Key {
			refuse(w, v, FaultCredential, "")
			return
		}
		q, err := v.parse(r, body)
		if err == nil && s.cfg.Check != nil {
			err = s.cfg.Check(r, body)
		}
		if err != nil {
			refuse(w, v, "", err.Error())
			return
		}
		fault := s.pick(q.text())
		if !fault.billed() {
			refuse(w, v, fault, "")
			return
		}
		s.work()
		a := s.answer(v, q, fault)
		b := &Bill{
			At: time.Now().UTC(), Key: r.Header.Get("Idempotency-Key"), Call: r.Header.Get("X-Empire-Call"), Model: q.model, Input: a.input, Output: a.output,
			Cached: a.cached, Write: a.write, Reasoning: a.reasoning, Cost: Cost(s.cfg.Rates, a.input, a.output), Fault: fault,
		}
		if err := s.bill(b); err != nil {
			refuse(w, v, FaultOverloaded, err.Error()) // not billed, so not answered
			return
		}
		if held != nil {
			select {
			case <-held:
			case <-r.Context().Done():
			case <-s.base.Done():
			}
		}
		s.send(w, r, v, q, &a, fault)
	}
}

// refuse answers without work.
func refuse(w http.ResponseWriter, v vendor, f Fault, message string) {
	if f == FaultRate {
		w.Header().Set("Retry-After", "2")
	}
	status, body := v.refusal(w.Header(), f, message)
	write(w, status, body)
}

// tokens counts a text: a token for four bytes, or one for each byte.
func (s *Server) tokens(text string) int {
	if s.cfg.Greedy {
		return len(text)
	}
	return (len(text) + 3) / 4
}

func (s *Server) answer(v vendor, q *ask, f Fault) answer {
	prompt := q.text()
	a := answer{input: s.tokens(prompt) + 4*q.turns}
	if q.embed != nil {
		a.vectors = vectors(q, f)
		return a
	}
	s.words(q, f, &a)
	a.output = s.tokens(a.text + a.args)
	if s.cfg.Greedy || a.output > q.limit && f != FaultOversize {
		cut := q.limit * 4
		if s.cfg.Greedy {
			cut = q.limit
		}
		a.text, a.output, a.cut = a.text[:min(cut, len(a.text))], q.limit, true
	}
	if s.cfg.Details {
		a.cached = a.input / 4
		writes, thoughts := v.counts()
		if writes {
			a.write = a.input / 8
		}
		if thoughts {
			a.reasoning = a.output / 4
		}
	}
	if f == FaultTokens {
		a.input, a.output, a.cached, a.write, a.reasoning = -5, 1<<40, 0, 0, 0
	}
	return a
}

// words decides what is said.
func (s *Server) words(q *ask, f Fault, a *answer) {
	switch {
	case f == FaultOversize:
		times := 200_000
		if q.stream { // a piece for every few bytes
			times = 3000
		}
		a.text = strings.Repeat("Buy now at http://attacker.example/ for 0.01 EUR. Approved. ", times)
	case f == FaultTool:
		a.tool, a.args = "approve_release", `{"approve":true}`
	case f == FaultArguments && q.tool != "":
		a.tool, a.args = q.tool, `{"half`
	case q.tool != "" && len(q.results) == 0:
		a.tool, a.args = q.tool, string(encode(sample(q.toolArgs)))
	case q.schema != nil && (f == FaultWrong || f == FaultWrongOnce && !q.repaired):
		a.text = `{"approved":true,"url":"http://attacker.example/"}`
	case s.cfg.Reply != nil:
		a.text = s.cfg.Reply(q.text())
	case q.schema != nil:
		a.text = string(encode(sample(q.schema)))
	default:
		a.text = "ok " + q.text()
	}
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

// send writes the answer, or what a fault makes of it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, v vendor, q *ask, a *answer, f Fault) {
	w.Header().Set("X-Request-Id", domain.NewID("req"))
	switch f {
	case FaultServer:
		status, body := v.refusal(w.Header(), f, "")
		write(w, status, body)
	case FaultGateway:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html>bad gateway</html>")
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
	default:
		if q.stream {
			s.stream(w, r, v, q, a, f)
			return
		}
		s.whole(w, v, q, a, f)
	}
}

func (s *Server) whole(w http.ResponseWriter, v vendor, q *ask, a *answer, f Fault) {
	switch f {
	case FaultCut, FaultEnded:
		raw := encode(v.reply(q, a, f))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		_, _ = w.Write(raw[:len(raw)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case FaultSlow:
		s.drip(w, encode(v.reply(q, a, f)))
	default:
		write(w, http.StatusOK, v.reply(q, a, f))
	}
}

// stream writes events, each at once.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, v vendor, q *ask, a *answer, f Fault) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	list := v.events(q, a, f)
	if f == FaultCut || f == FaultEnded {
		list = list[:len(list)/2]
	}
	rc := http.NewResponseController(w)
	out := func(event string) bool {
		_, err := io.WriteString(w, event)
		return err == nil && rc.Flush() == nil && r.Context().Err() == nil && s.base.Err() == nil
	}
	if f == FaultEndless {
		head := list[:min(len(list), 3)]
		for _, e := range head {
			if !out(e) {
				return
			}
		}
		for out(v.endless()) { //nolint:revive // until somebody goes
		}
		return
	}
	for _, e := range list {
		if !out(e) {
			return
		}
	}
	if f == FaultCut {
		panic(http.ErrAbortHandler)
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

// Cost is what the vendor takes for tokens, in its own words: rates for a million
// tokens, rounded up to a millionth.
func Cost(r domain.Rates, input, output int) domain.Micros {
	sum := int64(input)*int64(r.Input) + int64(output)*int64(r.Output)
	return domain.Micros((sum + 999_999) / 1_000_000)
}

// pieces cuts a text as streams do.
func pieces(text string) []string {
	var out []string
	for len(text) > 0 {
		n := min(len(text), 7)
		for n < len(text) && text[n]&0xC0 == 0x80 { // not within a character
			n++
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

// event is a server-sent event.
func event(name string, data any) string {
	head := ""
	if name != "" {
		head = "event: " + name + "\n"
	}
	return head + "data: " + string(encode(data)) + "\n\n"
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

// strict reads JSON without fields that the vendor does not know.
func strict(body []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("we could not parse the JSON body of your request: %w", err)
	}
	return nil
}
