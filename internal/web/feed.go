package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

type catalogueService interface {
	Feeds(ctx context.Context) ([]domain.Feed, error)
	Products(ctx context.Context, feed domain.FeedID, query string, w domain.Window) ([]domain.Product, int, error)
	History(ctx context.Context, feed domain.FeedID, key string) (*domain.PriceHistory, error)
	ImportFeed(ctx context.Context, name, source string, r io.Reader, size int64, progress func(bytesRead, size int64, rows int)) (domain.ImportReport, error)
	DeleteFeed(ctx context.Context, id domain.FeedID) error
}

// maxImports is how many imports through this dashboard are remembered.
const maxImports = 50

// feedImport is an import through this dashboard since the process began.
type feedImport struct {
	Feed   string
	At     time.Time
	Read   int64 // bytes
	Size   int64
	Rows   int
	Report *domain.ImportReport // nil while it runs
	Error  string
}

// feedImports remembers imports, the newest first.
type feedImports struct {
	mu   sync.Mutex
	list []*feedImport // guarded by mu, as what they point to
}

func (l *feedImports) begin(feed string, at time.Time, size int64) *feedImport {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := &feedImport{Feed: feed, At: at, Size: size}
	l.list = slices.Insert(l.list, 0, i)
	l.list = l.list[:min(len(l.list), maxImports)]
	return i
}

func (l *feedImports) change(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
}

// of returns copies of the imports of a feed, or of all feeds for an empty name.
func (l *feedImports) of(feed string) []feedImport {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []feedImport
	for _, i := range l.list {
		if feed == "" || i.Feed == feed {
			out = append(out, *i)
		}
	}
	return out
}

// running reports whether a feed, or any for an empty name, is being imported.
func (l *feedImports) running(feed string) bool {
	return slices.ContainsFunc(l.of(feed), func(i feedImport) bool { return i.Report == nil && i.Error == "" })
}

func (d *Dashboard) feedRoutes() {
	d.shows("/feeds", d.feedList)
	d.shows("/feeds/new", d.feedNew)
	d.shows("/feeds/{id}", d.feedPage)
	d.shows("/products", d.productList)
	d.shows("/products/{feed}/{key}", d.productPage)
	d.does("/feeds", domain.WebsitesManage, d.feedUpload)
	d.does("/feeds/{id}/delete", domain.WebsitesManage, d.feedDelete)
}

func feedTabs(r *http.Request) []tab {
	var out []tab
	for _, t := range []tab{{Label: "Feeds", Address: "/feeds"}, {Label: "Products", Address: "/products"}} {
		t.Current, t.Count = r.URL.Path == t.Address, -1
		out = append(out, t)
	}
	return out
}

func uploadForm(action, submit string) form {
	return form{ID: "upload", Action: action, Submit: submit, Primary: true, Upload: true, Fields: []field{
		{Name: "file", Label: "Feed file", Kind: "file", Required: true, Hint: "CSV as AWIN exports it, also gzipped, up to 10 MB. The command empire import feed takes larger ones."},
		{Name: "name", Label: "Name", Max: 200, Hint: "The same name again updates the feed. Empty: the name of the file."},
	}}
}

// feedMaxAge is the age from which on a feed is pointed out: prices that old mislead.
func (d *Dashboard) feedMaxAge() time.Duration {
	if d.c.FeedMaxAge > 0 {
		return d.c.FeedMaxAge
	}
	return staleAfter
}

// feedState says in a word how a feed is.
func (d *Dashboard) feedState(f *domain.Feed) string {
	switch {
	case f.ReadAt == nil && f.LastState == "":
		return "never imported"
	case f.LastState == domain.ImportComplete && f.ReadAt != nil && d.c.Now().Sub(*f.ReadAt) > d.feedMaxAge():
		return "stale"
	}
	return f.LastState
}

// sourceOf says where a feed came from, unless its name says it.
func sourceOf(f *domain.Feed) string {
	if f.Source == f.Name {
		return ""
	}
	return f.Source
}

