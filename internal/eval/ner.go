package eval

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"empire/internal/intelligence/nlp"
)

type taggedRow struct{ Tokens, Tags []string }

// kindsOf maps the tags of data sets to the kinds that are looked for.
var kindsOf = map[string]nlp.EntityKind{
	"product": nlp.EntityProduct, "corporation": nlp.EntityBrand, "group": nlp.EntityOrganization,
	"MRK": nlp.EntityBrand, "UN": nlp.EntityOrganization, "ORG": nlp.EntityOrganization, "INN": nlp.EntityOrganization, "GRT": nlp.EntityOrganization,
	"GS": nlp.EntityLaw, "VO": nlp.EntityLaw, "EUN": nlp.EntityLaw,
	"company": nlp.EntityBrand, "PROD": nlp.EntityProduct, "PRODUCT": nlp.EntityProduct,
	"brand": nlp.EntityBrand, "organization": nlp.EntityOrganization, "law": nlp.EntityLaw,
}

// nerTask measures named entities on rows {"tokens","tags"} with BIO tags: exact spans,
// for each kind, over the kinds that are looked for (a brand that is tagged as a
// company counts as one), and over all tags of the file.
func nerTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	fits := func(r taggedRow) bool { return len(r.Tokens) > 0 && len(r.Tokens) == len(r.Tags) }
	return eachLines(dir, fits, func(name string, rows []taggedRow) ([]Dataset, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(fmt.Sprintf("%s: %d sentences", name, len(rows)))
		set, err := measured(name, len(rows), func() (map[string]float64, error) { return nerMetrics(rows), nil })
		return []Dataset{set}, err
	})
}

type namedSpan struct{ from, to int }

type tally struct{ made, right, wanted int }

func nerMetrics(rows []taggedRow) map[string]float64 {
	var sample []string
	for _, r := range rows[:min(len(rows), 20)] {
		sample = append(sample, r.Tokens...)
	}
	language := nlp.DetectLanguage(strings.Join(sample, " ")).Language
	kinds := map[nlp.EntityKind]*tally{}
	var covered, all tally
	for _, r := range rows {
		want := goldSpans(r.Tags)
		got := foundSpans(language, r.Tokens)
		for s, tag := range want {
			all.wanted++
			k, ok := kindsOf[tag]
			if !ok {
				continue
			}
			t := tallyOf(kinds, k)
			t.wanted++
			covered.wanted++
			if g, hit := got[s]; hit && (g == k || company(g) && company(k)) {
				t.right++
				covered.right++
				all.right++
			}
		}
		for _, k := range got {
			tallyOf(kinds, k).made++
			covered.made++
			all.made++
		}
	}
	m := map[string]float64{}
	put := func(suffix string, t tally) {
		for name, v := range scores(t.right, t.made, t.wanted) {
			m[name+suffix] = v
		}
	}
	put("", covered)
	m["f1_all_tags"] = scores(all.right, all.made, all.wanted)["f1"]
	mergeCompanies(kinds)
	for k, t := range kinds {
		if t.wanted > 0 {
			put("_"+string(k), *t)
		}
	}
	return m
}

// company reports whether a kind is one that data sets do not tell apart.
func company(k nlp.EntityKind) bool { return k == nlp.EntityBrand || k == nlp.EntityOrganization }

// mergeCompanies counts brands and organizations together.
func mergeCompanies(kinds map[nlp.EntityKind]*tally) {
	both := tallyOf(kinds, "brand_or_organization")
	for _, k := range []nlp.EntityKind{nlp.EntityBrand, nlp.EntityOrganization} {
		t := tallyOf(kinds, k)
		both.made, both.right, both.wanted = both.made+t.made, both.right+t.right, both.wanted+t.wanted
		delete(kinds, k)
	}
}

func tallyOf(m map[nlp.EntityKind]*tally, k nlp.EntityKind) *tally {
	if m[k] == nil {
		m[k] = &tally{}
	}
	return m[k]
}

func goldSpans(tags []string) map[namedSpan]string {
	out := map[namedSpan]string{}
	for i := 0; i < len(tags); {
		kind, begins := strings.CutPrefix(tags[i], "B-")
		if !begins {
			i++
			continue
		}
		j := i + 1
		for j < len(tags) && tags[j] == "I-"+kind {
			j++
		}
		out[namedSpan{i, j}] = kind
		i = j
	}
	return out
}

// foundSpans joins the tokens with blanks and maps what is found in that text back.
func foundSpans(language string, tokens []string) map[namedSpan]nlp.EntityKind {
	var starts, ends []int
	var b strings.Builder
	for _, t := range tokens {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		starts = append(starts, b.Len())
		b.WriteString(t)
		ends = append(ends, b.Len())
	}
	out := map[namedSpan]nlp.EntityKind{}
	for _, e := range nlp.Entities(language, b.String(), nil) {
		from, okFrom := slices.BinarySearch(starts, e.Start)
		to, okTo := slices.BinarySearch(ends, e.End)
		if okFrom && okTo {
			out[namedSpan{from, to + 1}] = e.Kind
		} else {
			out[namedSpan{-1 - e.Start, -1}] = e.Kind // found, but not on the bounds of tokens
		}
	}
	return out
}
