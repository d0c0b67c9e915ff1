package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
)

func cookie(w *httptest.ResponseRecorder, name string) *http.Cookie {
	all := w.Result().Cookies()
	i := slices.IndexFunc(all, func(c *http.Cookie) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

func TestVisitorsAreLedToTheDoor(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	for target, want := range map[string]string{"/": "/sign-in", "/runs/run_1": "/sign-in?next=%2Fruns%2Frun_1", "/nowhere": "/sign-in?next=%2Fnowhere"} {
		if w := get(t, d, nil, target); w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %s, want %s", target, w.Code, w.Header().Get("Location"), want)
		}
	}
	w := busyWorld()
	for _, target := range []string{"/approvals/appr_1/decision", "/sites/site_1/rollback", "/sites/site_1/publish", "/sites/site_1/rebuild", "/sites/site_1/settings", "/sites/bulk", "/batches", "/batches/bat_1/cancel", "/keys", "/runs/run_1/cancel", "/launch"} {
		if res := post(t, newDashboard(t, w), nil, target, url.Values{"decision": {"approve"}}); res.Code != 303 || res.Header().Get("Location") != "/sign-in" {
			t.Errorf("POST %s: %d", target, res.Code)
		}
	}
	if w.cancelled != "" || w.rolledBack != "" || w.decision.Approve {
		t.Errorf("a visitor did something: %+v", w)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	page := get(t, d, nil, "/sign-in?next=/runs/run_1")
	guest := cookie(page, "empire_guest")
	if guest == nil || !guest.HttpOnly || guest.SameSite != http.SameSiteStrictMode {
		t.Fatalf("guest cookie = %+v", guest)
	}
	wants(t, page, `value="for-`+guest.Value+`"`, `name="next" value="/runs/run_1"`)
	checkMarkup(t, page.Body.String())

	form := func(password, csrf, next string) url.Values {
		return url.Values{"email": {"ed@example.com"}, "password": {password}, "csrf": {csrf}, "next": {next}}
	}
	token := "for-" + guest.Value
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		to     string
	}{
		{"right", form("right", token, "/runs/run_1"), 303, "/runs/run_1"},
		{"wrong password", form("wrong", token, "/"), 401, ""},
		{"no token", form("right", "", "/"), 403, ""},
		{"other token", form("right", "for-other", "/"), 403, ""},
		{"other host", form("right", token, "https://evil.example/"), 303, "/"},
		{"other host without scheme", form("right", token, "//evil.example/"), 303, "/"},
		{"backslash", form("right", token, `/\evil.example`), 303, "/"},
	} {
		w := post(t, d, nil, "/sign-in", tt.form, "Cookie", "empire_guest="+guest.Value)
		if w.Code != tt.status || w.Header().Get("Location") != tt.to {
			t.Errorf("%s: %d to %q, want %d to %q", tt.name, w.Code, w.Header().Get("Location"), tt.status, tt.to)
		}
		session := cookie(w, "session")
		if (session != nil) != (tt.status == 303) {
			t.Errorf("%s: session = %v", tt.name, session)
		}
		if session != nil && (!session.HttpOnly || session.SameSite != http.SameSiteLaxMode || session.Secure) {
			t.Errorf("%s: session cookie = %+v", tt.name, session)
		}
		wants(t, w, "!wrong\"", "!value=\"right\"")
	}
	for otp, status := range map[string]int{"": 401, "654321": 401, "123456": 303} {
		two := form("right", token, "/")
		two.Set("email", "two@example.com")
		two.Set("otp", " "+otp+" ") // as it is pasted
		w := post(t, d, nil, "/sign-in", two, "Cookie", "empire_guest="+guest.Value)
		if w.Code != status || (cookie(w, "session") != nil) != (status == 303) {
			t.Errorf("with the code %q: %d, want %d", otp, w.Code, status)
		}
	}
	if w := get(t, d, editor, "/sign-in"); w.Code != 303 {
		t.Errorf("signed in already: %d", w.Code)
	}
}

func TestSessionCookieIsSecureOverTLS(t *testing.T) {
	t.Parallel()
	form := url.Values{"email": {"ed@example.com"}, "password": {"right"}, "csrf": {"for-g"}}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "https://empire.example/sign-in", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := send(t, newDashboard(t, busyWorld()), nil, r, "Cookie", "empire_guest=g")
	if c := cookie(w, "session"); c == nil || !c.Secure {
		t.Errorf("session cookie = %+v", c)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	decide := "/approvals/appr_1/decision"
	for _, tt := range []struct {
		name, target string
		form         url.Values
		status       int
		to           string
		did          func(*world) bool
	}{
		{"approve", decide, url.Values{"decision": {"approve"}, "payload_hash": {hash}}, 303, "/runs/run_2", func(w *world) bool { return w.decision.Approve && w.decision.PayloadHash == hash }},
		{"reject", decide, url.Values{"decision": {"reject"}, "reason": {"Wrong price."}, "payload_hash": {hash}}, 303, "/runs/run_2", func(w *world) bool { return !w.decision.Approve && w.decision.Reason == "Wrong price." }},
		{"decide about something else", decide, url.Values{"decision": {"approve"}, "payload_hash": {"other"}}, 409, "", nil},
		{"decide about nothing", decide, url.Values{"decision": {"approve"}}, 422, "", nil},
		{"decide nothing", decide, url.Values{"payload_hash": {hash}}, 422, "", nil},
		{"roll back", "/sites/site_1/rollback", url.Values{"release_id": {"rel_1"}}, 303, "/sites/site_1/releases", func(w *world) bool { return w.rolledBack == "rel_1" }},
		{"roll back to red", "/sites/site_1/rollback", url.Values{"release_id": {"rel_red"}}, 409, "", nil},
		{"roll back to nothing", "/sites/site_1/rollback", url.Values{}, 422, "", nil},
		{"publish", "/sites/site_1/publish", url.Values{"release_id": {"rel_2"}}, 303, "/sites/site_1/releases", func(w *world) bool { return w.published == "rel_2" }},
		{"rebuild", "/sites/site_1/rebuild", url.Values{}, 303, "/runs/run_1", func(w *world) bool { return w.rebuilt == "site_1" }},
		{"settings", "/sites/site_1/settings", url.Values{"title": {"New"}, "niche": {"mechanical keyboards"}, "analytics": {"on"}, "tags": {"pilot, Best"}, "operator_name": {"Shop & Co"}}, 303, "/sites/site_1/settings", func(w *world) bool {
			return w.patch.Title != nil && *w.patch.Title == "New" && w.patch.Niche == nil && w.patch.Analytics == nil && string(w.patch.Operator) == `{"name":"Shop \u0026 Co"}` && slices.Equal(w.tags["site_1"], []string{"best", "pilot"})
		}},
		{"settings that are bad", "/sites/site_1/settings", url.Values{"title": {"bad"}, "niche": {"mechanical keyboards"}, "tags": {"pilot"}}, 422, "", nil},
		{"tags that are bad", "/sites/site_1/settings", url.Values{"tags": {"!"}}, 422, "", nil},
		{"bulk of nothing", "/sites/bulk", url.Values{"action": {"archive"}}, 422, "", nil},
		{"start a bulk change", "/batches", url.Values{"action": {"archive"}, "filter": {`{"ids":["site_1"]}`}, "reason": {"old"}}, 303, "/batches/bat_1", func(w *world) bool {
			return w.started.Action == domain.BulkArchive && slices.Equal(w.started.Filter.IDs, []domain.WebsiteID{"site_1"}) && w.started.Reason == "old" && !w.started.All
		}},
		{"start a bulk change of all", "/batches", url.Values{"action": {"rebuild"}, "filter": {`{}`}, "all": {"true"}}, 303, "/batches/bat_1", func(w *world) bool { return w.started.All }},
		{"start a bulk change of what cannot be read", "/batches", url.Values{"action": {"rebuild"}, "filter": {`{`}}, 422, "", nil},
		{"cancel a bulk change", "/batches/bat_1/cancel", url.Values{}, 303, "/batches/bat_1", func(w *world) bool { return w.ended == "bat_1" }},
		{"cancel", "/runs/run_1/cancel", url.Values{}, 303, "/runs/run_1", func(w *world) bool { return w.cancelled == "run_1" }},
		{"retry", "/runs/run_3/retry", url.Values{}, 303, "/runs/run_3", func(w *world) bool { return w.retried == "run_3" }},
		{"launch", "/launch", url.Values{"niche": {"tea"}, "domain": {"tea.example"}, "language": {"de"}}, 303, "/runs/run_1", func(w *world) bool { return w.generated.Language == "de" }},
		{"launch again", "/launch", url.Values{"niche": {"tea"}, "domain": {"taken.example"}, "language": {"en"}}, 409, "", nil},
		{"sign out", "/sign-out", url.Values{}, 303, "/sign-in", func(w *world) bool { return w.signedOut && !w.signedOutAll }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := busyWorld()
			d := newDashboard(t, w)
			forged := url.Values{"csrf": {"for-s2"}}
			for k, v := range tt.form {
				forged[k] = v
			}
			if res := post(t, d, editor, tt.target, forged); res.Code != 403 || tt.did != nil && tt.did(w) && tt.name != "reject" {
				t.Errorf("with the token of another session: %d", res.Code)
			}
			res := post(t, d, editor, tt.target, tt.form)
			if res.Code != tt.status || res.Header().Get("Location") != tt.to {
				t.Fatalf("%d to %q, want %d to %q\n%s", res.Code, res.Header().Get("Location"), tt.status, tt.to, res.Body)
			}
			if tt.did != nil && !tt.did(w) {
				t.Errorf("the service was not asked as it should be: %+v", w)
			}
			if tt.status == 303 && tt.name != "keys" {
				if c := cookie(res, "empire_notice"); c == nil || c.Value == "" {
					t.Error("no notice for the next page")
				}
			}
		})
	}
}

func TestLaunchKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := post(t, newDashboard(t, busyWorld()), editor, "/launch", url.Values{"niche": {"tea & <b>"}, "domain": {"taken.example"}, "language": {"de"}})
	wants(t, w, `value="tea &amp; &lt;b&gt;"`, `value="taken.example"`, `value="de" selected`, "is managed already", `aria-invalid="true"`)
}

