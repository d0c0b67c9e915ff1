package vectortest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
)

func testQuery(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 2, vector.Cosine)
	hits, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 0}, Limit: 3})
	must(t, err)
	same(t, ids(hits), []string{})
	a := record("a", 2, 0)
	a.Metadata = map[string]any{"n": 1}
	must(t, x.Upsert(ctx, ref, []vector.Record{record("c", -3, 0), record("b", 0, 0.5), a, record("d", 1, 1)}))
	hits, err = x.Query(ctx, ref, vector.Query{Vector: []float32{7, 0}, Limit: 10})
	must(t, err)
	want := []vector.Hit{{Record: a}, {Record: record("d")}, {Record: record("b")}, {Record: record("c")}}
	for i, d := range []float64{0, 1 - math.Sqrt2/2, 1, 2} {
		want[i].Vector, want[i].Distance = nil, d
	}
	want[0].Metadata = map[string]any{"n": int64(1)}
	same(t, hits, want)
	hits, err = x.Query(ctx, ref, vector.Query{Vector: []float32{7, 0}, Limit: 2})
	must(t, err)
	same(t, ids(hits), []string{"a", "d"})
}

func testSpaces(t *testing.T, x vector.Index) {
	for _, tt := range []struct {
		space     vector.Space
		order     []string
		distances []float64
	}{
		{vector.L2, []string{"a", "b", "c"}, []float64{1, 2, 41}},
		{vector.IP, []string{"c", "a", "b"}, []float64{-5, -1, 1}},
		{vector.Cosine, []string{"a", "c", "b"}, []float64{0, 1 - 6/math.Sqrt(52), 1}},
	} {
		t.Run(string(tt.space), func(t *testing.T) {
			ctx := t.Context()
			ref := fresh(t, x, "main", 2, tt.space)
			must(t, x.Upsert(ctx, ref, []vector.Record{record("a", 2, 0), record("b", 0, 1), record("c", 6, 4)}))
			hits, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 0}, Limit: 10})
			must(t, err)
			same(t, ids(hits), tt.order)
			for i := range hits {
				if math.Abs(hits[i].Distance-tt.distances[i]) > 1e-4 {
					t.Errorf("distance of %s = %v, want %v", hits[i].ID, hits[i].Distance, tt.distances[i])
				}
			}
		})
	}
}

func testFilter(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 2, vector.L2)
	var list []vector.Record
	for i := range 10 {
		r := record(fmt.Sprint(i), float32(i), 0)
		r.Metadata = map[string]any{"n": i, "kind": []string{"page", "product"}[i%2], "half": float64(i) + 0.5, "even": i%2 == 0}
		list = append(list, r)
	}
	list[9].Metadata = nil
	must(t, x.Upsert(ctx, ref, list))
	for _, tt := range []struct {
		name string
		f    vector.Filter
		want string
	}{
		{"equal", vector.Filter{vector.Is("kind", "product")}, "1357"},
		{"number", vector.Filter{vector.Is("n", 4)}, "4"},
		{"truth", vector.Filter{vector.Is("even", true)}, "02468"},
		{"in", vector.Filter{vector.IsIn("n", 1, 8, 99)}, "18"},
		{"in_text", vector.Filter{vector.IsIn("kind", "page")}, "02468"},
		{"greater", vector.Filter{{Key: "n", Op: vector.Gt, Values: []any{6}}}, "78"},
		{"less_equal", vector.Filter{{Key: "half", Op: vector.Lte, Values: []any{2.5}}}, "012"},
		{"between", vector.Filter{{Key: "n", Op: vector.Gte, Values: []any{3}}, {Key: "n", Op: vector.Lt, Values: []any{6}}}, "345"},
		{"and", vector.Filter{vector.Is("kind", "page"), {Key: "n", Op: vector.Gt, Values: []any{2}}}, "468"},
		{"no_such_key", vector.Filter{vector.Is("nope", "x")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hits, err := x.Query(ctx, ref, vector.Query{Vector: []float32{0, 0}, Limit: 10, Filter: tt.f})
			must(t, err)
			if got := strings.Join(ids(hits), ""); got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
	for _, f := range []vector.Filter{
		{{Key: "n", Op: "like", Values: []any{1}}}, {{Key: "n", Op: vector.Eq}}, {{Key: "n", Op: vector.Gt, Values: []any{"x"}}},
		{vector.Is("", 1)}, {vector.Is("n", []string{"x"})},
	} {
		_, err := x.Query(ctx, ref, vector.Query{Vector: []float32{0, 0}, Limit: 10, Filter: f})
		wantCode(t, err, domain.CodeInvalid)
	}
}