func (d *Dashboard) feedList(r *http.Request) (view, error) {
	feeds, err := d.c.Work.Catalogue.Feeds(r.Context())
	want := r.URL.Query().Get("state")
	counts := map[string]int{"": len(feeds)}
	g := &grid{Columns: []column{{Label: "Feed"}, {Label: "State"}, {Label: "Products", Num: true}, {Label: "Read whole", Wide: true}, {Label: "Last import", Wide: true}}}
	for i := range feeds {
		f := &feeds[i]
		st := d.feedState(f)
		counts[st]++
		if want == "" || want == st {
			g.add(cell{Text: f.Name, Link: "/feeds/" + string(f.ID), Sub: sourceOf(f)}, state(st), count(f.Rows), whenever(f.ReadAt), when(f.UpdatedAt))
		}
	}
	first := empty{Text: "A feed is one merchant's list of products. Sites are written from feeds."}
	s := sheet{Title: "Products & feeds", Tabs: feedTabs(r)}
	if can(r, domain.WebsitesManage) {
		s.Actions = []anchor{{"Upload a feed", "/feeds/new", true}}
		first.Action = &anchor{"Upload the first one", "/feeds/new", true}
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(g.Rows), len(g.Rows), err, want != "", first)
	if err == nil && len(feeds) > 0 {
		p.Facts = []fact{{"Feeds", count(len(feeds))}, {"Stale", count(counts["stale"])}, {"Refused", count(counts[domain.ImportRefused])}}
	}
	s.Panels = []panel{p}
	if running := d.importPanel(""); running != nil {
		s.Panels = append(s.Panels, *running)
	}
	v, err := show("products", s)
	v.live = d.imports.running("")
	return v, err
}

// importPanel lists imports through this dashboard, or nothing if there were none.
func (d *Dashboard) importPanel(feed string) *panel {
	list := d.imports.of(feed)
	if len(list) == 0 {
		return nil
	}
	p := &panel{ID: "imports", Title: "Imports", Note: "Through this dashboard since it started. The audit log has all of them."}
	p.Grid = &grid{Columns: []column{{Label: "Feed"}, {Label: "State"}, {Label: "New", Num: true}, {Label: "Changed", Num: true}, {Label: "Rejected", Num: true}, {Label: "Gone", Num: true, Wide: true}, {Label: "Begun", Wide: true}}}
	for i := range list {
		im := &list[i]
		switch rep := im.Report; {
		case im.Error != "":
			p.Grid.add(cell{Text: im.Feed, Sub: im.Error}, state("failed"), cell{}, cell{}, cell{}, cell{}, when(im.At))
		case rep == nil:
			p.Grid.add(text(im.Feed), cell{Badge: "running", Sub: plural(im.Rows, "row", "rows") + " read", Bar: &bar{100 * float64(im.Read) / float64(max(im.Size, 1)), "busy"}}, cell{}, cell{}, cell{}, cell{}, when(im.At))
		default:
			p.Grid.add(cell{Text: im.Feed, Sub: rep.Error}, state(rep.Status), count(rep.Imported), count(rep.Updated), count(rep.Rejected), count(rep.Removed), when(im.At))
		}
	}
	return p
}

// rejected shows why rows of the last import were not taken.
func rejected(im []feedImport) *panel {
	i := slices.IndexFunc(im, func(i feedImport) bool { return i.Report != nil && len(i.Report.Samples)+len(i.Report.Reasons) > 0 })
	if i < 0 {
		return nil
	}
	rep := im[i].Report
	p := &panel{ID: "rejects", Title: "Rejected and repaired rows", Note: "Of the newest import that had any. For each reason the first rows."}
	for _, reason := range sortedKeys(rep.Reasons) {
		p.Facts = append(p.Facts, fact{strings.ReplaceAll(reason, "_", " "), count(rep.Reasons[reason])})
	}
	p.Grid = &grid{Columns: []column{{Label: "Line"}, {Label: "Reason"}, {Label: "What it says"}}}
	for _, s := range rep.Samples {
		p.Grid.add(text(strconv.Itoa(s.Line)), text(s.Reason), text(s.Detail))
	}
	return p
}

func sortedKeys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (d *Dashboard) feedNew(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	return show("products", newFeedSheet(nil))
}

func newFeedSheet(err error) sheet {
	f := uploadForm("/feeds", "Import")
	f.blame(err)
	return sheet{
		Crumbs: []anchor{{Label: "Products & feeds", Address: "/feeds"}}, Title: "Upload a feed",
		Lead:   "The file is read row by row. What cannot be used is left out and listed with its line.",
		Panels: []panel{{ID: "new", Form: &f}},
	}
}

