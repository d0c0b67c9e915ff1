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
	for _, target := range []string{"/approvals/appr_1/decision", "/sites/site_1/rollback", "/runs/run_1/cancel", "/launch"} {
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
		{"roll back", "/sites/site_1/rollback", url.Values{"release_id": {"rel_1"}}, 303, "/sites/site_1", func(w *world) bool { return w.rolledBack == "rel_1" }},
		{"roll back to red", "/sites/site_1/rollback", url.Values{"release_id": {"rel_red"}}, 409, "", nil},
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
			if tt.status == 303 {
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

func TestSectionsWithoutTheRight(t *testing.T) {
	t.Parallel()
	w := busyWorld()
	w.fail["agents"] = domain.Errorf(domain.CodeForbidden, "This needs the permission agents.read.")
	wants(t, get(t, newDashboard(t, w), reader, "/"), "This needs the permission agents.read.", "keyboards.example")
}
