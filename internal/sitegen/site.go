package sitegen

import (
	"strings"

	"empire/internal/domain"
)

// site is what all pages of a draft share.
type site struct {
	draft  *domain.Draft
	origin string
	tokens Tokens
	W      *words

	Title, Tagline string
	Layout         string
	Home           string // label of the home page in menus and breadcrumbs
	sheets         sheets
	Light, Dark    Colors
	Nav            []navItem
	Footer         []navGroup
	Legal          []link
	Sample         bool
	Disclosure     string // path of the page on how the site earns money
	Method         string
	Beacon         string // path of the script that reports views; empty: none

	chrome chrome
	listed map[string]bool // paths that the menus have
	script string          // path of the script
	search string          // path of the search page; "" if a page of the draft has its address

	pages   map[string]*domain.Page    // by slug
	anchors map[string]map[string]bool // by slug
}

// link is a link within the site.
type link struct {
	Href, Label, Summary string
	Current              bool
}

// navItem is an entry of the main menu: a link, or a group with links.
type navItem struct {
	link
	Items []link
}

type navGroup struct {
	Title string
	Links []link
}

func newSite(d *domain.Draft, opts Options) (*site, error) {
	origin := opts.Origin
	if origin == "" {
		origin = "https://" + d.Website.Domain
	}
	origin, err := checkOrigin(origin)
	if err != nil {
		return nil, err
	}
	s := &site{
		draft: d, origin: origin, W: wordsFor(d.Website.Language),
		Title: firstOf(d.Plan.Title, d.Website.Title, d.Website.Domain), Tagline: d.Plan.Tagline,
		Sample:  d.Website.Operator.Sample,
		pages:   make(map[string]*domain.Page, len(d.Pages)),
		anchors: make(map[string]map[string]bool, len(d.Pages)),
	}
	if s.tokens, err = TokensWith(d.Website, d.Design); err != nil {
		return nil, err
	}
	s.Light, s.Dark, s.Layout = s.tokens.Light, s.tokens.Dark, s.tokens.Layout
	if opts.Analytics {
		s.Beacon = beacon().Path
	}
	if s.sheets, err = newSheets(s.tokens); err != nil {
		return nil, err
	}
	script, err := scriptFile()
	if err != nil {
		return nil, err
	}
	s.script = script.Path
	for i := range d.Pages {
		p := &d.Pages[i]
		slug := strings.Trim(p.Slug, "/")
		if err := checkSlug(slug); err != nil {
			return nil, err
		}
		if s.pages[slug] != nil {
			return nil, domain.Invalid("slug", "Two pages have the address %s.", p.Path())
		}
		s.pages[slug] = p
		s.anchors[slug] = anchorsOf(p)
	}
	if slug := domain.SearchSlug(d.Website.Language); s.pages[slug] == nil {
		s.search = domain.PathOf(slug)
	}
	s.arrange()
	s.list()
	return s, nil
}

// arrange derives menus from the pages, in their order.
func (s *site) arrange() {
	w := s.W
	s.Home = w.Home
	var best, comparisons, about []link
	var single []navItem
	for i := range s.draft.Pages {
		p := &s.draft.Pages[i]
		l := s.linkTo(p)
		switch p.Kind {
		case domain.PageHome:
			s.Home = firstOf(p.NavLabel, w.Home)
		case domain.PageGuide:
			single = append(single, navItem{link: l})
		case domain.PageBest:
			best = append(best, l)
		case domain.PageComparison:
			comparisons = append(comparisons, l)
		case domain.PageFAQ:
			about = append(about, l)
		case domain.PageMethod:
			about = append(about, l)
			s.Method = l.Href
		case domain.PageImprint, domain.PagePrivacy, domain.PageDisclosure:
			s.legal(p)
		}
	}
	s.Nav = append(s.Nav, single...)
	for _, g := range []navGroup{{w.Best, best}, {w.Comparisons, comparisons}} {
		s.Nav = append(s.Nav, group(g)...)
	}
	for _, l := range about {
		s.Nav = append(s.Nav, navItem{link: l})
	}
	if s.search != "" {
		about = append(about, link{Href: s.search, Label: w.Search})
	}
	for _, g := range []navGroup{{w.Basics, append(linksOf(single), about...)}, {w.Best, best}, {w.Comparisons, comparisons}} {
		if len(g.Links) > 0 {
			s.Footer = append(s.Footer, g)
		}
	}
}

// legal adds a legally required page under the name that the law knows it by.
func (s *site) legal(p *domain.Page) {
	label := s.W.Imprint
	switch p.Kind {
	case domain.PagePrivacy:
		label = s.W.Privacy
	case domain.PageDisclosure:
		label = s.W.Disclosure
		s.Disclosure = p.Path()
	}
	s.Legal = append(s.Legal, link{Href: p.Path(), Label: label})
}

// group makes a menu entry of links: nothing for none, the link itself for one.
func group(g navGroup) []navItem {
	switch len(g.Links) {
	case 0:
		return nil
	case 1:
		return []navItem{{link: g.Links[0]}}
	default:
		return []navItem{{link: link{Label: g.Title}, Items: g.Links}}
	}
}

func linksOf(items []navItem) []link {
	var out []link
	for _, i := range items {
		out = append(out, i.link)
	}
	return out
}

func (s *site) linkTo(p *domain.Page) link {
	return link{Href: p.Path(), Label: firstOf(p.NavLabel, p.Heading, p.Title), Summary: p.Summary}
}

// target returns the address of a page of the site, with the anchor if the page
// has it; "" if the draft has no such page.
func (s *site) target(slug, anchor string) string {
	slug = strings.Trim(slug, "/")
	p := s.pages[slug]
	if p == nil {
		return ""
	}
	if id := anchorID(anchor); id != "" && s.anchors[slug][id] {
		return p.Path() + "#" + id
	}
	return p.Path()
}

// anchorsOf returns the ids that other pages may link to.
func anchorsOf(p *domain.Page) map[string]bool {
	out := map[string]bool{}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if id := anchorID(b.Anchor); id != "" {
			out[id] = true
		}
		if b.FAQ == nil {
			continue
		}
		for _, qa := range b.FAQ.Items {
			if id := anchorID(qa.Anchor); id != "" {
				out[id] = true
			}
		}
	}
	return out
}

func firstOf(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}
