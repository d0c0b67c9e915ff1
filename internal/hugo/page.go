package hugo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/html"

	"empire/internal/domain"
)

// field is one line of front matter; its value is written as JSON, which YAML reads.
type field struct {
	key   string
	value any
}

// frontMatter begins a content file. Fields without a value are left out.
func frontMatter(fields []field, body string) []byte {
	var b bytes.Buffer
	b.WriteString("---\n")
	for _, f := range fields {
		switch v := f.value.(type) {
		case string:
			if v == "" {
				continue
			}
		case bool:
			if !v {
				continue
			}
		case []string:
			if len(v) == 0 {
				continue
			}
		case []ref:
			if len(v) == 0 {
				continue
			}
		}
		fmt.Fprintf(&b, "%s: %s\n", f.key, plainJSON(f.value))
	}
	b.WriteString("---\n\n")
	b.WriteString(strings.TrimLeft(body, "\n"))
	return b.Bytes()
}

// plainJSON writes a value without escapes of HTML, for people.
func plainJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return `""`
	}
	return strings.TrimSpace(b.String())
}

// ref is a link to another page, with the label and the line that stand there.
type ref struct {
	Path    string `json:"path"`
	Label   string `json:"label"`
	Summary string `json:"summary,omitempty"`
}

// alternate is a language version of a page.
type alternate struct {
	Language string `json:"language"`
	Href     string `json:"href"`
}

// page writes one page of the site.
func (p *project) page(path string, root *html.Node) error {
	main := find(root, "main")
	body := find(root, "body")
	if main == nil || body == nil {
		return domain.Invalid("page", "Page %s has no main part.", path)
	}
	p.order++
	p.around(body)
	head := find(root, "head")
	fields := []field{
		{"title", text(find(head, "title"))}, {"description", meta(head, "description")}, {"url", path}, {"weight", p.order},
		{"label", p.label(path, root)}, {"image", meta(head, "og:image")}, {"image_alt", meta(head, "og:image:alt")}, {"body_class", attr(body, "class")},
		{"main_class", attr(main, "class")}, {"style", p.style(head)}, {"script", script(head)}, {"noindex", strings.HasPrefix(meta(head, "robots"), "noindex")},
		{"ads", find(body, "aside", "disclosure") != nil}, {"explore", find(body, "nav", "explore") != nil}, {"aisles", find(body, "nav", "aisles") != nil},
		{"related", refs(find(body, "aside", "related"))}, {"alternates", alternates(head)}, {"aliases", p.aliases[path]},
	}
	if d := p.pages[path]; d != nil && !d.UpdatedAt.IsZero() {
		day := d.UpdatedAt.UTC().Format(time.RFC3339)
		fields = append(fields, field{"date", day}, field{"lastmod", day}, field{"page_kind", string(d.Kind)}, field{"summary_line", d.Summary})
	}
	name := flat(path)
	file := "content/" + name + "/index.md"
	if path == "/" {
		name, file = "home", "content/_index.md"
	}
	if list := schemas(head); len(list) > 0 {
		fields = append(fields, field{"schema", name})
		p.files["data/schema/"+name+".json"] = []byte("[" + strings.Join(list, ",\n") + "]\n")
	}
	p.files[file] = frontMatter(fields, markdown(main))
	return nil
}

// around keeps words that stand on some pages only.
func (p *project) around(body *html.Node) {
	if n := find(body, "aside", "disclosure"); n != nil && p.disclosure == "" {
		p.disclosure = raw(n)
	}
	if n := find(body, "nav", "crumbs"); n != nil && p.crumbs == "" {
		p.crumbs = attr(n, "aria-label")
	}
	if n := find(body, "aside", "related"); n != nil && p.related == "" {
		p.related = text(find(n, "h2"))
	}
}

// label is the short name of a page: the last breadcrumb.
func (p *project) label(path string, root *html.Node) string {
	if d := p.pages[path]; d != nil && d.NavLabel != "" {
		return d.NavLabel
	}
	label := ""
	each(find(root, "nav", "crumbs"), "li", func(n *html.Node) { label = text(n) })
	return label
}

// style keeps the style sheet of a page, each once, and returns its name.
func (p *project) style(head *html.Node) string {
	n := find(head, "style")
	if n == nil || n.FirstChild == nil {
		return ""
	}
	css := n.FirstChild.Data
	sum := sha256.Sum256([]byte(css))
	name := "css/" + hex.EncodeToString(sum[:5]) + ".css"
	p.files["assets/"+name] = []byte(css)
	return name
}

// script is the site's own script that a page needs; the one that counts views is in
// the frame of all pages.
func script(head *html.Node) string {
	found := ""
	each(head, "script", func(n *html.Node) {
		if src := attr(n, "src"); strings.HasPrefix(src, "/site.") {
			found = src
		}
	})
	return found
}

func schemas(head *html.Node) []string {
	var out []string
	each(head, "script", func(n *html.Node) {
		if attr(n, "type") == "application/ld+json" && n.FirstChild != nil {
			out = append(out, strings.TrimSpace(n.FirstChild.Data))
		}
	})
	return out
}

func alternates(head *html.Node) []alternate {
	out := []alternate{}
	each(head, "link", func(n *html.Node) {
		if lang := attr(n, "hreflang"); lang != "" {
			out = append(out, alternate{lang, attr(n, "href")})
		}
	})
	return out
}

// refs reads a list of link cards.
func refs(n *html.Node) []ref {
	var out []ref
	each(n, "li", func(li *html.Node) {
		if a := find(li, "a"); a != nil {
			out = append(out, ref{attr(a, "href"), text(a), text(find(li, "p"))})
		}
	})
	return out
}

// notFound writes the error page as a template: Hugo gives it no content file.
func (p *project) notFound(root *html.Node) error {
	main := find(root, "main")
	if main == nil {
		return domain.Invalid("page", "The error page has no main part.")
	}
	menu := ""
	if find(root, "nav", "menu") != nil {
		menu = "yes"
	}
	p.files["data/not_found.json"] = []byte(plainJSON(map[string]string{
		"menu": menu, "title": text(find(root, "title")), "style": p.style(find(root, "head")), "body_class": attr(find(root, "body"), "class"), "main_class": attr(main, "class"), "html": inner(main),
	}) + "\n")
	return nil
}
