package sitegen

import (
	"cmp"
	"slices"
	"strings"

	"empire/internal/domain"
)

// inline is a run of text, linked or not.
type inline struct{ Text, Href string }

// sentences joins sentences with spaces and links the phrases they name.
func (r *reader) sentences(list []domain.Sentence) []inline {
	var out []inline
	for i := range list {
		if strings.TrimSpace(list[i].Text) == "" {
			continue
		}
		if len(out) > 0 {
			out = appendText(out, " ")
		}
		for _, in := range r.sentence(&list[i]) {
			if in.Href == "" {
				out = appendText(out, in.Text)
			} else {
				out = append(out, in)
			}
		}
	}
	return out
}

// appendText adds text to the last run if that is not a link.
func appendText(out []inline, text string) []inline {
	if n := len(out); n > 0 && out[n-1].Href == "" {
		out[n-1].Text += text
		return out
	}
	return append(out, inline{Text: text})
}

// sentence cuts a sentence at its links. A phrase that is not there, overlaps an
// earlier one, or leads nowhere or to the page itself stays plain text.
func (r *reader) sentence(s *domain.Sentence) []inline {
	type span struct {
		from, to int
		href     string
	}
	var spans []span
	for _, l := range s.Links {
		href := r.site.target(l.Slug, l.Anchor)
		from := strings.Index(s.Text, l.Phrase)
		if href == "" || href == r.page.Path() || l.Phrase == "" || from < 0 {
			continue
		}
		to := from + len(l.Phrase)
		if !slices.ContainsFunc(spans, func(o span) bool { return from < o.to && o.from < to }) {
			spans = append(spans, span{from, to, href})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []inline
	at := 0
	for _, sp := range spans {
		if sp.from > at {
			out = append(out, inline{Text: s.Text[at:sp.from]})
		}
		out = append(out, inline{Text: s.Text[sp.from:sp.to], Href: sp.href})
		at = sp.to
	}
	if at < len(s.Text) {
		out = append(out, inline{Text: s.Text[at:]})
	}
	return out
}
