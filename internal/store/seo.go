package store

import (
	"context"

	"empire/internal/domain"
)

// SEO keeps audits of releases, what pages are for, and what search engines were told.
type SEO struct{ db *DB }

func scanSEOAudit(r row) (a domain.SEOAudit, err error) {
	err = r.Scan(jsonValue{&a})
	return a, err
}

func scanSEOAuditLine(r row) (a domain.SEOAuditLine, err error) {
	err = r.Scan(jsonValue{&a})
	return a, err
}

func noSEOAudit(id domain.ReleaseID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Release %s was not audited.", id)
}

// PutAudit stores the audit of a release in the place of one by the same version of the
// rules.
func (s *SEO) PutAudit(ctx context.Context, a *domain.SEOAudit) error {
	const query = `INSERT INTO seo_audits (website_id, release_id, version, number, score, at, line, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (website_id, release_id, version) DO UPDATE SET score = excluded.score, at = excluded.at, line = excluded.line, doc = excluded.doc`
	_, err := s.db.exec(ctx, query, a.WebsiteID, a.ReleaseID, a.Version, a.Number, a.Score, s.db.time(a.At), jsonValue{a.SEOAuditLine}, jsonValue{a})
	return s.db.fail(err, "store audit of release %s", a.ReleaseID)
}

// Audit returns the audit of a release of a website by a version of the rules, or
// CodeNotFound.
func (s *SEO) Audit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, version string) (*domain.SEOAudit, error) {
	const query = `SELECT doc FROM seo_audits WHERE website_id = $1 AND release_id = $2 AND version = $3`
	a, err := getOne(ctx, s.db, noSEOAudit(release), scanSEOAudit, query, id, release, version)
	return a, s.db.fail(err, "get audit of release %s", release)
}

// AuditBefore returns the audit of the newest release of a website with a number below
// the given one, by the newest version of the rules that audited it, or CodeNotFound.
func (s *SEO) AuditBefore(ctx context.Context, id domain.WebsiteID, number int) (*domain.SEOAudit, error) {
	const query = `SELECT doc FROM seo_audits WHERE website_id = $1 AND number < $2 ORDER BY number DESC, at DESC LIMIT 1`
	missing := domain.Errorf(domain.CodeNotFound, "No release before number %d was audited.", number)
	a, err := getOne(ctx, s.db, missing, scanSEOAudit, query, id, number)
	return a, s.db.fail(err, "get audit before release %d of %s", number, id)
}

// Audits returns a window of the audits of a website, of the newest release first, and
// how many there are.
func (s *SEO) Audits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error) {
	var f filter
	f.eq("website_id", string(id))
	total, err := s.db.count(ctx, `SELECT count(*) FROM seo_audits`+f.where(), f.args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "count audits of %s", id)
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanSEOAuditLine, `SELECT line FROM seo_audits`+f.where()+` ORDER BY number DESC, at DESC, version`+page, args...)
	return list, total, s.db.fail(err, "list audits of %s", id)
}

func scanKeywordPage(r row) (p domain.KeywordPage, err error) {
	err = r.Scan(jsonValue{&p}, asTime(&p.Since))
	return p, err
}

