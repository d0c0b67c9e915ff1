package content

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// check returns the sentences of a part as the page holds them, or what is wrong with
// them, in words that the model can act on.
func (r *reteller) check(u *unit, list []toldSentence) ([]domain.Sentence, string) {
	switch {
	case len(list) == 0:
		return nil, "The part is missing."
	case u.Fixed && len(list) != len(u.Facts):
		return nil, fmt.Sprintf("It has %d sentences and needs one for each fact.", len(list))
	case len(list) > len(u.Facts)+2:
		return nil, "It has more sentences than its facts need."
	}
	var out []domain.Sentence
	all := ""
	used := map[string]bool{}
	for i, t := range list {
		s, fault := r.sentence(u, t)
		if fault != "" {
			return nil, fault
		}
		if u.Fixed && (len(t.Facts) != 1 || t.Facts[0] != u.Facts[i].ID) {
			return nil, fmt.Sprintf("Sentence %d does not tell fact %s alone.", i+1, u.Facts[i].ID)
		}
		for _, id := range t.Facts {
			used[id] = true
		}
		all += s.Text + " "
		out = append(out, s)
	}
	for _, f := range u.Facts {
		if !used[f.ID] && (len(f.sentence.Claims) > 0 || len(f.Keep) > 0) {
			return nil, fmt.Sprintf("Fact %s is not told.", f.ID)
		}
	}
	if g := nlp.DetectLanguage(all); g.Language != nlp.Undetermined && g.Language != r.s.lang && g.Confidence > 0.6 {
		return nil, "It is in another language than was asked for."
	}
	if n := len(strings.Fields(all)); n > 2*u.words()+12 {
		return nil, fmt.Sprintf("It has %d words, more than its facts need.", n)
	}
	return out, ""
}

var (
	markup = regexp.MustCompile("(?i)https?:|www\\.|[<>{}\\[\\]`*#|\\\\]|@|\\p{L}\\.(com|de|net|org)\\b")
	// experience is what only a person could say who had the product.
	experience = regexp.MustCompile(`(?i)\b(we|i|our team) (have )?(tested|tried|used|measured|recommend|love|like)\b|\b(our|my) (test|experience|review|favou?rite)|\bhands-on\b|` +
		`\b(wir|ich) (haben|habe)\b.{0,40}\b(getestet|probiert|ausprobiert|gemessen|benutzt)|\b(wir empfehlen|unser (test|favorit|tipp|testsieger))|testsieger|in unserem test`)
	// superlatives go beyond what a comparison of listed products can show.
	superlatives = regexp.MustCompile(`(?i)\b(best|worst|perfect|ultimate|unbeatable|unrivall?ed|amazing|outstanding|must-have)\b|\b(beste[nrsm]?|perfekte?[nrsm]?|unschlagbar\p{L}*|konkurrenzlos\p{L}*|einzigartig\p{L}*|hervorragend\p{L}*|erstklassig\p{L}*)\b`)
	effects      = regexp.MustCompile(`(?i)\b(health(y|ier)?|heals?|cures?|detox|immune|cholesterol|weight loss|slimming)\b|\b(gesund\p{L}*|heil(t|en|end\p{L}*)|immunsystem\p{L}*|abwehrkräfte\p{L}*|cholesterin\p{L}*|abnehmen|schlank\p{L}*|bekömmlich\p{L}*|entgift\p{L}*)\b`)
	orders       = regexp.MustCompile(`(?i)\b(ignore|disregard)\b.{0,30}\b(instruction|rule|above)|\bas an? (ai|language model)\b|system prompt|\b(ignorier\p{L}*)\b.{0,30}\b(anweisung|regel)|als (ki|sprachmodell)`)
	urges        = regexp.MustCompile(`(?i)\b(buy now|order now|hurry|only today|click here)\b|\b(jetzt (kaufen|bestellen|zugreifen)|nur heute|hier klicken|schnell sein)\b`)
)

