package evidence_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

var at = time.Date(2026, time.November, 22, 6, 0, 0, 0, time.UTC)

func TestCompute(t *testing.T) {
	t.Parallel()
	set := []float64{40, 10, 20, 20} // sorted: 10 20 20 40
	cases := []struct {
		formula string
		in      [][]float64
		args    []float64
		want    float64
	}{
		{"count", [][]float64{set}, nil, 4},
		{"count", [][]float64{{}}, nil, 0},
		{"sum", [][]float64{set}, nil, 90},
		{"min", [][]float64{set}, nil, 10},
		{"max", [][]float64{set}, nil, 40},
		{"mean", [][]float64{set}, nil, 22.5},
		{"median", [][]float64{set}, nil, 20},
		{"median", [][]float64{{3, 1, 2}}, nil, 2},
		{"median", [][]float64{{1, 2}}, nil, 1.5},
		{"quantile", [][]float64{set}, []float64{0.25}, 17.5}, // 10 + 0.75 × 10
		{"quantile", [][]float64{set}, []float64{0.75}, 25},   // 20 + 0.25 × 20
		{"quantile", [][]float64{set}, []float64{1}, 40},
		{"quantile", [][]float64{set}, []float64{0}, 10},
		{"count_le", [][]float64{set}, []float64{20}, 3},
		{"count_ge", [][]float64{set}, []float64{20}, 3},
		{"count_lt", [][]float64{set}, []float64{20}, 1},
		{"count_gt", [][]float64{set}, []float64{20}, 1},
		{"count_eq", [][]float64{set}, []float64{20}, 2},
		{"count_between", [][]float64{set}, []float64{10, 20}, 1},
		{"count_lt", [][]float64{{}}, []float64{5}, 0},
		{"difference", [][]float64{{10}, {40}}, nil, -30},
		{"absolute", [][]float64{{-30}}, nil, 30},
		{"ratio", [][]float64{{10}, {40}}, nil, 0.25},
		{"percent", [][]float64{{10}, {40}}, nil, 25},
		{"percent_difference", [][]float64{{50}, {40}}, nil, 25},
		{"rank_asc", [][]float64{set, {20}}, nil, 2},
		{"rank_asc", [][]float64{set, {40}}, nil, 4},
		{"rank_desc", [][]float64{set, {20}}, nil, 2},
		{"rank_desc", [][]float64{set, {10}}, nil, 4},
		{"spread", [][]float64{set}, nil, 30},
		{"constant", nil, []float64{50}, 50},
	}
	covered := map[string]bool{}
	for _, tt := range cases {
		covered[tt.formula] = true
		l := evidence.NewLedger()
		id, got, ok := l.Compute(tt.formula, "test", sets(l, tt.in), tt.args...)
		if !ok || math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s%v of %v = %v, %v, want %v", tt.formula, tt.args, tt.in, got, ok, tt.want)
		}
		if e, held := l.Get(id); !held || e.Result != got || e.Formula != tt.formula {
			t.Errorf("%s is not kept as computed: %+v", tt.formula, e)
		}
	}
	for f := range evidence.Formulas {
		if !covered[f] {
			t.Errorf("formula %s has no case", f)
		}
	}
}

func sets(l *evidence.Ledger, in [][]float64) []domain.EvidenceID {
	var ids []domain.EvidenceID
	for i, values := range in {
		rows := make([]string, len(values))
		for j := range rows {
			rows[j] = string(rune('a'+i)) + string(rune('a'+j))
		}
		ids = append(ids, l.Set("search_price", rows, values, "test"))
	}
	return ids
}

func TestComputeHasNoResult(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, formula string
		in            [][]float64
		args          []float64
	}{
		{"division by zero", "ratio", [][]float64{{1}, {0}}, nil},
		{"percent of zero", "percent", [][]float64{{1}, {0}}, nil},
		{"empty set", "median", [][]float64{{}}, nil},
		{"no input", "sum", nil, nil},
		{"one input of two", "difference", [][]float64{{1}}, nil},
		{"set as a number", "ratio", [][]float64{{1, 2}, {3}}, nil},
		{"set as second number", "percent", [][]float64{{1}, {2, 3}}, nil},
		{"absolute of a set", "absolute", [][]float64{{1, 2}}, nil},
		{"quantile without argument", "quantile", [][]float64{{1, 2}}, nil},
		{"quantile below zero", "quantile", [][]float64{{1, 2}}, []float64{-0.1}},
		{"quantile above one", "quantile", [][]float64{{1, 2}}, []float64{1.1}},
		{"quantile that is no number", "quantile", [][]float64{{1, 2}}, []float64{math.NaN()}},
		{"between with one end", "count_between", [][]float64{{1}}, []float64{1}},
		{"constant without argument", "constant", nil, nil},
		{"constant without end", "constant", nil, []float64{math.Inf(1)}},
		{"sum too large", "sum", [][]float64{{math.MaxFloat64, math.MaxFloat64}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := evidence.NewLedger()
			ids := sets(l, tt.in)
			before := len(l.All())
			if id, got, ok := l.Compute(tt.formula, "test", ids, tt.args...); ok || id != "" || len(l.All()) != before {
				t.Errorf("Compute = %q, %v, %v, want no result and nothing kept", id, got, ok)
			}
		})
	}
}

