package content

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// TestPhrases looks into the phrase files, which the exported API shows only in
// part: both languages say the same things, no template holds a figure, and no
// variant repeats another.
func TestPhrases(t *testing.T) {
	t.Parallel()
	knowledge := regexp.MustCompile(`^(why|suit|explain2?|skip|tip|note\.price)\.`)
	for _, pair := range [][2]string{{"en", "de"}, {"de", "en"}} {
		for key := range banks()[pair[0]] {
			if shared, bare := strings.CutPrefix(key, "bare."); bare && len(banks()[pair[0]][shared]) > 0 {
				continue // says on pages without prices what a shared phrase says elsewhere
			}
			if _, ok := banks()[pair[1]][key]; !ok && !knowledge.MatchString(key) {
				t.Errorf("%s has no phrase %s", pair[1], key)
			}
		}
	}
	for lang, b := range banks() {
		for key, list := range b {
			seen := map[string]bool{}
			for _, tpl := range list {
				text := source(tpl)
				if len(evidence.Numbers(literalText(tpl))) > 0 {
					t.Errorf("%s %s holds a figure: %q", lang, key, text)
				}
				if seen[text] {
					t.Errorf("%s %s says twice: %q", lang, key, text)
				}
				seen[text] = true
			}
		}
	}
}

// TestPhraseVariety demands many variants of what stands on many pages.
func TestPhraseVariety(t *testing.T) {
	t.Parallel()
	for lang, b := range banks() {
		for key, list := range b {
			least := 1
			switch {
			case strings.HasPrefix(key, "product.h."), strings.HasPrefix(key, "product.verdict."), strings.HasPrefix(key, "alt.") && key != "alt.alike" && key != "alt.equal":
				least = 5
			case strings.HasPrefix(key, "point."), key == "card.features", key == "product.lead", key == "card.place.rank":
				least = 5
			}
			if len(list) < least {
				t.Errorf("%s %s has %d variants, want at least %d", lang, key, len(list), least)
			}
		}
	}
}

// TestPhrasesStandApart measures how far the variants of a phrase lie apart: two of
// them must not share most of their words in a row.
func TestPhrasesStandApart(t *testing.T) {
	t.Parallel()
	for lang, b := range banks() {
		for key, list := range b {
			if strings.HasPrefix(key, "description.") {
				continue // some are the short form of another, for long names
			}
			for i, x := range list {
				for _, y := range list[i+1:] {
					xs, ys := nlp.Shingles(literalText(x), 5), nlp.Shingles(literalText(y), 5)
					if o := nlp.Overlap(xs, ys); o > 0.5 && min(len(xs), len(ys)) > 2 {
						t.Errorf("%s %s: %q and %q are too alike", lang, key, source(x), source(y))
					}
				}
			}
		}
	}
}

// knownValues are the names that writers fill in.
var knownValues = strings.Fields(`a above ads all alt altprice and art6 attr Attr b band bandmedian bandn bandrank below brand city colourcount colours common
	commonshare complain contact count country currency date ddg decisive direction email extras feature features first firstshare ftc gap gn h has here high
	highband host inattr is label lacks limit low lowband m1 m2 max median merchant methodpage min missing model models modelsdat more most mstv n name new nextras old onattr
	othermedian othern owner pa page partn pb peerabove peergap peermedian peerrank peers phone phrase price q25 q75 rank register responsible rights rows
	sa sb second secondshare share short shown site sizecount sizes stated statedn street tdddg theattr third thirdshare tied unit unpriced va value vat vb
	vhigh vlow x
	per ref pooln gtin groupmedian gap value have shop since
	lowquarter highquarter against other verb rest`)

func TestPhrasesUseKnownValues(t *testing.T) {
	t.Parallel()
	for lang, b := range banks() {
		for key, list := range b {
			for _, tpl := range list {
				for _, p := range tpl.parts {
					if p.value != "" && !slices.Contains(knownValues, p.value) {
						t.Errorf("%s %s uses the unknown value %q", lang, key, p.value)
					}
				}
			}
		}
	}
}

// TestGermanTemplatesTakeCases: names of attributes stand in the nominative, so that no
// preposition may stand before them unless they are quoted; what a product has stands in
// the dative and needs "mit" before it. A full sentence behind a colon begins large.
func TestGermanTemplatesTakeCases(t *testing.T) {
	t.Parallel()
	nominative := regexp.MustCompile(`(?i)\b(zu|mit|nach|von|bei|aus|unter|in|vor|seit) \{(attr|missing|models|extras|decisive)\}`)
	dative := regexp.MustCompile(`(?i)(mit )?\{features?\}`)
	colon := regexp.MustCompile(`: (der|die|das|man|es|ihr|dort) [^.]*\b(ist|sind|hat|haben|kostet|kosten|liegt|liegen|kommt|beträgt|steht|gibt)\b`)
	for key, list := range banks()["de"] {
		for _, tpl := range list {
			text := source(tpl)
			if nominative.MatchString(text) {
				t.Errorf("%s wants another case: %q", key, text)
			}
			for _, m := range dative.FindAllString(text, -1) {
				if !strings.HasPrefix(strings.ToLower(m), "mit ") {
					t.Errorf("%s: a dative without its preposition: %q", key, text)
				}
			}
			if colon.MatchString(text) {
				t.Errorf("%s: a sentence begins small behind a colon: %q", key, text)
			}
		}
	}
}

func literalText(t template) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == "" {
			b.WriteString(p.text)
		} else {
			b.WriteString(" x" + p.value + " ")
		}
	}
	return strings.NewReplacer("xart6", "x", "xm1", "x", "xm2", "x", "xq25", "x", "xq75", "x").Replace(b.String())
}

func source(t template) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == "" {
			b.WriteString(p.text)
		} else {
			b.WriteString("{" + p.value + "}")
		}
	}
	return b.String()
}
