// Package vectortest is the conformance suite of vector indexes.
package vectortest

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
)

// Run runs the suite. open returns an index that may hold collections of other tests.
func Run(t *testing.T, open func(t *testing.T) vector.Index) {
	t.Helper()
	for _, area := range []struct {
		name string
		test func(t *testing.T, x vector.Index)
	}{
		{"collections", testCollections},
		{"records", testRecords},
		{"replace", testReplace},
		{"delete", testDelete},
		{"query", testQuery},
		{"spaces", testSpaces},
		{"filter", testFilter},
		{"refuse", testRefuse},
		{"tenants", testTenants},
		{"walk", testWalk},
		{"recall", testRecall},
		{"concurrent", testConcurrent},
	} {
		t.Run(area.name, func(t *testing.T) {
			t.Parallel()
			area.test(t, open(t))
		})
	}
}

var names atomic.Int64

// fresh makes a collection that no other test uses.
func fresh(t *testing.T, x vector.Index, tenant domain.TenantID, dimension int, space vector.Space) vector.Ref {
	t.Helper()
	ref := vector.Ref{Tenant: tenant, Name: fmt.Sprintf("c%d.%s", names.Add(1), strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())))}
	ref.Name = ref.Name[:min(len(ref.Name), 60)]
	ref.Name = strings.TrimRight(ref.Name, "-._")
	must(t, x.Create(t.Context(), vector.Collection{Ref: ref, Dimension: dimension, Space: space}))
	return ref
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}

func wantCode(t *testing.T, err error, want domain.Code) {
	t.Helper()
	if got := domain.CodeOf(err); got != want {
		t.Errorf("got code %q (%v), want %q", got, err, want)
	}
}

// same compares up to the rounding that a server does.
func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func record(id string, v ...float32) vector.Record {
	return vector.Record{ID: id, Vector: v, Source: "s", Document: "text " + id}
}

func ids(hits []vector.Hit) []string {
	out := make([]string, len(hits))
	for i := range hits {
		out[i] = hits[i].ID
	}
	return out
}

func count(t *testing.T, x vector.Index, ref vector.Ref, want int) {
	t.Helper()
	n, err := x.Count(t.Context(), ref)
	must(t, err)
	if n != want {
		t.Errorf("there are %d records, want %d", n, want)
	}
}

func testCollections(t *testing.T, x vector.Index) {
	ctx := t.Context()
	must(t, x.Ping(ctx))
	tenant := domain.TenantID(fmt.Sprintf("coll%d", names.Add(1)))
	ref := fresh(t, x, tenant, 3, vector.L2)
	want := vector.Collection{Ref: ref, Dimension: 3, Space: vector.L2}
	got, err := x.Collection(ctx, ref)
	must(t, err)
	same(t, *got, want)
	must(t, x.Create(ctx, want))
	wantCode(t, x.Create(ctx, vector.Collection{Ref: ref, Dimension: 4, Space: vector.L2}), domain.CodeConflict)
	wantCode(t, x.Create(ctx, vector.Collection{Ref: ref, Dimension: 3, Space: vector.Cosine}), domain.CodeConflict)
	for _, bad := range []vector.Collection{
		{Ref: vector.Ref{Name: "x"}, Dimension: 3},
		{Ref: vector.Ref{Name: "Upper"}, Dimension: 3},
		{Ref: vector.Ref{Name: "-abc"}, Dimension: 3},
		{Ref: vector.Ref{Name: "abc"}, Dimension: 0},
		{Ref: vector.Ref{Name: "abc"}, Dimension: 3, Space: "manhattan"},
	} {
		wantCode(t, x.Create(ctx, bad), domain.CodeInvalid)
	}
	list, err := x.Collections(ctx, tenant)
	must(t, err)
	same(t, list, []vector.Collection{want})

	must(t, x.Upsert(ctx, ref, []vector.Record{record("a", 1, 2, 3)}))
	must(t, x.Drop(ctx, ref))
	wantCode(t, x.Drop(ctx, ref), domain.CodeNotFound)
	_, err = x.Collection(ctx, ref)
	wantCode(t, err, domain.CodeNotFound)
	_, err = x.Count(ctx, ref)
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, x.Upsert(ctx, ref, []vector.Record{record("a", 1, 2, 3)}), domain.CodeNotFound)
	_, err = x.Query(ctx, ref, vector.Query{Vector: []float32{1, 2, 3}, Limit: 1})
	wantCode(t, err, domain.CodeNotFound)
	must(t, x.Create(ctx, vector.Collection{Ref: ref, Dimension: 2, Space: vector.Cosine})) // the name is free again
	count(t, x, ref, 0)
}

