package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"empire/internal/domain"
)

// wants fails for each text that a page lacks; a text that starts with "!" must
// not be there.
func wants(t *testing.T, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	body := w.Body.String()
	for _, text := range texts {
		if absent, ok := strings.CutPrefix(text, "!"); ok {
			if strings.Contains(body, absent) {
				t.Errorf("the page has %q", absent)
			}
		} else if !strings.Contains(body, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, target string
		who          *domain.Principal
		status       int
		texts        []string
	}{
		{"overview", "/", editor, 200, []string{
			"Publish monitors.example", "1,204 of 1,204", "Approve and publish monitors.example", `name="payload_hash" value="` + hash + `"`,
			"http://9f86d081884c.preview.localhost:8081/", "http://keyboards.localhost:8081/", "(12 of 31)", "2 unicorn saddles",
			`<noscript><meta http-equiv="refresh" content="5">`, `data-live="on"`, "Launch a site", "1 failed",
		}},
		{"overview for a reader", "/", reader, 200, []string{
			"Publish monitors.example", "needs the permission websites.manage", "!name=\"decision\"", "!Launch a site",
		}},
		{"sites", "/sites", editor, 200, []string{"keyboards.example", "Live", "Draft", "No. 2", "42 min ago"}},
		{"site", "/sites/site_1", editor, 200, []string{
			"Open site", "No. 2", "Roll keyboards back to No. 1", "!back to No. 2", "SEO-TITLE-LENGTH", "612 kB",
			"http://keyboards.localhost:8081/guide/", "not in search engines",
		}},
		{"site for a reader", "/sites/site_1", reader, 200, []string{"No. 1", "!Roll keyboards back"}},
		{"runs", "/runs", editor, 200, []string{"Failed", "Waiting"}},
		{"failed runs", "/runs?state=failed", editor, 200, []string{"unicorn saddles", "!mechanical keyboards</a>", "!http-equiv"}},
		{"run", "/runs/run_1", editor, 200, []string{
			"content_generator", `<progress max="31" value="12"`, "2 attempts", "connection reset", "Cancel this run", "step.completed", "attempt 2",
		}},
		{"waiting run", "/runs/run_2", editor, 200, []string{"Approve and publish monitors.example", `data-live="off"`}},
		{"failed run", "/runs/run_3", editor, 200, []string{"scan failed.", "not_enough_data", "Go on at the failed step", "!Cancel this run"}},
		{"failed run for a reader", "/runs/run_3", reader, 200, []string{"scan failed.", "!Go on at the failed step"}},
		{"approval", "/approvals/appr_1", editor, 200, []string{"Exactly what is approved", hash, "Reject monitors.example"}},
		{"launch", "/launch", editor, 200, []string{`name="niche"`, `name="csrf" value="for-s1"`}},
		{"unknown site", "/sites/site_9", editor, 404, []string{"Not found", "Website site_9 does not exist."}},
		{"unknown run", "/runs/run_9", editor, 404, []string{"Run run_9 does not exist."}},
		{"unknown approval", "/approvals/appr_9", editor, 404, []string{"Approval appr_9 does not exist."}},
		{"unknown page", "/nowhere", editor, 404, []string{"There is no page at this address."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := get(t, newDashboard(t, busyWorld()), tt.who, tt.target)
			if w.Code != tt.status || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("status = %d, %v", w.Code, w.Header())
			}
			wants(t, w, tt.texts...)
			checkMarkup(t, w.Body.String())
		})
	}
}

// checkMarkup checks what every page must keep to: nothing inline, one h1, a label
// for each field, unique ids, no address elsewhere for scripts and styles.
func checkMarkup(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, headings, labels := map[string]bool{}, 0, map[string]bool{}
	var fields []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has %s=%q, which the policy forbids", n.Data, a.Key, a.Val)
			}
		}
		if id := attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q is used twice", id)
			}
			ids[id] = true
		}
		switch n.Data {
		case "h1":
			headings++
		case "script":
			if n.FirstChild != nil || !strings.HasPrefix(attr["src"], "/assets/") {
				t.Errorf("script %v", attr)
			}
		case "label":
			labels[attr["for"]] = true
		case "input", "select", "textarea":
			if attr["type"] != "hidden" {
				fields = append(fields, attr["id"])
			}
		}
	}
	if headings != 1 {
		t.Errorf("%d h1, want 1", headings)
	}
	for _, id := range fields {
		if !labels[id] {
			t.Errorf("field %q has no label", id)
		}
	}
}

func TestPolicyAndAssets(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	w := get(t, d, editor, "/")
	csp := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) || strings.Contains(csp, "unsafe") {
			t.Errorf("policy = %s", csp)
		}
	}
	assets := regexp.MustCompile(`/assets/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)`).FindAllString(w.Body.String(), -1)
	if len(assets) != 3 {
		t.Fatalf("assets = %v", assets)
	}
	total := w.Body.Len()
	for _, a := range assets {
		w := get(t, d, nil, a)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", a, w.Code, w.Header())
		}
		total += w.Body.Len()
	}
	if total > 100_000 || w.Body.Len() > 20_000 {
		t.Errorf("first visit has %d bytes, the page %d", total, w.Body.Len())
	}
	if w := get(t, d, nil, "/assets/style.css"); w.Code != 404 {
		t.Errorf("an asset without its hash: %d", w.Code)
	}
}

