package cassette_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/anthropic"
	"empire/internal/intelligence/llm/cassette"
	"empire/internal/intelligence/llm/gemini"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/testkit/modelserver"
)

const key = "sk-hunter2-hunter2"

// providers returns one of each kind over a transport.
func providers(t *testing.T, rt http.RoundTripper, base, gem string) map[string]llm.Provider {
	t.Helper()
	h := &http.Client{Transport: rt}
	chat, err1 := openai.New(openai.Config{Name: "p", BaseURL: base, Key: key, HTTP: h})
	responses, err2 := openai.New(openai.Config{Name: "p", BaseURL: base, Key: key, HTTP: h, Shape: openai.Responses})
	claude, err3 := anthropic.New(anthropic.Config{Name: "p", BaseURL: base, Key: key, HTTP: h})
	google, err4 := gemini.New(gemini.Config{Name: "p", BaseURL: gem, Key: key, HTTP: h})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return map[string]llm.Provider{"chat": chat, "responses": responses, "anthropic": claude, "gemini": google}
}

func transport(t *testing.T, mode cassette.Mode, dir string) *cassette.Transport {
	t.Helper()
	rt, err := cassette.New(cassette.Config{Mode: mode, Dir: dir, Secrets: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func ask(ctx context.Context, p llm.Provider, prompt string, stream bool) (*llm.Response, string, error) {
	var got strings.Builder
	r := llm.Request{Model: "m", Prompt: prompt, MaxTokens: 100, IdempotencyKey: domain.NewID("call")}
	if stream {
		r.Stream = func(s string) error {
			got.WriteString(s)
			return nil
		}
	}
	res, err := p.Complete(ctx, r)
	return res, got.String(), err
}

// TestReplay: what was recorded comes again, byte for byte and fault for fault, with
// nobody at the other end; the files hold no secret.
func TestReplay(t *testing.T) {
	t.Parallel()
	server, err := modelserver.Start(modelserver.Config{Key: key, Details: true})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	prompts := []string{
		"Grüße", modelserver.Marker(modelserver.FaultReset), modelserver.Marker(modelserver.FaultServer), modelserver.Marker(modelserver.FaultCut) + " some text that is cut",
		modelserver.Marker(modelserver.FaultMalformed),
	}
	type outcome struct {
		text, pieces, class string
		usage               domain.Usage
	}
	run := func(mode cassette.Mode) map[string]outcome {
		out := map[string]outcome{}
		for name, p := range providers(t, transport(t, mode, dir), server.URL(), server.GeminiURL()) {
			for _, prompt := range prompts {
				for _, stream := range []bool{false, true} {
					res, pieces, err := ask(t.Context(), p, prompt, stream)
					o := outcome{pieces: pieces, class: string(llm.ClassOf(err))}
					if err == nil {
						o.text, o.usage = res.Text, *res.Usage
					}
					id := name + " " + prompt
					if stream {
						id += " streamed"
					}
					out[id] = o
				}
			}
		}
		return out
	}
	recorded := run(cassette.Record)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	again := run(cassette.Replay)
	for id, o := range recorded {
		if o.class == "" && o.text == "" || again[id] != o {
			t.Errorf("%s: recorded %+v, replayed %+v", id, o, again[id])
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != len(recorded) {
		t.Errorf("%d files for %d calls, %v", len(files), len(recorded), err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil || bytes.Contains(raw, []byte("Bearer")) || bytes.Contains(raw, []byte(key)) {
			t.Errorf("%s: %v, holds a credential", f, err)
		}
	}
}

// TestEqualBytes: bodies that are no text come back as they were, and a request that
// came twice gets its two answers in their order.
func TestEqualBytes(t *testing.T) {
	t.Parallel()
	n := 0
	dir := t.TempDir()
	base := tripper(func(*http.Request) *http.Response {
		n++
		return &http.Response{StatusCode: 200, Header: http.Header{"Set-Cookie": {"s=hunter2"}}, Body: io.NopCloser(bytes.NewReader([]byte{0xff, 0, byte(n)}))}
	})
	get := func(rt http.RoundTripper) []byte {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.example/v1?key=hunter2", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		return raw
	}
	rec, err := cassette.New(cassette.Config{Mode: cassette.Record, Dir: dir, Base: base})
	if err != nil {
		t.Fatal(err)
	}
	first, second := get(rec), get(rec)
	play := transport(t, cassette.Replay, dir)
	if a, b, c := get(play), get(play), get(play); !bytes.Equal(a, first) || !bytes.Equal(b, second) || !bytes.Equal(c, second) || bytes.Equal(a, b) {
		t.Errorf("got %v %v %v", a, b, c)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, f := range files {
		if raw, err := os.ReadFile(f); err != nil || bytes.Contains(raw, []byte("hunter2")) {
			t.Errorf("%s holds a secret: %s, %v", f, raw, err)
		}
	}
}

type tripper func(*http.Request) *http.Response

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// TestMissing: a request that was not recorded says so, and asks nobody.
func TestMissing(t *testing.T) {
	t.Parallel()
	p := providers(t, transport(t, cassette.Replay, t.TempDir()), "http://vendor.example/v1", "http://vendor.example/v1beta")["anthropic"]
	_, _, err := ask(t.Context(), p, "never asked", false)
	if llm.ClassOf(err) != llm.Unreachable || !strings.Contains(err.Error(), "no recording of POST http://vendor.example/v1/messages") {
		t.Errorf("got %v", err)
	}
	if _, err := cassette.New(cassette.Config{Mode: "sing"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an unknown mode: %v", err)
	}
}
