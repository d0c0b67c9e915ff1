package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"empire/internal/domain"
)

type graphService interface {
	Summary(ctx context.Context, at time.Time) (*domain.GraphSummary, error)
	Nodes(ctx context.Context, f domain.GraphNodeFilter, w domain.Window) ([]domain.GraphNode, int, error)
	Node(ctx context.Context, ref domain.GraphRef, at time.Time) (*domain.GraphNodeDetail, error)
	Path(ctx context.Context, from, to domain.GraphRef) (*domain.GraphPath, error)
	Rank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*domain.GraphRanking, error)
	Communities(ctx context.Context, w domain.Window) (*domain.GraphTopics, error)
	Export(ctx context.Context, format domain.GraphFormat) (*domain.GraphStream, error)
	Sources(ctx context.Context, w domain.Window) ([]domain.GraphSource, int, error)
	Source(ctx context.Context, id string) (*domain.GraphBlast, error)
	Withdraw(ctx context.Context, id string, dryRun bool) (*domain.GraphBlast, error)
	Stale(ctx context.Context, source string, w domain.Window) ([]domain.GraphStale, int, error)
}

type (
	graphAtInput struct {
		At time.Time `query:"at" doc:"Only what is true at this time; left out: whenever"`
	}
	graphNodesInput struct {
		Window
		GraphFilter
	}
	graphNodeInput struct {
		ID string    `path:"node_id" maxLength:"4000" doc:"Type and id with a colon between: niche:keyboard"`
		At time.Time `query:"at" doc:"Only what is true at this time; left out: whenever"`
	}
	graphPathInput struct {
		From string `query:"from" required:"true" minLength:"1" maxLength:"4000" doc:"Type and id with a colon between: niche:keyboard"`
		To   string `query:"to" required:"true" minLength:"1" maxLength:"4000" doc:"Type and id with a colon between: niche:keyboard"`
	}
	graphRankInput struct {
		Window
		GraphFilter
		By domain.GraphMeasure `query:"by" default:"pagerank" enum:"degree,pagerank,betweenness,closeness" doc:"The measure"`
	}
	graphTopicsInput struct{ Window }
	graphExportInput struct {
		Format domain.GraphFormat `query:"format" default:"node-link" enum:"node-link,graphml" doc:"node-link: JSON that NetworkX reads; graphml: GraphML 1.0"`
	}
	graphSourcesInput struct{ Window }
	graphSourceInput  struct {
		ID string `path:"source_id" maxLength:"400"`
	}
	graphWithdrawInput struct {
		ID     string `path:"source_id" maxLength:"400"`
		DryRun bool   `query:"dry_run" doc:"Only tell what it would mean"`
	}
	graphStaleInput struct {
		Window
		Source string `query:"source" maxLength:"400" doc:"Only pages that rest on this source"`
	}
)

// GraphFilter selects nodes. It is embedded in the inputs of operations that list them.
type GraphFilter struct {
	Type  domain.NodeType `query:"type" enum:"niche,product,brand,merchant,program,keyword,page,site,entity" doc:"Only nodes of this type"`
	Query string          `query:"query" maxLength:"200" doc:"Only nodes with this in their id or name, in any case"`
}

func (f *GraphFilter) domain() domain.GraphNodeFilter {
	return domain.GraphNodeFilter{Type: f.Type, Query: f.Query}
}

const exampleNodeLink = `{"directed": true, "multigraph": true, "graph": {}, "nodes": [{"id": "niche:keyboard", "type": "niche"}], "links": []}`

var exampleNode = graphNodeBody{ID: "niche:keyboard", Type: domain.NodeNiche, In: 128, Out: 1, Sources: 2}

