package service_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
	"empire/internal/service"
	"empire/internal/store"
)

// newGraph returns the service over a store, with what the program puts in.
func newGraph(st *store.Store) *service.Graph {
	return service.NewGraph(service.GraphConfig{
		Tx: st, Store: st.Graph, Feeds: st.Feeds, Pages: st.Pages, Evidence: st.Evidence, Audit: st.Audit, Now: time.Now,
		Survey: func(walk func(fn func(f *domain.GraphFact) error) error) (service.GraphAtlas, error) {
			return graph.Survey(walk)
		},
		Open:  func(r io.Reader) (*domain.GraphFile, error) { return graph.Open(r, graph.ReadOptions{}) },
		Write: graph.Write,
		Digest: func(meta []byte, each func(fn func(c *domain.GraphContribution) error) error) (string, error) {
			g, err := graph.Restore(meta, each)
			if err != nil {
				return "", err
			}
			return g.Digest(), nil
		},
	})
}

const smallGraph = `{"directed": true, "multigraph": false, "graph": {}, "nodes": [{"id": "a", "type": "niche"}, {"id": "b", "type": "niche"}], "links": [{"source": "a", "target": "b"}]}`

// TestGraphImport: the same file again changes nothing, another takes its place, a bad
// one leaves what was there; each change is in the log once.
func TestGraphImport(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		g, ctx := newGraph(st), in(t.Context(), "acme")
		first, err := g.Import(ctx, "dir/old.json", strings.NewReader(smallGraph))
		if err != nil || first.Source != "import:old.json" || first.Nodes != 2 || first.Edges != 1 || first.SHA256 != first.Stored || first.Unchanged {
			t.Fatalf("import = %+v, %v", first, err)
		}
		again, err := g.Import(ctx, "old.json", strings.NewReader(smallGraph))
		if err != nil || !again.Unchanged || again.Stored != first.SHA256 {
			t.Errorf("again = %+v, %v", again, err)
		}
		_, err = g.Import(ctx, "old.json", strings.NewReader(smallGraph[:90]))
		if domain.CodeOf(err) != domain.CodeMalformed || !strings.Contains(domain.MessageOf(err), "byte 90") {
			t.Errorf("cut off: %v", err)
		}
		if sum, err := g.Summary(ctx, time.Time{}); err != nil || sum.Nodes != 2 || sum.Relations != 1 || sum.Sources != 1 {
			t.Errorf("after a bad file: %+v, %v", sum, err)
		}
		other, err := g.Import(ctx, "old.json", strings.NewReader(strings.Replace(smallGraph, `"target": "b"`, `"target": "c"`, 1)))
		if err != nil || other.Unchanged || other.Dangling != 1 {
			t.Errorf("another = %+v, %v", other, err)
		}
		if sum, err := g.Summary(ctx, time.Time{}); err != nil || sum.Nodes != 3 {
			t.Errorf("after another: %+v, %v", sum, err)
		}
		if b, err := g.Withdraw(ctx, "import:old.json", false); err != nil || !b.Withdrawn || b.NodesAlone != 3 || b.RelsAlone != 1 {
			t.Errorf("withdraw = %+v, %v", b, err)
		}
		if sum, err := g.Summary(ctx, time.Time{}); err != nil || sum.Nodes != 0 || sum.Sources != 0 {
			t.Errorf("after withdrawing: %+v, %v", sum, err)
		}
		entries, _, err := st.Audit.List(ctx, domain.AuditFilter{}, domain.Window{Limit: 10})
		if err != nil || len(entries) != 3 || entries[0].Action != "graph.source.withdrawn" || entries[1].Action != "graph.imported" || entries[2].Tenant != "acme" {
			t.Errorf("the log has %+v, %v", entries, err)
		}
	})
}

// TestGraphTenants: nobody sees or takes back what another tenant imported, and nobody
// does anything without the right.
func TestGraphTenants(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		g, acme, other := newGraph(st), in(t.Context(), "acme"), in(t.Context(), "other")
		if _, err := g.Import(acme, "own.json", strings.NewReader(smallGraph)); err != nil {
			t.Fatal(err)
		}
		w, a, b := domain.Window{Limit: 10}, domain.GraphRef{Type: domain.NodeNiche, ID: "a"}, domain.GraphRef{Type: domain.NodeNiche, ID: "b"}
		byID := map[string]func(ctx context.Context) error{
			"Node":     func(ctx context.Context) error { _, err := g.Node(ctx, a, time.Time{}); return err },
			"Path":     func(ctx context.Context) error { _, err := g.Path(ctx, a, b); return err },
			"Source":   func(ctx context.Context) error { _, err := g.Source(ctx, "import:own.json"); return err },
			"Withdraw": func(ctx context.Context) error { _, err := g.Withdraw(ctx, "import:own.json", true); return err },
		}
		for name, call := range byID {
			wantCode(t, name+" by another", call(other), domain.CodeNotFound)
			wantCode(t, name+" by its own", call(acme), "")
		}
		counts := map[string]func(ctx context.Context) (int, error){
			"Summary": func(ctx context.Context) (int, error) { s, err := g.Summary(ctx, time.Time{}); return s.Nodes, err },
			"Nodes": func(ctx context.Context) (int, error) {
				l, n, err := g.Nodes(ctx, domain.GraphNodeFilter{}, w)
				return len(l) + n, err
			},
			"Rank": func(ctx context.Context) (int, error) {
				r, err := g.Rank(ctx, domain.MeasureDegree, domain.GraphNodeFilter{}, w)
				return r.Total, err
			},
			"Communities": func(ctx context.Context) (int, error) { r, err := g.Communities(ctx, w); return r.Total, err },
			"Sources":     func(ctx context.Context) (int, error) { l, n, err := g.Sources(ctx, w); return len(l) + n, err },
			"Export": func(ctx context.Context) (int, error) {
				s, err := g.Export(ctx, domain.FormatNodeLink)
				if err != nil {
					return 0, err
				}
				var out strings.Builder
				err = s.Write(&out)
				return strings.Count(out.String(), "niche:a"), err
			},
		}
		for name, count := range counts {
			if n, err := count(other); n != 0 || err != nil {
				t.Errorf("%s by another: %d, %v", name, n, err)
			}
			if n, err := count(acme); n == 0 || err != nil {
				t.Errorf("%s by its own: %d, %v", name, n, err)
			}
		}
		reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "u", Tenant: "acme", Permissions: []domain.Permission{domain.IntelligenceUse}})
		_, err := g.Withdraw(reader, "import:own.json", false)
		wantCode(t, "withdraw by a reader", err, domain.CodeForbidden)
		_, err = g.Import(reader, "x", strings.NewReader(smallGraph))
		wantCode(t, "import by a reader", err, domain.CodeForbidden)
		_, _, err = g.Stale(domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "u", Tenant: "acme"}), "", w)
		wantCode(t, "stale without a right", err, domain.CodeForbidden)
	})
}
