package sitegen

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"time"

	"empire/internal/domain"
)

// pageView is what the theme sees of one page.
type pageView struct {
	Site  *site
	W     *words
	Lang  string
	Kind  domain.PageKind
	Title string
	// Description, Canonical and NoIndex go into the head.
	Description, Canonical, Path string
	NoIndex                      bool
	Alternates                   []alternate
	Image                        string
	CSS                          template.CSS
	Schemas                      []template.JS

	Menu      template.HTML // of Nav, or of Rail
	Foot      template.HTML
	Nav       []navItem
	Rail      []navGroup // of the workbench: all of the menu, open
	Aisles    *navGroup  // of the catalogue: the selections, on pages that lead to products
	Crumbs    []link
	Ads       bool // the page has affiliate links
	Heading   string
	Updated   *moment
	TOC       []link
	Lead      *block // first paragraph, before the first heading
	Blocks    []block
	Related   []link
	Explore   []navGroup
	Hero      bool
	GuideHref string
	GuideText string // of the button that leads there
	Motif     template.HTML
	Script    string // path of the script; "" if the page has nothing for it
	Find      *findView
}

// moment is a day for readers and for machines.
type moment struct{ Text, ISO string }

// long is how many sections make a table of contents useful.
const long = 4

func (s *site) newPageView(p *domain.Page) (*pageView, error) {
	w := wordsFor(firstOf(p.Language, s.draft.Website.Language))
	v := &pageView{
		Site: s, W: w, Lang: firstOf(p.Language, s.draft.Website.Language, "en"), Kind: p.Kind,
		Title: p.Title, Description: p.Description, Path: p.Path(), Canonical: s.origin + p.Path(), NoIndex: !p.Indexable,
		Image: s.origin + cardPath(p), Heading: glue(firstOf(p.Heading, p.Title)), Hero: p.Kind == domain.PageHome,
		Nav: s.navFor(p.Path()),
	}
	var err error
	if v.Alternates, err = s.alternatesOf(p); err != nil {
		return nil, err
	}
	if err := v.addSchemas(p.Schema); err != nil {
		return nil, err
	}
	offers, err := newOffers(p, w)
	if err != nil {
		return nil, err
	}
	r := newReader(s, p, w, offers)
	if v.Blocks, err = r.blocks(); err != nil {
		return nil, err
	}
	v.Ads = offers.shown > 0
	if len(v.Blocks) > 0 && v.Blocks[0].Kind == domain.BlockParagraph && v.Blocks[0].ID == "" {
		v.Lead, v.Blocks = &v.Blocks[0], v.Blocks[1:]
	}
	if len(r.sections) >= long && !v.Hero {
		v.TOC = r.sections
	}
	s.surround(v, p)
	s.furnish(v)
	v.CSS = s.sheets.join(v.needs()) + template.CSS(toolRules(v.Blocks)) // numbers and fixed names only
	return v, nil
}

// needs names the parts of the style sheet that the page uses.
func (v *pageView) needs() map[string]bool {
	n := map[string]bool{
		"hero": v.Hero, "offer": v.Hero || v.Ads, "toc": len(v.TOC) > 0, "links": len(v.Related)+len(v.Explore) > 0,
	}
	for i := range v.Blocks {
		switch v.Blocks[i].Kind {
		case domain.BlockProduct:
			n["card"] = true
		case domain.BlockTable, domain.BlockComparison:
			n["table"] = true
			if t := v.Blocks[i].Table; t != nil && t.Tools != nil {
				n["tools"], v.Script = true, v.Site.script
			}
		case domain.BlockProsCons:
			n["proscons"] = true
		case domain.BlockFAQ:
			n["faq"] = true
		case domain.BlockCTA:
			n["cta"] = true
		case domain.BlockFigure:
			n["chart"] = true
		}
	}
	return n
}

