package main

import (
	"strings"
	"unicode"
)

// initialisms are written in capitals.
var initialisms = map[string]bool{
	"api": true, "cpu": true, "csv": true, "cta": true, "ean": true, "faq": true, "html": true, "http": true, "id": true, "ip": true, "json": true,
	"jwt": true, "qa": true, "seo": true, "sha": true, "totp": true, "uri": true, "url": true, "uuid": true,
}

// exported turns website_id or list-websites into WebsiteID and ListWebsites.
func exported(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' }) {
		one := strings.ToLower(strings.TrimSuffix(word, "s"))
		if initialisms[strings.ToLower(word)] || initialisms[one] {
			b.WriteString(strings.ToUpper(word[:len(one)]) + word[len(one):]) // URL, IDs
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// argument turns website_id into websiteID.
func argument(name string) string {
	first, rest, _ := strings.Cut(name, "_")
	return strings.ToLower(first) + exported(rest)
}

// comment returns text as lines of a comment; empty for no text.
func comment(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimSpace(line); line != "" || b.Len() > 0 {
			b.WriteString(strings.TrimSpace("// "+line) + "\n")
		}
	}
	return b.String()
}

// lowerFirst makes the first word of a sentence an ordinary word, unless it is a
// name in capitals.
func lowerFirst(s string) string {
	if len(s) > 1 && unicode.IsUpper(rune(s[1])) {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
