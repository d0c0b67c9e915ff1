package store

import (
	"context"
	"strings"
	"time"

	"empire/internal/domain"
)

// Websites are the sites of the portfolio.
type Websites struct{ db *DB }

const websiteColumns = `id, tenant, name, domain, niche, language, title, state, feed_ids, live_release, pointer_seq, operator, owner_id, created_at, updated_at, no_analytics, page_policy`

func scanWebsite(r row) (w domain.Website, err error) {
	err = r.Scan(&w.ID, &w.Tenant, &w.Name, &w.Domain, &w.Niche, &w.Language, &w.Title, &w.State, jsonValue{&w.FeedIDs}, &w.LiveRelease, &w.PointerSeq,
		jsonValue{&w.Operator}, &w.OwnerID, asTime(&w.CreatedAt), asTime(&w.UpdatedAt), &w.NoAnalytics, &w.PagePolicy)
	return w, err
}

func noWebsite(name string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Website %s does not exist.", name)
}

func websiteTaken(err error, w *domain.Website) error {
	err = taken(err, "domain", "domain", "Domain %s already belongs to a website.", w.Domain)
	return taken(err, "name", "name", "Name %s already belongs to a website.", w.Name)
}

// Get returns one website, or CodeNotFound.
func (s *Websites) Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	const query = `SELECT ` + websiteColumns + ` FROM websites WHERE id = $1`
	w, err := getOne(ctx, s.db, noWebsite(string(id)), scanWebsite, query, id)
	return w, s.db.fail(err, "get website %s", id)
}

// GetByDomain returns the website with this domain, or CodeNotFound.
func (s *Websites) GetByDomain(ctx context.Context, name string) (*domain.Website, error) {
	const query = `SELECT ` + websiteColumns + ` FROM websites WHERE domain = $1`
	w, err := getOne(ctx, s.db, noWebsite(name), scanWebsite, query, strings.ToLower(name))
	return w, s.db.fail(err, "get website by domain")
}

// GetByName returns the website with this name, or CodeNotFound.
func (s *Websites) GetByName(ctx context.Context, name string) (*domain.Website, error) {
	const query = `SELECT ` + websiteColumns + ` FROM websites WHERE name = $1`
	w, err := getOne(ctx, s.db, noWebsite(name), scanWebsite, query, name)
	return w, s.db.fail(err, "get website by name")
}

// GetByHost returns the website that answers for a host without port: its domain,
// or NAME.localhost.
func (s *Websites) GetByHost(ctx context.Context, host string) (*domain.Website, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if name, ok := strings.CutSuffix(host, ".localhost"); ok {
		return s.GetByName(ctx, name)
	}
	return s.GetByDomain(ctx, host)
}

