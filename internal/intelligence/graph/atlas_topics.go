package graph

import (
	"cmp"
	"slices"

	"empire/internal/domain"
)

const (
	maxListed    = 20   // of each kind in a community
	maxConflicts = 1000 // of the whole graph
)

// topical are the types of nodes that say what something is about. Merchants, programs
// and brands sell in many niches and would tie them together; a website's niche is
// among its pages' niches.
func topical(t NodeType) bool {
	switch t {
	case NodeNiche, NodeProduct, NodeKeyword, NodePage, NodeEntity:
		return true
	default:
		return false
	}
}

// Topics returns the topical map: communities of niches, products, keywords and pages
// by Louvain, the largest first, those that people search for and that no page is
// about, and the keywords for which pages of several sites compete. Nodes that nothing
// topical is related to are in no community.
func (a *Atlas) Topics(w domain.Window) (*domain.GraphTopics, error) {
	all, err := a.allTopics()
	if err != nil {
		return nil, err
	}
	t := *all
	from := min(w.Offset, len(all.Communities))
	t.Communities = all.Communities[from:min(from+w.Limit, len(all.Communities))]
	return &t, nil
}

// allTopics computes the map once.
func (a *Atlas) allTopics() (*domain.GraphTopics, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.topics != nil {
		return a.topics, nil
	}
	linked := make([]bool, len(a.refs))
	for _, e := range a.edges {
		if topical(a.refs[e.from].Type) && topical(a.refs[e.to].Type) {
			linked[e.from], linked[e.to] = true, true
		}
	}
	g := a.graph(false, func(i int32) bool { return linked[i] })
	c := g.CSR(true)
	p := CommunityParams{Seed: 1}
	parts, err := c.Louvain(p)
	if err != nil {
		return nil, err
	}
	t := &domain.GraphTopics{Communities: []domain.GraphCommunity{}, Total: len(parts)}
	if err := p.complete(c.Size()); err != nil {
		return nil, err
	}
	t.Tries = p.Tries
	if t.Modularity, err = c.Modularity(parts, 1); err != nil {
		return nil, err
	}
	near := a.surroundings()
	for _, part := range parts {
		members := make([]int32, len(part))
		for i, v := range part {
			members[i] = positionOf(g.ID(v))
		}
		community := a.community(members, near)
		if community.Gap {
			t.Gaps++
		}
		t.Communities = append(t.Communities, community)
	}
	slices.SortStableFunc(t.Communities, func(x, y domain.GraphCommunity) int {
		return cmp.Or(cmp.Compare(y.Size, x.Size), cmp.Compare(x.Label, y.Label))
	})
	t.Conflicts = a.conflicts(near)
	a.topics = t
	return t, nil
}

// surroundings are relations that the map asks for again and again.
type surroundings struct {
	site    map[int32]int32   // of a page
	targets map[int32][]int32 // pages by keyword
	degree  []float64         // weight at a node
}

func (a *Atlas) surroundings() *surroundings {
	s := &surroundings{site: map[int32]int32{}, targets: map[int32][]int32{}, degree: make([]float64, len(a.refs))}
	for _, e := range a.edges {
		s.degree[e.from] += e.weight
		s.degree[e.to] += e.weight
		switch {
		case e.relation == RelationPartOf && a.refs[e.from].Type == NodePage:
			s.site[e.from] = e.to
		case e.relation == RelationTargets:
			s.targets[e.to] = append(s.targets[e.to], e.from)
		}
	}
	return s
}

// community describes a group of nodes.
func (a *Atlas) community(members []int32, near *surroundings) domain.GraphCommunity {
	slices.SortFunc(members, func(x, y int32) int { return cmp.Or(cmp.Compare(near.degree[y], near.degree[x]), cmp.Compare(x, y)) })
	c := domain.GraphCommunity{
		Size: len(members), ByType: map[domain.NodeType]int{}, Niches: []string{}, Keywords: []domain.GraphKeyword{}, Products: []domain.GraphNode{},
		Pages: []domain.GraphNode{}, Sites: []domain.WebsiteID{}, Label: a.title(members[0]),
	}
	var sites []int32
	for _, i := range members {
		r := a.refs[i]
		c.ByType[r.Type]++
		switch r.Type {
		case NodeNiche:
			if len(c.Niches) == 0 {
				c.Label = a.title(i)
			}
			if len(c.Niches) < maxListed {
				c.Niches = append(c.Niches, r.ID)
			}
		case NodeKeyword:
			k := domain.GraphKeyword{Phrase: a.title(i), Demand: a.demandOf(i), Covered: len(near.targets[i]) > 0}
			c.Demand += max(a.demand[i], 0)
			c.Keywords = append(c.Keywords, k)
		case NodeProduct:
			if len(c.Products) < maxListed {
				c.Products = append(c.Products, a.shown(i))
			}
		case NodePage:
			if len(c.Pages) < maxListed {
				c.Pages = append(c.Pages, a.shown(i))
			}
			if site, ok := near.site[i]; ok && !slices.Contains(sites, site) {
				sites = append(sites, site)
			}
		}
	}
	c.Gap = len(c.Keywords) > 0 && c.ByType[NodePage] == 0 && !slices.ContainsFunc(c.Keywords, func(k domain.GraphKeyword) bool { return k.Covered })
	slices.SortStableFunc(c.Keywords, func(x, y domain.GraphKeyword) int { return cmp.Compare(value(y.Demand), value(x.Demand)) })
	c.Keywords = c.Keywords[:min(len(c.Keywords), maxListed)]
	slices.Sort(sites)
	for _, s := range sites {
		c.Sites = append(c.Sites, domain.WebsiteID(a.refs[s].ID))
	}
	return c
}

func value(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// title is what people call a node.
func (a *Atlas) title(i int32) string {
	if a.names[i] != "" {
		return a.names[i]
	}
	return a.refs[i].ID
}

func (a *Atlas) demandOf(i int32) *int64 {
	if a.demand[i] < 0 {
		return nil
	}
	n := a.demand[i]
	return &n
}

// conflicts returns the keywords that pages of several sites target, the most searched
// first.
func (a *Atlas) conflicts(near *surroundings) []domain.GraphConflict {
	out := []domain.GraphConflict{}
	for i := range a.refs {
		pages := near.targets[int32(i)]
		var sites []int32
		for _, p := range pages {
			if site, ok := near.site[p]; ok && !slices.Contains(sites, site) {
				sites = append(sites, site)
			}
		}
		if len(sites) < 2 {
			continue
		}
		slices.Sort(sites)
		slices.Sort(pages)
		c := domain.GraphConflict{Keyword: a.title(int32(i)), Demand: a.demandOf(int32(i))}
		for _, p := range pages {
			c.Pages = append(c.Pages, a.shown(p))
		}
		for _, s := range sites {
			c.Sites = append(c.Sites, domain.WebsiteID(a.refs[s].ID))
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(x, y domain.GraphConflict) int { return cmp.Compare(value(y.Demand), value(x.Demand)) })
	return out[:min(len(out), maxConflicts)]
}
