package api

import (
	"time"

	"empire/internal/domain"
)

// output is an answer with a body.
type output[T any] struct{ Body T }

// answerOf turns what a service returned into an answer.
func answerOf[D, T any](to func(*D) T) func(*D, error) (*output[T], error) {
	return func(d *D, err error) (*output[T], error) {
		if err != nil {
			return nil, err
		}
		return &output[T]{to(d)}, nil
	}
}

type graphBody struct {
	Nodes            int            `json:"nodes"`
	Relations        int            `json:"relations"`
	Sources          int            `json:"sources"`
	Contributions    int            `json:"contributions" doc:"Things that sources say; nodes and relations are their sums"`
	ByType           map[string]int `json:"by_type" doc:"Nodes"`
	ByRelation       map[string]int `json:"by_relation"`
	Components       int            `json:"components"`
	LargestComponent int            `json:"largest_component" doc:"In nodes"`
	Density          float64        `json:"density"`
	StalePages       int            `json:"stale_pages"`
	Oldest           *time.Time     `json:"oldest" doc:"The latest word about the fact that was spoken of longest ago"`
	Newest           *time.Time     `json:"newest"`
	Version          int64          `json:"version" doc:"Another one whenever the graph changed"`
}

func toGraph(s *domain.GraphSummary) graphBody {
	return graphBody{
		Nodes: s.Nodes, Relations: s.Relations, Sources: s.Sources, Contributions: s.Contributions, ByType: countsOf(s.ByType), ByRelation: countsOf(s.ByRelation),
		Components: s.Components, LargestComponent: s.Largest, Density: s.Density, StalePages: s.Stale, Oldest: utc(s.Oldest), Newest: utc(s.Newest), Version: s.Version,
	}
}

func countsOf[K ~string](m map[K]int) map[string]int {
	out := make(map[string]int, len(m))
	for k, n := range m {
		out[string(k)] = n
	}
	return out
}

