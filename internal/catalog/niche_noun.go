package catalog

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/german"

	"empire/internal/domain"
)

// englishIrregular maps plurals that no rule forms to their singulars.
var englishIrregular = map[string]string{
	"mice": "mouse", "feet": "foot", "teeth": "tooth", "geese": "goose", "children": "child",
	"knives": "knife", "shelves": "shelf", "scarves": "scarf", "wolves": "wolf", "loaves": "loaf", "halves": "half",
	"hoodies": "hoodie", "beanies": "beanie", "cookies": "cookie", "movies": "movie", "smoothies": "smoothie",
	"brownies": "brownie", "ties": "tie", "pies": "pie", "onesies": "onesie", "selfies": "selfie", "walkie-talkies": "walkie-talkie",
	"potatoes": "potato", "tomatoes": "tomato", "axes": "axe", "buses": "bus", "lenses": "lens", "gases": "gas",
	"quizzes": "quiz", "headaches": "headache", "caches": "cache", "quiches": "quiche",
}

// englishInvariant are words that end like plurals and are none, or have no
// singular of their own.
var englishInvariant = wordSet(`lens bus gas canvas ups gps ios chess tennis atlas iris series species news
	sunglasses glasses goggles jeans trousers pants shorts leggings tights chinos overalls pajamas pyjamas
	scissors pliers binoculars tweezers shears men women`)

// englishPairs are called "a pair of …" in the singular.
var englishPairs = wordSet(`headphones earphones earbuds sunglasses glasses goggles jeans trousers pants shorts
	leggings tights chinos overalls pajamas pyjamas scissors pliers binoculars tweezers shears socks gloves`)

// englishMass are nouns without a plural of their own, with the words that count
// them.
var englishMass = map[string][2]string{
	"memory": {"kit", "kits"}, "ram": {"kit", "kits"}, "software": {"product", "products"},
	"furniture": {"piece of", "pieces of"}, "clothing": {"piece of", "pieces of"}, "luggage": {"piece of", "pieces of"},
	"jewelry": {"piece of", "pieces of"}, "jewellery": {"piece of", "pieces of"}, //nolint:misspell // users spell it both ways
	"cookware":  {"piece of", "pieces of"},
	"equipment": {"piece of", "pieces of"}, "bedding": {"piece of", "pieces of"}, "footwear": {"pair of", "pairs of"},
}

// acronyms are written in capitals whatever the user typed.
var acronyms = wordSet("cpu gpu ssd hdd ups tv led lcd oled usb nas ram pc psu dvd cd gps hdmi bbq nvme atx rgb diy 4k 8k")

