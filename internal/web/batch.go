package web

import (
	"encoding/json"
	"net/http"
	"slices"

	"empire/internal/domain"
)

// bulkView asks whether what a dry run foresees is to be done.
type bulkView struct {
	Action string // in words
	Value  domain.BulkAction
	Filter string // as JSON, for the form
	All    bool
	Batch  *domain.Batch
	Sites  []domain.BatchSite // the first of them, those that cannot be done first
	// Ready would be changed, the others are in no state for it or would fail.
	Ready, Skipped, Failed int

	Reason string
	Error  string
}

// bulkWords are the bulk actions in words, for headings and buttons.
var bulkWords = map[domain.BulkAction]string{
	domain.BulkRebuild: "Rebuild", domain.BulkPublish: "Publish the newest release of", domain.BulkRollback: "Roll back", domain.BulkArchive: "Archive",
}

// maxForeseen is how many websites of a dry run a page lists.
const maxForeseen = 200

// bulk shows what a bulk action would do to the ticked websites, or to all that the
// filters of the list select.
func (d *Dashboard) bulk(w http.ResponseWriter, r *http.Request) (string, error) {
	p := domain.BatchParams{Action: domain.BulkAction(r.PostFormValue("action")), DryRun: true, Reason: "dry run"}
	if r.PostFormValue("whole") != "" {
		p.Filter = domain.WebsiteFilter{
			Text: r.PostFormValue("q"), Niche: r.PostFormValue("niche"), Language: r.PostFormValue("language"), Tag: r.PostFormValue("tag"),
			State: domain.WebsiteState(r.PostFormValue("state")),
		}
		p.All = p.Filter.Empty()
	} else {
		for _, id := range r.PostForm["site"] {
			p.Filter.IDs = append(p.Filter.IDs, domain.WebsiteID(id))
		}
		if len(p.Filter.IDs) == 0 {
			return "", domain.Invalid("site", "No site is ticked.")
		}
	}
	v, err := d.foresee(r, p)
	if err != nil {
		return "", err
	}
	d.render(w, r, http.StatusOK, bulkPage(v))
	return "", nil
}

func bulkPage(v bulkView) view {
	return view{template: "bulk", title: "Bulk change", section: "sites", crumbs: []crumb{{"Sites", "/sites"}}, data: v}
}

// foresee makes the view of a dry run.
func (d *Dashboard) foresee(r *http.Request, p domain.BatchParams) (bulkView, error) {
	p.DryRun = true
	batch, sites, err := d.c.Batches.Start(r.Context(), p)
	if err != nil {
		return bulkView{}, err
	}
	filter, err := json.Marshal(p.Filter)
	if err != nil {
		return bulkView{}, err
	}
	slices.SortStableFunc(sites, func(a, b domain.BatchSite) int { return rankOf(a.State) - rankOf(b.State) })
	v := bulkView{Action: bulkWords[p.Action], Value: p.Action, Filter: string(filter), All: p.All, Batch: batch, Sites: sites}
	v.Ready, v.Skipped, v.Failed = batch.Counts[domain.BatchSiteQueued], batch.Counts[domain.BatchSiteSkipped], batch.Counts[domain.BatchSiteFailed]
	if len(v.Sites) > maxForeseen {
		v.Sites = v.Sites[:maxForeseen]
	}
	return v, nil
}

// rankOf puts first what cannot be done.
func rankOf(s domain.BatchSiteState) int {
	return slices.Index([]domain.BatchSiteState{domain.BatchSiteFailed, domain.BatchSiteSkipped, domain.BatchSiteQueued}, s)
}

// startBatch does what was foreseen.
func (d *Dashboard) startBatch(w http.ResponseWriter, r *http.Request) (string, error) {
	p := domain.BatchParams{Action: domain.BulkAction(r.PostFormValue("action")), All: r.PostFormValue("all") == "true", Reason: r.PostFormValue("reason")}
	if err := json.Unmarshal([]byte(r.PostFormValue("filter")), &p.Filter); err != nil {
		return "", domain.Invalid("filter", "The filter cannot be read. Choose the sites again.")
	}
	batch, _, err := d.c.Batches.Start(r.Context(), p)
	if domain.CodeOf(err) == domain.CodeInvalid && fieldOf(err) == "reason" {
		again := p
		again.Reason = "dry run"
		v, foreseen := d.foresee(r, again)
		if foreseen != nil {
			return "", foreseen
		}
		v.Error, v.Reason = domain.MessageOf(err), p.Reason
		d.render(w, r, d.c.Status(err), bulkPage(v))
		return "", nil
	}
	if err != nil {
		return "", err
	}
	d.notify(w, r, "batch-started")
	return "/batches/" + string(batch.ID), nil
}

type batchesView struct {
	Batches section[batchRow]
	Pager   pager
}

type batchRow struct {
	*domain.Batch
	Action string
	Failed int
}

func (d *Dashboard) batches(_ http.ResponseWriter, r *http.Request) (view, error) {
	w := windowOf(r)
	list, total, err := d.c.Batches.List(r.Context(), w)
	if err != nil {
		return view{}, err
	}
	v := batchesView{Pager: pagerOf(r, w, len(list), total)}
	v.Batches = load(d, r, func(b *domain.Batch) batchRow {
		return batchRow{b, bulkWords[b.Action], b.Counts[domain.BatchSiteFailed]}
	}, list, total, nil)
	return view{template: "batches", title: "Bulk changes", section: "sites", data: v}, nil
}

type batchView struct {
	Batch   *domain.Batch
	Action  string
	Tabs    []tab
	Sites   []domain.BatchSite
	Done    int
	Running bool
	Pager   pager
}

// batch shows one bulk change and how far it is with each website.
func (d *Dashboard) batch(_ http.ResponseWriter, r *http.Request) (view, error) {
	state := domain.BatchSiteState(r.URL.Query().Get("state"))
	var states []domain.BatchSiteState
	if state != "" {
		states = []domain.BatchSiteState{state}
	}
	w := windowOf(r)
	b, sites, err := d.c.Batches.Get(r.Context(), domain.BatchID(r.PathValue("id")), states, w)
	if err != nil {
		return view{}, err
	}
	v := batchView{Batch: b, Action: bulkWords[b.Action], Sites: sites, Running: b.State == domain.BatchRunning}
	total := b.Total
	if state != "" {
		total = b.Counts[state]
	}
	v.Done, v.Pager = b.Total-b.Counts[domain.BatchSiteQueued], pagerOf(r, w, len(sites), total)
	v.Tabs = []tab{{Label: "All", Address: r.URL.Path, Count: b.Total, Current: state == ""}}
	for _, s := range []domain.BatchSiteState{domain.BatchSiteQueued, domain.BatchSiteDone, domain.BatchSiteSkipped, domain.BatchSiteFailed} {
		v.Tabs = append(v.Tabs, tab{Label: badgeOf(s).Word, Address: r.URL.Path + "?state=" + string(s), Count: b.Counts[s], Current: s == state})
	}
	return view{
		template: "batch", title: v.Action + " " + plural(b.Total, "site", "sites"), section: "sites", crumbs: []crumb{{"Bulk changes", "/batches"}},
		live: v.Running, data: v,
	}, nil
}

func (d *Dashboard) cancelBatch(w http.ResponseWriter, r *http.Request) (string, error) {
	b, err := d.c.Batches.Cancel(r.Context(), domain.BatchID(r.PathValue("id")))
	if err != nil {
		return "", err
	}
	d.notify(w, r, "batch-cancelled")
	return "/batches/" + string(b.ID), nil
}
