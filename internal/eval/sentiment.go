package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"empire/internal/intelligence/nlp"
)

type labeledRow struct {
	Text, Label string
	Aspects     []aspectRow
	Score       *float64
}

type aspectRow struct {
	Aspect string
	Score  float64
}

// binary reports whether a label says that a text is positive or negative.
func binary(label string) (positive, ok bool) {
	switch strings.ToLower(label) {
	case "pos", "positive", "pros", "pro":
		return true, true
	case "neg", "negative", "cons", "con":
		return false, true
	}
	return false, false
}

// sentimentTask measures polarity on rows {"text","label"} with the labels pos and
// neg, or pros and cons: with the words that ship with the program, and with a
// lexicon {"positive":[…],"negative":[…]} if the folder has one.
func sentimentTask(_ context.Context, dir string, progress Progress) ([]Dataset, error) {
	lexicons, err := opinionLexicons(dir)
	if err != nil {
		return nil, err
	}
	fits := func(r labeledRow) bool { _, ok := binary(r.Label); return ok && r.Text != "" && r.Aspects == nil }
	return eachLines(dir, fits, func(name string, rows []labeledRow) ([]Dataset, error) {
		var out []Dataset
		for _, l := range lexicons {
			if l.language != languageOf(rows) {
				continue
			}
			progress(fmt.Sprintf("%s: %d texts, %s", name, len(rows), l.name))
			set, err := measured(name+", "+l.name, len(rows), func() (map[string]float64, error) { return polarityMetrics(rows, l.words), nil })
			if err != nil {
				return nil, err
			}
			out = append(out, set)
		}
		return out, nil
	})
}

// languageOf tells the language of the first rows.
func languageOf(rows []labeledRow) string {
	var b strings.Builder
	for _, r := range rows[:min(len(rows), 30)] {
		b.WriteString(r.Text + " ")
	}
	return nlp.DetectLanguage(b.String()).Language
}

type namedLexicon struct {
	name, language string
	words          *nlp.Lexicon
}

func opinionLexicons(dir string) ([]namedLexicon, error) {
	out := []namedLexicon{
		{"own lexicon", nlp.English, nlp.OpinionWords(nlp.English)},
		{"own lexicon", nlp.German, nlp.OpinionWords(nlp.German)},
	}
	paths, err := files(dir, "text", "*lexicon*.json")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		data, err := readAll(path)
		if err != nil {
			return nil, err
		}
		var lists struct{ Positive, Negative []string }
		if json.Unmarshal(data, &lists) != nil || len(lists.Positive) == 0 || len(lists.Negative) == 0 {
			continue // another layout
		}
		language := nlp.English
		if strings.HasSuffix(label(path), "_de") {
			language = nlp.German
		}
		out = append(out, namedLexicon{label(path), language, nlp.NewLexicon(language, lists.Positive, lists.Negative)})
	}
	return out, nil
}

// polarityMetrics forces a choice: a text without any opinion counts as positive,
// the commoner case in language at large (J. Boucher, C. Osgood, "The Pollyanna
// hypothesis", 1969). Coverage is the share of texts that are judged at all.
func polarityMetrics(rows []labeledRow, words *nlp.Lexicon) map[string]float64 {
	var right, judged, judgedRight int
	var counts [2][2]int // by truth and answer
	for _, r := range rows {
		want, _ := binary(r.Label)
		o := words.Judge(r.Text)
		got := o.Score >= 0
		counts[bit(want)][bit(got)]++
		if got == want {
			right++
		}
		if o.Score != 0 {
			judged++
			if got == want {
				judgedRight++
			}
		}
	}
	m := map[string]float64{"accuracy": float64(right) / float64(len(rows)), "coverage": float64(judged) / float64(len(rows))}
	if judged > 0 {
		m["accuracy_judged"] = float64(judgedRight) / float64(judged)
	}
	pos := scores(counts[1][1], counts[0][1]+counts[1][1], counts[1][0]+counts[1][1])["f1"]
	neg := scores(counts[0][0], counts[0][0]+counts[1][0], counts[0][0]+counts[0][1])["f1"]
	m["macro_f1"] = (pos + neg) / 2
	return m
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