func registerGraph(a *API, g graphService) {
	handle(a, operation{
		id: "get-graph", method: http.MethodGet, path: "/intelligence/graph", tag: "graph", permission: domain.IntelligenceUse,
		summary: "Show the knowledge graph in figures",
		text:    "Components are those of the graph without directions; density is the share of the possible relations. Figures are exact.",
		response: graphBody{
			Nodes: 320, Relations: 910, Sources: 4, Contributions: 1400, ByType: map[string]int{"niche": 12}, ByRelation: map[string]int{"part_of": 240}, Components: 3,
			LargestComponent: 310, Density: 0.0089, Oldest: &exampleTime, Newest: &exampleTime, Version: 17,
		},
	}, func(ctx context.Context, in *graphAtInput) (*output[graphBody], error) {
		s, err := g.Summary(ctx, in.At)
		return answerOf(toGraph)(s, err)
	})
	handle(a, operation{
		id: "list-graph-nodes", method: http.MethodGet, path: "/intelligence/graph/nodes", tag: "graph", permission: domain.IntelligenceUse,
		summary: "List nodes of the knowledge graph", text: "By type and id.", response: []graphNodeBody{exampleNode},
	}, func(ctx context.Context, in *graphNodesInput) (*listOutput[graphNodeBody], error) {
		items, total, err := g.Nodes(ctx, in.GraphFilter.domain(), in.Window.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toGraphNode), nil
	})
	handle(a, operation{
		id: "get-graph-node", method: http.MethodGet, path: "/intelligence/graph/nodes/{node_id}", tag: "graph", permission: domain.IntelligenceUse,
		summary: "Show a node with its neighbors and who says so", text: "At most 1,000 relations and contributions of it.",
		response: graphDetailBody{
			Node: exampleNode, Attributes: map[string]string{}, Total: 1,
			Relations:     []graphRelationBody{{From: "keyword:en:keyboard", Relation: domain.RelationServes, To: "niche:keyboard", Weight: 1, Sources: 1, Latest: exampleTime, Attributes: map[string]string{}}},
			Contributions: []graphContributionBody{{Source: "keywords:file", At: exampleTime, Node: "keyword:en:keyboard", Relation: domain.RelationServes, To: "niche:keyboard", Weight: 1}},
		},
	}, func(ctx context.Context, in *graphNodeInput) (*output[graphDetailBody], error) {
		ref, err := domain.ParseGraphRef("node_id", in.ID)
		if err != nil {
			return nil, err
		}
		n, err := g.Node(ctx, ref, in.At)
		return answerOf(toGraphDetail)(n, err)
	})
	registerGraphMeasures(a, g)
	registerGraphSources(a, g)
}

func registerGraphMeasures(a *API, g graphService) {
	handle(a, operation{
		id: "get-graph-path", method: http.MethodGet, path: "/intelligence/graph/path", tag: "graph", permission: domain.IntelligenceUse,
		summary: "Find a shortest way between two nodes", text: "Directions are left out. No way is not found.", problems: []int{http.StatusNotFound},
		response: graphPathBody{Length: 1, Nodes: []graphNodeBody{exampleNode, {ID: "keyword:en:keyboard", Type: domain.NodeKeyword, Name: "keyboard", Out: 1, Sources: 1}}},
	}, func(ctx context.Context, in *graphPathInput) (*output[graphPathBody], error) {
		from, err := domain.ParseGraphRef("from", in.From)
		if err != nil {
			return nil, err
		}
		to, err := domain.ParseGraphRef("to", in.To)
		if err != nil {
			return nil, err
		}
		p, err := g.Path(ctx, from, to)
		return answerOf(toGraphPath)(p, err)
	})
	handle(a, operation{
		id: "rank-graph-nodes", method: http.MethodGet, path: "/intelligence/graph/rank", tag: "graph", permission: domain.IntelligenceUse,
		summary: "List nodes in the order of a measure",
		text: "PageRank follows relations by weight; betweenness and closeness count steps, with directions left out. " +
			"In a graph too large for searches from every node they are estimated from samples, and samples says how many.",
		response: graphRankBody{By: domain.MeasurePageRank, Total: 1, Nodes: []graphRankedBody{{exampleNode, 0.031}}},
	}, func(ctx context.Context, in *graphRankInput) (*output[graphRankBody], error) {
		r, err := g.Rank(ctx, in.By, in.GraphFilter.domain(), in.Window.domain())
		return answerOf(toGraphRank)(r, err)
	})
	demand := int64(8100)
	handle(a, operation{
		id: "get-graph-communities", method: http.MethodGet, path: "/intelligence/graph/communities", tag: "graph", permission: domain.IntelligenceUse,
		summary: "Show the topical map: communities, gaps, and websites that compete with each other",
		text: "Communities of niches, products, keywords and pages by Louvain, the largest first. A gap is a community that people search for and no page is about; " +
			"a conflict is a keyword that pages of several websites are for.",
		response: graphTopicsBody{
			Modularity: 0.71, Tries: 10, Total: 1, Conflicts: []graphConflictBody{{Keyword: "keyboard", MonthlySearches: &demand, Pages: []graphNodeBody{}, Sites: []domain.WebsiteID{exampleSite}}},
			Communities: []graphCommunityBody{{
				Label: "keyboard", Size: 42, ByType: map[string]int{"keyword": 12}, Niches: []string{"keyboard"}, Products: []graphNodeBody{}, Pages: []graphNodeBody{},
				Sites: []domain.WebsiteID{}, Gap: true, MonthlySearches: demand, Keywords: []graphKeywordBody{{Phrase: "keyboard", MonthlySearches: &demand}},
			}}, Gaps: 1,
		},
	}, func(ctx context.Context, in *graphTopicsInput) (*output[graphTopicsBody], error) {
		t, err := g.Communities(ctx, in.domain())
		return answerOf(toGraphTopics)(t, err)
	})
	handleStream(a, operation{
		id: "export-graph", method: http.MethodGet, path: "/intelligence/graph/export", tag: "graph", permission: domain.IntelligenceUse,
		summary: "Take out the knowledge graph", text: "As node-link JSON, which NetworkX reads, or GraphML. Edges weigh the sum of what was contributed.",
	}, map[string]any{"application/node-link+json": exampleNodeLink, "application/graphml+xml": nil}, func(ctx context.Context, in *graphExportInput) (*stream, error) {
		s, err := g.Export(ctx, in.Format)
		if err != nil {
			return nil, err
		}
		return &stream{kind: s.ContentType, name: s.Name, write: func(_ context.Context, w io.Writer) error { return s.Write(w) }}, nil
	})
}