func TestComputeOverText(t *testing.T) {
	t.Parallel()
	l := evidence.NewLedger()
	if _, got, ok := l.Compute("count", "test", []domain.EvidenceID{l.Setting("x", "7")}); ok {
		t.Errorf("a setting was counted: %v", got)
	}
}

func TestComputePanics(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(*evidence.Ledger){
		"unknown formula": func(l *evidence.Ledger) { l.Compute("guess", "", nil) },
		"unknown input":   func(l *evidence.Ledger) { l.Compute("sum", "", []domain.EvidenceID{"ev_none"}) },
		"unknown field":   func(l *evidence.Ledger) { l.Field(&domain.Product{}, "price") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f(evidence.NewLedger())
		})
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	row := &domain.Product{FeedID: "f", Key: "r1", ReadAt: at, Fields: map[string]string{"product_name": "Wave 27 in"}}
	other := domain.Product{FeedID: "f", Key: "r2", ReadAt: at, Fields: map[string]string{"specifications": "size: 27"}}
	l := evidence.NewLedger()
	whole, part := l.Field(row, "product_name"), l.Span(row, "product_name", "27")
	if whole == part || l.Field(row, "product_name") != whole {
		t.Errorf("equal evidence must have equal IDs and other evidence others: %s, %s", whole, part)
	}
	family := &domain.Family{Variants: []domain.Product{*row, other}}
	id := l.Attribute(family, domain.Attribute{Field: "specifications", Raw: "27", RowKey: "r2"})
	if e, ok := l.Get(id); !ok || e.RowKey != "r2" || e.Value != "27" || e.At == nil || !e.At.Equal(at) {
		t.Errorf("attribute cites %+v", e)
	}
	if _, ok := l.Get("ev_none"); ok {
		t.Error("found what is not held")
	}
	all := l.All()
	if len(all) != 3 || !slices.IsSortedFunc(all, func(a, b domain.Evidence) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
		t.Errorf("All = %v, want 3 sorted by ID", all)
	}
	if diff := cmp.Diff(all, evidence.NewLedger(all...).All()); diff != "" {
		t.Errorf("a ledger made of its evidence differs:\n%s", diff)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	c := evidence.NewClaims()
	a, b := c.Add("27 in", "ev_1"), c.Add("27 in", "ev_2")
	if a == b || c.Add("27 in", "ev_1") != a || len(c.All()) != 2 {
		t.Errorf("claims %v, want one for each text and evidence", c.All())
	}
	// A page that lost a claim is continued without using an ID twice.
	c = evidence.NewClaims(domain.Claim{ID: "c1", Text: "x"}, domain.Claim{ID: "c3", Text: "y"})
	for _, text := range []string{"z", "w"} {
		c.Add(text, "ev_1")
	}
	seen := map[domain.ClaimID]bool{}
	for _, cl := range c.All() {
		if seen[cl.ID] {
			t.Errorf("ID %s is used twice: %v", cl.ID, c.All())
		}
		seen[cl.ID] = true
	}
	if got := c.Add("y"); got != "c3" {
		t.Errorf("held claim found as %s, want c3", got)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	values := []float64{4, 1, 3, 2}
	if got := evidence.Quantile(values, 0.5); got != 2.5 {
		t.Errorf("median = %v, want 2.5", got)
	}
	if diff := cmp.Diff([]float64{4, 1, 3, 2}, values); diff != "" {
		t.Errorf("values were changed:\n%s", diff)
	}
	if got := evidence.Quantile([]float64{7}, 0.9); got != 7 {
		t.Errorf("quantile of one = %v, want 7", got)
	}
}
