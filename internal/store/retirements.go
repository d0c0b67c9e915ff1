package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Retirements are pages and websites that are gone for good.
type Retirements struct{ db *DB }

// Upsert stores a retirement in the place of the one that its path had.
func (s *Retirements) Upsert(ctx context.Context, r *domain.Retirement) error {
	const query = `INSERT INTO retirements (website_id, path, target, reason, actor_id, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (website_id, path) DO UPDATE SET target = excluded.target, reason = excluded.reason, actor_id = excluded.actor_id, at = excluded.at`
	_, err := s.db.exec(ctx, query, r.WebsiteID, r.Path, r.Target, r.Reason, r.ActorID, s.db.time(r.At))
	return s.db.fail(err, "retire %s of website %s", r.Path, r.WebsiteID)
}

// List returns the retirements of a website by path, that of the whole website first.
func (s *Retirements) List(ctx context.Context, id domain.WebsiteID) ([]domain.Retirement, error) {
	const query = `SELECT website_id, path, target, reason, actor_id, at FROM retirements WHERE website_id = $1 ORDER BY path`
	list, err := getAll(ctx, s.db, func(r row) (d domain.Retirement, err error) {
		err = r.Scan(&d.WebsiteID, &d.Path, &d.Target, &d.Reason, &d.ActorID, asTime(&d.At))
		return d, err
	}, query, id)
	return list, s.db.fail(err, "list retirements of website %s", id)
}

// Delete takes a retirement back, or is CodeNotFound.
func (s *Retirements) Delete(ctx context.Context, id domain.WebsiteID, path string) error {
	missing := domain.Errorf(domain.CodeNotFound, "Path %s of website %s is not retired.", path, id)
	if path == "" {
		missing = domain.Errorf(domain.CodeNotFound, "Website %s is not retired.", id)
	}
	return s.db.fail(s.db.execOne(ctx, missing, `DELETE FROM retirements WHERE website_id = $1 AND path = $2`, id, path), "take back a retirement of website %s", id)
}

// PlannedReleases are releases that go live at a time.
type PlannedReleases struct{ db *DB }

func scanPlanned(r row) (p domain.PlannedRelease, err error) {
	err = r.Scan(jsonValue{&p})
	return p, err
}

func noPlanned(id domain.PlannedReleaseID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Planned release %s does not exist.", id)
}

// Insert stores a planned release.
func (s *PlannedReleases) Insert(ctx context.Context, p *domain.PlannedRelease) error {
	const query = `INSERT INTO planned_releases (id, tenant, website_id, state, due_at, doc) VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := s.db.exec(ctx, query, p.ID, p.Tenant, p.WebsiteID, p.State, s.db.time(p.At), jsonValue{p})
	return s.db.fail(err, "plan a release of website %s", p.WebsiteID)
}

// Get returns a planned release, or CodeNotFound.
func (s *PlannedReleases) Get(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error) {
	p, err := getOne(ctx, s.db, noPlanned(id), scanPlanned, `SELECT doc FROM planned_releases WHERE id = $1`, id)
	return p, s.db.fail(err, "get planned release %s", id)
}

// Hold returns a planned release that no other transaction changes until that of ctx
// ends.
func (s *PlannedReleases) Hold(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error) {
	if err := s.db.lock(ctx, noPlanned(id), `SELECT id FROM planned_releases WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold planned release %s", id)
	}
	return s.Get(ctx, id)
}

// List returns planned releases of a tenant, the newest first, and how many there are;
// with a website or states only those.
func (s *PlannedReleases) List(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID, states []domain.PlannedState, w domain.Window) ([]domain.PlannedRelease, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	f.eq("website_id", string(id))
	if len(states) > 0 {
		in(&f, s.db.d, "state", states)
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM planned_releases`+f.where(), f.args...)
	if err != nil || total == 0 {
		return []domain.PlannedRelease{}, total, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanPlanned, `SELECT doc FROM planned_releases`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list planned releases")
}

// Due returns planned releases of all tenants whose time has come, the earliest first.
func (s *PlannedReleases) Due(ctx context.Context, now time.Time, limit int) ([]domain.PlannedRelease, error) {
	const query = `SELECT doc FROM planned_releases WHERE state = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT $3`
	list, err := getAll(ctx, s.db, scanPlanned, query, domain.PlannedWaiting, s.db.time(now), limit)
	return list, s.db.fail(err, "list due releases")
}

// Update stores the state of a planned release.
func (s *PlannedReleases) Update(ctx context.Context, p *domain.PlannedRelease) error {
	err := s.db.execOne(ctx, noPlanned(p.ID), `UPDATE planned_releases SET state = $2, doc = $3 WHERE id = $1`, p.ID, p.State, jsonValue{p})
	return s.db.fail(err, "update planned release %s", p.ID)
}
