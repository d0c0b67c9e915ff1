package sitegen

import "empire/internal/domain"

// The layout families. Each has its own frame, home page and article, in templates
// and style sheets; within a family the other tokens vary.
const (
	layoutMagazine   = "magazine"   // menu on top, picture beside the headline, contents in the margin
	layoutWorkbench  = "workbench"  // the whole menu in a column at the side, no picture, dense lists
	layoutCatalogue  = "catalogue"  // strip of selections on top, products as tiles, buy box at the side
	layoutFieldGuide = "fieldguide" // nameplate in the middle, section headings in the margin
)

// mostAisles is how many selections the strip of the catalogue shows.
const mostAisles = 8

// furnish fills what only some layouts have.
func (s *site) furnish(v *pageView) {
	switch s.Layout {
	case layoutWorkbench:
		v.Rail = current(s.Footer, v.Path)
	case layoutCatalogue:
		if v.Kind == domain.PageHome || v.Kind == domain.PageBest {
			v.Aisles = s.aisles(v.Path)
		}
	}
}

// aisles lists the first selections of the site; nil for fewer than three.
func (s *site) aisles(path string) *navGroup {
	for _, g := range current(s.Footer, path) {
		if g.Title == s.W.Best && len(g.Links) >= 3 {
			g.Links, g.Title = g.Links[:min(len(g.Links), mostAisles)], s.W.Aisles
			return &g
		}
	}
	return nil
}

// current returns the groups with the current page marked.
func current(groups []navGroup, path string) []navGroup {
	out := make([]navGroup, len(groups))
	for i, g := range groups {
		out[i] = navGroup{Title: g.Title, Links: append([]link(nil), g.Links...)}
		for j := range out[i].Links {
			out[i].Links[j].Current = out[i].Links[j].Href == path
		}
	}
	return out
}
