package sitetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"empire/internal/audit/gate"
	"empire/internal/domain"
	"empire/internal/proof/sitetest"
)

// garden is a copy of a built site that is damaged page by page.
type garden struct {
	*sitetest.Site
	files map[string]int // index in Files by path
	fault string         // what could not be planted
}

func newGarden(t *testing.T, s *sitetest.Site) *garden {
	t.Helper()
	copied := *s
	copied.Files = append([]domain.File(nil), s.Files...)
	b, err := json.Marshal(s.Draft)
	if err != nil {
		t.Fatal(err)
	}
	copied.Draft = &domain.Draft{}
	if err := json.Unmarshal(b, copied.Draft); err != nil {
		t.Fatal(err)
	}
	g := &garden{Site: &copied, files: map[string]int{}}
	for i, f := range g.Files {
		g.files[f.Path] = i
	}
	return g
}

func (g *garden) check(t *testing.T) gate.Report {
	t.Helper()
	r, err := g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if g.fault != "" {
		t.Fatal(g.fault)
	}
	return r
}

// plant is one page of a garden with what is done to it.
type plant struct {
	*garden
	path string
}

func (p plant) body() string { return string(p.Files[p.files[p.path]].Body) }

func (p plant) set(body string) { p.Files[p.files[p.path]].Body = []byte(body) }

// page is the page in the draft.
func (p plant) page() *domain.Page {
	if d := find(p.Draft, p.path); d != nil {
		return d
	}
	p.garden.fault = "the draft has no page " + p.path
	return &domain.Page{}
}

// swap replaces the first occurrence of a text that must be there.
func (p plant) swap(old, with string) {
	if old == "" || !strings.Contains(p.body(), old) {
		p.garden.fault = fmt.Sprintf("%s does not hold %q", p.path, old)
		return
	}
	p.set(strings.Replace(p.body(), old, with, 1))
}

// all replaces all occurrences.
func (p plant) all(old, with string) {
	p.swap(old, with)
	p.set(strings.ReplaceAll(p.body(), old, with))
}

// add puts HTML at the end of the main text.
func (p plant) add(s string) { p.swap("</article>", s+"</article>") }

// say adds a paragraph in the language of the site.
func (p plant) say(en, de string) { p.add("<p>" + p.word(en, de) + "</p>") }

// head puts HTML into the head.
func (p plant) head(s string) { p.swap("</head>", s+"</head>") }

func (p plant) word(en, de string) string {
	if p.Language == "de" {
		return de
	}
	return en
}

// cut returns what stands between two marks, with the marks, from the first on.
func (p plant) cut(from, to string) string {
	b := p.body()
	i := strings.Index(b, from)
	if i < 0 {
		p.garden.fault = fmt.Sprintf("%s does not hold %q", p.path, from)
		return ""
	}
	j := strings.Index(b[i+len(from):], to)
	if j < 0 {
		p.garden.fault = fmt.Sprintf("%s does not hold %q", p.path, to)
		return ""
	}
	return b[i : i+len(from)+j+len(to)]
}

// between is cut without the marks.
func (p plant) between(from, to string) string {
	return strings.TrimSuffix(strings.TrimPrefix(p.cut(from, to), from), to)
}

// nth returns the n-th text, from 0 on, that stands between two marks.
func (p plant) nth(n int, from, to string) string {
	parts := strings.Split(p.body(), from)
	if len(parts) < n+2 {
		p.garden.fault = fmt.Sprintf("%s holds %q only %d times", p.path, from, len(parts)-1)
		return ""
	}
	text, _, _ := strings.Cut(parts[n+1], to)
	return text
}

// file adds a file, or replaces one.
func (p plant) file(path, kind, body string) {
	f := domain.File{Path: path, File: strings.TrimPrefix(path, "/"), ContentType: kind, Body: []byte(body)}
	if i, there := p.files[path]; there {
		p.Files[i] = f
		return
	}
	p.files[path] = len(p.Files)
	p.Files = append(p.Files, f)
}

// state is a garden at one moment: its files, and what the draft says of a page and of
// the site.
type state struct {
	files []domain.File
	draft []byte
}

func (g *garden) snapshot(path string) state {
	shell := *g.Draft
	shell.Pages, shell.Evidence = nil, nil
	b, err := json.Marshal(struct {
		Site domain.Draft
		Page *domain.Page
	}{shell, find(g.Draft, path)})
	if err != nil {
		g.fault = err.Error()
	}
	return state{append([]domain.File(nil), g.Files...), b}
}

// same reports whether nothing has changed since.
func (g *garden) same(s state, path string) bool {
	if len(g.Files) != len(s.files) || !bytes.Equal(s.draft, g.snapshot(path).draft) {
		return false
	}
	for i := range s.files {
		if !bytes.Equal(s.files[i].Body, g.Files[i].Body) {
			return false
		}
	}
	return true
}

func find(d *domain.Draft, path string) *domain.Page {
	for i := range d.Pages {
		if d.Pages[i].Path() == path {
			return &d.Pages[i]
		}
	}
	return nil
}
