package compliance

import (
	"fmt"
	"regexp"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// superlativePattern finds claims to be the best of all (Alleinstellung), which mislead
// unless they are true and shown to be. What to compare by ("the cheapest offer that we
// read") is no such claim.
var superlativePattern = regexp.MustCompile(`(?i)\b(the|our) (very |absolute )?(best|cheapest|fastest|strongest|quietest|lightest|finest|most \p{L}+) (\p{L}[\p{L}-]* ){0,4}(on the market|of all( time)?|you can (buy|get)|available|ever|in the world|money can buy|there is)\b` +
	`|\b(is|are|remains?) (simply |clearly |by far )?(the (very )?best|unbeatable|unrivall?ed|unmatched|second to none|the number one|the market leader)\b` +
	`|\b(der|die|das|den|dem|unser|unsere|unseren) (absolut |mit Abstand )?(aller)?(beste|günstigste|billigste|schnellste|leiseste|leichteste|stärkste)[nrs]? (\p{L}[\p{L}-]* ){0,4}(auf dem Markt|am Markt|aller Zeiten|der Welt|überhaupt|die es gibt|von allen)(\b|$)` +
	`|\b(unschlagbar|konkurrenzlos|unübertroffen|testsieger|marktführer|marktführend)\p{L}*\b|\b(ist|sind|bleibt) (einfach |mit Abstand |klar )?(der|die|das) (aller)?beste[nrs]?\b`)

// superlatives looks for such claims outside of the sentences that rest on evidence.
func superlatives(s *Site) []fault {
	proved := map[string]bool{}
	for i := range s.Draft.Pages {
		provedSentences(&s.Draft.Pages[i], proved)
	}
	var out []fault
	for _, p := range s.Pages {
		for _, sentence := range append(nlp.Sentences(p.Text), p.Title, p.Description) {
			if m := superlativePattern.FindString(sentence); m != "" && !negation.MatchString(sentence) && !proved[squash(sentence)] {
				out = append(out, fault{p.Path, fmt.Sprintf("The page claims a first place that nothing shows: %.80q.", m), "Say what the data show instead."})
				break
			}
		}
	}
	return out
}

// provedSentences adds the sentences of a page that name claims.
func provedSentences(p *domain.Page, into map[string]bool) {
	add := func(list []domain.Sentence) {
		for _, s := range list {
			if len(s.Claims) == 0 {
				continue
			}
			for _, part := range nlp.Sentences(s.Text) {
				into[squash(part)] = true
			}
		}
	}
	for i := range p.Blocks {
		switch b := &p.Blocks[i]; {
		case b.Paragraph != nil:
			add(b.Paragraph.Sentences)
		case b.List != nil:
			for _, item := range b.List.Items {
				add(item.Sentences)
			}
		case b.ProsCons != nil:
			add(b.ProsCons.Pros)
			add(b.ProsCons.Cons)
		case b.Product != nil:
			add(b.Product.Text)
		case b.Figure != nil:
			add(b.Figure.Caption)
		case b.FAQ != nil:
			for _, qa := range b.FAQ.Items {
				add(qa.Answer)
			}
		}
	}
}

// persona finds persons who speak or vouch on the page: an author with a first name, a
// signature, somebody's praise. The site has no such persons but its operator.
var persona = regexp.MustCompile(`(?:\b(?:I am|I['’]m|[Mm]y name is|Hi, I['’]m) \p{Lu}\p{Ll}+|\b[Aa]s an? (?:\p{L}+ ){0,2}(?:barista|expert|engineer|gamer|chef|nutritionist|mother|father|mom|dad|professional|veteran)\b,? I\b` +
	`|\b(?:[Ww]ritten|[Rr]eviewed|[Tt]ested|[Ee]dited|[Ff]act-checked) by (?:our (?:expert|editor)s? )?\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+|\b[Oo]ur (?:expert|editor|tester)s? \p{Lu}\p{Ll}+\b` +
	`|\b[Ii]ch (?:bin|heiße) \p{Lu}\p{Ll}+|\b[Mm]ein Name ist \p{Lu}\p{Ll}+|\b[Aa]ls (?:\p{L}+ )?(?:Barista|Experte|Expertin|Ingenieur|Ingenieurin|Gamer|Koch|Köchin|Mutter|Vater|Profi) (?:habe|weiß|empfehle|kann|bin) ich\b` +
	`|\b(?:[Gg]eschrieben|[Gg]etestet|[Gg]eprüft|[Rr]edigiert) von (?:unser\p{L}+ \p{L}+ )?\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+|\b[Uu]nsere?r? (?:Experte|Expertin|Redakteur|Redakteurin|Tester|Testerin) \p{Lu}\p{Ll}+\b)`)

// praise finds opinions of customers, which need a record of who said so.
var praise = regexp.MustCompile(`(?i)\bverified (buyer|purchase|customer)s?\b|\b(customers|buyers|users|readers) (love|rave|swear|agree|say|are delighted)\b|[★⭐]{2,}` +
	`|\bverifizierte[rn]? (kauf|käufer|kunden?)\b|\b(kunden|käufer|nutzer|leser) (lieben|schwärmen|sagen|schwören|sind begeistert)\b|\b(kundenstimmen|kundenmeinungen|testimonials)\b`)

// persons finds invented authors, experts and customers.
func persons(s *Site) []fault {
	o := s.Draft.Website.Operator
	named := func(m string) bool {
		for _, name := range []string{o.Name, o.Responsible} {
			if name != "" && (strings.Contains(m, name) || strings.HasSuffix(m, strings.Fields(name)[0])) {
				return true
			}
		}
		return false
	}
	var out []fault
	for _, p := range s.Pages {
		for _, sentence := range append(nlp.Sentences(p.Text), p.Title, p.Description) {
			m := persona.FindString(sentence)
			if named(m) {
				m = ""
			}
			if m == "" {
				m = praise.FindString(sentence)
			}
			if m != "" && !negation.MatchString(sentence) {
				out = append(out, fault{p.Path, fmt.Sprintf("Somebody vouches for the page of whom nothing is recorded: %.60q.", m), "Leave persons and their opinions out."})
				break
			}
		}
	}
	return out
}
