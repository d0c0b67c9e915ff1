package service

import (
	"context"
	"io"
	"sync"
	"time"

	"empire/internal/domain"
)

type graphStore interface {
	Put(ctx context.Context, src *domain.GraphSource, parts []domain.GraphPart) (added, changed []string, err error)
	Remove(ctx context.Context, tenant domain.TenantID, source string, parts []string) error
	Withdraw(ctx context.Context, tenant domain.TenantID, source string, at time.Time) error
	Version(ctx context.Context, tenant domain.TenantID) (int64, error)
	Sources(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.GraphSource, int, error)
	Source(ctx context.Context, tenant domain.TenantID, id string) (*domain.GraphSource, error)
	Walk(ctx context.Context, tenant domain.TenantID, at time.Time, names []string, fn func(f *domain.GraphFact) error) error
	About(ctx context.Context, tenant domain.TenantID, ref domain.GraphRef, at time.Time, limit int) ([]domain.GraphFact, []domain.GraphContribution, int, error)
	Attributes(ctx context.Context, tenant domain.TenantID, ref domain.GraphRef, at time.Time) (map[string]string, error)
	Contributions(ctx context.Context, tenant domain.TenantID, source string, fn func(c *domain.GraphContribution) error) error
	Blast(ctx context.Context, tenant domain.TenantID, src *domain.GraphSource, sample int) (*domain.GraphBlast, error)
	Rests(ctx context.Context, tenant domain.TenantID, source string) ([]domain.GraphRest, int, error)
	SetRests(ctx context.Context, site *domain.Website, rests map[domain.GraphRest]int) error
	MarkStale(ctx context.Context, list []domain.GraphStale) error
	Stale(ctx context.Context, tenant domain.TenantID, source string, w domain.Window) ([]domain.GraphStale, int, error)
	FeedDiff(ctx context.Context, feed domain.FeedID, after string, limit int) ([]domain.Product, error)
	FeedChanged(ctx context.Context, feed domain.FeedID) ([]string, error)
	Parts(ctx context.Context, tenant domain.TenantID, source string) (map[string]string, error)
	FeedGone(ctx context.Context, feed domain.FeedID) ([]string, error)
	FeedMerchants(ctx context.Context, feed domain.FeedID) (map[string]string, error)
}

type feedLister interface {
	Get(ctx context.Context, id domain.FeedID) (*domain.Feed, error)
	List(ctx context.Context, w domain.Window) ([]domain.Feed, int, error)
}

// GraphAtlas is one state of a tenant's graph, ready to be asked.
type GraphAtlas interface {
	Summary() domain.GraphSummary
	Node(r domain.GraphRef) (domain.GraphNode, bool)
	Nodes(f domain.GraphNodeFilter, w domain.Window) ([]domain.GraphNode, int)
	Path(from, to domain.GraphRef) (*domain.GraphPath, error)
	Rank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*domain.GraphRanking, error)
	Topics(w domain.Window) (*domain.GraphTopics, error)
}

// GraphSay is what things of the portfolio say to the graph.
type GraphSay struct {
	Product   func(p *domain.Product) []domain.GraphContribution
	Merchants func(names map[string]string) []domain.GraphContribution
	Program   func(p *domain.Program) []domain.GraphContribution
	Keyword   func(k *domain.Keyword) []domain.GraphContribution
	Site      func(w *domain.Website) []domain.GraphContribution
	Page      func(w *domain.Website, p *domain.Page, evidence map[domain.EvidenceID]*domain.Evidence, slugs map[string]domain.PageID, programs map[domain.ProgramID]*domain.Program) []domain.GraphContribution
}

