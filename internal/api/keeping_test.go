package api_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
)

func TestCreateWebsite(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	w := call(t, newAPI(f), admin, "POST", "/api/v1/websites", `{"niche":"tea","domain":"tea.example","name":"tea-2","title":"Tea"}`)
	if w.Code != 201 || w.Header().Get("Location") != "/api/v1/websites/site_1" || w.Header().Get("ETag") == "" || decodeObject(t, w)["state"] != "draft" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	want := domain.RegisterParams{Name: "tea-2", Domain: "tea.example", Niche: "tea", Language: "en", Title: "Tea"}
	if d := cmp.Diff(want, f.register); d != "" {
		t.Errorf("the service got (-want +got):\n%s", d)
	}
	w = call(t, newAPI(f), admin, "POST", "/api/v1/websites", `{"niche":"tea","domain":"taken.example"}`)
	if problemOf(t, w); w.Code != 409 {
		t.Errorf("a taken domain: %d", w.Code)
	}
}

// TestUpdateWebsite: what a change leaves out reaches the service as nothing.
func TestUpdateWebsite(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	state, title := domain.WebsiteArchived, "Tea"
	for body, want := range map[string]domain.WebsitePatch{
		`{}`: {},
		`{"title":"Tea","state":"archived","feed_ids":[]}`:      {Title: &title, State: &state, FeedIDs: &[]domain.FeedID{}},
		`{"operator":{"phone":"1","vat_id":"","sample":false}}`: {Operator: json.RawMessage(`{"phone":"1","vat_id":"","sample":false}`)},
	} {
		if w := call(t, a, admin, "PATCH", "/api/v1/websites/site_1", body); w.Code != 200 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
		if d := cmp.Diff(want, f.sitePatch); d != "" {
			t.Errorf("%s: the service got (-want +got):\n%s", body, d)
		}
	}
}

// TestIfMatch: the tag of a website guards its change.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	tag := call(t, a, admin, "GET", "/api/v1/websites/site_1", "").Header().Get("ETag")
	if !regexp.MustCompile(`^"[a-z0-9-]+"$`).MatchString(tag) {
		t.Fatalf("ETag = %s, want a strong tag", tag)
	}
	for header, want := range map[string]int{
		"": 200, "*": 200, tag: 200, `"x", ` + tag: 200, tag + "," + tag: 200,
		`"x"`: 412, "W/" + tag: 412, strings.Replace(tag, "7", "8", 1): 412, `"w1--1"`: 412, `"w1-+7"`: 412, "w1-7": 412, ",": 412, `"`: 412,
	} {
		var h []string
		if header != "" {
			h = []string{"If-Match", header}
		}
		w := call(t, a, admin, "PATCH", "/api/v1/websites/site_1", `{"title":"Tea"}`, h...)
		if w.Code != want {
			t.Errorf("If-Match %s: %d, want %d", header, w.Code, want)
		}
		if w.Code == 412 && problemOf(t, w).Type != "urn:empire:error:precondition_failed" {
			t.Errorf("If-Match %s: %s", header, w.Body)
		}
		if w.Code == 200 && w.Header().Get("ETag") != tag {
			t.Errorf("If-Match %s: ETag = %q", header, w.Header().Get("ETag"))
		}
	}
}

