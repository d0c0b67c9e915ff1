package nlp

import (
	"unicode"
	"unicode/utf8"
)

// Token is a word, a number or a sign of a text.
type Token struct {
	Text  string
	Start int // in bytes
	End   int
}

// IsWord reports whether the token has a letter or a digit.
func (t Token) IsWord() bool {
	for _, r := range t.Text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// Tokens cuts a text into words with inner signs kept between two letters or digits
// ("full-zip", "1,299.00", "don't", "AT&T"), and every other sign by itself. The
// tokens' places tell where they stand: text[t.Start:t.End] == t.Text.
func Tokens(text string) []Token {
	var out []Token
	start := -1
	flush := func(end int) {
		if start >= 0 {
			out = append(out, Token{text[start:end], start, end})
			start = -1
		}
	}
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			if start < 0 {
				start = i
			}
		case start >= 0 && joins(r) && startsWord(text[i+size:]):
		case unicode.IsSpace(r):
			flush(i)
		default:
			flush(i)
			out = append(out, Token{text[i : i+size], i, i + size})
		}
	}
	flush(len(text))
	return out
}

// joins reports whether a sign can stand inside a word.
func joins(r rune) bool {
	switch r {
	case '\'', '’', '-', '.', ',', '&', '_':
		return true
	}
	return false
}

func startsWord(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
