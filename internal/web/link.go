package web

import (
	"context"
	"net/http"
	"strings"

	"empire/internal/domain"
)

type linkService interface {
	List(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]domain.Link, int, error)
	Get(ctx context.Context, id domain.LinkID) (*domain.Link, error)
	History(ctx context.Context, id domain.LinkID) ([]domain.LinkChange, error)
	Create(ctx context.Context, p domain.LinkParams) (*domain.Link, error)
	Update(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*domain.Link, error)
	Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) ([]domain.Outlink, int, error)
}

func (d *Dashboard) linkRoutes() {
	d.shows("/links", d.linkList)
	d.shows("/links/new", d.linkNew)
	d.shows("/links/{id}", d.linkPage)
	d.shows("/outlinks", d.outlinkList)
	d.does("/links", domain.WebsitesManage, d.linkCreate)
	d.does("/links/{id}", domain.WebsitesManage, d.linkUpdate)
	d.does("/links/{id}/state", domain.WebsitesManage, d.linkState)
}

var linkStates = []string{"All", "", "Active", string(domain.LinkActive), "Paused", string(domain.LinkPaused), "Dead", string(domain.LinkDead), "Closed", string(domain.LinkClosed)}

func (d *Dashboard) linkList(r *http.Request) (view, error) {
	q := r.URL.Query()
	f := domain.LinkFilter{State: domain.LinkState(q.Get("state")), Query: strings.TrimSpace(q.Get("q")), WebsiteID: domain.WebsiteID(q.Get("site"))}
	list, total, err := d.c.Work.Links.List(r.Context(), f, windowOf(r))
	counts := map[string]int{}
	for i := 1; i < len(linkStates); i += 2 {
		if _, n, err := d.c.Work.Links.List(r.Context(), domain.LinkFilter{State: domain.LinkState(linkStates[i])}, domain.Window{Limit: 1}); err == nil {
			counts[linkStates[i]] = n
		}
	}
	manage := can(r, domain.WebsitesManage)
	g := &grid{Columns: []column{{Label: "Link"}, {Label: "State"}, {Label: "Leads to", Wide: true}, {Label: "Network", Wide: true}, {Label: "Way", Wide: true}, {Label: "Changed", Wide: true}}}
	for i := range list {
		l := &list[i]
		row := g.add(cell{Text: l.Merchant, Link: "/links/" + string(l.ID), Sub: "/go/" + l.Slug}, state(l.State), text(l.Destination), text(l.Network), text(string(l.Way)), when(l.UpdatedAt))
		if f, ok := linkToggle(l); ok && manage {
			row.Forms = []form{f}
		}
	}
	s := sheet{Title: "Links & earnings", Tabs: tabsOf(r, "/links", "state", counts, linkStates...)}
	s.Actions = []anchor{{Label: "Where pages lead", Address: "/outlinks"}}
	first := empty{Text: "Links are made when a site is built. You can also add one by hand."}
	if manage {
		s.Actions = append([]anchor{{"Add a link", "/links/new", true}}, s.Actions...)
		first.Action = &anchor{"Add the first one", "/links/new", true}
	}
	p := panel{ID: "list", Filter: searchForm(r, "Search links", "Merchant, address or name.", "state", "site"), Grid: g}
	s.Panels = []panel{d.listed(r, p, len(list), total, err, f.State != "" || f.Query != "" || f.WebsiteID != "", first)}
	return show("links", s)
}

// linkToggle pauses a link or lets it go on; one that is dead or closed is edited.
func linkToggle(l *domain.Link) (form, bool) {
	f := button("state-"+string(l.ID), "/links/"+string(l.ID)+"/state", "Pause")
	next := domain.LinkPaused
	switch l.State {
	case domain.LinkActive:
	case domain.LinkPaused:
		f.Submit, next = "Go on", domain.LinkActive
	default:
		return form{}, false
	}
	f.Fields = []field{{Name: "state", Kind: "hidden", Value: string(next)}}
	return f, true
}

