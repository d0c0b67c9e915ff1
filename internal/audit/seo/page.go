package seo

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkPage applies the rules that one page alone can break.
func (a *audit) checkPage(p *page) {
	p.pass("SEO-TITLE-MISSING", len(p.titles) == 1 && p.titles[0] != "", fmt.Sprintf("The page has %d titles with text.", withText(p.titles)))
	p.checkHeadings()
	a.checkLanguage(p)
	p.checkViewport()
	p.share("SEO-ALT", p.unnamed, p.images, "Images without alternative text")
	p.checkIDs()
	p.checkLinkText()
	a.checkSponsored(p)
	a.checkHreflang(p)
	a.checkJSONLD(p)
	p.checkRobots()
	p.pass("SEO-SIZE", !p.cut && p.size <= MaxPageBytes && p.nesting <= MaxNesting,
		fmt.Sprintf("The page has %d bytes and %d elements in each other.", p.size, p.nesting))
	if !p.indexable() {
		return
	}
	a.checkSnippet(p)
	a.checkCanonical(p)
	a.checkOpenGraph(p)
	if !p.short {
		p.pass("SEO-JSONLD-NONE", len(p.jsonld) > 0, "The page has no structured data.")
		p.pass("SEO-THIN", p.words >= MinWords, fmt.Sprintf("The main text has %d words.", p.words))
	}
}

// indexable reports whether search engines may index the page.
func (p *page) indexable() bool {
	for _, name := range []string{"robots", "googlebot"} {
		for _, d := range directives(p.metas[name]) {
			if d == "noindex" || d == "none" {
				return false
			}
		}
	}
	return true
}

func directives(contents []string) []string {
	var out []string
	for _, c := range contents {
		for d := range strings.SplitSeq(strings.ToLower(c), ",") {
			if d = strings.TrimSpace(d); d != "" {
				out = append(out, d)
			}
		}
	}
	return out
}

func withText(list []string) int {
	n := 0
	for _, s := range list {
		if s != "" {
			n++
		}
	}
	return n
}

// title returns the first title, "" for none.
func (p *page) title() string {
	if len(p.titles) == 0 {
		return ""
	}
	return p.titles[0]
}

// description returns the first meta description, "" for none.
func (p *page) description() string {
	if d := p.metas["description"]; len(d) > 0 {
		return d[0]
	}
	return ""
}

// h1 returns the first h1, "" for none.
func (p *page) h1() string {
	for _, h := range p.headings {
		if h.level == 1 {
			return h.text
		}
	}
	return ""
}

// checkSnippet looks at what a search result shows.
func (a *audit) checkSnippet(p *page) {
	if t := p.title(); t != "" {
		n := utf8.RuneCountInString(t)
		p.pass("SEO-TITLE-LENGTH", n >= MinTitle && n <= MaxTitle, fmt.Sprintf("The title has %d characters: %s.", n, clip(t, 100)))
	}
	list := p.metas["description"]
	d := p.description()
	p.pass("SEO-DESC-MISSING", len(list) == 1 && d != "", fmt.Sprintf("The page has %d descriptions with text.", withText(list)))
	if d != "" {
		n := utf8.RuneCountInString(d)
		p.pass("SEO-DESC-LENGTH", n >= MinDescription && n <= MaxDescription, fmt.Sprintf("The description has %d characters.", n))
	}
}