func textsOf(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

type graphNodeBody struct {
	ID      string          `json:"id" doc:"Type and id with a colon between"`
	Type    domain.NodeType `json:"type"`
	Name    string          `json:"name" doc:"Empty: nobody gives it one"`
	In      int             `json:"in" doc:"Relations that lead to it"`
	Out     int             `json:"out"`
	Sources int             `json:"sources" doc:"That speak of the node itself"`
}

func toGraphNode(n *domain.GraphNode) graphNodeBody {
	return graphNodeBody{n.String(), n.Type, n.Name, n.In, n.Out, n.Sources}
}

func nodesOf(list []domain.GraphNode) []graphNodeBody {
	out := make([]graphNodeBody, len(list))
	for i := range list {
		out[i] = toGraphNode(&list[i])
	}
	return out
}

type graphRelationBody struct {
	From       string            `json:"from"`
	Relation   domain.Relation   `json:"relation"`
	To         string            `json:"to"`
	Weight     float64           `json:"weight" doc:"Sum of what the sources say"`
	Sources    int               `json:"sources"`
	Latest     time.Time         `json:"latest"`
	Attributes map[string]string `json:"attributes"`
}

type graphContributionBody struct {
	Source     string          `json:"source"`
	At         time.Time       `json:"at" doc:"When it was said"`
	Node       string          `json:"node"`
	Relation   domain.Relation `json:"relation" doc:"Empty: about the node"`
	To         string          `json:"to"`
	Attribute  string          `json:"attribute" doc:"Empty: that it exists"`
	Value      string          `json:"value"`
	Weight     float64         `json:"weight"`
	ValidFrom  *time.Time      `json:"valid_from" doc:"null: always"`
	ValidUntil *time.Time      `json:"valid_until" doc:"null: for ever"`
}

type graphDetailBody struct {
	Node          graphNodeBody           `json:"node"`
	Attributes    map[string]string       `json:"attributes"`
	Relations     []graphRelationBody     `json:"relations"`
	Contributions []graphContributionBody `json:"contributions"`
	Total         int                     `json:"total_contributions"`
}

func toGraphDetail(n *domain.GraphNodeDetail) graphDetailBody {
	b := graphDetailBody{
		Node: toGraphNode(&n.GraphNode), Attributes: textsOf(n.Attributes), Relations: []graphRelationBody{}, Contributions: []graphContributionBody{}, Total: n.Total,
	}
	for _, f := range n.Relations {
		b.Relations = append(b.Relations, graphRelationBody{f.Node.String(), f.Relation, f.To.String(), f.Weight.Float(), f.Sources, f.Latest.UTC(), textsOf(f.Attributes)})
	}
	for _, c := range n.Contributions {
		row := graphContributionBody{
			Source: c.Source, At: c.At.UTC(), Node: c.Node.String(), Relation: c.Relation, Attribute: c.Attribute, Value: c.Value, Weight: c.Weight.Float(),
			ValidFrom: orNull(c.From), ValidUntil: orNull(c.Until),
		}
		if c.Relation != "" {
			row.To = c.To.String()
		}
		b.Contributions = append(b.Contributions, row)
	}
	return b
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return utc(&t)
}

type graphPathBody struct {
	Length int             `json:"length" doc:"Steps"`
	Nodes  []graphNodeBody `json:"nodes"`
}

func toGraphPath(p *domain.GraphPath) graphPathBody {
	return graphPathBody{p.Length, nodesOf(p.Nodes)}
}

type graphRankedBody struct {
	Node  graphNodeBody `json:"node"`
	Value float64       `json:"value"`
}

type graphRankBody struct {
	By      domain.GraphMeasure `json:"by"`
	Samples int                 `json:"samples" doc:"0: the values are exact; else they are estimated from searches that begin at so many nodes"`
	Total   int                 `json:"total"`
	Nodes   []graphRankedBody   `json:"nodes"`
}

func toGraphRank(r *domain.GraphRanking) graphRankBody {
	b := graphRankBody{By: r.By, Samples: r.Samples, Total: r.Total, Nodes: make([]graphRankedBody, len(r.Nodes))}
	for i := range r.Nodes {
		b.Nodes[i] = graphRankedBody{toGraphNode(&r.Nodes[i].GraphNode), r.Nodes[i].Value}
	}
	return b
}

type graphKeywordBody struct {
	Phrase          string `json:"phrase"`
	MonthlySearches *int64 `json:"monthly_searches" doc:"null: unknown"`
	Covered         bool   `json:"covered" doc:"A page is for it"`
}

type graphCommunityBody struct {
	Label           string             `json:"label"`
	Size            int                `json:"size" doc:"Nodes"`
	ByType          map[string]int     `json:"by_type"`
	Niches          []string           `json:"niches" doc:"At most 20, as of the other lists"`
	Keywords        []graphKeywordBody `json:"keywords"`
	Products        []graphNodeBody    `json:"products"`
	Pages           []graphNodeBody    `json:"pages"`
	Sites           []domain.WebsiteID `json:"sites"`
	Gap             bool               `json:"gap" doc:"People search for it and no page is about it"`
	MonthlySearches int64              `json:"monthly_searches" doc:"Of all its keywords that have a figure"`
}

type graphConflictBody struct {
	Keyword         string             `json:"keyword"`
	MonthlySearches *int64             `json:"monthly_searches"`
	Pages           []graphNodeBody    `json:"pages"`
	Sites           []domain.WebsiteID `json:"sites"`
}

type graphTopicsBody struct {
	Modularity  float64              `json:"modularity"`
	Tries       int                  `json:"tries" doc:"Orders that the search for communities tried, fewer in larger graphs"`
	Total       int                  `json:"total" doc:"Communities"`
	Gaps        int                  `json:"gaps"`
	Communities []graphCommunityBody `json:"communities"`
	Conflicts   []graphConflictBody  `json:"conflicts" doc:"At most 1,000, the most searched first"`
}

func toGraphTopics(t *domain.GraphTopics) graphTopicsBody {
	b := graphTopicsBody{
		Modularity: t.Modularity, Tries: t.Tries, Total: t.Total, Gaps: t.Gaps, Communities: []graphCommunityBody{}, Conflicts: []graphConflictBody{},
	}
	for _, c := range t.Communities {
		keywords := make([]graphKeywordBody, len(c.Keywords))
		for i, k := range c.Keywords {
			keywords[i] = graphKeywordBody{k.Phrase, k.Demand, k.Covered}
		}
		b.Communities = append(b.Communities, graphCommunityBody{
			c.Label, c.Size, countsOf(c.ByType), list(c.Niches), keywords, nodesOf(c.Products), nodesOf(c.Pages), list(c.Sites), c.Gap, c.Demand,
		})
	}
	for _, c := range t.Conflicts {
		b.Conflicts = append(b.Conflicts, graphConflictBody{c.Keyword, c.Demand, nodesOf(c.Pages), list(c.Sites)})
	}
	return b
}

type graphSourceBody struct {
	ID            string                 `json:"id"`
	Kind          domain.GraphSourceKind `json:"kind"`
	Name          string                 `json:"name"`
	Shared        bool                   `json:"shared" doc:"All tenants see what it says"`
	At            time.Time              `json:"at" doc:"When it last said something"`
	Contributions int                    `json:"contributions"`
	WithdrawnAt   *time.Time             `json:"withdrawn_at" doc:"null: it counts"`
	UpdatedAt     time.Time              `json:"updated_at"`
}

func toGraphSource(s *domain.GraphSource) graphSourceBody {
	return graphSourceBody{s.ID, s.Kind, s.Name, s.Tenant == domain.GraphShared, s.At.UTC(), s.Rows, utc(s.WithdrawnAt), s.UpdatedAt.UTC()}
}

type graphRestingBody struct {
	ID    string `json:"id"`
	Alone bool   `json:"alone" doc:"Nobody else speaks of it: it goes with the source"`
}

type graphPageBody struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	PageID    domain.PageID    `json:"page_id"`
}

