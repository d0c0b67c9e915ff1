package main

import (
	"time"

	"empire/client"
	"empire/internal/domain"
)

func counts[K ~string](m map[K]int) map[string]int64 {
	out := make(map[string]int64, len(m))
	for k, n := range m {
		out[string(k)] = int64(n)
	}
	return out
}

func texts(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func idTexts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = string(id)
	}
	return out
}

func viewGraph(s *domain.GraphSummary) client.Graph {
	return client.Graph{
		Nodes: int64(s.Nodes), Relations: int64(s.Relations), Sources: int64(s.Sources), Contributions: int64(s.Contributions), ByType: counts(s.ByType),
		ByRelation: counts(s.ByRelation), Components: int64(s.Components), LargestComponent: int64(s.Largest), Density: s.Density, StalePages: int64(s.Stale),
		Oldest: utc(s.Oldest), Newest: utc(s.Newest), Version: s.Version,
	}
}

func viewGraphNode(n *domain.GraphNode) client.GraphNode {
	return client.GraphNode{ID: n.String(), Type: string(n.Type), Name: n.Name, In: int64(n.In), Out: int64(n.Out), Sources: int64(n.Sources)}
}

func viewGraphDetail(n *domain.GraphNodeDetail) client.GraphDetail {
	v := client.GraphDetail{
		Node: viewGraphNode(&n.GraphNode), Attributes: texts(n.Attributes), Relations: []client.GraphRelation{}, Contributions: []client.GraphContribution{},
		TotalContributions: int64(n.Total),
	}
	for _, f := range n.Relations {
		v.Relations = append(v.Relations, client.GraphRelation{
			From: f.Node.String(), Relation: string(f.Relation), To: f.To.String(), Weight: f.Weight.Float(), Sources: int64(f.Sources), Latest: f.Latest.UTC(),
			Attributes: texts(f.Attributes),
		})
	}
	for _, c := range n.Contributions {
		row := client.GraphContribution{
			Source: c.Source, At: c.At.UTC(), Node: c.Node.String(), Relation: string(c.Relation), Attribute: c.Attribute, Value: c.Value, Weight: c.Weight.Float(),
			ValidFrom: orNever(c.From), ValidUntil: orNever(c.Until),
		}
		if c.Relation != "" {
			row.To = c.To.String()
		}
		v.Contributions = append(v.Contributions, row)
	}
	return v
}

func orNever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return utc(&t)
}

func viewGraphPath(p *domain.GraphPath) client.GraphPath {
	return client.GraphPath{Length: int64(p.Length), Nodes: views(p.Nodes, viewGraphNode)}
}

func viewGraphRank(r *domain.GraphRanking) client.GraphRank {
	return client.GraphRank{
		By: string(r.By), Samples: int64(r.Samples), Total: int64(r.Total),
		Nodes: views(r.Nodes, func(n *domain.GraphRanked) client.GraphRanked {
			return client.GraphRanked{Node: viewGraphNode(&n.GraphNode), Value: n.Value}
		}),
	}
}

func viewGraphTopics(t *domain.GraphTopics) client.GraphTopics {
	return client.GraphTopics{
		Modularity: t.Modularity, Tries: int64(t.Tries), Total: int64(t.Total), Gaps: int64(t.Gaps),
		Communities: views(t.Communities, func(c *domain.GraphCommunity) client.GraphCommunity {
			return client.GraphCommunity{
				Label: c.Label, Size: int64(c.Size), ByType: counts(c.ByType), Niches: orEmpty(c.Niches), Products: views(c.Products, viewGraphNode),
				Pages: views(c.Pages, viewGraphNode), Sites: idTexts(c.Sites), Gap: c.Gap, MonthlySearches: c.Demand,
				Keywords: views(c.Keywords, func(k *domain.GraphKeyword) client.GraphKeyword {
					return client.GraphKeyword{Phrase: k.Phrase, MonthlySearches: k.Demand, Covered: k.Covered}
				}),
			}
		}),
		Conflicts: views(t.Conflicts, func(c *domain.GraphConflict) client.GraphConflict {
			return client.GraphConflict{Keyword: c.Keyword, MonthlySearches: c.Demand, Pages: views(c.Pages, viewGraphNode), Sites: idTexts(c.Sites)}
		}),
	}
}

func viewGraphSource(s *domain.GraphSource) client.GraphSource {
	return client.GraphSource{
		ID: s.ID, Kind: string(s.Kind), Name: s.Name, Shared: s.Tenant == domain.GraphShared, At: s.At.UTC(), Contributions: int64(s.Rows),
		WithdrawnAt: utc(s.WithdrawnAt), UpdatedAt: s.UpdatedAt.UTC(),
	}
}

func viewGraphBlast(b *domain.GraphBlast) client.GraphBlast {
	return client.GraphBlast{
		Source: viewGraphSource(&b.Source), Contributions: int64(b.Contributions), Nodes: int64(b.Nodes), NodesAlone: int64(b.NodesAlone),
		Relations: int64(b.Relations), RelationsAlone: int64(b.RelsAlone), ByType: counts(b.ByType), Evidence: int64(b.Evidence), Withdrawn: b.Withdrawn,
		Sample: views(b.Sample, func(r *domain.GraphResting) client.GraphResting {
			return client.GraphResting{ID: r.String(), Alone: r.Alone}
		}),
		Pages: views(b.Pages, func(p *domain.GraphRest) client.GraphPage {
			return client.GraphPage{WebsiteID: string(p.WebsiteID), PageID: string(p.PageID)}
		}),
	}
}

func viewGraphStale(s *domain.GraphStale) client.GraphStale {
	return client.GraphStale{
		WebsiteID: string(s.WebsiteID), PageID: string(s.PageID), Source: s.Source, Reason: client.GraphStaleReason(s.Reason), At: s.At.UTC(),
	}
}
