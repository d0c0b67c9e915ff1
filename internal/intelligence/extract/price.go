package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Price is an amount of money as a text writes it.
type Price struct {
	// Amount is the plain decimal number, with a point and without groups; empty if the
	// text has none.
	Amount string `json:"amount"`
	// Currency is the symbol, code or word as written; empty if unknown.
	Currency string `json:"currency"`
}

// ParsePrice reads the first price in a text. hint is text near it that may name the
// currency, such as a label or a column's head; a currency in the text wins. A text
// that says free of charge is the amount 0. A percentage is no price.
//
// Of "." and "," the last one is the decimal point if one, two, or more than three
// digits follow it, or if the other sign stands before it; exactly three digits are a
// group of thousands, unless the currency has three decimals (Kuwait, Bahrain, Oman,
// Jordan, Tunisia, Libya, Iraq) or the number begins with a lone zero. Spaces and
// apostrophes part groups.
func ParsePrice(text, hint string) Price {
	const maxText = 4096
	text, hint = clipText(text, maxText), clipText(hint, maxText)
	var p Price
	for _, try := range []struct {
		in   string
		safe bool
	}{{text, true}, {hint, true}, {text, false}, {hint, false}} {
		if p.Currency = findCurrency(try.in, try.safe); p.Currency != "" {
			break
		}
	}
	if n := numberIn(text); n != "" {
		p.Amount = plainNumber(n, threeDecimals[strings.ToLower(p.Currency)])
	} else if freeWord.MatchString(text) {
		p.Amount = "0"
	}
	return p
}

func clipText(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

var freeWord = regexp.MustCompile(`(?i)\b(?:free|gratis|kostenlos|umsonst|gratuit)\b`)

// euroPoint finds a currency sign that stands for the decimal point: "35€ 99".
var euroPoint = regexp.MustCompile(`^(\d[\d\s.,]*?)\s*[€£$]\s*(\d\d)(?:\D|$)`)

// number finds digits with what may stand between them.
var number = regexp.MustCompile(`[.,]?\d(?:[\d.,'’٫٬]|[\s\x{a0}\x{202f}\x{2009}]+[\d.,])*`)

// numberIn returns the first number of a text that is no percentage, as written.
func numberIn(text string) string {
	text = digits(text)
	for _, at := range number.FindAllStringIndex(text, -1) {
		if m := euroPoint.FindStringSubmatch(text[at[0]:]); m != nil && strings.Count(text, "€") == 1 && strings.Contains(m[0], "€") && !strings.ContainsAny(m[1], ",") {
			return strings.TrimSpace(m[1]) + "." + m[2]
		}
		if strings.HasPrefix(strings.TrimLeft(text[at[1]:], " \u00a0"), "%") {
			continue
		}
		return text[at[0]:at[1]]
	}
	return ""
}

// digits returns text with the decimal digits of all scripts as ASCII ones.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.Is(unicode.Nd, r) {
			return r
		}
		zero := r
		for unicode.Is(unicode.Nd, zero-1) && r-(zero-1) < 10 {
			zero--
		}
		return '0' + r - zero
	}, text)
}

// plainNumber returns a number as written without groups and with a point.
func plainNumber(s string, three bool) string {
	s = strings.NewReplacer("٫", ".", "٬", ",", "’", "'", "'", "").Replace(joinGroups(s))
	s = strings.TrimRight(s, ".,")
	if strings.HasPrefix(s, ".") && strings.Contains(s, ",") || strings.HasPrefix(s, ",") && strings.Contains(s, ".") {
		s = s[1:]
	}
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return s
	}
	sign := s[last : last+1]
	after := len(s) - last - 1
	other := map[string]string{".": ",", ",": "."}[sign]
	whole := strings.Trim(s[:last], ".,")
	decimal := after != 3 || three || whole == "0" || whole == "" || strings.Contains(s[:last], other)
	if strings.Count(s, sign) > 1 && after == 3 {
		decimal = false // 1.144.000
	}
	plain := strings.NewReplacer(".", "", ",", "")
	if !decimal {
		return plain.Replace(s)
	}
	whole = plain.Replace(whole)
	if whole == "" {
		whole = "0"
	}
	return whole + "." + s[last+1:]
}

// joinGroups joins the groups of a number that spaces part: three digits each, or the
// decimals after a point. What follows any other space is another number.
func joinGroups(s string) string {
	fields := strings.Fields(s)
	out := fields[0]
	for _, f := range fields[1:] {
		head := f
		if i := strings.IndexAny(f, ".,'’"); i >= 0 {
			head = f[:i]
		}
		switch {
		case len(head) == 3 && !strings.ContainsAny(out, ".,"):
		case strings.HasSuffix(out, ".") || strings.HasSuffix(out, ","):
		case head == "" && len(f) > 1:
		default:
			return out
		}
		out += f
	}
	return out
}

// findCurrency returns the first currency of a text, the longest of those that begin
// at the same place, as written there. Safe names mean a currency wherever they
// stand; the others, single letters and short words, do so only beside a number or
// alone.
func findCurrency(text string, safe bool) string {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		lower = text // case changes the length of a few letters: compare as written
	}
	names := currencyNames
	if !safe {
		names = shortNames
	}
	for i := range lower {
		for _, name := range names[firstRune(lower[i:])] {
			if !strings.HasPrefix(lower[i:], name) || !standsAlone(lower, i, i+len(name), safe) {
				continue
			}
			if name == "$" && safe { // "$ SGD 4.90": the code says which dollar
				if code := dollarCode.FindString(text[i+1:]); code != "" {
					return strings.TrimSpace(code)
				}
			}
			return text[i : i+len(name)]
		}
	}
	return ""
}

var dollarCode = regexp.MustCompile(`^\s?(?:USD|CAD|AUD|NZD|SGD|HKD|TWD|MXN)`)

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// standsAlone reports whether the name at [from, to) is not a part of a word.
func standsAlone(s string, from, to int, safe bool) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	begin := firstRune(s[from:])
	end, _ := utf8.DecodeLastRuneInString(s[:to])
	if from > 0 && unicode.IsLetter(begin) && (unicode.IsLetter(before) || before == '\'') {
		return false
	}
	if to < len(s) && unicode.IsLetter(end) && unicode.IsLetter(after) && !endings[s[to:]] && !unicode.Is(unicode.Han, after) {
		return false
	}
	if safe {
		return true
	}
	left := strings.TrimRight(s[:from], " \u00a0:")
	right := strings.TrimLeft(s[to:], " \u00a0:.")
	digitLeft, digitRight := endsDigit(left), right != "" && (unicode.IsDigit(firstRune(right)) || strings.HasPrefix(right, "."))
	return digitLeft || digitRight || left == "" && right == ""
}

func endsDigit(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && (unicode.IsDigit(r) || r == '.' || r == ',' || r == '-')
}
