package match

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// kind says what a token is, which decides how it is compared.
type kind uint8

const (
	word     kind = iota
	code          // a model or part number: letters with digits, or many digits
	number        // a version, a year, a count without a unit
	quantity      // a number with its unit: 32in, 8gb
)

// token is one piece of a name in the form in which it is compared.
type token struct {
	text string
	kind kind
}

// minPartDigits is how many digits make a part number of a figure: years and
// counts have fewer.
const minPartDigits = 5

// tokenize splits a name into tokens without repeats: lower case, accents off,
// "FS-105" and "FS105" equal, "7.0" and "7" equal, 32', 32" and 32 inch equal.
func tokenize(name string) []token {
	chunks := split(name)
	var out []token
	seen := map[string]bool{}
	add := func(text string, k kind) {
		if text == "" || seen[text] || k == word && (stopWords[text] || utf8.RuneCountInString(text) < 2 && text != "x") {
			return
		}
		seen[text] = true
		out = append(out, token{text, k})
	}
	for i := 0; i < len(chunks); i++ {
		c := chunks[i]
		if value, unit, ok := measure(c); ok {
			if unit == "" && i+1 < len(chunks) {
				if u := units[chunks[i+1]]; u != "" {
					unit = u
					i++
				}
			}
			switch {
			case unit != "":
				add(value+unit, quantity)
			case len(value) >= minPartDigits && !strings.Contains(value, "."):
				add(value, code)
			default:
				add(value, number)
			}
			continue
		}
		chunkTokens(c, add)
	}
	return out
}

// chunkTokens adds the tokens of one chunk that is no plain number.
func chunkTokens(c string, add func(string, kind)) {
	compact := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '\'' || r == '"' || r == '_' || r == '’' {
			return -1
		}
		return r
	}, c)
	letters, digits := strings.IndexFunc(compact, unicode.IsLetter) >= 0, strings.IndexFunc(compact, unicode.IsDigit) >= 0
	parts := strings.FieldsFunc(c, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	switch {
	case digits && (letters && len(compact) >= 3 || !letters && len(compact) >= minPartDigits):
		if v, ok := version(compact); ok {
			add(v, number)
			return
		}
		add(compact, code)
		for _, p := range parts { // "pro-450": what is a word of its own counts, too
			if len(parts) > 1 && len(p) >= 3 && strings.IndexFunc(p, unicode.IsDigit) < 0 {
				add(canonical(p), word)
			}
		}
	case digits && len(parts) > 1:
		for _, p := range parts {
			add(strings.TrimLeft(p, "0"), number)
		}
	case digits:
		add(compact, number)
	case len(parts) > 1:
		for _, p := range parts {
			add(canonical(strings.Trim(p, "'\"’")), word)
		}
	default:
		add(canonical(compact), word)
	}
}

// version reads "v7", "v70" is left alone: a letter v before one or two digits.
func version(c string) (string, bool) {
	rest, ok := strings.CutPrefix(c, "v")
	if !ok || rest == "" || len(rest) > 2 || strings.Trim(rest, "0123456789") != "" {
		return "", false
	}
	return rest, true
}

// split folds a text and cuts it at white space and at the signs that do not stand
// inside model numbers.
func split(name string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case unicode.IsMark(r):
		case r == 'ß':
			b.WriteString("ss")
		case r == '″' || r == '”' || r == '“':
			b.WriteByte('"')
		case r == '′' || r == '’' || r == '‘':
			b.WriteByte('\'')
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune("-.'\"_", r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	fields := strings.Fields(b.String())
	out := fields[:0]
	for _, f := range fields {
		lead := strings.TrimLeft(f, "-.'\"_")
		trimmed := strings.TrimRight(lead, "-._")
		if strings.Trim(trimmed, "'\"") == "" {
			continue
		}
		if !unicode.IsDigit(rune(trimmed[len(strings.TrimRight(trimmed, "'\""))-1])) {
			trimmed = strings.TrimRight(trimmed, "'\"") // quotes, not inches
		}
		out = append(out, trimmed)
	}
	return out
}

// measure reads a chunk that is a number with or without a unit: "27", "7.0",
// "32\"", "8gb", "2.4ghz". The number comes back in its shortest form.
func measure(c string) (value, unit string, ok bool) {
	n := 0
	for n < len(c) && (c[n] >= '0' && c[n] <= '9' || c[n] == '.' && n > 0 && n+1 < len(c) && c[n+1] >= '0' && c[n+1] <= '9') {
		n++
	}
	if n == 0 || strings.Count(c[:n], ".") > 1 {
		return "", "", false
	}
	rest := strings.TrimLeft(c[n:], "-")
	if rest != "" {
		if unit = units[rest]; unit == "" {
			return "", "", false
		}
	}
	value = strings.TrimLeft(c[:n], "0")
	if strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	if value == "" || value[0] == '.' {
		value = "0" + value
	}
	return value, unit, true
}

// canonical returns the word that stands for a word in comparisons.
func canonical(w string) string {
	if c := sameAs[w]; c != "" {
		return c
	}
	if s := singular(w); s != w {
		if c := sameAs[s]; c != "" {
			return c
		}
		return s
	}
	return w
}

// singular drops the s of an English plural.
func singular(w string) string {
	if len(w) < 4 || w[len(w)-1] != 's' || strings.HasSuffix(w, "ss") || strings.HasSuffix(w, "us") || strings.HasSuffix(w, "is") {
		return w
	}
	if strings.HasSuffix(w, "ies") && len(w) > 4 {
		return w[:len(w)-3] + "y"
	}
	return w[:len(w)-1]
}
