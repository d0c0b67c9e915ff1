package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// readLines decodes a file of one JSON object a line. A file whose first row does not
// fit is of another layout and gives no rows.
func readLines[T any](path string, fits func(T) bool) ([]T, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var out []T
	for d := json.NewDecoder(r); d.More(); {
		var v T
		err := d.Decode(&v)
		if len(out) == 0 && (err != nil || !fits(v)) {
			return nil, nil
		}
		if err != nil {
			return nil, domain.Errorf(domain.CodeMalformed, "Row %d of %s is no JSON object of the expected layout.", len(out)+1, label(path))
		}
		out = append(out, v)
	}
	return out, nil
}

// eachLines runs fn on every file of text/*.jsonl whose first row fits.
func eachLines[T any](dir string, fits func(T) bool, fn func(name string, rows []T) ([]Dataset, error)) ([]Dataset, error) {
	paths, err := files(dir, "text", "*.jsonl")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range paths {
		rows, err := readLines(path, fits)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		sets, err := fn(label(path), rows)
		if err != nil {
			return nil, err
		}
		out = append(out, sets...)
	}
	return out, nil
}

type languageRow struct{ Lang, Kind, Text string }

// langidTask measures language identification on rows {"lang","kind","text"}: for
// each kind (sentences, single-words) the accuracy over all languages, and that of
// each language.
func langidTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	return eachLines(dir, func(r languageRow) bool { return r.Lang != "" && r.Text != "" }, func(name string, rows []languageRow) ([]Dataset, error) {
		byKind := map[string][]languageRow{}
		for _, r := range rows {
			byKind[r.Kind] = append(byKind[r.Kind], r)
		}
		var out []Dataset
		for _, kind := range sortedKeys(byKind) {
			progress(fmt.Sprintf("%s: %d %s", name, len(byKind[kind]), kind))
			set, err := measured(name+" "+kind, len(byKind[kind]), func() (map[string]float64, error) {
				return langidMetrics(ctx, byKind[kind])
			})
			if err != nil {
				return nil, err
			}
			out = append(out, set)
		}
		return out, nil
	})
}

func langidMetrics(ctx context.Context, rows []languageRow) (map[string]float64, error) {
	n, right := map[string]int{}, map[string]int{}
	all, supported, supportedRight, claimed := 0, 0, 0, 0
	for _, r := range rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		got := nlp.DetectLanguage(r.Text).Language
		n[r.Lang]++
		if got == r.Lang {
			right[r.Lang]++
			all++
		}
		if nlp.Supported(r.Lang) {
			supported++
			if got == r.Lang {
				supportedRight++
			}
		} else if nlp.Supported(got) {
			claimed++
		}
	}
	m := map[string]float64{"accuracy": float64(all) / float64(len(rows))}
	for lang, count := range n {
		m["accuracy_"+lang] = float64(right[lang]) / float64(count)
	}
	if supported > 0 {
		m["accuracy_de_en"] = float64(supportedRight) / float64(supported)
	}
	if others := len(rows) - supported; others > 0 {
		m["others_taken_for_de_en"] = float64(claimed) / float64(others)
	}
	return m, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
