package service

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"empire/internal/domain"
)

type learnedStore interface {
	Insert(ctx context.Context, m *domain.LearnedModel, build func(version int) ([]byte, error)) error
	Get(ctx context.Context, tenant domain.TenantID, name string, version int) (*domain.LearnedModel, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.LearnedModel, int, error)
}

// Trained is what a trainer made: what is kept of it, and how it is packed as a
// version.
type Trained struct {
	Model domain.LearnedModel
	Pack  func(version int) ([]byte, error)
}

// ModelsConfig is what Models needs.
type ModelsConfig struct {
	Tx      transactor
	Store   learnedStore
	Train   func(p domain.TrainParams, at time.Time) (*Trained, error)
	Predict func(doc []byte, rows [][]float64) ([]float64, error)
	Audit   auditStore
	Now     func() time.Time
}

// Models trains small models on tables and keeps every version, with the hash of its
// data and its metrics. They belong to the tenant that trained them.
type Models struct {
	cfg     ModelsConfig
	journal journal
}

// NewModels returns the service.
func NewModels(cfg ModelsConfig) *Models { return &Models{cfg, journal{cfg.Audit, cfg.Now}} }

var modelName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// Train fits a model, tests it and keeps it as the next version of its name. Too few
// rows are CodeNotEnoughData with the number that is needed, and keep nothing.
func (s *Models) Train(ctx context.Context, p domain.TrainParams) (*domain.LearnedModel, error) {
	principal, err := domain.Require(ctx, domain.IntelligenceUse)
	if err != nil {
		return nil, err
	}
	if !modelName.MatchString(p.Name) {
		return nil, domain.Invalid("name", "A name has up to 63 lower-case letters, digits, dashes and underscores, a letter first; %q has not.", p.Name)
	}
	now := s.journal.stamp()
	t, err := s.cfg.Train(p, now)
	if err != nil {
		return nil, err
	}
	m := t.Model
	m.Tenant, m.Name, m.Target, m.OwnerID, m.CreatedAt = scope(ctx), p.Name, p.Target, principal.UserID, now
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Store.Insert(ctx, &m, t.Pack); err != nil {
			return err
		}
		return s.journal.changed(ctx, "model.trained", m.Name, fmt.Sprintf("version %d of %s", m.Version, m.Kind), nil, &m)
	})
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// List returns a window of the versions of the tenant's models by name, the newest
// version first.
func (s *Models) List(ctx context.Context, w domain.Window) ([]domain.LearnedModel, int, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.List(ctx, scope(ctx), w)
}

// Predict applies a version of a model, the newest for 0, to rows with its features in
// their order.
func (s *Models) Predict(ctx context.Context, name string, version int, rows [][]float64) ([]float64, *domain.LearnedModel, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, nil, err
	}
	m, err := s.cfg.Store.Get(ctx, scope(ctx), name, version)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range rows {
		if len(r) != len(m.Features) {
			return nil, nil, domain.Invalid("rows", "Row %d has %d values; the model takes %d: %v.", i+1, len(r), len(m.Features), m.Features)
		}
	}
	if len(rows) == 0 {
		return nil, nil, domain.Invalid("rows", "There is no row to predict.")
	}
	out, err := s.cfg.Predict(m.Doc, rows)
	return out, m, err
}
