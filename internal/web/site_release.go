package web

import (
	"net/http"
	"time"

	"empire/internal/domain"
)

type releasesView struct {
	siteHead
	Releases section[releaseRow]
	Pager    pager
}

type releaseRow struct {
	domain.Release
	Live    bool
	Verdict domain.GateState
	Back    bool // may be rolled back to
	Forward bool // was live after the live one and may be so again
	Preview string
	Against domain.ReleaseID // the one before it, to compare with; empty: none is shown
}

// At returns when the release was last published, or else made.
func (r releaseRow) At() time.Time {
	if r.PublishedAt != nil {
		return *r.PublishedAt
	}
	return r.CreatedAt
}

// siteReleases lists what a website was and may be again.
func (d *Dashboard) siteReleases(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "releases")
	if err != nil {
		return view{}, err
	}
	w := windowOf(r)
	list, total, err := d.c.Websites.Releases(r.Context(), head.Site.ID, w)
	v := releasesView{siteHead: head, Pager: pagerOf(r, w, len(list), total)}
	v.Releases = load(d, r, func(rel *domain.Release) releaseRow {
		row := releaseRow{Release: *rel, Live: rel.ID == head.Site.LiveRelease, Verdict: domain.GateVerdict(rel.Gates)}
		if usable := !row.Live && rel.PublishedAt != nil && row.Verdict != domain.GateFail; usable {
			row.Forward = head.Release == nil || rel.Number > head.Release.Number
			row.Back = !row.Forward
		}
		if d.c.PreviewURL != nil {
			row.Preview = d.c.PreviewURL(head.Site, rel.Manifest)
		}
		return row
	}, list, total, err)
	for i := range v.Releases.Items[:max(0, len(v.Releases.Items)-1)] {
		v.Releases.Items[i].Against = v.Releases.Items[i+1].ID
	}
	return head.page("sitereleases", v), nil
}

type diffView struct {
	siteHead
	Diff *domain.ReleaseDiff
}

// siteDiff shows what differs between two releases; without any named, between the live
// one and the one before it.
func (d *Dashboard) siteDiff(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "releases")
	if err != nil {
		return view{}, err
	}
	q := r.URL.Query()
	diff, err := d.c.Websites.Diff(r.Context(), head.Site.ID, domain.DiffParams{
		To: domain.ReleaseID(q.Get("to")), Against: domain.ReleaseID(q.Get("against")), Page: q.Get("page"),
	})
	if err != nil {
		return view{}, err
	}
	v := head.page("sitediff", diffView{head, diff})
	v.crumbs = append(v.crumbs, crumb{"Releases", head.Tabs[0].Address + "/releases"})
	v.title = "What differs"
	return v, nil
}

// releaseAction makes a form act on one release of a website.
func (d *Dashboard) releaseAction(w http.ResponseWriter, r *http.Request, notice string, do func(id domain.WebsiteID, release domain.ReleaseID) (*domain.Website, error)) (string, error) {
	release := domain.ReleaseID(r.PostFormValue("release_id"))
	if release == "" {
		return "", domain.Invalid("release_id", "No release was chosen.")
	}
	site, err := do(domain.WebsiteID(r.PathValue("id")), release)
	if err != nil {
		return "", err
	}
	d.notify(w, r, notice)
	return "/sites/" + string(site.ID) + "/releases", nil
}

func (d *Dashboard) rollback(w http.ResponseWriter, r *http.Request) (string, error) {
	return d.releaseAction(w, r, "rolled-back", func(id domain.WebsiteID, release domain.ReleaseID) (*domain.Website, error) {
		return d.c.Websites.Rollback(r.Context(), id, release)
	})
}

func (d *Dashboard) publish(w http.ResponseWriter, r *http.Request) (string, error) {
	return d.releaseAction(w, r, "published", func(id domain.WebsiteID, release domain.ReleaseID) (*domain.Website, error) {
		return d.c.Websites.Publish(r.Context(), id, release)
	})
}

func (d *Dashboard) rebuild(w http.ResponseWriter, r *http.Request) (string, error) {
	run, err := d.c.Websites.Rebuild(r.Context(), domain.WebsiteID(r.PathValue("id")))
	if err != nil {
		return "", err
	}
	d.notify(w, r, "rebuilding")
	return "/runs/" + string(run.ID), nil
}
