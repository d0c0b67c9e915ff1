// Package cassette records what model vendors answer, in files, and plays it back
// without a network: for tests of prompts, and to look at a run again with the very
// bytes that it got. No secret gets into a file.
package cassette

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"empire/internal/domain"
)

// Mode says what a Transport does.
type Mode string

// The modes.
const (
	Record Mode = "record" // asks the vendor, and writes what it answered
	Replay Mode = "replay" // answers from the files, and asks nobody
)

const (
	maxBody  = 64 << 20
	redacted = "***"
)

// Config says where the files are.
type Config struct {
	Mode Mode
	Dir  string // one file for each recording
	// Secrets are texts that are written as *** wherever they stand.
	Secrets []string
	// Base sends the requests of Record; nil: http.DefaultTransport.
	Base http.RoundTripper
}

// Transport is an http.RoundTripper. The nth time that a request comes it is answered
// by its nth recording, and after the last one by that again, so that a run that asks
// the same twice gets what it got. It is safe for concurrent use.
type Transport struct {
	cfg  Config
	mu   sync.Mutex
	seen map[string]int // how often a request came
}

// New returns a transport.
func New(cfg Config) (*Transport, error) {
	if cfg.Mode != Record && cfg.Mode != Replay {
		return nil, domain.Invalid("models.cassettes.mode", "The mode of cassettes is record or replay.")
	}
	if cfg.Base == nil {
		cfg.Base = http.DefaultTransport
	}
	if cfg.Mode == Record {
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the directory of cassettes: %w", err)
		}
	}
	return &Transport{cfg: cfg, seen: map[string]int{}}, nil
}

// tape is the content of a file.
type tape struct {
	Request  side `json:"request"`
	Response side `json:"response"`
}

type side struct {
	Method  string      `json:"method,omitempty"`
	URL     string      `json:"url,omitempty"`
	Status  int         `json:"status,omitempty"`
	Header  http.Header `json:"header,omitempty"`
	Body    string      `json:"body,omitempty"`
	Base64  bool        `json:"base64,omitempty"`  // the body is not UTF-8
	Missing bool        `json:"missing,omitempty"` // the body ended in a fault
}

// MissingError is the fault of a request that was never recorded.
type MissingError struct {
	Method, URL, File string
}

// Error says which recording is missing.
func (e *MissingError) Error() string {
	return fmt.Sprintf("no recording of %s %s: %s does not exist; record it with models.cassettes.mode=record", e.Method, e.URL, e.File)
}

// RoundTrip answers a request.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(req.Body, maxBody))
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	name := t.name(req, body)
	if t.cfg.Mode == Replay {
		return t.replay(req, name)
	}
	out := req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	res, err := t.cfg.Base.RoundTrip(out)
	if err != nil {
		return nil, err // there is nothing to play
	}
	first := side{Method: req.Method, URL: t.address(req.URL), Header: t.header(req.Header)}
	first.set([]byte(t.redact(string(body))))
	res.Body = &recorder{t: t, body: res.Body, file: t.file(name, t.next(name)), tape: tape{first, side{Status: res.StatusCode, Header: t.header(res.Header)}}}
	return res, nil
}

// name is the hash of what a request asks: method, address without its query, body.
// Headers name the single call, so they differ each time.
func (t *Transport) name(req *http.Request, body []byte) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%s\n", req.Method, req.URL.EscapedPath())
	_, _ = h.Write([]byte(t.redact(string(body))))
	return hex.EncodeToString(h.Sum(nil))[:32]
}

func (t *Transport) next(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen[name]++
	return t.seen[name]
}

func (t *Transport) file(name string, n int) string {
	return filepath.Join(t.cfg.Dir, fmt.Sprintf("%s-%d.json", name, n))
}

func (t *Transport) replay(req *http.Request, name string) (*http.Response, error) {
	n := t.next(name)
	raw, err := os.ReadFile(t.file(name, n))
	for ; errors.Is(err, fs.ErrNotExist) && n > 1; n-- { // asked more often than recorded: the last one
		raw, err = os.ReadFile(t.file(name, n-1))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{req.Method, t.address(req.URL), t.file(name, 1)}
	}
	if err != nil {
		return nil, fmt.Errorf("read a cassette: %w", err)
	}
	var tp tape
	if err := json.Unmarshal(raw, &tp); err != nil {
		return nil, fmt.Errorf("read cassette %s: %w", t.file(name, n), err)
	}
	body, err := tp.Response.get()
	if err != nil {
		return nil, fmt.Errorf("read cassette %s: %w", t.file(name, n), err)
	}
	var rest io.Reader = bytes.NewReader(body)
	if tp.Response.Missing {
		rest = io.MultiReader(rest, broken{})
	}
	return &http.Response{
		Status: http.StatusText(tp.Response.Status), StatusCode: tp.Response.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: tp.Response.Header, Body: io.NopCloser(rest), ContentLength: -1,
	}, nil
}

// broken is the end of a body that never came whole.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// recorder writes a file once the body was read: to its end, to a fault, or until
// nobody wanted more of it.
type recorder struct {
	t    *Transport
	body io.ReadCloser
	file string
	tape tape
	got  bytes.Buffer
	done bool
}

// Read reads on and keeps what comes.
func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.got.Write(p[:n])
	if err != nil {
		r.tape.Response.Missing = !errors.Is(err, io.EOF)
		if writeErr := r.write(); writeErr != nil {
			return n, writeErr // a recording that is not there would be missed later
		}
	}
	return n, err
}

// Close ends the recording.
func (r *recorder) Close() error {
	return errors.Join(r.body.Close(), r.write())
}

func (r *recorder) write() error {
	if r.done {
		return nil
	}
	r.done = true
	r.tape.Response.set([]byte(r.t.redact(r.got.String())))
	raw, err := json.MarshalIndent(r.tape, "", "  ")
	if err != nil {
		return fmt.Errorf("write a cassette: %w", err)
	}
	if err := os.WriteFile(r.file, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write a cassette: %w", err)
	}
	return nil
}

func (s *side) set(body []byte) {
	if s.Base64 = !utf8.Valid(body); s.Base64 {
		s.Body = base64.StdEncoding.EncodeToString(body)
		return
	}
	s.Body = string(body)
}

func (s *side) get() ([]byte, error) {
	if s.Base64 {
		return base64.StdEncoding.DecodeString(s.Body)
	}
	return []byte(s.Body), nil
}

// address is without user and query: both may hold a secret.
func (t *Transport) address(u *url.URL) string {
	clean := *u
	clean.User, clean.RawQuery = nil, ""
	return t.redact(clean.String())
}

// secretHeaders are left out of files; of those that remain, secrets are.
var secretHeaders = []string{
	"Authorization", "Proxy-Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie", "Set-Cookie", "Openai-Organization", "Openai-Project",
	"Anthropic-Organization-Id",
}

func (t *Transport) header(h http.Header) http.Header {
	out := h.Clone()
	for _, name := range secretHeaders {
		out.Del(name)
	}
	for _, values := range out {
		for i := range values {
			values[i] = t.redact(values[i])
		}
	}
	return out
}

func (t *Transport) redact(s string) string {
	for _, secret := range t.cfg.Secrets {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret, redacted)
		}
	}
	return s
}