func linkForm(l *domain.Link, action, submit string, err error) form {
	f := form{ID: "link", Action: action, Submit: submit, Primary: true, Fields: []field{
		{Name: "merchant", Label: "Merchant", Value: l.Merchant, Required: true, Max: 200},
		{Name: "destination", Label: "Leads to", Value: l.Destination, Required: true, Max: domain.MaxLinkText, Hint: "What the form below makes the address of."},
		{Name: "form", Label: "Form", Kind: "select", Options: pick(string(l.Form), "plain", "as it is", "awin", "AWIN deep link", "awin_click", "AWIN click address", "digistore24", "Digistore24 promo link")},
		{Name: "advertiser_id", Label: "Advertiser id", Value: l.AdvertiserID, Max: 100, Half: true, Hint: "At the network; a deep link needs it."},
		{Name: "publisher_id", Label: "Publisher id", Value: l.PublisherID, Max: 100, Half: true, Hint: "Empty: the one of the site's operator."},
		{Name: "way", Label: "Way", Kind: "select", Half: true, Options: pick(string(l.Way), "", "as the program says", "direct", "direct", "redirect", "over /go/")},
		{Name: "state", Label: "State", Kind: "select", Half: true, Options: pick(string(l.State), "active", "active", "paused", "paused", "dead", "dead", "closed", "closed")},
		{Name: "note", Label: "Note", Kind: "area", Value: l.Note, Max: domain.MaxLinkText},
	}}
	f.blame(err)
	return f
}

func linkTyped(r *http.Request) domain.Link {
	return domain.Link{
		Merchant: typed(r, "merchant"), Destination: typed(r, "destination"), Form: domain.LinkForm(typed(r, "form")), AdvertiserID: typed(r, "advertiser_id"),
		PublisherID: typed(r, "publisher_id"), Way: domain.LinkWay(typed(r, "way")), State: domain.LinkState(typed(r, "state")), Note: typed(r, "note"), Slug: typed(r, "slug"),
	}
}

func newLinkSheet(l *domain.Link, err error) sheet {
	f := linkForm(l, "/links", "Add", nil)
	f.Fields = append(f.Fields[:2], append([]field{{Name: "slug", Label: "Name in /go/", Value: l.Slug, Max: 64, Hint: "It never changes. Empty: one is made."}}, f.Fields[2:]...)...)
	f.blame(err)
	return sheet{Crumbs: []anchor{{"Links", "/links", false}}, Title: "Add a link", Panels: []panel{{ID: "new", Form: &f}}}
}

func (d *Dashboard) linkNew(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	return show("links", newLinkSheet(&domain.Link{Form: domain.FormPlain, State: domain.LinkActive}, nil))
}

func (d *Dashboard) linkCreate(w http.ResponseWriter, r *http.Request) (string, error) {
	l := linkTyped(r)
	made, err := d.c.Work.Links.Create(r.Context(), domain.LinkParams{
		Slug: l.Slug, AdvertiserID: l.AdvertiserID, Merchant: l.Merchant, Form: l.Form, Destination: l.Destination, PublisherID: l.PublisherID, Way: l.Way, State: l.State, Note: l.Note,
	})
	if err != nil {
		return d.again(w, r, "links", err, newLinkSheet(&l, err))
	}
	d.notify(w, r, "saved")
	return "/links/" + string(made.ID), nil
}