func TestEmptyStates(t *testing.T) {
	t.Parallel()
	empty := &world{}
	for target, text := range map[string]string{
		"/":                   "Launch the first one",
		"/sites":              "Your websites will be listed here",
		"/runs":               "A run turns a niche into a reviewed website",
		"/runs?state=waiting": "No run is in this state",
	} {
		w := get(t, newDashboard(t, empty), editor, target)
		wants(t, w, text, `data-live="off"`)
		checkMarkup(t, w.Body.String())
	}
}

func TestPartsFailAlone(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	w.fail["runs"] = errDown
	page := get(t, newDashboard(t, w), editor, "/")
	if page.Code != 200 {
		t.Errorf("status = %d", page.Code)
	}
	wants(t, page, "This part could not be loaded.", "An internal error occurred.", "keyboards.example", "!db7")
	list := get(t, newDashboard(t, w), editor, "/runs")
	if list.Code != 500 {
		t.Errorf("a page that is only runs: %d", list.Code)
	}
	wants(t, list, "Something failed", "Try again", "!db7")
}

func TestNamesAreInert(t *testing.T) {
	t.Parallel()
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	w := busyWorld()
	w.sites[0].Name, w.sites[0].Niche, w.sites[0].Title, w.sites[0].Domain = "javascript:alert(1)", evil, evil, evil
	w.pages[0].Title, w.pages[0].Slug, w.pages[0].Writer = evil, evil, evil
	w.runs[0].Params = []byte(`{"niche":"<script>alert(1)</script>"}`)
	w.runs[0].Steps[2].Message, w.runs[2].Error.Message = evil, evil
	w.attempts[0].Error, w.attempts[0].Worker = evil, evil
	w.events[0].Type, w.events[1].Data = evil, []byte(`{"x":"</td><script>alert(1)</script>"}`)
	w.releases[0].Gates[0].Summary, w.releases[0].Gates[1].Findings[0].Message = evil, evil
	w.approvals[0].Title, w.approvals[0].Payload = evil, []byte(`{"domain":"<script>alert(1)</script>","niche":"<b>","pages":1,"manifest":"`+hash+`"}`)
	w.agents[0].ID = evil
	d := newDashboard(t, w)
	for _, target := range []string{"/", "/sites", "/sites/site_1", "/runs", "/runs/run_1", "/runs/run_3", "/approvals/appr_1", "/sites/" + url.PathEscape(evil)} {
		page := get(t, d, editor, target)
		wants(t, page, "!<script>alert", "!<img", "!onerror=alert(1)>'", `!href="javascript:`)
		checkMarkup(t, page.Body.String())
	}
}

func TestFragments(t *testing.T) {
	t.Parallel()
	w := get(t, newDashboard(t, busyWorld()), editor, "/runs/run_1", "X-Part", "main")
	wants(t, w, `<main id="main"`, `id="steps" data-region`, "!<html", "!<header class=\"side\"")
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	for range 118 {
		w.sites = append(w.sites, w.sites[1])
	}
	d := newDashboard(t, w)
	wants(t, get(t, d, editor, "/sites"), "1–50 of 120", `href="/sites?offset=50"`, "!>Previous<")
	wants(t, get(t, d, editor, "/sites?offset=100"), "101–120 of 120", `href="/sites?offset=50"`, "!>Next<")
	wants(t, get(t, d, editor, "/sites?offset=-7"), "1–50 of 120")
	wants(t, get(t, d, editor, "/sites?offset=5000"), "The list ends before this window.")
}

func FuzzOffset(f *testing.F) {
	f.Add("0")
	f.Add("-1")
	f.Add("99999999999999999999")
	f.Fuzz(func(t *testing.T, offset string) {
		w := get(t, newDashboard(t, busyWorld()), editor, "/sites?offset="+url.QueryEscape(offset))
		if w.Code != http.StatusOK {
			t.Errorf("offset %q: status %d", offset, w.Code)
		}
	})
}

// TestApprovalTimes: the page says until when and by whom an approval can be decided,
// and offers no button to who may not, or once it is too late.
func TestApprovalTimes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*domain.Approval)
		texts  []string
	}{
		{"in time", func(a *domain.Approval) { a.ExpiresAt = ptr(noon.Add(time.Hour)) }, []string{"To be decided before", "Approve and publish", "!Expired"}},
		{"too late", func(a *domain.Approval) { a.ExpiresAt = ptr(noon.Add(-time.Hour)) }, []string{"The time to decide ended", "!name=\"decision\""}},
		{"expired", func(a *domain.Approval) { a.State = domain.ApprovalExpired }, []string{"Expired", "!name=\"decision\""}},
		{"somebody else's run", func(a *domain.Approval) { a.FourEyes, a.RequesterID = true, "user_9" }, []string{"Four eyes", "Approve and publish", "!You started this run"}},
		{"own run", func(a *domain.Approval) { a.FourEyes, a.RequesterID = true, editor.UserID }, []string{"You started this run", "!name=\"decision\""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := busyWorld()
			tt.change(&w.approvals[0])
			wants(t, get(t, newDashboard(t, w), editor, "/approvals/appr_1"), tt.texts...)
		})
	}
}

func ptr[T any](v T) *T { return &v }
