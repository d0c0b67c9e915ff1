package sitegen

import (
	"fmt"
	"html"
	"unicode"
)

// favicon draws the first letter of the site's title in its accent color.
func (s *site) favicon() File {
	initial := "·"
	for _, r := range s.Title {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			initial = string(unicode.ToUpper(r))
			break
		}
	}
	radius := map[string]int{"2px": 6, "6px": 14, "12px": 32}[s.tokens.Radius]
	body := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="%d" fill="%s"/>`+
		`<text x="32" y="46" text-anchor="middle" font-family="%s" font-weight="700" font-size="40" fill="%s">%s</text></svg>`+"\n",
		radius, s.Light.Accent.Hex(), html.EscapeString(s.tokens.Fonts.Heading), s.Light.OnAccent.Hex(), html.EscapeString(initial))
	return File{Path: "/favicon.svg", File: "favicon.svg", ContentType: contentSVG, Body: []byte(body), Rights: s.drawn()}
}