func (p *page) checkHeadings() {
	count, last := 0, 0
	var faults []string
	for _, h := range p.headings {
		if h.level == 1 {
			count++
		}
		switch {
		case h.text == "":
			faults = append(faults, fmt.Sprintf("empty h%d", h.level))
		case h.level > last+1:
			faults = append(faults, fmt.Sprintf("h%d %q after h%d", h.level, clip(h.text, 40), last))
		}
		last = h.level
	}
	p.pass("SEO-H1-MISSING", p.h1() != "", "The page has no h1 with text.")
	if count > 0 {
		p.pass("SEO-H1-MULTIPLE", count == 1, fmt.Sprintf("The page has %d h1.", count))
	}
	p.share("SEO-HEADING-ORDER", faults, len(p.headings), "Headings out of order")
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$`)

func baseLanguage(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return base
}

func (a *audit) checkLanguage(p *page) {
	ok := languageTag.MatchString(p.lang) && (a.site.Language == "" || baseLanguage(p.lang) == baseLanguage(a.site.Language))
	p.pass("SEO-LANG", ok, fmt.Sprintf("The page's language is %q; the site's is %q.", clip(p.lang, 20), a.site.Language))
}

func (p *page) checkViewport() {
	content := strings.ToLower(strings.Join(p.metas["viewport"], ","))
	settings := map[string]string{}
	for s := range strings.FieldsFuncSeq(content, func(r rune) bool { return r == ',' || r == ';' }) {
		k, v, _ := strings.Cut(s, "=")
		settings[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	scale := settings["maximum-scale"]
	fixed := settings["user-scalable"] == "no" || settings["user-scalable"] == "0" || scale == "1" || strings.HasPrefix(scale, "1.0") || strings.HasPrefix(scale, "0")
	p.pass("SEO-VIEWPORT", settings["width"] == "device-width" && !fixed, fmt.Sprintf("The viewport is %q.", clip(content, 80)))
}

func (p *page) checkIDs() {
	var twice []string
	for id, n := range p.ids {
		if n > 1 || id == "" {
			twice = append(twice, "#"+id)
		}
	}
	slices.Sort(twice)
	p.share("SEO-ID-DUPLICATE", twice, len(p.ids), "Ids that are empty or used more than once")
}

// vague are link texts that say nothing about the target, in English and German.
var vague = []string{
	"click here", "click this", "go", "here", "this", "right here", "more", "learn more", "read more", "link", "hier", "hier klicken",
	"klick hier", "mehr", "weiter", "mehr erfahren", "weiterlesen", "mehr lesen", "dieser link",
}

func (p *page) checkLinkText() {
	var dead, bad []string
	for _, l := range p.links {
		if !l.hasHref || l.href == "" || strings.HasPrefix(strings.ToLower(l.href), "javascript:") {
			dead = append(dead, clip(l.text+" → "+l.href, 60))
			continue
		}
		text := strings.Trim(strings.ToLower(l.text), " .…»›→!")
		if text == "" || slices.Contains(vague, text) {
			bad = append(bad, fmt.Sprintf("%q → %s", clip(l.text, 30), clip(l.href, 50)))
		}
	}
	p.share("SEO-LINK-CRAWLABLE", dead, len(p.links), "Links that crawlers cannot follow")
	p.share("SEO-LINK-TEXT", bad, len(p.links), "Links without a telling text")
}

func (p *page) checkRobots() {
	list := directives(slices.Concat(p.metas["robots"], p.metas["googlebot"]))
	has := func(d string) bool { return slices.Contains(list, d) }
	fault := ""
	switch {
	case (has("noindex") || has("none")) && has("index") || has("nofollow") && has("follow") || has("all") && !p.indexable():
		fault = "Its robots directives contradict each other: " + clip(strings.Join(list, ", "), 80) + "."
	case p.path == "/" && !p.indexable():
		fault = "The home page may not be indexed."
	default:
		for _, d := range list {
			if name, _, _ := strings.Cut(d, ":"); !slices.Contains(knownDirectives, name) {
				fault = fmt.Sprintf("Robots directive %q does not exist.", clip(d, 40))
			}
		}
	}
	p.pass("SEO-ROBOTS", fault == "", fault)
}

var knownDirectives = []string{
	"all", "index", "noindex", "follow", "nofollow", "none", "nosnippet", "indexifembedded", "max-snippet", "max-image-preview",
	"max-video-preview", "notranslate", "noimageindex", "unavailable_after", "noarchive", "nositelinkssearchbox",
}

func (a *audit) checkCanonical(p *page) {
	fault := ""
	switch {
	case len(p.canonicals) != 1:
		fault = fmt.Sprintf("The page has %d canonical links.", len(p.canonicals))
	case !absolute(p.canonicals[0]):
		fault = fmt.Sprintf("The canonical address %q is not absolute.", clip(p.canonicals[0], 80))
	case !a.isSelf(p, p.canonicals[0]):
		fault = fmt.Sprintf("The canonical address is %s.", clip(p.canonicals[0], 100))
	}
	p.pass("SEO-CANONICAL", fault == "", fault)
}

func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// isSelf reports whether the address is the page's own.
func (a *audit) isSelf(p *page, address string) bool {
	if a.site.BaseURL != "" {
		return address == a.site.BaseURL+p.path
	}
	u, err := url.Parse(address)
	return err == nil && u.EscapedPath() == p.path && u.RawQuery == "" && u.Fragment == ""
}

func (a *audit) checkOpenGraph(p *page) {
	var missing []string
	for _, name := range []string{"og:title", "og:description", "og:type", "og:url", "og:image"} {
		content := strings.Join(p.metas[name], "")
		ok := content != ""
		switch name {
		case "og:url":
			ok = len(p.metas[name]) == 1 && a.isSelf(p, content)
		case "og:image":
			ok = len(p.metas[name]) > 0 && absolute(p.metas[name][0])
		}
		if !ok {
			missing = append(missing, name)
		}
	}
	p.share("SEO-OG", missing, 5, "Open Graph properties that are missing or wrong")
}

func (a *audit) checkHreflang(p *page) {
	if len(p.alternates) == 0 {
		return
	}
	var faults []string
	seen, self := map[string]bool{}, false
	for _, alt := range p.alternates {
		tag := strings.ToLower(alt.lang)
		switch {
		case tag != "x-default" && !languageTag.MatchString(alt.lang):
			faults = append(faults, fmt.Sprintf("code %q", clip(alt.lang, 20)))
		case seen[tag]:
			faults = append(faults, "code "+tag+" twice")
		case !absolute(alt.href):
			faults = append(faults, "relative address "+clip(alt.href, 60))
		}
		seen[tag] = true
		self = self || a.isSelf(p, alt.href)
	}
	if !self {
		faults = append(faults, "none leads back to the page")
	}
	p.share("SEO-HREFLANG", faults, len(p.alternates)+1, "Language alternates at fault")
}
