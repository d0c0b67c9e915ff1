package web_test

import (
	"compress/gzip"
	"fmt"
	"io"
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
			"Publish monitors.example", "28 pages, gates: look at it", "2 unicorn saddles", "1 dead letter", "Budget All models", "€48.00 of €50.00", "Feed keyboards.csv",
			"the last import was refused", "1 site may not publish", "Part models is down", "no answer for 30 s", "(12 of 31)",
			`<noscript><meta http-equiv="refresh" content="5">`, `data-live="on"`, "Launch a site", "fell by 70 %", "clicks on offers on all sites", "Sites with the most views", "Runs failed", "€3.75",
			`<svg class="spark"`, `data-plot="past-data"`, "The same as a table", `href="/?period=7d"`, `aria-current="page"`,
		}},
		{"overview for a reader", "/", reader, 200, []string{"Publish monitors.example", "!Launch a site"}},
		{"sites", "/sites", editor, 200, []string{
			"keyboards.example", "Live", "Draft", "No. 2", "42 min ago", "Frozen", "pilot", `name="site" value="site_1"`, "Publish newest…", `aria-sort="ascending"`,
			`href="/sites?state=live"`, "Act on all 2 sites",
		}},
		{"sites for a reader", "/sites", reader, 200, []string{"keyboards.example", `!name="site"`, "!Publish newest"}},
		{"live sites", "/sites?state=live", editor, 200, []string{"keyboards.example", "!monitors.example</a>"}},
		{"frozen sites", "/sites?state=frozen", editor, 200, []string{"monitors.example", "!keyboards.example</a>"}},
		{"sites by tag", "/sites?tag=pilot&q=key", editor, 200, []string{"keyboards.example", "!monitors.example</a>", `value="pilot" selected`, `value="key"`}},
		{"no site fits", "/sites?q=foo", editor, 200, []string{"No sites match “foo”.", "Clear filters"}},
		{"sites in no order", "/sites?sort=color", editor, 422, []string{"is not one of domain"}},
		{"site", "/sites/site_1", editor, 200, []string{
			"Open site", "Page views", "Clicks on offers", "▲", "more than in the period before", "/guide/", "top-1", "SEO-TITLE-LENGTH", "612 kB", "Came from", "assistant", "Sessions", `aria-current="page">Overview`,
			"Rebuild keyboards.example", `data-plot="traffic-data"`,
		}},
		{"site for a reader", "/sites/site_1", reader, 200, []string{"Page views", "!Rebuild"}},
		{"draft", "/sites/site_2", editor, 200, []string{"nothing published yet", "Frozen", "!Open site"}},
		{"pages", "/sites/site_1/pages", editor, 200, []string{"http://keyboards.localhost:8081/guide/", "not in search engines", `href="/sites/site_1/pages/page_2"`}},
		{"page", "/sites/site_1/pages/page_2", editor, 200, []string{"$37.99", "price of row 4711", "<q>37.99</q>", "Changed", "No. 2", "data/1"}},
		{"releases", "/sites/site_1/releases", editor, 200, []string{
			"No. 2", "Roll keyboards.example back to No. 1", "!back to No. 2", "612 kB", `href="/sites/site_1/diff?to=rel_2&amp;against=rel_1"`, "preview.localhost",
		}},
		{"releases for a reader", "/sites/site_1/releases", reader, 200, []string{"No. 1", "!Roll keyboards"}},
		{"differences", "/sites/site_1/diff?to=rel_2&against=rel_1", editor, 200, []string{"It costs $37.99.", "It costs $40.", "price of 4711", "<del>Old</del>", "-12", "1 page differs"}},
		{"audit", "/sites/site_1/audit", editor, 200, []string{"96", "2.5 since No. 1", "The title has 71 characters.", "New", "Shorten it to 60."}},
		{"links of a site", "/sites/site_1/links", editor, 200, []string{"shop.example", "Programme not used", "/go/shop", "Active"}},
		{"budget of a site", "/sites/site_1/budget", editor, 200, []string{"All models", "96 %", "Tight", "€48.00", "€50.00", "shared", "€3.75 in 30 days"}},
		{"settings of a site", "/sites/site_1/settings", editor, 200, []string{`value="pilot"`, `name="operator_name"`, `name="csrf" value="for-s1"`, `id="analytics" name="analytics" value="on" checked`}},
		{"settings for a reader", "/sites/site_1/settings", reader, 200, []string{"needs the permission websites.manage", "!<textarea", `!name="title"`}},
		{"bulk changes", "/batches", editor, 200, []string{"Rebuild 2 sites", "new prices", "Running"}},
		{"bulk change", "/batches/bat_1", editor, 200, []string{"1 of 2 tried", "Cancel this change", "is being built already", `data-live="on"`}},
		{"bulk change for a reader", "/batches/bat_1", reader, 200, []string{"1 of 2 tried", "!Cancel this change"}},
		{"runs", "/runs", editor, 200, []string{"Failed", "Waiting"}},
		{"failed runs", "/runs?state=failed", editor, 200, []string{"unicorn saddles", "!mechanical keyboards</a>", "!http-equiv=\"refresh\""}},
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
			if data := attr["type"] == "application/json"; !data && (n.FirstChild != nil || !strings.HasPrefix(attr["src"], "/assets/")) {
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
	plain := w.Body.String()
	assets := regexp.MustCompile(`/assets/[A-Za-z.-]+\.[0-9a-f]{12}\.(css|js|svg)`).FindAllString(plain, -1)
	if len(assets) != 9 {
		t.Fatalf("assets = %v", assets)
	}
	w = get(t, d, editor, "/", "Accept-Encoding", "br, gzip;q=0.8")
	if z, err := gzip.NewReader(w.Body); w.Header().Get("Content-Encoding") != "gzip" || err != nil {
		t.Errorf("the page is not compressed: %v %v", w.Header(), err)
	} else if got, err := io.ReadAll(z); err != nil || string(got) != plain {
		t.Errorf("the compressed page differs: %v", err)
	}
	page := len(get(t, d, editor, "/", "Accept-Encoding", "gzip").Body.Bytes())
	total := page
	for _, a := range assets {
		w := get(t, d, nil, a, "Accept-Encoding", "gzip")
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d %v", a, w.Code, w.Header())
		}
		total += w.Body.Len()
		if whole := get(t, d, nil, a, "Accept-Encoding", "gzip;q=0"); whole.Header().Get("Content-Encoding") != "" || whole.Body.Len() <= w.Body.Len() {
			t.Errorf("%s without compression: %v, %d bytes", a, whole.Header(), whole.Body.Len())
		}
	}
	if total > 100_000 || page > 20_000 {
		t.Errorf("first visit has %d bytes, the page %d", total, page)
	}
	if w := get(t, d, nil, "/assets/style.css"); w.Code != 404 {
		t.Errorf("an asset without its hash: %d", w.Code)
	}
}

