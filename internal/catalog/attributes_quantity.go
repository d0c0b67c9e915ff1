package catalog

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// unitNames maps how units are written, in lower case, to their symbols. Symbols
// whose case matters are in unitSymbols.
var unitNames = map[string]string{
	"in": "in", "in.": "in", "inch": "in", "inches": "in", "zoll": "in", `"`: "in", "″": "in", "”": "in", "''": "in",
	"cm": "cm", "zentimeter": "cm", "centimeters": "cm", "mm": "mm", "millimeter": "mm", "meter": "m", "meters": "m", "metre": "m", "metres": "m",
	"ft": "ft", "ft.": "ft", "feet": "ft", "foot": "ft",
	"g": "g", "gr": "g", "gr.": "g", "gram": "g", "grams": "g", "gramm": "g", "mg": "mg",
	"kg": "kg", "kilo": "kg", "kilogramm": "kg", "kilograms": "kg", "lb": "lb", "lb.": "lb", "lbs": "lb", "lbs.": "lb", "pound": "lb", "pounds": "lb",
	"oz": "oz", "oz.": "oz", "ounce": "oz", "ounces": "oz", "fl oz": "fl oz", "fl. oz.": "fl oz", "fl. oz": "fl oz",
	"ml": "ml", "milliliter": "ml", "cl": "cl", "l": "l", "liter": "l", "liters": "l", "litre": "l", "litres": "l", "ltr": "l",
	"cu. ft.": "cu ft", "cu ft": "cu ft", "cubic foot": "cu ft", "cubic feet": "cu ft", "gal": "gal", "gallon": "gal", "gallons": "gal",
	"w": "W", "watt": "W", "watts": "W", "kw": "kW", "v": "V", "volt": "V", "volts": "V", "va": "VA",
	"mah": "mAh", "kwh": "kWh", "hz": "Hz", "hertz": "Hz", "khz": "kHz", "mhz": "MHz", "ghz": "GHz",
	"ms": "ms", "ns": "ns", "s": "s", "sec": "s", "second": "s", "seconds": "s", "sekunden": "s", "min": "min", "min.": "min", "minutes": "min", "minuten": "min",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "stunde": "h", "stunden": "h", "std": "h", "std.": "h",
	"year": "years", "years": "years", "jahr": "years", "jahre": "years", "month": "months", "months": "months", "monat": "months", "monate": "months",
	"gb": "GB", "tb": "TB", "kb": "KB", "gigabyte": "GB", "terabyte": "TB", "megabyte": "MB",
	"dpi": "dpi", "ppi": "ppi", "rpm": "rpm", "u/min": "rpm", "db": "dB", "db(a)": "dB", "dba": "dB", "cfm": "CFM",
	"nits": "nits", "nit": "nits", "cd/m²": "cd/m²", "cd/m2": "cd/m²", "lm": "lm", "lumen": "lm", "lumens": "lm",
	"°": "°", "degrees": "°", "grad": "°", "°c": "°C", "°f": "°F", "%": "%", "bar": "bar", "pa": "Pa", "kpa": "kPa", "nm": "Nm",
	"px": "px", "pixel": "px", "pixels": "px", "mp": "MP", "megapixel": "MP", "megapixels": "MP",
	"g/100g": "g/100g", "g/100 g": "g/100g", "kcal/100g": "kcal/100g", "mt/s": "MT/s", "gb/s": "GB/s",
	"persons": "persons", "person": "persons", "people": "persons", "personen": "persons", "cups": "cups", "tassen": "cups",
}

// unitSymbols are the units whose meaning depends on case.
var unitSymbols = map[string]string{
	"m": "m", "MB": "MB", "Mbit/s": "Mbit/s", "Gbit/s": "Gbit/s", "Mbps": "Mbps", "Gbps": "Gbps", "Gb/s": "Gb/s", "Mb/s": "Mb/s",
	"Wh": "Wh", "Ah": "Ah", "A": "A", "K": "K", "N": "N", "mA": "mA", "mW": "mW",
}

