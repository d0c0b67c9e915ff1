package indexnow_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/indexnow"
)

func TestSubmit(t *testing.T) {
	t.Parallel()
	var got struct {
		Host, Key, KeyLocation string
		URLList                []string
	}
	status := http.StatusAccepted
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/indexnow" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s as %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	}))
	c, err := indexnow.New(s.URL+"/indexnow", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		answer int
		fails  bool
		pause  time.Duration
	}{{200, false, 0}, {202, false, 0}, {400, false, 7 * time.Second}, {403, false, 7 * time.Second}, {422, false, 7 * time.Second}, {429, false, 7 * time.Second}, {503, true, 7 * time.Second}} {
		status = tt.answer
		n, pause, err := c.Submit(t.Context(), "a.example", "abc", []string{"https://a.example/"})
		if n != tt.answer || pause != tt.pause || (err != nil) != tt.fails {
			t.Errorf("%d: %d, %v, %v", tt.answer, n, pause, err)
		}
	}
	if got.Host != "a.example" || got.Key != "abc" || got.KeyLocation != "https://a.example/abc.txt" || len(got.URLList) != 1 {
		t.Errorf("sent %+v", got)
	}
	s.Close()
	if n, _, err := c.Submit(t.Context(), "a.example", "abc", []string{"https://a.example/"}); n != 0 || domain.CodeOf(err) != domain.CodeUnavailable {
		t.Errorf("without a server: %d, %v", n, err)
	}
	for _, n := range []int{0, domain.MaxSubmission + 1} {
		if _, _, err := c.Submit(t.Context(), "a.example", "abc", make([]string, n)); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%d addresses: %v", n, err)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	a := indexnow.Key([]byte("s"), "a.example")
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(a) || a != indexnow.Key([]byte("s"), "a.example") {
		t.Errorf("key %q is none, or changes", a)
	}
	if a == indexnow.Key([]byte("s"), "b.example") || a == indexnow.Key([]byte("t"), "a.example") {
		t.Error("two hosts, or two installations, have one key")
	}
}