// Hold returns one website whose row no other transaction changes until that of ctx
// ends, or CodeNotFound. What is decided from it stays true until the commit.
func (s *Websites) Hold(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	if err := s.db.lock(ctx, noWebsite(string(id)), `SELECT id FROM websites WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold website %s", id)
	}
	return s.Get(ctx, id)
}

// List returns websites of a tenant (of all without one) ordered by id, and how
// many there are.
func (s *Websites) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Website, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	total, err := s.db.count(ctx, `SELECT count(*) FROM websites`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	sites, err := getAll(ctx, s.db, scanWebsite, `SELECT `+websiteColumns+` FROM websites`+f.where()+` ORDER BY id`+page, args...)
	return sites, total, s.db.fail(err, "list websites")
}

// After returns up to limit websites of a tenant (of all without one) whose id is
// greater than that given, ordered by id. Zero as limit means 50. Unlike an offset,
// an id stays where it is when websites are added or deleted.
func (s *Websites) After(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID, limit int) ([]domain.Website, error) {
	f := filter{conds: []string{"id > $1"}, args: []any{id}}
	f.eq("tenant", string(tenant))
	page, args := f.page(domain.Window{Limit: limit})
	sites, err := getAll(ctx, s.db, scanWebsite, `SELECT `+websiteColumns+` FROM websites`+f.where()+` ORDER BY id`+page, args...)
	return sites, s.db.fail(err, "list websites after %s", id)
}

// Version returns a number that grows with every committed change of a website
// that Get or List would show, whoever made it. Who reads it before the websites
// and finds it unchanged later still has them as they are.
func (s *Websites) Version(ctx context.Context) (int64, error) {
	n, err := s.db.count(ctx, `SELECT value FROM counters WHERE name = 'websites'`)
	return int64(n), err
}

// Domains returns the domains of the websites of a tenant (of all without one).
func (s *Websites) Domains(ctx context.Context, tenant domain.TenantID) ([]string, error) {
	var f filter
	f.eq("tenant", string(tenant))
	list, err := getAll(ctx, s.db, scanOne[string], `SELECT domain FROM websites`+f.where(), f.args...)
	return list, s.db.fail(err, "list domains")
}

// InOrder makes transactions that add websites wait for one another. Identifiers
// that are made after it are committed in their order, so that the list only grows
// at its end and a walk through it in windows meets every website once.
func (s *Websites) InOrder(ctx context.Context) error {
	_, err := s.db.next(ctx, "pointer")
	return err
}

// Insert stores a new website without a live release; an empty Tenant is
// DefaultTenant. A domain or name that a website of any tenant has is CodeConflict.
func (s *Websites) Insert(ctx context.Context, w *domain.Website) error {
	const query = `INSERT INTO websites (id, tenant, name, domain, niche, language, title, state, feed_ids, operator, owner_id, created_at, updated_at, no_analytics, page_policy)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	_, err := s.db.exec(ctx, query, w.ID, w.Tenant.OrDefault(), w.Name, w.Domain, w.Niche, w.Language, w.Title, w.State, jsonValue{feedIDs(w)}, jsonValue{w.Operator},
		w.OwnerID, s.db.time(w.CreatedAt), s.db.time(w.UpdatedAt), w.NoAnalytics, w.PagePolicy)
	return s.db.fail(websiteTaken(err, w), "insert website %s", w.ID)
}

func feedIDs(w *domain.Website) []domain.FeedID {
	if w.FeedIDs == nil {
		return []domain.FeedID{}
	}
	return w.FeedIDs
}

// Update stores all fields of a website except Tenant, LiveRelease, OwnerID and
// CreatedAt.
// It sets w.PointerSeq to a new value, because hosts or the state may have changed
// and edges must notice.
func (s *Websites) Update(ctx context.Context, w *domain.Website) error {
	const query = `UPDATE websites SET name = $2, domain = $3, niche = $4, language = $5, title = $6, state = $7, feed_ids = $8, operator = $9,
		updated_at = $10, pointer_seq = $11, no_analytics = $12, page_policy = $13 WHERE id = $1`
	var seq int64
	err := s.db.InTx(ctx, func(ctx context.Context) (err error) {
		if seq, err = s.nextPointer(ctx, w.ID); err != nil {
			return err
		}
		return s.db.execOne(ctx, noWebsite(string(w.ID)), query, w.ID, w.Name, w.Domain, w.Niche, w.Language, w.Title, w.State,
			jsonValue{feedIDs(w)}, jsonValue{w.Operator}, s.db.time(w.UpdatedAt), seq, w.NoAnalytics, w.PagePolicy)
	})
	if err != nil {
		return s.db.fail(websiteTaken(err, w), "update website %s", w.ID)
	}
	w.PointerSeq = seq
	return nil
}

// nextPointer holds a website's row and returns a number for its PointerSeq.
func (s *Websites) nextPointer(ctx context.Context, id domain.WebsiteID) (int64, error) {
	if err := s.db.lock(ctx, noWebsite(string(id)), `SELECT id FROM websites WHERE id = $1`, id); err != nil {
		return 0, err
	}
	return s.db.next(ctx, "pointer")
}

// Delete removes a website with its pages, evidence and releases, and counts it, so
// that edges notice. Its runs and approvals stay.
func (s *Websites) Delete(ctx context.Context, id domain.WebsiteID) error {
	const count = `INSERT INTO counters (name, value) VALUES ('deletion', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.db.execOne(ctx, noWebsite(string(id)), `DELETE FROM websites WHERE id = $1`, id); err != nil {
			return err
		}
		if _, err := s.db.exec(ctx, `DELETE FROM snapshot_evidence WHERE owner = $1`, id); err != nil {
			return err
		}
		_, err := s.db.exec(ctx, count)
		return err
	})
	return s.db.fail(err, "delete website %s", id)
}

// Deletions returns how many websites were ever deleted, which ChangedSince cannot
// tell. Who reads it before the websites never misses one.
func (s *Websites) Deletions(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT coalesce(max(value), 0) FROM counters WHERE name = 'deletion'`)
}

// SetLive makes a release of the website the one that edges serve. The website's
// PointerSeq becomes greater than that of every other website.
func (s *Websites) SetLive(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) error {
	const query = `UPDATE websites SET live_release = $2, state = $3, updated_at = $4, pointer_seq = $5
		WHERE id = $1 AND EXISTS (SELECT 1 FROM releases r WHERE r.id = $2 AND r.website_id = $1)`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		seq, err := s.nextPointer(ctx, id)
		if err != nil {
			return err
		}
		missing := domain.Errorf(domain.CodeNotFound, "Website %s has no release %s.", id, release)
		return s.db.execOne(ctx, missing, query, id, release, domain.WebsiteLive, s.db.time(at), seq)
	})
	return s.db.fail(err, "set live release of website %s", id)
}

// ChangedSince returns the websites whose PointerSeq is greater than seq, in the
// order of their change. Nothing that is committed later sorts before them.
func (s *Websites) ChangedSince(ctx context.Context, seq int64) ([]domain.Website, error) {
	const query = `SELECT ` + websiteColumns + ` FROM websites WHERE pointer_seq > $1 ORDER BY pointer_seq`
	sites, err := getAll(ctx, s.db, scanWebsite, query, seq)
	return sites, s.db.fail(err, "list changed websites")
}
