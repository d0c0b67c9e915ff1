package store

import (
	"context"

	"empire/internal/domain"
)

// Opportunities are what scans found. They are never changed.
type Opportunities struct{ db *DB }

// Insert stores a report.
func (s *Opportunities) Insert(ctx context.Context, r *domain.ScanReport) error {
	const query = `INSERT INTO opportunities (id, tenant, topic, score, confidence, decision, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	line := r.Line()
	_, err := s.db.exec(ctx, query, r.ID, r.Tenant.OrDefault(), r.Topic, line.Score, line.Confidence, line.Decision, s.db.time(r.CreatedAt), jsonValue{r})
	return s.db.fail(err, "insert opportunity %s", r.ID)
}

// Get returns one report, or CodeNotFound.
func (s *Opportunities) Get(ctx context.Context, id domain.OpportunityID) (*domain.ScanReport, error) {
	missing := domain.Errorf(domain.CodeNotFound, "Opportunity %s does not exist.", id)
	r, err := getOne(ctx, s.db, missing, func(r row) (o domain.ScanReport, err error) {
		err = r.Scan(jsonValue{&o})
		return o, err
	}, `SELECT doc FROM opportunities WHERE id = $1`, id)
	return r, s.db.fail(err, "get opportunity %s", id)
}

// List returns a window of the reports of a tenant, the newest first, and how many
// there are.
func (s *Opportunities) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.OpportunityLine, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	total, err := s.db.count(ctx, `SELECT count(*) FROM opportunities`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, func(r row) (l domain.OpportunityLine, err error) {
		err = r.Scan(&l.ID, &l.Topic, &l.Score, &l.Confidence, &l.Decision, asTime(&l.CreatedAt))
		return l, err
	}, `SELECT id, topic, score, confidence, decision, created_at FROM opportunities`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list opportunities")
}

// Estimates are what was believed when something was decided. The database refuses to
// change or delete one.
type Estimates struct{ db *DB }

func scanEstimate(r row) (e domain.MarketEstimate, err error) {
	err = r.Scan(jsonValue{&e})
	return e, err
}

// Freeze stores an estimate, unless there is one of its kind about its subject: that
// stays, and false is returned.
func (s *Estimates) Freeze(ctx context.Context, e *domain.MarketEstimate) (bool, error) {
	const query = `INSERT INTO estimates (id, tenant, kind, subject, website_id, topic, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (kind, subject) DO NOTHING`
	n, err := s.db.exec(ctx, query, e.ID, e.Tenant.OrDefault(), e.Kind, e.Subject, e.WebsiteID, e.Topic, s.db.time(e.CreatedAt), jsonValue{e})
	return n > 0, s.db.fail(err, "freeze estimate of %s", e.Subject)
}

// Get returns one estimate, or CodeNotFound.
func (s *Estimates) Get(ctx context.Context, id domain.EstimateID) (*domain.MarketEstimate, error) {
	missing := domain.Errorf(domain.CodeNotFound, "Estimate %s does not exist.", id)
	e, err := getOne(ctx, s.db, missing, scanEstimate, `SELECT doc FROM estimates WHERE id = $1`, id)
	return e, s.db.fail(err, "get estimate %s", id)
}

// About returns the estimate of a kind about a subject, or CodeNotFound.
func (s *Estimates) About(ctx context.Context, kind domain.EstimateKind, subject string) (*domain.MarketEstimate, error) {
	missing := domain.Errorf(domain.CodeNotFound, "There is no %s estimate about %s.", kind, subject)
	e, err := getOne(ctx, s.db, missing, scanEstimate, `SELECT doc FROM estimates WHERE kind = $1 AND subject = $2`, kind, subject)
	return e, s.db.fail(err, "get estimate about %s", subject)
}

// List returns a window of estimates, the newest first, and how many there are.
func (s *Estimates) List(ctx context.Context, q domain.EstimateFilter, w domain.Window) ([]domain.MarketEstimate, int, error) {
	var f filter
	f.eq("tenant", string(q.Tenant))
	f.eq("kind", string(q.Kind))
	f.eq("website_id", string(q.WebsiteID))
	f.eq("topic", q.Topic)
	total, err := s.db.count(ctx, `SELECT count(*) FROM estimates`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanEstimate, `SELECT doc FROM estimates`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list estimates")
}

// LearnedModels are fitted models. A version is never changed.
type LearnedModels struct{ db *DB }

// Insert stores the next version of a model and sets m.Version. build makes the packed
// model for that version.
func (s *LearnedModels) Insert(ctx context.Context, m *domain.LearnedModel, build func(version int) ([]byte, error)) error {
	const last = `SELECT COALESCE(max(version), 0) FROM learned_models WHERE tenant = $1 AND name = $2`
	const query = `INSERT INTO learned_models (tenant, name, version, created_at, info, doc) VALUES ($1, $2, $3, $4, $5, $6)`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var n int
		if err := s.db.w(ctx).QueryRowContext(ctx, last, m.Tenant.OrDefault(), m.Name).Scan(&n); err != nil {
			return err
		}
		m.Version = n + 1
		doc, err := build(m.Version)
		if err != nil {
			return err
		}
		m.Doc = doc
		_, err = s.db.exec(ctx, query, m.Tenant.OrDefault(), m.Name, m.Version, s.db.time(m.CreatedAt), jsonValue{m}, string(doc))
		return taken(err, "tenant,name,version", "name", "Model %s is being trained by somebody else.", m.Name)
	})
	return s.db.fail(err, "insert model %s", m.Name)
}

// Get returns one version of a model, or the newest for version 0, or CodeNotFound.
func (s *LearnedModels) Get(ctx context.Context, tenant domain.TenantID, name string, version int) (*domain.LearnedModel, error) {
	query, args := `SELECT info, doc FROM learned_models WHERE tenant = $1 AND name = $2`, []any{tenant.OrDefault(), name}
	if version > 0 {
		query, args = query+` AND version = $3`, append(args, version)
	}
	missing := domain.Errorf(domain.CodeNotFound, "Model %s does not exist.", name)
	if version > 0 {
		missing = domain.Errorf(domain.CodeNotFound, "Version %d of model %s does not exist.", version, name)
	}
	m, err := getOne(ctx, s.db, missing, func(r row) (m domain.LearnedModel, err error) {
		var doc string
		err = r.Scan(jsonValue{&m}, &doc)
		m.Doc = []byte(doc)
		return m, err
	}, query+` ORDER BY version DESC LIMIT 1`, args...)
	return m, s.db.fail(err, "get model %s", name)
}

// List returns a window of all versions of the models of a tenant by name, the newest
// version first, without the models themselves, and how many there are.
func (s *LearnedModels) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.LearnedModel, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	total, err := s.db.count(ctx, `SELECT count(*) FROM learned_models`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, func(r row) (m domain.LearnedModel, err error) {
		err = r.Scan(jsonValue{&m})
		return m, err
	}, `SELECT info FROM learned_models`+f.where()+` ORDER BY name, version DESC`+page, args...)
	return list, total, s.db.fail(err, "list models")
}
