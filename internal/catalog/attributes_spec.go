package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// specPair is one key and value of a specification column, both verbatim.
type specPair struct{ key, value string }

// specFields are the columns that hold keys with values.
var specFields = []string{
	"specifications", "custom_1", "custom_2", "custom_3", "custom_4", "custom_5", "custom_6", "custom_7", "custom_8", "custom_9",
}

// specifications reads all columns of keys and values.
func (c *collector) specifications() {
	for _, field := range specFields {
		text := c.product.Fields[field]
		if !strings.ContainsAny(text, ":=") {
			continue
		}
		pairs := splitSpecs(text)
		keys := make([]string, len(pairs))
		for i, p := range pairs {
			keys[i] = keyName(p.key)
		}
		for i, p := range pairs {
			if keys[i] != "" && p.value != "" {
				c.spec(field, keys[i], p.value, keys)
			}
		}
	}
}

// splitSpecs cuts a specification text into pairs: "k=v,k=v", or "k: v; k: v" with
// semicolons, line ends or bars between.
func splitSpecs(s string) []specPair {
	if pairs := splitAssignments(s); len(pairs) > 0 {
		return pairs
	}
	separators := ";\n"
	if !strings.ContainsAny(s, separators) && strings.Count(s, ":") > 1 {
		separators = "|"
	}
	var pairs []specPair
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		key, value, ok := strings.Cut(part, ":")
		key, value = strings.TrimLeft(strings.TrimSpace(key), "•-* "), strings.TrimSpace(value)
		if ok && isSpecKey(key) && !strings.HasPrefix(value, "//") {
			pairs = append(pairs, specPair{key, value})
		}
	}
	return pairs
}

// maxKeyword is how far a key may reach before its equals sign.
const maxKeyword = 44

// isProse reports whether a value is a sentence, markup or program text rather than
// a value: merchants write what they like into these columns, and what is taken for a
// value is printed as one.
func isProse(value string) bool {
	if strings.ContainsAny(value, "{}<>[]\\!?。！？") || strings.Contains(value, "\":") || strings.Contains(value, "\",") {
		return true
	}
	for at, r := range value {
		rest := value[at+utf8.RuneLen(r):]
		switch {
		case r == '.' && rest == "" && lettersBefore(value[:at]) > 1 && strings.Count(value, " ") > 2:
			return true
		case r == '.' && lettersBefore(value[:at]) > 2 && beginsWord(rest): // but "approx. 30 W"
			return true
		case r == ':' && strings.HasPrefix(rest, " ") && lettersBefore(value[:at]) > 3:
			return true
		}
	}
	return strings.Count(value, " ") > maxValueWords && !strings.ContainsAny(value, ",|;/")
}

// beginsWord reports whether a text goes on with a space and a letter.
func beginsWord(s string) bool {
	rest, ok := strings.CutPrefix(s, " ")
	r, _ := utf8.DecodeRuneInString(rest)
	return ok && unicode.IsLetter(r)
}

// maxValueWords is how many gaps between words a value may have that is no list.
const maxValueWords = 11

// lettersBefore returns how many letters end a text.
func lettersBefore(s string) int {
	n := 0
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		if !unicode.IsLetter(r) {
			break
		}
		n++
		s = s[:len(s)-size]
	}
	return n
}

// splitAssignments cuts "k=v,k=v". A comma separates only before another key.
func splitAssignments(s string) []specPair {
	first, _, ok := strings.Cut(s, "=")
	if !ok || !isColumnWord(strings.ToLower(first)) {
		return nil
	}
	var pairs []specPair
	for s != "" {
		key, rest, _ := strings.Cut(s, "=")
		end := len(rest)
		for at := 0; at < len(rest); at++ {
			if rest[at] != ',' && rest[at] != ';' {
				continue
			}
			next, _, more := strings.Cut(rest[at+1:min(len(rest), at+maxKeyword)], "=")
			if more && isColumnWord(strings.ToLower(next)) {
				end = at
				break
			}
		}
		pairs = append(pairs, specPair{key, strings.TrimSpace(rest[:end])})
		if end == len(rest) {
			break
		}
		s = rest[end+1:]
	}
	return pairs
}

func isSpecKey(s string) bool {
	if s == "" || len(s) > 60 || strings.ContainsAny(s, ".!?=") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	return !(r >= '0' && r <= '9')
}

// keyName writes a key in snake case.
func keyName(key string) string {
	if isColumnWord(key) {
		return strings.Trim(key, "_")
	}
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(strings.TrimSpace(key)) {
		if fold, ok := germanFold[r]; ok {
			b.WriteString(fold)
			continue
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
			continue
		}
		gap = true
	}
	return b.String()
}

