package market

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"empire/internal/domain"
)

// Term is what we know about one attribute before we see a market: its words, and
// whether more of it helps.
type Term struct {
	Name    string
	Aliases []string
	// Weight says how much the attribute decides a purchase, 0 to 10.
	Weight float64
	// Better is +1 if more serves everyone who cares about it, -1 if less does, 0
	// if it is a matter of taste or need.
	Better int
	// PerUnit says that price per unit is a fair yardstick: capacity, wattage.
	PerUnit bool
	// Bare says that a value with its unit needs no name: "monitors from 144 Hz".
	Bare bool
	// Yardstick says that products may be ranked by it: whoever buys them asks for it.
	Yardstick bool
	// Denied says that rows state it too if the attribute is missing: a flag that is not
	// stated is unknown, even if no product denies it.
	Denied bool
	// Extras are values that count as an extra when products of one price are
	// ranked; "*" means any stated value.
	Extras []string
	// Order holds values from the least to the most wanted, in lower case; "a/b" are equal.
	// Values of an attribute without it are a matter of taste or need.
	Order []string
	// LowerValues says that values are common words, written small in an English
	// sentence.
	LowerValues bool
	EN, DE      Words
}

// Words are the words for an attribute in one language. {v} stands for the value,
// {a v} for the value with its English article, {n} for the products.
type Words struct {
	Label   string // "Refresh rate", a heading
	Noun    string // inside a sentence, if not the label in lower case: "tenkeyless layout"
	Plural  bool   // the noun takes a plural verb
	Gender  string // German only: m, f, n or p (plural)
	Dative  string // German only: the noun in the dative, if its last letter does not make it: "gesättigten Fettsäuren"
	Has     string // what can be said of one product with a flag: "names no palm oil on its list"
	Have    string // of several products
	Feature string // what a product has: "{a v} refresh rate"
	Flag    string // what a product has if the feed only says yes: "a milk frother"
	With    string // products that have the value: "{n} with {v} panels"
	Facet   string // label of a list of products that have the value, if the value alone is none: "with {v}"
	AtLeast string // products with that much or more, if a limit needs words of its own: "{n} with at least {v} cocoa"
	AtMost  string // products with that much or less
	More    string // comparative for a greater number: "faster"
	Less    string // comparative for a smaller number: "slower"
	// Values gives the words for some values, by lower-case value.
	Values map[string]string
	// Shown gives the words for some values in a table, by lower-case value.
	Shown map[string]string
	// Extra names what the term's Extras have in common: "full modularity".
	Extra string
}

var lexicon = sync.OnceValue(func() map[string]*Term {
	out := map[string]*Term{}
	for _, list := range allTerms() {
		for i := range list {
			t := &list[i]
			out[t.Name] = t
			for _, a := range t.Aliases {
				out[a] = t
			}
		}
	}
	return out
})

func allTerms() [][]Term {
	return [][]Term{
		computingTerms, soundTerms, apparelTerms, shoeTerms, furnitureTerms, cleaningTerms, coffeeTerms, homeTerms, foodTerms, generalTerms,
	}
}

// TermFor returns what is known about an attribute. For an unknown one it makes
// plain words from the name.
func TermFor(name string) *Term {
	key := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	if t, ok := lexicon()[key]; ok {
		return t
	}
	label := Upper(strings.ReplaceAll(key, "_", " "))
	return &Term{
		Name: key, Weight: 2.5,
		EN: Words{Label: label}, DE: Words{Label: label, Gender: "n"},
	}
}

// minorTerms are attributes that say little about what a product can do.
var minorTerms = map[string]bool{"brand": true, "colours": true, "colour_choice": true, "sizes": true, "size_choice": true}

// Minor reports whether the attribute says little about what a product can do:
// brand, color, size.
func (t *Term) Minor() bool { return minorTerms[t.Name] }

// KnownTerms returns all terms, each once, in a fixed order.
func KnownTerms() []Term {
	var out []Term
	for _, list := range allTerms() {
		out = append(out, list...)
	}
	return out
}

// In returns the words of one language.
func (t *Term) In(language string) Words {
	if language == "de" {
		return t.DE
	}
	return t.EN
}

// Label returns the attribute's name as a heading has it.
func (t *Term) Label(language string) string { return t.In(language).Label }

// Low returns the attribute's name inside a sentence.
func (t *Term) Low(language string) string {
	w := t.In(language)
	switch {
	case w.Noun != "":
		return w.Noun
	case language == "de":
		return w.Label
	default:
		return lowerFirst(w.Label)
	}
}

// Known reports whether the lexicon has words for the attribute.
func (t *Term) Known() bool { return t.EN.With != "" || t.EN.Feature != "" }

// ValueWords returns the words for a text value.
func (t *Term) ValueWords(language, value string) string {
	if w, ok := t.In(language).Values[strings.ToLower(value)]; ok {
		return w
	}
	if language != "en" || !t.LowerValues {
		return value
	}
	words := strings.Fields(value)
	for i := range words {
		if !strings.ContainsAny(words[i], "®™") {
			words[i] = lowerFirst(words[i])
		}
	}
	return strings.Join(words, " ")
}