// surround fills what stands around the text of the page.
func (s *site) surround(v *pageView, p *domain.Page) {
	if v.Hero {
		v.Motif = motif(s.tokens)
		v.Explore = s.explore()
		for _, i := range s.Nav {
			if q := s.pages[trimPath(i.Href)]; i.Href != "" && q != nil && q.Kind == domain.PageGuide {
				v.GuideHref, v.GuideText = i.Href, s.W.guideText(q.NavLabel)
				break
			}
		}
		return
	}
	v.Crumbs = []link{{Href: "/", Label: s.Home}, {Label: firstOf(p.NavLabel, p.Heading, p.Title), Current: true}}
	if s.pages[""] == nil {
		v.Crumbs = nil
	}
	for _, ref := range p.Related {
		if href := s.target(ref.Slug, ""); href != "" && href != v.Path {
			v.Related = append(v.Related, link{Href: href, Label: ref.Label, Summary: s.pages[trimPath(href)].Summary})
		}
	}
	if !p.Kind.Legal() && !p.UpdatedAt.IsZero() {
		v.Updated = newMoment(v.W, p.UpdatedAt)
	}
}

func newMoment(w *words, t time.Time) *moment {
	return &moment{Text: w.date(t), ISO: t.UTC().Format(time.DateOnly)}
}

// explore lists all pages of the site for the home page, so that none is an
// orphan.
func (s *site) explore() []navGroup {
	groups := []navGroup{{Title: s.W.Basics}, {Title: s.W.Best}, {Title: s.W.Comparisons}, {Title: s.W.Products}}
	for i := range s.draft.Pages {
		p := &s.draft.Pages[i]
		n := 0
		switch p.Kind {
		case domain.PageGuide, domain.PageFAQ, domain.PageMethod:
			n = 0
		case domain.PageBest:
			n = 1
		case domain.PageComparison:
			n = 2
		case domain.PageProduct:
			n = 3
		default:
			continue
		}
		groups[n].Links = append(groups[n].Links, s.linkTo(p))
	}
	out := groups[:0]
	for _, g := range groups {
		if len(g.Links) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// looseSign is a figure apart from the sign that belongs to it.
var looseSign = regexp.MustCompile(`(\d) ([€$£%])`)

// glue keeps a figure and its sign on one line: large type breaks often.
func glue(s string) string { return looseSign.ReplaceAllString(s, "$1\u00a0$2") }

// navFor marks the current page in the main menu.
func (s *site) navFor(path string) []navItem {
	out := make([]navItem, len(s.Nav))
	for i, item := range s.Nav {
		item.Current = item.Href == path
		if len(item.Items) > 0 {
			items := make([]link, len(item.Items))
			for j, l := range item.Items {
				l.Current = l.Href == path
				items[j] = l
				item.Current = item.Current || l.Current
			}
			item.Items = items
		}
		out[i] = item
	}
	return out
}

// addSchemas writes JSON-LD. encoding/json escapes <, > and & so that no value
// can end the script element.
func (v *pageView) addSchemas(list []domain.Schema) error {
	for _, schema := range list {
		b, err := json.Marshal(schema)
		if err != nil {
			return fmt.Errorf("write structured data: %w", err)
		}
		v.Schemas = append(v.Schemas, template.JS(b)) // marshaled above, with HTML escapes
	}
	return nil
}

func trimPath(path string) string {
	if len(path) < 2 {
		return ""
	}
	return path[1 : len(path)-1]
}

// renderNotFound builds the page that visitors get for an unknown address.
func (s *site) renderNotFound() (File, error) {
	w := s.W
	v := &pageView{
		Site: s, W: w, Lang: firstOf(s.draft.Website.Language, "en"), Kind: "not_found",
		Title: w.NotFoundTitle + " – " + s.Title, NoIndex: true, Heading: w.NotFoundTitle, Nav: s.navFor(""),
	}
	v.Lead = &block{Kind: domain.BlockParagraph, Text: []inline{{Text: w.NotFoundText + " "}, {Text: w.BackHome, Href: "/"}}}
	v.CSS = s.sheets.join(nil)
	body, err := s.execute(v)
	if err != nil {
		return File{}, err
	}
	return File{Path: "/404.html", File: "404.html", ContentType: contentHTML, Body: body, Status: 404}, nil
}
