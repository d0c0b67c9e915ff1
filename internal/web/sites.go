package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"empire/internal/domain"
)

// batchService lists websites and changes many of them at once.
type batchService interface {
	batchReader
	Browse(ctx context.Context, q domain.WebsiteQuery) (*domain.WebsiteList, error)
	Start(ctx context.Context, p domain.BatchParams) (*domain.Batch, []domain.BatchSite, error)
	Cancel(ctx context.Context, id domain.BatchID) (*domain.Batch, error)
	SetTags(ctx context.Context, id domain.WebsiteID, tags []string) ([]string, error)
}

type batchReader interface {
	List(ctx context.Context, w domain.Window) ([]domain.Batch, int, error)
	Get(ctx context.Context, id domain.BatchID, states []domain.BatchSiteState, w domain.Window) (*domain.Batch, []domain.BatchSite, error)
	Tags(ctx context.Context, id domain.WebsiteID) ([]string, error)
}

type fleetService interface {
	Status(ctx context.Context) (*domain.FleetStatus, error)
}

type sitesView struct {
	Lines     []siteLine
	Tabs      []tab
	Heads     []sortHead
	Query     domain.WebsiteQuery
	State     string // as the address names it
	Languages []choice
	Tags      []choice
	Pager     pager
	Filtered  bool
	Frozen    string // why nothing at all is published
	Actions   []choice
}

// siteLine is one line of the list.
type siteLine struct {
	domain.WebsiteLine
	URL    string // empty while nothing is published
	Frozen bool
}

// bulkActions are what can be done to many websites at once.
var bulkActions = []choice{
	{string(domain.BulkRebuild), "Rebuild…"}, {string(domain.BulkPublish), "Publish newest…"},
	{string(domain.BulkRollback), "Roll back…"}, {string(domain.BulkArchive), "Archive…"},
}

const stateFrozen = "frozen" // as an address names it; it is no state of a website

// sites lists websites: what is shown is all in the address.
func (d *Dashboard) sites(_ http.ResponseWriter, r *http.Request) (view, error) {
	v := sitesView{Query: websiteQuery(r), State: r.URL.Query().Get("state"), Actions: bulkActions}
	frozen := d.frozenSites(r, &v)
	q := v.Query
	if v.State == stateFrozen {
		q.Filter.State, q.Filter.IDs = "", append([]domain.WebsiteID{"-"}, frozen...)
	}
	list, err := d.c.Batches.Browse(r.Context(), q)
	if err != nil {
		return view{}, err
	}
	for i := range list.Lines {
		line := siteLine{WebsiteLine: list.Lines[i], Frozen: slices.Contains(frozen, list.Lines[i].ID)}
		if line.LiveRelease != "" {
			line.URL = d.c.SiteURL(&line.Website)
		}
		v.Lines = append(v.Lines, line)
	}
	f := q.Filter
	v.Filtered = f.Text != "" || f.Niche != "" || f.Language != "" || f.Tag != "" || v.State != ""
	v.Tabs, v.Heads = siteTabs(r, v.State, list, len(frozen)), siteHeads(r, q)
	v.Languages, v.Tags = choicesOf("Any language", list.Languages, languageName), choicesOf("Any tag", list.Tags, func(s string) string { return s })
	v.Pager = pager{Total: list.Total}
	if list.Previous != "" {
		v.Pager.Previous = withQuery(r, "before", list.Previous, "after", "")
	}
	if list.Next != "" {
		v.Pager.Next = withQuery(r, "after", list.Next, "before", "")
	}
	return view{template: "sites", title: "Sites", section: "sites", search: f.Text, data: v}, nil
}

// websiteQuery reads what is asked for from the address.
func websiteQuery(r *http.Request) domain.WebsiteQuery {
	q := r.URL.Query()
	get := func(key string) string { return strings.TrimSpace(q.Get(key)) }
	state := domain.WebsiteState(get("state"))
	if state == stateFrozen {
		state = ""
	}
	return domain.WebsiteQuery{
		Filter: domain.WebsiteFilter{Text: get("q"), Niche: get("niche"), Language: get("language"), Tag: get("tag"), State: state},
		Sort:   domain.WebsiteSort(get("sort")), Descending: get("order") == "down", After: get("after"), Before: get("before"), Limit: pageSize,
	}
}

// frozenSites returns the websites that may not publish.
func (d *Dashboard) frozenSites(r *http.Request, v *sitesView) []domain.WebsiteID {
	if d.c.Fleet == nil {
		return nil
	}
	status, err := d.c.Fleet.Status(r.Context())
	if err != nil {
		d.log(r, err)
		return nil
	}
	var out []domain.WebsiteID
	for _, f := range status.Freezes {
		if f.WebsiteID == "" {
			v.Frozen = f.Reason
			continue
		}
		out = append(out, f.WebsiteID)
	}
	return out
}

// siteTabs are the states that the list can be narrowed to, with how many each has.
func siteTabs(r *http.Request, current string, list *domain.WebsiteList, frozen int) []tab {
	all := 0
	for _, n := range list.ByState {
		all += n
	}
	counts := []struct {
		label, state string
		n            int
	}{
		{"All", "", all}, {"Live", string(domain.WebsiteLive), list.ByState[domain.WebsiteLive]}, {"Draft", string(domain.WebsiteDraft), list.ByState[domain.WebsiteDraft]},
		{"Archived", string(domain.WebsiteArchived), list.ByState[domain.WebsiteArchived]}, {"Frozen", stateFrozen, frozen},
	}
	if current == stateFrozen { // the others are not counted then
		for i := range counts[:4] {
			counts[i].n = -1
		}
	}
	var out []tab
	for _, c := range counts {
		if c.state == stateFrozen && c.n == 0 && current != stateFrozen {
			continue
		}
		out = append(out, tab{Label: c.label, Count: c.n, Current: c.state == current, Address: withQuery(r, "state", c.state, "after", "", "before", "")})
	}
	return out
}

// siteHeads are the columns that the list can be ordered by.
func siteHeads(r *http.Request, q domain.WebsiteQuery) []sortHead {
	var out []sortHead
	for _, h := range []struct {
		label, class string
		by           domain.WebsiteSort
	}{{"Site", "", domain.SortByDomain}, {"Niche", "wide", domain.SortByNiche}, {"Created", "wide", domain.SortByCreated}, {"Changed", "wide", domain.SortByChanged}} {
		head, order := sortHead{Label: h.label, Class: h.class}, ""
		if h.by == domain.SortByCreated || h.by == domain.SortByChanged {
			order = "down" // the newest is wanted first
		}
		if q.Sort == h.by || q.Sort == "" && h.by == domain.SortByDomain {
			head.Order, order = "ascending", "down"
			if q.Descending {
				head.Order, order = "descending", ""
			}
		}
		head.Address = withQuery(r, "sort", string(h.by), "order", order, "after", "", "before", "")
		out = append(out, head)
	}
	return out
}

// choicesOf makes options of values, with one for none of them first.
func choicesOf(none string, values []string, label func(string) string) []choice {
	out := []choice{{"", none}}
	for _, v := range values {
		out = append(out, choice{v, label(v)})
	}
	return out
}

// filterWords says what a list is narrowed to.
func filterWords(f domain.WebsiteFilter, state string) string {
	var out []string
	for _, one := range []struct{ word, value string }{{"", f.Text}, {"niche ", f.Niche}, {"language ", f.Language}, {"tag ", f.Tag}, {"state ", state}} {
		if one.value != "" {
			out = append(out, one.word+"“"+one.value+"”")
		}
	}
	return strings.Join(out, ", ")
}
