package web

import (
	"net/http"

	"empire/internal/domain"
)

type sitePagesView struct {
	siteHead
	Pages section[pageRow]
	Pager pager
}

type pageRow struct {
	domain.Page
	URL      string
	Evidence int // pieces that its claims rest on, each once
}

// sitePages lists the pages of the live release.
func (d *Dashboard) sitePages(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "pages")
	if err != nil {
		return view{}, err
	}
	w := windowOf(r)
	pages, total, err := d.c.Websites.Pages(r.Context(), head.Site.ID, w)
	v := sitePagesView{siteHead: head, Pager: pagerOf(r, w, len(pages), total)}
	v.Pages = load(d, r, func(p *domain.Page) pageRow { return pageRow{*p, joinURL(head.URL, p.Path()), evidenceOf(p)} }, pages, total, err)
	return head.page("sitepages", v), nil
}

// evidenceOf counts the pieces of evidence that a page names.
func evidenceOf(p *domain.Page) int {
	seen := map[domain.EvidenceID]bool{}
	for _, c := range p.Claims {
		for _, e := range c.Evidence {
			seen[e] = true
		}
	}
	return len(seen)
}

type sitePageView struct {
	siteHead
	Page    *domain.Page
	URL     string
	Claims  []claimRow
	More    int // claims that are not shown
	History []pageChange
}

type claimRow struct {
	domain.Claim
	Evidence []domain.Evidence
}

// pageChange is what a release changed on a page.
type pageChange struct {
	Release domain.Release
	Diff    *domain.PageDiff // nil: nothing
	Address string           // where the difference is shown in full
}

const (
	maxClaims  = 300
	maxHistory = 6 // releases that a page is compared over
)

// sitePage is the biography of a page: what it says on what evidence, who wrote it, and
// what the last releases changed on it.
func (d *Dashboard) sitePage(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "pages")
	if err != nil {
		return view{}, err
	}
	page, evidence, err := d.c.Websites.Page(r.Context(), head.Site.ID, domain.PageID(r.PathValue("page")))
	if err != nil {
		return view{}, err
	}
	v := sitePageView{siteHead: head, Page: page, URL: joinURL(head.URL, page.Path()), Claims: claimsOf(page, evidence)}
	if len(v.Claims) > maxClaims {
		v.Claims, v.More = v.Claims[:maxClaims], len(v.Claims)-maxClaims
	}
	v.History = d.historyOf(r, head.Site, page)
	out := head.page("sitepage", v)
	out.crumbs = append(out.crumbs, crumb{"Pages", head.Tabs[0].Address + "/pages"})
	out.title = page.Title
	return out, nil
}

func claimsOf(p *domain.Page, evidence []domain.Evidence) []claimRow {
	by := map[domain.EvidenceID]domain.Evidence{}
	for _, e := range evidence {
		by[e.ID] = e
	}
	var out []claimRow
	for _, c := range p.Claims {
		row := claimRow{Claim: c}
		for _, id := range c.Evidence {
			if e, ok := by[id]; ok {
				row.Evidence = append(row.Evidence, e)
			}
		}
		out = append(out, row)
	}
	return out
}

// historyOf compares a page over the last releases, the newest first. A comparison that
// fails ends it.
func (d *Dashboard) historyOf(r *http.Request, site *domain.Website, page *domain.Page) []pageChange {
	releases, _, err := d.c.Websites.Releases(r.Context(), site.ID, domain.Window{Limit: maxHistory})
	if err != nil {
		d.log(r, err)
		return nil
	}
	var out []pageChange
	for i := 0; i+1 < len(releases); i++ {
		p := domain.DiffParams{To: releases[i].ID, Against: releases[i+1].ID, Page: page.Path()}
		diff, err := d.c.Websites.Diff(r.Context(), site.ID, p)
		if err != nil {
			d.log(r, err)
			return out
		}
		c := pageChange{Release: releases[i], Address: "/sites/" + string(site.ID) + "/diff?to=" + string(p.To) + "&against=" + string(p.Against)}
		for j := range diff.Pages {
			if diff.Pages[j].Path == page.Path() {
				c.Diff = &diff.Pages[j]
			}
		}
		out = append(out, c)
	}
	return out
}
