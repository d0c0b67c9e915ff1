package main

import (
	"bytes"
	"context"
	"time"

	"empire/client"
	"empire/internal/domain"
)

// graphKeeper is the part of a portfolio that knows what is related to what. Its views
// are the models of the API.
type graphKeeper interface {
	Graph(ctx context.Context, at time.Time) (*client.Graph, error)
	GraphNodes(ctx context.Context, f domain.GraphNodeFilter, w domain.Window) ([]client.GraphNode, int, error)
	GraphNode(ctx context.Context, id string, at time.Time) (*client.GraphDetail, error)
	GraphPath(ctx context.Context, from, to string) (*client.GraphPath, error)
	GraphRank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*client.GraphRank, error)
	GraphTopics(ctx context.Context, w domain.Window) (*client.GraphTopics, error)
	GraphSources(ctx context.Context, w domain.Window) ([]client.GraphSource, int, error)
	GraphSource(ctx context.Context, id string) (*client.GraphBlast, error)
	WithdrawGraphSource(ctx context.Context, id string, dryRun bool) (*client.GraphBlast, error)
	StalePages(ctx context.Context, source string, w domain.Window) ([]client.GraphStale, int, error)
	ExportGraph(ctx context.Context, format domain.GraphFormat) ([]byte, error)
}

// follow brings the graph up to what was imported without a server to do so.
func (l local) follow(ctx context.Context) error {
	_, err := l.a.Graph.CatchUp(ctx)
	return err
}

// current calls fn once the graph is up to date and gives its answer the form of a view.
func current[D, V any](ctx context.Context, l local, to func(*D) V, fn func() (*D, error)) (*V, error) {
	if err := l.follow(ctx); err != nil {
		return nil, err
	}
	return view(to)(fn())
}

// Graph implements portfolio.
func (l local) Graph(ctx context.Context, at time.Time) (*client.Graph, error) {
	return current(ctx, l, viewGraph, func() (*domain.GraphSummary, error) { return l.a.Graph.Summary(ctx, at) })
}

// GraphNodes implements portfolio.
func (l local) GraphNodes(ctx context.Context, f domain.GraphNodeFilter, w domain.Window) ([]client.GraphNode, int, error) {
	if err := l.follow(ctx); err != nil {
		return nil, 0, err
	}
	list, total, err := l.a.Graph.Nodes(ctx, f, w)
	return views(list, viewGraphNode), total, err
}

// GraphNode implements portfolio.
func (l local) GraphNode(ctx context.Context, id string, at time.Time) (*client.GraphDetail, error) {
	ref, err := domain.ParseGraphRef("node", id)
	if err != nil {
		return nil, err
	}
	return current(ctx, l, viewGraphDetail, func() (*domain.GraphNodeDetail, error) { return l.a.Graph.Node(ctx, ref, at) })
}

// GraphPath implements portfolio.
func (l local) GraphPath(ctx context.Context, from, to string) (*client.GraphPath, error) {
	a, err := domain.ParseGraphRef("from", from)
	if err != nil {
		return nil, err
	}
	b, err := domain.ParseGraphRef("to", to)
	if err != nil {
		return nil, err
	}
	return current(ctx, l, viewGraphPath, func() (*domain.GraphPath, error) { return l.a.Graph.Path(ctx, a, b) })
}

// GraphRank implements portfolio.
func (l local) GraphRank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*client.GraphRank, error) {
	return current(ctx, l, viewGraphRank, func() (*domain.GraphRanking, error) { return l.a.Graph.Rank(ctx, by, f, w) })
}

// GraphTopics implements portfolio.
func (l local) GraphTopics(ctx context.Context, w domain.Window) (*client.GraphTopics, error) {
	return current(ctx, l, viewGraphTopics, func() (*domain.GraphTopics, error) { return l.a.Graph.Communities(ctx, w) })
}

// GraphSources implements portfolio.
func (l local) GraphSources(ctx context.Context, w domain.Window) ([]client.GraphSource, int, error) {
	if err := l.follow(ctx); err != nil {
		return nil, 0, err
	}
	list, total, err := l.a.Graph.Sources(ctx, w)
	return views(list, viewGraphSource), total, err
}

// GraphSource implements portfolio.
func (l local) GraphSource(ctx context.Context, id string) (*client.GraphBlast, error) {
	return current(ctx, l, viewGraphBlast, func() (*domain.GraphBlast, error) { return l.a.Graph.Source(ctx, id) })
}

// WithdrawGraphSource implements portfolio.
func (l local) WithdrawGraphSource(ctx context.Context, id string, dryRun bool) (*client.GraphBlast, error) {
	return current(ctx, l, viewGraphBlast, func() (*domain.GraphBlast, error) { return l.a.Graph.Withdraw(ctx, id, dryRun) })
}

