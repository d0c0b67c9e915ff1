package research

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// Bounds of what the flags add.
const (
	maxSites      = 20
	sitePhrases   = 10
	maxAspects    = 10
	maxQuotes     = 3 // for one aspect
	minMentions   = 2
	minOpinion    = 0.2      // score from which on a sentence judges
	sitePhraseLen = 64 << 10 // bytes of a site's text that are read for phrases
)

// competitors says which sites write about the topic and what about.
func (w *work) competitors() *domain.CompetitorAnalysis {
	sites := map[string]*domain.Competitor{}
	texts := map[string]string{}
	for _, d := range w.docs {
		if d.snap.Own {
			continue
		}
		name := RegistrableDomain(d.snap.FinalURL)
		c := sites[name]
		if c == nil {
			c = &domain.Competitor{Domain: name, Phrases: []string{}, Missing: []string{}, Structured: []string{}}
			sites[name] = c
		}
		c.Sources = append(c.Sources, d.id)
		c.Pages++
		c.Words += nlp.WordCount(d.read.Text)
		if at := d.published(); at != nil && (c.Newest == nil || at.After(*c.Newest)) {
			c.Newest = at
		}
		for _, t := range d.read.Types {
			if !slices.Contains(c.Structured, t) {
				c.Structured = append(c.Structured, t)
			}
		}
		texts[name] += d.head() + "\n"
	}
	has := map[string][]string{} // phrase: sites
	for _, name := range slices.Sorted(maps.Keys(sites)) {
		text := texts[name]
		for _, p := range nlp.KeyPhrases(w.topic.language, strings.ToValidUTF8(text[:min(len(text), sitePhraseLen)], ""), sitePhrases) {
			sites[name].Phrases = append(sites[name].Phrases, p.Text)
			has[p.Text] = append(has[p.Text], name)
		}
	}
	for name, c := range sites {
		for _, phrase := range slices.Sorted(maps.Keys(has)) {
			if len(has[phrase]) >= 2 && !strings.Contains(strings.ToLower(texts[name]), phrase) {
				c.Missing = append(c.Missing, phrase)
			}
		}
	}
	out := &domain.CompetitorAnalysis{Sites: []domain.Competitor{}}
	for _, c := range slices.SortedFunc(maps.Values(sites), func(a, b *domain.Competitor) int {
		return cmp.Or(cmp.Compare(b.Pages, a.Pages), cmp.Compare(b.Words, a.Words), cmp.Compare(a.Domain, b.Domain))
	}) {
		if len(out.Sites) < maxSites {
			out.Sites = append(out.Sites, *c)
		}
	}
	return out
}

// sentiment says how the pages of others judge, sentence by sentence.
func (w *work) sentiment(l *ledger) *domain.MarketSentiment {
	language := w.topic.language
	out := &domain.MarketSentiment{Aspects: []domain.AspectSentiment{}}
	type found struct {
		sum    float64
		n      int
		quotes []domain.EvidenceID
	}
	byAspect := map[string]*found{}
	var texts []string
	for _, d := range w.docs {
		if !d.snap.Own {
			texts = append(texts, d.head())
		}
	}
	aspects := nlp.NewAspects(language, texts)
	total := 0.0
	for _, d := range w.docs {
		if d.snap.Own {
			continue
		}
		at := 0
		for _, sentence := range nlp.Sentences(d.head()) {
			i := strings.Index(d.read.Text[at:], sentence)
			if i < 0 {
				continue
			}
			offset := at + i
			at = offset + len(sentence)
			out.Sentences++
			score := nlp.Sentiment(language, sentence).Score
			if math.Abs(score) < minOpinion || len(sentence) > maxSpan {
				continue
			}
			out.Judging++
			total += score
			if score > 0 {
				out.Positive++
			} else {
				out.Negative++
			}
			for _, a := range aspects.Find(sentence) {
				f := byAspect[a.Term]
				if f == nil {
					f = &found{}
					byAspect[a.Term] = f
				}
				f.sum += sign(a.Score)
				f.n++
				if len(f.quotes) < maxQuotes && len(sentence) >= 20 {
					f.quotes = append(f.quotes, l.cite(&span{doc: d, text: sentence, offset: offset}))
				}
			}
		}
	}
	if out.Judging > 0 {
		out.Score = round(total / float64(out.Judging))
	}
	for _, term := range slices.SortedFunc(maps.Keys(byAspect), func(a, b string) int {
		return cmp.Or(cmp.Compare(byAspect[b].n, byAspect[a].n), cmp.Compare(a, b))
	}) {
		if f := byAspect[term]; f.n >= minMentions && len(f.quotes) > 0 && len(out.Aspects) < maxAspects {
			out.Aspects = append(out.Aspects, domain.AspectSentiment{Aspect: term, Score: round(f.sum / float64(f.n)), Mentions: f.n, Evidence: f.quotes})
		}
	}
	return out
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
