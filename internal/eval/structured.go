package eval

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"

	"empire/internal/intelligence/extract"
)

// structuredTask compares the structured data of pages with what lies beside them:
// NAME.html with NAME.json (microdata) or NAME.jsonld (JSON-LD), as in extruct's
// samples. Equal means deep equality of the JSON.
func structuredTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
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
		if out, err = addSet(out, p, func() (int, map[string]float64, error) { return structuredSet(files, progress) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func structuredSet(files map[string][]byte, progress Progress) (int, map[string]float64, error) {
	var n, equal, nLD, equalLD float64
	for _, name := range slices.Sorted(maps.Keys(files)) {
		stem, ok := strings.CutSuffix(name, ".html")
		if !ok {
			continue
		}
		page := extract.Parse(files[name], "")
		if want, ok := expectation(files[stem+".json"]); ok {
			n++
			if microdataEqual(page, want) {
				equal++
			} else {
				progress("differs: " + path.Base(name) + " (microdata)")
			}
		}
		if want, ok := expectation(files[stem+".jsonld"]); ok {
			nLD++
			if reflect.DeepEqual(plainJSON(page.Structured(nil).JSONLD), want) {
				equalLD++
			} else {
				progress("differs: " + path.Base(name) + " (JSON-LD)")
			}
		}
	}
	m := map[string]float64{"equal": ratio(equal+equalLD, n+nLD)}
	if n > 0 {
		m["microdata_equal"] = equal / n
	}
	if nLD > 0 {
		m["json_ld_equal"] = equalLD / nLD
	}
	return int(n + nLD), m, nil
}

// expectation returns the JSON of a file that lists items.
func expectation(data []byte) (any, bool) {
	var v any
	if len(data) == 0 || json.Unmarshal(data, &v) != nil {
		return nil, false
	}
	_, isList := v.([]any)
	return v, isList
}

// microdataEqual compares with lists always and with lists of one as their value: the
// samples have both forms. Some samples were made with a page address that is not
// stored; it is then taken from the addresses that are expected.
func microdataEqual(page *extract.Page, want any) bool {
	bases := []*url.URL{nil}
	collectURLs(want, &bases)
	for _, base := range bases {
		items := page.Structured(base).Microdata
		for _, compact := range []bool{false, true} {
			got := make([]map[string]any, len(items))
			for i, it := range items {
				got[i] = it.JSON(compact)
			}
			if reflect.DeepEqual(plainJSON(got), want) {
				return true
			}
		}
	}
	return false
}

func collectURLs(v any, into *[]*url.URL) {
	switch v := v.(type) {
	case string:
		if u, err := url.Parse(v); err == nil && u.IsAbs() && u.Host != "" {
			u.RawQuery, u.Fragment = "", ""
			*into = append(*into, u)
		}
	case []any:
		for _, e := range v {
			collectURLs(e, into)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			collectURLs(v[key], into)
		}
	}
}

// plainJSON returns v as encoding/json reads it again.
func plainJSON(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(data, &out) != nil {
		return nil
	}
	return out
}
