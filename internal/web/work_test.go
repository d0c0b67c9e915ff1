package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"empire/internal/domain"
)

// workPages are the pages for work with what each must show.
var workPages = []struct {
	target string
	texts  []string
}{
	{"/launch/feeds", []string{"parts.csv (5,000 products)", `type="file"`, `enctype="multipart/form-data"`}},
	{"/launch/legal", []string{`value="Sample Ltd"`, "marked sample data"}},
	{"/launch/budget", []string{"Limit in EUR"}},
	{"/approvals", []string{"Publish monitors.example", "Waiting", "Look at it"}},
	{"/approvals?state=rejected", []string{"Nothing matches this view.", "Show all"}},
	{"/approvals/appr_1", []string{"/approvals/appr_1/pages", "Approve and publish"}},
	{"/approvals/appr_1/pages", []string{"How to choose a monitor", "page=%2Fguide%2F"}},
	{"/approvals/appr_1/pages?page=/guide/", []string{
		"It measures 27 in.", "field specifications of row 1001 says “27 in”", "Advice: it states no fact", "median price of 240 monitors", "preview.localhost:8081/guide/",
	}},
	{"/approvals/appr_1/changes", []string{"No. 3", "It measures 24 in.", "the source says something else"}},
	{"/feeds", []string{"parts.csv", "Stale", "Upload a feed"}},
	{"/feeds/new", []string{`type="file"`, "10 MB"}},
	{"/feeds/feed_1", []string{"5,000", "Withdraw parts.csv"}},
	{"/products?q=k2", []string{"Example K2", "€59.99", "In stock", `value="k2"`}},
	{"/products?q=unicorn", []string{"Nothing matches this view."}},
	{"/products/feed_1/1001", []string{"€59.99", "Gone"}},
	{"/schedules", []string{"nightly", "0 3 * * * UTC", "every 1h", "The pipeline is gone.", "Delete nightly"}},
	{"/schedules/new", []string{"rebuild · Builds again"}},
	{"/dead-letters", []string{"too many attempts", "Put back"}},
	{"/dead-letters/dead_1", []string{"task_1", "Put it back into the queue"}},
	{"/runs/run_1/timeline", []string{"0.0125 EUR", "4,200", "draft", "small answered", "after=c2"}},
	{"/agents", []string{"opportunity_scanner", "Last task failed", "Tasks in the queue", "17"}},
	{"/agents?state=idle", []string{"website_generator", "!content_generator<"}},
	{"/agents/digger", []string{"Digger", "dig here", "/tasks/task_1"}},
	{"/tasks/task_1", []string{"Cancel this task", "/runs/run_1", "1 of 5"}},
	{"/opportunities", []string{"mechanical keyboards", "Worth it", "62 %"}},
	{"/opportunities/opp_1", []string{"Launch this", "niche=mechanical&#43;keyboards", "No keyword data.", "launch site: Supply is wide.", "824", "5.00 %"}},
	{"/alerts", []string{"fell by 70 %", "Firing", "Warning", "Open <span class=\"count\">1</span>"}},
	{"/alerts?state=cleared", []string{"Nothing matches this view."}},
	{"/alerts/alert_1", []string{"100 are usual.", "Look at its last release.", "70 %", "50 %", "2 times", "I care about it", "/sites/site_1"}},
	{"/alert-rules", []string{"Traffic cliff", "built in, changed", "Off", "500 ms", "ops@example.com", "Send a test", "set alerts.webhook.url"}},
	{"/alert-rules/latency", []string{"Threshold in ms", `value="500"`, "Silence it for a day", "Reset Latency"}},
	{"/links", []string{"/go/shop", "Active", "Pause"}},
	{"/links/new", []string{"Name in /go/"}},
	{"/links/link_1", []string{`value="https://shop.example/k2"`, "imports leave it alone", "paused"}},
	{"/outlinks", []string{"shop.example", "keyboards.example"}},
	{"/settings", []string{"/settings/users", "/docs"}},
	{"/settings/users", []string{"ro@example.com", "Disabled", "Add a user"}},
	{"/settings/users/user_2", []string{"Remove ro@example.com", "Disable ro@example.com"}},
	{"/settings/keys", []string{"emp_12345678…", "Revoke backup", "Ended", "!Revoke old"}},
	{"/settings/webhooks", []string{"Store is down.", "Process again"}},
	{"/settings/webhooks/hook_1", []string{"&lt;script&gt;", "!<script>alert"}},
	{"/settings/connections", []string{"vector store", "No answer.", "Not used", "Test the models"}},
	{"/settings/budgets", []string{"85 %", "all paid calls", "€17.00"}},
	{"/settings/budgets/bud_1", []string{"85.0 %", "Raise it", "Delete all"}},
	{"/settings/audit", []string{"website.generate", "ed@example.com", "a run"}},
	{"/settings/audit?action=link", []string{"Nothing matches this view."}},
}

