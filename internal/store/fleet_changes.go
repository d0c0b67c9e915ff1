package store

import (
	"context"

	"empire/internal/domain"
)

// FleetChanges are changes of many websites that begin with a few.
type FleetChanges struct{ db *DB }

func scanFleetChange(r row) (c domain.FleetChange, err error) {
	err = r.Scan(jsonValue{&c})
	return c, err
}

func noFleetChange(id domain.FleetChangeID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Fleet change %s does not exist.", id)
}

var fleetSiteBulk = bulk{into: "fleet_change_sites (change_id, position, website_id, canary, state, run_id, detail)", columns: 7}

// Insert stores a new change with its websites.
func (s *FleetChanges) Insert(ctx context.Context, c *domain.FleetChange, sites []domain.FleetChangeSite) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		const query = `INSERT INTO fleet_changes (id, tenant, state, created_at, doc) VALUES ($1, $2, $3, $4, $5)`
		if _, err := s.db.exec(ctx, query, c.ID, c.Tenant, c.State, s.db.time(c.CreatedAt), jsonValue{c}); err != nil {
			return err
		}
		return fleetSiteBulk.write(ctx, s.db, len(sites), func(args []any, i int) []any {
			w := &sites[i]
			return append(args, c.ID, w.Position, w.WebsiteID, w.Canary, w.State, w.RunID, w.Detail)
		})
	})
	return s.db.fail(err, "insert fleet change %s", c.ID)
}

// Get returns a change, or CodeNotFound.
func (s *FleetChanges) Get(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error) {
	c, err := getOne(ctx, s.db, noFleetChange(id), scanFleetChange, `SELECT doc FROM fleet_changes WHERE id = $1`, id)
	return c, s.db.fail(err, "get fleet change %s", id)
}

// Hold returns a change that no other transaction changes until that of ctx ends.
func (s *FleetChanges) Hold(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error) {
	if err := s.db.lock(ctx, noFleetChange(id), `SELECT id FROM fleet_changes WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold fleet change %s", id)
	}
	return s.Get(ctx, id)
}

// List returns changes of a tenant, the newest first, and how many there are. With
// states only those.
func (s *FleetChanges) List(ctx context.Context, tenant domain.TenantID, states []domain.FleetState, w domain.Window) ([]domain.FleetChange, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	if len(states) > 0 {
		in(&f, s.db.d, "state", states)
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM fleet_changes`+f.where(), f.args...)
	if err != nil || total == 0 {
		return []domain.FleetChange{}, total, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanFleetChange, `SELECT doc FROM fleet_changes`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list fleet changes")
}

// Update stores a change.
func (s *FleetChanges) Update(ctx context.Context, c *domain.FleetChange) error {
	err := s.db.execOne(ctx, noFleetChange(c.ID), `UPDATE fleet_changes SET state = $2, doc = $3 WHERE id = $1`, c.ID, c.State, jsonValue{c})
	return s.db.fail(err, "update fleet change %s", c.ID)
}

// Sites returns websites of a change in their order; with states only those.
func (s *FleetChanges) Sites(ctx context.Context, id domain.FleetChangeID, states []domain.FleetSiteState, w domain.Window) ([]domain.FleetChangeSite, error) {
	f := filter{conds: []string{"change_id = $1"}, args: []any{id}}
	if len(states) > 0 {
		in(&f, s.db.d, "state", states)
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, func(r row) (w domain.FleetChangeSite, err error) {
		err = r.Scan(&w.WebsiteID, &w.Position, &w.Canary, &w.State, &w.RunID, &w.Detail)
		return w, err
	}, `SELECT website_id, position, canary, state, run_id, detail FROM fleet_change_sites`+f.where()+` ORDER BY position`+page, args...)
	return list, s.db.fail(err, "list websites of fleet change %s", id)
}

// SetSite stores how far a change is with a website.
func (s *FleetChanges) SetSite(ctx context.Context, id domain.FleetChangeID, w *domain.FleetChangeSite) error {
	const query = `UPDATE fleet_change_sites SET state = $3, run_id = $4, detail = $5 WHERE change_id = $1 AND website_id = $2`
	err := s.db.execOne(ctx, noFleetChange(id), query, id, w.WebsiteID, w.State, w.RunID, w.Detail)
	return s.db.fail(err, "update website %s of fleet change %s", w.WebsiteID, id)
}

// Counts returns how many websites of a change are in each state.
func (s *FleetChanges) Counts(ctx context.Context, id domain.FleetChangeID) (map[domain.FleetSiteState]int, error) {
	out := map[domain.FleetSiteState]int{}
	err := s.db.eachRead(ctx, `SELECT state, count(*) FROM fleet_change_sites WHERE change_id = $1 GROUP BY state`, []any{id}, func(r row) error {
		var state domain.FleetSiteState
		var n int
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	})
	return out, s.db.fail(err, "count websites of fleet change %s", id)
}
