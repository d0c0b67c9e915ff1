package eval_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/eval"
	"empire/internal/testkit"
)

// run runs a task on a directory.
func runReference(t *testing.T, task, dir string) (*eval.Report, error) {
	t.Helper()
	return eval.Run(t.Context(), task, dir, func(string) {})
}

// TestReferences: every value of NetworkX and scikit-learn lies within the tolerance
// that its file states, and no entry of a file is left out.
func TestReferences(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	dir := filepath.Dir(testkit.Data(t, "reference"))
	for _, task := range []string{"graph", "learn"} {
		report, err := runReference(t, task, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range report.Datasets {
			if d.N == 0 || d.Metrics["values"] == 0 || d.Metrics["values_outside"] != 0 || d.Metrics["entries_unchecked"] != 0 || d.Metrics["within_tolerance"] != 1 {
				t.Errorf("%s %s: %+v", task, d.Name, d)
			}
			if ratio, ok := d.Metrics["louvain_modularity_ratio"]; ok && ratio < 0.995 {
				t.Errorf("%s: modularity is %v of that of the reference", d.Name, ratio)
			}
		}
	}
}

// write makes a data directory with one reference.
func writeReference(t *testing.T, name string, content map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "reference"), 0o750); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "reference", name), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// triangle is a reference by hand: a triangle with a tail.
func triangle() map[string]any {
	return map[string]any{
		"name": "triangle", "directed": false, "n": 4, "m": 4, "nodes": []string{"a", "b", "c", "d"},
		"edges":                  [][]int{{0, 1}, {1, 2}, {2, 0}, {2, 3}},
		"betweenness_normalized": []float64{0, 0, 2.0 / 3, 0},
		"clustering_unweighted":  []float64{1, 1, 1.0 / 3, 0},
		"degree_centrality":      []float64{2.0 / 3, 2.0 / 3, 1, 1.0 / 3},
		"closeness_wf_improved":  []float64{0.75, 0.75, 1, 0.6},
		"connected_components":   1, "largest_component": 4, "transitivity": 0.6, "density": 2.0 / 3,
		"how_to_check": "compare per node, abs tol 1e-6",
	}
}

// TestGraphFindsFaults: a right reference is within its tolerance; a wrong value, or an
// entry that nobody knows, is not.
func TestGraphFindsFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(map[string]any)
		within float64
		metric string
	}{
		{"right", func(map[string]any) {}, 1, ""},
		{"wrong node", func(m map[string]any) { m["betweenness_normalized"] = []float64{0, 0, 0.5, 0} }, 0, "betweenness_max_error"},
		{"wrong count", func(m map[string]any) { m["connected_components"] = 2 }, 0, "connected_components_error"},
		{"a little wrong", func(m map[string]any) { m["transitivity"] = 0.6 + 2e-6 }, 0, "transitivity_error"},
		{"wide tolerance", func(m map[string]any) { m["transitivity"], m["how_to_check"] = 0.6+2e-6, "abs tol 1e-3" }, 1, ""},
		{"unknown", func(m map[string]any) { m["katz"] = 1 }, 0, "entries_unchecked"},
		{"better groups", func(m map[string]any) {
			m["louvain_by_seed"] = map[string]any{"0": map[string]any{"k": 1, "modularity": 0.9}}
		}, 0, "values_outside"},
	} {
		content := triangle()
		tt.change(content)
		report, err := runReference(t, "graph", writeReference(t, "x.json", content))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := report.Datasets[0].Metrics
		if got["within_tolerance"] != tt.within || tt.metric != "" && got[tt.metric] == 0 {
			t.Errorf("%s: %v, want within %v and a fault in %s", tt.name, got, tt.within, tt.metric)
		}
	}
}

func TestReferencesRefuse(t *testing.T) {
	t.Parallel()
	bad := triangle()
	bad["edges"] = [][]int{{0, 9}}
	short := triangle()
	short["degree_centrality"] = []float64{1}
	for _, tt := range []struct {
		name, task string
		content    map[string]any
		code       domain.Code
	}{
		{"edge outside", "graph", bad, domain.CodeMalformed},
		{"short list", "graph", short, domain.CodeMalformed},
		{"nothing for the task", "learn", triangle(), domain.CodeNotFound},
		{"no documents", "learn", map[string]any{"idf": []float64{1}}, domain.CodeMalformed},
		{"no test rows", "learn", map[string]any{"test_probabilities": []float64{1}, "X_raw": [][]float64{{1}}, "y": []int{1}}, domain.CodeMalformed},
		{"no text file", "learn", map[string]any{"nb_test_log_odds": []float64{1}, "vocabulary": []string{"a"}, "data": "text/x.jsonl lines 0-1 train"}, domain.CodeNotFound},
	} {
		if _, err := runReference(t, tt.task, writeReference(t, "x.json", tt.content)); domain.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
	if _, err := runReference(t, "graph", t.TempDir()+"/missing"); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("missing directory: %v, want not found", err)
	}
}

// TestLearnReadsSettings: a reference with settings of its own is checked with them.
func TestLearnReadsSettings(t *testing.T) {
	t.Parallel()
	content := map[string]any{
		"params": "TfidfVectorizer(ngram_range=(1, 2), min_df=2, use_idf=False, norm='l1')", "docs": []string{"red chair", "red chair now"},
		"vocabulary": []string{"chair", "red", "red chair"}, "idf": []float64{}, "tolerance": 1e-9,
		"rows": [][][2]float64{{{0, 1.0 / 3}, {1, 1.0 / 3}, {2, 1.0 / 3}}, {{0, 1.0 / 3}, {1, 1.0 / 3}, {2, 1.0 / 3}}},
	}
	report, err := runReference(t, "learn", writeReference(t, "any_name.json", content))
	if err != nil || report.Datasets[0].Metrics["within_tolerance"] != 1 {
		t.Errorf("report = %+v, %v", report, err)
	}
	content["params"] = strings.Replace(content["params"].(string), "l1", "l2", 1)
	report, err = runReference(t, "learn", writeReference(t, "any_name.json", content))
	if err != nil || report.Datasets[0].Metrics["rows_max_error"] < 0.1 {
		t.Errorf("with another norm: %+v, %v, want a difference", report, err)
	}
}
