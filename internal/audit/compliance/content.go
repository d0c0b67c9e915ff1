package compliance

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// The least that a page about products says on its own.
const (
	MinClaims   = 10 // facts with evidence
	MinComputed = 3  // facts that were computed, which no merchant has
	MinValue    = 2  // kinds of added value
)

// ownFacts looks at the pages that sell: each rests on facts and computes some.
func ownFacts(s *Site) []fault {
	var out []fault
	for i := range s.Draft.Pages {
		p := &s.Draft.Pages[i]
		switch p.Kind {
		case domain.PageHome, domain.PageGuide, domain.PageBest, domain.PageComparison, domain.PageProduct:
			if computed := s.computed(p); len(p.Claims) < MinClaims || computed < MinComputed {
				out = append(out, fault{p.Path(), fmt.Sprintf("The page states %d facts, %d of them computed.", len(p.Claims), computed),
					fmt.Sprintf("Say at least %d facts with %d computed ones, or merge the page with another.", MinClaims, MinComputed)})
			}
		}
	}
	return out
}

// computed counts the claims of a page that rest on a computation over data.
func (s *Site) computed(p *domain.Page) int {
	n := 0
	for _, c := range p.Claims {
		for _, id := range c.Evidence {
			if e := s.evidence[id]; e != nil && e.Kind == domain.EvidenceComputation && e.Formula != "constant" {
				n++
				break
			}
		}
	}
	return n
}

// addedValue counts what a page about products adds to the merchants' data.
func addedValue(s *Site) []fault {
	var out []fault
	for i := range s.Draft.Pages {
		p := &s.Draft.Pages[i]
		if p.Kind != domain.PageBest && p.Kind != domain.PageComparison && p.Kind != domain.PageProduct {
			continue
		}
		var table, figure, points bool
		for _, b := range p.Blocks {
			table = table || b.Table != nil || b.Comparison != nil
			figure = figure || b.Figure != nil
			points = points || b.ProsCons != nil && claimed(b.ProsCons.Cons)
		}
		kinds := 0
		for _, has := range []bool{table, figure, points, s.computed(p) >= MinComputed} {
			if has {
				kinds++
			}
		}
		if kinds < MinValue {
			out = append(out, fault{p.Path(), fmt.Sprintf("The page adds %d kinds of value of its own.", kinds), "Add a comparison, a chart, drawbacks from data or computed figures."})
		}
	}
	return out
}

func claimed(list []domain.Sentence) bool {
	for _, s := range list {
		if len(s.Claims) > 0 {
			return true
		}
	}
	return false
}

// runLength is how many words in a row may not be the merchant's.
const runLength = 8

// merchantText looks for runs of words from the merchants' descriptions. A long
// name of a product or a specification may stand there, too: what a claim cites
// from another field is not the merchant's prose.
func merchantText(s *Site) []fault {
	theirs := map[uint64]struct{}{}
	for _, d := range s.Descriptions {
		for k := range nlp.Shingles(d, runLength) {
			theirs[k] = struct{}{}
		}
	}
	for _, e := range s.Draft.Evidence {
		if e.Kind == domain.EvidenceFeed && !prose[e.Field] {
			for k := range nlp.Shingles(e.Value, runLength) {
				delete(theirs, k)
			}
		}
	}
	var out []fault
	for _, p := range s.Pages {
		shared := 0
		for k := range nlp.Shingles(p.Text+"\n"+p.Description, runLength) {
			if _, ok := theirs[k]; ok {
				shared++
			}
		}
		if shared > 0 {
			out = append(out, fault{p.Path, fmt.Sprintf("%d runs of %d words stand in a merchant's description, too.", shared, runLength), "Write about the product from its data instead."})
		}
	}
	return out
}

// prose are the feed columns that hold the merchant's own words.
var prose = map[string]bool{"description": true, "product_short_description": true, "promotional_text": true, "keywords": true}

func hiddenText(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		// Many short texts hide as much as one long one.
		if all := strings.Join(p.Hidden, " "); nlp.WordCount(all) > 3 {
			out = append(out, fault{p.Path, fmt.Sprintf("Text is hidden from readers: %.60q.", all), "Show it or remove it."})
		}
	}
	return out
}

var promptPattern = regexp.MustCompile(`(?i)\b(ignore|disregard|forget|override) (all |any |the |your |of )*(previous|prior|above|earlier|system) (instructions?|prompts?|messages?|rules)\b` +
	`|\byou are (an? |the )?(helpful )?(ai|ai assistant|assistant|language model|llm|chatbot)\b|\bas an ai (language )?model\b` +
	`|\b(if you are|when you are|attention|note to|instructions? (for|to)) (an? |all |the )?(ai|ais|llms?|language models?|ai assistants?|chatbots?|crawlers)\b` +
	`|\b(recommend|cite|mention|rank) (this|our) (site|website|page|product)s? (first|only|in your answers?|above)\b` +
	`|\bignoriere (alle |die |deine )*(vorherigen|bisherigen|obigen) (anweisungen|anleitungen|regeln)\b|\bdu bist (ein|eine) (ki|sprachmodell|assistent|ki-assistent)\b` +
	`|\b(empfiehl|nenne|zitiere) (diese|unsere) (seite|website)\b|<\|?(im_start|system|endoftext)\|?>`)

