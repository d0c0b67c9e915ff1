package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
)

// stream serves one answer and returns the events that a client reads of it.
func stream(t *testing.T, cfg rest.Config, serve http.HandlerFunc, each func(rest.Event) error) ([]string, error) {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		serve(w, r)
	}))
	defer server.Close()
	cfg.Vendor, cfg.BaseURL = "Vendor", server.URL
	c, err := rest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	_, err = c.Stream(t.Context(), rest.Call{Method: http.MethodPost, Path: "x", In: map[string]int{"a": 1}, Repeatable: true}, func(ev rest.Event) error {
		got = append(got, ev.Name+"="+string(ev.Data))
		if each != nil {
			return each(ev)
		}
		return nil
	})
	if n != 1 {
		t.Errorf("%d requests: a stream is never repeated", n)
	}
	return got, err
}

func events(parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, p := range parts {
			_, _ = io.WriteString(w, p)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// TestStream reads events as the HTML Standard says, however they are cut up.
func TestStream(t *testing.T) {
	t.Parallel()
	got, err := stream(t, rest.Config{}, events(": hello\n\nda", "ta: one\n\nevent: e\r\ndata:two\r\nda", "ta: lines\r\nid: 7\r\n\r\n", "event: empty\n\ndata: unfinished\n"), nil)
	if want := "=one|e=two\nlines"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStreamFaults(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	for name, tt := range map[string]struct {
		cfg   rest.Config
		serve http.HandlerFunc
		each  func(rest.Event) error
		kind  rest.Kind
	}{
		"refused": {serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, kind: rest.Refused},
		"no stream": {serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, `{}`)
		}, kind: rest.Malformed},
		"cut": {serve: func(w http.ResponseWriter, r *http.Request) {
			events("data: one\n\n")(w, r)
			panic(http.ErrAbortHandler)
		}, kind: rest.Cut},
		"too much":  {cfg: rest.Config{MaxBytes: 1000}, serve: events(strings.Repeat("data: one\n\n", 1000)), kind: rest.TooLarge},
		"one event": {cfg: rest.Config{MaxBytes: 64 << 20}, serve: events("data: " + strings.Repeat("x", 5<<20) + "\n\n"), kind: rest.TooLarge},
		"lines":     {cfg: rest.Config{MaxBytes: 64 << 20}, serve: events(strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n", 5)), kind: rest.TooLarge},
		"slow": {cfg: rest.Config{Timeout: 300 * time.Millisecond}, serve: func(w http.ResponseWriter, r *http.Request) {
			events("data: one\n\n")(w, r)
			<-r.Context().Done()
		}, kind: rest.TimedOut},
		"listener": {serve: events("data: one\n\n"), each: func(rest.Event) error { return enough }},
	} {
		_, err := stream(t, tt.cfg, tt.serve, tt.each)
		e, ok := errors.AsType[*rest.Error](err)
		if tt.kind == "" && !errors.Is(err, enough) || tt.kind != "" && (!ok || e.Kind != tt.kind || domain.MessageOf(err) == "") {
			t.Errorf("%s: %v, want %s", name, err, tt.kind)
		}
	}
	c, err := rest.New(rest.Config{Vendor: "Vendor", BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Stream(context.Background(), rest.Call{Method: http.MethodPost, Path: "x"}, func(rest.Event) error { return nil })
	if e, ok := errors.AsType[*rest.Error](err); !ok || e.Kind != rest.Unreachable {
		t.Errorf("nobody there: %v", err)
	}
}

// FuzzStream: whatever an endpoint sends, reading ends without a panic.
func FuzzStream(f *testing.F) {
	f.Add("data: one\n\nevent: e\r\ndata\r\n\r\n:\n")
	f.Fuzz(func(t *testing.T, body string) {
		_, _ = stream(t, rest.Config{MaxBytes: 1 << 16}, events(body), nil)
	})
}
