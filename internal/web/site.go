package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

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
}

type siteControl interface {
	Generate(ctx context.Context, p domain.GenerateParams) (*domain.Website, *domain.Run, error)
	Rollback(ctx context.Context, id domain.WebsiteID, releaseID domain.ReleaseID) (*domain.Website, error)
	Audit(ctx context.Context, id domain.WebsiteID) ([]domain.Gate, error)
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

type sitesView struct {
	Sites section[siteRow]
	Pager pager
}

func (d *Dashboard) sites(_ http.ResponseWriter, r *http.Request) (view, error) {
	w := windowOf(r)
	sites, total, err := d.c.Websites.List(r.Context(), w)
	if err != nil {
		return view{}, err
	}
	v := sitesView{load(d, r, d.siteRower(r), sites, total, nil), pagerOf(r, w, len(sites), total)}
	return view{template: "sites", title: "Sites", section: "sites", data: v}, nil
}

type siteView struct {
	Site     siteRow
	Gates    section[domain.Gate]
	Releases section[releaseRow]
	Pages    section[pageRow]
	Runs     section[runView]
	Pager    pager
}

type releaseRow struct {
	domain.Release
	Live    bool
	Verdict domain.GateState
	CanBack bool // may be rolled back to
}

type pageRow struct {
	domain.Page
	URL string
}

// site shows one website: what is served, why it may be, and what led to it.
func (d *Dashboard) site(_ http.ResponseWriter, r *http.Request) (view, error) {
	ctx := r.Context()
	site, err := d.c.Websites.Get(ctx, domain.WebsiteID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	v := siteView{Site: siteRow{Website: site}}
	if site.LiveRelease != "" {
		v.Site.URL = d.c.SiteURL(site)
	}
	releases, total, err := d.c.Websites.Releases(ctx, site.ID, domain.Window{Limit: 20})
	v.Site.Release = liveOf(site, releases)
	v.Releases = load(d, r, func(rel *domain.Release) releaseRow {
		row := releaseRow{Release: *rel, Live: rel.ID == site.LiveRelease, Verdict: domain.GateVerdict(rel.Gates)}
		row.CanBack = !row.Live && rel.PublishedAt != nil && row.Verdict != domain.GateFail
		return row
	}, releases, total, err)
	if total > 0 {
		gates, err := d.c.Websites.Audit(ctx, site.ID)
		v.Gates = load(d, r, func(g *domain.Gate) domain.Gate { return *g }, gates, len(gates), err)
	}
	w := windowOf(r)
	pages, total, err := d.c.Websites.Pages(ctx, site.ID, w)
	v.Pages = load(d, r, func(p *domain.Page) pageRow { return pageRow{*p, joinURL(v.Site.URL, p.Path())} }, pages, total, err)
	v.Pager = pagerOf(r, w, len(pages), total)
	runs, total, err := d.c.Runs.List(ctx, "", site.ID, domain.Window{Limit: 5})
	v.Runs = load(d, r, d.runViewer(r), runs, total, err)
	live := slices.ContainsFunc(v.Runs.Items, func(run runView) bool { return run.Moving })
	return view{template: "site", title: site.Name, section: "sites", live: live, data: v}, nil
}

// joinURL puts a page's path behind the address of its site, if there is one.
func joinURL(base, path string) string {
	if base == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + path
}

func (d *Dashboard) rollback(w http.ResponseWriter, r *http.Request) (string, error) {
	site, err := d.c.Websites.Rollback(r.Context(), domain.WebsiteID(r.PathValue("id")), domain.ReleaseID(r.PostFormValue("release_id")))
	if err != nil {
		return "", err
	}
	d.notify(w, r, "rolled-back")
	return "/sites/" + string(site.ID), nil
}

// At returns when the release was last published, or else made.
func (r releaseRow) At() time.Time {
	if r.PublishedAt != nil {
		return *r.PublishedAt
	}
	return r.CreatedAt
}

func fieldOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Field
	}
	return ""
}