func registerGraphSources(a *API, g graphService) {
	source := graphSourceBody{ID: "feed:feed_01k2ja", Kind: domain.GraphFeed, Name: "pcparts.csv.gz", Shared: true, At: exampleTime, Contributions: 1200, UpdatedAt: exampleTime}
	blast := graphBlastBody{
		Source: source, Contributions: 1200, Nodes: 320, NodesAlone: 290, Relations: 880, RelationsAlone: 870, ByType: map[string]int{"product": 280},
		Sample: []graphRestingBody{{"product:feed_01k2ja:1001", true}}, Evidence: 96, Pages: []graphPageBody{{exampleSite, "page_01k2ja"}},
	}
	handle(a, operation{
		id: "list-graph-sources", method: http.MethodGet, path: "/intelligence/graph/sources", tag: "graph", permission: domain.IntelligenceUse,
		summary: "List who says what the knowledge graph holds", response: []graphSourceBody{source},
	}, func(ctx context.Context, in *graphSourcesInput) (*listOutput[graphSourceBody], error) {
		items, total, err := g.Sources(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toGraphSource), nil
	})
	handle(a, operation{
		id: "get-graph-source", method: http.MethodGet, path: "/intelligence/graph/sources/{source_id}", tag: "graph", permission: domain.IntelligenceUse,
		summary: "Show what rests on a source", text: "Nodes and relations that it names, which of them nobody else names, and the pages that cite it.", response: blast,
	}, func(ctx context.Context, in *graphSourceInput) (*output[graphBlastBody], error) {
		b, err := g.Source(ctx, in.ID)
		return answerOf(toGraphBlast)(b, err)
	})
	blast.Withdrawn = true
	handle(a, operation{
		id: "withdraw-graph-source", method: http.MethodDelete, path: "/intelligence/graph/sources/{source_id}", tag: "graph", permission: domain.WebsitesManage,
		summary: "Take back everything that a source says",
		text: "The graph is then the one that never saw it, and the pages that cite it are listed as stale. What all tenants share is taken from all. " +
			"A feed or an imported graph comes back when it is imported again.", problems: []int{http.StatusConflict}, response: blast,
	}, func(ctx context.Context, in *graphWithdrawInput) (*output[graphBlastBody], error) {
		b, err := g.Withdraw(ctx, in.ID, in.DryRun)
		return answerOf(toGraphBlast)(b, err)
	})
	handle(a, operation{
		id: "list-stale-pages", method: http.MethodGet, path: "/intelligence/graph/stale", tag: "graph", permission: domain.IntelligenceUse,
		summary: "List pages whose grounds changed since they were published", text: "A page is off the list when its website is published again.",
		response: []graphStaleBody{{exampleSite, "page_01k2ja", "feed:feed_01k2ja", domain.StaleChanged, exampleTime}},
	}, func(ctx context.Context, in *graphStaleInput) (*listOutput[graphStaleBody], error) {
		items, total, err := g.Stale(ctx, in.Source, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toGraphStale), nil
	})
}