// GraphConfig is what Graph needs.
type GraphConfig struct {
	Tx       transactor
	Store    graphStore
	Feeds    feedLister
	Pages    pageStore
	Evidence evidenceStore
	Say      GraphSay
	// Survey makes an atlas of what walk yields; Open reads a file of another program and
	// Digest is the SHA-256 over the canonical rows of what was stored of one; Write
	// writes one.
	Survey  func(walk func(fn func(f *domain.GraphFact) error) error) (GraphAtlas, error)
	Open    func(r io.Reader) (*domain.GraphFile, error)
	Digest  func(meta []byte, each func(fn func(c *domain.GraphContribution) error) error) (string, error)
	Write   func(w io.Writer, format domain.GraphFormat, walk func(fn func(f *domain.GraphFact) error) error) error
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	Audit   auditStore
	Now     func() time.Time
}

// Graph keeps and reads the knowledge graph: what feeds, programs, keywords, websites
// and imported graphs say about each other. What the catalogue says is shared by all
// tenants; the rest belongs to one.
type Graph struct {
	cfg     GraphConfig
	journal journal

	mu      sync.Mutex
	atlases map[atlasKey]*heldAtlas
	turn    int // grows with each use
}

type atlasKey struct {
	tenant domain.TenantID
	at     int64 // unix microseconds; 0: whenever
}

// heldAtlas is built once, by whoever asks first; others wait for it.
type heldAtlas struct {
	version int64
	used    int
	ready   chan struct{}
	atlas   GraphAtlas
	err     error
}

// NewGraph returns the service.
func NewGraph(cfg GraphConfig) *Graph {
	return &Graph{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}, atlases: map[atlasKey]*heldAtlas{}}
}

// maxAtlases bounds the states of graphs that are kept in memory.
const maxAtlases = 4

// reader returns the tenant whose graph the principal may read.
func (*Graph) reader(ctx context.Context) (domain.TenantID, error) {
	p, err := domain.Require(ctx, domain.IntelligenceUse)
	if err != nil {
		return "", err
	}
	return p.Tenant.OrDefault(), nil
}

// atlas returns the graph as a tenant sees it now, of what is true at a time (zero:
// whenever).
func (s *Graph) atlas(ctx context.Context, tenant domain.TenantID, at time.Time) (GraphAtlas, int64, error) {
	version, err := s.cfg.Store.Version(ctx, tenant)
	if err != nil {
		return nil, 0, err
	}
	key := atlasKey{tenant: tenant}
	if !at.IsZero() {
		key.at = at.UnixMicro()
	}
	h, mine := s.claim(key, version)
	if !mine {
		select {
		case <-h.ready:
			return h.atlas, version, h.err
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	h.atlas, h.err = s.cfg.Survey(func(fn func(f *domain.GraphFact) error) error {
		return s.cfg.Store.Walk(ctx, tenant, at, []string{"name", "monthly_searches"}, fn)
	})
	close(h.ready)
	if h.err != nil {
		s.drop(key, h)
	}
	return h.atlas, version, h.err
}

// claim returns the atlas of a version, and whether the caller has to build it.
func (s *Graph) claim(key atlasKey, version int64) (*heldAtlas, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	if h := s.atlases[key]; h != nil && h.version == version {
		h.used = s.turn
		return h, false
	}
	h := &heldAtlas{version: version, used: s.turn, ready: make(chan struct{})}
	s.atlases[key] = h
	if len(s.atlases) > maxAtlases {
		oldest := key
		for k, held := range s.atlases {
			if held.used < s.atlases[oldest].used {
				oldest = k
			}
		}
		delete(s.atlases, oldest)
	}
	return h, true
}

func (s *Graph) drop(key atlasKey, h *heldAtlas) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.atlases[key] == h {
		delete(s.atlases, key)
	}
}

// Summary returns the graph in figures. at says which relations count: those that are
// true then; zero: all.
func (s *Graph) Summary(ctx context.Context, at time.Time) (*domain.GraphSummary, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	a, version, err := s.atlas(ctx, tenant, at)
	if err != nil {
		return nil, err
	}
	sum := a.Summary()
	sum.Version = version
	for offset := 0; ; {
		list, total, err := s.cfg.Store.Sources(ctx, tenant, domain.Window{Limit: 1000, Offset: offset})
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].WithdrawnAt == nil {
				sum.Sources++
				sum.Contributions += list[i].Rows
			}
		}
		if offset += len(list); len(list) == 0 || offset >= total {
			break
		}
	}
	_, sum.Stale, err = s.cfg.Store.Stale(ctx, tenant, "", domain.Window{Limit: 1})
	return &sum, err
}