func TestEmptyStates(t *testing.T) {
	t.Parallel()
	empty := &world{tags: map[domain.WebsiteID][]string{}}
	for target, text := range map[string]string{
		"/":                   "Launch the first one",
		"/batches":            "What is done to many sites at once is listed here",
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
	wants(t, page, "This part could not be loaded.", "An internal error occurred.", "keyboards.example", "Could not be looked at: failed runs.", "!db7")
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
	for _, target := range []string{"/", "/sites", "/sites/site_1", "/sites/site_1/pages", "/sites/site_1/pages/page_1", "/sites/site_1/releases", "/sites/site_1/settings", "/runs", "/runs/run_1", "/runs/run_3", "/approvals/appr_1", "/sites/" + url.PathEscape(evil)} {
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

// TestPaging walks through runs by window and through sites by key.
func TestPaging(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	for i := range 118 {
		w.runs = append(w.runs, w.runs[2])
		s := w.sites[1]
		s.ID, s.Domain = domain.WebsiteID(fmt.Sprintf("site_x%03d", i)), fmt.Sprintf("x%03d.example", i)
		w.sites = append(w.sites, s)
	}
	d := newDashboard(t, w)
	wants(t, get(t, d, editor, "/runs"), "1–50 of 121", `href="/runs?offset=50"`, "!>Previous<")
	wants(t, get(t, d, editor, "/runs?offset=100"), "101–121 of 121", `href="/runs?offset=50"`, "!>Next<")
	wants(t, get(t, d, editor, "/runs?offset=-7"), "1–50 of 121")
	wants(t, get(t, d, editor, "/runs?offset=5000"), "The list ends before this window.")
	wants(t, get(t, d, editor, "/sites?state=draft"), "119", `href="/sites?after=site_x048&amp;state=draft"`, "!>Previous<", "x048.example", "!x049.example")
	wants(t, get(t, d, editor, "/sites?after=site_x048&state=draft"), "x049.example", `href="/sites?before=site_x049&amp;state=draft"`, "!x048.example")
}

func FuzzOffset(f *testing.F) {
	f.Add("0")
	f.Add("-1")
	f.Add("99999999999999999999")
	f.Fuzz(func(t *testing.T, offset string) {
		w := get(t, newDashboard(t, busyWorld()), editor, "/runs?offset="+url.QueryEscape(offset))
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
