package audit

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// loads records what the browser fetches by itself because of an element, and
// scripts that it runs.
func (r *reader) loads(n *html.Node) {
	switch n.DataAtom {
	case atom.Script:
		r.script(n)
	case atom.Style:
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			r.css(c.Data)
		}
	case atom.Link:
		if fetched(attr(n, "rel")) {
			r.resource(attr(n, "href"))
			r.srcset(attr(n, "imagesrcset"))
		}
	case atom.Img, atom.Iframe, atom.Frame, atom.Video, atom.Audio, atom.Source, atom.Embed, atom.Track, atom.Input, atom.Image:
		r.resource(attr(n, "src"))
		r.resource(attr(n, "poster"))
		r.srcset(attr(n, "srcset"))
	case atom.Object:
		r.resource(attr(n, "data"))
	case atom.Base:
		r.resource(attr(n, "href")) // it moves every relative address of the page
	}
	if n.Namespace == "svg" && n.DataAtom != atom.A {
		r.resource(attr(n, "href")) // image, use, filters
	}
	r.resource(attr(n, "background"))
	for ping := range strings.FieldsSeq(attr(n, "ping")) {
		r.resource(ping)
	}
}

// fetched reports whether a browser loads or connects to the target of a link
// element with that rel.
func fetched(rel string) bool {
	for _, word := range strings.Fields(strings.ToLower(rel)) {
		switch word {
		case "stylesheet", "icon", "apple-touch-icon", "mask-icon", "manifest", "preload", "modulepreload", "prefetch", "prerender", "preconnect", "dns-prefetch":
			return true
		}
	}
	return false
}

func (r *reader) script(n *html.Node) {
	body := ""
	if n.FirstChild != nil {
		body = n.FirstChild.Data
	}
	kind := strings.ToLower(strings.TrimSpace(attr(n, "type")))
	switch src := attr(n, "src") + attr(n, "href"); {
	case kind == "application/ld+json":
		r.page.Schemas = append(r.page.Schemas, body)
	case src != "":
		r.resource(src)
	case kind == "" || strings.Contains(kind, "script") || kind == "module" || kind == "importmap" || kind == "speculationrules":
		r.page.Scripts = append(r.page.Scripts, body)
	}
}

var (
	cssURL    = regexp.MustCompile(`(?i)url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))\s*\)`)
	cssImport = regexp.MustCompile(`(?i)@import\s+(?:"([^"]*)"|'([^']*)')`)
	cssImages = regexp.MustCompile(`(?i)image-set\(([^)]*)\)`)
	cssQuoted = regexp.MustCompile(`"([^"]*)"|'([^']*)'`)
)

// CSSResources returns the addresses that a style sheet loads.
func CSSResources(css string) []string {
	var out []string
	if low := strings.ToLower(css); !strings.Contains(low, "url(") && !strings.Contains(low, "@import") && !strings.Contains(low, "image-set(") {
		return nil
	}
	add := func(m []string) {
		if address := cleanAddress(strings.Join(m[1:], "")); address != "" {
			out = append(out, address)
		}
	}
	for _, m := range cssURL.FindAllStringSubmatch(css, -1) {
		add(m)
	}
	for _, m := range cssImport.FindAllStringSubmatch(css, -1) {
		add(m)
	}
	for _, set := range cssImages.FindAllStringSubmatch(css, -1) {
		for _, m := range cssQuoted.FindAllStringSubmatch(set[1], -1) {
			add(m)
		}
	}
	return out
}

func (r *reader) css(style string) {
	for _, address := range CSSResources(style) {
		r.resource(address)
	}
}

// srcset reads candidates: an address, a space, a descriptor, a comma. An address
// may hold commas itself (data:…), so only those at its end separate.
func (r *reader) srcset(list string) {
	descriptor := false
	for word := range strings.FieldsSeq(list) {
		if !descriptor {
			r.resource(strings.Trim(word, ","))
			descriptor = !strings.HasSuffix(word, ",")
			continue
		}
		_, next, comma := strings.Cut(word, ",")
		descriptor = !comma || next != ""
		if comma && next != "" {
			r.resource(strings.Trim(next, ","))
			descriptor = !strings.HasSuffix(next, ",")
		}
	}
}

func (r *reader) resource(address string) {
	if address == "" {
		return
	}
	if address = cleanAddress(address); address != "" && !strings.HasPrefix(address, "#") {
		r.page.Resources = append(r.page.Resources, address)
	}
}

var lineEnds = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// cleanAddress does what browsers do before they read an address: they drop blanks
// around it, tabs and line ends in it, and take a backslash for a slash (URL
// Standard, basic URL parser).
func cleanAddress(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	s = lineEnds.Replace(s)
	if strings.HasPrefix(s, "data:") {
		return s
	}
	return strings.ReplaceAll(s, `\`, "/")
}
