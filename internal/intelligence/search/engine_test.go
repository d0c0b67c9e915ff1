package search_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/embed"
	"empire/internal/intelligence/search"
	"empire/internal/intelligence/vector"
	"empire/internal/intelligence/vector/embedded"
	"empire/internal/store"
	"empire/internal/testkit"
)

type rig struct {
	st *store.Store
	x  vector.Index
}

func (r *rig) engine(e embed.Embedder) *search.Engine {
	return search.New(search.Config{Rows: r.st.Vectors, Tx: r.st, Index: r.x, Joins: true, Embedder: e, Now: time.Now})
}

func newRig(t *testing.T) (*rig, *search.Engine) {
	t.Helper()
	st := testkit.DB(t)
	r := &rig{st, embedded.New(embedded.Config{Rows: st.Vectors, Now: time.Now})}
	return r, r.engine(embed.NewLexical(0))
}

func doc(id, title, text string) domain.SearchDocument {
	return domain.SearchDocument{ID: id, Kind: domain.SearchProduct, FeedID: "feed_1", Ref: id, Title: title, Text: text, Language: "en"}
}

var boards = []domain.SearchDocument{
	doc("k1", "Silent mechanical keyboard", "84 keys, very quiet"),
	doc("k2", "Mechanical keyboard", "loud clicks"),
	doc("m1", "Gaming mouse", "wireless, quiet buttons"),
	doc("e1", "Espresso machine", "15 bar pump, steel"),
}

