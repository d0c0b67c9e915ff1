package sitegen

import (
	"strconv"
	"strings"
	"unicode"
)

// anchors hands out the id attributes of one page, each once.
type anchors struct{ used map[string]bool }

// reserved are the ids of the theme itself.
var reserved = []string{"main", "top", "menu", "explore", "toc", "related", "q", "found"}

func newAnchors() *anchors {
	a := &anchors{used: make(map[string]bool, 32)}
	for _, id := range reserved {
		a.used[id] = true
	}
	return a
}

// claim returns an unused id close to the wanted one, or "" for no wish.
func (a *anchors) claim(want string) string {
	id := anchorID(want)
	if id == "" {
		return ""
	}
	free := id
	for n := 2; a.used[free]; n++ {
		free = id + "-" + strconv.Itoa(n)
	}
	a.used[free] = true
	return free
}

// anchorID makes an id that is valid HTML and needs no escaping in an address.
func anchorID(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(s) {
		if fold, ok := folds[r]; ok {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteString(fold)
			continue
		}
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			gap = false
			continue
		}
		gap = true
	}
	return b.String()
}

var folds = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'é': "e", 'è': "e", 'à': "a", 'ç': "c", 'ñ': "n"}
