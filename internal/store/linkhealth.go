package store

import (
	"context"
	"strconv"
	"time"

	"empire/internal/domain"
)

// LinkHealth is what is known of where links lead, and the replacements of dead ones.
// The columns serve searches; doc is the whole.
type LinkHealth struct{ db *DB }

func scanHealth(r row) (h domain.LinkHealth, err error) {
	err = r.Scan(jsonValue{&h})
	return h, err
}

func scanSwap(r row) (w domain.LinkSwap, err error) {
	err = r.Scan(jsonValue{&w})
	return w, err
}

func noSwap(id domain.SwapID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Swap %s does not exist.", id)
}

// Enroll adds up to limit links that live websites may hold, and that nothing is known of
// yet, to those that are looked at. It returns how many.
func (s *LinkHealth) Enroll(ctx context.Context, now time.Time, limit int) (int, error) {
	const query = `SELECT doc FROM links l WHERE l.state IN ('active', 'closed') AND NOT EXISTS (SELECT 1 FROM link_health h WHERE h.link_id = l.id)
		AND EXISTS (SELECT 1 FROM websites w WHERE w.tenant = l.tenant AND w.live_release <> '' AND (l.website_id IS NULL OR w.id = l.website_id))
		ORDER BY l.id LIMIT $1`
	list, err := getAll(ctx, s.db, scanLink, query, limit)
	if err != nil {
		return 0, s.db.fail(err, "find links to look at")
	}
	for i := range list {
		h := domain.LinkHealth{LinkID: list[i].ID, Tenant: list[i].Tenant.OrDefault(), NextAt: now}
		const add = `INSERT INTO link_health (link_id, tenant, state, dead, next_at, doc) VALUES ($1, $2, '', $3, $4, $5) ON CONFLICT (link_id) DO NOTHING`
		if _, err := s.db.exec(ctx, add, h.LinkID, h.Tenant, false, s.db.time(now), jsonValue{h}); err != nil {
			return i, s.db.fail(err, "enroll link %s", h.LinkID)
		}
	}
	return len(list), nil
}

// Claim takes up to limit links that are due, those that waited longest first, and puts
// them off until a time: of several processes one gets each. Links that people
// took out of use are left out.
func (s *LinkHealth) Claim(ctx context.Context, now, until time.Time, limit int) (claimed []domain.LinkID, err error) {
	const query = `SELECT h.link_id FROM link_health h JOIN links l ON l.id = h.link_id WHERE h.next_at <= $1
		AND (l.state IN ('active', 'closed') OR EXISTS (SELECT 1 FROM link_swaps w WHERE w.link_id = l.id AND w.state = 'applied')) ORDER BY h.next_at, h.link_id LIMIT $2`
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		claimed = nil
		due, err := getAll(ctx, s.db, scanOne[domain.LinkID], query, s.db.time(now), limit)
		if err != nil {
			return err
		}
		for _, id := range due {
			n, err := s.db.exec(ctx, `UPDATE link_health SET next_at = $2 WHERE link_id = $1 AND next_at <= $3`, id, s.db.time(until), s.db.time(now))
			if err != nil {
				return err
			}
			if n == 1 {
				claimed = append(claimed, id)
			}
		}
		return nil
	})
	return claimed, s.db.fail(err, "claim links to look at")
}

// Get returns what is known of a link, or CodeNotFound.
func (s *LinkHealth) Get(ctx context.Context, id domain.LinkID) (*domain.LinkHealth, error) {
	missing := domain.Errorf(domain.CodeNotFound, "Nobody has looked where link %s leads.", id)
	h, err := getOne(ctx, s.db, missing, scanHealth, `SELECT doc FROM link_health WHERE link_id = $1`, id)
	return h, s.db.fail(err, "get health of link %s", id)
}

// Put stores what is known of a link.
func (s *LinkHealth) Put(ctx context.Context, h *domain.LinkHealth) error {
	const query = `INSERT INTO link_health (link_id, tenant, state, dead, next_at, doc) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (link_id) DO UPDATE SET state = excluded.state, dead = excluded.dead, next_at = excluded.next_at, doc = excluded.doc`
	_, err := s.db.exec(ctx, query, h.LinkID, h.Tenant.OrDefault(), h.State, h.Dead, s.db.time(h.NextAt), jsonValue{h})
	return s.db.fail(err, "put health of link %s", h.LinkID)
}

