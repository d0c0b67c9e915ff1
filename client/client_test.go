package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"empire/client"
)

// server answers like an empire server that holds things of every kind.
func server(t *testing.T, answer http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	c, err := client.New(client.Config{BaseURL: s.URL, Token: "tok", HTTP: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func TestNew(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "https://a.example/base/": "https://a.example/base", "http://a.example/api/v1/": "http://a.example",
		"": "", "127.0.0.1:8080": "", "ftp://a.example": "", "http://": "", "http://u:p@a.example": "", "http://a.example?x=1": "", "http://a b": "",
	} {
		c, err := client.New(client.Config{BaseURL: address})
		if (err == nil) != (want != "") || err == nil && c.BaseURL() != want {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body string
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got, body = r, string(raw)
		writeJSON(w, http.StatusOK, map[string]any{"id": "site_1", "live_release": nil, "of_a_later_version": true})
	})
	site, err := c.GetWebsite(t.Context(), "a/b ?")
	if err != nil || site.ID != "site_1" || site.LiveRelease != nil {
		t.Errorf("got %+v, %v", site, err)
	}
	if got.Method != "GET" || got.RequestURI != "/api/v1/websites/a%2Fb%20%3F" || got.Header.Get("Authorization") != "Bearer tok" || body != "" || got.Header.Get("Idempotency-Key") != "" {
		t.Errorf("request %s %s %v %q", got.Method, got.RequestURI, got.Header, body)
	}
	if _, err := c.PublishRelease(t.Context(), "site_1", client.PublishInput{ReleaseID: "rel_1"}); err != nil {
		t.Error(err)
	}
	first := got.Header.Get("Idempotency-Key")
	if got.Method != "POST" || got.RequestURI != "/api/v1/websites/site_1/publish" || body != `{"release_id":"rel_1"}` || first == "" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("request %s %s %v %q", got.Method, got.RequestURI, got.Header, body)
	}
	_, _ = c.PublishRelease(client.WithIdempotencyKey(t.Context(), "mine"), "site_1", client.PublishInput{ReleaseID: "rel_1"})
	if key := got.Header.Get("Idempotency-Key"); key != "mine" {
		t.Errorf("key %q, want the caller's", key)
	}
	if _, _ = c.RollbackWebsite(t.Context(), "site_1", nil); body != "" || got.Header.Get("Content-Type") != "" || got.Header.Get("Idempotency-Key") == first {
		t.Errorf("without a body: %q %v", body, got.Header)
	}
	got = nil
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.GetWebsite(t.Context(), id); err == nil || got != nil {
			t.Errorf("id %q was sent", id)
		}
	}
}

// TestWalk reads a long list by links, and by counting where there are none.
func TestWalk(t *testing.T) {
	t.Parallel()
	const total = 120
	for _, links := range []bool{true, false} {
		asked := 0
		c := server(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			if r.URL.Query().Get("status") != "failed" {
				t.Errorf("the filter is lost: %s", r.URL.RawQuery)
			}
			var runs []map[string]any
			for i := offset; i < min(offset+limit, total); i++ {
				runs = append(runs, map[string]any{"id": fmt.Sprintf("run_%d", i)})
			}
			w.Header().Set("X-Total-Count", strconv.Itoa(total))
			if links && offset+limit < total {
				w.Header().Set("Link", fmt.Sprintf(`</api/v1/runs?limit=50&offset=0&status=failed>; rel="first", </api/v1/runs?limit=50&offset=%d&status=failed>; rel="next"`, offset+limit))
			}
			writeJSON(w, http.StatusOK, runs)
		})
		p := client.ListRunsParams{Limit: 50, Status: "failed"}
		page, err := c.ListRuns(t.Context(), p)
		if err != nil || len(page.Items) != 50 || page.Total != total {
			t.Fatalf("window: %+v, %v", page, err)
		}
		var ids []string
		for run, err := range c.AllRuns(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, run.ID)
		}
		if len(ids) != total || ids[total-1] != "run_119" || len(slices.Compact(slices.Clone(ids))) != total || asked != 4 {
			t.Errorf("links %v: %d ids in %d requests", links, len(ids), asked)
		}
		for range c.AllRuns(t.Context(), p) {
			break
		}
		if asked != 5 {
			t.Errorf("leaving early took %d requests", asked-4)
		}
	}
}