func TestBulkWebsites(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	for action, status := range map[string]float64{"rebuild": 202, "archive": 200} {
		w := call(t, newAPI(f), admin, "POST", "/api/v1/websites/bulk", `{"action":"`+action+`","ids":["site_1","site_2"]}`)
		var got []map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %v %s", action, w.Code, err, w.Body)
		}
		run := any(nil)
		if action == "rebuild" {
			run = "run_1"
		}
		want := []map[string]any{
			{"id": "site_1", "status": status, "run_id": run},
			{"id": "site_2", "status": 404.0, "run_id": nil, "error": map[string]any{"code": "not_found", "detail": "Website site_2 does not exist."}},
		}
		if d := cmp.Diff(want, got); d != "" || string(f.action) != action {
			t.Errorf("%s, the service got %s (-want +got):\n%s", action, f.action, d)
		}
	}
	private := newAPI(&fakes{siteFail: errors.New("pq: password of db7")})
	w := call(t, private, admin, "POST", "/api/v1/websites/bulk", `{"action":"archive","ids":["site_1"]}`)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"status":500`) || strings.Contains(w.Body.String(), "db7") {
		t.Errorf("an internal error of one: %d %s", w.Code, w.Body)
	}
}

func TestRebuildWebsite(t *testing.T) {
	t.Parallel()
	w := call(t, newAPI(&fakes{}), admin, "POST", "/api/v1/websites/site_1/rebuild", "")
	if body := decodeObject(t, w); w.Code != 202 || w.Header().Get("Location") != "/api/v1/runs/run_1" || body["website_id"] != "site_1" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// TestExportWebsite: a whole archive is 200; one that breaks before its first byte
// is a problem, later the connection is cut.
func TestExportWebsite(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	w := call(t, a, admin, "GET", "/api/v1/websites/site_1/export?format=hugo", "")
	if w.Code != 200 || w.Body.String() != "zip of hugo" {
		t.Errorf("hugo: %d %v %s", w.Code, w.Header(), w.Body)
	}
	w = call(t, a, admin, "GET", "/api/v1/websites/site_1/export", "")
	if w.Code != 200 || w.Body.String() != "zip of files" || w.Header().Get("Content-Type") != "application/zip" ||
		w.Header().Get("Content-Disposition") != `attachment; filename=keyboards.example-1.zip` {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	w = call(t, a, admin, "GET", "/api/v1/websites/site_empty/export", "")
	if problemOf(t, w); w.Code != 500 || w.Header().Get("Content-Disposition") != "" || strings.Contains(w.Body.String(), "blob") {
		t.Errorf("broken before the first byte: %d %v %s", w.Code, w.Header(), w.Body)
	}
	defer func() {
		if r := recover(); r != http.ErrAbortHandler { //nolint:errorlint // a panic's value, not an error that was wrapped
			t.Errorf("broken later: %v, want the connection cut", r)
		}
	}()
	call(t, a, admin, "GET", "/api/v1/websites/site_broken/export", "")
}

// TestWalkWebsites follows Link from an empty cursor to the end.
func TestWalkWebsites(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{sites: 25})
	var got []string
	next := "/api/v1/websites?limit=10&cursor="
	for range 4 {
		w := call(t, a, admin, "GET", next, "")
		var items []struct{ ID string }
		if err := json.Unmarshal(w.Body.Bytes(), &items); err != nil || w.Header().Get("X-Total-Count") != "25" {
			t.Fatalf("%s: %v %v", next, err, w.Header())
		}
		for _, i := range items {
			got = append(got, i.ID)
		}
		if next = nextOf(t, w.Header()); next == "" {
			break
		}
	}
	if len(got) != 25 || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != 25 {
		t.Errorf("the walk met %v", got)
	}
}

// nextOf returns where a list goes on.
func nextOf(t *testing.T, h http.Header) string {
	t.Helper()
	m := regexp.MustCompile(`<([^>]*)>; rel="next"`).FindStringSubmatch(h.Get("Link"))
	if m == nil {
		return ""
	}
	if u, err := url.Parse(m[1]); err != nil || !u.Query().Has("cursor") {
		t.Errorf("Link = %s, %v, want a cursor", h.Get("Link"), err)
	}
	return m[1]
}

func TestListAudit(t *testing.T) {
	t.Parallel()
	f := &fakes{entries: 7}
	a := newAPI(f)
	w := call(t, a, admin, "GET", "/api/v1/audit?limit=3&offset=3&actor=user_1&action=website&object=site_1&since=2026-03-01T12:00:00%2B01:00&until=2026-03-02T00:00:00Z", "")
	var items []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &items); err != nil || len(items) != 3 || w.Header().Get("X-Total-Count") != "7" || !strings.Contains(w.Header().Get("Link"), "offset=6") {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	want := map[string]any{
		"seq": 4.0, "at": "2026-03-01T12:00:00Z", "actor_id": "user_1", "action": "website.updated", "object": "site_1", "detail": "=1+1",
		"before": "aa", "after": nil, "request_id": "req_1",
	}
	if d := cmp.Diff(want, items[0]); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
	filter := domain.AuditFilter{
		Actor: "user_1", Action: "website", Object: "site_1", Since: time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}
	if d := cmp.Diff(filter, f.audit); d != "" {
		t.Errorf("the service got (-want +got):\n%s", d)
	}
	var seqs []any
	for next := "/api/v1/audit?limit=3&action=website&cursor=0"; next != ""; {
		w := call(t, a, admin, "GET", next, "")
		if err := json.Unmarshal(w.Body.Bytes(), &items); err != nil || w.Header().Get("X-Total-Count") != "" || f.audit.Action != "website" {
			t.Fatalf("%s: %v %v", next, err, w.Header())
		}
		for _, i := range items {
			seqs = append(seqs, i["seq"])
		}
		next = nextOf(t, w.Header())
	}
	if d := cmp.Diff([]any{7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0}, seqs); d != "" {
		t.Errorf("the walk (-want +got):\n%s", d)
	}
}

func TestExportAudit(t *testing.T) {
	t.Parallel()
	f := &fakes{entries: 7}
	a := newAPI(f)
	w := call(t, a, admin, "GET", "/api/v1/audit/export?action=website", "")
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/x-ndjson" || len(lines) != 7 || f.audit.Action != "website" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for _, line := range lines {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil || e["detail"] != "=1+1" || e["object"] != "site_1" {
			t.Errorf("line %s: %v", line, err)
		}
	}
	w = call(t, a, admin, "GET", "/api/v1/audit/export?format=csv", "")
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || len(rows) != 8 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Fatalf("%d %v %v", w.Code, w.Header(), err)
	}
	if d := cmp.Diff([]string{"7", "2026-03-01T12:00:00Z", "user_1", "website.updated", "site_1", "'=1+1", "aa", "", "req_1"}, rows[1]); d != "" {
		t.Errorf("row (-want +got):\n%s", d)
	}
	for _, format := range []string{"jsonl", "csv"} {
		w := call(t, newAPI(&fakes{fail: domain.Errorf(domain.CodeUnavailable, "The store is down.")}), admin, "GET", "/api/v1/audit/export?format="+format, "")
		if problemOf(t, w); w.Code != 503 {
			t.Errorf("%s of a log that is down: %d", format, w.Code)
		}
		if w := call(t, newAPI(&fakes{}), admin, "GET", "/api/v1/audit/export?format="+format, ""); w.Code != 200 {
			t.Errorf("%s of an empty log: %d", format, w.Code)
		}
	}
}

// FuzzIfMatch: no header makes a change go through that names no state of ours.
func FuzzIfMatch(f *testing.F) {
	a := newAPI(&fakes{})
	for _, h := range []string{`"w1-7"`, `"w1-8"`, "*", `W/"w1-7"`, `"w1-7`, `"a,b", "w1-7"`, " * "} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(header) > 1000 {
			t.Skip("HTTP does not carry it")
		}
		w := call(t, a, admin, "PATCH", "/api/v1/websites/site_1", `{"title":"Tea"}`, "If-Match", header)
		trimmed := strings.TrimSpace(header)
		if open := trimmed == "" || trimmed == "*" || strings.Contains(header, `"w1-`); w.Code != 412 && (w.Code != 200 || !open) {
			t.Errorf("If-Match %q: %d %s", header, w.Code, w.Body)
		}
	})
}
