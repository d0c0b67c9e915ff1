// Package web is the dashboard: pages rendered on the server that work as plain
// HTML. Every page has its own address, every action is a form with a CSRF token
// that ends in a redirect. A small script keeps the regions of a page fresh while
// something runs; without it the page reloads itself.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"empire/internal/domain"
)

type userService interface {
	Login(ctx context.Context, p domain.LoginParams) (domain.Session, error)
	Logout(ctx context.Context, all bool) error
}

type agentService interface {
	List(ctx context.Context, f domain.AgentFilter) ([]domain.Agent, error)
}

type csrfTokens interface {
	Token(session string) string
	Valid(session, token string) bool
}

// Config is what the dashboard needs.
type Config struct {
	Users     userService
	Websites  websiteService
	Runs      runService
	Approvals approvalService
	Agents    agentService
	Work      Work // services of the pages for work
	// What follows may be nil: what shows it is left out.
	Batches     batchService
	Traffic     trafficService
	SEO         seoService
	Links       outlinkService
	Budgets     spendingService
	Fleet       fleetService
	Feeds       feedLister
	DeadLetters letterLister
	Health      componentLister
	FeedMaxAge  time.Duration // after which a feed is stale; 0: two weeks

	CSRF          csrfTokens
	SessionCookie string                            // name of the cookie that the gateway reads
	SiteURL       func(site *domain.Website) string // where the edge serves a website
	// PreviewURL says where a release that is not published can be looked at; nil if
	// there is no such place.
	PreviewURL func(site *domain.Website, manifest string) string
	Status     func(err error) int // HTTP status of an error; nil: 500 for all
	Logger     *slog.Logger
	Now        func() time.Time // nil: time.Now
}

// Dashboard serves the pages.
type Dashboard struct {
	c         Config
	mux       *router
	menu      []navGroup // what this program has pages for
	assets    assets
	templates templates
	imports   feedImports
}

// policy is the content security policy of every page: nothing from elsewhere,
// nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// New returns the dashboard.
func New(c Config) (*Dashboard, error) {
	if c.CSRF == nil || c.SessionCookie == "" || c.SiteURL == nil || c.Logger == nil {
		return nil, errors.New("dashboard: CSRF, SessionCookie, SiteURL and Logger are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Status == nil {
		c.Status = func(error) int { return http.StatusInternalServerError }
	}
	d := &Dashboard{c: c, mux: &router{ServeMux: http.NewServeMux()}}
	var err error
	if d.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if d.templates, err = parseTemplates(d); err != nil {
		return nil, err
	}
	d.routes()
	d.prepareMenu()
	return d, nil
}

func (d *Dashboard) routes() {
	d.mux.HandleFunc("GET /assets/{name}", d.assets.serve)
	d.mux.HandleFunc("GET /sign-in", d.signInPage)
	d.mux.HandleFunc("POST /sign-in", d.signIn)
	d.mux.HandleFunc("POST /theme", d.setTheme)
	d.mux.HandleFunc("POST /keys", d.action(d.setKeys))
	d.mux.HandleFunc("POST /sign-out", d.action(d.signOut))
	d.mux.HandleFunc("GET /{$}", d.page(d.home))
	d.mux.HandleFunc("GET /sites", d.page(d.sites))
	d.siteRoutes()
	d.mux.HandleFunc("GET /runs", d.page(d.runs))
	d.mux.HandleFunc("GET /runs/{id}", d.page(d.run))
	d.mux.HandleFunc("POST /runs/{id}/cancel", d.action(d.cancel))
	d.mux.HandleFunc("POST /runs/{id}/retry", d.action(d.retry))
	d.mux.HandleFunc("GET /approvals/{id}", d.page(d.approval))
	d.mux.HandleFunc("POST /approvals/{id}/decision", d.action(d.decide))
	d.mux.HandleFunc("POST /approvals/{id}/edits", d.action(d.editText))
	d.workRoutes()
	d.mux.HandleFunc("GET /", d.page(func(http.ResponseWriter, *http.Request) (view, error) {
		return view{}, domain.Errorf(domain.CodeNotFound, "There is no page at this address.")
	}))
}

// ServeHTTP serves one page or action.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	d.mux.ServeHTTP(w, r)
}

// view is a page before it is put into the frame.
type view struct {
	template string
	title    string
	section  string // entry of the menu that is current
	crumbs   []crumb
	period   string // that the page is about; empty: it has none
	search   string // what was searched for
	charts   bool   // it has some
	live     bool   // something on it changes by itself
	data     any
}

// page serves a view to a signed-in user, or leads to the sign-in form.
func (d *Dashboard) page(show func(http.ResponseWriter, *http.Request) (view, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if domain.PrincipalFrom(r.Context()) == nil {
			d.toSignIn(w, r)
			return
		}
		v, err := show(w, r)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		d.render(w, r, http.StatusOK, v)
	}
}

// action runs a form of a signed-in user. It returns where to go next.
func (d *Dashboard) action(do func(http.ResponseWriter, *http.Request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if domain.PrincipalFrom(r.Context()) == nil {
			d.toSignIn(w, r)
			return
		}
		err := d.checkForm(r, d.sessionOf(r))
		next := ""
		if err == nil {
			next, err = do(w, r)
		}
		if err != nil {
			d.fail(w, r, err)
			return
		}
		if next != "" {
			http.Redirect(w, r, next, http.StatusSeeOther)
		}
	}
}
