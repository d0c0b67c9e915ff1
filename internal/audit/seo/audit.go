// Package seo checks built pages for what search engines need: it reads the
// finished HTML, applies the rules of Rules and gives a score.
//
// Each rule yields a value between 0 (broken) and 1 (kept) for each page that it
// applies to; a rule about many things on a page yields the share that is in order.
//
//	page score = 100 × Σ weight × value ÷ Σ weight, over the rules that apply
//	site score = mean of the scores of the indexable pages
//
// Rules whose findings fail weigh 3, the others 1. The score depends on the files
// alone: equal files give an equal score under one Version, and scores of different
// versions are not comparable. Reading is linear in the size of a page and bounded,
// whatever the page holds.
package seo

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/parallel"
)

// Version names the set of rules; it changes when a rule or a limit does.
const Version = "seo/2"

// Site is what the rules know about a site besides its files.
type Site struct {
	BaseURL  string   // scheme and host of canonical addresses, "https://keyboards.example"; empty: not compared
	Language string   // language of pages; empty: any valid one
	Short    []string // paths of pages that are short by nature, such as legal notices
	// AffiliateHosts are hosts whose links are advertising, besides those of the
	// known networks. A host stands for its subdomains too.
	AffiliateHosts []string
}

// Report is the result of an audit.
type Report struct {
	Version  string
	Score    float64 // 0 to 100
	Findings []domain.Finding
	Pages    map[string]PageScore // by path
}

// PageScore is the result for one page.
type PageScore struct {
	Score     float64            `json:"score"` // 0 to 100
	Indexable bool               `json:"indexable"`
	Rules     map[string]float64 `json:"rules"` // value of each rule that applies, 0 to 1
	Words     int                `json:"words"` // of the main text
	Clicks    int                `json:"clicks"`
}

// AuditSite audits the files that were built from a draft.
func AuditSite(d *domain.Draft, files []domain.File) Report {
	site := Site{BaseURL: "https://" + d.Website.Domain, Language: d.Website.Language}
	for i := range d.Pages {
		if k := d.Pages[i].Kind; k.Legal() || k == domain.PageMethod {
			site.Short = append(site.Short, d.Pages[i].Path())
		}
		for _, o := range d.Pages[i].Offers {
			if h := hostOf(o.URL); h != "" && !slices.Contains(site.AffiliateHosts, h) {
				site.AffiliateHosts = append(site.AffiliateHosts, h)
			}
		}
	}
	return Audit(files, site)
}

// Audit reads all files and applies the rules to those that are pages: files of
// type text/html, or without a type but with a path like a page's. Files with a
// status of 400 or more are error pages and are not scored. Findings are ordered
// by page and rule; a site without pages scores 0.
func Audit(files []domain.File, site Site) Report {
	a := newAudit(files, site)
	parallel.Do(len(a.pages), func(i int) { a.checkPage(a.pages[i]) })
	a.checkSite()
	return a.report()
}

// audit is one run over a site.
type audit struct {
	site    Site
	pages   []*page
	byPath  map[string]*page
	files   map[string]bool   // paths that exist
	sitemap map[string]bool   // paths in the sitemap; nil if there is none that can be read
	moved   map[string]string // redirects: where a path leads
	feeds   map[string][]byte // Atom and RSS by path
	robots  []robotsRule      // that hold for all crawlers
}

// page is one page with what the rules said about it.
type page struct {
	*document
	values   map[string]float64
	findings []domain.Finding
	clicks   int // from the home page; -1: not reached
	inbound  int // indexable pages that link here
	short    bool
}

func newAudit(files []domain.File, site Site) *audit {
	a := &audit{site: site, byPath: map[string]*page{}, files: map[string]bool{}, moved: map[string]string{}, feeds: map[string][]byte{}}
	var paths []string
	var bodies [][]byte
	for _, f := range files {
		path := cleanPath(f.Path)
		a.files[path] = true
		switch {
		case f.Location != "":
			a.moved[path] = f.Location
			continue
		case path == "/sitemap.xml":
			a.sitemap = readSitemap(f.Body, site.BaseURL)
		case path == "/robots.txt":
			a.robots = readRobots(f.Body)
		case isFeed(f, path):
			a.feeds[path] = f.Body
		}
		if !isPage(f, path) || a.byPath[path] != nil {
			continue
		}
		p := &page{values: map[string]float64{}, clicks: -1, short: slices.Contains(site.Short, path)}
		a.pages, bodies = append(a.pages, p), append(bodies, f.Body)
		a.byPath[path] = p
		paths = append(paths, path)
	}
	parallel.Do(len(a.pages), func(i int) { a.pages[i].document = read(paths[i], bodies[i]) })
	slices.SortFunc(a.pages, func(x, y *page) int { return cmp.Compare(x.path, y.path) })
	return a
}

func isPage(f domain.File, path string) bool {
	if f.Status >= 400 || path == "/404.html" || path == "/404/" {
		return false
	}
	if f.ContentType != "" {
		return strings.HasPrefix(f.ContentType, "text/html")
	}
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, ".html")
}

// cleanPath turns file names into the path under which a page is served.
func cleanPath(path string) string {
	return strings.TrimSuffix("/"+strings.TrimLeft(path, "/"), "index.html")
}

// value records what a rule says about a page; a value below 1 needs a message.
func (p *page) value(id string, v float64, message string) {
	p.values[id] = v
	if v >= 1 {
		return
	}
	r := ruleByID[id]
	p.findings = append(p.findings, domain.Finding{
		Rule: id, Severity: r.Severity, Page: p.path, Message: message, Fix: r.Fix, Source: r.Source,
	})
}

// pass records a rule that is kept or not.
func (p *page) pass(id string, ok bool, message string) {
	if ok {
		p.value(id, 1, "")
	} else {
		p.value(id, 0, message)
	}
}

// share records a rule about total things, of which bad ones break it.
func (p *page) share(id string, bad []string, total int, what string) {
	if total == 0 {
		return
	}
	p.value(id, 1-float64(min(len(bad), total))/float64(total), what+": "+sample(bad)+".")
}

func (a *audit) report() Report {
	r := Report{Version: Version, Pages: make(map[string]PageScore, len(a.pages))}
	sum, n := 0.0, 0
	for _, p := range a.pages {
		s := PageScore{Score: score(p.values), Indexable: p.indexable(), Rules: p.values, Words: p.words, Clicks: p.clicks}
		r.Pages[p.path] = s
		if s.Indexable {
			sum, n = sum+s.Score, n+1
		}
		r.Findings = append(r.Findings, p.findings...)
	}
	if n > 0 {
		r.Score = math.Round(sum/float64(n)*100) / 100
	} else {
		rule := ruleByID["SEO-ROBOTS"]
		r.Findings = append(r.Findings, domain.Finding{
			Rule: rule.ID, Severity: domain.GateFail, Page: "/", Message: "The site has no page that may be indexed.", Fix: rule.Fix, Source: rule.Source,
		})
	}
	slices.SortStableFunc(r.Findings, func(x, y domain.Finding) int {
		return cmp.Or(cmp.Compare(x.Page, y.Page), cmp.Compare(x.Rule, y.Rule))
	})
	return r
}

// score applies the formula of the package comment in the order of Rules, so that
// rounding does not depend on the order of a map.
func score(values map[string]float64) float64 {
	sum, weights := 0.0, 0.0
	for _, r := range Rules {
		if v, ok := values[r.ID]; ok {
			sum, weights = sum+r.Weight()*v, weights+r.Weight()
		}
	}
	if weights == 0 {
		return 0
	}
	return math.Round(100*sum/weights*100) / 100
}
