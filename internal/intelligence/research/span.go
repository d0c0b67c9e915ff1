package research

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// Bounds of spans.
const (
	minSpan     = 40  // bytes
	maxSpan     = 420 // bytes: short quotations only
	maxSpans    = 300 // of one page that are weighed, the first ones
	maxCompared = 300 // best spans that are compared with the topic word by word
	maxPhrases  = 40
	phraseText  = 100 << 10 // bytes of all pages from which key phrases are taken
)

// Kinds of claims.
const (
	kindFigure     = "figure"
	kindDefinition = "definition"
	kindStatement  = "statement"
	kindMarket     = "market"
)

// span is a sentence of a page that may become a claim.
type span struct {
	doc    *document
	text   string
	offset int // in the main text
	kind   string
	stems  map[string]bool
	number string // its figures, to compare
	score  float64
}

// published returns when a document was published, or nil.
func (d *document) published() *time.Time {
	if at := d.read.Meta.PublishedAt; at != nil {
		return at
	}
	return d.Published
}

// newest returns when a document was published or, without that, fetched.
func (d *document) newest() time.Time {
	if at := d.published(); at != nil && at.Before(d.snap.FetchedAt.Add(48*time.Hour)) {
		return at.UTC()
	}
	return d.snap.FetchedAt.UTC()
}

// spans returns the sentences of all documents that say something about the topic,
// the best first.
func (w *work) spans() []*span {
	phrases := w.keyPhrases()
	var out []*span
	for _, d := range w.docs {
		out = append(out, w.spansOf(d, phrases)...)
	}
	order := func(a, b *span) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.doc.id, b.doc.id), cmp.Compare(a.offset, b.offset))
	}
	slices.SortFunc(out, order)
	w.report.Work.Spans = len(out)
	head := out[:min(len(out), maxCompared)]
	texts := make([]string, 0, len(head))
	for _, s := range head {
		texts = append(texts, s.text)
	}
	like := nlp.NewSimilarity(w.topic.language, texts)
	for _, s := range head {
		s.score += 0.2 * like.Compare(w.topic.text, s.text)
	}
	slices.SortFunc(head, order)
	return head
}

// weighted is a key phrase with a weight from 0 to 1.
type weighted struct {
	text   string
	weight float64
}

// keyPhrases returns what the pages are about, always in the same order: sums of
// floats depend on it.
func (w *work) keyPhrases() []weighted {
	var b strings.Builder
	for _, d := range w.docs {
		share := phraseText / max(1, len(w.docs))
		b.WriteString(strings.ToValidUTF8(d.read.Text[:min(len(d.read.Text), share)], "") + "\n")
	}
	var out []weighted
	for i, p := range nlp.KeyPhrases(w.topic.language, b.String(), maxPhrases) {
		if p.Count > 1 {
			out = append(out, weighted{p.Text, 1 - float64(i)/maxPhrases})
		}
	}
	return out
}

// spansOf returns the sentences of one document.
func (w *work) spansOf(d *document, phrases []weighted) []*span {
	var out []*span
	at := 0
	for paragraph := range strings.SplitSeq(d.head(), "\n") {
		begin := at
		at += len(paragraph) + 1
		inParagraph := w.topic.coverage(paragraph)
		for _, sentence := range nlp.Sentences(paragraph) {
			i := strings.Index(d.read.Text[begin:], sentence)
			if i < 0 {
				break // white space that the splitter took for its own
			}
			offset := begin + i
			begin = offset + len(sentence)
			if s := w.spanOf(d, sentence, offset, inParagraph, phrases); s != nil {
				out = append(out, s)
			}
			if len(out) == maxSpans {
				return out
			}
		}
	}
	return out
}

var (
	definition = map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)^(?:an? |the )?[\pL\pN' -]{2,60}? (?:is|are) (?:an? |the |any )|\b(?:refers? to|is defined as|are defined as|means that|is known as|are known as)\b`),
		"de": regexp.MustCompile(`(?i)^(?:ein |eine |der |die |das )?[\pL\pN' -]{2,60}? (?:ist|sind) (?:ein|eine|einer|die|der|das) |\b(?:bezeichnet|versteht man|wird definiert|werden definiert|bedeutet)\b`),
	}
	vague = map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)^(?:it|this|that|these|those|they|he|she|here|there|but|and|so|or|however|also|then|such)\b`),
		"de": regexp.MustCompile(`(?i)^(?:es|dies\w*|jene\w*|sie|er|hier|dort|aber|und|oder|also|dann|solche\w*|doch|jedoch)\b`),
	}
	noise = regexp.MustCompile(`(?i)\b(?:click|subscribe|sign up|newsletter|cookies?|read more|add to cart|copyright|all rights reserved|klicken|abonnieren|anmelden|weiterlesen|warenkorb|alle rechte)\b|https?://|www\.`)
)

// spanOf weighs a sentence; nil if it says nothing that can be cited.
func (w *work) spanOf(d *document, text string, offset int, inParagraph float64, phrases []weighted) *span {
	if len(text) < minSpan || len(text) > maxSpan || noise.MatchString(text) || !ends(text) || len(strings.Fields(text)) < 6 {
		return nil
	}
	language := w.topic.language
	s := &span{doc: d, text: text, offset: offset, kind: kindStatement, stems: stemSet(language, text)}
	own := w.topic.coverageOf(s.stems)
	if max(own, inParagraph) == 0 && d.coverage < 1 {
		return nil
	}
	s.score = 0.35*own + 0.1*inParagraph + 0.1*d.coverage
	lower, phrase := strings.ToLower(text), 0.0
	for _, p := range phrases {
		if strings.Contains(lower, p.text) {
			phrase += p.weight
		}
	}
	s.score += 0.2 * (1 - math.Exp(-phrase))
	if numbers := evidence.Numbers(text); len(numbers) > 0 {
		s.kind, s.number = kindFigure, strings.Join(numbers, " ")
		s.score += 0.1
		if len(quantities(text, language)) > 0 {
			s.score += 0.1
		}
	} else if own > 0 && definition[language].MatchString(text) {
		s.kind = kindDefinition
		s.score += 0.2
	}
	if vague[language].MatchString(text) {
		s.score -= 0.2
	}
	return s
}

// ends reports whether a text ends like a sentence that is no question.
func ends(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune(".!\"”“)", r)
}

func round(v float64) float64 { return math.Round(v*1000) / 1000 }
