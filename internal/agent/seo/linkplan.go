package seo

import (
	"cmp"
	"fmt"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

// The bounds of a link plan.
const (
	DefaultInlinks = 3
	MaxInlinks     = 20
	maxPlanned     = 12 // links that one page gives by a plan
)

// LinkPlan says which links between pages a site needs. A page's links are those in
// its text, its lists and its related pages; menus and breadcrumbs do not count.
type LinkPlan struct {
	Wanted      int             `json:"min_inlinks"` // links from other pages that each page should have
	Pages       []LinkPlanPage  `json:"pages"`
	Communities []LinkCommunity `json:"communities"`
	Links       []PlannedLink   `json:"links"` // to add
	Notes       []string        `json:"notes"` // pages for which there are not enough others
}

// LinkPlanPage is a page with the links that lead to it.
type LinkPlanPage struct {
	Path      string `json:"path"`
	Community int    `json:"community"` // index into Communities
	Inlinks   int    `json:"inlinks"`   // from other pages, each once
	Planned   int    `json:"planned"`   // more by the plan
	Across    int    `json:"across"`    // of both together, those from other communities
}

// LinkCommunity is pages that have more to do with each other than with the rest.
type LinkCommunity struct {
	Label string   `json:"label"` // its guide, list or first page
	Paths []string `json:"paths"`
}

// PlannedLink is a link to add.
type PlannedLink struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Anchor string `json:"anchor"` // its text
	Across bool   `json:"across"` // between communities
	Reason string `json:"reason"`
}

// PlanLinks plans links so that every page that may rank has at least k from other
// pages, one of them from another community if there are several. Communities are
// found by Louvain over the kinship of pages. The nearest pages link first; nobody gives
// more than twelve links by the plan. Anchors are names and keywords of the target,
// in turn. The draft is not changed.
func PlanLinks(d *domain.Draft, k int) (LinkPlan, error) {
	if k < 1 || k > MaxInlinks {
		return LinkPlan{}, domain.Invalid("min_inlinks", "Each page should have 1 to %d links from others, not %d.", MaxInlinks, k)
	}
	e := &editor{draft: d}
	l := &linker{e: e, kin: e.kinship(), plan: LinkPlan{Wanted: k, Pages: []LinkPlanPage{}, Links: []PlannedLink{}, Notes: []string{}}, given: map[int]int{}, in: map[int]map[int]bool{}}
	if err := l.divide(); err != nil {
		return LinkPlan{}, err
	}
	l.count()
	for _, i := range l.pages {
		l.fill(i, k)
	}
	return l.plan, nil
}

type linker struct {
	e     *editor
	kin   kinship
	plan  LinkPlan
	pages []int // of the draft, that may rank
	part  map[int]int
	in    map[int]map[int]bool // by page: which link to it
	given map[int]int          // links that a page gives by the plan
}

// divide finds the communities of the pages that may rank.
func (l *linker) divide() error {
	g := graph.New(false)
	all := l.e.draft.Pages
	for i := range all {
		if all[i].Indexable && !all[i].Kind.Legal() {
			l.pages = append(l.pages, i)
			g.AddNode(all[i].Path(), nil)
		}
	}
	for n, i := range l.pages {
		for _, j := range l.pages[n+1:] {
			if w := l.kin.score[i][j] + l.kin.score[j][i]; w > strongKin {
				g.AddWeighted(all[i].Path(), all[j].Path(), w, nil)
			}
		}
	}
	parts, err := g.CSR(true).Louvain(graph.CommunityParams{Seed: 1})
	if err != nil {
		return fmt.Errorf("divide pages of %s: %w", l.e.draft.Website.Domain, err)
	}
	l.part = map[int]int{}
	l.plan.Communities = make([]LinkCommunity, 0, len(parts))
	for n, part := range parts {
		c := LinkCommunity{Paths: make([]string, 0, len(part))}
		best := -1
		for _, v := range part {
			i := l.pages[v]
			l.part[i] = n
			c.Paths = append(c.Paths, all[i].Path())
			if best < 0 || pull(all[i].Kind) > pull(all[best].Kind) {
				best = i
			}
		}
		c.Label = label(&all[best])
		l.plan.Communities = append(l.plan.Communities, c)
	}
	return nil
}

// count notes which pages link to which.
func (l *linker) count() {
	at := map[string]int{}
	for i := range l.e.draft.Pages {
		at[l.e.draft.Pages[i].Slug] = i
		l.in[i] = map[int]bool{}
	}
	for i := range l.e.draft.Pages {
		p := &l.e.draft.Pages[i]
		for _, slug := range outbound(p) {
			if j, ok := at[slug]; ok && j != i && p.Indexable {
				l.in[j][i] = true
			}
		}
	}
}

// fill plans what page i lacks.
func (l *linker) fill(i, k int) {
	q := &l.e.draft.Pages[i]
	row := LinkPlanPage{Path: q.Path(), Community: l.part[i], Inlinks: len(l.in[i])}
	for j := range l.in[i] {
		if part, ranks := l.part[j]; ranks && part != l.part[i] {
			row.Across++
		}
	}
	anchors := l.anchors(q)
	for _, across := range []bool{true, false} {
		for _, j := range l.givers(i) {
			other := l.part[j] != l.part[i]
			enough := row.Inlinks+row.Planned >= k
			if across && (row.Across > 0 || !other) || !across && enough {
				continue
			}
			reason := fmt.Sprintf("%s has %d links from other pages, fewer than %d.", q.Path(), row.Inlinks+row.Planned, k)
			if across {
				reason = "No page of another community links to " + q.Path() + "."
			}
			p := &l.e.draft.Pages[j]
			l.plan.Links = append(l.plan.Links, PlannedLink{p.Path(), q.Path(), anchors[row.Planned%len(anchors)], other, reason})
			l.in[i][j] = true
			l.given[j]++
			if row.Planned++; other {
				row.Across++
			}
		}
	}
	if n := row.Inlinks + row.Planned; n < k {
		l.plan.Notes = append(l.plan.Notes, fmt.Sprintf("%s gets %d links: no other page has room for one.", q.Path(), n))
	}
	l.plan.Pages = append(l.plan.Pages, row)
}

// givers returns the pages that could link to page i, the nearest first; of equally
// near ones those that gave the least.
func (l *linker) givers(i int) []int {
	var out []int
	for _, j := range l.pages {
		if j != i && !l.in[i][j] && l.given[j] < maxPlanned {
			out = append(out, j)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(l.kin.score[b][i], l.kin.score[a][i]), cmp.Compare(l.given[a], l.given[b]))
	})
	return out
}

// anchors returns texts for links to a page: its label, its keywords, its heading.
func (l *linker) anchors(q *domain.Page) []string {
	var out []string
	for _, text := range append([]string{label(q)}, append(slices.Clone(q.Keywords), q.Heading)...) {
		if text != "" && !slices.ContainsFunc(out, func(have string) bool { return phraseOf(have) == phraseOf(text) }) {
			out = append(out, text)
		}
	}
	return out
}
