package market

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// Number formats a value for a reader of language with at most decimals decimal
// places, without trailing zeros, grouped from five digits on.
func Number(language string, v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	neg := strings.HasPrefix(s, "-")
	whole, frac, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	group, point := ",", "."
	if language == "de" {
		group, point = ".", ","
	}
	if len(whole) > 4 {
		whole = domain.GroupDigits(whole, group)
	}
	if frac != "" {
		whole += point + frac
	}
	if neg {
		whole = "−" + whole
	}
	return whole
}

// Count formats a count, grouped from four digits on.
func Count(language string, n int) string {
	if language == "de" {
		return domain.GroupDigits(strconv.Itoa(n), ".")
	}
	return domain.GroupDigits(strconv.Itoa(n), ",")
}

// Percent formats a percentage rounded to whole percent: "38%" or "38 %".
func Percent(language string, v float64) string {
	s := strconv.Itoa(int(math.Round(v)))
	if language == "de" {
		return s + " %"
	}
	return s + "%"
}

// RoundPrice formats a limit in whole major units: "$50", "50 €".
func RoundPrice(language, currency string, major float64) string {
	scale := math.Pow10(domain.CurrencyDigits(currency))
	s := domain.Money{Minor: int64(math.Round(major * scale)), Currency: currency}.Format(language)
	point := "."
	if language == "de" {
		point = ","
	}
	if i := strings.LastIndex(s, point+strings.Repeat("0", domain.CurrencyDigits(currency))); i > 0 && domain.CurrencyDigits(currency) > 0 {
		s = s[:i] + s[i+1+domain.CurrencyDigits(currency):]
	}
	return s
}

// Price formats an amount in major units with all minor digits.
func Price(language, currency string, major float64) string {
	scale := math.Pow10(domain.CurrencyDigits(currency))
	return domain.Money{Minor: int64(math.Round(major * scale)), Currency: currency}.Format(language)
}

// UnitPrice formats a price for one unit; below one major unit it has three
// decimals.
func UnitPrice(language, currency string, major float64) string {
	d := domain.CurrencyDigits(currency)
	if major >= 1 || d != 2 {
		return Price(language, currency, major)
	}
	cents := Price(language, currency, 0)
	zero, point := "0.00", "."
	if language == "de" {
		zero, point = "0,00", ","
	}
	s := strings.Replace(strconv.FormatFloat(major, 'f', 3, 64), ".", point, 1)
	return strings.Replace(cents, zero, s, 1)
}

var germanMonths = [...]string{
	"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
}

// Date formats a day: "22 November 2026" or "22. November 2026".
func Date(language string, t time.Time) string {
	t = t.UTC()
	if language == "de" {
		return strconv.Itoa(t.Day()) + ". " + germanMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
	}
	return t.Format("2 January 2006")
}

var germanUnits = map[string]string{"in": "Zoll", "h": "Std.", "months": "Monate", "years": "Jahre", "persons": "Personen", "lb": "lb", "rpm": "U/min"}

// Unit returns the unit as a reader of language writes it.
func Unit(language, unit string) string {
	if language == "de" {
		if u, ok := germanUnits[unit]; ok {
			return u
		}
	}
	return unit
}

// InMinutes reports whether a duration in seconds reads better in minutes: 510 s are
// 8.5 min.
func InMinutes(v float64, unit string) bool { return unit == "s" && v >= 120 }

// Quantity formats a value with its unit: "27 in", "0,5 ms", "8.5 min" for 510 s.
func Quantity(language string, v float64, unit string) string {
	s := Number(language, v, 3)
	switch {
	case InMinutes(v, unit):
		return Number(language, v/60, 1) + " min"
	case unit == "":
		return s
	case unit == "°" || unit == "\"":
		return s + unit
	case unit == "%":
		if language == "de" {
			return s + " %"
		}
		return s + "%"
	default:
		return s + " " + Unit(language, unit)
	}
}

// Upper returns s with its first letter in upper case.
func Upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// lowerFirst returns s with its first letter in lower case, unless it starts with
// an abbreviation or a mixed-case name.
func lowerFirst(s string) string {
	word, _, _ := strings.Cut(s, " ")
	for i, r := range word {
		if i > 0 && (unicode.IsUpper(r) || unicode.IsDigit(r)) {
			return s
		}
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// WithArticle puts "a" or "an" before an English phrase as it is spoken: "an IPS
// panel", "a 27 in screen", "an 850 W unit".
func WithArticle(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if spokenVowel(word) {
		return "an " + s
	}
	return "a " + s
}

func spokenVowel(word string) bool {
	if word == "" {
		return false
	}
	digits := strings.TrimRight(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz%-.+\"")
	if digits != "" && strings.Trim(digits, "0123456789,.") == "" {
		whole, _, _ := strings.Cut(digits, ".")
		return digits[0] == '8' || whole == "11" || whole == "18"
	}
	head, _, _ := strings.Cut(word, "-")
	if abbreviation(head) {
		return strings.ContainsRune("AEFHILMNORSX", rune(head[0]))
	}
	lower := strings.ToLower(head)
	if strings.HasPrefix(lower, "uni") || strings.HasPrefix(lower, "us") || strings.HasPrefix(lower, "one") {
		return false
	}
	return strings.ContainsRune("aeiou", rune(lower[0]))
}

// abbreviation reports whether a word is spelled out when spoken: all upper case
// with at least two letters, or NVMe and its like.
func abbreviation(word string) bool {
	upper := 0
	for _, r := range word {
		if unicode.IsUpper(r) {
			upper++
		}
	}
	return upper >= 2 && len(word) <= 5 && upper*2 > len(word) && word != "WOLED" && word != "LAN"
}

// List joins phrases as a sentence does: "a, b and c".
func List(language string, parts []string) string {
	and := " and "
	if language == "de" {
		and = " und "
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:len(parts)-1], ", ") + and + parts[len(parts)-1]
	}
}