// germanPlurals maps the last part of German nouns from plural to singular where
// the rules of germanSingular would fail. A compound takes the entry of its end.
var germanPlurals = map[string]string{
	"stühle": "stuhl", "tische": "tisch", "schuhe": "schuh", "geräte": "gerät", "regale": "regal", "netzteile": "netzteil",
	"monitore": "monitor", "mäuse": "maus", "räder": "rad", "bücher": "buch", "kleider": "kleid", "hemden": "hemd",
	"betten": "bett", "säcke": "sack", "zelte": "zelt", "schränke": "schrank", "töpfe": "topf", "messer": "messer",
	"kissen": "kissen", "rahmen": "rahmen", "wagen": "wagen", "öfen": "ofen", "roboter": "roboter",
	"uhren": "uhr", "türen": "tür", "bänke": "bank", "böden": "boden", "körbe": "korb", "bänder": "band", "gläser": "glas",
	"bälle": "ball", "schläger": "schläger", "ventile": "ventil", "filme": "film", "filter": "filter", "spiele": "spiel",
	"röcke": "rock", "mäntel": "mantel", "hüte": "hut", "handschuhe": "handschuh", "teppiche": "teppich", "öle": "öl",
	"herde": "herd", "gehäuse": "gehäuse", "möbel": "möbel", "sofas": "sofa", "weine": "wein", "tees": "tee", "biere": "bier",
	"essige": "essig", "spiegel": "spiegel", "koffer": "koffer", "fernseher": "fernseher", "hörer": "hörer", "sauger": "sauger",
	"drucker": "drucker", "rasierer": "rasierer", "computer": "computer", "kocher": "kocher", "toaster": "toaster",
	"mixer": "mixer", "grills": "grill", "kabel": "kabel", "sessel": "sessel", "dübel": "dübel", "schlüssel": "schlüssel",
	"ventilatoren": "ventilator", "motoren": "motor", "projektoren": "projektor", "schläuche": "schlauch", "bretter": "brett",
	"brote": "brot", "säfte": "saft", "kekse": "keks", "konfitüren": "konfitüre", "aufstriche": "aufstrich", "riegel": "riegel",
}

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// englishSingular returns the singular of a noun in lower case. A word that is no
// plural comes back as it is.
func englishSingular(w string) string {
	if s, ok := englishIrregular[w]; ok {
		return s
	}
	switch w {
	case "headphones", "earphones", "earbuds", "socks", "gloves":
		return w[:len(w)-1]
	}
	if englishInvariant[w] || len(w) < 3 || !strings.HasSuffix(w, "s") {
		return w
	}
	if acronyms[w[:len(w)-1]] || w == "menus" {
		return w[:len(w)-1]
	}
	for _, keep := range []string{"ss", "us", "is"} {
		if strings.HasSuffix(w, keep) {
			return w
		}
	}
	if rest, ok := strings.CutSuffix(w, "ies"); ok && len(rest) >= 2 {
		return rest + "y"
	}
	for _, end := range []string{"sses", "shes", "ches", "xes", "zzes"} {
		if strings.HasSuffix(w, end) {
			return w[:len(w)-2]
		}
	}
	return w[:len(w)-1]
}

// englishPlural returns the plural of a singular noun in lower case.
func englishPlural(w string) string {
	for plural, singular := range englishIrregular {
		if singular == w {
			return plural
		}
	}
	if englishInvariant[w] && w != "lens" && w != "bus" && w != "gas" && w != "canvas" {
		return w
	}
	for _, end := range []string{"s", "x", "z", "ch", "sh"} {
		if strings.HasSuffix(w, end) {
			return w + "es"
		}
	}
	if rest, ok := strings.CutSuffix(w, "y"); ok && rest != "" && !strings.ContainsRune("aeiou", rune(rest[len(rest)-1])) {
		return rest + "ies"
	}
	return w + "s"
}

// germanSingular returns the singular of a noun in lower case, by the table for
// the end of compounds, then by endings.
func germanSingular(w string) string {
	if plural, ok := germanEnd(w, true); ok {
		return strings.TrimSuffix(w, plural) + germanPlurals[plural]
	}
	if _, ok := germanEnd(w, false); ok {
		return w
	}
	for _, end := range []string{"ungen", "heiten", "keiten", "schaften", "aturen", "ionen", "täten", "oren"} {
		if strings.HasSuffix(w, end) {
			return strings.TrimSuffix(w, "en")
		}
	}
	switch {
	case strings.HasSuffix(w, "innen"):
		return strings.TrimSuffix(w, "nen")
	case strings.HasSuffix(w, "eln"), strings.HasSuffix(w, "ern"):
		return strings.TrimSuffix(w, "n")
	case strings.HasSuffix(w, "chen"), strings.HasSuffix(w, "lein"), utf8.RuneCountInString(w) < 5:
		return w
	case strings.HasSuffix(w, "en"):
		return strings.TrimSuffix(w, "n")
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us"):
		return strings.TrimSuffix(w, "s")
	}
	return w
}

// germanPlural returns the plural of a singular noun in lower case.
func germanPlural(w string) string {
	if singular, ok := germanEnd(w, false); ok {
		for plural, s := range germanPlurals {
			if s == singular {
				return strings.TrimSuffix(w, singular) + plural
			}
		}
	}
	switch {
	case strings.HasSuffix(w, "e"):
		return w + "n"
	case strings.HasSuffix(w, "in"):
		return w + "nen"
	case strings.HasSuffix(w, "er"), strings.HasSuffix(w, "el"), strings.HasSuffix(w, "en"), strings.HasSuffix(w, "chen"):
		return w
	}
	for _, end := range []string{"ung", "heit", "keit", "schaft", "atur", "ion", "tät", "or"} {
		if strings.HasSuffix(w, end) {
			return w + "en"
		}
	}
	if strings.ContainsRune("aiouy", rune(w[len(w)-1])) {
		return w + "s"
	}
	return w + "e"
}

