package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/app"
	"empire/internal/domain"
)

// TestRemoteLikeLocal gives the same commands to a server and to its data
// directory: the answers are the same.
func TestRemoteLikeLocal(t *testing.T) {
	t.Parallel()
	dir := demoData(t)
	o := ids(t, dir)
	environ := server(t, dir)
	for _, line := range []string{
		"site list", "site list --limit 1 --offset 1", "site show " + sampleSite, "site show espresso-atlas", "site audit " + sampleSite,
		"run list", "run list --state failed", "run list --site " + sampleSite, "run show " + o.run, "run timeline " + o.run,
		"approval list", "approval list --all", "approval show " + o.approval, "approval log", "approval verify-log",
		"approval list --state approved --run " + o.run, "agent list", "agent show website_builder",
		"site show nowhere.example", "site rollback nowhere.example", "site publish " + sampleSite + " --release rel_none",
		"run show run_none", "run cancel " + o.run, "run retry " + o.run, "approval approve " + o.approval,
		"agent show nobody", "agent task opportunity_scanner dance", "agent task opportunity_scanner market_scan",
		"launch --niche x --domain x", "launch --niche x --domain " + sampleSite, "launch --niche x --domain x.example --feed nothing",
	} {
		t.Run(line, func(t *testing.T) {
			remote := commandEnv(t, environ, append(strings.Fields(line), "--json")...)
			local := command(t, append(strings.Fields(line), "--json", "--data", dir)...)
			var r, l any
			remote.decode(t, &r)
			local.decode(t, &l)
			if strings.HasSuffix(line, "market_scan") { // a task of each its own
				l, r = l.(map[string]any)["error"], r.(map[string]any)["error"]
			}
			if diff := cmp.Diff(l, r); diff != "" || remote.code != local.code {
				t.Errorf("codes %d and %d (-local +remote):\n%s", local.code, remote.code, diff)
			}
			remote = commandEnv(t, environ, strings.Fields(line)...)
			local = command(t, append(strings.Fields(line), "--data", dir)...)
			if remote.out != local.out && !strings.HasSuffix(line, "market_scan") {
				t.Errorf("for people: local\n%s\nremote\n%s", local.out, remote.out)
			}
		})
	}
}

// TestRemoteChanges launches, approves and rolls back through a server.
func TestRemoteChanges(t *testing.T) {
	t.Parallel()
	dir := demoData(t)
	environ := server(t, dir)
	var site siteView
	commandEnv(t, environ, "site", "rollback", sampleSite, "--json").done(t).decode(t, &site)
	first := *site.LiveRelease
	var shown struct {
		Website  siteView      `json:"website"`
		Releases []releaseView `json:"releases"`
	}
	command(t, "site", "show", sampleSite, "--json", "--data", dir).done(t).decode(t, &shown)
	if *shown.Website.LiveRelease != first || len(shown.Releases) != 2 || first != shown.Releases[1].ID {
		t.Errorf("after the rollback %s is live", *shown.Website.LiveRelease)
	}
	commandEnv(t, environ, "site", "publish", sampleSite, "--release", string(shown.Releases[0].ID), "--json").done(t).decode(t, &site)
	if *site.LiveRelease != shown.Releases[0].ID {
		t.Errorf("after publishing %s is live", *site.LiveRelease)
	}

	var task taskView
	commandEnv(t, environ, "agent", "task", "opportunity_scanner", "market_scan", "--params", `{"topic":"robot vacuums"}`, "--json").done(t).decode(t, &task)
	if task.Status != domain.StateCompleted || len(task.Result) == 0 {
		t.Errorf("task: %+v", task)
	}

	var f followed
	launched := commandEnv(t, environ, "launch", "--niche", "robot vacuums", "--domain", "vacuums.example", "--json")
	launched.decode(t, &f)
	if f.WebsiteID == "" || f.Status != domain.StateWaiting || !strings.Contains(launched.errs, "✓ scan") {
		t.Fatalf("launch: %+v\n%s", f, launched.errs)
	}
	commandEnv(t, environ, "approval", "approve", string(f.ApprovalID), "--reason", "read", "--json").done(t).decode(t, &f)
	if f.Status != domain.StateCompleted {
		t.Errorf("approved: %+v", f)
	}
}

// server serves a directory with complete operator data and returns the environment
// that leads commands to it.
func server(t *testing.T, dir string) []string {
	t.Helper()
	config := write(t, "empire.yaml", `operator:
  name: Example Publishing
  street: Example Street 1
  postal_code: "10115"
  city: Berlin
  country: Germany
  email: office@publisher.example
  phone: +49 30 1234567
  responsible: Erika Example
  publisher_id: "123456"
`)
	_, at := serve(t, dir, "--config", config)
	token := command(t, "user", "token", app.AdminEmail, "--data", dir).done(t)
	return []string{"EMPIRE_URL=" + at.URL, "EMPIRE_TOKEN=" + token.out}
}

