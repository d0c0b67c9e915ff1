package sitegen

import (
	"embed"
	"fmt"
	"html/template"
	"strings"
	"sync"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
)

// themeFiles are the templates and style sheets of the bundled theme.
//
//go:embed theme
var themeFiles embed.FS

// theme returns the parsed templates. They are parsed once; executing them is
// safe for concurrent use.
var theme = sync.OnceValues(func() (*template.Template, error) {
	t, err := template.ParseFS(themeFiles, "theme/base/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse theme: %w", err)
	}
	return t, nil
})

// stylesheet joins the sheets that the tokens choose and minifies them.
func stylesheet(t Tokens) (template.CSS, error) {
	var b strings.Builder
	b.WriteString(rootRule(t))
	for _, name := range []string{"base", "header-" + t.Header, "text", "hero-" + t.Hero, "card-" + t.Card, "table-" + t.Table, "print"} {
		sheet, err := themeFiles.ReadFile("theme/base/css/" + name + ".css")
		if err != nil {
			return "", fmt.Errorf("read style sheet %s: %w", name, err)
		}
		b.Write(sheet)
	}
	m := minify.New()
	m.AddFunc("text/css", css.Minify)
	out, err := m.String("text/css", b.String())
	if err != nil {
		return "", fmt.Errorf("minify style sheet: %w", err)
	}
	return template.CSS(out), nil //nolint:gosec // from embedded files and tokens only
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