func TestWorkPages(t *testing.T) {
	t.Parallel()
	for _, tt := range workPages {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			w := get(t, newDashboard(t, busyWorld()), editor, tt.target)
			if w.Code != 200 {
				t.Errorf("status = %d\n%s", w.Code, w.Body)
			}
			wants(t, w, tt.texts...)
			checkMarkup(t, w.Body.String())
		})
	}
}

// TestWorkOfNothing: every list says what belongs into it while it is empty.
func TestWorkOfNothing(t *testing.T) {
	t.Parallel()
	w := &world{office: office{none: true}}
	d := newDashboard(t, w)
	for target, text := range map[string]string{
		"/": "Import a product feed", "/approvals": "Nothing waits.", "/feeds": "Upload the first one", "/products": "To the feeds", "/schedules": "Make the first one", "/dead-letters": "None. Messages and tasks",
		"/alerts": "Nothing is wrong.", "/agents": "No agent is registered.", "/agents/digger": "Nobody has written to it.", "/opportunities": "A scan says", "/links": "Links are made when", "/outlinks": "All links of live pages earn",
		"/settings/keys": "You have no key.", "/settings/webhooks": "Nothing was received.", "/settings/budgets": "A budget limits", "/settings/audit": "Nothing has been changed yet.",
		"/launch/feeds": "There is no product feed yet.",
	} {
		page := get(t, d, editor, target)
		wants(t, page, text)
		checkMarkup(t, page.Body.String())
	}
}

// TestWorkWithoutTheRight: who lacks a right gets 403 where the page is not for them, and
// no button where it is.
func TestWorkWithoutTheRight(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	for _, target := range []string{
		"/launch", "/launch/feeds", "/launch/legal", "/launch/budget", "/launch/check", "/feeds/new", "/schedules/new", "/links/new", "/opportunities", "/opportunities/opp_1",
		"/settings/users", "/settings/users/user_1", "/settings/webhooks", "/settings/audit",
	} {
		if w := get(t, d, reader, target); w.Code != 403 {
			t.Errorf("%s: %d, want 403", target, w.Code)
		}
	}
	for target, absent := range map[string]string{
		"/feeds": "!Upload a feed", "/feeds/feed_1": "!Withdraw", "/schedules": "!Delete nightly", "/dead-letters": "!Put back</button>", "/dead-letters/dead_1": "!Put it back into",
		"/tasks/task_1": "!Cancel this task", "/alerts/alert_1": "!I care about it", "/alert-rules": "!Send a test", "/alert-rules/latency": "!Silence it", "/links": "!Add a link", "/links/link_1": "!Save</button>", "/settings": "!/settings/users", "/settings/budgets": "!New budget",
		"/settings/budgets/bud_1": "!Raise it", "/settings/connections": "!Test the models</button>",
	} {
		w := get(t, d, reader, target)
		if w.Code != 200 {
			t.Errorf("%s: %d", target, w.Code)
		}
		wants(t, w, absent)
	}
	world := busyWorld()
	d = newDashboard(t, world)
	for _, target := range workForms() {
		if w := post(t, d, reader, target, url.Values{}); w.Code != 403 || world.office.did != "" {
			t.Errorf("POST %s: %d, did %q", target, w.Code, world.office.did)
		}
		if w := post(t, d, editor, target, url.Values{"csrf": {"for-s2"}}); w.Code != 403 || world.office.did != "" {
			t.Errorf("POST %s with the token of another session: %d, did %q", target, w.Code, world.office.did)
		}
		if w := post(t, d, nil, target, url.Values{}); w.Code != 303 || w.Header().Get("Location") != "/sign-in" {
			t.Errorf("POST %s as nobody: %d", target, w.Code)
		}
	}
}

