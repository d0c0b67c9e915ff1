package seo

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	audit "empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// ContentInput is a text to optimize.
type ContentInput struct {
	Content  string   `json:"content"` // Markdown
	Keywords []string `json:"target_keywords"`
	Language string   `json:"language"` // en or de; empty: found out
}

// ContentResult is a text, improved.
type ContentResult struct {
	Content  string             `json:"content"`
	Score    float64            `json:"score"` // of Content, 0 to 100; see audit/seo.ContentScore
	Before   float64            `json:"score_before"`
	Version  string             `json:"score_version"`
	Rules    map[string]float64 `json:"rules"`
	Changes  []Change           `json:"changes"`
	Findings []domain.Finding   `json:"findings"` // what is left to a person
	Facts    Facts              `json:"facts"`    // that the text states, before and after
	Notes    []string           `json:"notes"`
}

// Facts are what a text states: its figures and its sentences.
type Facts struct {
	Figures   []string `json:"figures"`
	Sentences []string `json:"sentences"`
}

// FactsOf returns the facts of a text, each once, in alphabetical order. Headings
// count for their figures only.
func FactsOf(content string) Facts {
	f := Facts{Figures: []string{}, Sentences: []string{}}
	for _, p := range audit.Parts(content) {
		plain := audit.Plain(p.Text)
		f.Figures = append(f.Figures, evidence.Numbers(plain)...)
		if p.Level > 0 {
			continue
		}
		for _, s := range nlp.Sentences(plain) {
			f.Sentences = append(f.Sentences, strings.Join(strings.Fields(s), " "))
		}
	}
	slices.Sort(f.Figures)
	slices.Sort(f.Sentences)
	f.Figures, f.Sentences = slices.Compact(f.Figures), slices.Compact(f.Sentences)
	return f
}

const (
	maxTargets       = 20
	maxTargetLetters = 200
)

// OptimizeContent mends the outline of a text: one heading of level 1 that names the
// first keyword, levels in order, no empty heading, no block twice, no overlong
// paragraph. It states nothing: sentences and figures stay as they are, which is
// checked before anything is returned. What needs new words is left to a person, as a
// finding. Without keywords the text is judged by the other rules, and a note says so.
func OptimizeContent(in ContentInput) (ContentResult, error) {
	if err := checkContent(&in); err != nil {
		return ContentResult{}, err
	}
	covers := func(keyword, text string) float64 { return Coverage(in.Language, keyword, text) }
	before := audit.ContentScore(in.Content, in.Keywords, covers)
	t := &textEditor{in: in, parts: audit.Parts(in.Content), covers: covers}
	t.drop()
	t.top()
	t.levels()
	t.split()
	out := t.String()
	facts := FactsOf(in.Content)
	if after := FactsOf(out); !slices.Equal(facts.Sentences, after.Sentences) || !slices.Equal(facts.Figures, after.Figures) {
		out, t.changes = in.Content, nil
		t.notes = append(t.notes, "No change left all facts as they were, so the text is as it was given.")
	}
	after := audit.ContentScore(out, in.Keywords, covers)
	if after.Score < before.Score {
		out, after, t.changes = in.Content, before, nil
		t.notes = append(t.notes, "No change made the score better, so the text is as it was given.")
	}
	if len(in.Keywords) == 0 {
		t.notes = append(t.notes, "No target keywords were given: the rules about keywords were not asked.")
	}
	return ContentResult{
		Content: out, Score: after.Score, Before: before.Score, Version: after.Version, Rules: after.Rules, Changes: append([]Change{}, t.changes...),
		Findings: after.Findings, Facts: facts, Notes: append([]string{}, t.notes...),
	}, nil
}

func checkContent(in *ContentInput) error {
	lower := strings.ToLower(strings.TrimSpace(in.Content))
	switch {
	case lower == "":
		return domain.Invalid("content", "A text is needed.")
	case len(in.Content) > audit.MaxContent:
		return domain.Invalid("content", "The text has %d bytes; the limit is %d.", len(in.Content), audit.MaxContent)
	case !utf8.ValidString(in.Content):
		return domain.Invalid("content", "The text is not UTF-8.")
	case strings.HasPrefix(lower, "<!doctype") || strings.HasPrefix(lower, "<html"):
		return domain.Invalid("content", "The text is an HTML document; Markdown is wanted.")
	case len(in.Keywords) > maxTargets:
		return domain.Invalid("target_keywords", "There are %d keywords; the limit is %d.", len(in.Keywords), maxTargets)
	case in.Language != "" && !nlp.Supported(in.Language):
		return domain.Invalid("language", "Language %q is not supported; use en or de.", in.Language)
	}
	var words []string
	for _, k := range in.Keywords {
		if utf8.RuneCountInString(k) > maxTargetLetters {
			return domain.Invalid("target_keywords", "A keyword is longer than %d characters.", maxTargetLetters)
		}
		if k = strings.Join(strings.Fields(k), " "); k != "" && !slices.Contains(words, k) {
			words = append(words, k)
		}
	}
	in.Keywords = words
	if in.Language == "" {
		in.Language = nlp.English
		if nlp.DetectLanguage(in.Content).Language == nlp.German {
			in.Language = nlp.German
		}
	}
	return nil
}

// textEditor changes the parts of a text.
type textEditor struct {
	in      ContentInput
	parts   []audit.Part
	covers  func(keyword, text string) float64
	changes []Change
	notes   []string
}