// Nodes returns a window of the nodes, by type and id, and how many there are.
func (s *Graph) Nodes(ctx context.Context, f domain.GraphNodeFilter, w domain.Window) ([]domain.GraphNode, int, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, 0, err
	}
	a, _, err := s.atlas(ctx, tenant, time.Time{})
	if err != nil {
		return nil, 0, err
	}
	list, total := a.Nodes(f, w)
	return list, total, nil
}

// maxAround bounds the relations and contributions of one node that are shown.
const maxAround = 1000

// Node returns a node with its relations and what the sources say about it, of what is
// true at a time (zero: whenever). It reads only that from the database.
func (s *Graph) Node(ctx context.Context, ref domain.GraphRef, at time.Time) (*domain.GraphNodeDetail, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	facts, rows, total, err := s.cfg.Store.About(ctx, tenant, ref, at, maxAround)
	if err != nil {
		return nil, err
	}
	if total == 0 {
		return nil, domain.Errorf(domain.CodeNotFound, "The knowledge graph has no node %s.", ref)
	}
	n := &domain.GraphNodeDetail{GraphNode: domain.GraphNode{GraphRef: ref}, Relations: []domain.GraphFact{}, Contributions: rows, Total: total}
	if n.Attributes, err = s.cfg.Store.Attributes(ctx, tenant, ref, at); err != nil {
		return nil, err
	}
	n.Name = n.Attributes["name"]
	for _, f := range facts {
		switch {
		case f.Relation == "":
			n.Sources = f.Sources
			continue
		case f.Node == ref:
			n.Out++
		default:
			n.In++
		}
		n.Relations = append(n.Relations, f)
	}
	return n, nil
}

// Path returns a shortest way between two nodes, with directions left out.
func (s *Graph) Path(ctx context.Context, from, to domain.GraphRef) (*domain.GraphPath, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	a, _, err := s.atlas(ctx, tenant, time.Time{})
	if err != nil {
		return nil, err
	}
	return a.Path(from, to)
}

// Rank returns nodes in the order of a measure.
func (s *Graph) Rank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*domain.GraphRanking, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	a, _, err := s.atlas(ctx, tenant, time.Time{})
	if err != nil {
		return nil, err
	}
	return a.Rank(ctx, by, f, w)
}

// Communities returns the topical map with a window of its communities.
func (s *Graph) Communities(ctx context.Context, w domain.Window) (*domain.GraphTopics, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	a, _, err := s.atlas(ctx, tenant, time.Time{})
	if err != nil {
		return nil, err
	}
	return a.Topics(w)
}

// Export returns the graph as a file. It is read while it is written.
func (s *Graph) Export(ctx context.Context, format domain.GraphFormat) (*domain.GraphStream, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	out := &domain.GraphStream{ContentType: "application/node-link+json", Name: "graph.json"}
	switch format {
	case domain.FormatNodeLink:
	case domain.FormatGraphML:
		out.ContentType, out.Name = "application/graphml+xml", "graph.graphml"
	default:
		return nil, domain.Invalid("format", "The format must be %s or %s, not %q.", domain.FormatNodeLink, domain.FormatGraphML, format)
	}
	out.Write = func(w io.Writer) error {
		return s.cfg.Write(w, format, func(fn func(f *domain.GraphFact) error) error {
			return s.cfg.Store.Walk(ctx, tenant, time.Time{}, nil, fn)
		})
	}
	return out, nil
}
