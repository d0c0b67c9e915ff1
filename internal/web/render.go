package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"

	"empire/internal/domain"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates holds one set for each page: the frame, the shared parts and the page.
type templates map[string]*template.Template

func parseTemplates(d *Dashboard) (templates, error) {
	shared, err := template.New("shared").Funcs(d.functions()).ParseFS(templateFiles, "templates/frame.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	set := templates{}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
		if name == "frame" || name == "parts" {
			continue
		}
		page, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
		if set[name], err = page.ParseFS(templateFiles, "templates/"+f.Name()); err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
	}
	return set, nil
}

// frame is the data of every page.
type frame struct {
	Title   string
	Section string
	Path    string // to come back to
	Crumbs  []crumb
	Menu    []navItem
	Search  string // what was searched for
	Periods []tab  // empty: the page has no period
	Live    bool
	Charts  bool
	Theme   string // light, dark or empty: what the system says
	NoKeys  bool   // single keys are turned off
	Notice  string
	CSRF    string
	User    *domain.Principal
	Data    any
}

// crumb is one step of the way to a page.
type crumb struct{ Label, Address string }

// CanManage reports whether the user may change websites and decide approvals.
func (f frame) CanManage() bool { return f.User.Can(domain.WebsitesManage) }

// CanRun reports whether the user may start, cancel and retry runs.
func (f frame) CanRun() bool { return f.User.Can(domain.AgentsManage) }

// CanAdmin reports whether the user may do everything.
func (f frame) CanAdmin() bool { return f.User.Can(domain.AdminFull) }

func (d *Dashboard) frameOf(r *http.Request, v view) frame {
	f := frame{
		Title: v.title, Section: v.section, Path: r.URL.Path, Crumbs: v.crumbs, Menu: d.menuFor(r, v.section), Search: v.search, Live: v.live,
		Charts: v.charts, NoKeys: cookieOf(r, keysCookie) == "off", CSRF: d.c.CSRF.Token(d.sessionOf(r)), User: domain.PrincipalFrom(r.Context()),
		Data: v.data, Notice: notices[cookieOf(r, noticeCookie)],
	}
	if v.period != "" {
		f.Periods = periodTabs(r, v.period)
	}
	if theme := cookieOf(r, themeCookie); theme == "light" || theme == "dark" {
		f.Theme = theme
	}
	return f
}

// render writes a page, or only its main part when a script asks for that.
func (d *Dashboard) render(w http.ResponseWriter, r *http.Request, status int, v view) {
	f, part := d.frameOf(r, v), "frame"
	if r.Header.Get("X-Part") == "main" || r.Header.Get("Hx-Request-Type") == "partial" {
		part = "fragment"
	} else if f.Notice != "" {
		d.setCookie(w, r, http.Cookie{Name: noticeCookie, MaxAge: -1})
	}
	var b bytes.Buffer
	if err := d.templates[v.template].ExecuteTemplate(&b, part, f); err != nil {
		d.c.Logger.ErrorContext(r.Context(), "page could not be rendered", slog.String("template", v.template),
			slog.String("request_id", domain.RequestIDFrom(r.Context())), slog.Any("err", err))
		http.Error(w, "This page could not be rendered.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding, Cookie, HX-Request-Type, X-Part")
	body := b.Bytes()
	if takesGzip(r) && b.Len() > minZipped {
		body = squeeze(w, body)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails
}

// minZipped is the size in bytes from which on compression pays.
const minZipped = 1400

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// squeeze compresses a page. A comment of random length keeps the size from telling
// what a page holds beside what was asked for (the idea of "Heal the BREACH").
func squeeze(w http.ResponseWriter, page []byte) []byte {
	var b bytes.Buffer
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(&b)
	pad := rand.Text()
	z.Comment = pad[:1+int(pad[0])%len(pad)]
	if _, err := z.Write(page); err != nil {
		return page
	}
	if err := z.Close(); err != nil {
		return page
	}
	w.Header().Set("Content-Encoding", "gzip")
	return b.Bytes()
}

type failView struct {
	Status    int
	Heading   string
	Message   string
	RequestID string
	Retry     bool // reloading may help
}

// fail shows what went wrong and what to do.
func (d *Dashboard) fail(w http.ResponseWriter, r *http.Request, err error) {
	d.log(r, err)
	v := failView{Status: d.c.Status(err), Message: domain.MessageOf(err), RequestID: domain.RequestIDFrom(r.Context())}
	v.Retry = r.Method == http.MethodGet && v.Status >= 500
	switch domain.CodeOf(err) {
	case domain.CodeNotFound:
		v.Heading = "Not found"
	case domain.CodeForbidden:
		v.Heading = "Not allowed"
	case domain.CodeConflict, domain.CodeGateRed, domain.CodeBudgetExhausted:
		v.Heading = "Not possible now"
	case domain.CodeInvalid, domain.CodeMalformed:
		v.Heading = "That does not work"
	default:
		v.Heading = "Something failed"
	}
	d.render(w, r, v.Status, view{template: "fail", title: v.Heading, data: v})
}

// log records faults of the program; the user's own are no news.
func (d *Dashboard) log(r *http.Request, err error) {
	if domain.CodeOf(err) == domain.CodeInternal && r.Context().Err() == nil { // else the reader has left
		d.c.Logger.ErrorContext(r.Context(), "page failed", slog.String("request_id", domain.RequestIDFrom(r.Context())), slog.Any("err", err))
	}
}
