package web

import (
	"net/http"
	"net/url"
	"strings"

	"empire/internal/domain"
)

// navEntry is one line of the menu. It is shown to who has the right, if this program
// has a page at its address.
type navEntry struct {
	Label   string
	Address string            // of the page; those below it belong to it, too
	Right   domain.Permission // empty: everybody who is signed in
	Outside bool              // another part of the program has the page
}

// navGroup is a part of the menu; its entries show while one of them is open.
type navGroup struct {
	Key     string // that views name as their section
	Label   string
	Icon    string // path of a 16 by 16 drawing
	Letter  string // key that leads there after g
	Count   string // key of what to count beside it: approvals or letters
	Entries []navEntry
}

// menu is the whole menu, in its order.
var menu = []navGroup{
	{"overview", "Overview", "M1 1h6v8H1zm8 0h6v5H9zM1 11h6v4H1zm8-3h6v7H9z", "o", "", []navEntry{{"Overview", "/", "", false}}},
	{"sites", "Sites", "M1 2h14v12H1zm1.5 3.5v7h11v-7z", "s", "", []navEntry{
		{"All sites", "/sites", domain.WebsitesRead, false},
		{"Launch a site", "/launch", domain.WebsitesManage, false},
		{"Bulk changes", "/batches", domain.WebsitesRead, false},
		{"Opportunities", "/opportunities", domain.WebsitesRead, false},
	}},
	{"content", "Content", "M2 1h9l3 3v11H2zm2 5v1.5h8V6zm0 3v1.5h8V9zm0 3v1.5h5V12z", "c", "approvals", []navEntry{
		{"Approvals", "/approvals", domain.WebsitesRead, false},
	}},
	{"products", "Products & feeds", "M8 0l7 3.5v9L8 16l-7-3.5v-9zM8 2L4 4l4 2 4-2zm-5 3.5v5.7l4.2 2.1V7.6zm10 0L8.8 7.6v5.7L13 11.2z", "p", "", []navEntry{
		{"Feeds", "/feeds", domain.WebsitesRead, false},
		{"Products", "/products", domain.WebsitesRead, false},
	}},
	{"links", "Links & earnings", "M6.5 4H4a4 4 0 000 8h2.5v-1.8H4a2.2 2.2 0 010-4.4h2.5zm3 0H12a4 4 0 010 8H9.5v-1.8H12a2.2 2.2 0 000-4.4H9.5zM5 7.1h6v1.8H5z", "l", "", []navEntry{
		{"Links", "/links", domain.WebsitesRead, false},
		{"Links to elsewhere", "/outlinks", domain.WebsitesRead, false},
		{"Earnings", "/earnings", domain.WebsitesRead, false},
	}},
	{"jobs", "Jobs", "M1 3h9v2H1zm0 4h14v2H1zm0 4h6v2H1z", "j", "letters", []navEntry{
		{"Runs", "/runs", domain.AgentsRead, false},
		{"Schedules", "/schedules", domain.AgentsRead, false},
		{"Agents", "/agents", domain.AgentsRead, false},
		{"Dead letters", "/dead-letters", domain.AgentsRead, false},
		{"Alerts", "/alerts", domain.AgentsRead, false},
	}},
	{"settings", "Settings", "M7 0h2l.4 2.2 1.5.600L12.8 1.5l1.5 1.4-1.3 1.9.6 1.5 2.2.400v2.2l-2.2.4-.6 1.5 1.3 1.9-1.5 1.4-1.9-1.3-1.5.6L9 16H7l-.4-2.2-1.5-.6-1.9 1.3-1.5-1.4L3 11.2l-.6-1.5L.2 9.3V6.7l2.2-.4L3 4.8 1.7 2.9l1.5-1.4 1.9 1.3 1.5-.6zm1 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6z", "t", "", []navEntry{
		{"Users", "/settings/users", domain.AdminFull, false},
		{"API keys", "/settings/keys", "", false},
		{"Webhooks", "/settings/webhooks", domain.AgentsRead, false},
		{"Connections", "/settings/connections", domain.AgentsRead, false},
		{"Budgets", "/settings/budgets", domain.WebsitesRead, false},
		{"Audit log", "/settings/audit", domain.AdminFull, false},
		{"Preferences", "/settings/preferences", "", false},
		{"API", "/docs", "", true},
	}},
}

// navItem is a group of the menu as a page shows it.
type navItem struct {
	navGroup
	Address string // of its first entry
	Open    bool   // the page is one of its entries
	Alone   bool   // it has one entry only
	Number  int    // of things that a person must look at
	Current string // address of the entry that the page belongs to
}

// here reports whether this program has a page at an address.
func (d *Dashboard) here(e navEntry) bool {
	if e.Outside {
		return true
	}
	_, pattern := d.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: e.Address}})
	return pattern != "" && pattern != "GET /" && !strings.HasSuffix(pattern, "}") || pattern == "GET /{$}"
}

// prepareMenu leaves out of the menu what has no page.
func (d *Dashboard) prepareMenu() {
	for _, g := range menu {
		entries := g.Entries
		g.Entries = nil
		for _, e := range entries {
			if d.here(e) {
				g.Entries = append(g.Entries, e)
			}
		}
		if len(g.Entries) > 0 {
			d.menu = append(d.menu, g)
		}
	}
}

// below reports whether a path is an address or lies below it.
func below(path, address string) bool {
	return path == address || address != "/" && strings.HasPrefix(path, address+"/")
}

// menuFor returns what a user sees of the menu on a page of a section.
func (d *Dashboard) menuFor(r *http.Request, section string) []navItem {
	p := domain.PrincipalFrom(r.Context())
	if p == nil {
		return nil
	}
	var out []navItem
	for _, g := range d.menu {
		item := navItem{navGroup: g, Open: g.Key == section}
		item.Entries = nil
		for _, e := range g.Entries {
			if e.Right == "" || p.Can(e.Right) {
				item.Entries = append(item.Entries, e)
				if below(r.URL.Path, e.Address) {
					item.Open, item.Current = true, e.Address
				}
			}
		}
		if len(item.Entries) == 0 {
			continue
		}
		item.Address, item.Alone, item.Number = item.Entries[0].Address, len(item.Entries) == 1, d.waiting(r, g.Count)
		out = append(out, item)
	}
	return out
}

// waiting counts what a person must look at; 0 also if that cannot be told.
func (d *Dashboard) waiting(r *http.Request, what string) int {
	var n int
	var err error
	switch {
	case what == "approvals":
		_, n, err = d.c.Approvals.List(r.Context(), domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 1})
	case what == "letters" && d.c.DeadLetters != nil:
		_, n, err = d.openLetters(r, 1)
	}
	if err != nil {
		d.log(r, err)
		return 0
	}
	return n
}
