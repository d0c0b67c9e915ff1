package service

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"empire/internal/domain"
)

// maxSample bounds the nodes that a blast radius lists.
const maxSample = 100

// Sources returns a window of the sources, ordered by id, and how many there are.
func (s *Graph) Sources(ctx context.Context, w domain.Window) ([]domain.GraphSource, int, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.Sources(ctx, tenant, w)
}

// Source returns a source with its blast radius: what rests on it and would go with it.
func (s *Graph) Source(ctx context.Context, id string) (*domain.GraphBlast, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	return s.blast(ctx, tenant, id)
}

func (s *Graph) blast(ctx context.Context, tenant domain.TenantID, id string) (*domain.GraphBlast, error) {
	src, err := s.cfg.Store.Source(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	return s.cfg.Store.Blast(ctx, tenant, src, maxSample)
}

// Withdraw takes back everything that a source says and notes the pages that rest on it
// as stale; it returns what that meant. A dry run only tells. A source that all tenants
// share is taken from all; it comes back when it is imported again.
func (s *Graph) Withdraw(ctx context.Context, id string, dryRun bool) (*domain.GraphBlast, error) {
	p, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	tenant := p.Tenant.OrDefault()
	if dryRun {
		return s.blast(ctx, tenant, id)
	}
	var b *domain.GraphBlast
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if b, err = s.blast(ctx, tenant, id); err != nil {
			return err
		}
		if b.Source.WithdrawnAt != nil {
			return domain.Errorf(domain.CodeConflict, "The source %s is withdrawn already.", id)
		}
		before, now := b.Source, s.journal.stamp()
		if err := s.cfg.Store.Withdraw(ctx, before.Tenant, id, now); err != nil {
			return err
		}
		if err := s.staleAll(ctx, &before, now); err != nil {
			return err
		}
		after, err := s.cfg.Store.Source(ctx, tenant, id)
		if err != nil {
			return err
		}
		b.Source, b.Withdrawn = *after, true
		return s.journal.changed(ctx, "graph.source.withdrawn", id, "", &before, after)
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Stale returns a window of the pages whose grounds changed since they were published,
// and how many there are. A source narrows the list.
func (s *Graph) Stale(ctx context.Context, source string, w domain.Window) ([]domain.GraphStale, int, error) {
	tenant, err := s.reader(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.Stale(ctx, tenant, source, w)
}

// Import brings in a graph of another program, whole or not at all, as a source with a
// name. The same again changes nothing; another graph under the same name takes its
// place.
func (s *Graph) Import(ctx context.Context, name string, r io.Reader) (*domain.GraphImportReport, error) {
	p, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	if name = strings.TrimSpace(filepath.Base(name)); name == "" || name == "." || len(name) > 200 {
		return nil, domain.Invalid("name", "An imported graph needs a name of 1 to 200 bytes.")
	}
	file, err := s.cfg.Open(r)
	if err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	src := &domain.GraphSource{
		ID: domain.GraphSourceID(domain.GraphImport, name), Tenant: p.Tenant.OrDefault(), Kind: domain.GraphImport, Name: name, At: now,
		Meta: file.Meta, UpdatedAt: now,
	}
	report := &domain.GraphImportReport{
		Status: domain.ImportComplete, Source: src.ID, Format: file.Format, Nodes: file.Nodes, Edges: file.Edges, Dangling: file.Dangling, SHA256: file.SHA256,
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		var before any
		if held, err := s.cfg.Store.Source(ctx, src.Tenant, src.ID); err == nil {
			before = held
			if held.WithdrawnAt == nil {
				src.At = held.At
			}
		}
		added, changed, err := s.cfg.Store.Put(ctx, src, []domain.GraphPart{{Hash: file.SHA256, Rows: file.Rows}})
		if err != nil {
			return err
		}
		report.Unchanged = len(added)+len(changed) == 0
		report.Stored, err = s.cfg.Digest(src.Meta, func(fn func(c *domain.GraphContribution) error) error {
			return s.cfg.Store.Contributions(ctx, src.Tenant, src.ID, fn)
		})
		if err != nil {
			return err
		}
		if report.Stored != report.SHA256 {
			return domain.Errorf(domain.CodeInternal, "The graph could not be kept whole.")
		}
		if report.Unchanged {
			return nil
		}
		after, err := s.cfg.Store.Source(ctx, src.Tenant, src.ID)
		if err != nil {
			return err
		}
		return s.journal.changed(ctx, "graph.imported", src.ID, report.SHA256, before, after)
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// staleAll notes all pages that rest on a source.
func (s *Graph) staleAll(ctx context.Context, src *domain.GraphSource, at time.Time) error {
	list, err := s.staleOf(ctx, src, domain.StaleWithdrawn, at, func(context.Context, domain.GraphRest) (bool, error) { return true, nil })
	if err != nil {
		return err
	}
	return s.cfg.Store.MarkStale(ctx, list)
}
