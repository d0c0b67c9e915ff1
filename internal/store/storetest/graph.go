package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
	"empire/internal/store"
)

// graphWorld draws documents over few nodes, so that sources overlap.
type graphWorld struct{ rng *rand.Rand }

func (w graphWorld) ref(kind domain.NodeType) domain.GraphRef {
	return domain.GraphRef{Type: kind, ID: fmt.Sprint("n'", w.rng.IntN(4))}
}

func (w graphWorld) row() domain.GraphContribution {
	relations := graph.Relations()
	r := relations[w.rng.IntN(len(relations))]
	ends := graph.Joins(r)[w.rng.IntN(len(graph.Joins(r)))]
	c := domain.GraphContribution{Node: w.ref(ends[0]), Weight: domain.GraphWeight(1 + w.rng.IntN(3_000_000))}
	if w.rng.IntN(3) > 0 {
		c.Relation, c.To = r, w.ref(ends[1])
	}
	if w.rng.IntN(3) == 0 {
		c.Attribute, c.Value = fmt.Sprint("a", w.rng.IntN(2)), fmt.Sprint("ä", w.rng.IntN(3))
	}
	if w.rng.IntN(3) == 0 {
		c.From = day.AddDate(0, 0, w.rng.IntN(20))
	}
	if w.rng.IntN(3) == 0 {
		c.Until = day.AddDate(0, 0, 20+w.rng.IntN(20))
	}
	return c
}

func (w graphWorld) part(name string) domain.GraphPart {
	p := domain.GraphPart{Part: name, Hash: fmt.Sprint(w.rng.Uint64())}
	for range 1 + w.rng.IntN(5) {
		p.Rows = append(p.Rows, w.row())
	}
	return p
}

func graphSource(tenant domain.TenantID, name string) *domain.GraphSource {
	return &domain.GraphSource{
		ID: "import:" + name, Tenant: tenant, Kind: domain.GraphImport, Name: name, At: day, CreatedAt: day, UpdatedAt: day, Meta: []byte(`{"b":1, "a":2}`),
	}
}

func walk(t *testing.T, s *store.Store, tenant domain.TenantID, at time.Time) []domain.GraphFact {
	t.Helper()
	out := []domain.GraphFact{}
	must(t, s.Graph.Walk(t.Context(), tenant, at, nil, func(f *domain.GraphFact) error { out = append(out, *f); return nil }))
	return out
}

func page(id string) domain.GraphRef    { return domain.GraphRef{Type: domain.NodePage, ID: id} }
func keyword(id string) domain.GraphRef { return domain.GraphRef{Type: domain.NodeKeyword, ID: id} }

func targets(from, to string) domain.GraphContribution {
	return domain.GraphContribution{Node: page(from), Relation: domain.RelationTargets, To: keyword(to), Weight: domain.GraphOne}
}