// ReplaceKeywords stores what the pages of a live release are for. A page that had the
// same keyword before keeps its Since.
func (s *SEO) ReplaceKeywords(ctx context.Context, site *domain.Website, release domain.ReleaseID, list []domain.KeywordPage) error {
	const insert = `INSERT INTO seo_keywords (website_id, page_id, tenant, language, key, since, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	const mark = `INSERT INTO seo_sites (website_id, release_id) VALUES ($1, $2) ON CONFLICT (website_id) DO UPDATE SET release_id = excluded.release_id`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		held, err := s.Keywords(ctx, site.ID)
		if err != nil {
			return err
		}
		before := map[domain.PageID]*domain.KeywordPage{}
		for i := range held {
			before[held[i].PageID] = &held[i]
		}
		if _, err := s.db.exec(ctx, `DELETE FROM seo_keywords WHERE website_id = $1`, site.ID); err != nil {
			return err
		}
		for i := range list {
			p := &list[i]
			if b := before[p.PageID]; b != nil && b.Key == p.Key && b.Since.Before(p.Since) {
				p.Since = b.Since
			}
			if _, err := s.db.exec(ctx, insert, site.ID, p.PageID, site.Tenant, p.Language, p.Key, s.db.time(p.Since), jsonValue{p}); err != nil {
				return err
			}
		}
		_, err = s.db.exec(ctx, mark, site.ID, release)
		return err
	})
	return s.db.fail(err, "replace keywords of %s", site.ID)
}

// Keywords returns what the pages of a website are for, by path.
func (s *SEO) Keywords(ctx context.Context, id domain.WebsiteID) ([]domain.KeywordPage, error) {
	list, err := getAll(ctx, s.db, scanKeywordPage, `SELECT doc, since FROM seo_keywords WHERE website_id = $1`, id)
	return list, s.db.fail(err, "list keywords of %s", id)
}

// liveKeywords are the pages of live websites that are for a keyword.
const liveKeywords = ` FROM seo_keywords k JOIN websites w ON w.id = k.website_id AND w.state = 'live' WHERE k.tenant = $1 AND k.key <> ''`

// SharedKeywords returns the pages of live websites of a tenant whose keyword another
// page of the tenant has in the same language, by language and key.
func (s *SEO) SharedKeywords(ctx context.Context, tenant domain.TenantID) ([]domain.KeywordPage, error) {
	const query = `SELECT k.doc, k.since` + liveKeywords + ` AND EXISTS (SELECT 1 FROM seo_keywords o JOIN websites v ON v.id = o.website_id AND v.state = 'live'
		WHERE o.tenant = k.tenant AND o.language = k.language AND o.key = k.key AND (o.website_id <> k.website_id OR o.page_id <> k.page_id))
		ORDER BY k.language, k.key, k.website_id, k.page_id`
	list, err := getAll(ctx, s.db, scanKeywordPage, query, tenant)
	return list, s.db.fail(err, "list shared keywords")
}

// TakenKeywords returns the keywords of live websites of a tenant in a language that
// another website had first, each with the page that had it first.
func (s *SEO) TakenKeywords(ctx context.Context, tenant domain.TenantID, language string, except domain.WebsiteID) ([]domain.KeywordPage, error) {
	const query = `SELECT k.doc, k.since` + liveKeywords + ` AND k.language = $2 ORDER BY k.key, k.since, k.website_id, k.page_id`
	var out []domain.KeywordPage
	last := ""
	err := s.db.eachRead(ctx, query, []any{tenant, language}, func(r row) error {
		p, err := scanKeywordPage(r)
		if err != nil || p.Key == last {
			return err
		}
		if last = p.Key; p.WebsiteID != except {
			out = append(out, p)
		}
		return nil
	})
	return out, s.db.fail(err, "list taken keywords")
}

// CountKeywords returns how many pages with a keyword each live website of a tenant has.
func (s *SEO) CountKeywords(ctx context.Context, tenant domain.TenantID) (map[domain.WebsiteID]int, error) {
	out := map[domain.WebsiteID]int{}
	err := s.db.eachRead(ctx, `SELECT k.website_id, count(*)`+liveKeywords+` GROUP BY k.website_id`, []any{tenant}, func(r row) error {
		var id domain.WebsiteID
		var n int
		if err := r.Scan(&id, &n); err != nil {
			return err
		}
		out[id] = n
		return nil
	})
	return out, s.db.fail(err, "count keywords")
}

// Pending returns live websites, of a tenant or of all, whose live release is not the
// one that their keywords are of.
func (s *SEO) Pending(ctx context.Context, tenant domain.TenantID, limit int) ([]domain.WebsiteID, error) {
	const query = `SELECT w.id FROM websites w LEFT JOIN seo_sites s ON s.website_id = w.id
		WHERE w.state = 'live' AND w.live_release <> '' AND (s.release_id IS NULL OR s.release_id <> w.live_release) AND ($1 = '' OR w.tenant = $1) ORDER BY w.id LIMIT $2`
	list, err := getAll(ctx, s.db, scanOne[domain.WebsiteID], query, string(tenant), limit)
	return list, s.db.fail(err, "list websites without keywords")
}
