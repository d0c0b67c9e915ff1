package catalog

import (
	"strings"
	"unicode"
)

// nicheStopWords say nothing about what a product is.
var nicheStopWords = wordSet(`a an the of my your our this these all any some
	best better good great top cheap cheapest affordable budget discount discounted sale sales deal deals offer offers
	buy buying online shop shops shopping store stores price prices review reviews test tests tested comparison compare
	guide guides rated recommended popular new newest latest under
	der die das den dem ein eine einen einer beste besten bester günstig günstige günstigen günstiger billig billige
	kaufen vergleich vergleiche ratgeber angebot angebote preis preise empfehlung empfehlungen neue neuen neu`)

// nicheLinks end the noun phrase: what follows narrows it.
var nicheLinks = map[string]map[string]bool{
	"en": wordSet("for with in from by without made"),
	"de": wordSet("für mit in aus von ohne zum zur"),
}

// nicheJoins put two nouns beside each other.
var nicheJoins = wordSet("and or und oder & +")

// synonyms maps a word to the words that it stands for when products are matched.
// A longer spelling with a hyphen or spaces is in synonymPhrases.
var synonyms = map[string][]string{
	"psu": {"power", "supply"}, "hdd": {"hard", "drive"}, "ssd": {"ssd", "drive"}, "gpu": {"video", "card"},
	"processor": {"cpu"}, "ram": {"memory"}, "tshirt": {"tee"}, "sneaker": {"trainer"},
	"grey": {"gray"}, "colour": {"color"}, "cordless": {"wireless"}, "pc": {"computer"},
	"ladies": {"women"}, "lady": {"women"}, "woman": {"women"}, "womens": {"women"}, "female": {"women"},
	"man": {"men"}, "mens": {"men"}, "male": {"men"}, "gents": {"men"}, "kid": {"children"}, "child": {"children"},
	"kabellos": {"wireless"}, "drahtlos": {"wireless"}, "frauen": {"damen"}, "männer": {"herren"},
}

// synonymPhrases rewrites spellings of more than one word, in lower case.
var synonymPhrases = strings.NewReplacer(
	"t-shirt", "tee", "t shirt", "tee", "hard disk drive", "hard drive", "hard disk", "hard drive",
	"solid state drive", "ssd", "power supply unit", "power supply", "graphics card", "video card",
	"over-ear", "overear", "over ear", "overear", "circumaural", "overear",
	"on-ear", "onear", "on ear", "onear", "supra-aural", "onear", "in-ear", "inear", "in ear", "inear",
	"cancelling", "canceling", //nolint:misspell // feeds spell it both ways
	"’", "'", "®", "", "™", "",
)

// antonyms are words that exclude each other in a category.
var antonyms = map[string]string{
	"wired": "wireless", "wireless": "wired", "internal": "external", "external": "internal",
	"men": "women", "women": "men", "damen": "herren", "herren": "damen",
}

// contextWords say where a product belongs. They narrow a search for products but
// people leave them out of search phrases.
var contextWords = wordSet("computer desktop home")

// accessoryWords name things that go with a product: a name that ends with one of
// them after the noun of the niche is not that product.
var accessoryWords = wordSet(`accessory cover case stand bag cable adapter mount arm holder hanger rest pad cushion filter
	cleaner sleeve skin protector charger replacement part lock hook strap keycap earpad hub extension bracket tray
	dock converter bulb refill spare rack organizer polish spray label sticker insole lace battery remote
	hülle tasche ständer kabel adapter halterung zubehör reiniger ersatzteil schutz bezug`)

// trailingWords follow the noun in product names without being it.
var trailingWords = wordSet(`black white grey red blue green yellow orange purple pink brown silver gold beige navy teal cream ivory
	charcoal chrome titanium bronze graphite finish matte glossy clear transparent multicolor rgb
	wired wireless bluetooth usb new refurbished renewed pair size small medium large xs xl xxl s m l
	men women unisex adult herren damen kinder kids children schwarz weiß grau rot blau grün gelb silber
	bundle retail oem bulk oz lb`)

// adjectiveEnds tell words that describe (wireless, insulated, gaming) from nouns
// that make a compound (power supply, case fan).
var adjectiveEnds = []string{"ed", "ing", "less", "able", "ible", "ical", "ic", "al", "ive", "ous", "ful", "proof", "ish"}

var adjectives = wordSet(`wireless wired mechanical compact portable mini small large big slim thin light heavy quiet silent smart
	curved ultrawide wide white black fast men women children damen herren kinder women's men's waterproof eco vegan organic
	modular backlit ergonomic inear onear overear`)

// nounsInIng end like adjectives and are nouns.
var nounsInIng = wordSet("ceiling wedding plumbing evening lighting clothing building swimming bedding")

func isAdjective(w string) bool {
	if nounsInIng[w] {
		return false
	}
	if adjectives[w] || trailingWords[w] || strings.ContainsAny(w, "0123456789") {
		return true
	}
	for _, end := range adjectiveEnds {
		if len(w) > len(end)+2 && strings.HasSuffix(w, end) {
			return true
		}
	}
	return false
}

// lemmas splits text into words in the form in which they are compared: lower
// case, singular, synonyms replaced.
func lemmas(text, language string) []string {
	var out []string
	for w := range strings.FieldsFuncSeq(synonymPhrases.Replace(strings.ToLower(text)), isBreak) {
		out = appendLemma(out, w, language)
	}
	return out
}

func isBreak(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' }

func appendLemma(out []string, w, language string) []string {
	w = strings.Trim(w, "'")
	w = strings.TrimSuffix(w, "'s")
	if w == "" {
		return out
	}
	if s, ok := synonyms[w]; ok {
		return append(out, s...)
	}
	if language == "de" {
		w = germanSingular(w)
	} else {
		w = englishSingular(w)
	}
	if s, ok := synonyms[w]; ok {
		return append(out, s...)
	}
	return append(out, w)
}

// sameWord reports whether two lemmas are one word.
func sameWord(a, b, language string) bool {
	if a == b {
		return true
	}
	return language == "de" && len(a) > 3 && len(b) > 3 && germanStem(a) == germanStem(b)
}

// isHead reports whether lemma w is the noun head, or in German a compound that
// ends with it.
func isHead(w, head, language string) bool {
	if sameWord(w, head, language) {
		return true
	}
	return language == "de" && len(head) >= 4 && strings.HasSuffix(w, head)
}

// surfaceForms returns the spellings in lower case that lemmas turns into w.
func surfaceForms(w, language string) []string {
	forms := []string{w}
	base := []string{w}
	for short, long := range synonyms {
		if long[len(long)-1] == w {
			base = append(base, short)
		}
	}
	if w == "tee" {
		base = append(base, "t-shirt", "t shirt")
	}
	if w == "drive" {
		base = append(base, "disk")
	}
	if w == "card" {
		base = append(base, "graphics card")
	}
	for _, b := range base {
		if language == "de" {
			forms = append(forms, b, germanPlural(b), germanStem(b))
			continue
		}
		forms = append(forms, b, englishPlural(b))
	}
	return forms
}
