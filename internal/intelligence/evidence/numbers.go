package evidence

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Numbers returns the figures in text as they stand there: runs of digits, with
// single dots, commas or apostrophes kept between digits ("1,299.00", "27", "16").
// Digits inside words count too: "K552" holds 552.
func Numbers(text string) []string {
	var out []string
	r := []rune(text)
	for i := 0; i < len(r); {
		if !isDigit(r[i]) {
			i++
			continue
		}
		j := i + 1
		for j < len(r) && (isDigit(r[j]) || j+1 < len(r) && strings.ContainsRune(".,'’", r[j]) && isDigit(r[j+1])) {
			j++
		}
		out = append(out, string(r[i:j]))
		i = j
	}
	return out
}

func isDigit(r rune) bool { return r < unicode.MaxASCII && r >= '0' && r <= '9' }

// reading is one way to read a figure: its value and how many decimals it shows.
type reading struct {
	value    float64
	decimals int
}

// readings returns the ways in which a figure can be read: "1,299" is 1299 or, with
// a decimal comma, 1.299.
func readings(token string) []reading {
	t := strings.NewReplacer("'", "", "’", "").Replace(token)
	dot, comma := strings.LastIndexByte(t, '.'), strings.LastIndexByte(t, ',')
	var out []reading
	add := func(s string) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(v, 0) {
			return
		}
		_, frac, _ := strings.Cut(s, ".")
		out = append(out, reading{v, len(frac)})
	}
	switch {
	case dot < 0 && comma < 0:
		add(t)
	case dot >= 0 && comma >= 0 && dot > comma:
		add(strings.ReplaceAll(t, ",", ""))
	case dot >= 0 && comma >= 0:
		add(strings.Replace(strings.ReplaceAll(t, ".", ""), ",", ".", 1))
	default:
		sep := "."
		if comma >= 0 {
			sep = ","
		}
		if strings.Count(t, sep) == 1 {
			add(strings.Replace(t, sep, ".", 1))
		}
		if grouped(t, sep) {
			add(strings.ReplaceAll(t, sep, ""))
		}
	}
	return out
}

// grouped reports whether sep stands between groups of three digits.
func grouped(t, sep string) bool {
	parts := strings.Split(t, sep)
	if len(parts[0]) == 0 || len(parts[0]) > 3 {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return false
		}
	}
	return true
}

// literal returns the values that figures in verbatim text can stand for: each
// figure in each reading, and its runs of digits alone ("1920,1080" is a list).
func literal(text string) []float64 {
	var out []float64
	for _, token := range Numbers(text) {
		for _, r := range readings(token) {
			out = append(out, r.value)
		}
		for _, run := range strings.FieldsFunc(token, func(r rune) bool { return !isDigit(r) }) {
			if v, err := strconv.ParseFloat(run, 64); err == nil {
				out = append(out, v)
			}
		}
	}
	return out
}