func TestWalkEndsWithAnError(t *testing.T) {
	t.Parallel()
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("offset") != "" {
			writeJSON(w, http.StatusForbidden, map[string]any{"type": "urn:empire:error:forbidden", "detail": "No."})
			return
		}
		w.Header().Set("X-Total-Count", "9")
		writeJSON(w, http.StatusOK, []map[string]any{{"id": "run_1"}})
	})
	var seen []string
	for run, err := range c.AllRuns(t.Context(), client.ListRunsParams{}) {
		seen = append(seen, run.ID+fmt.Sprint(err))
	}
	if want := []string{"run_1<nil>", "No."}; !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/runs/gone":
			w.Header().Set("Retry-After", "7")
			writeJSON(w, http.StatusNotFound, map[string]any{
				"type": "urn:empire:error:not_found", "title": "Not Found", "status": 404, "detail": "Run gone does not exist.", "request_id": "req_1",
				"errors": []any{map[string]any{"location": "path.run_id", "message": "unknown"}},
			})
		case "/api/v1/runs/proxy":
			writeJSON(w, http.StatusBadGateway, map[string]any{"title": "Bad Gateway"})
		case "/api/v1/runs/page":
			_, _ = w.Write([]byte("<html>"))
		case "/api/v1/runs/cut":
			w.Header().Set("Content-Length", "99")
			writeJSON(w, http.StatusOK, "{")
		case "/api/v1/runs/long":
			writeJSON(w, http.StatusOK, map[string]string{"id": strings.Repeat("a", 2000)})
		case "/api/v1/runs/odd":
			writeJSON(w, http.StatusOK, []int{1})
		case "/api/v1/runs/broken":
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte("{"))
		}
	})
	_, err := c.GetRun(t.Context(), "gone")
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Code() != "not_found" || e.Status != 404 || e.RequestID != "req_1" || e.RetryAfter != 7*time.Second || e.Error() != "Run gone does not exist." || e.Errors[0].Location != "path.run_id" {
		t.Errorf("problem: %+v", err)
	}
	_, err = c.GetRun(t.Context(), "proxy")
	if e, ok := errors.AsType[*client.Error](err); !ok || e.Code() != "" || err.Error() != "502 Bad Gateway: Bad Gateway" {
		t.Errorf("problem of a proxy: %+v", err)
	}
	for id, want := range map[string]string{"page": "it is not JSON", "odd": "cannot unmarshal", "broken": "decode problem"} {
		_, err := c.GetRun(t.Context(), id)
		if e, ok := errors.AsType[*client.AnswerError](err); !ok || !strings.Contains(e.Error(), want) || e.Status == "" {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}
	if _, err := c.GetRun(t.Context(), "cut"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
	small, err := client.New(client.Config{BaseURL: c.BaseURL(), MaxBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.GetRun(t.Context(), "long"); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("long: %v", err)
	}
}

// line answers each request with what is next: a status with seconds to wait, or an
// error for 0.
type line struct {
	statuses []int
	after    string
	asked    []time.Time
	keys     []string
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	status := l.statuses[min(len(l.asked), len(l.statuses)-1)]
	l.asked = append(l.asked, time.Now())
	l.keys = append(l.keys, r.Header.Get("Idempotency-Key"))
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	if l.after != "" && status >= 400 {
		w.Header().Set("Retry-After", l.after)
	}
	if status >= 400 {
		writeJSON(w, status, map[string]any{"type": "urn:empire:error:any", "detail": "No."})
	} else {
		writeJSON(w, status, map[string]any{"id": "x"})
	}
	return w.Result(), nil
}

func TestRetries(t *testing.T) {
	t.Parallel()
	read := func(ctx context.Context, c *client.Client) error {
		_, err := c.GetRun(ctx, "run_1")
		return err
	}
	start := func(ctx context.Context, c *client.Client) error {
		_, err := c.StartRun(ctx, client.StartInput{Pipeline: "launch_website"})
		return err
	}
	login := func(ctx context.Context, c *client.Client) error {
		_, err := c.Login(ctx, client.LoginInput{})
		return err
	}
	for _, tt := range []struct {
		name     string
		statuses []int
		after    string
		do       func(context.Context, *client.Client) error
		asked    int
		ok       bool
		wait     time.Duration // at least
	}{
		{"at once", []int{200}, "", read, 1, true, 0},
		{"after a network fault", []int{0, 200}, "", read, 2, true, 50 * time.Millisecond},
		{"after 503", []int{503, 502, 200}, "", read, 3, true, 150 * time.Millisecond},
		{"as late as asked", []int{429, 200}, "5", read, 2, true, 5 * time.Second},
		{"asked to wait too long", []int{429, 200}, "31", read, 1, false, 0},
		{"never", []int{503}, "", read, 3, false, 150 * time.Millisecond},
		{"not found stays so", []int{404, 200}, "", read, 1, false, 0},
		{"a fault stays so", []int{500, 200}, "", read, 1, false, 0},
		{"unsafe with a key", []int{503, 0, 202}, "", start, 3, true, 150 * time.Millisecond},
		{"unsafe without a key", []int{503, 200}, "", login, 1, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &line{statuses: tt.statuses, after: tt.after}
				c, err := client.New(client.Config{BaseURL: "http://a.example", Retries: 2, HTTP: &http.Client{Transport: l}})
				if err != nil {
					t.Fatal(err)
				}
				err = tt.do(t.Context(), c)
				took := l.asked[len(l.asked)-1].Sub(l.asked[0])
				if (err == nil) != tt.ok || len(l.asked) != tt.asked || took < tt.wait || took > tt.wait*3+time.Second {
					t.Errorf("error %v after %d requests in %s; want ok %v after %d in at least %s", err, len(l.asked), took, tt.ok, tt.asked, tt.wait)
				}
				if len(slices.Compact(l.keys)) != 1 {
					t.Errorf("the tries of one call have the keys %q", l.keys)
				}
			})
		})
	}
}

func TestRetriesEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &line{statuses: []int{503}, after: "20"}
		c, err := client.New(client.Config{BaseURL: "http://a.example", Retries: 5, HTTP: &http.Client{Transport: l}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		_, err = c.GetRun(ctx, "run_1")
		if e, ok := errors.AsType[*client.Error](err); !ok || e.Status != 503 || !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != time.Second || len(l.asked) != 1 {
			t.Errorf("%v after %s and %d requests", err, time.Since(before), len(l.asked))
		}
	})
}