var germanFold = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'é': "e"}

// spec makes attributes of one pair. siblings are the keys of the same text: they
// tell apart what a bare number under a common word means.
func (c *collector) spec(field, key, value string, siblings []string) {
	if droppedKeys[key] || strings.HasSuffix(key, "_recommends") {
		return
	}
	info, ok := specKeys[key]
	if !ok && field != "specifications" {
		return // in a column for anything, a word before a colon need not be a property
	}
	if !ok {
		info = specKey{name: key}
	}
	if isProse(value) {
		return
	}
	if special, ok := contextKey(key, value, siblings); ok {
		info = special
	}
	if info.split != nil {
		for _, a := range info.split(value) {
			a.Field, a.Raw = field, value
			c.add(a)
		}
		return
	}
	if info.name == "colour" {
		a := colorAttribute(field, value)
		c.add(a)
		return
	}
	if a, ok := c.specValue(info, value); ok {
		a.Name, a.Field, a.Raw = info.name, field, value
		c.add(a)
	}
}

// specValue types a value.
func (c *collector) specValue(info specKey, value string) (domain.Attribute, bool) {
	if info.form == formText {
		return textAttribute(value)
	}
	if flag, ok := flagWord(value); ok && info.form != formList {
		return domain.Attribute{Kind: domain.AttributeFlag, Flag: flag}, true
	}
	if info.form == formList {
		return domain.Attribute{Kind: domain.AttributeList, List: splitList(value, "|,;")}, true
	}
	if info.pair != pairNever {
		if a, b, ok := numberPair(value, c.language, info.pair); ok {
			return domain.Attribute{Kind: domain.AttributeSize, Numbers: []float64{a, b}, Unit: info.unit}, true
		}
	}
	if n, unit, ok := wholeQuantity(value, c.language); ok {
		if unit == "" {
			unit = info.unit
		}
		return domain.Attribute{Kind: domain.AttributeNumber, Number: n, Unit: unit}, true
	}
	if numbers, unit, from, to, ok := dimensionIn(value, c.language); ok && from == 0 && to == len(value) {
		if unit == "" {
			unit = info.unit
		}
		return domain.Attribute{Kind: domain.AttributeSize, Numbers: numbers, Unit: unit}, true
	}
	if strings.Contains(value, "|") {
		return domain.Attribute{Kind: domain.AttributeList, List: splitList(value, "|")}, true
	}
	if list := wordList(value); list != nil {
		return domain.Attribute{Kind: domain.AttributeList, List: list}, true
	}
	return textAttribute(value)
}

// textAttribute keeps a text that is short enough to be a value and not prose.
func textAttribute(value string) (domain.Attribute, bool) {
	if utf8.RuneCountInString(value) > 120 || strings.Contains(value, ". ") && len(value) > 60 {
		return domain.Attribute{}, false
	}
	return domain.Attribute{Kind: domain.AttributeText, Text: value}, true
}

// wordList recognizes "Wired, Wireless": short parts with a comma and a space
// between, none of them a number.
func wordList(value string) []string {
	if !strings.Contains(value, ", ") || len(value) > 300 {
		return nil
	}
	parts := strings.Split(value, ", ")
	for _, p := range parts {
		if p == "" || len(p) > 40 || strings.Trim(p, "0123456789.,") == "" || strings.Count(p, " ") > 4 {
			return nil
		}
	}
	return splitList(value, ",")
}

func flagWord(s string) (flag, ok bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "ja", "y", "✓", "✔":
		return true, true
	case "false", "no", "nein", "n", "✗", "✘":
		return false, true
	}
	return false, false
}

// numberPair reads "1920,1080" or "500,1800". Unless the key always has two
// numbers, it leaves out what may be one: in German text a comma is a decimal sign,
// and "1,500" may be a thousand and a half.
func numberPair(value, language string, p pairing) (a, b float64, ok bool) {
	left, right, ok := strings.Cut(value, ",")
	right = strings.TrimSpace(right)
	if !ok || !plainNumber(left) || !plainNumber(right) || p == pairRange && language == "de" {
		return 0, 0, false
	}
	a, _, okA := readNumber(left, "en")
	b, _, okB := readNumber(right, "en")
	mayGroup := allDigits(left) && allDigits(right) && len(right) == 3 && len(left) <= 3
	if !okA || !okB || p == pairRange && mayGroup && (a < 20 || b <= a) {
		return 0, 0, false
	}
	return a, b, true
}

func plainNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.") == "" && strings.Count(s, ".") <= 1 && digitAt(s, 0)
}
