package seo_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"empire/internal/agent/seo"
	"empire/internal/domain"
)

// long returns a paragraph of n sentences with a figure in each.
func long(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Lamp number %d gives %d lumens of light on a desk at home. ", i+1, 300+i)
	}
	return strings.TrimSpace(b.String())
}

// planted is a text with faults that can be mended and some that cannot.
var planted = "## Which one\n\n" + long(20) + "\n\n#### Prices\n\nThe Aura costs €49.90 and the Beam costs €1,299.\n\n##\n\nThe Aura costs €49.90 and the Beam costs €1,299.\n\n" +
	"- [here](/guide/)\n- [All desk lamps](/lamps/)\n\n![](/a.png)\n\n# One\n\nText.\n\n# Two\n\nMore text.\n"

// rescore reads the formula in docs/seo.md and the rules that can be told from the
// text by other means than those of the program.
func rescore(content string, keywords []string) float64 {
	heads := regexp.MustCompile(`(?m)^(#{1,6})(?:[ \t]+(\S.*))?$`).FindAllStringSubmatch(content, -1)
	share := func(bad, total int) float64 {
		if total == 0 {
			return 1
		}
		return 1 - math.Min(float64(bad), float64(total))/float64(total)
	}
	flag := func(ok bool) float64 {
		if ok {
			return 1
		}
		return 0
	}
	tops, disorder, last := 0, 0, 0
	top := ""
	for i, h := range heads {
		if len(h[1]) == 1 && h[2] != "" {
			tops, top = tops+1, top+h[2]+" "
		}
		if h[2] == "" || len(h[1]) > last+1 && !(i == 0 && strings.HasPrefix(content, h[0])) {
			disorder++
		}
		last = len(h[1])
	}
	words, blocks, prose, tooLong, twice := 0, 0, 0, 0, 0
	seen := map[string]bool{}
	show := func(s string) string { return regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(s, "$1") }
	for _, b := range regexp.MustCompile(`\n\s*\n`).Split(strings.TrimSpace(content), -1) {
		if strings.HasPrefix(b, "#") {
			continue
		}
		n := len(strings.Fields(show(b)))
		words, blocks = words+n, blocks+1
		if seen[b] {
			twice++
		}
		seen[b] = true
		if !strings.HasPrefix(b, "-") {
			if prose++; n > 120 {
				tooLong++
			}
		}
	}
	links := regexp.MustCompile(`(?:^|[^!])\[([^\]]*)\]\(`).FindAllStringSubmatch(content, -1)
	dull := 0
	for _, l := range links {
		if l[1] == "here" || l[1] == "" {
			dull++
		}
	}
	images := strings.Count(content, "![")
	sum := 3*flag(tops == 1) + share(disorder, len(heads)) + flag(words >= 150) + share(tooLong, prose) + share(twice, blocks) + share(dull, len(links)) + share(strings.Count(content, "![]("), images)
	weights := 9.0
	if len(keywords) > 0 {
		stem := func(s string) string { return strings.TrimSuffix(strings.ToLower(strings.Trim(s, ".,:#")), "s") }
		has := func(text, keyword string) bool {
			var have []string
			for _, w := range strings.Fields(text) {
				have = append(have, stem(w))
			}
			return !slices.ContainsFunc(strings.Fields(keyword), func(w string) bool { return !slices.Contains(have, stem(w)) })
		}
		all := strings.Fields(show(strings.ReplaceAll(content, "#", " ")))
		sum += 3*flag(has(top, keywords[0])) + 2*flag(has(strings.Join(all[:min(len(all), 100)], " "), keywords[0]))
		missing, stuffed := 0, 0
		for _, k := range keywords {
			if !has(strings.Join(all, " "), k) {
				missing++
			}
			n := strings.Count(strings.ToLower(strings.Join(all, " ")), k)
			if n > 2 && float64(n*len(strings.Fields(k)))/float64(len(all)) > 0.03 {
				stuffed++
			}
		}
		sum += 2*share(missing, len(keywords)) + 2*share(stuffed, len(keywords))
		weights += 9
	}
	return math.Round(100*sum/weights*100) / 100
}

