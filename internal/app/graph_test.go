package app_test

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/sample"
)

// restingPages finds by SQL alone the pages whose claims rest on a feed, or on one row
// of it, also through computations.
const restingPages = `WITH RECURSIVE used (page, evidence) AS (
	SELECT p.id, e.value FROM pages p, json_each(p.doc, '$.claims') c, json_each(c.value, '$.evidence') e
	UNION SELECT u.page, i.value FROM used u JOIN evidence v ON v.id = u.evidence, json_each(v.doc, '$.inputs') i)
	SELECT DISTINCT u.page FROM used u JOIN evidence v ON v.id = u.evidence WHERE json_extract(v.doc, '$.feed_id') = $1
	AND ($2 = '' OR json_extract(v.doc, '$.row_key') = $2 OR EXISTS (SELECT 1 FROM json_each(v.doc, '$.rows') r WHERE r.value = $2)) ORDER BY u.page`

func pagesBySQL(t *testing.T, dir string, feed domain.FeedID, row string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "empire.db")+"?_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), restingPages, string(feed), row)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var page string
		if err := rows.Scan(&page); err != nil {
			t.Fatal(err)
		}
		out = append(out, page)
	}
	if rows.Err() != nil || len(out) == 0 {
		t.Fatalf("%d pages by SQL, %v", len(out), rows.Err())
	}
	return out
}

type graphFigures struct {
	Nodes      int            `json:"nodes"`
	Relations  int            `json:"relations"`
	Sources    int            `json:"sources"`
	Rows       int            `json:"contributions"`
	ByType     map[string]int `json:"by_type"`
	StalePages int            `json:"stale_pages"`
	Version    int64          `json:"version"`
}

type stalePage struct {
	PageID string `json:"page_id"`
	Source string `json:"source"`
	Reason string `json:"reason"`
}

func (c *caller) stale(source string) []stalePage {
	c.t.Helper()
	var list []stalePage
	c.want("GET", "/api/v1/intelligence/graph/stale?limit=1000&source="+url.QueryEscape(source), nil, http.StatusOK, &list)
	return list
}

