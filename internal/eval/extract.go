package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"empire/internal/intelligence/extract"
)

// extractTask reads the main text of every page of the folder pages whose text is
// known. It knows the layouts of three public sets: ground-truth.json with html/ID.html
// (article-extraction-benchmark), */source.html with */expected.html (readability), and
// gold.json with html/FILE (trafilatura).
func extractTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	all, err := collections(dir, "pages")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		files, err := members(p)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			progress(label(p) + ": " + name)
			var run func(map[string][]byte, string) (int, map[string]float64, error)
			switch {
			case path.Base(name) == "ground-truth.json":
				run = articleSet
			case path.Base(name) == "gold.json":
				run = goldSet
			default:
				continue
			}
			if out, err = addSet(out, p, func() (int, map[string]float64, error) { return run(files, name) }); err != nil {
				return nil, err
			}
		}
		if hasExpected(files) {
			if out, err = addSet(out, p, func() (int, map[string]float64, error) { return expectedSet(files) }); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// addSet measures a set and appends it, if it has any page.
func addSet(out []Dataset, p string, run func() (int, map[string]float64, error)) ([]Dataset, error) {
	n := 0
	name := strings.TrimSuffix(label(p), ".tar")
	d, err := measured(name, 0, func() (m map[string]float64, err error) {
		n, m, err = run()
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("measure %s: %w", name, err)
	}
	if d.N = n; n > 0 {
		out = append(out, d)
	}
	return out, nil
}

// articleSet scores against the bodies in a ground-truth.json.
func articleSet(files map[string][]byte, name string) (int, map[string]float64, error) {
	var truth map[string]struct {
		Body string `json:"articleBody"`
	}
	if err := json.Unmarshal(files[name], &truth); err != nil {
		return 0, nil, fmt.Errorf("read %s: %w", name, err)
	}
	var s shingleScore
	for _, id := range slices.Sorted(maps.Keys(truth)) {
		page, ok := files[path.Join(path.Dir(name), "html", id+".html")]
		if !ok {
			continue
		}
		s.add(truth[id].Body, extract.Parse(page, "").Article().Text)
	}
	return s.pages, s.metrics(), nil
}

func hasExpected(files map[string][]byte) bool {
	for name := range files {
		if path.Base(name) == "expected.html" {
			return true
		}
	}
	return false
}

// expectedSet scores against the text of expected.html beside each source.html, and
// the metadata against expected-metadata.json: the share of the stated fields that are
// equal.
func expectedSet(files map[string][]byte) (int, map[string]float64, error) {
	var s shingleScore
	right, stated := map[string]float64{}, map[string]float64{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Base(name) != "source.html" {
			continue
		}
		want, ok := files[path.Join(path.Dir(name), "expected.html")]
		if !ok {
			continue
		}
		page := extract.Parse(files[name], "")
		s.add(extract.Parse(want, "").Text(), page.Article().Text)
		var meta map[string]any
		if json.Unmarshal(files[path.Join(path.Dir(name), "expected-metadata.json")], &meta) != nil {
			continue
		}
		got := page.Metadata(nil)
		for key, value := range map[string]string{
			"title": got.Title, "byline": got.Author, "lang": got.Language, "siteName": got.SiteName, "publishedTime": got.Published,
		} {
			if want, _ := meta[key].(string); want != "" {
				stated[key]++
				if strings.Join(strings.Fields(want), " ") == value {
					right[key]++
				}
			}
		}
	}
	m := s.metrics()
	for key, n := range stated {
		m["metadata_"+strings.ToLower(key)] = right[key] / n
	}
	return s.pages, m, nil
}

// goldSet scores by strings that must and must not be in the text.
func goldSet(files map[string][]byte, name string) (int, map[string]float64, error) {
	var gold map[string]struct {
		File          string `json:"file"`
		With, Without []string
	}
	if err := json.Unmarshal(files[name], &gold); err != nil {
		return 0, nil, fmt.Errorf("read %s: %w", name, err)
	}
	var tp, fp, fn, tn float64
	pages := 0
	for _, g := range gold {
		page, ok := files[path.Join(path.Dir(name), "html", g.File)]
		if !ok {
			continue
		}
		pages++
		text := strings.Join(strings.Fields(extract.Parse(page, "").Article().Text), " ")
		holds := func(s string) bool { return strings.Contains(text, strings.Join(strings.Fields(s), " ")) }
		for _, s := range g.With {
			if holds(s) {
				tp++
			} else {
				fn++
			}
		}
		for _, s := range g.Without {
			if holds(s) {
				fp++
			} else {
				tn++
			}
		}
	}
	p, r := ratio(tp, tp+fp), ratio(tp, tp+fn)
	return pages, map[string]float64{"precision": p, "recall": r, "f1": harmonic(p, r), "accuracy": ratio(tp+tn, tp+tn+fp+fn)}, nil
}

// shingleScore is the measure of scrapinghub/article-extraction-benchmark
// (evaluate.py): precision and recall of runs of four tokens on each page, averaged
// over the pages, and the F1 of the two averages.
type shingleScore struct {
	pages, saying, stated int
	precision, recall     float64
}

// token is \w+ of Python's re.
var token = regexp.MustCompile(`[\p{L}\p{N}\p{M}_]+`)

func shingles(text string) map[string]int {
	tokens := token.FindAllString(text, -1)
	out := map[string]int{}
	for i := range max(1, len(tokens)-3) {
		if i < len(tokens) {
			out[strings.Join(tokens[i:min(i+4, len(tokens))], " ")]++
		}
	}
	return out
}

func (s *shingleScore) add(truth, said string) {
	a, b := shingles(truth), shingles(said)
	var tp, fp, fn float64
	for k, n := range a {
		tp += float64(min(n, b[k]))
		fn += float64(max(0, n-b[k]))
	}
	for k, n := range b {
		fp += float64(max(0, n-a[k]))
	}
	s.pages++
	if tp+fp > 0 {
		s.saying++
		s.precision += tp / (tp + fp)
	}
	if tp+fn > 0 {
		s.stated++
		s.recall += tp / (tp + fn)
	}
}

func (s *shingleScore) metrics() map[string]float64 {
	p, r := ratio(s.precision, float64(s.saying)), ratio(s.recall, float64(s.stated))
	return map[string]float64{"precision": p, "recall": r, "f1": harmonic(p, r)}
}
