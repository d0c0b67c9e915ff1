package catalog

import (
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Why a price was dropped. The product stays, without it.
const (
	priceUnreadable = "price_unreadable"        // not a number: "free", "NaN", "1e3"
	priceAmbiguous  = "price_ambiguous"         // "1.299" may be one thousand or one and a bit
	pricePrecision  = "price_precision"         // more decimals than the currency has
	priceZero       = "price_zero"              // nothing costs nothing
	priceNegative   = "price_negative"          //
	priceAbsurd     = "price_absurd"            // above any believable price
	priceNoCurrency = "price_no_currency"       // neither the column nor the text names one
	priceMismatch   = "price_currency_mismatch" // the text names another currency than the column
)

// parsePrice reads an amount exactly. column is the row's currency column, empty if
// it has none. It returns a reason instead of a guess: an amount that can be read in
// two ways, or whose currency is open, is not an amount.
func parsePrice(text, column string) (domain.Money, string) {
	number, marks := splitMarks(text)
	number, minus := strings.CutPrefix(number, "-")
	digits, reason := normalizeNumber(number, column)
	if reason != "" {
		return domain.Money{}, reason
	}
	zero := strings.Trim(digits, "0.") == ""
	switch whole, _, _ := strings.Cut(digits, "."); {
	case zero:
		return domain.Money{}, priceZero
	case minus:
		return domain.Money{}, priceNegative
	case len(whole) > 9 || whole >= "100000000" && len(whole) == 9:
		return domain.Money{}, priceAbsurd
	}
	currency, reason := resolveCurrency(marks, column)
	if reason != "" {
		return domain.Money{}, reason
	}
	return exactMoney(digits, currency)
}

// parseCost is parsePrice for amounts that may be zero, such as delivery.
func parseCost(text, column string) (domain.Money, string) {
	m, reason := parsePrice(text, column)
	if reason != priceZero {
		return m, reason
	}
	_, marks := splitMarks(text)
	currency, reason := resolveCurrency(marks, column)
	return domain.Money{Currency: currency}, reason
}

// splitMarks separates the number of a price from what stands around it. Letters
// inside the number stay there, so that "1e3" is not a number.
func splitMarks(text string) (number string, marks []string) {
	text = strings.TrimSpace(dashes.Replace(text))
	isNumber := func(r rune) bool { return r >= '0' && r <= '9' || r == '-' }
	from, to := strings.IndexFunc(text, isNumber), strings.LastIndexFunc(text, isNumber)
	if from < 0 {
		return text, nil
	}
	number = text[from : to+1]
	for _, m := range []string{text[:from], text[to+1:]} {
		if m = strings.TrimSpace(m); m != "" {
			marks = append(marks, m)
		}
	}
	return number, marks
}

// dashes makes one of the dashes that prices are written with.
var dashes = strings.NewReplacer("−", "-", "–", "-", "—", "-")

// spaces makes one of the characters that group digits.
var spaces = strings.NewReplacer("’", "'", "\u00a0", " ", "\u202f", " ", "\u2009", " ")

// normalizeNumber returns the number with a dot for decimals and no grouping.
func normalizeNumber(s, column string) (string, string) {
	for _, noCents := range []string{",-", ".-", ",--", ".--"} { // "49,-": a German price tag
		if whole, ok := strings.CutSuffix(s, noCents); ok {
			s = whole
			break
		}
	}
	s = spaces.Replace(s)
	if s == "" || strings.Trim(s, "0123456789.,' ") != "" || !digitAt(s, 0) || !digitAt(s, len(s)-1) {
		return "", priceUnreadable
	}
	decimal, group := separators(s)
	whole, frac := s, ""
	if decimal != 0 {
		i := strings.LastIndexByte(s, decimal)
		whole, frac = s[:i], s[i+1:]
	}
	if group != 0 {
		if !grouped(whole, group) {
			return "", priceUnreadable
		}
		whole = strings.ReplaceAll(whole, string(group), "")
	}
	if !allDigits(whole) || frac != "" && !allDigits(frac) {
		return "", priceUnreadable
	}
	if decimal != 0 && group == 0 && len(frac) == 3 && len(whole) <= 3 && whole[0] != '0' && domain.CurrencyDigits(column) != 3 {
		return "", priceAmbiguous
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if frac == "" {
		return whole, ""
	}
	return whole + "." + frac, ""
}

func digitAt(s string, i int) bool { return s[i] >= '0' && s[i] <= '9' }

// separators tells which character separates decimals and which groups, zero for
// none: of dot and comma the later one is the decimal sign if both occur, and one
// that occurs twice groups.
func separators(s string) (decimal, group byte) {
	for _, g := range []byte("' ") {
		if strings.IndexByte(s, g) >= 0 {
			group = g
		}
	}
	dot, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	switch {
	case dot >= 0 && comma >= 0:
		decimal = s[max(dot, comma)]
		if group == 0 {
			group = s[min(dot, comma)]
		}
	case dot < 0 && comma < 0:
	default:
		sign := s[max(dot, comma)]
		if strings.Count(s, string(sign)) > 1 && group == 0 {
			return 0, sign
		}
		decimal = sign
	}
	return decimal, group
}

// grouped reports whether s is digits in groups of three with sep between them.
func grouped(s string, sep byte) bool {
	for i, part := range strings.Split(s, string(sep)) {
		if !allDigits(part) || i == 0 && len(part) > 3 || i > 0 && len(part) != 3 {
			return false
		}
	}
	return true
}

var markCurrencies = map[string][]string{
	"€": {"EUR"}, "euro": {"EUR"},
	"£":  {"GBP"},
	"zł": {"PLN"}, "kč": {"CZK"},
	"us$": {"USD"}, "c$": {"CAD"}, "a$": {"AUD"},
	"sfr": {"CHF"}, "sfr.": {"CHF"}, "fr.": {"CHF"},
	// More than one currency: only the column can tell.
	"$":  {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "BRL", "CLP", "COP", "ARS"},
	"kr": {"SEK", "NOK", "DKK", "ISK"}, "kr.": {"SEK", "NOK", "DKK", "ISK"},
	"¥": {"JPY", "CNY"},
}

// columnCurrency reads the currency column.
func columnCurrency(s string) string {
	s = strings.TrimSpace(s)
	if code := strings.ToUpper(s); domain.ValidCurrency(code) {
		return code
	}
	if codes := markCurrencies[strings.ToLower(s)]; len(codes) == 1 {
		return codes[0]
	}
	return ""
}

// resolveCurrency combines what the text and the column say.
func resolveCurrency(marks []string, column string) (string, string) {
	currency := column
	for _, m := range marks {
		codes := markCurrencies[strings.ToLower(m)]
		if codes == nil {
			if !domain.ValidCurrency(strings.ToUpper(m)) {
				return "", priceUnreadable
			}
			codes = []string{strings.ToUpper(m)}
		}
		switch {
		case currency == "" && len(codes) == 1:
			currency = codes[0]
		case currency == "":
			return "", priceNoCurrency
		case !slices.Contains(codes, currency):
			return "", priceMismatch
		}
	}
	if currency == "" {
		return "", priceNoCurrency
	}
	return currency, ""
}

// exactMoney turns a plain decimal into money without rounding.
func exactMoney(digits, currency string) (domain.Money, string) {
	whole, frac, _ := strings.Cut(digits, ".")
	places := domain.CurrencyDigits(currency)
	if len(frac) > places {
		if strings.Trim(frac[places:], "0") != "" {
			return domain.Money{}, pricePrecision
		}
		frac = frac[:places]
	}
	frac += strings.Repeat("0", places-len(frac))
	minor := int64(0)
	for _, c := range whole + frac {
		if minor > (math.MaxInt64-9)/10 {
			return domain.Money{}, priceAbsurd
		}
		minor = minor*10 + int64(c-'0')
	}
	return domain.Money{Minor: minor, Currency: currency}, ""
}