func testRecords(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 3, vector.L2)
	list := []vector.Record{
		{ID: "ä/1 \"x\"", Source: "feed:1", Vector: []float32{0.5, -1.25, 3}, Document: "Größe 🙂", Metadata: map[string]any{
			"kind": "page", "n": 3, "price": 1.5, "live": true, "none": nil,
		}},
		{ID: "b", Vector: []float32{1e-7, 2e5, 0}},
	}
	must(t, x.Upsert(ctx, ref, list))
	got, err := x.Get(ctx, ref, []string{"b", "nope", "ä/1 \"x\"", "b"})
	must(t, err)
	want := []vector.Record{list[1], list[0]}
	want[1].Metadata = map[string]any{"kind": "page", "n": int64(3), "price": 1.5, "live": true}
	same(t, got, want)
	if list[0].Metadata["n"] != 3 {
		t.Error("the caller's metadata was changed")
	}
	got, err = x.Get(ctx, ref, nil)
	must(t, err)
	same(t, got, []vector.Record{})
	must(t, x.Upsert(ctx, ref, nil))
	count(t, x, ref, 2)
}

// testReplace: a record that is stored again has nothing of the old one.
func testReplace(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 2, vector.Cosine)
	old := record("a", 1, 0)
	old.Metadata = map[string]any{"color": "red", "size": 3}
	must(t, x.Upsert(ctx, ref, []vector.Record{old, record("b", 0, 1)}))
	again := vector.Record{ID: "a", Source: "other", Vector: []float32{0, -1}, Metadata: map[string]any{"size": 4}}
	first := record("a", 1, 1)
	must(t, x.Upsert(ctx, ref, []vector.Record{first, again})) // the last counts
	got, err := x.Get(ctx, ref, []string{"a"})
	must(t, err)
	again.Metadata = map[string]any{"size": int64(4)}
	same(t, got, []vector.Record{again})
	count(t, x, ref, 2)
	hits, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 0.1}, Limit: 5})
	must(t, err)
	same(t, ids(hits), []string{"b", "a"})
	hits, err = x.Query(ctx, ref, vector.Query{Vector: []float32{1, 0}, Limit: 5, Filter: vector.Filter{vector.Is("color", "red")}})
	must(t, err)
	same(t, ids(hits), []string{})
}

func testDelete(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 2, vector.Cosine)
	var list []vector.Record
	for i := range 20 {
		r := record(fmt.Sprintf("r%02d", i), float32(i+1), 1)
		r.Source = fmt.Sprintf("feed:%d", i%2)
		list = append(list, r)
	}
	list[19].Source = ""
	must(t, x.Upsert(ctx, ref, list))
	n, err := x.Delete(ctx, ref, []string{"r00", "nope"})
	must(t, err)
	if n != 1 {
		t.Errorf("%d were deleted, want 1", n)
	}
	for _, tt := range []struct {
		source string
		want   int
	}{{"feed:0", 9}, {"feed:0", 0}, {"", 0}, {"feed:7", 0}} {
		n, err := x.DeleteSource(ctx, ref, tt.source)
		must(t, err)
		if n != tt.want {
			t.Errorf("%d of source %q were deleted, want %d", n, tt.source, tt.want)
		}
	}
	count(t, x, ref, 10)
	hits, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 1}, Limit: 50})
	must(t, err)
	if len(hits) != 10 {
		t.Errorf("%d are found, want the 10 that are left", len(hits))
	}
	for _, h := range hits {
		if h.Source == "feed:0" {
			t.Errorf("%s is found, whose source is forgotten", h.ID)
		}
	}
	n, err = x.Delete(ctx, ref, nil)
	must(t, err)
	if n != 0 {
		t.Errorf("%d were deleted, want none", n)
	}
	must(t, x.Upsert(ctx, ref, list[:1])) // what was deleted can come back
	count(t, x, ref, 11)
}

