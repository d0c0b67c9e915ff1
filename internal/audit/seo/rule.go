package seo

import (
	"fmt"
	"strings"

	"empire/internal/domain"
)

// The limits of the rules. Lengths are in characters.
const (
	MinTitle       = 10
	MaxTitle       = 65
	MinDescription = 50
	MaxDescription = 160
	MinWords       = 150       // of the main text
	MaxClicks      = 3         // from the home page
	MaxPageBytes   = 512 << 10 // of HTML
	MaxNesting     = 64        // elements in each other
)

// Rule is one rule of the audit.
type Rule struct {
	ID       string
	Severity domain.GateState // of its findings
	Fix      string
	Source   string // where the rule comes from
}

// Weight is what the rule counts in a score: 3 if it can fail a release, else 1.
func (r Rule) Weight() float64 {
	if r.Severity == domain.GateFail {
		return 3
	}
	return 1
}

const central = "https://developers.google.com/search/docs/"

// Rules lists all rules.
var Rules = []Rule{
	{"SEO-TITLE-MISSING", domain.GateFail, "Give the page one title element with text.", central + "appearance/title-link"},
	{"SEO-TITLE-LENGTH", domain.GateWarn, fmt.Sprintf("Write %d to %d characters.", MinTitle, MaxTitle), central + "appearance/title-link"},
	{"SEO-TITLE-DUPLICATE", domain.GateFail, "Say in the title what only this page has.", central + "appearance/title-link"},
	{"SEO-DESC-MISSING", domain.GateWarn, "Give the page one meta description.", central + "appearance/snippet"},
	{"SEO-DESC-LENGTH", domain.GateWarn, fmt.Sprintf("Write %d to %d characters.", MinDescription, MaxDescription), central + "appearance/snippet"},
	{"SEO-DESC-DUPLICATE", domain.GateWarn, "Describe what only this page has.", central + "appearance/snippet"},
	{"SEO-H1-MISSING", domain.GateFail, "Give the page one h1 with text.", central + "fundamentals/seo-starter-guide"},
	{"SEO-H1-MULTIPLE", domain.GateWarn, "Keep one h1 and make the others h2.", central + "fundamentals/seo-starter-guide"},
	{"SEO-H1-DUPLICATE", domain.GateWarn, "Say in the h1 what only this page has.", central + "fundamentals/seo-starter-guide"},
	{"SEO-HEADING-ORDER", domain.GateWarn, "Go down one level at a time and leave no heading empty.", "https://www.w3.org/WAI/tutorials/page-structure/headings/"},
	{"SEO-LANG", domain.GateFail, "Set the lang attribute of html to the language of the text.", "https://www.w3.org/WAI/WCAG22/Understanding/language-of-page"},
	{"SEO-CANONICAL", domain.GateFail, "Point one canonical link at the page's own absolute address.", central + "crawling-indexing/consolidate-duplicate-urls"},
	{"SEO-ROBOTS", domain.GateFail, "Let the page be indexed, or take it out of menus and sitemap; name each directive once.", central + "crawling-indexing/robots-meta-tag"},
	{"SEO-VIEWPORT", domain.GateWarn, "Set width=device-width and let readers zoom.", central + "crawling-indexing/mobile/mobile-sites-mobile-first-indexing"},
	{"SEO-ALT", domain.GateWarn, "Describe the image, or give it an empty alt if it only decorates.", central + "appearance/google-images"},
	{"SEO-LINK-BROKEN", domain.GateFail, "Link to an address that the site has.", central + "crawling-indexing/links-crawlable"},
	{"SEO-ANCHOR-BROKEN", domain.GateFail, "Link to an id that the target page has.", "https://html.spec.whatwg.org/multipage/browsing-the-web.html#scrolling-to-a-fragment"},
	{"SEO-ID-DUPLICATE", domain.GateWarn, "Use each id once on a page.", "https://html.spec.whatwg.org/multipage/dom.html#the-id-attribute"},
	{"SEO-LINK-CRAWLABLE", domain.GateWarn, "Give each link an href with an address.", central + "crawling-indexing/links-crawlable"},
	{"SEO-LINK-TEXT", domain.GateWarn, "Say in the link's text where it leads.", central + "crawling-indexing/links-crawlable#anchor-text"},
	{"SEO-ORPHAN", domain.GateFail, "Link to the page from another page.", central + "crawling-indexing/links-crawlable"},
	{"SEO-DEPTH", domain.GateWarn, fmt.Sprintf("Make the page reachable from the home page in %d clicks.", MaxClicks), central + "fundamentals/seo-starter-guide"},
	{"SEO-THIN", domain.GateWarn, fmt.Sprintf("Say at least %d words that help the reader, or merge the page with another.", MinWords), central + "fundamentals/creating-helpful-content"},
	{"SEO-JSONLD-INVALID", domain.GateFail, "Write JSON-LD with @context, @type and the required properties.", central + "appearance/structured-data/intro-structured-data"},
	{"SEO-JSONLD-MISMATCH", domain.GateFail, "State in JSON-LD only what the page shows.", central + "appearance/structured-data/sd-policies"},
	{"SEO-SITEMAP-MISSING", domain.GateFail, "List the page in sitemap.xml.", central + "crawling-indexing/sitemaps/build-sitemap"},
	{"SEO-SITEMAP-EXTRA", domain.GateFail, "List only pages that exist and may be indexed.", central + "crawling-indexing/sitemaps/build-sitemap"},
	{"SEO-SPONSORED-MISSING", domain.GateFail, `Add rel="sponsored" to affiliate links.`, central + "crawling-indexing/qualify-outbound-links"},
	{"SEO-HREFLANG", domain.GateWarn, "Use valid language codes, absolute addresses, each once, with one that leads back here.", central + "specialty/international/localized-versions"},
	{"SEO-OG", domain.GateWarn, "Set og:title, og:description, og:type, og:url and an absolute og:image.", "https://ogp.me/"},
	{"SEO-SIZE", domain.GateWarn, fmt.Sprintf("Stay below %d KiB of HTML and %d elements in each other.", MaxPageBytes>>10, MaxNesting), central + "crawling-indexing/googlebot"},
}

var ruleByID = func() map[string]Rule {
	m := make(map[string]Rule, len(Rules))
	for _, r := range Rules {
		m[r.ID] = r
	}
	return m
}()

// sample names the first few of a list.
func sample(list []string) string {
	const few = 5
	out := make([]string, 0, few)
	for _, s := range list[:min(few, len(list))] {
		out = append(out, clip(s, 80))
	}
	text := strings.Join(out, ", ")
	if n := len(list) - few; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// clip shortens s to n characters.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
