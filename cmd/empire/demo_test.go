package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"empire/internal/domain"
)

var anyPort = []string{"--listen", "127.0.0.1:0", "--listen-edge", "127.0.0.1:0"}

func TestDemoOnceJSON(t *testing.T) {
	t.Parallel()
	dir := demoData(t)
	o := command(t, "demo", "--once", "--json", "--data", dir).done(t)
	var s map[string]any
	o.decode(t, &s)
	for _, key := range []string{
		"website_id", "run_id", "release", "site_dir", "base_url", "pages", "products", "claims", "grounded_claims",
		"confidence_score", "seo_score", "gates", "warnings", "steps",
	} {
		if v, ok := s[key]; !ok || v == nil || v == "" || v == 0.0 {
			t.Errorf("%s is %v", key, v)
		}
	}
	if s["status"] != "completed" || s["claims"] != s["grounded_claims"] {
		t.Errorf("status %v, %v of %v claims grounded", s["status"], s["grounded_claims"], s["claims"])
	}
	home, err := os.ReadFile(filepath.Join(s["site_dir"].(string), "index.html"))
	if err != nil || !strings.Contains(string(home), "<h1") {
		t.Errorf("home page of the release: %v", err)
	}
	if strings.Contains(o.errs, "·") || strings.Contains(o.errs, "– ") {
		t.Errorf("progress shows what has no content:\n%s", o.errs)
	}
}

// TestDemoNotEnoughData ends with the reason, not with a site.
func TestDemoNotEnoughData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := command(t, "demo", "--once", "--data", dir, "--feed", write(t, "chairs.csv", smallFeed), "--niche", "unicorns", "--domain", "unicorns.example")
	if o.code != exitFailed || !strings.Contains(o.errs, "not enough data for a site about unicorns") {
		t.Errorf("code %d\n%s%s", o.code, o.out, o.errs)
	}
	if strings.Count(o.errs, "✗") != 1 || strings.Contains(o.errs, "release ") {
		t.Errorf("steps that were never begun are listed:\n%s", o.errs)
	}
	if o := command(t, "site", "list", "--data", dir).done(t); !strings.Contains(o.out, "There is no website") {
		t.Errorf("it left a website: %s", o.out)
	}
}

// TestDemoResumes stops the demo in the middle and starts it again: it goes on with
// the same run.
func TestDemoResumes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, append([]string{"demo", "--once", "--json", "--data", dir}, anyPort...)...)
	p.errs.await(t, "✓ scan")
	o := p.stop(syscall.SIGINT)
	if o.code != exitInterrupted || !strings.Contains(o.errs, "start the demo again to go on") {
		t.Fatalf("code %d\n%s", o.code, o.errs)
	}
	var stopped struct{ Error failure }
	if o.decode(t, &stopped); stopped.Error.Code != domain.CodeCancelled {
		t.Errorf("as JSON: %s", o.out)
	}
	var before, after []runView
	command(t, "run", "list", "--json", "--data", dir).done(t).decode(t, &before)
	var s struct {
		RunID domain.RunID `json:"run_id"`
	}
	start(t, "demo", "--once", "--json", "--data", dir).finish().done(t).decode(t, &s)
	command(t, "run", "list", "--json", "--data", dir).done(t).decode(t, &after)
	if len(before) != 1 || len(after) != 1 || before[0].ID != s.RunID || before[0].Status.Ended() || after[0].Status != domain.StateCompleted {
		t.Errorf("stopped with %+v, then run %s, now %+v", before, s.RunID, after)
	}
}

// TestApprovalFromSecondProcess decides what a waiting demo asks, from another
// process; then the site is served.
func TestApprovalFromSecondProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, append([]string{"demo", "--ask", "--data", dir}, anyPort...)...)
	hint := strings.Fields(p.errs.await(t, "empire approval approve"))
	shown := command(t, "approval", "show", hint[3], "--data", dir).done(t)
	if !strings.Contains(shown.out, sampleSite) || !strings.Contains(shown.out, "pending") {
		t.Errorf("approval show: %s", shown.out)
	}
	second := start(t, hint[1:]...).finish() // the command line as the demo shows it
	if second.code != exitDone || !strings.Contains(second.out, "completed") || strings.Contains(second.errs, "✓ scan") {
		t.Errorf("approve: code %d\n%s%s", second.code, second.out, second.errs)
	}
	site := strings.Fields(p.out.await(t, "the site "))[2]
	if status, body := fetch(t, site); status != http.StatusOK || !strings.Contains(body, "<h1") {
		t.Errorf("%s: %d\n%s", site, status, body)
	}
	if o := command(t, "site", "preview", sampleSite, "--data", dir).done(t); strings.TrimSpace(o.out) != site || o.errs != "" {
		t.Errorf("preview: %s%s, want %s", o.out, o.errs, site)
	}
	p.errs.await(t, "Ctrl-C stops.")
	if o := p.stop(syscall.SIGINT); o.code != exitDone {
		t.Errorf("code %d\n%s", o.code, o.errs)
	}
}