// linkSheet shows a link; typed is what was typed into its form, nil: what is stored.
func (d *Dashboard) linkSheet(r *http.Request, l, changed *domain.Link, wrong error) sheet {
	if changed == nil {
		changed = l
	}
	facts := panel{ID: "facts", Facts: []fact{
		{"Name", code("/go/" + l.Slug)}, {"Network", text(l.Network)}, {"Program", text(string(l.ProgramID))}, {"Row", text(l.RowKey)}, {"Changed", when(l.UpdatedAt)},
	}}
	if l.Own {
		facts.Note = "A person has decided where it leads: imports leave it alone."
	}
	s := sheet{Crumbs: []anchor{{"Links", "/links", false}}, Title: l.Merchant, State: l.State, Panels: []panel{facts}}
	if can(r, domain.WebsitesManage) {
		f := linkForm(changed, "/links/"+string(l.ID), "Save", wrong)
		s.Panels = append(s.Panels, panel{ID: "edit", Title: "Change it", Note: "Pages that hold /go/ follow at once, others with their next build.", Form: &f})
	}
	history, err := d.c.Work.Links.History(r.Context(), l.ID)
	g := &grid{Columns: []column{{Label: "What"}, {Label: "Before"}, {Label: "After"}, {Label: "By", Wide: true}, {Label: "When", Wide: true}}}
	for i := range history {
		h := &history[i]
		g.add(text(strings.ReplaceAll(h.Field, "_", " ")), text(h.Before), text(h.After), text(string(h.Actor)), when(h.At))
	}
	p := d.listed(r, panel{ID: "history", Title: "History", Grid: g}, len(history), len(history), err, false, empty{Text: "Nothing changed yet."})
	s.Panels = append(s.Panels, p)
	return s
}

func (d *Dashboard) linkPage(r *http.Request) (view, error) {
	l, err := d.c.Work.Links.Get(r.Context(), domain.LinkID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	return show("links", d.linkSheet(r, l, nil, nil))
}

func (d *Dashboard) linkUpdate(w http.ResponseWriter, r *http.Request) (string, error) {
	id := domain.LinkID(r.PathValue("id"))
	l := linkTyped(r)
	if _, err := d.c.Work.Links.Update(r.Context(), id, domain.LinkPatch{
		AdvertiserID: &l.AdvertiserID, Merchant: &l.Merchant, Form: &l.Form, Destination: &l.Destination, PublisherID: &l.PublisherID, Way: &l.Way, State: &l.State, Note: &l.Note,
	}); err != nil {
		held, missing := d.c.Work.Links.Get(r.Context(), id)
		if missing != nil {
			return "", missing
		}
		return d.again(w, r, "links", err, d.linkSheet(r, held, &l, err))
	}
	d.notify(w, r, "saved")
	return "/links/" + string(id), nil
}

func (d *Dashboard) linkState(w http.ResponseWriter, r *http.Request) (string, error) {
	st := domain.LinkState(typed(r, "state"))
	if _, err := d.c.Work.Links.Update(r.Context(), domain.LinkID(r.PathValue("id")), domain.LinkPatch{State: &st}); err != nil {
		return "", err
	}
	d.notify(w, r, "saved")
	return "/links", nil
}

func (d *Dashboard) outlinkList(r *http.Request) (view, error) {
	all := r.URL.Query().Get("show") == "all"
	site := domain.WebsiteID(r.URL.Query().Get("site"))
	list, total, err := d.c.Work.Links.Outlinks(r.Context(), site, all, windowOf(r))
	g := &grid{Columns: []column{{Label: "Place"}, {Label: "Earns"}, {Label: "Links", Num: true}, {Label: "Site"}, {Label: "Pages", Wide: true}}}
	for i := range list {
		o := &list[i]
		g.add(cell{Text: o.Host, Sub: words(o.Program, o.Network)}, state(o.Kind), count(o.Count), cell{Text: o.Domain, Link: "/sites/" + string(o.WebsiteID)}, text(strings.Join(o.Pages, " ")))
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, all || site != "", empty{Text: "All links of live pages earn, or there are none."})
	return show("links", sheet{
		Crumbs: []anchor{{"Links", "/links", false}}, Title: "Where pages lead", Lead: "Links of live pages to other places, those first that could earn and do not.",
		Tabs: tabsOf(r, "/outlinks", "show", nil, "Could earn", "", "All", "all"), Panels: []panel{p},
	})
}
