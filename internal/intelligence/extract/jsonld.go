package extract

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// jsonLD returns the objects of all JSON-LD scripts in order, lists taken apart, and
// how many scripts could not be read. A script may hold comments, control characters
// in strings and commas too many, as real ones do; @graph is left as it is.
func jsonLD(root *html.Node) (objects []map[string]any, broken int) {
	each(root, func(n *html.Node) bool {
		if n.DataAtom != atom.Script || !strings.EqualFold(mediaType(attr(n, "type")), "application/ld+json") || n.FirstChild == nil {
			return true
		}
		var v any
		if err := json.Unmarshal([]byte(lenient(n.FirstChild.Data)), &v); err != nil {
			broken++
			return true
		}
		objects = appendObjects(objects, v)
		return true
	})
	return objects, broken
}

func appendObjects(objects []map[string]any, v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return append(objects, v)
	case []any:
		for _, e := range v {
			objects = appendObjects(objects, e)
		}
	}
	return objects
}

func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSpace(s)
}

// lenient returns JSON text without comments (//, /* */, <!-- -->), without commas
// before a closing bracket, and with control characters in strings escaped.
func lenient(s string) string {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		s = strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	comma := false // a comma is held back until something follows
	for i := 0; i < len(s); {
		rest := s[i:]
		if n := comment(rest); n > 0 {
			i += n
			continue
		}
		c := s[i]
		if comma && c > ' ' {
			if c != '}' && c != ']' {
				out.WriteByte(',')
			}
			comma = false
		}
		switch c {
		case '"':
			i += quoted(rest, &out)
			continue
		case ',':
			comma = true
		default:
			out.WriteByte(c)
		}
		i++
	}
	return strings.TrimRight(strings.TrimSpace(out.String()), ";")
}

// comment returns the length of the comment that s begins with, or 0.
func comment(s string) int {
	for _, c := range [...][2]string{{"//", "\n"}, {"/*", "*/"}, {"<!--", "-->"}} {
		if !strings.HasPrefix(s, c[0]) {
			continue
		}
		if end := strings.Index(s[len(c[0]):], c[1]); end >= 0 {
			return len(c[0]) + end + len(c[1])
		}
		return len(s)
	}
	return 0
}

// quoted copies the string that s begins with and returns its length.
func quoted(s string, out *strings.Builder) int {
	out.WriteByte('"')
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			out.WriteString(s[i : i+2])
			i++
		case c == '"':
			out.WriteByte('"')
			return i + 1
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\t':
			out.WriteString(`\t`)
		case c < ' ':
			out.WriteString(`\u00`)
			out.WriteByte("0123456789abcdef"[c>>4])
			out.WriteByte("0123456789abcdef"[c&15])
		default:
			out.WriteByte(c)
		}
	}
	return len(s)
}
