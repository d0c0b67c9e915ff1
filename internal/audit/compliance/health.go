package compliance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// foodFields are attributes that only food states: a site that cites them is about food.
var foodFields = []string{"sugar", "fat", "saturated_fats", "carbohydrate", "protein", "fiber", "salt", "cocoa", "ingredient_count"}

// foodWords are niches of food that may state none of them.
var foodWords = regexp.MustCompile(`(?i)\b(food|foods|snacks?|chocolates?|teas?|coffees?|juices?|cereals?|muesli|granola|pasta|noodles?|honey|yogh?urts?|cheeses?|nuts|spices?|wines?|beers?)\b` +
	`|(lebensmittel|schokoladen?|tees?|kaffees?|säfte|müslis?|nudeln|honige?|joghurts?|käse|nüsse|gewürze|weine|biere|riegel|getränke)$`)

// isFood reports whether a site compares food.
func (s *Site) isFood() bool {
	for _, e := range s.Draft.Evidence {
		if slices.Contains(foodFields, e.Field) {
			return true
		}
	}
	for _, niche := range []string{s.Draft.Website.Niche, s.Draft.Plan.Noun.Plural} {
		if foodWords.MatchString(niche) {
			return true
		}
	}
	return false
}

const (
	bodyDE = `herz|darm|haut|haare|knochen|gelenke|leber|nerven|muskeln|augen|zähne|verdauung|gehirn|kreislauf|stoffwechsel|figur|immunsystem|abwehrkräfte|gesundheit`
	bodyEN = `heart|gut|skin|hair|bones?|joints?|liver|nerves|muscles?|eyes|teeth|digestion|brain|metabolism|figure|immune system|immunity|health`
)

// healthPattern finds words that claim an effect of food on the body (HCVO Art. 2(2)
// no. 5 and 6, 10, 12) or on a disease (Regulation (EU) No 1169/2011 Art. 7(3)).
var healthPattern = regexp.MustCompile(`(?i)(^|[^\p{L}-])(` +
	`gesund(e[nrsm]?|er|est\p{L}*|heit(lich\p{L}*|sf(ö|oe)rdern\p{L}*)?)?|vitalisierend\p{L}*|bekömmlich\p{L}*|entgift\p{L}*|entschlack\p{L}*|detox|` +
	`(senk|reduzier|verringer|regulier|normalisier)\p{L}*\s+(\p{L}+\s+){0,2}(cholesterin|blutdruck|blutzucker)\p{L}*|(cholesterin|blutdruck|blutzucker)\p{L}*\s*-?senkend\p{L}*|` +
	`(stärk|förder|unterstütz|schütz|schon|verbesser|beleb|beruhig)(t|n|en|end\p{L}*)\s+(\p{L}+\s+){0,3}(` + bodyDE + `)\p{L}*|` +
	`gut\s+für\s+(\p{L}+\s+){0,2}(` + bodyDE + `)|(hilft|helfen)\s+(\p{L}+\s+){0,3}(abnehmen|abzunehmen|verdauung|gegen\s+\p{L}+)|(macht|machen)\s+schlank|schlank(macher\p{L}*|heitsmittel)|` +
	`(heil|linder|kurier)(t|en|end\p{L}*)|beug(t|en)\s+(\p{L}+\s+){1,4}vor|` +
	`health(y|ier|iest|ful)|healthily|health\s+benefits?|superfoods?|slimming|detoxif\p{L}*|` +
	`(lower|reduce|control|regulate|balance)(s|d|ing)?\s+(\p{L}+\s+){0,2}(cholesterol|blood\s+pressure|blood\s+sugar)|(cholesterol|blood\s+pressure)[\s-]lowering|` +
	`(boost|strengthen|support|protect|improve|aid|promote)(s|ed|ing)?\s+(\p{L}+\s+){0,3}(` + bodyEN + `|weight\s+loss)|good\s+for\s+(\p{L}+\s+){0,2}(` + bodyEN + `)|` +
	`help(s|ing)?\s+(you\s+)?(to\s+)?(lose\s+weight|slim)|(cure|heal|relieve)s?\s+\p{L}+|prevents?\s+(\p{L}+\s+){0,2}(disease|illness|cancer|diabetes)` +
	`)($|[^\p{L}])`)

// healthClaims finds sentences about food that claim an effect on the body. One that
// denies it is honest; one that cites the list of permitted claims needs evidence for
// that.
func healthClaims(s *Site) []fault {
	if !s.isFood() {
		return nil
	}
	var names []string
	permitted := false
	for _, e := range s.Draft.Evidence {
		if e.Kind == domain.EvidenceFeed && e.Field == "product_name" {
			names = append(names, e.Value)
		}
		permitted = permitted || e.Kind == domain.EvidenceRule && strings.Contains(e.Value, "432/2012")
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	var out []fault
	for _, p := range s.Pages {
		for _, sentence := range append(nlp.Sentences(p.Text), append(slices.Clone(p.Labels), p.Title, p.Description)...) {
			m := healthPattern.FindString(sentence)
			if m == "" || negation.MatchString(sentence) || permitted && strings.Contains(sentence, "432/2012") {
				continue
			}
			if m = healthPattern.FindString(without(sentence, names)); m == "" {
				continue // it is called that
			}
			out = append(out, fault{p.Path, fmt.Sprintf("The page claims an effect of food on the body (%q).", squash(strings.Trim(m, " .,;:()"))),
				"Name amounts and ingredients, or cite the permitted claim of Regulation (EU) No 432/2012 with evidence that its conditions are met."})
			break
		}
	}
	return out
}

// without takes names out of a text.
func without(text string, names []string) string {
	for _, n := range names {
		if n != "" && strings.Contains(text, n) {
			text = strings.ReplaceAll(text, n, "…")
		}
	}
	return text
}