// testGraph: parts are replaced as a whole, the same again changes nothing, tenants
// see their own and what is shared.
func testGraph(t *testing.T, s *store.Store) {
	ctx := t.Context()
	src := graphSource("main", "a")
	parts := []domain.GraphPart{{Part: "1", Hash: "x", Rows: []domain.GraphContribution{targets("p", "k"), targets("p", "l")}}, {Part: "2", Hash: "y", Rows: []domain.GraphContribution{targets("p", "k")}}}
	added, changed, err := s.Graph.Put(ctx, src, parts)
	must(t, err)
	wantEqual(t, [][]string{added, changed}, [][]string{{"1", "2"}, nil})
	version := value(s.Graph.Version(ctx, "main"))(t)
	added, changed, err = s.Graph.Put(ctx, src, parts)
	must(t, err)
	if len(added)+len(changed) != 0 || value(s.Graph.Version(ctx, "main"))(t) != version {
		t.Errorf("the same again added %v and changed %v", added, changed)
	}
	held := value(s.Graph.Source(ctx, "main", src.ID))(t)
	want := *src
	want.Rows = 3
	wantEqual(t, held, &want)
	_, changed, err = s.Graph.Put(ctx, src, []domain.GraphPart{{Part: "1", Hash: "z", Rows: []domain.GraphContribution{targets("q", "k")}}})
	must(t, err)
	wantEqual(t, changed, []string{"1"})
	if got := value(s.Graph.Version(ctx, "main"))(t); got <= version {
		t.Errorf("version = %d after a change, was %d", got, version)
	}
	facts := walk(t, s, "main", time.Time{})
	if len(facts) != 2 || facts[0].Node != page("p") || facts[1].Node != page("q") || facts[0].Sources != 1 || facts[0].Weight != domain.GraphOne || !facts[0].Latest.Equal(day) {
		t.Errorf("the graph holds %+v", facts)
	}
	if got := walk(t, s, "other", time.Time{}); len(got) != 0 {
		t.Errorf("another tenant sees %+v", got)
	}
	_, _, err = s.Graph.Put(ctx, graphSource(domain.GraphShared, "b"), []domain.GraphPart{{Hash: "x", Rows: []domain.GraphContribution{targets("s", "k")}}})
	must(t, err)
	if got := walk(t, s, "other", time.Time{}); len(got) != 1 {
		t.Errorf("another tenant sees %+v of what is shared, want one relation", got)
	}
	if got := value(s.Graph.Version(ctx, "other"))(t); got != 1 {
		t.Errorf("version of another tenant = %d, want 1", got)
	}
	facts, rows, total, err := s.Graph.About(ctx, "main", keyword("k"), time.Time{}, 10)
	must(t, err)
	if len(facts) != 3 || len(rows) != 3 || total != 3 || rows[0].Source != src.ID || rows[2].Source != "import:b" {
		t.Errorf("about k: %+v, %+v of %d", facts, rows, total)
	}
	list, n, err := s.Graph.Sources(ctx, "main", window(10, 0))
	must(t, err)
	if n != 2 || len(list) != 2 || list[0].Rows != 2 || list[1].Tenant != domain.GraphShared {
		t.Errorf("sources = %+v of %d", list, n)
	}
	must(t, s.Graph.Remove(ctx, "main", src.ID, []string{"1", "unknown"}))
	if got := value(s.Graph.Source(ctx, "main", src.ID))(t); got.Rows != 1 {
		t.Errorf("%d contributions are left, want 1", got.Rows)
	}
	must(t, s.Graph.Withdraw(ctx, "main", src.ID, day.Add(time.Hour)))
	got := value(s.Graph.Source(ctx, "main", src.ID))(t)
	wantEqual(t, []any{got.Rows, got.WithdrawnAt}, []any{0, ptr(day.Add(time.Hour))})
	wantCode(t, s.Graph.Withdraw(ctx, "main", "import:none", day), domain.CodeNotFound)
	wantCode(t, s.Graph.Remove(ctx, "main", "import:none", []string{"x"}), domain.CodeNotFound)
	_, err = s.Graph.Source(ctx, "other", src.ID)
	wantCode(t, err, domain.CodeNotFound)
}

// testGraphForgets is differentiator D14: after any writes, updates and withdrawals the
// graph equals one that never saw what is gone, at every time, and equals the sum that
// package graph makes of the same contributions.
func testGraphForgets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := graphWorld{rand.New(rand.NewPCG(7, 9))}
	left := map[string]map[string]domain.GraphPart{}
	for range 60 {
		name, part := fmt.Sprint("s", w.rng.IntN(6)), fmt.Sprint("p", w.rng.IntN(3))
		switch p := w.part(part); {
		case w.rng.IntN(4) == 0 && left[name] != nil:
			must(t, s.Graph.Withdraw(ctx, "saw", "import:"+name, day))
			delete(left, name)
		case w.rng.IntN(5) == 0 && left[name] != nil:
			must(t, s.Graph.Remove(ctx, "saw", "import:"+name, []string{part}))
			delete(left[name], part)
		default:
			_, _, err := s.Graph.Put(ctx, graphSource("saw", name), []domain.GraphPart{p})
			must(t, err)
			if left[name] == nil {
				left[name] = map[string]domain.GraphPart{}
			}
			left[name][part] = p
		}
	}
	oracle := graph.NewKnowledge()
	for name, parts := range left {
		d := graph.Document{Source: "import:" + name, At: day}
		for _, p := range parts {
			_, _, err := s.Graph.Put(ctx, graphSource("never", name), []domain.GraphPart{p})
			must(t, err)
			d.Contributions = append(d.Contributions, p.Rows...)
		}
		if len(d.Contributions) > 0 {
			_, err := oracle.Put(d)
			must(t, err)
		}
	}
	for _, at := range []time.Time{{}, day, day.AddDate(0, 0, 12), day.AddDate(0, 0, 25), day.AddDate(0, 0, 60)} {
		saw := walk(t, s, "saw", at)
		wantEqual(t, saw, walk(t, s, "never", at))
		sameAsOracle(t, oracle.Snapshot(graph.View{At: at}), saw)
	}
}