func testRefuse(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 3, vector.Cosine)
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	good := record("good", 1, 2, 3)
	for name, v := range map[string][]float32{
		"nothing": nil, "short": {1, 2}, "long": {1, 2, 3, 4}, "nan": {1, nan, 3}, "inf": {inf, 2, 3}, "zero": {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			wantCode(t, x.Upsert(ctx, ref, []vector.Record{good, {ID: "bad", Vector: v}}), domain.CodeInvalid)
			_, err := x.Query(ctx, ref, vector.Query{Vector: v, Limit: 1})
			wantCode(t, err, domain.CodeInvalid)
		})
	}
	for _, r := range []vector.Record{
		{Vector: good.Vector},
		{ID: strings.Repeat("x", 513), Vector: good.Vector},
		{ID: "m", Vector: good.Vector, Metadata: map[string]any{"x": []int{1}}},
		{ID: "m", Vector: good.Vector, Metadata: map[string]any{"x": math.NaN()}},
		{ID: "m", Vector: good.Vector, Metadata: map[string]any{"empire_tenant": "other"}},
	} {
		wantCode(t, x.Upsert(ctx, ref, []vector.Record{good, r}), domain.CodeInvalid)
	}
	for _, limit := range []int{0, -1, vector.MaxLimit + 1} {
		_, err := x.Query(ctx, ref, vector.Query{Vector: good.Vector, Limit: limit})
		wantCode(t, err, domain.CodeInvalid)
	}
	count(t, x, ref, 0) // nothing of a refused batch is stored
}

// testTenants: the same name of two tenants is two collections.
func testTenants(t *testing.T, x vector.Index) {
	ctx := t.Context()
	a := fresh(t, x, "tenant-a", 2, vector.Cosine)
	b := vector.Ref{Tenant: "tenant-b", Name: a.Name}
	_, err := x.Count(ctx, b)
	wantCode(t, err, domain.CodeNotFound)
	must(t, x.Upsert(ctx, a, []vector.Record{record("x", 1, 0), record("mine", 1, 0)}))
	_, err = x.Get(ctx, b, []string{"x"})
	wantCode(t, err, domain.CodeNotFound)
	must(t, x.Create(ctx, vector.Collection{Ref: b, Dimension: 3, Space: vector.L2}))
	must(t, x.Upsert(ctx, b, []vector.Record{record("x", 0, 0, 1)}))
	n, err := x.DeleteSource(ctx, b, "s")
	must(t, err)
	if n != 1 {
		t.Errorf("%d of b's were deleted, want 1", n)
	}
	count(t, x, a, 2)
	hits, err := x.Query(ctx, b, vector.Query{Vector: []float32{1, 0, 0}, Limit: 10})
	must(t, err)
	same(t, ids(hits), []string{})
	list, err := x.Collections(ctx, "tenant-b")
	must(t, err)
	for _, c := range list {
		if c.Tenant != "tenant-b" {
			t.Errorf("tenant-b sees %v", c)
		}
	}
	must(t, x.Drop(ctx, b))
	count(t, x, a, 2)
}

func testWalk(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 2, vector.L2)
	var list []vector.Record
	for i := range 25 {
		list = append(list, record(fmt.Sprintf("r%02d", i), float32(i), 1))
	}
	must(t, x.Upsert(ctx, ref, list))
	for _, limit := range []int{1, 5, 7, 25, 100} {
		seen := map[string]vector.Record{}
		cursor, calls := "", 0
		for {
			part, next, err := x.List(ctx, ref, cursor, limit)
			must(t, err)
			if len(part) > limit {
				t.Fatalf("a page of %d records, want at most %d", len(part), limit)
			}
			for _, r := range part {
				if _, twice := seen[r.ID]; twice {
					t.Errorf("%s came twice", r.ID)
				}
				seen[r.ID] = r
			}
			if calls++; next == "" || calls > 30 {
				break
			}
			cursor = next
		}
		if len(seen) != len(list) {
			t.Errorf("pages of %d: %d records, want %d", limit, len(seen), len(list))
		}
		same(t, seen["r07"], list[7])
	}
	for _, bad := range []string{"nope", "at:x"} {
		_, _, err := x.List(ctx, ref, bad, 5)
		wantCode(t, err, domain.CodeInvalid)
	}
	_, _, err := x.List(ctx, ref, "", 0)
	wantCode(t, err, domain.CodeInvalid)
}
