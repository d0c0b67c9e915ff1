package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"empire/internal/domain"
)

type websiteService interface {
	siteReader
	siteControl
}

type siteReader interface {
	List(ctx context.Context, w domain.Window) ([]domain.Website, int, error)
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	Pages(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Page, int, error)
	Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Release, int, error)
	siteInspector
}

type siteInspector interface {
	Audit(ctx context.Context, id domain.WebsiteID) ([]domain.Gate, error)
	Page(ctx context.Context, id domain.WebsiteID, page domain.PageID) (*domain.Page, []domain.Evidence, error)
	Diff(ctx context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error)
}

type siteControl interface {
	Generate(ctx context.Context, p domain.GenerateParams) (*domain.Website, *domain.Run, error)
	Rollback(ctx context.Context, id domain.WebsiteID, releaseID domain.ReleaseID) (*domain.Website, error)
	Publish(ctx context.Context, id domain.WebsiteID, releaseID domain.ReleaseID) (*domain.Website, error)
	Rebuild(ctx context.Context, id domain.WebsiteID) (*domain.Run, error)
	Update(ctx context.Context, id domain.WebsiteID, p domain.WebsitePatch) (*domain.Website, error)
}

// siteRow is one line of a list of websites.
type siteRow struct {
	*domain.Website
	URL     string          // empty while nothing is published
	Release *domain.Release // the live one, or nil
}

// siteRower adds to a website what a list shows.
func (d *Dashboard) siteRower(r *http.Request) func(*domain.Website) siteRow {
	return func(s *domain.Website) siteRow {
		row := siteRow{Website: s}
		if s.LiveRelease == "" {
			return row
		}
		row.URL = d.c.SiteURL(s)
		releases, _, err := d.c.Websites.Releases(r.Context(), s.ID, domain.Window{Limit: pageSize})
		if err != nil {
			d.log(r, err) // the row says the rest
			return row
		}
		row.Release = liveOf(s, releases)
		return row
	}
}

func liveOf(s *domain.Website, releases []domain.Release) *domain.Release {
	i := slices.IndexFunc(releases, func(r domain.Release) bool { return r.ID == s.LiveRelease })
	if i < 0 {
		return nil
	}
	return &releases[i]
}

// siteHead is what all pages of a website begin with.
type siteHead struct {
	Site    *domain.Website
	URL     string          // empty while nothing is published
	Release *domain.Release // the live one, or nil
	Frozen  bool
	Tabs    []tab
}

// siteParts are the pages of a website, in their order.
var siteParts = []struct{ name, label string }{
	{"", "Overview"}, {"pages", "Pages"}, {"releases", "Releases"}, {"audit", "Audit"}, {"links", "Links"}, {"budget", "Budget"}, {"settings", "Settings"},
}

func (d *Dashboard) siteRoutes() {
	for path, show := range map[string]func(http.ResponseWriter, *http.Request) (view, error){
		"": d.site, "/pages": d.sitePages, "/pages/{page}": d.sitePage, "/releases": d.siteReleases, "/diff": d.siteDiff, "/audit": d.siteAudit,
		"/links": d.siteLinks, "/budget": d.siteBudget, "/settings": d.siteSettings,
	} {
		d.mux.HandleFunc("GET /sites/{id}"+path, d.page(show))
	}
	for path, do := range map[string]func(http.ResponseWriter, *http.Request) (string, error){
		"/rollback": d.rollback, "/publish": d.publish, "/rebuild": d.rebuild, "/settings": d.saveSettings,
	} {
		d.mux.HandleFunc("POST /sites/{id}"+path, d.action(do))
	}
	d.mux.HandleFunc("POST /sites/bulk", d.action(d.bulk))
	d.mux.HandleFunc("GET /batches", d.page(d.batches))
	d.mux.HandleFunc("POST /batches", d.action(d.startBatch))
	d.mux.HandleFunc("GET /batches/{id}", d.page(d.batch))
	d.mux.HandleFunc("POST /batches/{id}/cancel", d.action(d.cancelBatch))
}

// siteHead loads what all pages of a website begin with. Part is the name of the page.
func (d *Dashboard) siteHead(r *http.Request, part string) (siteHead, error) {
	site, err := d.c.Websites.Get(r.Context(), domain.WebsiteID(r.PathValue("id")))
	if err != nil {
		return siteHead{}, err
	}
	row := d.siteRower(r)(site)
	h := siteHead{Site: site, URL: row.URL, Release: row.Release}
	h.Frozen = slices.Contains(d.frozenSites(r, &sitesView{}), site.ID)
	for _, p := range siteParts {
		t := tab{Label: p.label, Address: "/sites/" + url.PathEscape(string(site.ID)), Count: -1, Current: p.name == part}
		if p.name != "" {
			t.Address += "/" + p.name
		}
		h.Tabs = append(h.Tabs, t)
	}
	return h, nil
}

// page makes a page of a website.
func (h *siteHead) page(template string, data any) view {
	v := view{template: template, title: h.Site.Domain, section: "sites", crumbs: []crumb{{"Sites", "/sites"}}, data: data}
	for _, t := range h.Tabs {
		if t.Current && t.Label != siteParts[0].label {
			v.crumbs = append(v.crumbs, crumb{h.Site.Domain, h.Tabs[0].Address})
			v.title = t.Label
		}
	}
	return v
}

type siteView struct {
	siteHead
	Cards   []card
	Traffic *chart
	Error   string // why there are no figures
	Pages   []domain.TrafficPage
	Slots   []domain.TrafficSlot
	Origins []origin
	Gates   section[domain.Gate]
	Runs    section[runView]
}

// topRows is how many rows the tables of an overview have.
const topRows = 8

// site shows how a website does and what it is.
func (d *Dashboard) site(_ http.ResponseWriter, r *http.Request) (view, error) {
	ctx := r.Context()
	head, err := d.siteHead(r, "")
	if err != nil {
		return view{}, err
	}
	v := siteView{siteHead: head}
	d.addTraffic(r, &v)
	if head.Release != nil {
		gates, err := d.c.Websites.Audit(ctx, head.Site.ID)
		v.Gates = load(d, r, func(g *domain.Gate) domain.Gate { return *g }, gates, len(gates), err)
	}
	runs, total, err := d.c.Runs.List(ctx, "", head.Site.ID, domain.Window{Limit: 5})
	v.Runs = load(d, r, d.runViewer(r), runs, total, err)
	page := head.page("site", v)
	page.live = slices.ContainsFunc(v.Runs.Items, func(run runView) bool { return run.Moving })
	page.charts = v.Traffic != nil
	if d.c.Traffic != nil {
		page.period = periodOf(r)
	}
	return page, nil
}

// joinURL puts a page's path behind the address of its site, if there is one.
func joinURL(base, path string) string {
	if base == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + path
}

func fieldOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Field
	}
	return ""
}
