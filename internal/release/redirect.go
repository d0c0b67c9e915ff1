package release

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Redirects returns where visitors of addresses are led that a website once had and
// that next has not: those of the pages of earlier releases and those that earlier
// releases led already, each straight to a page of next, or elsewhere if the operator
// said so. own are the operator's and come before all others. A page of next is never
// redirected. A target of domain.GoneTarget leads nowhere. The result is sorted by path,
// without chains and without loops.
//
// A page's successor is the page of the same kind about the same products, or else the
// one of the same kind for the same search phrase, or else the nearest hub: a page that
// compares its products, the guide, the home page.
func Redirects(next *domain.Draft, own []domain.Redirect, earlier ...domain.ReleaseContent) []domain.Moved {
	m := newMoves(next)
	for _, r := range own {
		m.to[r.Path] = r.Target
	}
	for _, e := range earlier { // the newest first
		for i := range e.Draft.Pages {
			p := &e.Draft.Pages[i]
			m.add(p.Path(), func() string { return m.successor(p, keywordOf(e.Draft, p)) })
		}
		for _, entry := range e.Manifest.Entries {
			if entry.Location != "" {
				m.add(entry.Path, func() string { return entry.Location })
			}
		}
	}
	out := make([]domain.Moved, 0, len(m.to))
	for path := range m.to {
		if !m.pages[path] {
			out = append(out, domain.Moved{From: path, To: m.end(path)})
		}
	}
	slices.SortFunc(out, func(a, b domain.Moved) int { return cmp.Compare(a.From, b.From) })
	return out
}

// moves are redirects while they are gathered.
type moves struct {
	next  *domain.Draft
	pages map[string]bool   // paths of next
	to    map[string]string // may still be chains
}

func newMoves(next *domain.Draft) *moves {
	m := &moves{next: next, pages: map[string]bool{"/": true}, to: map[string]string{}}
	for i := range next.Pages {
		m.pages[next.Pages[i].Path()] = true
	}
	return m
}

// add notes where a path leads, unless that is known already or it is a page.
func (m *moves) add(path string, to func() string) {
	if _, known := m.to[path]; !known && !m.pages[path] {
		m.to[path] = to()
	}
}

// end follows redirects from path to their end: a page, or an address elsewhere. What
// ends nowhere leads to the home page.
func (m *moves) end(path string) string {
	seen := map[string]bool{path: true}
	for at := m.to[path]; ; at = m.to[at] {
		if m.pages[at] || strings.HasPrefix(at, "https://") || at == domain.GoneTarget {
			return at
		}
		if at == "" || seen[at] {
			return "/"
		}
		seen[at] = true
	}
}

// successor returns the path of the page that stands for p now.
func (m *moves) successor(p *domain.Page, keyword string) string {
	best, most := "/", 0
	for i := range m.next.Pages {
		q := &m.next.Pages[i]
		if n := m.likeness(p, q, keyword); n > most {
			best, most = q.Path(), n
		}
	}
	return best
}

// likeness says how well q stands for p; 0 means not at all.
func (m *moves) likeness(p, q *domain.Page, keyword string) int {
	shared := overlap(p.Products, q.Products)
	same := p.Kind == q.Kind
	switch {
	case same && p.Kind != domain.PageProduct && p.Kind != domain.PageComparison && p.Kind != domain.PageBest:
		return 1000 // there is one page of that kind
	case same && shared > 0 && shared == len(p.Products) && shared == len(q.Products):
		return 900
	case same && p.Kind == domain.PageProduct && shared > 0:
		return 800
	case same && keyword != "" && keyword == keywordOf(m.next, q):
		return 700
	case shared > 0 && (q.Kind == domain.PageBest || q.Kind == domain.PageComparison):
		return 100 + min(shared, 99)
	case q.Kind == domain.PageGuide:
		return 50
	default:
		return 0
	}
}

func overlap(a, b []string) int {
	n := 0
	for _, k := range a {
		if slices.Contains(b, k) {
			n++
		}
	}
	return n
}

// keywordOf returns the search phrase that a page was planned for, or else its own
// first one.
func keywordOf(d *domain.Draft, p *domain.Page) string {
	for i := range d.Plan.Pages {
		if d.Plan.Pages[i].Slug == p.Slug && d.Plan.Pages[i].Keyword != "" {
			return strings.ToLower(d.Plan.Pages[i].Keyword)
		}
	}
	if len(p.Keywords) > 0 {
		return strings.ToLower(p.Keywords[0])
	}
	return ""
}

// Merged returns where visitors of a website that is retired are led: from each address
// of its live release to the page of another website that stands for it, next, at host;
// without next nowhere. What is gone already stays gone, and what leads elsewhere still does.
func Merged(live domain.ReleaseContent, next *domain.Draft, host string) []domain.Moved {
	to := func(path string, p *domain.Page) string {
		switch {
		case next == nil:
			return domain.GoneTarget
		case p == nil || path == "/":
			return "https://" + host + "/"
		}
		return "https://" + host + newMoves(next).successor(p, keywordOf(live.Draft, p))
	}
	var out []domain.Moved
	pages := map[string]*domain.Page{}
	for i := range live.Draft.Pages {
		p := &live.Draft.Pages[i]
		pages[p.Path()] = p
		out = append(out, domain.Moved{From: p.Path(), To: to(p.Path(), p)})
	}
	for _, e := range live.Manifest.Entries {
		switch {
		case e.Status == http.StatusGone:
			out = append(out, domain.Moved{From: e.Path, To: domain.GoneTarget})
		case strings.HasPrefix(e.Location, "https://"):
			out = append(out, domain.Moved{From: e.Path, To: e.Location})
		case e.Location != "":
			out = append(out, domain.Moved{From: e.Path, To: to(e.Path, pages[e.Location])})
		}
	}
	slices.SortFunc(out, func(a, b domain.Moved) int { return cmp.Compare(a.From, b.From) })
	return out
}

// Overlay returns the files of a release that is made of another one: base with what
// differs between before and after, which the same program built. Files of after that
// are new to base and never change come along, because pages may name them.
func Overlay(base, before, after []domain.File) []domain.File {
	was := byPath(before)
	is := byPath(after)
	var out []domain.File
	has := map[string]bool{}
	for _, f := range base {
		n, still := is[f.Path]
		_, had := was[f.Path]
		switch {
		case had && !still:
			continue
		case still && (!had || !bytes.Equal(n.Body, was[f.Path].Body)):
			out = append(out, *n)
		default:
			out = append(out, f)
		}
		has[f.Path] = true
	}
	for i := range after {
		f := &after[i]
		_, had := was[f.Path]
		if !has[f.Path] && (!had || f.Immutable) {
			out = append(out, *f)
		}
	}
	return out
}

func byPath(files []domain.File) map[string]*domain.File {
	out := make(map[string]*domain.File, len(files))
	for i := range files {
		out[files[i].Path] = &files[i]
	}
	return out
}