func pagesOf(list []stalePage) []string {
	out := []string{}
	for _, p := range list {
		out = append(out, p.PageID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestGraphOfThePortfolio: what is imported and published is in the graph; importing it
// again changes nothing; a changed row and a withdrawn feed make exactly the pages stale
// that a join in SQL finds; and the graph forgets what is withdrawn.
func TestGraphOfThePortfolio(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := startWith(t, map[string]string{"data": dir, "limits.read": "0", "limits.write": "0", "limits.intelligence": "0", "limits.auth": "0"})
	c := newCaller(t, a)
	file := sample.Feed(time.Now().UTC())
	feed := importSample(t, a)
	importRows(t, a, file) // its rows say when they were written
	run := c.launch(sampleTopic, "graph.example")
	c.decide(&run, "approve", "I looked at it.")
	source := "feed:" + string(feed)
	var g graphFigures
	c.until("the feed is in the graph", "/api/v1/intelligence/graph", &g, func() bool { return g.ByType["product"] > 100 && g.ByType["merchant"] > 0 && g.ByType["page"] > 3 })
	for _, kind := range []string{"niche", "product", "brand", "merchant", "program", "keyword", "page", "site"} {
		if g.ByType[kind] == 0 {
			t.Errorf("there is no %s in the graph: %v", kind, g.ByType)
		}
	}
	if report := importRows(t, a, file); report.Updated+report.Imported != 0 {
		t.Fatalf("import = %+v", report)
	}
	quietGraph(t, c)
	var again graphFigures
	c.want("GET", "/api/v1/intelligence/graph", nil, http.StatusOK, &again)
	if again.Version != g.Version || again.Rows != g.Rows || again.StalePages != 0 {
		t.Errorf("importing the same again made %+v of %+v", again, g)
	}
	graphReads(t, c, run.WebsiteID)
	changedRow(t, a, c, file, dir, feed, source)
	withdrawnFeed(t, c, dir, feed, source)
	withdrawnKeywords(t, a, c)
}

// importRows imports a feed under the name of the sample.
func importRows(t *testing.T, a *app.App, file []byte) domain.ImportReport {
	t.Helper()
	report, err := a.Catalogue.ImportFeed(a.AsAdmin(t.Context()), "sample", "sample.csv", bytes.NewReader(file), int64(len(file)), func(int64, int64, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// quietGraph waits until the graph follows all imports.
func quietGraph(t *testing.T, c *caller) {
	t.Helper()
	var n graphFigures
	last, same := int64(-1), 0
	c.until("the graph is at rest", "/api/v1/intelligence/graph", &n, func() bool {
		if n.Version != last {
			last, same = n.Version, 0
		}
		same++
		return same > 20
	})
}

// graphReads asks all that can be asked.
func graphReads(t *testing.T, c *caller, site string) {
	t.Helper()
	const base = "/api/v1/intelligence/graph"
	var nodes []struct{ ID, Name string }
	c.want("GET", base+"/nodes?type=keyword&limit=1000", nil, http.StatusOK, &nodes)
	if len(nodes) == 0 {
		t.Fatal("no keywords")
	}
	var detail struct {
		Node      struct{ ID string }
		Relations []struct{ From, Relation, To string }
		Total     int `json:"total_contributions"`
	}
	c.want("GET", base+"/nodes/"+url.PathEscape("site:"+site), nil, http.StatusOK, &detail)
	if len(detail.Relations) < 4 || detail.Total == 0 {
		t.Errorf("the site is %+v", detail)
	}
	var path struct{ Length int }
	c.want("GET", base+"/path?from="+url.QueryEscape("site:"+site)+"&to="+url.QueryEscape(nodes[0].ID), nil, http.StatusOK, &path)
	if path.Length < 1 {
		t.Errorf("path = %+v", path)
	}
	for _, by := range []string{"pagerank", "degree", "betweenness", "closeness"} {
		var rank struct {
			Nodes []struct{ Value float64 }
		}
		c.want("GET", base+"/rank?limit=3&by="+by, nil, http.StatusOK, &rank)
		if len(rank.Nodes) != 3 || rank.Nodes[0].Value < rank.Nodes[2].Value {
			t.Errorf("by %s: %+v", by, rank)
		}
	}
	var topics struct {
		Total       int
		Communities []struct{ Sites []string }
	}
	c.want("GET", base+"/communities", nil, http.StatusOK, &topics)
	if topics.Total == 0 || !slices.ContainsFunc(topics.Communities, func(m struct{ Sites []string }) bool { return slices.Contains(m.Sites, site) }) {
		t.Errorf("topics = %+v", topics)
	}
	c.want("GET", base+"/nodes/"+url.PathEscape("niche:none"), nil, http.StatusNotFound, nil)
	c.want("GET", base+"/sources/feed:none", nil, http.StatusNotFound, nil)
}

// changedRow imports the feed with another price in one row that pages cite.
func changedRow(t *testing.T, a *app.App, c *caller, feedFile []byte, dir string, feed domain.FeedID, source string) {
	t.Helper()
	var cited string
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "empire.db")+"?_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const query = `SELECT json_extract(doc, '$.row_key') FROM evidence WHERE kind = 'feed' AND json_extract(doc, '$.field') = 'search_price' ORDER BY id LIMIT 1`
	if err := db.QueryRowContext(t.Context(), query).Scan(&cited); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(feedFile)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	key, price := slices.Index(rows[0], "aw_product_id"), slices.Index(rows[0], "search_price")
	for _, row := range rows[1:] {
		if row[key] == cited {
			row[price] = "1234.56"
		}
	}
	var file bytes.Buffer
	if err := csv.NewWriter(&file).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if report := importRows(t, a, file.Bytes()); report.Updated != 1 {
		t.Fatalf("import = %+v", report)
	}
	var g graphFigures
	c.until("pages are stale", "/api/v1/intelligence/graph", &g, func() bool { return g.StalePages > 0 })
	quietGraph(t, c)
	list := c.stale(source)
	if want := pagesBySQL(t, dir, feed, cited); !slices.Equal(pagesOf(list), want) {
		t.Errorf("stale are %v, by SQL %v", pagesOf(list), want)
	}
	for _, p := range list {
		if p.Reason != domain.StaleChanged {
			t.Errorf("stale = %+v", p)
		}
	}
}

// withdrawnFeed takes the feed back: first dry, then for good.
func withdrawnFeed(t *testing.T, c *caller, dir string, feed domain.FeedID, source string) {
	t.Helper()
	want := pagesBySQL(t, dir, feed, "")
	var blast struct {
		Contributions int
		NodesAlone    int `json:"nodes_alone"`
		Nodes         int
		Evidence      int
		Pages         []struct {
			PageID string `json:"page_id"`
		}
		Withdrawn bool
	}
	var before, g graphFigures
	c.want("GET", "/api/v1/intelligence/graph", nil, http.StatusOK, &before)
	c.want("DELETE", "/api/v1/intelligence/graph/sources/"+source+"?dry_run=true", nil, http.StatusOK, &blast)
	pages := []string{}
	for _, p := range blast.Pages {
		pages = append(pages, p.PageID)
	}
	slices.Sort(pages)
	if !slices.Equal(pages, want) || blast.Withdrawn || blast.Evidence == 0 || blast.Contributions == 0 {
		t.Errorf("the blast radius is %v with %d pieces of evidence, by SQL %v", pages, blast.Evidence, want)
	}
	c.want("GET", "/api/v1/intelligence/graph", nil, http.StatusOK, &g)
	if g.Version != before.Version {
		t.Error("a dry run changed the graph")
	}
	c.want("DELETE", "/api/v1/intelligence/graph/sources/"+source, nil, http.StatusOK, &blast)
	c.want("DELETE", "/api/v1/intelligence/graph/sources/"+source, nil, http.StatusConflict, nil)
	g = graphFigures{}
	c.want("GET", "/api/v1/intelligence/graph", nil, http.StatusOK, &g)
	if g.Nodes != before.Nodes-blast.NodesAlone || g.Rows != before.Rows-blast.Contributions || g.ByType["brand"] != 0 {
		t.Errorf("%d nodes went with the feed: %+v of %+v", blast.NodesAlone, g, before)
	}
	list := c.stale(source)
	if !slices.Equal(pagesOf(list), want) {
		t.Errorf("stale are %v, by SQL %v", pagesOf(list), want)
	}
	for _, p := range list {
		if p.Reason != domain.StaleWithdrawn {
			t.Errorf("stale = %+v", p)
		}
	}
}

// withdrawnKeywords takes the keywords back and imports them again.
func withdrawnKeywords(t *testing.T, a *app.App, c *caller) {
	t.Helper()
	var sources []struct{ ID string }
	c.want("GET", "/api/v1/intelligence/graph/sources", nil, http.StatusOK, &sources)
	i := slices.IndexFunc(sources, func(s struct{ ID string }) bool { return len(s.ID) > 9 && s.ID[:9] == "keywords:" })
	if i < 0 {
		t.Fatalf("sources = %v", sources)
	}
	var before, after graphFigures
	c.want("GET", "/api/v1/intelligence/graph", nil, http.StatusOK, &before)
	c.want("DELETE", "/api/v1/intelligence/graph/sources/"+url.PathEscape(sources[i].ID), nil, http.StatusOK, nil)
	if err := a.Catalogue.ImportKeywords(a.AsAdmin(t.Context()), sample.Keywords()); err != nil {
		t.Fatal(err)
	}
	c.want("GET", "/api/v1/intelligence/graph", nil, http.StatusOK, &after)
	if after.Nodes != before.Nodes || after.Rows != before.Rows || after.Version <= before.Version {
		t.Errorf("keywords that came back make %+v of %+v", after, before)
	}
}
