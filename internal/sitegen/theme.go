package sitegen

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"sync"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
)

// themeFiles are the templates and style sheets of the bundled theme.
//
//go:embed theme
var themeFiles embed.FS

// ThemeVersion names the embedded templates, styles and scripts: others have another
// name.
func ThemeVersion() string { return themeVersion() }

var themeVersion = sync.OnceValue(func() string {
	h := sha256.New()
	_ = fs.WalkDir(themeFiles, ".", func(path string, d fs.DirEntry, err error) error { // embedded files can be read
		if err != nil || d.IsDir() {
			return err
		}
		b, err := themeFiles.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:12]
})

// theme returns the parsed templates. They are parsed once; executing them is
// safe for concurrent use.
var theme = sync.OnceValues(func() (*template.Template, error) {
	t, err := template.ParseFS(themeFiles, "theme/base/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse theme: %w", err)
	}
	return t, nil
})

// sheets are the minified parts of a site's style sheet by name.
type sheets map[string]string

// parts are the names of all parts in the order in which they apply. A page takes
// those that it needs.
var parts = []string{"root", "base", "header", "text", "links", "find", "toc", "offer", "hero", "card", "proscons", "faq", "cta", "chart", "table", "tools", "layout", "print"}

// newSheets builds the parts with the variants that the tokens choose.
func newSheets(t Tokens) (sheets, error) {
	variants := map[string][]string{
		"header": {"header-" + t.Header}, "hero": {"hero"}, "layout": {"layout-" + t.Layout}, "card": {"card", "card-" + t.Card}, "table": {"table", "table-" + t.Table},
	}
	if t.Layout == layoutMagazine {
		variants["hero"] = []string{"hero", "hero-" + t.Hero}
	}
	m := minify.New()
	m.AddFunc("text/css", css.Minify)
	out := sheets{}
	for _, part := range parts {
		text := ""
		files := variants[part]
		if part == "root" {
			text = rootRule(t)
		} else if files == nil {
			files = []string{part}
		}
		for _, name := range files {
			sheet, err := themeFiles.ReadFile("theme/base/css/" + name + ".css")
			if err != nil {
				return nil, fmt.Errorf("read style sheet %s: %w", name, err)
			}
			text += string(sheet)
		}
		small, err := m.String("text/css", text)
		if err != nil {
			return nil, fmt.Errorf("minify style sheet %s: %w", part, err)
		}
		out[part] = small
	}
	return out, nil
}

// join returns the style sheet of a page that needs these parts beyond those that
// every page has.
func (s sheets) join(needs map[string]bool) template.CSS {
	var b strings.Builder
	for _, part := range parts {
		switch part {
		case "root", "base", "header", "text", "layout", "print":
			b.WriteString(s[part])
		default:
			if needs[part] {
				b.WriteString(s[part])
			}
		}
	}
	return template.CSS(b.String()) // from embedded files and tokens only
}

// rootRule writes the tokens as custom properties.
func rootRule(t Tokens) string {
	var b strings.Builder
	b.WriteString(":root{color-scheme:light dark;")
	writeColors(&b, t.Light)
	fmt.Fprintf(&b, "--head:%s;--body:%s;--weight:%s;--track:%s;--ratio:%s;--radius:%s;--space:%s}", t.Fonts.Heading, t.Fonts.Body,
		t.Fonts.Weight, t.Fonts.Spacing, t.Fonts.Ratio, t.Radius, t.Density)
	b.WriteString("@media(prefers-color-scheme:dark){:root{")
	writeColors(&b, t.Dark)
	b.WriteString("}}\n")
	return b.String()
}

func writeColors(b *strings.Builder, c Colors) {
	for _, p := range []struct {
		name  string
		color Color
	}{
		{"bg", c.Bg}, {"surface", c.Surface}, {"soft", c.Soft}, {"line", c.Line}, {"edge", c.Edge}, {"ink", c.Ink}, {"muted", c.Muted},
		{"accent", c.Accent}, {"on-accent", c.OnAccent}, {"second", c.Second}, {"good", c.Good}, {"bad", c.Bad}, {"mark", c.Mark},
	} {
		fmt.Fprintf(b, "--%s:%s;", p.name, p.color.Hex())
	}
}