// measures maps a unit to what it measures, where that is one thing only.
var measures = map[string]string{
	"g": "weight", "kg": "weight", "mg": "weight", "lb": "weight", "oz": "weight",
	"ml": "volume", "cl": "volume", "l": "volume", "fl oz": "volume", "gal": "volume", "cu ft": "volume",
	"in": "length", "cm": "length", "mm": "length", "m": "length", "ft": "length",
	"W": "wattage", "kW": "wattage", "V": "voltage", "VA": "capacity_va",
	"mAh": "battery_capacity", "Wh": "battery_energy", "Ah": "battery_capacity",
	"GB": "capacity", "TB": "capacity", "dpi": "max_dpi", "lm": "luminous_flux", "MP": "resolution_mp",
}

// unitFor returns the symbol of a unit as it is written.
func unitFor(s string) (string, bool) {
	if u, ok := unitSymbols[s]; ok {
		return u, true
	}
	u, ok := unitNames[strings.ToLower(s)]
	return u, ok
}

// maxNumber is how many characters a number may have.
const maxNumber = 24

// readNumber reads the number that s starts with and returns its length. A comma
// or dot before exactly three digits is taken for grouping or decimals as the
// language has it; in a language that is not known it is not a number.
func readNumber(s, language string) (value float64, length int, ok bool) {
	end := 0
	for end < min(len(s), maxNumber+1) && (s[end] >= '0' && s[end] <= '9' || (s[end] == '.' || s[end] == ',') && end > 0 && end+1 < len(s) && s[end+1] >= '0' && s[end+1] <= '9') {
		end++
	}
	if end == 0 || end > maxNumber {
		return 0, 0, false
	}
	plain, ok := plainDecimal(s[:end], language)
	if !ok {
		return 0, 0, false
	}
	value, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsInf(value, 0) {
		return 0, 0, false
	}
	return value, end, true
}

// plainDecimal writes a number with a dot for decimals and without grouping.
func plainDecimal(s, language string) (string, bool) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	if dots+commas == 0 {
		return s, true
	}
	decimal, group := separators(s)
	if dots+commas == 1 {
		whole, frac, _ := strings.Cut(s, string(decimal))
		if len(frac) == 3 && len(whole) <= 3 && whole != "0" {
			switch {
			case language == "de" && decimal == '.', language == "en" && decimal == ',':
				return whole + frac, true
			case language != "de" && language != "en":
				return "", false
			}
		}
		return whole + "." + frac, true
	}
	whole, frac := s, ""
	if decimal != 0 {
		i := strings.LastIndexByte(s, decimal)
		whole, frac = s[:i], "."+s[i+1:]
	}
	if group == 0 || !grouped(whole, group) {
		return "", false
	}
	return strings.ReplaceAll(whole, string(group), "") + frac, true
}

// wholeQuantity reads a text that is a number and a unit and nothing else.
func wholeQuantity(s, language string) (value float64, unit string, ok bool) {
	value, n, ok := readNumber(s, language)
	if !ok {
		return 0, "", false
	}
	rest := strings.TrimLeft(s[n:], " -")
	if rest == "" {
		return value, "", true
	}
	unit, ok = unitFor(rest)
	return value, unit, ok
}

// quantity is a number with a unit somewhere in a text.
type quantity struct {
	value    float64
	unit     string
	from, to int
}

// quantitiesIn finds numbers with units in running text. A number that is part of
// a word, a model number or a fraction is left out.
func quantitiesIn(s, language string) []quantity {
	var out []quantity
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		value, n, ok := readNumber(s[i:], language)
		if !ok {
			n = len(s[i:]) - len(strings.TrimLeft(s[i:], "0123456789.,"))
			i += max(n, 1)
			continue
		}
		end := i + n
		if !joinsBefore(s, i) {
			if unit, size := unitAt(s[end:]); size > 0 {
				out = append(out, quantity{value, unit, i, end + size})
				end += size
			}
		}
		i = end
	}
	return out
}