// sentence checks one sentence of a model against the facts that it names.
func (r *reteller) sentence(u *unit, t toldSentence) (domain.Sentence, string) {
	text := strings.Join(strings.Fields(t.Text), " ")
	out := domain.Sentence{Text: text}
	var facts []*fact
	told, source := "", ""
	for _, id := range t.Facts {
		f := u.fact(id)
		if f == nil {
			return out, fmt.Sprintf("Fact %q is not one of this part.", clipped(id, 20))
		}
		facts = append(facts, f)
		source += f.sentence.Text + " "
	}
	told = strings.ToLower(source)
	for _, b := range []struct {
		pattern *regexp.Regexp
		fault   string
	}{
		{markup, "holds markup or an address"}, {orders, "speaks of instructions"}, {experience, "claims an experience"},
		{superlatives, "ranks without a fact"}, {effects, "speaks of effects on health"}, {urges, "urges the reader"},
	} {
		for _, hit := range b.pattern.FindAllString(text, -1) {
			if !strings.Contains(told, strings.ToLower(hit)) {
				return out, fmt.Sprintf("The sentence %q %s.", clipped(text, 80), b.fault)
			}
		}
	}
	switch n := len(strings.Fields(text)); {
	case n == 0 || !strings.ContainsRune(".!?:)“\"", lastRune(text)):
		return out, fmt.Sprintf("%q is no sentence.", clipped(text, 80))
	case n > max(sentenceWords, len(strings.Fields(source))+6):
		return out, fmt.Sprintf("The sentence %q is too long.", clipped(text, 80))
	}
	if fault := r.carried(text, source); fault != "" {
		return out, fault
	}
	for _, f := range facts {
		for _, id := range f.sentence.Claims {
			if !slices.Contains(out.Claims, id) {
				out.Claims = append(out.Claims, id)
			}
		}
		for _, l := range f.sentence.Links {
			if !strings.Contains(text, l.Phrase) {
				return out, fmt.Sprintf("The words %q of fact %s have to stay as they are.", l.Phrase, f.ID)
			}
			if !slices.ContainsFunc(out.Links, func(o domain.InlineLink) bool { return o.Phrase == l.Phrase || o.Slug == l.Slug }) {
				out.Links = append(out.Links, l)
			}
		}
	}
	out.Opinion = len(out.Claims) == 0
	return out, ""
}

// carried wants all figures, names and directions of a sentence in its facts.
func (r *reteller) carried(text, source string) string {
	have := evidence.Numbers(source)
	for _, n := range evidence.Numbers(text) {
		if !slices.Contains(have, n) {
			return fmt.Sprintf("The figure %s does not stand in the facts of %q.", n, clipped(text, 80))
		}
	}
	if name := r.known.stranger(text, source); name != "" {
		return fmt.Sprintf("%q does not stand in the facts of %q.", name, clipped(text, 80))
	}
	if r.known.exchanged(text, source) {
		return fmt.Sprintf("The figures and names of %q do not stand in the order of its facts.", clipped(text, 80))
	}
	for _, d := range directions[r.s.lang] {
		if hit := strings.Trim(d.FindString(text), " ,.;:()„“"); hit != "" && !d.MatchString(source) {
			return fmt.Sprintf("The word %q turns the facts of %q around.", hit, clipped(text, 80))
		}
	}
	return ""
}

// directions are words that say more, less or not: a sentence has one only if its facts
// have one of the same kind.
var directions = map[string][]*regexp.Regexp{
	"en": {
		regexp.MustCompile(`(?i)\b(more|above|over|higher|larger|dearer|greater|most|at least)\b`),
		regexp.MustCompile(`(?i)\b(less|below|under|lower|smaller|cheaper|fewer|least|at most|undercuts?)\b`),
		regexp.MustCompile(`(?i)\b(not|no|none|never|without|lacks?|cannot|neither)\b|n't\b`),
	},
	"de": {
		regexp.MustCompile(`(?i)(?:^|\P{L})(mehr|über|darüber|höher\p{L}*|größer\p{L}*|teurer\p{L}*|mindestens|höchste\p{L}*|größte\p{L}*)(?:$|\P{L})`),
		regexp.MustCompile(`(?i)(?:^|\P{L})(weniger|unter|darunter|niedriger\p{L}*|kleiner\p{L}*|günstiger\p{L}*|höchstens|niedrigste\p{L}*|kleinste\p{L}*)(?:$|\P{L})`),
		regexp.MustCompile(`(?i)(?:^|\P{L})(nicht|kein\p{L}*|nie|niemals|ohne|fehlt|fehlen|weder)(?:$|\P{L})`),
	},
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// clipped cuts a text for a message.
func clipped(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