func TestRemoteFaults(t *testing.T) {
	t.Parallel()
	problem := func(status int, code domain.Code, detail string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"type": "urn:empire:error:" + string(code), "title": "T", "detail": detail, "request_id": "req_1"})
		}
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		code   domain.Code
		want   string
	}{
		{"another server", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }, domain.CodeUnavailable, "not the address of an empire server"},
		{"broken JSON", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, "[{")
		}, domain.CodeInternal, "read the answer"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			_, _ = fmt.Fprint(w, "[")
		}, domain.CodeUnavailable, "does not answer"},
		{"refused token", problem(401, domain.CodeUnauthenticated, "The token is old."), domain.CodeUnauthenticated, "The token is old. On the server, empire user token"},
		{"missing right", problem(403, domain.CodeForbidden, "This needs the permission websites.read."), domain.CodeForbidden, "needs the permission websites.read"},
		{"limit", problem(429, domain.CodeRateLimited, "Too many."), domain.CodeRateLimited, "Too many."},
		{"fault of the server", problem(500, domain.CodeInternal, "An internal error occurred."), domain.CodeUnavailable, "(request req_1)"},
		{"problem of a proxy", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = fmt.Fprint(w, `{"title":"Bad Gateway"}`)
		}, domain.CodeUnavailable, "502 Bad Gateway: Bad Gateway"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(tt.answer)
			t.Cleanup(s.Close)
			o := commandEnv(t, []string{"EMPIRE_URL=" + s.URL, "EMPIRE_TOKEN=secret-token"}, "site", "list", "--json")
			var v struct{ Error failure }
			o.decode(t, &v)
			if o.code != exitFailed || v.Error.Code != tt.code || !strings.Contains(v.Error.Message, tt.want) {
				t.Errorf("code %d, %+v; want %s, %q", o.code, v.Error, tt.code, tt.want)
			}
			if strings.Contains(o.errs+o.out, "secret-token") {
				t.Error("the token is shown")
			}
		})
	}
}

func TestRemoteUnreachable(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	o := commandEnv(t, []string{"EMPIRE_URL=" + s.URL, "EMPIRE_TOKEN=x"}, "run", "list")
	if o.code != exitFailed || !strings.Contains(o.errs, s.URL) || !strings.Contains(o.errs, "connection refused") || strings.Count(o.errs, "\n") != 1 {
		t.Errorf("code %d: %q", o.code, o.errs)
	}
}

// TestRemoteFindsSite walks the list of a large portfolio, with a token and an
// address as people write them.
func TestRemoteFindsSite(t *testing.T) {
	t.Parallel()
	const sites = 2500
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if got := r.Header.Get("Authorization"); got != "Bearer tok" {
			t.Errorf("authorization %q", got)
		}
		var list []siteView
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		for i := offset; i < min(offset+limit, sites) && r.URL.Path == "/base/api/v1/websites"; i++ {
			list = append(list, siteView{ID: domain.WebsiteID(fmt.Sprintf("site_%d", i)), Domain: fmt.Sprintf("d%d.example", i)})
		}
		w.Header().Set("X-Total-Count", strconv.Itoa(sites))
		_ = json.NewEncoder(w).Encode(orEmpty(list))
	}))
	t.Cleanup(s.Close)
	for _, address := range []string{s.URL + "/base", s.URL + "/base/", s.URL + "/base/api/v1/"} {
		environ := []string{"EMPIRE_URL=" + address, "EMPIRE_TOKEN=tok\n"}
		if o := commandEnv(t, environ, "site", "show", "D2400.example"); o.code != exitDone || !strings.Contains(o.out, "site_2400") {
			t.Errorf("code %d: %s%s", o.code, o.out, o.errs)
		}
		if o := commandEnv(t, environ, "site", "show", "d9999.example"); o.code != exitFailed || !strings.Contains(o.errs, "does not exist") {
			t.Errorf("code %d: %s%s", o.code, o.out, o.errs)
		}
	}
}

// TestServerOrDirectory shows which of the two a command line means.
func TestServerOrDirectory(t *testing.T) {
	t.Parallel()
	environ := []string{"EMPIRE_URL=http://127.0.0.1:1", "EMPIRE_TOKEN=x"}
	for _, line := range []string{"import feed x.csv", "site build a", "site export a", "site deploy a --to folder:x", "site preview a", "user list", "migrate up"} {
		if o := commandEnv(t, environ, strings.Fields(line)...); o.code != exitUsage || !strings.Contains(o.errs, "not through EMPIRE_URL") {
			t.Errorf("%s: code %d: %s", line, o.code, o.errs)
		}
	}
	dir := t.TempDir()
	commandEnv(t, environ, "site", "list", "--data", dir).done(t)
	commandEnv(t, append(environ, "EMPIRE_DATA="+dir), "user", "list").done(t)
	commandEnv(t, environ, "config", "show").done(t)
	if o := commandEnv(t, append(environ, "EMPIRE_DATA="+dir), "site", "list"); o.code != exitFailed || !strings.Contains(o.errs, "does not answer") {
		t.Errorf("code %d: %s", o.code, o.errs)
	}
}
