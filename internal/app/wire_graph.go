package app

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/intelligence/graph"
	"empire/internal/service"
)

// graphWorkTime is how long the graph may take to follow an import of a feed.
const graphWorkTime = time.Hour

// wireGraph builds the knowledge graph.
func (a *App) wireGraph() {
	a.Graph = service.NewGraph(service.GraphConfig{
		Tx: a.store, Store: a.store.Graph, Feeds: a.store.Feeds, Pages: a.store.Pages, Evidence: a.store.Evidence, Audit: a.store.Audit, Now: a.now, Enqueue: a.enqueue,
		Say: service.GraphSay{
			Product: catalog.SayProduct, Merchants: catalog.SayMerchants, Program: catalog.SayProgram, Keyword: catalog.SayKeyword, Site: catalog.SaySite, Page: catalog.SayPage,
		},
		Survey: func(walk func(fn func(f *domain.GraphFact) error) error) (service.GraphAtlas, error) {
			return graph.Survey(walk)
		},
		Open:   func(r io.Reader) (*domain.GraphFile, error) { return graph.Open(r, graph.ReadOptions{}) },
		Digest: graphDigest, Write: graph.Write,
	})
	a.queue.Handle(service.JobGraph, graphWorkTime, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Graph.Work(ctx, args)
	})
}

// graphDigest is the SHA-256 over the canonical rows of an imported graph as it is
// stored.
func graphDigest(meta []byte, each func(fn func(c *domain.GraphContribution) error) error) (string, error) {
	g, err := graph.Restore(meta, each)
	if err != nil {
		return "", err
	}
	return g.Digest(), nil
}