func put(t *testing.T, e *search.Engine, tenant domain.TenantID, source string, docs ...domain.SearchDocument) domain.SearchChange {
	t.Helper()
	c, err := e.Replace(t.Context(), tenant, source, docs)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func find(t *testing.T, e *search.Engine, text string, tenants ...domain.TenantID) []domain.SearchHit {
	t.Helper()
	a, err := e.Search(t.Context(), tenants, domain.SearchQuery{Text: text, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if !a.Vectors {
		t.Errorf("vectors were not compared: %s", a.Reason)
	}
	return a.Hits
}

// TestSearch: the best by both rankings is first and says why; a slip of the pen is
// found by its vector alone.
func TestSearch(t *testing.T) {
	t.Parallel()
	_, e := newRig(t)
	put(t, e, "", "feed:1", boards...)
	hits := find(t, e, "quiet keyboards", "")
	if len(hits) == 0 || hits[0].Document.ID != "k1" || hits[0].Words == nil || hits[0].Near == nil || len(hits[0].Words.Words) != 2 {
		t.Fatalf("found %+v, want k1 first, by both words and its vector", hits)
	}
	want := 1/float64(60+hits[0].Words.Rank) + 1/float64(60+hits[0].Near.Rank)
	if hits[0].Score != want {
		t.Errorf("score %v, want %v", hits[0].Score, want)
	}
	hits = find(t, e, "expresso mashine", "")
	if len(hits) == 0 || hits[0].Document.ID != "e1" || hits[0].Words != nil {
		t.Errorf("found %+v, want e1 by its vector alone", hits)
	}
	if hits := find(t, e, "zzzz", ""); len(hits) != 0 {
		t.Errorf("found %+v, want nothing", hits)
	}
}

// TestReplace: what did not change is not touched, what is gone is not found.
func TestReplace(t *testing.T) {
	t.Parallel()
	r, e := newRig(t)
	if c := put(t, e, "main", "feed:1", boards...); c != (domain.SearchChange{Stored: 4}) {
		t.Errorf("first: %+v", c)
	}
	if c := put(t, e, "main", "feed:1", boards...); c != (domain.SearchChange{Kept: 4}) {
		t.Errorf("again: %+v", c)
	}
	put(t, e, "main", "website:1", doc("p1", "All about keyboards", "they have keys"))
	changed := boards[1]
	changed.Text = "clicky"
	if c := put(t, e, "main", "feed:1", boards[0], changed); c != (domain.SearchChange{Stored: 1, Removed: 2, Kept: 1}) {
		t.Errorf("changed: %+v", c)
	}
	if hits := find(t, e, "espresso machine", "main"); len(hits) != 0 {
		t.Errorf("what is gone is found: %+v", hits)
	}
	n, err := e.Forget(t.Context(), "main", "feed:1")
	if n != 2 || err != nil {
		t.Errorf("%d were forgotten, %v, want 2", n, err)
	}
	if hits := find(t, e, "keyboard", "main"); len(hits) != 1 || hits[0].Document.ID != "p1" {
		t.Errorf("found %+v, want p1 alone", hits)
	}
	spaces, err := r.x.Collections(t.Context(), "main")
	if err != nil || len(spaces) != 1 {
		t.Fatalf("%v, %v, want one collection of vectors", spaces, err)
	}
	if n, err := r.x.Count(t.Context(), spaces[0].Ref); n != 1 || err != nil {
		t.Errorf("%d vectors are left, %v, want 1", n, err)
	}
}

// TestForgetLeavesNoTrace: after a source was withdrawn, every answer is that of an
// index that never saw it.
func TestForgetLeavesNoTrace(t *testing.T) {
	t.Parallel()
	_, with := newRig(t)
	_, without := newRig(t)
	put(t, with, "", "feed:1", boards...)
	put(t, with, "", "feed:2", doc("x1", "Silent keyboard of another shop", "quiet"), doc("x2", "Keyboard", ""))
	put(t, without, "", "feed:1", boards...)
	if _, err := with.Forget(t.Context(), "", "feed:2"); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"quiet keyboard", "silent", "shop", "mouse"} {
		got, want := fmt.Sprintf("%+v", plain(find(t, with, q, ""))), fmt.Sprintf("%+v", plain(find(t, without, q, "")))
		if got != want {
			t.Errorf("%s: %s after the source was withdrawn, %s without it", q, got, want)
		}
	}
}

// plain shows what pointers lead to.
func plain(hits []domain.SearchHit) (out []any) {
	for _, h := range hits {
		out = append(out, h.Document, h.Score)
		if h.Words != nil {
			out = append(out, *h.Words)
		}
		if h.Near != nil {
			out = append(out, *h.Near)
		}
	}
	return out
}

func TestTenants(t *testing.T) {
	t.Parallel()
	_, e := newRig(t)
	put(t, e, "", "feed:1", boards[1])
	put(t, e, "a", "website:1", doc("pa", "Keyboard page of a", ""))
	put(t, e, "b", "website:2", doc("pb", "Keyboard page of b", ""))
	for _, h := range find(t, e, "keyboard page", "", "a") {
		if h.Document.ID == "pb" {
			t.Error("a finds what belongs to b")
		}
	}
	if hits := find(t, e, "keyboard page", "", "a"); len(hits) != 2 {
		t.Errorf("a finds %d, want its page and the shared product", len(hits))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	_, e := newRig(t)
	page := doc("p", "Keyboard page", "")
	page.Kind, page.WebsiteID = domain.SearchPage, "site_1"
	put(t, e, "main", "website:1", page)
	put(t, e, "main", "feed:1", boards...)
	for _, tt := range []struct {
		q    domain.SearchQuery
		want int
		code domain.Code
	}{
		{domain.SearchQuery{Text: "keyboard", Limit: 10, Kinds: []domain.SearchKind{domain.SearchPage}}, 1, ""},
		{domain.SearchQuery{Text: "keyboard", Limit: 10, WebsiteID: "site_1"}, 1, ""},
		{domain.SearchQuery{Text: "keyboard", Limit: 10, WebsiteID: "site_2"}, 0, ""},
		{domain.SearchQuery{Text: "keyboard", Limit: 2}, 2, ""},
		{domain.SearchQuery{Text: " \n", Limit: 2}, 0, domain.CodeInvalid},
		{domain.SearchQuery{Text: "x", Limit: 0}, 0, domain.CodeInvalid},
		{domain.SearchQuery{Text: "x", Limit: 1, Kinds: []domain.SearchKind{"user"}}, 0, domain.CodeInvalid},
	} {
		a, err := e.Search(t.Context(), []domain.TenantID{"main"}, tt.q)
		if domain.CodeOf(err) != tt.code {
			t.Errorf("%+v: %v, want %q", tt.q, err, tt.code)
		} else if err == nil && len(a.Hits) != tt.want {
			t.Errorf("%+v finds %d, want %d", tt.q, len(a.Hits), tt.want)
		}
	}
}

// failing is an embedder that cannot be reached, at another dimension.
type failing struct{ err error }

func (f *failing) Name() string   { return "failing-3" }
func (f *failing) Dimension() int { return 3 }
func (f *failing) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i := range out {
		out[i] = []float32{1, float32(len(texts[i])), 0}
	}
	return out, f.err
}

// TestOtherEmbedder: another embedder has a space of its own; until its vectors are
// made, and while it fails, the words alone decide, and that is said.
func TestOtherEmbedder(t *testing.T) {
	t.Parallel()
	r, old := newRig(t)
	put(t, old, "main", "feed:1", boards...)
	model := &failing{}
	e := r.engine(model)
	q := domain.SearchQuery{Text: "keyboard", Limit: 10}
	a, err := e.Search(t.Context(), []domain.TenantID{"main"}, q)
	if err != nil || a.Vectors || a.Reason == "" || len(a.Hits) != 2 {
		t.Errorf("before: %+v, %v, want two hits by words alone", a, err)
	}
	if n, err := e.Rebuild(t.Context()); n != 4 || err != nil {
		t.Fatalf("%d were embedded, %v, want 4", n, err)
	}
	if a, err = e.Search(t.Context(), []domain.TenantID{"main"}, q); err != nil || !a.Vectors || a.Embedder != "failing-3" {
		t.Errorf("after: %+v, %v, want vectors", a, err)
	}
	spaces, err := r.x.Collections(t.Context(), "main")
	if err != nil || len(spaces) != 1 || spaces[0].Dimension != 3 {
		t.Errorf("%v, %v, want the new space alone", spaces, err)
	}
	model.err = domain.Errorf(domain.CodeUnavailable, "The model is away.")
	if a, err = e.Search(t.Context(), []domain.TenantID{"main"}, q); err != nil || a.Vectors || a.Reason != "The model is away." {
		t.Errorf("with a failing model: %+v, %v", a, err)
	}
	if _, err := e.Replace(t.Context(), "main", "feed:2", []domain.SearchDocument{doc("n", "New", "")}); !errors.Is(err, model.err) {
		t.Errorf("got %v, want the model's error", err)
	}
}