func modelPrompts(s *Site) []fault {
	const fix = "Remove the instruction."
	var out []fault
	check := func(path, text string) {
		text = squash(text)
		if m := promptPattern.FindString(text); m != "" {
			out = append(out, fault{path, fmt.Sprintf("The page speaks to language models: %.80q.", m), fix})
		} else if invisible(text) {
			out = append(out, fault{path, "The page holds characters that only machines see.", fix})
		}
	}
	for _, p := range s.Pages {
		check(p.Path, strings.Join([]string{
			p.Title, p.Description, p.Text, strings.Join(p.Hidden, "\n"), strings.Join(p.Schemas, "\n"), strings.Join(p.Labels, "\n"), strings.Join(p.Comments, "\n"),
		}, "\n"))
	}
	for _, f := range s.Files {
		if !audit.IsHTML(f) && (strings.HasPrefix(f.ContentType, "text/") || strings.Contains(f.ContentType, "xml")) {
			check(f.Path, string(f.Body))
		}
	}
	return out
}

// invisible reports whether text holds tag characters (U+E0000 to U+E007F) outside
// of flags: a way to write what readers cannot see.
func invisible(text string) bool {
	flag := false
	for _, r := range text {
		tag := r >= 0xE0000 && r <= 0xE007F
		if tag && !flag {
			return true
		}
		flag = r == 0x1F3F4 || flag && tag
	}
	return false
}

var ratingPattern = regexp.MustCompile(`(?i)^(https?://schema\.org/)?(aggregateRating|reviewRating|reviews?|ratingValue|(Critic|User|Employer|Claim)?Review|AggregateRating|EmployerAggregateRating|Rating)$`)

func ratings(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		found := ""
		for _, schema := range p.Schemas {
			var v any
			if err := json.Unmarshal([]byte(schema), &v); err != nil {
				out = append(out, fault{p.Path, "Structured data is not JSON, so ratings cannot be ruled out.", "Write JSON-LD."})
			} else if m := rating(v); m != "" {
				found = m
			}
		}
		for _, m := range p.Microdata {
			if ratingPattern.MatchString(m) {
				found = m
			}
		}
		if found != "" {
			out = append(out, fault{p.Path, fmt.Sprintf("Structured data holds a rating (%s) without a stored source.", found), "Remove the rating."})
		}
	}
	return out
}

// rating returns the name of the first property or type in JSON-LD that rates.
func rating(v any) string {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if m := rating(x); m != "" {
				return m
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			x := v[key]
			if ratingPattern.MatchString(key) {
				return key
			}
			if key == "@type" {
				for _, t := range strings.Fields(strings.Trim(fmt.Sprint(x), "[]")) {
					if ratingPattern.MatchString(t) {
						return t
					}
				}
			}
			if m := rating(x); m != "" {
				return m
			}
		}
	}
	return ""
}

var (
	testPattern = regexp.MustCompile(`(?i)\b(we|our (team|editors|experts|testers)|i)('ve| have)? (personally |really |thoroughly |extensively )*(tested|tried out|measured|weighed|used it)\b|\bin our (own )?(tests?|lab|hands-on|testing)\b` +
		`|\bour (own )?(test )?lab\b|\bhands-on (tests?|reviews?|testing)\b|\bput .{0,40}through (its|their) paces\b` +
		`|\b(wir|ich|unsere? (team|redaktion|experten|tester))\b.{0,60}\b(haben|hat|habe)\b.{0,60}\b(getestet|ausprobiert|gemessen|gewogen)\b|\b(haben|habe) (wir|ich)\b.{0,60}\b(getestet|ausprobiert|gemessen|gewogen)\b` +
		`|\b(wir|ich) (haben|habe)\b.{0,60}\b(getestet|ausprobiert|gemessen|gewogen)\b|\bin unser(em|en) (eigenen )?(tests?|labor|praxistests?)\b|\bunser (test)?labor\b|\bselbst (getestet|ausprobiert)\b`)
	negation = regexp.MustCompile(`(?i)\b(no|not|none|never|nothing|neither|without|n't|nicht|nichts|nie|niemals|kein(e|en|em|er|es)?|ohne|weder)\b|n['’]t\b`)
)

// ownTests finds sentences that claim tests. A sentence that denies them is honest.
func ownTests(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, sentence := range append(nlp.Sentences(p.Text), p.Title, p.Description) {
			if m := testPattern.FindString(sentence); m != "" && !negation.MatchString(sentence) {
				out = append(out, fault{p.Path, fmt.Sprintf("The page claims own tests (%q), but there is no test record.", m), "Say what the data shows instead."})
				break
			}
		}
	}
	return out
}
