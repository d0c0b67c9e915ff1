package audit

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hiding holds the classes and ids whose elements the page's styles hide on every
// screen.
type hiding struct {
	classes, ids map[string]bool
}

// hides reports whether an element keeps its text from readers. Text that is only
// for screen readers is not hidden: it says what others see. What opens on demand
// (details, hidden=until-found) is not hidden either.
func (h hiding) hides(n *html.Node) bool {
	if v, ok := lookup(n, "hidden"); ok && !strings.EqualFold(v, "until-found") {
		return true
	}
	for _, class := range strings.Fields(attr(n, "class")) {
		if h.classes[class] {
			return true
		}
	}
	return h.ids[attr(n, "id")] || hidingDeclarations(attr(n, "style"))
}

// hidingDeclarations reports whether one of the declarations hides text.
func hidingDeclarations(style string) bool {
	if style == "" {
		return false
	}
	for d := range strings.SplitSeq(strings.ToLower(style), ";") {
		property, value, _ := strings.Cut(d, ":")
		property = strings.TrimSpace(property)
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch property {
		case "display":
			if value == "none" {
				return true
			}
		case "visibility":
			if value == "hidden" || value == "collapse" {
				return true
			}
		case "font-size", "opacity":
			if n, ok := length(value); ok && n == 0 {
				return true
			}
		case "color":
			if value == "transparent" {
				return true
			}
		case "text-indent", "left", "top", "margin-left":
			if n, ok := length(value); ok && n <= -500 { // far off the screen
				return true
			}
		}
	}
	return false
}

// length reads the number of a CSS length.
func length(value string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimRight(value, "abcdefghijklmnopqrstuvwxyz%"), 64)
	return n, err == nil
}

// hidingStyles reads the style elements of a page. Only selectors of one class or
// one id count, outside conditions: a rule for print or for small screens leaves
// the text visible elsewhere.
func hidingStyles(root *html.Node, depth int) hiding {
	h := hiding{classes: map[string]bool{}, ids: map[string]bool{}}
	h.collect(root, depth)
	return h
}

func (h hiding) collect(n *html.Node, depth int) {
	if depth > maxDepth {
		return // walk refuses the page
	}
	if n.Type == html.ElementNode && n.DataAtom == atom.Style && !strings.Contains(strings.ToLower(attr(n, "media")), "print") {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			h.sheet(cssComment.ReplaceAllString(c.Data, " "))
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		h.collect(c, depth+1)
	}
}

var (
	cssComment     = regexp.MustCompile(`(?s)/\*.*?\*/`)
	simpleSelector = regexp.MustCompile(`^[a-zA-Z0-9]*([.#])([\p{L}\p{N}_-]+)$`)
)

// sheet reads the rules of a style sheet and skips blocks with a condition.
func (h hiding) sheet(css string) {
	for {
		prelude, rest, ok := strings.Cut(css, "{")
		if !ok {
			return
		}
		if i := strings.LastIndexAny(prelude, ";}"); i >= 0 {
			prelude = prelude[i+1:]
		}
		prelude = strings.TrimSpace(prelude)
		if strings.HasPrefix(prelude, "@") {
			always := prelude == "@media all" || prelude == "@media screen" || strings.HasPrefix(prelude, "@layer")
			if !always {
				rest = rest[blockEnd(rest):]
			}
			css = rest
			continue
		}
		body, after, _ := strings.Cut(rest, "}")
		if hidingDeclarations(body) {
			h.add(prelude)
		}
		css = after
	}
}

func (h hiding) add(selectors string) {
	for s := range strings.SplitSeq(selectors, ",") {
		switch m := simpleSelector.FindStringSubmatch(strings.TrimSpace(s)); {
		case m == nil:
		case m[1] == ".":
			h.classes[m[2]] = true
		default:
			h.ids[m[2]] = true
		}
	}
}

// blockEnd returns the index after the brace that closes the block that begins
// before css.
func blockEnd(css string) int {
	depth := 1
	for i := range len(css) {
		switch css[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(css)
}