func (t *textEditor) change(field, before, after, reason string) {
	t.changes = append(t.changes, Change{Field: field, Before: before, After: after, Reason: reason})
}

// drop removes empty headings and blocks that stand there more than once.
func (t *textEditor) drop() {
	seen := map[string]bool{}
	t.parts = slices.DeleteFunc(t.parts, func(p audit.Part) bool {
		key := strings.ToLower(strings.Join(strings.Fields(p.Text), " "))
		switch {
		case p.Level > 0 && p.Text == "":
			t.change("heading", strings.Repeat("#", p.Level), "", "it was empty")
			return true
		case p.Level == 0 && seen[key]:
			t.change("block", p.Text, "", "it stood there before")
			return true
		}
		seen[key] = seen[key] || p.Level == 0
		return false
	})
}

// top makes one heading of level 1 that names the first keyword.
func (t *textEditor) top() {
	at := -1
	for i := range t.parts {
		if t.parts[i].Level != 1 {
			continue
		}
		if at < 0 {
			at = i
			continue
		}
		t.parts[i].Level = 2
		t.change("heading", "# "+t.parts[i].Text, "## "+t.parts[i].Text, "a text has one heading of level 1")
	}
	first := ""
	if len(t.in.Keywords) > 0 {
		first = t.in.Keywords[0]
	}
	usable := first != "" && t.about(first)
	switch {
	case at < 0 && usable:
		t.parts = slices.Insert(t.parts, 0, audit.Part{Level: 1, Text: capital(first)})
		t.change("heading", "", "# "+t.parts[0].Text, "there was no heading of level 1")
	case at < 0 && len(t.parts) > 0 && t.parts[0].Level > 1:
		t.change("heading", strings.Repeat("#", t.parts[0].Level)+" "+t.parts[0].Text, "# "+t.parts[0].Text, "there was no heading of level 1")
		t.parts[0].Level = 1
	case at >= 0 && usable && t.covers(first, t.parts[at].Text) < 1:
		was := t.parts[at].Text
		t.parts[at].Text = capital(first) + ": " + was
		t.change("heading", "# "+was, "# "+t.parts[at].Text, "it did not name the first keyword")
	}
}

// about reports whether the text is about a keyword, so that naming it in the heading
// says nothing new: the text has all its words ("best" is one, "for" is none), and one
// with figures stands there as it is.
func (t *textEditor) about(keyword string) bool {
	var b strings.Builder
	for _, p := range t.parts {
		if p.Level == 0 {
			b.WriteString(audit.Plain(p.Text) + "\n")
		}
	}
	text := b.String()
	if strings.ContainsFunc(keyword, unicode.IsDigit) {
		return strings.Contains(phraseOf(text), phraseOf(keyword))
	}
	have := map[string]bool{}
	for _, w := range nlp.Words(text) {
		have[nlp.Stem(t.in.Language, w)] = true
	}
	return !slices.ContainsFunc(nlp.Words(keyword), func(w string) bool {
		return !nlp.StopWord(t.in.Language, w) && !have[nlp.Stem(t.in.Language, w)]
	})
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// levels lets headings go down one level at a time.
func (t *textEditor) levels() {
	last := 0
	for i := range t.parts {
		p := &t.parts[i]
		if p.Level == 0 {
			continue
		}
		// Whatever the text begins with stays.
		if to := min(p.Level, last+1); last > 0 && to != p.Level {
			t.change("heading", strings.Repeat("#", p.Level)+" "+p.Text, strings.Repeat("#", to)+" "+p.Text, "it skipped a level")
			p.Level = to
		}
		last = p.Level
	}
}

// split cuts paragraphs that are too long, between sentences.
func (t *textEditor) split() {
	var out []audit.Part
	for _, p := range t.parts {
		if !p.Prose() || len(strings.Fields(audit.Plain(p.Text))) <= audit.MaxParagraph {
			out = append(out, p)
			continue
		}
		pieces := pieces(p.Text)
		for _, s := range pieces {
			out = append(out, audit.Part{Text: s})
		}
		if len(pieces) > 1 {
			t.change("block", cutWords(p.Text, 60, "…"), fmt.Sprintf("%d paragraphs", len(pieces)), fmt.Sprintf("it had more than %d words", audit.MaxParagraph))
		}
	}
	t.parts = out
}

// pieces joins the sentences of a paragraph into paragraphs of about equal length.
func pieces(text string) []string {
	list := nlp.Sentences(text)
	total := len(strings.Fields(text))
	parts := (total + audit.MaxParagraph - 1) / audit.MaxParagraph
	target := (total + parts - 1) / parts
	var out []string
	var cur []string
	n := 0
	for _, s := range list {
		w := len(strings.Fields(s))
		if n > 0 && (n+w > audit.MaxParagraph || n >= target) {
			out, cur, n = append(out, strings.Join(cur, " ")), nil, 0
		}
		cur, n = append(cur, strings.TrimSpace(s)), n+w
	}
	return append(out, strings.Join(cur, " "))
}

// String writes the parts as Markdown.
func (t *textEditor) String() string {
	var b strings.Builder
	for i, p := range t.parts {
		if i > 0 {
			b.WriteString("\n\n")
		}
		if p.Level > 0 {
			b.WriteString(strings.Repeat("#", p.Level) + " ")
		}
		b.WriteString(p.Text)
	}
	b.WriteString("\n")
	return b.String()
}