// workForms are the addresses of forms that need a right which the reader lacks.
func workForms() []string {
	return []string{
		"/launch", "/launch/feeds", "/launch/upload", "/launch/legal", "/launch/budget", "/launch/start", "/feeds", "/feeds/feed_1/delete", "/schedules", "/schedules/sched_1/state",
		"/schedules/sched_1/delete", "/dead-letters/dead_1/replay", "/tasks/task_1/cancel", "/alerts/alert_1/acknowledge", "/alert-rules/latency", "/alert-rules/latency/silence", "/alert-rules/latency/reset", "/alert-channels/mail/test", "/opportunities", "/links", "/links/link_1", "/links/link_1/state",
		"/settings/webhooks/hook_1/replay", "/settings/connections/models", "/settings/budgets", "/settings/budgets/bud_1/raise", "/settings/budgets/bud_1/delete", "/settings/users",
		"/settings/users/user_2", "/settings/users/user_2/delete",
	}
}

func TestWorkForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, target string
		form         url.Values
		status       int
		to, did      string
		texts        []string
	}{
		{"schedule", "/schedules", url.Values{"name": {"weekly"}, "pipeline": {"rebuild"}, "cron": {"0 3 * * 1"}}, 303, "/schedules", "create weekly", nil},
		{"schedule with a bad rhythm", "/schedules", url.Values{"name": {"<weekly>"}, "cron": {"never"}}, 422, "", "", []string{`value="&lt;weekly&gt;"`, `value="never"`, "never is no rhythm.", `aria-invalid="true"`}},
		{"schedule with bad parameters", "/schedules", url.Values{"name": {"weekly"}, "cron": {"0 3 * * 1"}, "params": {"[1"}}, 422, "", "", []string{">[1</textarea>", "This is not a JSON object."}},
		{"pause", "/schedules/sched_1/state", url.Values{"state": {"paused"}}, 303, "/schedules", "off sched_1", nil},
		{"go on", "/schedules/sched_1/state", url.Values{"state": {"on"}}, 303, "/schedules", "on sched_1", nil},
		{"delete schedule", "/schedules/sched_1/delete", url.Values{}, 303, "/schedules", "delete sched_1", nil},
		{"put back", "/dead-letters/dead_1/replay", url.Values{}, 303, "/dead-letters", "replay dead_1", nil},
		{"cancel task", "/tasks/task_1/cancel", url.Values{}, 303, "/tasks/task_1", "cancel task_1", nil},
		{"care about an alert", "/alerts/alert_1/acknowledge", url.Values{"note": {"I look"}}, 303, "/alerts/alert_1", "acknowledge alert_1 I look", nil},
		{"care with a long note", "/alerts/alert_1/acknowledge", url.Values{"note": {"much more than anybody wants to read"}}, 422, "", "", []string{">much more than anybody wants to read</textarea>", "The note is too long."}},
		{"change rule", "/alert-rules/latency", url.Values{"threshold": {"800"}, "window": {"10m"}, "quiet": {"5m"}, "severity": {"info"}, "enabled": {"true"}, "channels": {"mail"}}, 303, "/alert-rules/latency", "change latency 800 10m0s true [mail]", nil},
		{"change rule to nonsense", "/alert-rules/latency", url.Values{"threshold": {"much"}, "window": {"10m"}, "quiet": {"5m"}, "severity": {"info"}}, 422, "", "", []string{`value="much"`, "This is not a number."}},
		{"change rule to a bad time", "/alert-rules/latency", url.Values{"threshold": {"8"}, "window": {"long"}, "quiet": {"5m"}, "severity": {"info"}}, 422, "", "", []string{`value="long"`, "This is not a time"}},
		{"change rule to too little", "/alert-rules/latency", url.Values{"threshold": {"-8"}, "window": {"10m"}, "quiet": {"5m"}, "severity": {"info"}}, 422, "", "", []string{`value="-8"`, "A threshold is greater than 0."}},
		{"silence", "/alert-rules/latency/silence", url.Values{}, 303, "/alert-rules/latency", "silence latency true", nil},
		{"end silence", "/alert-rules/latency/silence", url.Values{"end": {"yes"}}, 303, "/alert-rules/latency", "silence latency false", nil},
		{"reset rule", "/alert-rules/latency/reset", url.Values{}, 303, "/alert-rules/latency", "reset latency", nil},
		{"test a channel", "/alert-channels/mail/test", url.Values{}, 303, "/alert-rules", "test mail", nil},
		{"test a channel that is off", "/alert-channels/webhook/test", url.Values{}, 409, "", "", []string{"is not configured"}},
		{"scan", "/opportunities", url.Values{"topic": {"mice"}, "language": {"en"}}, 303, "/opportunities/opp_1", "scan mice", nil},
		{"scan of too little", "/opportunities", url.Values{"topic": {"unicorns"}, "language": {"de"}}, 422, "", "", []string{`value="unicorns"`, "12 are needed", `value="de" selected`}},
		{"link", "/links", url.Values{"merchant": {"Shop"}, "destination": {"https://shop.example/"}, "form": {"plain"}, "state": {"active"}}, 303, "/links/link_1", "link to https://shop.example/", nil},
		{"link to nobody", "/links", url.Values{"destination": {"https://shop.example/"}}, 422, "", "", []string{`value="https://shop.example/"`, "A link needs a merchant."}},
		{"change link", "/links/link_1", url.Values{"merchant": {"Shop"}, "destination": {"https://x.example/"}, "state": {"dead"}}, 303, "/links/link_1", "dead link_1", nil},
		{"change link to nonsense", "/links/link_1", url.Values{"merchant": {"Shop 2"}, "destination": {"nowhere"}, "state": {"active"}}, 422, "", "", []string{`value="Shop 2"`, `value="nowhere"`, "nowhere is no address."}},
		{"pause link", "/links/link_1/state", url.Values{"state": {"paused"}}, 303, "/links", "paused link_1", nil},
		{"user", "/settings/users", url.Values{"email": {"new@example.com"}, "password": {"a-long-password"}, "permissions": {"websites.read"}}, 303, "/settings/users", "add new@example.com", nil},
		{"user with a short password", "/settings/users", url.Values{"email": {"new@example.com"}, "password": {"short"}, "permissions": {"intelligence.use"}}, 422, "", "", []string{
			`value="new@example.com"`, "at least 12 characters", `value="intelligence.use" checked`, `!value="short"`,
		}},
		{"permissions", "/settings/users/user_2", url.Values{"name": {"Ro"}, "permissions": {"agents.read"}}, 303, "/settings/users/user_2", "update user_2 agents.read", nil},
		{"disable", "/settings/users/user_2", url.Values{"name": {"Ro"}}, 303, "/settings/users/user_2", "update user_2 none", nil},
		{"disable the last administrator", "/settings/users/user_1", url.Values{"name": {"Ed"}}, 409, "", "", []string{"Somebody has to be an administrator.", `value="Ed"`}},
		{"remove user", "/settings/users/user_2/delete", url.Values{}, 303, "/settings/users", "delete user_2", nil},
		{"key", "/settings/keys", url.Values{"name": {"ci"}, "scope": {"websites.read"}, "expires_in": {"24h"}}, 200, "", "key of user_1", []string{"emp_the-secret", "shown this once"}},
		{"key for nothing", "/settings/keys", url.Values{"name": {"ci"}}, 422, "", "", []string{`value="ci"`, "A key needs a scope.", "!emp_the-secret"}},
		{"revoke", "/settings/keys/key_1/revoke", url.Values{}, 303, "/settings/keys", "revoke key_1", nil},
		{"process again", "/settings/webhooks/hook_1/replay", url.Values{}, 303, "/settings/webhooks/hook_1", "replay hook_1", nil},
		{"test models", "/settings/connections/models", url.Values{}, 200, "", "", []string{"The key is wrong.", "1.0 s"}},
		{"budget", "/settings/budgets", url.Values{"name": {"all"}, "limit": {"20,5"}, "period": {"month"}, "on_limit": {"ask"}}, 303, "/settings/budgets", "budget all 20.50 for ", nil},
		{"budget of nonsense", "/settings/budgets", url.Values{"name": {"all"}, "limit": {"much"}}, 422, "", "", []string{`value="much"`, "is not an amount"}},
		{"raise", "/settings/budgets/bud_1/raise", url.Values{"limit": {"5"}}, 303, "/settings/budgets/bud_1", "raise bud_1 by 5.00", nil},
		{"raise by nonsense", "/settings/budgets/bud_1/raise", url.Values{"limit": {"-5"}}, 422, "", "", []string{`value="-5"`}},
		{"delete budget", "/settings/budgets/bud_1/delete", url.Values{}, 303, "/settings/budgets", "delete bud_1", nil},
		{"withdraw feed", "/feeds/feed_1/delete", url.Values{}, 303, "/feeds", "delete feed_1", nil},
		{"upload of nothing", "/feeds", url.Values{}, 422, "", "", []string{"Choose a file."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := busyWorld()
			res := post(t, newDashboard(t, w), editor, tt.target, tt.form)
			if res.Code != tt.status || res.Header().Get("Location") != tt.to || w.office.did != tt.did {
				t.Fatalf("%d to %q, did %q; want %d to %q, %q\n%s", res.Code, res.Header().Get("Location"), w.office.did, tt.status, tt.to, tt.did, res.Body)
			}
			wants(t, res, tt.texts...)
			if res.Code != 303 {
				checkMarkup(t, res.Body.String())
			}
		})
	}
}

