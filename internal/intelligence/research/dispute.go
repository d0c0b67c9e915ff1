package research

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// quantity is a number with its unit in a sentence.
type quantity struct {
	value float64
	unit  string
	text  string
}

// unitNames are the units that are compared, by how they are written. A value in one
// unit is compared with values in the same one only.
var unitNames = map[string]string{
	"%": "%", "percent": "%", "prozent": "%", "per cent": "%", "€": "EUR", "eur": "EUR", "euro": "EUR", "$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "£": "GBP",
	"g": "g", "grams": "g", "gram": "g", "gramm": "g", "kg": "kg", "kilograms": "kg", "kilogramm": "kg", "lb": "lb", "pounds": "lb",
	"mm": "mm", "millimeters": "mm", "millimetres": "mm", "millimeter": "mm", "cm": "cm", "centimeters": "cm", "zentimeter": "cm", "m": "m", "meters": "m", "metres": "m", "meter": "m", "km": "km", //nolint:misspell // as British pages write
	"inch": "in", "inches": "in", "zoll": "in", "hours": "h", "hour": "h", "stunden": "h", "minutes": "min", "minuten": "min", "seconds": "s", "sekunden": "s", "ms": "ms", "milliseconds": "ms", "millisekunden": "ms",
	"days": "d", "tage": "d", "years": "a", "year": "a", "jahre": "a", "months": "mo", "monate": "mo", "w": "W", "watt": "W", "watts": "W", "kwh": "kWh", "wh": "Wh", "v": "V", "volt": "V", "volts": "V", "mah": "mAh",
	"db": "dB", "decibels": "dB", "dezibel": "dB", "hz": "Hz", "khz": "kHz", "mhz": "MHz", "ghz": "GHz", "mb": "MB", "gb": "GB", "tb": "TB", "l": "l", "liters": "l", "litres": "l", "liter": "l", "ml": "ml", "bar": "bar", //nolint:misspell // as British pages write
	"keystrokes": "keystrokes", "keypresses": "keystrokes", "presses": "keystrokes", "anschläge": "keystrokes", "anschlägen": "keystrokes", "users": "users", "nutzer": "users", "people": "people", "menschen": "people", "cn": "cN", "°c": "°C", "rpm": "rpm",
}

var quantityPattern = regexp.MustCompile(`(?i)(?:(€|\$|£)\s?)?(\d[\d.,]*\d|\d)(?:\s|\x{00a0}|-)?(million|billion|thousand|millionen|milliarden|tausend|mio\.?|mrd\.?)?(?:\s|\x{00a0}|-)?(%|€|\$|£|°C|\pL+)?`)

var scales = map[string]float64{
	"million": 1e6, "millionen": 1e6, "mio": 1e6, "billion": 1e9, "milliarden": 1e9, "mrd": 1e9, "thousand": 1e3, "tausend": 1e3,
}

// quantities returns the numbers with a known unit in a text.
func quantities(text, language string) []quantity {
	var out []quantity
	for _, m := range quantityPattern.FindAllStringSubmatchIndex(text, 64) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		if before := m[4]; before > 0 && (isLetter(text[before-1]) || text[before-1] == '.') { // K552
			continue
		}
		unit := unitNames[strings.ToLower(part(4))]
		if unit == "" {
			unit = unitNames[part(1)]
		}
		v, ok := number(part(2), language)
		if unit == "" || !ok {
			continue
		}
		if s := scales[strings.TrimSuffix(strings.ToLower(part(3)), ".")]; s > 0 {
			v *= s
		}
		out = append(out, quantity{v, unit, strings.TrimSpace(text[m[0]:m[1]])})
	}
	return out
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

// number reads a figure as the language writes it; what is not written so is not
// compared.
func number(s, language string) (float64, bool) {
	group, point := ",", "."
	if language == "de" {
		group, point = ".", ","
	}
	whole, fraction, broken := strings.Cut(s, point)
	if strings.Contains(fraction, group) || strings.Contains(fraction, point) {
		return 0, false
	}
	parts := strings.Split(whole, group)
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return 0, false
		}
	}
	text := strings.Join(parts, "")
	if broken {
		text += "." + fraction
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// Bounds of disputes.
const (
	sameQuantity = 0.5  // of the words of two sentences that speak of the same
	sameValue    = 0.02 // relative difference up to which two values are one
	maxDisputes  = 20
)

// disputes finds claims of independent sources that give different numbers for the
// same quantity: the same unit, one number each, and at least half of the words that
// are not part of it.
func (w *work) disputes() {
	type saying struct {
		claim  int
		q      quantity
		stems  map[string]bool
		groups map[int]bool
		source string
	}
	var list []saying
	groupOf, own := map[string]int{}, map[string]bool{}
	for _, s := range w.report.Sources {
		groupOf[s.ID], own[s.ID] = s.Group, s.Own
	}
	for i := range w.report.Claims {
		c := &w.report.Claims[i]
		found := quantities(c.Text, w.topic.language)
		if c.Kind == kindMarket || len(found) != 1 {
			continue
		}
		s := saying{claim: i, q: found[0], stems: subject(w.topic.language, c.Text, found[0]), groups: map[int]bool{}}
		for _, id := range c.Sources {
			if !own[id] {
				s.groups[groupOf[id]] = true
				s.source = cmp.Or(s.source, id)
			}
		}
		list = append(list, s)
	}
	for i := range list {
		a := &list[i]
		for k := i + 1; k < len(list) && len(w.report.Disputes) < maxDisputes; k++ {
			b := &list[k]
			apart := math.Abs(a.q.value-b.q.value) > sameValue*max(math.Abs(a.q.value), math.Abs(b.q.value))
			if a.q.unit != b.q.unit || !apart || !disjoint(a.groups, b.groups) || jaccard(a.stems, b.stems) < sameQuantity {
				continue
			}
			say := func(s *saying) domain.DisputedSay {
				c := &w.report.Claims[s.claim]
				c.Disputed = true
				return domain.DisputedSay{Claim: c.ID, Value: s.q.value, Text: s.q.text, Source: s.source}
			}
			w.report.Disputes = append(w.report.Disputes, domain.Dispute{
				Quantity: strings.Join(common(a.stems, b.stems), " "), Unit: a.q.unit, Values: []domain.DisputedSay{say(a), say(b)},
			})
		}
	}
}

// subject returns the stems of a sentence without those of its quantity.
func subject(language, text string, q quantity) map[string]bool {
	out := stemSet(language, strings.Replace(text, q.text, " ", 1))
	for w := range out {
		if w[0] >= '0' && w[0] <= '9' {
			delete(out, w)
		}
	}
	return out
}

// disjoint reports whether two claims have sources, and none from one group.
func disjoint(a, b map[int]bool) bool {
	for g := range a {
		if b[g] {
			return false
		}
	}
	return len(a) > 0 && len(b) > 0
}

func common(a, b map[string]bool) []string {
	var out []string
	for _, s := range slices.Sorted(maps.Keys(a)) {
		if b[s] {
			out = append(out, s)
		}
	}
	return out
}
