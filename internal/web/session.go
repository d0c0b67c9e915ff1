package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"empire/internal/domain"
)

const (
	guestCookie  = "empire_guest"  // stands in for the session in the sign-in form
	noticeCookie = "empire_notice" // what to say on the next page
	themeCookie  = "empire_theme"
	keysCookie   = "empire_keys" // off: single keys do nothing
)

// notices are the messages that an action can leave for the next page. The cookie
// holds the key only, so nobody can make the page say something else.
var notices = map[string]string{
	"approved":                "Approved. The release is being published.",
	"rejected":                "Rejected. The run has ended without publishing anything.",
	"rolled-back":             "Rolled back. The edge serves the earlier release now.",
	"cancelled":               "The run is cancelled.",
	"retried":                 "The run goes on at the step that failed.",
	"launched":                "Started. Nothing is published before you approve it.",
	"launched-without-budget": "Started, but its budget could not be made. Make one in the settings, or cancel the run.",
	"imported":                "The feed is imported.",
	"feed-deleted":            "The feed is withdrawn.",
	"saved":                   "Saved.",
	"test-sent":               "A test message was sent.",
	"deleted":                 "Deleted.",
	"requeued":                "It is back in the queue.",
	"edited":                  "The text is changed. The gates look at the site again, then it can be approved.",
	"task-cancelled":          "The task is cancelled.",
	"revoked":                 "The key is revoked.",
	"signed-out":              "You are signed out.",
	"published":               "Published. The edge serves this release now.",
	"rebuilding":              "A rebuild has begun. Nothing is published before you approve it.",
	"batch-started":           "Started. Each site is changed whole or not at all.",
	"batch-cancelled":         "Cancelled. Sites that were not changed yet stay as they are.",
}

func (d *Dashboard) setCookie(w http.ResponseWriter, r *http.Request, c http.Cookie) {
	c.Path, c.HttpOnly, c.Secure = "/", true, r.TLS != nil
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	http.SetCookie(w, &c)
}

func cookieOf(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (d *Dashboard) notify(w http.ResponseWriter, r *http.Request, key string) {
	d.setCookie(w, r, http.Cookie{Name: noticeCookie, Value: key, MaxAge: 60})
}

// sessionOf returns what CSRF tokens are bound to: the session, or the guest cookie.
func (d *Dashboard) sessionOf(r *http.Request) string {
	if domain.PrincipalFrom(r.Context()) != nil {
		return cookieOf(r, d.c.SessionCookie)
	}
	return cookieOf(r, guestCookie)
}

// maxFormMemory is how much of a form with a file is held in memory; the rest waits on
// disk.
const maxFormMemory = 1 << 20

func parseForm(r *http.Request) error {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return r.ParseMultipartForm(maxFormMemory)
	}
	return r.ParseForm()
}

// checkForm parses a form and checks its CSRF token.
func (d *Dashboard) checkForm(r *http.Request, session string) error {
	if err := parseForm(r); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return &domain.Error{Code: domain.CodeTooLarge, Message: "The file is larger than 10 MB. Import it with the command line.", Err: err}
		}
		return &domain.Error{Code: domain.CodeMalformed, Message: "The form cannot be read.", Err: err}
	}
	if !d.c.CSRF.Valid(session, r.PostFormValue("csrf")) {
		return domain.Errorf(domain.CodeForbidden, "This form is too old. Go back, reload the page and try again.")
	}
	return nil
}

// toSignIn leads to the sign-in form and from there back to where r wanted to go.
func (d *Dashboard) toSignIn(w http.ResponseWriter, r *http.Request) {
	target := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		target += "?next=" + url.QueryEscape(r.URL.Path)
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// localPath returns next if it is a path on this server, else "/".
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return u.EscapedPath()
}

type signInView struct {
	Email string
	Next  string
	Error string
}

func (d *Dashboard) signInPage(w http.ResponseWriter, r *http.Request) {
	if domain.PrincipalFrom(r.Context()) != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	d.renderSignIn(w, r, http.StatusOK, signInView{Next: localPath(r.URL.Query().Get("next"))})
}

// renderSignIn makes sure that there is a guest cookie for the token of the form.
func (d *Dashboard) renderSignIn(w http.ResponseWriter, r *http.Request, status int, v signInView) {
	if cookieOf(r, guestCookie) == "" {
		guest := http.Cookie{Name: guestCookie, Value: rand.Text(), SameSite: http.SameSiteStrictMode}
		d.setCookie(w, r, guest)
		r.AddCookie(&guest)
	}
	d.render(w, r, status, view{template: "signin", title: "Sign in", data: v})
}

func (d *Dashboard) signIn(w http.ResponseWriter, r *http.Request) {
	if err := d.checkForm(r, cookieOf(r, guestCookie)); err != nil {
		d.renderSignIn(w, r, d.c.Status(err), signInView{Next: "/", Error: domain.MessageOf(err)})
		return
	}
	v := signInView{Email: r.PostFormValue("email"), Next: localPath(r.PostFormValue("next"))}
	s, err := d.c.Users.Login(r.Context(), domain.LoginParams{
		Email: v.Email, Password: r.PostFormValue("password"), OTP: strings.TrimSpace(r.PostFormValue("otp")), Client: r.UserAgent(),
	})
	if err != nil {
		d.log(r, err)
		v.Error = domain.MessageOf(err)
		d.renderSignIn(w, r, d.c.Status(err), v)
		return
	}
	d.setCookie(w, r, http.Cookie{Name: d.c.SessionCookie, Value: s.Token, Expires: s.ExpiresAt})
	d.setCookie(w, r, http.Cookie{Name: guestCookie, MaxAge: -1})
	http.Redirect(w, r, v.Next, http.StatusSeeOther)
}

// signOut ends the sign-in itself, not only the cookie: a copy of it is worth nothing
// any more.
func (d *Dashboard) signOut(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := d.c.Users.Logout(r.Context(), false); err != nil {
		return "", err
	}
	d.setCookie(w, r, http.Cookie{Name: d.c.SessionCookie, MaxAge: -1})
	d.notify(w, r, "signed-out")
	return "/sign-in", nil
}

// setTheme remembers light or dark. It needs no sign-in: the form of the sign-in
// page has it too.
func (d *Dashboard) setTheme(w http.ResponseWriter, r *http.Request) {
	if err := d.checkForm(r, d.sessionOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	switch theme := r.PostFormValue("theme"); theme {
	case "light", "dark":
		d.setCookie(w, r, http.Cookie{Name: themeCookie, Value: theme, MaxAge: 365 * 24 * 3600})
	default:
		d.setCookie(w, r, http.Cookie{Name: themeCookie, MaxAge: -1})
	}
	http.Redirect(w, r, localPath(r.PostFormValue("next")), http.StatusSeeOther)
}

// setKeys remembers whether single keys do something.
func (d *Dashboard) setKeys(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.PostFormValue("keys") == "off" {
		d.setCookie(w, r, http.Cookie{Name: keysCookie, Value: "off", MaxAge: 365 * 24 * 3600})
	} else {
		d.setCookie(w, r, http.Cookie{Name: keysCookie, MaxAge: -1})
	}
	return localPath(r.PostFormValue("next")), nil
}
