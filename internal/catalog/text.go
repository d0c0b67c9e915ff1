package catalog

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// repairs says what was done to a text to make it clean.
type repairs uint8

const (
	repairedEncoding repairs = 1 << iota // bytes that were not UTF-8 were read as Windows-1252
	repairedMojibake                     // UTF-8 that had been encoded twice
	repairedNUL                          // NUL bytes were dropped
	repairedControl                      // control characters or marks of direction were dropped
	repairedMarkup                       // tags were dropped
)

// plainText makes plain UTF-8 of a feed field: encoding repaired, tags and scripts
// dropped, entities decoded, control characters and marks of direction dropped,
// white space collapsed, NFC. With lines, line ends (and those that block tags make)
// stay as \n; without, they become spaces.
func plainText(s string, lines bool) (string, repairs) {
	if isPlain(s) {
		return s, 0
	}
	var done repairs
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
		done |= repairedNUL
	}
	if !utf8.ValidString(s) {
		s = repairBytes(s)
		done |= repairedEncoding
	}
	if !isASCII(s) {
		if fixed, ok := repairMojibake(s); ok {
			s = fixed
			done |= repairedMojibake
		}
	}
	var markup, control bool
	if strings.ContainsAny(s, "<&") {
		s, markup = stripMarkup(s)
	}
	s, control = tidySpace(s, lines)
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	if markup {
		done |= repairedMarkup
	}
	if control {
		done |= repairedControl
	}
	return s, done
}

// isPlain reports whether s needs no work at all: printable ASCII without markup
// and without white space to collapse.
func isPlain(s string) bool {
	space := true // as before the first character
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			if space {
				return false
			}
			space = true
			continue
		case c < ' ', c >= 0x7F, c == '<', c == '&':
			return false
		}
		space = false
	}
	return !space || s == ""
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// stripMarkup drops tags and decodes entities. Feeds escape markup up to twice, so
// it repeats until nothing changes; the last thing it does is dropping tags.
func stripMarkup(s string) (string, bool) {
	tags := false
	for range 4 {
		stripped := dropTags(s)
		tags = tags || stripped != s
		decoded := decodeEntities(stripped)
		if decoded == stripped {
			return decoded, tags
		}
		s = decoded
	}
	return dropTags(s), tags
}

// dropTags removes everything that has the form of a tag or a comment, and the
// content of script and style elements. Block tags leave a line end, because words
// on both sides of them are not one word.
func dropTags(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	var b strings.Builder
	closers := strings.Count(s, ">") // that are still ahead, so that nothing is looked for in vain
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		closers -= strings.Count(s[:i], ">")
		s = s[i:]
		n, name := tagAt(s, closers > 0)
		if n == 0 {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		rest := s[n:]
		switch {
		case name == "script" || name == "style":
			rest = afterElement(rest, name)
		case isBlockTag(name):
			b.WriteByte('\n')
		}
		closers -= strings.Count(s[:len(s)-len(rest)], ">")
		s = rest
	}
	b.WriteString(s)
	return b.String()
}

// tagAt returns the length of the tag that s starts with and its name in lower
// case, without the slash of an end tag; zero if s does not start with a tag. A tag
// that never closes counts only if its name is a known one: then it was cut off.
// closed tells whether s holds a > at all.
func tagAt(s string, closed bool) (int, string) {
	if strings.HasPrefix(s, "<!--") {
		if end := strings.Index(s, "-->"); end >= 0 {
			return end + 3, ""
		}
		return len(s), ""
	}
	rest := strings.TrimPrefix(s[1:], "/")
	if rest == "" || !(isASCIILetter(rest[0]) || rest[0] == '!' || rest[0] == '?') {
		return 0, ""
	}
	n := 0
	for n < len(rest) && (isASCIILetter(rest[n]) || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	name := strings.ToLower(rest[:n])
	if closed {
		return strings.IndexByte(s, '>') + 1, name
	}
	if isBlockTag(name) || isInlineTag(name) {
		return len(s), name
	}
	return 0, ""
}

func isASCIILetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// afterElement returns what follows the end tag of the element, or nothing if it
// is not closed.
func afterElement(s, name string) string {
	for at := 0; ; {
		i := strings.Index(s[at:], "</")
		if i < 0 {
			return ""
		}
		at += i
		if len(s) >= at+2+len(name) && strings.EqualFold(s[at+2:at+2+len(name)], name) {
			if end := strings.IndexByte(s[at:], '>'); end >= 0 {
				return s[at+end+1:]
			}
			return ""
		}
		at += 2
	}
}

func isBlockTag(name string) bool {
	switch name {
	case "p", "br", "li", "ul", "ol", "div", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "h5", "h6",
		"section", "article", "header", "footer", "blockquote", "dd", "dt", "dl", "hr", "pre":
		return true
	}
	return false
}

func isInlineTag(name string) bool {
	switch name {
	case "a", "b", "i", "u", "em", "strong", "span", "font", "img", "script", "style", "iframe", "svg", "small", "sup", "sub":
		return true
	}
	return false
}

// decodeEntities decodes character references that end with a semicolon. HTML also
// knows some without, but "Rock&region" is not a registered trade mark.
func decodeEntities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := entityLen(s)
		if n == 0 {
			b.WriteByte('&')
			s = s[1:]
			continue
		}
		b.WriteString(html.UnescapeString(s[:n]))
		s = s[n:]
	}
	b.WriteString(s)
	return b.String()
}

// entityLen returns the length of the character reference that s starts with.
func entityLen(s string) int {
	for i := 1; i < len(s) && i < 34; i++ {
		switch c := s[i]; {
		case c == ';' && i > 1:
			return i + 1
		case isASCIILetter(c), c >= '0' && c <= '9', c == '#' && i == 1:
		default:
			return 0
		}
	}
	return 0
}

// tidySpace drops characters that do not show, turns every kind of space into one
// plain space and trims. With lines, line ends stay, one at a time.
func tidySpace(s string, lines bool) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	dropped := false
	gap := byte(0) // white space that waits for the next character
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			if lines {
				gap = '\n'
			} else if gap == 0 {
				gap = ' '
			}
		case r == '\t' || r == '\v' || r == '\f' || unicode.Is(unicode.Zs, r):
			if gap == 0 {
				gap = ' '
			}
		case invisible(r):
			dropped = true
		default:
			if gap != 0 && b.Len() > 0 {
				b.WriteByte(gap)
			}
			gap = 0
			b.WriteRune(r)
		}
	}
	return b.String(), dropped
}

// invisible reports whether r is a control character, a mark of direction, a
// character of no width or not a character at all.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF
}

// shorten cuts s to at most n characters for a message.
func shorten(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i] + "…"
		}
		count++
	}
	return s
}