// germanEnd returns the longest table entry that w ends with: a plural, or a
// singular.
func germanEnd(w string, plural bool) (string, bool) {
	best := ""
	for p, s := range germanPlurals {
		end := s
		if plural {
			end = p
		}
		if strings.HasSuffix(w, end) && len(end) > len(best) {
			best = end
		}
	}
	return best, best != ""
}

var germanEnvs = sync.Pool{New: func() any { return snowballstem.NewEnv("") }}

// germanStem folds the inflection of a German word in lower case.
func germanStem(w string) string {
	env, _ := germanEnvs.Get().(*snowballstem.Env)
	defer germanEnvs.Put(env)
	env.SetCurrent(w)
	german.Stem(env)
	return env.Current()
}

// nounForms returns how texts call the products: the phrase with its last word in
// the singular and in the plural, in the spelling of running text.
func nounForms(words []string, language string) domain.NicheNoun {
	words = inRunningText(words, language)
	last := len(words) - 1
	lead := strings.Join(words[:last], " ")
	if lead != "" {
		lead += " "
	}
	head := words[last]
	if language == "de" {
		low := strings.ToLower(head)
		singular := germanSingular(low)
		plural := low
		if singular == low {
			plural = germanPlural(low)
		}
		return domain.NicheNoun{Singular: lead + likeCase(head, singular), Plural: lead + likeCase(head, plural)}
	}
	return englishForms(lead, head)
}

func englishForms(lead, head string) domain.NicheNoun {
	low := strings.ToLower(head)
	if count, ok := englishMass[low]; ok {
		if strings.HasSuffix(count[0], " of") {
			return domain.NicheNoun{Singular: count[0] + " " + lead + head, Plural: count[1] + " " + lead + head}
		}
		return domain.NicheNoun{Singular: lead + head + " " + count[0], Plural: lead + head + " " + count[1]}
	}
	singular := englishSingular(low)
	plural := englishPlural(singular)
	if englishPairs[plural] {
		return domain.NicheNoun{Singular: "pair of " + lead + likeCase(head, plural), Plural: lead + likeCase(head, plural)}
	}
	return domain.NicheNoun{Singular: lead + likeCase(head, singular), Plural: lead + likeCase(head, plural)}
}

// likeCase writes form, which is in lower case, with the capitals of word where
// both begin alike.
func likeCase(word, form string) string {
	w, f := []rune(word), []rune(form)
	for i := range f {
		if i >= len(w) || unicode.ToLower(w[i]) != f[i] {
			break
		}
		f[i] = w[i]
	}
	return string(f)
}

// inRunningText undoes title case, capitalizes acronyms and German nouns, and
// keeps capitals that carry meaning, as in iPhone.
func inRunningText(words []string, language string) []string {
	title := true
	for _, w := range words[1:] {
		title = title && startsUpper(w)
	}
	title = title || !anyUpperStart(words[1:])
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if title && language != "de" && !innerUpper(w) {
			out[i] = strings.ToLower(w)
		}
		low := strings.ToLower(w)
		base := low
		if language != "de" {
			base = englishSingular(low)
		}
		if acronyms[base] {
			out[i] = strings.ToUpper(base) + strings.TrimPrefix(low, base)
		}
	}
	if last := len(out) - 1; language == "de" && !innerUpper(out[last]) {
		r, n := utf8.DecodeRuneInString(out[last])
		out[last] = string(unicode.ToUpper(r)) + out[last][n:]
	}
	return out
}

func startsUpper(w string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return unicode.IsUpper(r)
}

func anyUpperStart(words []string) bool {
	for _, w := range words {
		if startsUpper(w) {
			return true
		}
	}
	return false
}

func innerUpper(w string) bool {
	_, n := utf8.DecodeRuneInString(w)
	return strings.IndexFunc(w[n:], unicode.IsUpper) >= 0
}