// StalePages implements portfolio.
func (l local) StalePages(ctx context.Context, source string, w domain.Window) ([]client.GraphStale, int, error) {
	if err := l.follow(ctx); err != nil {
		return nil, 0, err
	}
	list, total, err := l.a.Graph.Stale(ctx, source, w)
	return views(list, viewGraphStale), total, err
}

// ExportGraph implements portfolio.
func (l local) ExportGraph(ctx context.Context, format domain.GraphFormat) ([]byte, error) {
	if err := l.follow(ctx); err != nil {
		return nil, err
	}
	s, err := l.a.Graph.Export(ctx, format)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = s.Write(&out)
	return out.Bytes(), err
}

// answered passes on what the client returned.
func answered[M any](r *remote, answer *M, err error) (*M, error) {
	if err != nil {
		return nil, r.fault(err)
	}
	return answer, nil
}

func listed[M any](r *remote, list *client.Listing[M], err error) ([]M, int, error) {
	if err != nil {
		return nil, 0, r.fault(err)
	}
	return list.Items, list.Total, nil
}

// moment is a time as the API reads it; zero is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Graph implements portfolio.
func (r *remote) Graph(ctx context.Context, at time.Time) (*client.Graph, error) {
	g, err := r.api.GetGraph(ctx, client.GetGraphParams{At: moment(at)})
	return answered(r, g, err)
}

// GraphNodes implements portfolio.
func (r *remote) GraphNodes(ctx context.Context, f domain.GraphNodeFilter, w domain.Window) ([]client.GraphNode, int, error) {
	list, err := r.api.ListGraphNodes(ctx, client.ListGraphNodesParams{Type: string(f.Type), Query: f.Query, Limit: w.Limit, Offset: w.Offset})
	return listed(r, list, err)
}

// GraphNode implements portfolio.
func (r *remote) GraphNode(ctx context.Context, id string, at time.Time) (*client.GraphDetail, error) {
	n, err := r.api.GetGraphNode(ctx, id, client.GetGraphNodeParams{At: moment(at)})
	return answered(r, n, err)
}

// GraphPath implements portfolio.
func (r *remote) GraphPath(ctx context.Context, from, to string) (*client.GraphPath, error) {
	p, err := r.api.GetGraphPath(ctx, client.GetGraphPathParams{From: from, To: to})
	return answered(r, p, err)
}

// GraphRank implements portfolio.
func (r *remote) GraphRank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*client.GraphRank, error) {
	rank, err := r.api.RankGraphNodes(ctx, client.RankGraphNodesParams{By: string(by), Type: string(f.Type), Query: f.Query, Limit: w.Limit, Offset: w.Offset})
	return answered(r, rank, err)
}

// GraphTopics implements portfolio.
func (r *remote) GraphTopics(ctx context.Context, w domain.Window) (*client.GraphTopics, error) {
	t, err := r.api.GetGraphCommunities(ctx, client.GetGraphCommunitiesParams{Limit: w.Limit, Offset: w.Offset})
	return answered(r, t, err)
}

// GraphSources implements portfolio.
func (r *remote) GraphSources(ctx context.Context, w domain.Window) ([]client.GraphSource, int, error) {
	list, err := r.api.ListGraphSources(ctx, client.ListGraphSourcesParams{Limit: w.Limit, Offset: w.Offset})
	return listed(r, list, err)
}

// GraphSource implements portfolio.
func (r *remote) GraphSource(ctx context.Context, id string) (*client.GraphBlast, error) {
	b, err := r.api.GetGraphSource(ctx, id)
	return answered(r, b, err)
}

// WithdrawGraphSource implements portfolio.
func (r *remote) WithdrawGraphSource(ctx context.Context, id string, dryRun bool) (*client.GraphBlast, error) {
	b, err := r.api.WithdrawGraphSource(ctx, id, client.WithdrawGraphSourceParams{DryRun: dryRun})
	return answered(r, b, err)
}

// StalePages implements portfolio.
func (r *remote) StalePages(ctx context.Context, source string, w domain.Window) ([]client.GraphStale, int, error) {
	list, err := r.api.ListStalePages(ctx, client.ListStalePagesParams{Source: source, Limit: w.Limit, Offset: w.Offset})
	return listed(r, list, err)
}

// ExportGraph implements portfolio.
func (r *remote) ExportGraph(ctx context.Context, format domain.GraphFormat) ([]byte, error) {
	b, err := r.api.ExportGraph(ctx, client.ExportGraphParams{Format: string(format)})
	if err != nil {
		return nil, r.fault(err)
	}
	return b, nil
}