// TestRejectFromSecondProcess ends a waiting demo.
func TestRejectFromSecondProcess(t *testing.T) {
	t.Parallel()
	dir := demoData(t)
	p := start(t, append([]string{"demo", "--ask", "--rebuild", "--once", "--data", dir}, anyPort...)...)
	hint := strings.Fields(p.errs.await(t, "empire approval approve"))
	o := command(t, "approval", "reject", hint[3], "--reason", "not now", "--data", dir).done(t)
	if !strings.Contains(o.out, "rejected") {
		t.Errorf("reject: %s", o.out)
	}
	if o := p.finish(); o.code != exitFailed || !strings.Contains(o.errs, "not now") {
		t.Errorf("code %d\n%s", o.code, o.errs)
	}
}

// TestLaunchResumes stops a launch in the middle and gives the same command again.
func TestLaunchResumes(t *testing.T) {
	t.Parallel()
	dir := demoData(t)
	line := []string{"launch", "--niche", "robot vacuums", "--domain", "vacuums.example", "--data", dir}
	p := start(t, line...)
	p.errs.await(t, "✓ scan")
	o := p.stop(syscall.SIGINT)
	if o.code != exitInterrupted {
		t.Fatalf("code %d\n%s", o.code, o.errs)
	}
	var before, after []runView
	command(t, "run", "list", "--site", "vacuums.example", "--json", "--data", dir).done(t).decode(t, &before)
	again := start(t, append(line, "--json")...).finish()
	var f followed
	again.decode(t, &f)
	command(t, "run", "list", "--site", "vacuums.example", "--json", "--data", dir).done(t).decode(t, &after)
	if len(before) != 1 || len(after) != 1 || f.RunID != before[0].ID {
		t.Errorf("stopped with %d runs, then %d; the first is %v, followed was %s\n%s", len(before), len(after), before, f.RunID, again.errs)
	}
	// Without operator data the gate is red; either way there is an end with a reason.
	if f.Error == nil && f.ApprovalID == "" || (f.Error != nil) != (again.code == exitFailed) {
		t.Errorf("code %d, %+v", again.code, f)
	}
}

// TestServeStopsBusy does not wait for a client that never ends its request.
func TestServeStopsBusy(t *testing.T) {
	t.Parallel()
	p, at := serve(t, t.TempDir())
	conn, err := net.Dial("tcp", at.API)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The answer 100 Continue says that the server has begun to read the body.
	if _, err := io.WriteString(conn, "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("answer %q, %v", line, err)
	}
	if o := p.stop(syscall.SIGINT); o.code != exitDone {
		t.Errorf("code %d\n%s", o.code, o.errs)
	}
}

func TestServeStops(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			p, at := serve(t, t.TempDir())
			if at.Email == "" || at.Password == "" || !strings.Contains(p.errs.await(t, at.Email), at.Password) {
				t.Errorf("the first start does not show the administrator: %+v", at)
			}
			if status, _ := fetch(t, at.URL+"readyz"); status != http.StatusOK {
				t.Errorf("readyz: %d", status)
			}
			p.errs.await(t, "Ctrl-C stops.")
			if o := p.stop(s); o.code != exitDone {
				t.Errorf("code %d\n%s", o.code, o.errs)
			}
		})
	}
}

// TestRollbackReachesServer moves the live release from a second process: the edge
// of the running server follows within a second.
func TestRollbackReachesServer(t *testing.T) {
	t.Parallel()
	dir := demoData(t)
	_, at := serve(t, dir)
	var shown struct {
		Website  siteView      `json:"website"`
		Releases []releaseView `json:"releases"`
	}
	command(t, "site", "show", sampleSite, "--json", "--data", dir).done(t).decode(t, &shown)
	if len(shown.Releases) != 2 {
		t.Fatalf("%d releases, want 2", len(shown.Releases))
	}
	feed := "http://" + shown.Website.Name + ".localhost:" + port(at.Edge) + "/feed.xml" // has the time of its build
	_, second := fetch(t, feed)
	move := func(want string, args ...string) (body string) {
		t.Helper()
		if o := start(t, append(args, "--data", dir)...).finish(); o.code != exitDone {
			t.Fatalf("%v: code %d\n%s", args, o.code, o.errs)
		}
		moved := time.Now()
		for {
			if _, body = fetch(t, feed); want == "" && body != second || body == want {
				return body
			}
			if time.Since(moved) > time.Second {
				t.Fatalf("%v: the edge does not follow within a second", args)
			}
		}
	}
	first := move("", "site", "rollback", sampleSite)
	move(second, "site", "publish", sampleSite, "--release", string(shown.Releases[0].ID))
	move(first, "site", "rollback", sampleSite, "--release", string(shown.Releases[1].ID))
}

// serve starts a server on free ports and returns where it listens.
func serve(t *testing.T, dir string, more ...string) (*process, serving) {
	t.Helper()
	p := start(t, append(append([]string{"serve", "--json", "--data", dir}, anyPort...), more...)...)
	p.out.await(t, "}") // the end of the one object
	var at serving
	outcome{out: p.out.String()}.decode(t, &at)
	return p, at
}

// fetch reads an address. Names below localhost are this machine (RFC 6761), also
// where the resolver does not know it.
func fetch(t *testing.T, address string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = req.URL.Host
	req.URL.Host = "127.0.0.1:" + req.URL.Port()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}
