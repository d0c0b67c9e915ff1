package web

import (
	"net/http"

	"empire/internal/domain"
)

// home is the overview, or what to do first while there is nothing to see.
func (d *Dashboard) home(w http.ResponseWriter, r *http.Request) (view, error) {
	if s, ok := d.firstSteps(r); ok {
		return show("overview", s)
	}
	return d.overview(w, r)
}

// firstSteps leads through an installation that has no site and no run yet. It is for who
// may launch; everybody else sees the empty overview.
func (d *Dashboard) firstSteps(r *http.Request) (sheet, bool) {
	if !can(r, domain.WebsitesManage) || d.c.Work.Catalogue == nil {
		return sheet{}, false
	}
	one := domain.Window{Limit: 1}
	_, sites, err := d.c.Websites.List(r.Context(), one)
	if err != nil || sites > 0 {
		return sheet{}, false
	}
	if _, runs, err := d.c.Runs.List(r.Context(), "", "", one); err != nil || runs > 0 {
		return sheet{}, false
	}
	feeds, err := d.c.Work.Catalogue.Feeds(r.Context())
	if err != nil {
		return sheet{}, false
	}
	g := &grid{Columns: []column{{Label: "Step"}, {Label: "State"}}}
	step := func(label, path, what string, done bool) {
		st := "to do"
		if done {
			st = "done"
		}
		g.add(cell{Text: label, Link: path, Sub: what}, state(st))
	}
	step("Import a product feed", "/feeds/new", "Sites are written from what merchants say about their products.", len(feeds) > 0)
	step("See whether all parts answer", "/settings/connections", "Database, search, models: what is configured and whether it works.", false)
	step("Look for a niche", "/opportunities", "A scan says how much a niche promises. You can leave it out.", false)
	step("Launch the first site", "/launch", "Pages are written and checked, and go live when you approve them.", false)
	s := sheet{
		Title: "Welcome", Lead: "Nothing is here yet. This is the way to the first website; each step can be left and taken up again.",
		Panels: []panel{{ID: "first", Grid: g}},
	}
	if len(feeds) > 0 {
		s.Actions = []anchor{{"Launch the first one", "/launch", true}}
	} else {
		s.Actions = []anchor{{"Import a feed", "/feeds/new", true}, {Label: "Launch the first one", Address: "/launch"}}
	}
	return s, true
}
