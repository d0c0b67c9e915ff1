package domain

import (
	"fmt"
	"math/big"
	"strings"
)

// Money is an amount in the minor unit of its currency (cents for EUR and USD).
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217, upper case
}

// currencyDigits lists the ISO 4217 currencies that do not have two minor digits.
var currencyDigits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// CurrencyDigits returns how many minor digits a currency has.
func CurrencyDigits(currency string) int {
	if d, ok := currencyDigits[currency]; ok {
		return d
	}
	return 2
}

// ValidCurrency reports whether s has the form of an ISO 4217 code.
func ValidCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Decimal returns the amount with a dot and all minor digits, such as "1299.00".
func (m Money) Decimal() string {
	d := CurrencyDigits(m.Currency)
	r := new(big.Rat).SetFrac64(m.Minor, pow10(d))
	return r.FloatString(d)
}

// Major returns the amount in major units, for arithmetic that does not need to
// be exact, such as chart positions.
func (m Money) Major() float64 { return float64(m.Minor) / float64(pow10(CurrencyDigits(m.Currency))) }

var currencySigns = map[string]string{"USD": "$", "EUR": "€", "GBP": "£"}

// Format returns the amount as a reader of language ("en" or "de") expects it:
// "$1,299.00" or "1.299,00 €".
func (m Money) Format(language string) string {
	s := m.Decimal()
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	whole, frac, _ := strings.Cut(s, ".")
	sign, known := currencySigns[m.Currency]
	if !known {
		sign = m.Currency
	}
	var out string
	if language == "de" {
		out = GroupDigits(whole, ".")
		if frac != "" {
			out += "," + frac
		}
		out += " " + sign
	} else {
		out = GroupDigits(whole, ",")
		if frac != "" {
			out += "." + frac
		}
		if known {
			out = sign + out
		} else {
			out = sign + " " + out
		}
	}
	if neg {
		return "−" + out
	}
	return out
}

// String returns the decimal amount and the currency, such as "1299.00 EUR".
func (m Money) String() string { return m.Decimal() + " " + m.Currency }

// GroupDigits puts sep between groups of three digits from the right.
func GroupDigits(digits, sep string) string {
	if len(digits) <= 3 {
		return digits
	}
	var b strings.Builder
	head := len(digits) % 3
	b.WriteString(digits[:head])
	for i := head; i < len(digits); i += 3 {
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(digits[i : i+3])
	}
	return b.String()
}

// MoneyFromDecimal parses a plain decimal such as "1299.00" exactly. It refuses
// exponents, signs other than a leading minus and more minor digits than the
// currency has, unless those are zeros.
func MoneyFromDecimal(s, currency string) (Money, error) {
	if !ValidCurrency(currency) {
		return Money{}, Invalid("currency", "Currency %q is not an ISO 4217 code.", currency)
	}
	t := strings.TrimPrefix(s, "-")
	if t == "" || strings.Trim(t, "0123456789.") != "" || strings.Count(t, ".") > 1 || t == "." {
		return Money{}, Invalid("amount", "Amount %q is not a plain decimal number.", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return Money{}, Invalid("amount", "Amount %q is not a plain decimal number.", s)
	}
	r.Mul(r, new(big.Rat).SetInt64(pow10(CurrencyDigits(currency))))
	if !r.IsInt() {
		return Money{}, Invalid("amount", "Amount %q has more decimals than %s allows.", s, currency)
	}
	if !r.Num().IsInt64() {
		return Money{}, Invalid("amount", "Amount %q is out of range.", s)
	}
	return Money{Minor: r.Num().Int64(), Currency: currency}, nil
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// Validate checks the currency code.
func (m Money) Validate() error {
	if !ValidCurrency(m.Currency) {
		return fmt.Errorf("money: %w", Invalid("currency", "Currency %q is not an ISO 4217 code.", m.Currency))
	}
	return nil
}