// upload sends a file in a form.
func upload(t *testing.T, h http.Handler, target, content string, fields map[string]string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := m.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	part, err := m.CreateFormFile("file", "parts.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", target, &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return send(t, h, editor, r, header...)
}

func TestFeedUpload(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	d := newDashboard(t, w)
	csrf := map[string]string{"csrf": "for-s1"}
	if res := upload(t, d, "/feeds", "a,b\n1,2\n", map[string]string{"csrf": "for-s2"}); res.Code != 403 || w.office.did != "" {
		t.Fatalf("with the token of another session: %d, did %q", res.Code, w.office.did)
	}
	res := upload(t, d, "/feeds", "nonsense", csrf)
	if res.Code != 422 {
		t.Errorf("refused feed: %d", res.Code)
	}
	wants(t, res, "The feed was refused: It has no header.")
	if res := upload(t, d, "/feeds", "a,b\n1,2\n", csrf); res.Code != 303 || res.Header().Get("Location") != "/feeds/feed_1" || w.office.did != "import parts.csv" {
		t.Fatalf("%d to %q, did %q", res.Code, res.Header().Get("Location"), w.office.did)
	}
	page := get(t, d, editor, "/feeds/feed_1")
	wants(t, page, "Rejected and repaired rows", "product_name is empty", "Partial", "Refused")
	checkMarkup(t, page.Body.String())
}

// TestLaunchWizard goes through all steps, back and on: what was typed stays.
func TestLaunchWizard(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	d := newDashboard(t, w)
	draft := ""
	step := func(target string, form url.Values, to string) {
		t.Helper()
		res := post(t, d, editor, target, form, "Cookie", draft)
		if res.Code != 303 || res.Header().Get("Location") != to {
			t.Fatalf("%s: %d to %q, want %s\n%s", target, res.Code, res.Header().Get("Location"), to, res.Body)
		}
		if c := cookie(res, "empire_launch"); c != nil {
			draft = c.Name + "=" + c.Value
		}
	}
	bad := post(t, d, editor, "/launch", url.Values{"niche": {"tea <b>"}, "domain": {"no domain"}, "language": {"de"}, "then": {"feeds"}})
	if bad.Code != 422 {
		t.Errorf("bad domain: %d", bad.Code)
	}
	wants(t, bad, `value="tea &lt;b&gt;"`, `value="no domain"`, `aria-invalid="true"`, `value="de" selected`)

	step("/launch", url.Values{"niche": {"tea"}, "domain": {"tea.example"}, "language": {"de"}, "then": {"feeds"}}, "/launch/feeds")
	step("/launch/feeds", url.Values{"feeds": {"feed_1"}}, "/launch/legal")
	wants(t, get(t, d, editor, "/launch", "Cookie", draft), `value="tea"`, `value="tea.example"`, `value="de" selected`)
	wants(t, get(t, d, editor, "/launch/feeds", "Cookie", draft), `value="feed_1" checked`)

	operator := url.Values{
		"name": {"Tea Ltd"}, "street": {"2 Road"}, "postal_code": {"10115"}, "city": {"Berlin"}, "country": {"Germany"}, "email": {"tea@example.com"}, "phone": {"1"},
	}
	lacking := post(t, d, editor, "/launch/legal", operator, "Cookie", draft)
	wants(t, lacking, "The legal notice needs this.", `value="Tea Ltd"`)
	operator.Set("responsible", "Ann")
	step("/launch/legal", operator, "/launch/budget")
	step("/launch/budget", url.Values{"limit": {"20"}, "period": {"month"}}, "/launch/check")
	check := get(t, d, editor, "/launch/check", "Cookie", draft)
	wants(t, check, "tea.example", "parts.csv", "Tea Ltd", "20 EUR per month")
	checkMarkup(t, check.Body.String())

	other := &domain.Principal{UserID: "user_7", Permissions: editor.Permissions}
	wants(t, get(t, d, other, "/launch", "Cookie", draft), "!tea.example")

	res := post(t, d, editor, "/launch/start", url.Values{}, "Cookie", draft)
	if res.Code != 303 || res.Header().Get("Location") != "/runs/run_1" {
		t.Fatalf("start: %d to %q\n%s", res.Code, res.Header().Get("Location"), res.Body)
	}
	g := w.generated
	if g.Niche != "tea" || g.Operator == nil || g.Operator.Name != "Tea Ltd" || g.Operator.Sample || len(g.Feeds) != 1 || w.office.did != "budget tea.example 20.00 for site_1" {
		t.Errorf("generated %+v, then %q", g, w.office.did)
	}
	if c := cookie(res, "empire_launch"); c == nil || c.MaxAge >= 0 {
		t.Errorf("the draft stays: %+v", c)
	}
}

// TestLaunchOfATakenDomain: the last step says what is wrong and loses nothing.
func TestLaunchOfATakenDomain(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	res := post(t, d, editor, "/launch", url.Values{"niche": {"tea"}, "domain": {"taken.example"}, "language": {"en"}, "then": {"feeds"}})
	draft := "empire_launch=" + cookie(res, "empire_launch").Value
	res = post(t, d, editor, "/launch/start", url.Values{}, "Cookie", draft)
	if res.Code != 409 || cookie(res, "empire_launch") != nil {
		t.Errorf("%d, %+v", res.Code, cookie(res, "empire_launch"))
	}
	wants(t, res, "is managed already", "taken.example")
}

func TestLaunchUpload(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	if res := upload(t, d, "/launch/upload", "a,b\n1,2\n", map[string]string{"csrf": "for-s1"}); res.Code != 303 || res.Header().Get("Location") != "/launch/legal" || cookie(res, "empire_launch") == nil {
		t.Errorf("%d to %q", res.Code, res.Header().Get("Location"))
	}
	res := upload(t, d, "/launch/upload", "nonsense", map[string]string{"csrf": "for-s1"})
	wants(t, res, "It has no header.", "parts.csv (5,000 products)")
}

func FuzzLaunchDraft(f *testing.F) {
	f.Add("")
	f.Add("eyJ1IjoidXNlcl8xIiwibiI6InRlYSJ9")
	f.Add(strings.Repeat("A", 5000))
	f.Fuzz(func(t *testing.T, cookie string) {
		for _, target := range []string{"/launch", "/launch/check"} {
			if w := get(t, newDashboard(t, busyWorld()), editor, target, "Cookie", "empire_launch="+url.QueryEscape(cookie)); w.Code != 200 {
				t.Errorf("%s: status %d", target, w.Code)
			}
		}
	})
}