func (d *Dashboard) feedUpload(w http.ResponseWriter, r *http.Request) (string, error) {
	report, err := d.importUpload(r)
	if err == nil && report.Status == domain.ImportRefused {
		err = domain.Invalid("file", "The feed was refused: %s", report.Error)
	}
	if err != nil {
		return d.again(w, r, "products", err, newFeedSheet(err))
	}
	d.notify(w, r, "imported")
	return "/feeds/" + string(report.FeedID), nil
}

// importUpload imports the file of a form. Its progress shows on the pages of feeds.
func (d *Dashboard) importUpload(r *http.Request) (domain.ImportReport, error) {
	file, head, err := r.FormFile("file")
	if err != nil {
		if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
			return domain.ImportReport{}, domain.Invalid("file", "Choose a file.")
		}
		return domain.ImportReport{}, &domain.Error{Code: domain.CodeMalformed, Field: "file", Message: "The file cannot be read.", Err: err}
	}
	defer func() { _ = file.Close() }() // it was only read
	name := typed(r, "name")
	if name == "" {
		name = head.Filename
	}
	if len(name) > domain.MaxName {
		return domain.ImportReport{}, domain.Invalid("name", "A name has at most %d bytes.", domain.MaxName)
	}
	im := d.imports.begin(name, d.c.Now(), head.Size)
	report, err := d.c.Work.Catalogue.ImportFeed(r.Context(), name, head.Filename, file, head.Size, func(read, _ int64, rows int) {
		d.imports.change(func() { im.Read, im.Rows = read, rows })
	})
	d.imports.change(func() {
		if err != nil {
			im.Error = domain.MessageOf(err)
			return
		}
		im.Report = &report
	})
	return report, err
}

// feedOf finds a feed by its id.
func (d *Dashboard) feedOf(r *http.Request, id domain.FeedID) (*domain.Feed, error) {
	feeds, err := d.c.Work.Catalogue.Feeds(r.Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(feeds, func(f domain.Feed) bool { return f.ID == id })
	if i < 0 {
		return nil, domain.Errorf(domain.CodeNotFound, "Feed %s does not exist.", id)
	}
	return &feeds[i], nil
}

func (d *Dashboard) feedPage(r *http.Request) (view, error) {
	f, err := d.feedOf(r, domain.FeedID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	s := sheet{Crumbs: []anchor{{Label: "Products & feeds", Address: "/feeds"}}, Title: f.Name, State: d.feedState(f)}
	s.Panels = append(s.Panels, panel{ID: "facts", Facts: []fact{
		{"Products", cell{Text: count(f.Rows).Text, Link: address("/products", "feed", string(f.ID))}}, {"Read whole", whenever(f.ReadAt)},
		{"Last import", when(f.UpdatedAt)}, {"Source", text(f.Source)}, {"Language", text(languageName(f.Language))},
	}})
	if p := d.importPanel(f.Name); p != nil {
		s.Panels = append(s.Panels, *p)
	}
	if p := rejected(d.imports.of(f.Name)); p != nil {
		s.Panels = append(s.Panels, *p)
	}
	if can(r, domain.WebsitesManage) {
		up := uploadForm("/feeds", "Import")
		up.Fields[1] = field{Name: "name", Kind: "hidden", Value: f.Name}
		gone := confirm("delete", "/feeds/"+string(f.ID)+"/delete", "Withdraw this feed…",
			"Feed "+f.Name+" goes with its "+plural(f.Rows, "product", "products")+". Pages that rest on it stay until their site is built again.", "Withdraw "+f.Name)
		s.Panels = append(s.Panels, panel{ID: "again", Title: "Import a newer file", Form: &up}, panel{ID: "withdraw", Form: &gone})
	}
	v, err := show("products", s)
	v.live = d.imports.running(f.Name)
	return v, err
}

func (d *Dashboard) feedDelete(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := d.c.Work.Catalogue.DeleteFeed(r.Context(), domain.FeedID(r.PathValue("id"))); err != nil {
		return "", err
	}
	d.notify(w, r, "feed-deleted")
	return "/feeds", nil
}
