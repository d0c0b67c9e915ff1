package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/sample"
)

// caller speaks to the API as a program outside would: over HTTP, signed in with
// the password that the first start printed.
type caller struct {
	t     *testing.T
	base  string
	token string
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newCaller(t *testing.T, a *app.App) *caller {
	t.Helper()
	c := &caller{t: t, base: strings.TrimSuffix(a.URL(), "/")}
	cred := a.NewCredentials()
	if cred == nil {
		t.Fatal("this start created no administrator")
	}
	var session struct {
		AccessToken string `json:"access_token"`
	}
	c.want("POST", "/api/v1/auth/login", map[string]string{"email": cred.Email, "password": cred.Password}, http.StatusOK, &session)
	c.token = session.AccessToken
	return c
}

// do sends a request; body is sent as JSON unless it is nil. header holds names
// and values in turn.
func (c *caller) do(method, path string, body any, header ...string) answer {
	c.t.Helper()
	a, err := c.ask(method, path, body, header...)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// ask is do for goroutines that may not end the test.
func (c *caller) ask(method, path string, body any, header ...string) (answer, error) {
	raw := []byte{}
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
		header = append(header, "Content-Type", "application/json")
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return answer{}, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	status, got, read, err := send(http.DefaultClient, req)
	return answer{status, got, read}, err
}

// want sends a request, wants a status and decodes the answer into v unless v is
// nil.
func (c *caller) want(method, path string, body any, status int, v any, header ...string) answer {
	c.t.Helper()
	a := c.do(method, path, body, header...)
	if a.status != status {
		c.t.Fatalf("%s %s: %d, want %d\n%s", method, path, a.status, status, a.body)
	}
	if status >= 400 && (!strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") || !strings.Contains(string(a.body), "request_id")) {
		c.t.Errorf("%s %s: %s is not a problem document\n%s", method, path, a.header.Get("Content-Type"), a.body)
	}
	if v != nil {
		if err := json.Unmarshal(a.body, v); err != nil {
			c.t.Fatalf("%s %s: %v\n%s", method, path, err, a.body)
		}
	}
	return a
}

// until asks again until done says so, for some minutes.
func (c *caller) until(what, path string, v any, done func() bool) {
	c.t.Helper()
	ticker, deadline := time.NewTicker(10*time.Millisecond), time.Now().Add(5*time.Minute)
	defer ticker.Stop()
	for range ticker.C {
		a := c.want("GET", path, nil, http.StatusOK, nil)
		if err := json.Unmarshal(a.body, v); err != nil {
			c.t.Fatal(err)
		}
		if done() {
			return
		}
		if c.t.Context().Err() != nil || time.Now().After(deadline) {
			c.t.Fatalf("%s did not happen: %s", what, a.body)
		}
	}
}

// importSample gives the program the sample catalog with its programs and keywords.
func importSample(t *testing.T, a *app.App) domain.FeedID {
	wholeSite(t)
	t.Helper()
	ctx := a.AsAdmin(t.Context())
	feed := sample.Feed(time.Now().UTC())
	report, err := a.Catalogue.ImportFeed(ctx, "sample", "sample.csv", bytes.NewReader(feed), int64(len(feed)), func(int64, int64, int) {})
	if err != nil || report.Status != domain.ImportComplete {
		t.Fatalf("import: %+v, %v", report, err)
	}
	if err := a.Catalogue.ImportPrograms(ctx, sample.Programs()); err != nil {
		t.Fatal(err)
	}
	if err := a.Catalogue.ImportKeywords(ctx, sample.Keywords()); err != nil {
		t.Fatal(err)
	}
	return report.FeedID
}

// eachDatabase runs a test against the program on SQLite and on PostgreSQL.
func eachDatabase(t *testing.T, run func(t *testing.T, a *app.App, c *caller)) {
	t.Helper()
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, t.TempDir(), db.url(t))
			run(t, a, newCaller(t, a))
		})
	}
}

func ids[T any](list []T, id func(T) string) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, id(v))
	}
	return out
}
