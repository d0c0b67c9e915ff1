package service

import (
	"context"
	"fmt"
	"io"
	"time"

	"empire/internal/domain"
)

// vectorImporter reads a dump of collections into those of a tenant.
type vectorImporter interface {
	Import(ctx context.Context, tenant domain.TenantID, dump io.ReadSeeker) (*domain.VectorImport, error)
}

// VectorsConfig is what Vectors needs.
type VectorsConfig struct {
	Tx     transactor
	Import vectorImporter
	Audit  auditStore
	Now    func() time.Time
}

// Vectors brings collections of vectors in.
type Vectors struct {
	cfg     VectorsConfig
	journal journal
}

// NewVectors returns the service.
func NewVectors(cfg VectorsConfig) *Vectors { return &Vectors{cfg, journal{cfg.Audit, cfg.Now}} }

// ImportChroma reads a dump of a Chroma database into collections of the principal's
// tenant. A dump that is broken or of another version changes nothing.
func (s *Vectors) ImportChroma(ctx context.Context, source string, dump io.ReadSeeker) (*domain.VectorImport, error) {
	p, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	report, err := s.cfg.Import.Import(ctx, p.Tenant.OrDefault(), dump)
	if err != nil {
		return nil, err
	}
	report.Source = source
	if !report.Changed {
		return report, nil
	}
	return report, s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		detail := fmt.Sprintf("%d records in %d collections", report.Records, len(report.Collections))
		return s.journal.changed(ctx, "vectors.imported", source, detail, nil, report)
	})
}
