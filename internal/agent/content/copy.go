package content

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// Goals are what a landing page can ask its readers for, with the call to action in
// English and German.
var Goals = map[string][2]string{
	"compare":    {"Compare the products now.", "Jetzt die Produkte vergleichen."},
	"read_guide": {"Read the guide first.", "Zuerst die Auswahlhilfe lesen."},
	"view_offer": {"See the offers.", "Die Angebote ansehen."},
	"newsletter": {"Sign up for the newsletter.", "Den Newsletter abonnieren."},
}

// Networks are the lengths, in characters, that posts may have (documents of the
// networks, read in 2026; on X a link counts 23 characters).
var Networks = map[string]int{"x": 280, "bluesky": 300, "mastodon": 500, "threads": 500, "linkedin": 3000}

// The lengths that mail programs show without cutting.
const (
	maxSubject   = 60
	maxPreheader = 100
	linkLength   = 24 // of a link in a post with its space
)

// Mail is one mail of a sequence. Placeholders in double braces are filled by whoever
// sends it: {{unsubscribe_url}} and {{imprint}}.
type Mail struct {
	Subject   string `json:"subject"`
	Preheader string `json:"preheader"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
}

// Post is one post for one network; Text ends with {{url}} where the link stands.
type Post struct {
	Network string `json:"network"`
	Text    string `json:"text"`
	Limit   int    `json:"limit"`
	Ad      bool   `json:"ad"` // the link is paid, and the text says so first
}

func pick(language, english, german string) string {
	if language == "de" {
		return german
	}
	return english
}

// Landing is a landing page made of the front page: whom it is for, what the data show,
// and the call to action of its goal. Facts keep their claims. The audience is the
// operator's wording; it must hold no figure.
func Landing(home *domain.Page, audience, goal string) (domain.Page, error) {
	call, ok := Goals[goal]
	switch {
	case !ok:
		return domain.Page{}, domain.Invalid("conversion_goal", "%q is not one of compare, newsletter, read_guide, view_offer.", goal)
	case strings.TrimSpace(audience) == "":
		return domain.Page{}, domain.Invalid("target_audience", "Say whom the page is for.")
	case hasFigure(audience):
		return domain.Page{}, domain.Invalid("target_audience", "The audience is named without figures, because nothing proves them.")
	}
	p := domain.Page{
		Kind: domain.PageHome, Language: home.Language, Title: home.Title, Heading: home.Heading, Description: home.Description, Claims: home.Claims, Writer: home.Writer,
	}
	say := func(text string) domain.Block {
		return domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: text, Opinion: true}}}}
	}
	p.Blocks = append(p.Blocks, say(fmt.Sprintf(pick(p.Language, "For %s.", "Für %s."), strings.TrimSpace(audience))))
	kept := 0
	for _, b := range home.Blocks {
		if b.Paragraph == nil || kept == 3 {
			continue
		}
		kept++
		p.Blocks = append(p.Blocks, b)
		if kept == 1 {
			p.Blocks = append(p.Blocks, say(pick(p.Language, call[0], call[1])))
		}
	}
	p.Blocks = append(p.Blocks, say(pick(p.Language, call[0], call[1])))
	return p, nil
}

// Mails makes a sequence of count mails of the guide, one section each.
func Mails(guide *domain.Page, site string, count int) ([]Mail, error) {
	if count < 1 || count > 10 {
		return nil, domain.Invalid("count", "A sequence has 1 to 10 mails.")
	}
	type section struct {
		heading   string
		sentences []string
	}
	var list []section
	for _, b := range guide.Blocks {
		switch {
		case b.Heading != nil && b.Heading.Level == 2:
			list = append(list, section{heading: b.Heading.Text})
		case b.Paragraph != nil && len(list) > 0:
			for _, s := range b.Paragraph.Sentences {
				list[len(list)-1].sentences = append(list[len(list)-1].sentences, s.Text)
			}
		}
	}
	var out []Mail
	for _, s := range list {
		if len(s.sentences) == 0 || len(out) == count {
			continue
		}
		out = append(out, mail(guide, site, s.heading, s.sentences))
	}
	if len(out) < count {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "The data carry %d mails, not %d.", len(out), count)
	}
	return out, nil
}

func mail(guide *domain.Page, site, heading string, sentences []string) Mail {
	leave := pick(guide.Language, "Unsubscribe: {{unsubscribe_url}}", "Abmelden: {{unsubscribe_url}}")
	m := Mail{Subject: cut(heading+": "+guide.NavLabel, maxSubject), Preheader: cut(sentences[0], maxPreheader)}
	body := strings.Join(sentences, " ")
	m.Text = heading + "\n\n" + body + "\n\n--\n" + site + "\n{{imprint}}\n" + leave + "\n"
	m.HTML = "<h1>" + html.EscapeString(heading) + "</h1>\n<p>" + html.EscapeString(body) + "</p>\n<hr>\n<p>" + html.EscapeString(site) +
		"<br>{{imprint}}<br><a href=\"{{unsubscribe_url}}\">" + pick(guide.Language, "Unsubscribe", "Abmelden") + "</a></p>\n"
	return m
}

// cut shortens a text at a word to at most most characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	out := ""
	for _, w := range strings.Fields(text) {
		if utf8.RuneCountInString(out)+1+utf8.RuneCountInString(w) > most-1 {
			break
		}
		out = strings.TrimSpace(out + " " + w)
	}
	return out + "…"
}

// Posts makes a post for each network from the sentences of a page that state facts: as
// many as fit, whole. Ad says that the link will be a paid one.
func Posts(page *domain.Page, networks []string, ad bool) ([]Post, error) {
	var facts []string
	for _, b := range page.Blocks {
		if b.Paragraph == nil {
			continue
		}
		for _, s := range b.Paragraph.Sentences {
			if len(s.Claims) > 0 {
				facts = append(facts, s.Text)
			}
		}
	}
	if len(networks) == 0 {
		networks = []string{"bluesky", "mastodon", "x"}
	}
	var out []Post
	for _, n := range networks {
		limit, ok := Networks[n]
		if !ok {
			return nil, domain.Invalid("networks", "%q is not one of bluesky, linkedin, mastodon, threads, x.", n)
		}
		label := ""
		if ad {
			label = pick(page.Language, "Ad: ", "Anzeige: ")
		}
		text := ""
		for _, f := range facts {
			if utf8.RuneCountInString(label+text+" "+f)+linkLength <= min(limit, 600) {
				text = strings.TrimSpace(text + " " + f)
			}
		}
		if text == "" {
			return nil, domain.Errorf(domain.CodeNotEnoughData, "No fact of the data is short enough for %s.", n)
		}
		out = append(out, Post{Network: n, Text: label + text + " {{url}}", Limit: limit, Ad: ad})
	}
	return out, nil
}

// Tones are the ways in which a review can be told.
var Tones = []string{"professional", "friendly", "concise"}

// InTone retells a page: concise leaves out what states no fact, friendly greets and
// closes in plain words. Facts and their claims stay as they are.
func InTone(page domain.Page, tone string) (domain.Page, error) {
	switch tone {
	case "", "professional":
		return page, nil
	case "concise":
		var blocks []domain.Block
		for _, b := range page.Blocks {
			if b.Paragraph != nil {
				kept := &domain.Paragraph{}
				for _, s := range b.Paragraph.Sentences {
					if len(s.Claims) > 0 && len(kept.Sentences) < 2 {
						kept.Sentences = append(kept.Sentences, s)
					}
				}
				if len(kept.Sentences) == 0 {
					continue
				}
				b.Paragraph = kept
			}
			blocks = append(blocks, b)
		}
		page.Blocks = blocks
		return page, nil
	case "friendly":
		say := func(text string) domain.Block {
			return domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: text, Opinion: true}}}}
		}
		first := say(pick(page.Language, "Good that you are taking the time to compare; here is what the data say, without jargon.", "Schön, dass Sie sich Zeit zum Vergleichen nehmen; hier steht, was die Daten sagen, ohne Fachsprache."))
		last := say(pick(page.Language, "Take your time: the list will still be here when you have slept on it.", "Nehmen Sie sich Zeit: Die Liste steht auch morgen noch hier."))
		page.Blocks = append(append([]domain.Block{first}, page.Blocks...), last)
		return page, nil
	}
	return domain.Page{}, domain.Invalid("tone", "%q is not one of %s.", tone, strings.Join(Tones, ", "))
}

// Measure returns the piece of a page.
func Measure(kind string, page *domain.Page) Piece {
	text := MainText(page)
	return Piece{Type: kind, PageSlug: page.Slug, WordCount: nlp.WordCount(text), ReadabilityScore: nlp.Readability(page.Language, prose(page)), Writer: page.Writer}
}

// MeasureText counts the words of a text and says how readable it is.
func MeasureText(language, text string) (words int, readability float64) {
	return nlp.WordCount(text), nlp.Readability(language, text)
}
