package catalog

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/intelligence/nlp"
)

// ingredientList is a list of ingredients as a row states it.
type ingredientList struct {
	span  string       // the list, verbatim
	items []ingredient // in the order of the list, which by law is by weight
}

// ingredient is one entry of the first level of a list; what stands in parentheses
// belongs to it.
type ingredient struct {
	raw  string // verbatim, without share and marks at its ends
	name string // plain words
}

var (
	listBegins = regexp.MustCompile(`\b(ZUTATEN\s*:?|(?i:Zutaten)\s*\*?:)\s*`)
	// listEnds begins what is printed behind a list.
	listEnds  = regexp.MustCompile(`(?i)\b(kann\s+(auch\s+)?spuren|spuren\s+von|enthält\s+(spuren|möglicherweise)|nährwert|durchschnittliche|mindestens\s+haltbar|mind\.\s*haltbar|ungeöffnet|aufbewahren|bitte\s|kühl\s|trocken\s|vor\s+wärme|hergestellt|abgepackt|unter\s+schutz|kakao\s*:|kakaogehalt|füllmenge|nettogewicht|energie\b|allergie|\d+ ?% mindestens)|\*+\s*(=|aus\b|bio)`)
	badInList = regexp.MustCompile(`[<>{}|\\^~=@#?!"€$•]|\p{Ll}\p{Lu}\p{Ll}|\p{Ll}[0-9]\p{Ll}|[àâçèêîôûùœëïñõã]|\d{5}|&\w+;|(?i:ingr[eé]dien)`)
	shareOf   = regexp.MustCompile(`\(?\s*(mind\.|mindestens)?\s*\d+([.,]\d+)?\s*%\s*\)?`)
)

// listStems are parts of the words of German lists of ingredients.
var listStems = strings.Fields(`zucker milch mehl weizen hafer roggen dinkel gerste mais reis kakao butter öl fett salz wasser stärke sirup aroma lecithin emulgator säure
	pulver nüsse nuss mandel kern frucht früchte saft extrakt gewürz zwiebel knoblauch tomat paprika pfeffer eigelb vollei eier sahne rahm joghurt käse quark molke
	hefe malz honig vanill zimt flocken samen saat grieß dextrose glukose glucose fruktose fructose pektin gelatine farbstoff mittel stabilisator regulator tee blätter
	minze kamille fenchel hagebutte hibiskus apfel äpfel orange zitron himbeer erdbeer kirsch johannisbeer beere banane rosine kokos soja erbse linse bohne kartoffel
	möhre karotte sellerie petersilie kräuter curry kurkuma palm oliven kultur lab eiweiß kleie spelz buchweizen quinoa amaranth hirse sultanin dattel feige pflaume
	aprikos pfirsich mango ananas traube birne ingwer lakritz süßholz anis kümmel melisse salbei thymian schale blüten wurzel vitamin calcium eisen kaffee sesam lupine`)

// readIngredients finds the German list of ingredients in a description. ok is false if
// there is none that can be read beyond doubt: remains of a scan, parentheses that do
// not close, words of another language.
func readIngredients(description string) (l ingredientList, ok bool) {
	text := description
	if at := listBegins.FindStringIndex(text); at != nil {
		text = text[at[1]:]
	}
	if at := listEnds.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	l.span = strings.Trim(text, " \t\n.,;:*")
	if n := utf8.RuneCountInString(l.span); n < 3 || n > 1500 || badInList.MatchString(l.span) || hyphenated(l.span) {
		return l, false
	}
	parts, closed := topLevel(l.span)
	if !closed || len(parts) > 50 {
		return l, false
	}
	known := 0
	for _, part := range parts {
		in, good := readIngredient(part)
		if !good {
			return l, false
		}
		if hasStem(in.name) {
			known++
		}
		l.items = append(l.items, in)
	}
	if len(l.items) == 0 || known*10 < len(l.items)*6 {
		return l, false
	}
	g := nlp.DetectLanguage(l.span)
	return l, g.Language == nlp.Undetermined || g.Language == "de" || g.Confidence < 0.8 || known == len(l.items)
}

// hyphenated reports whether words were cut at the end of a printed line.
func hyphenated(s string) bool {
	for _, at := range cutWord.FindAllStringIndex(s, -1) {
		if rest := strings.TrimLeft(s[at[0]:], "-– \n"); !strings.HasPrefix(rest, "und ") && !strings.HasPrefix(rest, "oder ") {
			return true
		}
	}
	return false
}

var cutWord = regexp.MustCompile(`[-–]\s+\p{L}`)

func hasStem(name string) bool {
	low := strings.ToLower(name)
	for _, s := range listStems {
		if strings.Contains(low, s) {
			return true
		}
	}
	return false
}

// topLevel cuts a list at the commas and semicolons outside of parentheses; a comma
// between digits belongs to a figure.
func topLevel(s string) (parts []string, closed bool) {
	depth, from := 0, 0
	r := []rune(s)
	for i, c := range r {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
			if depth < 0 {
				return nil, false
			}
		case ',', ';':
			figure := c == ',' && i > 0 && i+1 < len(r) && unicode.IsDigit(r[i-1]) && unicode.IsDigit(r[i+1])
			if depth == 0 && !figure {
				parts = append(parts, string(r[from:i]))
				from = i + 1
			}
		}
	}
	return append(parts, string(r[from:])), depth == 0
}

// readIngredient reads one entry: the words before what stands in parentheses, without
// its share. A function before a colon ("Emulgator: Lecithine") stays with it.
func readIngredient(part string) (ingredient, bool) {
	raw := strings.TrimSpace(part)
	if i := strings.IndexAny(raw, "(["); i > 0 {
		raw = raw[:i]
	}
	if at := shareOf.FindStringIndex(raw); at != nil {
		if before := strings.TrimSpace(raw[:at[0]]); before != "" {
			raw = before
		} else {
			raw = raw[at[1]:]
		}
	}
	raw = strings.Trim(raw, " \t\n.*:-–")
	if strings.Count(raw, "_") == 1 {
		raw = strings.Trim(raw, "_")
	}
	words := strings.Fields(strings.NewReplacer("_", "", "*", "").Replace(raw))
	for i, w := range words {
		words[i] = lowCapitals(w)
	}
	name := strings.Join(nounUpper(words), " ")
	n := utf8.RuneCountInString(name)
	return ingredient{raw, name}, n >= 2 && n <= 60
}

// nounUpper writes the last word of an entry with a capital, as nouns are written, if the
// list has none in the entry: "gemahlene mandeln" is "gemahlene Mandeln".
func nounUpper(words []string) []string {
	for _, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); unicode.IsUpper(r) {
			return words
		}
	}
	if k := len(words) - 1; k >= 0 && hasStem(words[k]) {
		r, n := utf8.DecodeRuneInString(words[k])
		words[k] = string(unicode.ToUpper(r)) + words[k][n:]
	}
	return words
}

// lowCapitals writes words that a list prints in capitals, as allergens, as usual:
// "Vollkorn-HAFERFLOCKEN" is "Vollkorn-Haferflocken".
func lowCapitals(w string) string {
	parts := strings.Split(w, "-")
	for i, p := range parts {
		if utf8.RuneCountInString(p) > 3 && strings.ToUpper(p) == p {
			r, n := utf8.DecodeRuneInString(p)
			parts[i] = string(r) + strings.ToLower(p[n:])
		}
	}
	return strings.Join(parts, "-")
}
