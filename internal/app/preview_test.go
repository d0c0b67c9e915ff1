package app_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/sample"
)

type approval struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	PayloadHash string `json:"payload_hash"`
	PreviewURL  string `json:"preview_url"`
}

// TestPreview looks at a site before it is approved, as the person who approves
// does, and then finds the same bytes at its own address.
func TestPreview(t *testing.T) {
	wholeSite(t)
	t.Parallel()
	a := start(t, t.TempDir(), "")
	c := newCaller(t, a)
	waits := make(chan struct{}, 1)
	done := make(chan *app.DemoSummary, 1)
	go func() {
		s, err := a.Demo(t.Context(), app.DemoParams{Ask: true, Report: func(p app.DemoProgress) {
			if p.State == "waiting" && len(waits) == 0 {
				waits <- struct{}{}
			}
		}})
		if err != nil {
			t.Errorf("demo: %v", err)
		}
		done <- s
	}()
	select {
	case <-waits:
	case s := <-done:
		t.Fatalf("the demo ended without a question: %+v", s)
	}
	var open []approval
	c.want("GET", "/api/v1/approvals?state=pending", nil, http.StatusOK, &open)
	if len(open) != 1 || open[0].PreviewURL == "" {
		t.Fatalf("open approvals: %+v", open)
	}
	status, header, home, err := visit(t.Context(), http.DefaultClient, open[0].PreviewURL)
	if err != nil || status != 200 || !bytes.Contains(home, []byte("<h1")) {
		t.Fatalf("preview: %d, %v, %d bytes", status, err, len(home))
	}
	if header.Get("X-Robots-Tag") != "noindex, nofollow" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("preview has the headers %v", header)
	}
	if !strings.Contains(dashboard(t, c, "/approvals/"+open[0].ID), `href="`+open[0].PreviewURL+`"`) {
		t.Error("the dashboard does not link to the preview")
	}
	found, err := a.Websites.Find(a.AsAdmin(t.Context()), sample.Domain)
	if err != nil {
		t.Fatal(err)
	}
	site := a.EdgeURL(found)
	if status, _, _, err := visit(t.Context(), http.DefaultClient, site); err != nil || status != 421 {
		t.Errorf("%s is served before its approval: %d, %v", site, status, err)
	}

	var decided approval
	c.want("POST", "/api/v1/approvals/"+open[0].ID+"/decision", map[string]string{"decision": "approve", "payload_hash": open[0].PayloadHash}, http.StatusOK, &decided)
	if decided.State != "approved" || decided.PreviewURL != open[0].PreviewURL {
		t.Errorf("decision: %+v", decided)
	}
	select {
	case s := <-done:
		if s == nil || s.Status != app.DemoCompleted || s.BaseURL != site {
			t.Fatalf("demo ended with %+v, want the site at %s", s, site)
		}
	case <-time.After(time.Minute):
		t.Fatal("the run did not go on")
	}
	status, header, live, err := visit(t.Context(), http.DefaultClient, site)
	if err != nil || status != 200 || !bytes.Equal(live, home) {
		t.Errorf("%d, %v, %d bytes at the site's own address, %d in the preview", status, err, len(live), len(home))
	}
	if header.Get("X-Robots-Tag") != "" || header.Get("Cache-Control") == "no-store" {
		t.Errorf("the live site has the headers of a preview: %v", header)
	}
}

// dashboard returns a page of the dashboard.
func dashboard(t *testing.T, c *caller, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "empire_session", Value: c.token})
	status, _, body, err := send(http.DefaultClient, req)
	if err != nil || status != 200 {
		t.Fatalf("%s: %d, %v", path, status, err)
	}
	return string(body)
}

// TestPreviewAddressBesideAServer: a command beside a server names the server's
// address, not the configured one.
func TestPreviewAddressBesideAServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := start(t, dir, "")
	if _, err := a.Announce(); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(config.Input{Flags: map[string]string{"data": dir}})
	if err != nil {
		t.Fatal(err)
	}
	beside, err := app.Open(t.Context(), cfg, quietLogger(t), app.Tool)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = beside.Close() }()
	manifest := strings.Repeat("0123456789abcdef", 4)
	if got, want := beside.PreviewURL(manifest), a.PreviewURL(manifest); got != want || !strings.HasPrefix(got, "http://0123456789abcdef0123456789abcdef.0123456789abcdef0123456789abcdef.preview.localhost:") {
		t.Errorf("beside the server %s, within it %s", got, want)
	}
	if got := beside.PreviewURL("rel_1"); got != "" {
		t.Errorf("the preview of no manifest is at %s", got)
	}
}
