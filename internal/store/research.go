package store

import (
	"context"

	"empire/internal/domain"
)

// Research keeps research reports.
type Research struct{ db *DB }

func scanReport(r row) (v domain.ResearchReport, err error) {
	err = r.Scan(jsonValue{&v})
	return v, err
}

func noReport(id domain.ResearchID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Research report %s does not exist.", id)
}

// Insert stores a report.
func (s *Research) Insert(ctx context.Context, r *domain.ResearchReport) error {
	const query = `INSERT INTO research_reports (id, tenant, state, topic, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := s.db.exec(ctx, query, r.ID, r.Tenant, r.State, r.Params.Topic, s.db.time(r.CreatedAt), jsonValue{r})
	return s.db.fail(err, "insert research report %s", r.ID)
}

// Get returns one report, or CodeNotFound.
func (s *Research) Get(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error) {
	r, err := getOne(ctx, s.db, noReport(id), scanReport, `SELECT doc FROM research_reports WHERE id = $1`, id)
	return r, s.db.fail(err, "get research report %s", id)
}

// Hold is Get, and nobody else changes the report until the transaction ends.
func (s *Research) Hold(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error) {
	if err := s.db.lock(ctx, noReport(id), `SELECT id FROM research_reports WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold research report %s", id)
	}
	return s.Get(ctx, id)
}

// Update stores state and content of a report, and which snapshots it cites. Tenant,
// topic and time of creation stay.
func (s *Research) Update(ctx context.Context, r *domain.ResearchReport) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.db.execOne(ctx, noReport(r.ID), `UPDATE research_reports SET state = $2, doc = $3 WHERE id = $1`, r.ID, r.State, jsonValue{r}); err != nil {
			return err
		}
		return (&Snapshots{s.db}).Cite(ctx, string(r.ID), r.Evidence)
	})
	return s.db.fail(err, "update research report %s", r.ID)
}

// List returns a window of the reports that a filter selects, newest first, and how
// many there are.
func (s *Research) List(ctx context.Context, rf domain.ResearchFilter, w domain.Window) ([]domain.ResearchReport, int, error) {
	var f filter
	f.eq("tenant", string(rf.Tenant))
	f.eq("state", string(rf.State))
	total, err := s.db.count(ctx, `SELECT count(*) FROM research_reports`+f.where(), f.args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "count research reports")
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanReport, `SELECT doc FROM research_reports`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list research reports")
}