func TestNoticesAreShownOnce(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	w := get(t, d, editor, "/", "Cookie", "empire_notice=approved")
	wants(t, w, "Approved. The release is being published.")
	if c := cookie(w, "empire_notice"); c == nil || c.MaxAge >= 0 {
		t.Errorf("the notice stays: %+v", c)
	}
	wants(t, get(t, d, editor, "/", "Cookie", "empire_notice=You have won"), "!You have won")
}

func TestTheme(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	w := post(t, d, editor, "/theme", url.Values{"theme": {"dark"}, "next": {"/sites"}})
	if c := cookie(w, "empire_theme"); c == nil || c.Value != "dark" || w.Header().Get("Location") != "/sites" {
		t.Errorf("%+v to %s", c, w.Header().Get("Location"))
	}
	wants(t, get(t, d, editor, "/", "Cookie", "empire_theme=dark"), `data-theme="dark"`)
	wants(t, get(t, d, editor, "/", "Cookie", "empire_theme=pink"), "!data-theme")
	w = post(t, d, editor, "/theme", url.Values{"theme": {"system"}, "next": {"//evil.example"}})
	if c := cookie(w, "empire_theme"); c == nil || c.MaxAge >= 0 || w.Header().Get("Location") != "/" {
		t.Errorf("%+v to %s", c, w.Header().Get("Location"))
	}
}

