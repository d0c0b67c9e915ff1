// Package hugo writes a built site as a project for the site generator Hugo, so that
// nobody is bound to this program: pages as Markdown with front matter, menus,
// redirects as aliases, templates that print the same pages, pictures and scripts.
//
//	hugo.toml                    title, language, menus, settings of the Markdown reader
//	content/_index.md            the home page
//	content/SLUG/index.md        a page, with its card beside it
//	data/schema/SLUG.json        structured data of a page
//	data/explore.json            the list of pages on the home page and the search page
//	assets/css/*.css             style sheets, each once
//	layouts/                     templates
//	static/                      everything else, as it is served
//
// What Hugo makes of it has the addresses, titles and main texts of the release.
// Prices and texts are frozen in it: who goes on with Hugo alone keeps them up to date
// by hand.
package hugo

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"empire/internal/domain"
)

//go:embed all:project
var templates embed.FS

// project collects files while pages are read.
type project struct {
	draft   *domain.Draft
	pages   map[string]*domain.Page // by path
	aliases map[string][]string     // path → addresses that lead there
	files   map[string][]byte
	order   int // of pages

	disclosure, crumbs, related string // words around pages, from the first page that has them
}

// Project writes a site, given by its draft and all files of its release, as a Hugo
// project: files with File and Body alone, sorted by name. Equal input gives equal bytes. It fails with CodeInvalid if
// a page cannot be read.
func Project(d *domain.Draft, files []domain.File) ([]domain.File, error) {
	p := &project{draft: d, pages: map[string]*domain.Page{}, aliases: map[string][]string{}, files: map[string][]byte{}}
	for i := range d.Pages {
		p.pages[d.Pages[i].Path()] = &d.Pages[i]
	}
	p.redirects(files)
	var home *html.Node
	for i := range files {
		f := &files[i]
		if f.Location != "" {
			continue
		}
		root, err := p.file(f)
		if err != nil {
			return nil, fmt.Errorf("write Hugo project of %s: %w", d.Website.Domain, err)
		}
		if f.Path == "/" {
			home = root
		}
	}
	if home == nil {
		return nil, domain.Invalid("files", "Site %s has no home page.", d.Website.Domain)
	}
	if err := p.frame(home); err != nil {
		return nil, fmt.Errorf("write Hugo project of %s: %w", d.Website.Domain, err)
	}
	if err := p.templates(); err != nil {
		return nil, err
	}
	out := make([]domain.File, 0, len(p.files))
	for name, body := range p.files {
		out = append(out, domain.File{File: name, Body: body})
	}
	slices.SortFunc(out, func(a, b domain.File) int { return cmp.Compare(a.File, b.File) })
	return out, nil
}

// redirects sorts where addresses lead that the site once had: to pages as aliases,
// elsewhere as pages that lead on. Hosts that read _redirects answer them with 301.
func (p *project) redirects(files []domain.File) {
	var rules strings.Builder
	for _, f := range files {
		if f.Location == "" {
			continue
		}
		fmt.Fprintf(&rules, "%s %s 301\n", f.Path, f.Location)
		target, _, _ := strings.Cut(f.Location, "#")
		if p.pages[target] != nil && !strings.Contains(f.Location, "#") {
			p.aliases[target] = append(p.aliases[target], f.Path)
			continue
		}
		name := "moved-" + strings.Trim(flat(f.Path), "-")
		p.files["content/"+name+".md"] = frontMatter([]field{
			{"title", f.Path}, {"url", f.Path}, {"layout", "moved"}, {"target", f.Location}, {"noindex", true}, {"sitemap_exclude", true},
		}, "")
	}
	if rules.Len() > 0 {
		p.files["static/_redirects"] = []byte(rules.String())
	}
}

// file adds one file of the release. It returns the document of a page.
func (p *project) file(f *domain.File) (*html.Node, error) {
	switch {
	case strings.HasPrefix(f.ContentType, "text/html"):
		root, err := html.Parse(strings.NewReader(string(f.Body)))
		if err != nil {
			return nil, domain.Invalid("page", "Page %s cannot be read as HTML.", f.Path)
		}
		if f.Status >= 400 {
			return root, p.notFound(root)
		}
		return root, p.page(f.Path, root)
	case f.Path == "/sitemap.xml" || f.Path == "/feed.xml": // Hugo's own, by templates
		return nil, nil
	case path.Base(f.File) == "card.png" && p.pages[path.Dir(f.Path)+"/"] != nil:
		p.files["content/"+flat(path.Dir(f.Path))+"/card.png"] = f.Body
	default:
		p.files["static/"+f.File] = f.Body
	}
	return nil, nil
}

// flat makes a folder name of a path: "/a/b/" is "a--b".
func flat(path string) string { return strings.ReplaceAll(strings.Trim(path, "/"), "/", "--") }

// templates adds the layouts. They stay as they are for all sites.
func (p *project) templates() error {
	return fs.WalkDir(templates, "project", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := templates.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "project/")
		if _, made := p.files[name]; !made {
			p.files[name] = body
		}
		return nil
	})
}