// sameAsOracle compares facts with those of package graph, which also lists the nodes
// that only follow from relations.
func sameAsOracle(t *testing.T, want *graph.Snapshot, got []domain.GraphFact) {
	t.Helper()
	held := map[domain.GraphElement]domain.GraphFact{}
	for _, f := range got {
		held[domain.GraphElement{Node: f.Node, Relation: f.Relation, To: f.To}] = f
	}
	facts := 0
	for _, f := range append(want.Nodes, want.Edges...) {
		if f.Sources == 0 {
			continue
		}
		facts++
		g := held[domain.GraphElement{Node: f.Node, Relation: f.Relation, To: f.To}]
		wantEqual(t, []any{g.Weight, g.Sources, g.Attributes}, []any{f.Weight, f.Sources, f.Attributes})
	}
	if facts != len(got) {
		t.Errorf("the store has %d facts, package graph %d", len(got), facts)
	}
}

// testGraphAtOnce: writers of the same and of other sources at the same time leave
// what one after the other would.
func testGraphAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			src := graphSource("main", fmt.Sprint("s", i%3))
			for n := range 5 {
				part := domain.GraphPart{Part: fmt.Sprint(n), Hash: "same", Rows: []domain.GraphContribution{targets(fmt.Sprint("p", i%3), fmt.Sprint("k", n))}}
				if _, _, err := s.Graph.Put(ctx, src, []domain.GraphPart{part}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	facts := walk(t, s, "main", time.Time{})
	if len(facts) != 15 {
		t.Errorf("%d relations, want 15", len(facts))
	}
	for _, f := range facts {
		if f.Weight != domain.GraphOne {
			t.Errorf("%v %v weighs %v, want 1", f.Node, f.To, f.Weight.Float())
		}
	}
	list, _, err := s.Graph.Sources(ctx, "main", window(10, 0))
	must(t, err)
	for _, src := range list {
		if src.Rows != 5 {
			t.Errorf("%s counts %d contributions, want 5", src.ID, src.Rows)
		}
	}
}

func testGraphValidity(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := targets("p", "k")
	c.From, c.Until, c.Attribute, c.Value = day, day.AddDate(0, 0, 2), "rank", "1"
	_, _, err := s.Graph.Put(ctx, graphSource("main", "a"), []domain.GraphPart{{Hash: "x", Rows: []domain.GraphContribution{c}}})
	must(t, err)
	for _, tt := range []struct {
		at   time.Time
		want int
	}{{time.Time{}, 1}, {day.Add(-time.Microsecond), 0}, {day, 1}, {day.AddDate(0, 0, 1), 1}, {day.AddDate(0, 0, 2), 0}} {
		if got := walk(t, s, "main", tt.at); len(got) != tt.want {
			t.Errorf("at %v the graph has %d facts, want %d", tt.at, len(got), tt.want)
		}
		facts, _, _, err := s.Graph.About(ctx, "main", page("p"), tt.at, 5)
		must(t, err)
		if len(facts) != tt.want {
			t.Errorf("at %v the page has %d facts, want %d", tt.at, len(facts), tt.want)
		}
	}
	_, rows, _, err := s.Graph.About(ctx, "main", page("p"), time.Time{}, 5)
	must(t, err)
	c.Source, c.At = "import:a", day
	wantEqual(t, rows, []domain.GraphContribution{c})
	var read []domain.GraphContribution
	must(t, s.Graph.Contributions(ctx, "main", "import:a", func(c *domain.GraphContribution) error { read = append(read, *c); return nil }))
	wantEqual(t, read, rows)
}

// testGraphRests: what rests on a source, and what became stale.
func testGraphRests(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site := insertWebsite(t, s, "a")
	rest := func(page, source string) domain.GraphRest {
		return domain.GraphRest{Tenant: "main", WebsiteID: site.ID, PageID: domain.PageID(page), Source: source}
	}
	must(t, s.Graph.SetRests(ctx, site, map[domain.GraphRest]int{rest("p1", "import:a"): 2, rest("p1", "import:b"): 1, rest("p2", "import:a"): 3}))
	_, _, err := s.Graph.Put(ctx, graphSource("main", "a"), []domain.GraphPart{{Hash: "x", Rows: []domain.GraphContribution{targets("p", "k"), targets("p", "l")}}})
	must(t, err)
	_, _, err = s.Graph.Put(ctx, graphSource("main", "b"), []domain.GraphPart{{Hash: "x", Rows: []domain.GraphContribution{targets("p", "k")}}})
	must(t, err)
	_, _, err = s.Graph.Put(ctx, graphSource("other", "c"), []domain.GraphPart{{Hash: "x", Rows: []domain.GraphContribution{targets("p", "l")}}})
	must(t, err)
	b := value(s.Graph.Blast(ctx, "main", value(s.Graph.Source(ctx, "main", "import:a"))(t), 2))(t)
	b.Source = domain.GraphSource{}
	wantEqual(t, b, &domain.GraphBlast{
		Contributions: 2, Nodes: 3, NodesAlone: 1, Relations: 2, RelsAlone: 1, ByType: map[string]int{"keyword": 2, "page": 1}, Evidence: 5,
		Sample: []domain.GraphResting{{GraphRef: keyword("k")}, {GraphRef: keyword("l"), Alone: true}},
		Pages:  []domain.GraphRest{rest("p1", "import:a"), rest("p2", "import:a")},
	})
	stale := domain.GraphStale{GraphRest: rest("p2", "import:a"), Reason: domain.StaleChanged, At: day}
	must(t, s.Graph.MarkStale(ctx, []domain.GraphStale{stale}))
	stale.Reason, stale.At = domain.StaleGone, day.Add(time.Hour)
	must(t, s.Graph.MarkStale(ctx, []domain.GraphStale{stale}))
	list, total, err := s.Graph.Stale(ctx, "main", "import:a", window(10, 0))
	must(t, err)
	wantEqual(t, list, []domain.GraphStale{stale})
	if of := value(s.Graph.StaleOf(ctx, stale.WebsiteID))(t); len(of) != 1 || of[0] != list[0] {
		t.Errorf("stale pages of the website = %+v, want %+v", of, list)
	}
	if of := value(s.Graph.StaleOf(ctx, "site_other"))(t); len(of) != 0 {
		t.Errorf("stale pages of another website = %+v", of)
	}
	if _, other, _ := s.Graph.Stale(ctx, "other", "", window(10, 0)); total != 1 || other != 0 {
		t.Errorf("%d pages are stale, and %d of another tenant; want 1 and 0", total, other)
	}
	must(t, s.Graph.SetRests(ctx, site, map[domain.GraphRest]int{rest("p1", "import:b"): 1}))
	if _, total, _ := s.Graph.Stale(ctx, "main", "", window(10, 0)); total != 0 {
		t.Errorf("%d pages are stale after they were published again", total)
	}
	must(t, s.Websites.Delete(ctx, site.ID))
	if pages, n, err := s.Graph.Rests(ctx, domain.GraphShared, "import:b"); err != nil || len(pages) != 0 || n != 0 {
		t.Errorf("%v rest on a source after their website is gone, %v", pages, err)
	}
}

// testGraphFeed: the difference between a feed and what the graph holds of it.
func testGraphFeed(t *testing.T, s *store.Store) {
	ctx := t.Context()
	f := insertFeed(t, s, "a")
	must(t, s.Products.Upsert(ctx, []domain.Product{product(f.ID, "1", "Board"), product(f.ID, "2", "Mouse"), product(f.ID, "3", "Lamp")}))
	src := &domain.GraphSource{ID: "feed:" + string(f.ID), Kind: domain.GraphFeed, Name: f.Name, At: day, CreatedAt: day, UpdatedAt: day}
	part := func(key, hash string) domain.GraphPart {
		return domain.GraphPart{Part: key, Hash: hash, Rows: []domain.GraphContribution{targets("p", key)}}
	}
	_, _, err := s.Graph.Put(ctx, src, []domain.GraphPart{part("1", "hash-1"), part("2", "old"), part("4", "hash-4"), {Hash: "feed", Rows: []domain.GraphContribution{targets("p", "f")}}})
	must(t, err)
	wantEqual(t, keysOf(value(s.Graph.FeedDiff(ctx, f.ID, "", 10))(t)), []string{"2", "3"})
	wantEqual(t, keysOf(value(s.Graph.FeedDiff(ctx, f.ID, "2", 10))(t)), []string{"3"})
	wantEqual(t, keysOf(value(s.Graph.FeedDiff(ctx, f.ID, "", 1))(t)), []string{"2"})
	wantEqual(t, value(s.Graph.FeedGone(ctx, f.ID))(t), []string{"4"})
	wantEqual(t, value(s.Graph.FeedChanged(ctx, f.ID))(t), []string{"2"})
	wantEqual(t, value(s.Graph.Parts(ctx, "", src.ID))(t), map[string]string{"1": "hash-1", "2": "old", "4": "hash-4", "": "feed"})
	wantEqual(t, value(s.Graph.FeedMerchants(ctx, f.ID))(t), map[string]string{"900001": "Shop"})
}
