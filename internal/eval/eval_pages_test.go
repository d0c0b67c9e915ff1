package eval_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/eval"
	"empire/internal/testkit"
)

// figures runs a task and returns the metrics of its data sets by name.
func figures(t *testing.T, task, dir string) map[string]map[string]float64 {
	t.Helper()
	report, err := eval.Run(t.Context(), task, dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]float64{}
	for _, d := range report.Datasets {
		if d.N == 0 || d.Seconds < 0 {
			t.Errorf("data set %s has %d rows in %f s", d.Name, d.N, d.Seconds)
		}
		out[d.Name] = d.Metrics
	}
	return out
}

// dataDir returns the root of the shared data.
func dataDir(t *testing.T, folder string) string {
	t.Helper()
	return filepath.Dir(testkit.Data(t, folder))
}

// TestPageThresholds asserts what issue and documentation promise, with margin.
func TestPageThresholds(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	dir := dataDir(t, "pages")
	for task, wants := range map[string]map[string]float64{
		"robots":          {"robots_expected_protego equal": 1, "robots_expected_protego sitemaps_equal": 1},
		"prices":          {"price_strings accuracy": 0.97},
		"structured-data": {"structured_data_extruct equal": 1},
		"extract":         {"article_extraction_benchmark f1": 0.96, "readability_pages f1": 0.9, "trafilatura_pages f1": 0.9},
	} {
		t.Run(task, func(t *testing.T) {
			t.Parallel()
			got := figures(t, task, dir)
			for name, least := range wants {
				set, metric, _ := strings.Cut(name, " ")
				if v := got[set][metric]; v < least {
					t.Errorf("%s is %.4f, want at least %.4f", name, v, least)
				}
			}
		})
	}
}

func TestBotThresholds(t *testing.T) {
	t.Parallel()
	got := figures(t, "bots", dataDir(t, "analytics"))
	for name, m := range got {
		if p, mixed := m["precision"]; m["recall"] < 0.95 || mixed && p < 0.98 {
			t.Errorf("%s: got %v, want precision 0.98 and recall 0.95", name, m)
		}
	}
}

// write puts files below a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOwnPages measures data of an operator's own: other names, plain folders, and
// answers that are partly wrong, so that a measure that always says "equal" fails.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"pages/mine/a/ground-truth.json":  `{"x":{"articleBody":"One two three four five. Six seven eight nine ten."},"y":{"articleBody":"Nothing of this is there."}}`,
		"pages/mine/a/html/x.html":        `<p>One two three four five. Six seven eight nine ten.</p>`,
		"pages/mine/a/html/y.html":        `<p>Here is another text that has nothing to do with it at all.</p>`,
		"pages/data/s.html":               `<div itemscope><b itemprop=a>1</b></div><script type="application/ld+json">{"k":1}</script>`,
		"pages/data/s.json":               `[{"properties":{"a":["1"]}}]`,
		"pages/data/s.jsonld":             `[{"k":2}]`,
		"pages/files/one.example":         "User-agent: *\nDisallow: /x\nSitemap: https://one.example/s.xml",
		"pages/answers.json":              `{"paths":["/x","/y"],"sites":[{"site":"one.example","sitemaps":["https://one.example/s.xml"],"crawl_delay":{},"allow":{"EmpireBot":[false,false]}}]}`,
		"pages/money.jsonl":               `{"set":"A","text":"5 €","currency":"€","amount":"5.0"}` + "\n" + `{"set":"A","text":"6 €","currency":"€","amount":"7"}` + "\n",
		"analytics/agents.csv":            "user_agent,label\ncurl/8,bot\nExampleBot,human\n\"Mozilla/5.0 (X11; Linux) Gecko/1 Firefox/1\",human\n",
		"trends/unrelated.csv":            "a,b\n1,2\n",
		"pages/answers-of-another.json":   `{"paths":"/"}`,
		"analytics/other.json":            `{"no":"list"}`,
		"pages/mine/a/html/unrelated.txt": "x",
	})
	for _, tt := range []struct {
		task, set, metric string
		want              float64
	}{
		{"extract", "mine", "precision", 0.5},
		{"structured-data", "data", "microdata_equal", 1},
		{"structured-data", "data", "json_ld_equal", 0},
		{"robots", "answers", "equal", 0.5},
		{"robots", "answers", "sitemaps_equal", 1},
		{"prices", "money", "accuracy", 0.5},
		{"prices", "money", "currency_accuracy", 1},
		{"bots", "agents", "precision", 0.5},
		{"bots", "agents", "recall", 1},
	} {
		if got := figures(t, tt.task, dir)[tt.set][tt.metric]; got != tt.want {
			t.Errorf("%s: %s of %s is %.3f, want %.3f", tt.task, tt.metric, tt.set, got, tt.want)
		}
	}
	for _, task := range []string{"forecast", "anomalies", "trends"} {
		if _, err := eval.Run(t.Context(), task, dir, func(string) {}); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("%s without data: got %v", task, err)
		}
	}
}