func TestOptimizeContent(t *testing.T) {
	t.Parallel()
	for _, keywords := range [][]string{nil, {"lamp desk"}, {"desk lamps", "garden gnomes"}, {"lumens"}} {
		res, err := seo.OptimizeContent(seo.ContentInput{Content: planted, Keywords: keywords, Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		if res.Score <= res.Before || len(res.Changes) == 0 {
			t.Errorf("%v: score %v after %v, changes %+v", keywords, res.Score, res.Before, res.Changes)
		}
		if want := rescore(planted, keywords); res.Before != want {
			t.Errorf("%v: score before %v, another reading of the formula says %v", keywords, res.Before, want)
		}
		if want := rescore(res.Content, keywords); res.Score != want {
			t.Errorf("%v: score %v, another reading of the formula says %v\n%s", keywords, res.Score, want, res.Content)
		}
		after := seo.FactsOf(res.Content)
		if before := seo.FactsOf(planted); !slices.Equal(before.Figures, after.Figures) || !slices.Equal(before.Sentences, after.Sentences) || len(before.Figures) < 20 {
			t.Errorf("%v: facts changed: %+v, %+v", keywords, before, after)
		}
		if tops := regexp.MustCompile(`(?m)^# `).FindAllString(res.Content, -1); len(tops) != 1 {
			t.Errorf("%v: %d headings of level 1 in\n%s", keywords, len(tops), res.Content)
		}
		if noted := strings.Contains(strings.Join(res.Notes, " "), "No target keywords"); noted != (len(keywords) == 0) {
			t.Errorf("%v: notes %q", keywords, res.Notes)
		}
		again, err := seo.OptimizeContent(seo.ContentInput{Content: res.Content, Keywords: keywords, Language: "en"})
		if err != nil || again.Content != res.Content || len(again.Changes) != 0 || again.Before != res.Score {
			t.Errorf("%v: a second run changed %+v, %v", keywords, again.Changes, err)
		}
	}
}

// TestOptimizeContentStatesNothing: a keyword that the text is not about, or with a
// figure that it does not have, is never put into the heading.
func TestOptimizeContentStatesNothing(t *testing.T) {
	t.Parallel()
	for _, k := range []string{"garden gnomes", "desk lamps 2031", "best 7 lamps"} {
		res, err := seo.OptimizeContent(seo.ContentInput{Content: planted, Keywords: []string{k}})
		if err != nil || strings.Contains(strings.ToLower(res.Content), k) {
			t.Errorf("%s: %v\n%s", k, err, res.Content)
		}
		if !slices.ContainsFunc(res.Findings, func(f domain.Finding) bool { return f.Rule == "TEXT-KEYWORD-H1" && f.Fix != "" && f.Source != "" }) {
			t.Errorf("%s: findings %+v", k, res.Findings)
		}
	}
}

func TestOptimizeContentRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, 21)
	for name, in := range map[string]seo.ContentInput{
		"nothing":   {Content: " \n"},
		"HTML":      {Content: " <!DOCTYPE html><p>x"},
		"too long":  {Content: strings.Repeat("word ", 300_000)},
		"bytes":     {Content: "a\xffb"},
		"keywords":  {Content: "Text.", Keywords: many},
		"a keyword": {Content: "Text.", Keywords: []string{strings.Repeat("k", 201)}},
		"language":  {Content: "Text.", Language: "fr"},
	} {
		if _, err := seo.OptimizeContent(in); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOptimizeContent(f *testing.F) {
	f.Add(planted, "desk lamps")
	f.Add("```\n# not a heading\n\n```\n#\n##### x\nDr. A. b! c?", "x")
	f.Fuzz(func(t *testing.T, content, keyword string) {
		res, err := seo.OptimizeContent(seo.ContentInput{Content: content, Keywords: []string{keyword}, Language: "en"})
		if err != nil {
			return
		}
		before, after := seo.FactsOf(content), seo.FactsOf(res.Content)
		if !slices.Equal(before.Figures, after.Figures) || !slices.Equal(before.Sentences, after.Sentences) {
			t.Fatalf("facts changed: %q, %q", before, after)
		}
		if math.IsNaN(res.Score) || res.Score < res.Before || res.Score > 100 {
			t.Fatalf("score %v after %v", res.Score, res.Before)
		}
	})
}