type graphBlastBody struct {
	Source         graphSourceBody    `json:"source"`
	Contributions  int                `json:"contributions"`
	Nodes          int                `json:"nodes" doc:"That it speaks of"`
	NodesAlone     int                `json:"nodes_alone" doc:"That nobody else speaks of"`
	Relations      int                `json:"relations"`
	RelationsAlone int                `json:"relations_alone"`
	ByType         map[string]int     `json:"by_type"`
	Sample         []graphRestingBody `json:"sample" doc:"The first nodes, at most 100"`
	Evidence       int                `json:"evidence" doc:"Pieces that the pages cite, also through computations"`
	Pages          []graphPageBody    `json:"pages" doc:"Of the caller's websites, that cite it"`
	Withdrawn      bool               `json:"withdrawn" doc:"By this request"`
}

func toGraphBlast(b *domain.GraphBlast) graphBlastBody {
	out := graphBlastBody{
		Source: toGraphSource(&b.Source), Contributions: b.Contributions, Nodes: b.Nodes, NodesAlone: b.NodesAlone, Relations: b.Relations, RelationsAlone: b.RelsAlone,
		ByType: countsOf(b.ByType), Sample: make([]graphRestingBody, len(b.Sample)), Evidence: b.Evidence, Pages: make([]graphPageBody, len(b.Pages)), Withdrawn: b.Withdrawn,
	}
	for i, r := range b.Sample {
		out.Sample[i] = graphRestingBody{r.String(), r.Alone}
	}
	for i, p := range b.Pages {
		out.Pages[i] = graphPageBody{p.WebsiteID, p.PageID}
	}
	return out
}

type graphStaleBody struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	PageID    domain.PageID    `json:"page_id"`
	Source    string           `json:"source"`
	Reason    string           `json:"reason" enum:"changed,gone,withdrawn"`
	At        time.Time        `json:"at"`
}

func toGraphStale(s *domain.GraphStale) graphStaleBody {
	return graphStaleBody{s.WebsiteID, s.PageID, s.Source, s.Reason, s.At.UTC()}
}
