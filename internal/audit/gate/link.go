package gate

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
)

// linkCheck follows the addresses of a site.
type linkCheck struct {
	host     string
	served   map[string]bool
	pages    map[string]*audit.Page
	linked   map[string]bool // paths that another page links to
	findings []domain.Finding
	checked  int
}

// redirects is where the edge redirects to offers; it is no part of the files.
const redirects = "/go/"

// checkLinks follows every internal link, anchor and resource, and looks for pages
// that nothing links to and pages of the draft that were not built.
func checkLinks(d *domain.Draft, pages []*audit.Page, files []domain.File) domain.Gate {
	c := linkCheck{host: d.Website.Domain, served: map[string]bool{}, pages: map[string]*audit.Page{}, linked: map[string]bool{"/": true}}
	for _, f := range files {
		c.served[f.Path] = true
	}
	for _, p := range pages {
		c.pages[p.Path] = p
	}
	for _, p := range pages {
		for _, l := range p.Links {
			c.follow(p, l.Href, true)
		}
		for _, r := range p.Resources {
			c.follow(p, r, false)
		}
	}
	for i := range d.Pages {
		if path := d.Pages[i].Path(); !c.served[path] {
			c.fail("BUILD", path, "The page of the draft was not built.", "Build the site again.")
		}
	}
	for _, p := range pages {
		if !c.linked[p.Path] {
			c.fail("ORPHAN", p.Path, "No page links here.", "Link it.")
		}
	}
	return gateOf("links", c.checked, c.findings, fmt.Sprintf("%d internal links and anchors resolve.", c.checked))
}

func (c *linkCheck) fail(rule, page, message, fix string) {
	c.findings = append(c.findings, domain.Finding{Rule: rule, Severity: domain.GateFail, Page: page, Message: message, Fix: fix})
}

// follow checks one address of a page if it is the site's own.
func (c *linkCheck) follow(p *audit.Page, address string, link bool) {
	const fix = "Correct the address."
	u, err := url.Parse(address)
	if err != nil {
		c.fail("LINK", p.Path, fmt.Sprintf("Address %.80q cannot be read.", address), fix)
		return
	}
	if u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || u.Host != "" && !strings.EqualFold(u.Hostname(), c.host) {
		return
	}
	target := (&url.URL{Path: p.Path}).ResolveReference(&url.URL{Path: u.Path}).Path
	if strings.HasPrefix(target, redirects) {
		return
	}
	c.checked++
	switch {
	case !c.served[target]:
		c.fail("LINK", p.Path, fmt.Sprintf("Address %.80q leads nowhere.", address), fix)
	case link && u.Fragment != "" && c.pages[target] != nil && !c.pages[target].IDs[u.Fragment]:
		c.fail("LINK", p.Path, fmt.Sprintf("Anchor %.80q does not exist.", address), fix)
	}
	if link && target != p.Path {
		c.linked[target] = true
	}
}

// checkSitemap wants the sitemap to list exactly the pages that may be indexed, in
// the draft as on the built pages.
func checkSitemap(d *domain.Draft, pages []*audit.Page, files []domain.File) domain.Gate {
	origin := "https://" + d.Website.Domain
	var findings []domain.Finding
	fail := func(format string, args ...any) {
		findings = append(findings, domain.Finding{Rule: "SITEMAP", Severity: domain.GateFail, Page: "/sitemap.xml", Message: fmt.Sprintf(format, args...), Fix: "List exactly the indexable pages."})
	}
	want := map[string]bool{}
	for i := range d.Pages {
		if d.Pages[i].Indexable {
			want[origin+d.Pages[i].Path()] = true
		}
	}
	for _, p := range pages {
		if p.NoIndex == want[origin+p.Path] {
			fail("Page %s is built with another robots directive than planned.", p.Path)
		}
	}
	got, err := sitemap(files)
	if err != nil {
		fail("%s", err.Error())
		return gateOf("sitemap", len(want), findings, "")
	}
	for _, a := range slices.Sorted(maps.Keys(want)) {
		if got[a] == 0 {
			fail("Indexable page %s is missing.", a)
		}
	}
	for _, a := range slices.Sorted(maps.Keys(got)) {
		if !want[a] {
			fail("Address %s is not an indexable page.", a)
		} else if got[a] > 1 {
			fail("Address %s is listed %d times.", a, got[a])
		}
	}
	return gateOf("sitemap", len(want), findings, fmt.Sprintf("The sitemap lists exactly the %d indexable pages.", len(want)))
}

// sitemap returns how often the sitemap lists each address.
func sitemap(files []domain.File) (map[string]int, error) {
	i := slices.IndexFunc(files, func(f domain.File) bool { return f.Path == "/sitemap.xml" })
	if i < 0 {
		return nil, domain.Errorf(domain.CodeInvalid, "The site has no sitemap.")
	}
	var set struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal(files[i].Body, &set); err != nil {
		return nil, domain.Errorf(domain.CodeInvalid, "The sitemap cannot be read.")
	}
	got := make(map[string]int, len(set.URLs))
	for _, u := range set.URLs {
		got[strings.TrimSpace(u.Loc)]++
	}
	return got, nil
}
