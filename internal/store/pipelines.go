package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Pipelines are the operator's own pipelines. A version is never changed.
type Pipelines struct{ db *DB }

const pipelineColumns = `tenant, name, version, source, created_by, created_at, deleted_at`

func scanPipeline(r row) (p domain.CustomPipeline, err error) {
	err = r.Scan(&p.Tenant, &p.Name, &p.Version, &p.Source, &p.CreatedBy, asTime(&p.CreatedAt), asTimePtr(&p.DeletedAt))
	return p, err
}

func noPipeline(name string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Pipeline %s does not exist.", name)
}

// Insert stores the next version and sets p.Version.
func (s *Pipelines) Insert(ctx context.Context, p *domain.CustomPipeline) error {
	const last = `SELECT COALESCE(max(version), 0) FROM pipelines WHERE tenant = $1 AND name = $2`
	const query = `INSERT INTO pipelines (` + pipelineColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var n int
		if err := s.db.w(ctx).QueryRowContext(ctx, last, p.Tenant.OrDefault(), p.Name).Scan(&n); err != nil {
			return err
		}
		p.Version = n + 1
		_, err := s.db.exec(ctx, query, p.Tenant.OrDefault(), p.Name, p.Version, p.Source, p.CreatedBy, s.db.time(p.CreatedAt), s.db.timePtr(p.DeletedAt))
		return taken(err, "tenant,name,version", "name", "Pipeline %s is being changed by somebody else.", p.Name)
	})
	return s.db.fail(err, "insert pipeline %s", p.Name)
}

// Get returns one version, deleted or not; version 0 means the newest, unless the
// pipeline was deleted. What is missing is CodeNotFound.
func (s *Pipelines) Get(ctx context.Context, tenant domain.TenantID, name string, version int) (*domain.CustomPipeline, error) {
	const one = `SELECT ` + pipelineColumns + ` FROM pipelines WHERE tenant = $1 AND name = $2 AND version = $3`
	const newest = `SELECT ` + pipelineColumns + ` FROM pipelines WHERE tenant = $1 AND name = $2 AND deleted_at IS NULL ORDER BY version DESC LIMIT 1`
	query, args := newest, []any{tenant.OrDefault(), name}
	if version > 0 {
		query, args = one, append(args, version)
	}
	p, err := getOne(ctx, s.db, noPipeline(name), scanPipeline, query, args...)
	return p, s.db.fail(err, "get pipeline %s", name)
}

// List returns the newest version of every pipeline of a tenant that was not
// deleted, by name.
func (s *Pipelines) List(ctx context.Context, tenant domain.TenantID) ([]domain.CustomPipeline, error) {
	const query = `SELECT ` + pipelineColumns + ` FROM pipelines p WHERE tenant = $1 AND deleted_at IS NULL
		AND version = (SELECT max(version) FROM pipelines WHERE tenant = p.tenant AND name = p.name) ORDER BY name`
	list, err := getAll(ctx, s.db, scanPipeline, query, tenant.OrDefault())
	return list, s.db.fail(err, "list pipelines")
}

// Delete keeps new runs of a pipeline from starting; its versions stay for the runs
// that they have.
func (s *Pipelines) Delete(ctx context.Context, tenant domain.TenantID, name string, at time.Time) error {
	const query = `UPDATE pipelines SET deleted_at = $3 WHERE tenant = $1 AND name = $2 AND deleted_at IS NULL`
	err := s.db.execOne(ctx, noPipeline(name), query, tenant.OrDefault(), name, s.db.time(at))
	return s.db.fail(err, "delete pipeline %s", name)
}