// joinsBefore reports whether what stands before offset i makes the number there a
// part of something else: a word, a range, a fraction, a product of sizes.
func joinsBefore(s string, i int) bool {
	if i == 0 {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-–/.,+_#×", r) ||
		strings.HasSuffix(s[:i], " x ") || strings.HasSuffix(s[:i], " to ") || strings.HasSuffix(s[:i], "- ") && i > 2 && digitAt(s, max(i-4, 0))
}

// unitAt returns the unit that s starts with, after at most one space or hyphen,
// and how much of s that is. The unit must end where a word ends.
func unitAt(s string) (string, int) {
	lead := 0
	if s != "" && (s[0] == ' ' || s[0] == '-') {
		lead = 1
	}
	rest := s[lead:]
	if rest == "" || rest[0] >= '0' && rest[0] <= '9' {
		return "", 0
	}
	for _, mark := range []string{`"`, "″", "”", "''"} {
		if strings.HasPrefix(rest, mark) && lead == 0 {
			return "in", len(mark)
		}
	}
	for _, long := range []string{"fl. oz.", "fl. oz", "fl oz", "cu. ft.", "cu ft", "cubic feet", "cubic foot"} {
		if len(rest) >= len(long) && strings.EqualFold(rest[:len(long)], long) {
			return unitNames[long], lead + len(long)
		}
	}
	end := 0
	for end < len(rest) {
		r, size := utf8.DecodeRuneInString(rest[end:])
		if !unicode.IsLetter(r) && r != '%' && r != '°' && r != '²' && r != '/' {
			break
		}
		end += size
	}
	word := rest[:end]
	if strings.EqualFold(word, "in") && lead == 1 && !strings.HasPrefix(rest[end:], ".") && (s[0] == ' ' || strings.HasPrefix(rest[end:], "-")) {
		return "", 0 // "2 in Black", "3-in-1"
	}
	if unit, ok := unitFor(word); ok && (end == len(rest) || !unicode.IsDigit(rune(rest[end]))) {
		return unit, lead + end
	}
	if before, _, ok := strings.Cut(word, "/"); ok && len(before) > 1 { // "500ml/Flasche", not "3 w/ lid"
		if unit, ok := unitFor(before); ok {
			return unit, lead + len(before)
		}
	}
	return "", 0
}

// dimensionAttribute reads "30 x 40 x 10 cm": two or three numbers and a unit of
// length, or a resolution in pixels.
func dimensionAttribute(name, field, s, language string) (domain.Attribute, bool) {
	numbers, unit, from, to, ok := dimensionIn(s, language)
	if !ok || measures[unit] != "length" && unit != "px" {
		return domain.Attribute{}, false
	}
	if unit == "px" {
		name = "resolution"
	}
	return domain.Attribute{Name: name, Kind: domain.AttributeSize, Numbers: numbers, Unit: unit, Field: field, Raw: s[from:to]}, true
}

// dimensionIn finds the first product of two or three numbers with a unit behind
// the last, or behind each.
func dimensionIn(s, language string) (numbers []float64, unit string, from, to int, ok bool) {
	for from = 0; from < len(s); from++ {
		if s[from] < '0' || s[from] > '9' || joinsBefore(s, from) {
			continue
		}
		numbers, unit, to = dimensionAt(s, from, language)
		if len(numbers) >= 2 && len(numbers) <= 3 {
			return numbers, unit, from, to, true
		}
		for from < len(s) && s[from] >= '0' && s[from] <= '9' {
			from++
		}
	}
	return nil, "", 0, 0, false
}

func dimensionAt(s string, from int, language string) (numbers []float64, unit string, to int) {
	at := from
	for {
		v, n, ok := readNumber(s[at:], language)
		if !ok {
			return numbers, unit, to
		}
		at += n
		if u, size := unitAt(s[at:]); size > 0 {
			if unit != "" && u != unit {
				return nil, "", 0
			}
			unit = u
			at += size
		}
		numbers = append(numbers, v)
		to = at
		rest := strings.TrimLeft(s[at:], " ")
		next := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(rest, "x"), "X"), "×")
		if len(next) == len(rest) {
			return numbers, unit, to
		}
		at = len(s) - len(strings.TrimLeft(next, " "))
	}
}