// List returns what is known of links, by link, and of how many it is.
func (s *LinkHealth) List(ctx context.Context, hf domain.HealthFilter, w domain.Window) ([]domain.LinkHealth, int, error) {
	var f filter
	f.eq("tenant", string(hf.Tenant))
	f.eq("state", string(hf.State))
	if hf.Dead {
		f.args = append(f.args, true)
		f.conds = append(f.conds, "dead = $"+strconv.Itoa(len(f.args)))
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM link_health`+f.where(), f.args...)
	if err != nil || total == 0 {
		return []domain.LinkHealth{}, total, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanHealth, `SELECT doc FROM link_health`+f.where()+` ORDER BY link_id`+page, args...)
	return list, total, s.db.fail(err, "list health of links")
}

// Counts counts the links of a tenant, or of all, by state.
func (s *LinkHealth) Counts(ctx context.Context, tenant domain.TenantID) ([]domain.HealthCount, error) {
	var f filter
	f.eq("tenant", string(tenant))
	list, err := getAll(ctx, s.db, func(r row) (c domain.HealthCount, err error) {
		err = r.Scan(&c.Tenant, &c.State, &c.Dead, &c.Count)
		return c, err
	}, `SELECT tenant, state, dead, count(*) FROM link_health`+f.where()+` GROUP BY tenant, state, dead ORDER BY tenant, state, dead`, f.args...)
	return list, s.db.fail(err, "count health of links")
}

// Dead counts the dead links of each tenant that readers are still led to.
func (s *LinkHealth) Dead(ctx context.Context) (map[domain.TenantID]int, error) {
	const query = `SELECT h.tenant, count(*) FROM link_health h JOIN links l ON l.id = h.link_id WHERE h.dead = $1 AND l.state = 'active' GROUP BY h.tenant`
	out := map[domain.TenantID]int{}
	err := s.db.each(ctx, query, []any{true}, func(r row) error {
		var tenant domain.TenantID
		var n int
		err := r.Scan(&tenant, &n)
		out[tenant] = n
		return err
	})
	return out, s.db.fail(err, "count dead links")
}

// PutSwap stores a replacement, new or changed. A second one of a link that is proposed
// or applied is CodeConflict.
func (s *LinkHealth) PutSwap(ctx context.Context, w *domain.LinkSwap) error {
	const query = `INSERT INTO link_swaps (id, tenant, link_id, state, doc) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, doc = excluded.doc`
	_, err := s.db.exec(ctx, query, w.ID, w.Tenant.OrDefault(), w.LinkID, w.State, jsonValue{w})
	return s.db.fail(taken(err, "link_id", "link_id", "There is already a replacement of this link."), "put swap %s", w.ID)
}

// Swap returns a replacement, or CodeNotFound.
func (s *LinkHealth) Swap(ctx context.Context, id domain.SwapID) (*domain.LinkSwap, error) {
	w, err := getOne(ctx, s.db, noSwap(id), scanSwap, `SELECT doc FROM link_swaps WHERE id = $1`, id)
	return w, s.db.fail(err, "get swap %s", id)
}

// HoldSwap is Swap of one that no other transaction changes until that of ctx ends.
func (s *LinkHealth) HoldSwap(ctx context.Context, id domain.SwapID) (*domain.LinkSwap, error) {
	if err := s.db.lock(ctx, noSwap(id), `SELECT id FROM link_swaps WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold swap %s", id)
	}
	return s.Swap(ctx, id)
}

// Swaps returns replacements of a tenant, the last first, and how many there are; with a
// link or a state only those.
func (s *LinkHealth) Swaps(ctx context.Context, tenant domain.TenantID, link domain.LinkID, state domain.SwapState, w domain.Window) ([]domain.LinkSwap, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	f.eq("link_id", string(link))
	f.eq("state", string(state))
	total, err := s.db.count(ctx, `SELECT count(*) FROM link_swaps`+f.where(), f.args...)
	if err != nil || total == 0 {
		return []domain.LinkSwap{}, total, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanSwap, `SELECT doc FROM link_swaps`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list swaps")
}