// TestBulk: a dry run comes first and is asked for by ticks or by the filter of the list;
// nothing is done by it.
func TestBulk(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	d := newDashboard(t, w)
	page := post(t, d, editor, "/sites/bulk", url.Values{"action": {"archive"}, "site": {"site_1", "site_2"}})
	wants(t, page, "Archive 1 site?", "2 sites were chosen", "1 are not in a state for it", "is being built already", `name="filter" value="{&#34;ids&#34;:[&#34;site_1&#34;,&#34;site_2&#34;]}"`, `name="all" value="false"`)
	checkMarkup(t, page.Body.String())
	whole := post(t, d, editor, "/sites/bulk", url.Values{"action": {"rebuild"}, "whole": {"on"}, "tag": {"pilot"}, "site": {"site_2"}})
	wants(t, whole, "Rebuild 1 site?", `{&#34;tag&#34;:&#34;pilot&#34;}`, `name="all" value="false"`)
	wants(t, post(t, d, editor, "/sites/bulk", url.Values{"action": {"rebuild"}, "whole": {"on"}}), `name="all" value="true"`)
	long := url.Values{"action": {"archive"}, "filter": {`{"ids":["site_1"]}`}, "reason": {strings.Repeat("why ", 40)}}
	again := post(t, d, editor, "/batches", long)
	wants(t, again, "The reason is too long.", "why why")
	if again.Code != 422 || w.started.Action != "" {
		t.Errorf("%d, started %+v", again.Code, w.started)
	}
}

func TestSettingsKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := post(t, newDashboard(t, busyWorld()), editor, "/sites/site_1/settings", url.Values{"title": {"bad"}, "niche": {"tea <b>"}, "tags": {"pilot"}, "operator_city": {"Bonn"}})
	wants(t, w, `value="bad"`, `value="tea &lt;b&gt;"`, `value="Bonn"`, "This title is not good enough.", `aria-invalid="true"`)
	checkMarkup(t, w.Body.String())
}

func TestKeysCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	w := post(t, d, editor, "/keys", url.Values{"keys": {"off"}, "next": {"/sites"}})
	if c := cookie(w, "empire_keys"); c == nil || c.Value != "off" || w.Header().Get("Location") != "/sites" {
		t.Errorf("%+v to %s", c, w.Header().Get("Location"))
	}
	wants(t, get(t, d, editor, "/", "Cookie", "empire_keys=off"), `data-keys="off"`, "Turn single keys on")
	wants(t, get(t, d, editor, "/"), `data-keys="on"`)
}

func TestSectionsWithoutTheRight(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	w.fail["agents"] = domain.Errorf(domain.CodeForbidden, "This needs the permission agents.read.")
	w.fail["traffic"] = domain.Errorf(domain.CodeUnavailable, "No figures.") // sites and runs are shown in their place
	wants(t, get(t, newDashboard(t, w), reader, "/"), "This needs the permission agents.read.", "http://keyboards.localhost:8081/", "3 runs begun, 1 of them failed")
}