// Cell returns a text value as a table shows it.
func (t *Term) Cell(language, value string) string {
	if w, ok := t.In(language).Shown[strings.ToLower(value)]; ok {
		return w
	}
	return value
}

// Place returns where a text value stands in the order of the attribute, from 0. ok is
// false if it stands nowhere.
func (t *Term) Place(value string) (place int, ok bool) {
	v := strings.ToLower(strings.TrimSpace(value))
	for _, mark := range []string{"80 plus ", "80plus ", "80+ "} {
		v = strings.TrimPrefix(v, mark)
	}
	for i, list := range t.Order {
		if slices.Contains(strings.Split(list, "/"), v) {
			return i, true
		}
	}
	return 0, false
}

// ExtraLabel names what counts as an extra of this attribute.
func (t *Term) ExtraLabel(language string) string {
	if e := t.In(language).Extra; e != "" {
		return e
	}
	return t.Low(language)
}

// Feature says what a product has: "an IPS panel", "27 in", "a full zip". shown is
// the value as shown; it is empty for a flag.
func (t *Term) Feature(language, shown string) string {
	w := t.In(language)
	if shown == "" && w.Flag != "" {
		return w.Flag
	}
	if w.Feature == "" {
		if shown == "" {
			return t.Low(language)
		}
		if language == "de" {
			return t.Low(language) + " " + shown
		}
		return shown + " " + t.Low(language)
	}
	return fill(w.Feature, shown, "")
}

// With names the products that have a value: "monitors with IPS panels". shown is
// empty for a flag.
func (t *Term) With(language, shown, noun string) string {
	w := t.In(language)
	if shown == "" && w.Flag != "" {
		if language == "de" {
			return noun + " mit " + w.Flag
		}
		return noun + " with " + w.Flag
	}
	if w.With == "" {
		with := "with"
		if language == "de" {
			with = "mit"
		}
		if shown == "" {
			return noun + " " + with + " " + t.Low(language)
		}
		return noun + ": " + t.Low(language) + " " + shown
	}
	return fill(w.With, shown, noun)
}

func fill(pattern, value, noun string) string {
	s := strings.ReplaceAll(pattern, "{a v}", WithArticle(value))
	s = strings.ReplaceAll(s, "{v}", value)
	return strings.ReplaceAll(s, "{n}", noun)
}

// Show returns the value of an attribute as a table shows it.
func Show(language string, a domain.Attribute) string {
	switch a.Kind {
	case domain.AttributeNumber:
		return Quantity(language, a.Number, a.Unit)
	case domain.AttributeSize:
		return showSize(language, a)
	case domain.AttributeList:
		return strings.Join(unique(a.List), ", ")
	case domain.AttributeFlag:
		return yesNo(language, a.Flag)
	default:
		return a.Text
	}
}

// ranges are attributes whose two numbers are the ends of a range.
var ranges = map[string]bool{"airflow": true, "rpm": true, "noise_level": true, "frequency_response": true}

func showRange(language string, a domain.Attribute) string {
	low, high, two := strings.Cut(a.Unit, "–")
	if !two {
		return Number(language, a.Numbers[0], 2) + "–" + Quantity(language, a.Numbers[1], a.Unit)
	}
	return Quantity(language, a.Numbers[0], low) + "–" + Quantity(language, a.Numbers[1], high)
}

func showSize(language string, a domain.Attribute) string {
	if ranges[a.Name] && len(a.Numbers) == 2 {
		return showRange(language, a)
	}
	parts := make([]string, len(a.Numbers))
	for i, n := range a.Numbers {
		parts[i] = strconv.FormatInt(int64(n), 10)
		if n != math.Trunc(n) {
			parts[i] = Number(language, n, 2)
		}
	}
	s := strings.Join(parts, " × ")
	if a.Unit != "" && a.Unit != "px" {
		s += " " + Unit(language, a.Unit)
	}
	return s
}

// Equal reports whether two attributes of one name have the same value.
func Equal(a, b domain.Attribute) bool {
	if a.Kind != b.Kind || a.Unit != b.Unit {
		return false
	}
	switch a.Kind {
	case domain.AttributeNumber:
		return a.Number == b.Number
	case domain.AttributeSize:
		return slices.Equal(a.Numbers, b.Numbers)
	case domain.AttributeFlag:
		return a.Flag == b.Flag
	case domain.AttributeList:
		return slices.EqualFunc(a.List, b.List, strings.EqualFold)
	default:
		return strings.EqualFold(a.Text, b.Text)
	}
}

func yesNo(language string, v bool) string {
	switch {
	case language == "de" && v:
		return "ja"
	case language == "de":
		return "nein"
	case v:
		return "yes"
	default:
		return "no"
	}
}

func unique(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if k := strings.ToLower(s); !seen[k] {
			seen[k] = true
			out = append(out, s)
		}
	}
	return out
}
