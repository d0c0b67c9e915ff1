package store

import (
	"context"

	"empire/internal/domain"
)

// Pages are the pages of websites as their last build wrote them.
type Pages struct{ db *DB }

func scanPage(r row) (p domain.Page, err error) {
	err = r.Scan(jsonValue{&p})
	return p, err
}

var pageBulk = bulk{into: "pages (website_id, id, position, slug, kind, title, indexable, doc)", columns: 8}

// Replace stores pages as all pages of a website, in this order.
func (s *Pages) Replace(ctx context.Context, website domain.WebsiteID, pages []domain.Page) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, `DELETE FROM pages WHERE website_id = $1`, website); err != nil {
			return err
		}
		return pageBulk.write(ctx, s.db, len(pages), func(args []any, i int) []any {
			p := &pages[i]
			return append(args, website, p.ID, i, p.Slug, p.Kind, p.Title, p.Indexable, jsonValue{p})
		})
	})
	return s.db.fail(err, "replace pages of website %s", website)
}

// List returns pages of a website in their order, and how many there are.
func (s *Pages) List(ctx context.Context, website domain.WebsiteID, w domain.Window) ([]domain.Page, int, error) {
	const query = `SELECT doc FROM pages WHERE website_id = $1 ORDER BY position LIMIT $2 OFFSET $3`
	total, err := s.db.count(ctx, `SELECT count(*) FROM pages WHERE website_id = $1`, website)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	pages, err := getAll(ctx, s.db, scanPage, query, website, limit, offset)
	return pages, total, s.db.fail(err, "list pages of website %s", website)
}

// Get returns one page of a website, or CodeNotFound.
func (s *Pages) Get(ctx context.Context, website domain.WebsiteID, id domain.PageID) (*domain.Page, error) {
	const query = `SELECT doc FROM pages WHERE website_id = $1 AND id = $2`
	missing := domain.Errorf(domain.CodeNotFound, "Website %s has no page %s.", website, id)
	p, err := getOne(ctx, s.db, missing, scanPage, query, website, id)
	return p, s.db.fail(err, "get page %s of website %s", id, website)
}

// Count returns how many pages all websites have.
func (s *Pages) Count(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM pages`)
}
