package sitegen

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"empire/internal/domain"
)

// inline is a run of text, linked or not. Href is a path of the site, with an anchor.
type inline struct{ Text, Href string }

// runs are a text of several runs.
type runs []inline

// HTML returns the text as a page has it. Templates call it instead of walking over the
// runs: most of what they print is such texts.
func (r runs) HTML() template.HTML {
	if len(r) == 1 && r[0].Href == "" {
		return template.HTML(escape(r[0].Text)) // escaped
	}
	var b strings.Builder
	for _, in := range r {
		if in.Href == "" {
			b.WriteString(escape(in.Text))
			continue
		}
		writeLink(&b, in.Href, in.Text)
	}
	return template.HTML(b.String()) // escaped
}

func writeLink(b *strings.Builder, href, text string) {
	b.WriteString(`<a href="`)
	b.WriteString(escape(href))
	b.WriteString(`">`)
	b.WriteString(escape(text))
	b.WriteString("</a>")
}

// escape escapes text for elements and for attributes in quotes, as html/template does.
func escape(s string) string { return escaper.Replace(s) }

var escaper = strings.NewReplacer("\x00", "\uFFFD", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;")

// sentences joins sentences with spaces and links the phrases they name.
func (r *reader) sentences(list []domain.Sentence) runs {
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
