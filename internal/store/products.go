package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Products are the rows of feeds. The columns serve searches; doc is the whole
// product.
type Products struct{ db *DB }

var productBulk = bulk{
	into: `products (feed_id, key, hash, merchant_key, merchant_id, merchant_name, name, brand, category, category_path, search_text,
		price_minor, currency, in_stock, ean, parent_key, language, read_at, doc)`,
	columns: 19,
	after: `ON CONFLICT (feed_id, key) DO UPDATE SET hash = excluded.hash, merchant_key = excluded.merchant_key,
		merchant_id = excluded.merchant_id, merchant_name = excluded.merchant_name, name = excluded.name, brand = excluded.brand,
		category = excluded.category, category_path = excluded.category_path, search_text = excluded.search_text,
		price_minor = excluded.price_minor, currency = excluded.currency, in_stock = excluded.in_stock, ean = excluded.ean,
		parent_key = excluded.parent_key, language = excluded.language, read_at = excluded.read_at, doc = excluded.doc`,
}

func scanProduct(r row) (p domain.Product, err error) {
	err = r.Scan(jsonValue{&p})
	return p, err
}

// Hashes returns the hashes of the rows of a feed that have one of these keys.
func (s *Products) Hashes(ctx context.Context, feed domain.FeedID, keys []string) (map[string]string, error) {
	out := make(map[string]string, len(keys))
	scan := func(r row) (struct{}, error) {
		var key, hash string
		err := r.Scan(&key, &hash)
		out[key] = hash
		return struct{}{}, err
	}
	f := filter{conds: []string{"feed_id = $1"}, args: []any{feed}}
	in(&f, s.db.d, "key", keys)
	if _, err := getAll(ctx, s.db, scan, `SELECT key, hash FROM products`+f.where(), f.args...); err != nil {
		return nil, s.db.fail(err, "read hashes of feed %s", feed)
	}
	return out, nil
}

// Upsert stores products, all or none; of two with the same key the last counts.
func (s *Products) Upsert(ctx context.Context, products []domain.Product) error {
	order := inKeyOrder(products)
	docs := make([]string, len(order))
	for i, at := range order {
		doc, err := json.Marshal(&products[at])
		if err != nil {
			return s.db.fail(err, "encode product %s", products[at].Key)
		}
		docs[i] = string(doc)
	}
	err := productBulk.write(ctx, s.db, len(order), func(args []any, i int) []any {
		p := &products[order[i]]
		var minor any
		currency := ""
		if p.Price != nil {
			minor, currency = p.Price.Minor, p.Price.Currency
		}
		var inStock any
		if p.InStock != nil {
			inStock = *p.InStock
		}
		return append(args, p.FeedID, p.Key, p.Hash, p.MerchantKey, p.MerchantID, p.MerchantName, p.Name, p.Brand, p.Category, p.CategoryPath,
			searchText(p), minor, currency, inStock, p.EAN, p.ParentKey, p.Language, s.db.time(p.ReadAt), docs[i])
	})
	return s.db.fail(err, "store products")
}

// inKeyOrder returns the places of the products in the order of their keys, each
// key once. One order for all writers also keeps them from blocking each other.
func inKeyOrder(products []domain.Product) []int {
	last := make(map[[2]string]int, len(products))
	for i := range products {
		last[[2]string{string(products[i].FeedID), products[i].Key}] = i
	}
	order := make([]int, 0, len(last))
	for _, i := range last {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int {
		pa, pb := &products[a], &products[b]
		if c := strings.Compare(string(pa.FeedID), string(pb.FeedID)); c != 0 {
			return c
		}
		return strings.Compare(pa.Key, pb.Key)
	})
	return order
}

// searchText is what Candidates and List look into.
func searchText(p *domain.Product) string {
	return strings.ToLower(p.Name + "\n" + p.CategoryPath + "\n" + p.Fields["keywords"])
}

// RemoveUnseen deletes the rows of a feed whose key seen does not know, and returns
// how many those were.
func (s *Products) RemoveUnseen(ctx context.Context, feed domain.FeedID, seen func(key string) bool) (int, error) {
	keys, err := getAll(ctx, s.db, func(r row) (string, error) {
		var key string
		return key, r.Scan(&key)
	}, `SELECT key FROM products WHERE feed_id = $1`, feed)
	if err != nil {
		return 0, s.db.fail(err, "list keys of feed %s", feed)
	}
	gone := slices.DeleteFunc(keys, seen)
	for part := range slices.Chunk(gone, 1000) {
		f := filter{conds: []string{"feed_id = $1"}, args: []any{feed}}
		in(&f, s.db.d, "key", part)
		if _, err := s.db.exec(ctx, `DELETE FROM products`+f.where(), f.args...); err != nil {
			return 0, s.db.fail(err, "remove products of feed %s", feed)
		}
	}
	return len(gone), nil
}

// Unseen returns the keys of a feed that seen does not know: what RemoveUnseen would
// delete.
func (s *Products) Unseen(ctx context.Context, feed domain.FeedID, seen func(key string) bool) ([]string, error) {
	keys, err := getAll(ctx, s.db, scanOne[string], `SELECT key FROM products WHERE feed_id = $1 ORDER BY key`, feed)
	return slices.DeleteFunc(keys, seen), s.db.fail(err, "list keys of feed %s", feed)
}

// ByKeys returns the products of a feed that have one of these keys, in order.
func (s *Products) ByKeys(ctx context.Context, feed domain.FeedID, keys []string) ([]domain.Product, error) {
	out := []domain.Product{}
	for part := range slices.Chunk(keys, 1000) {
		f := filter{conds: []string{"feed_id = $1"}, args: []any{feed}}
		in(&f, s.db.d, "key", part)
		list, err := getAll(ctx, s.db, scanProduct, `SELECT doc FROM products`+f.where()+` ORDER BY key`, f.args...)
		if err != nil {
			return nil, s.db.fail(err, "read products of feed %s", feed)
		}
		out = append(out, list...)
	}
	return out, nil
}

// Each calls fn with each product of the feeds (all feeds if none is named), ordered by
// feed and key, as Candidates does.
func (s *Products) Each(ctx context.Context, feeds []domain.FeedID, fn func(*domain.Product) error) error {
	var f filter
	if len(feeds) > 0 {
		in(&f, s.db.d, "feed_id", feeds)
	}
	err := s.db.eachRead(ctx, `SELECT doc FROM products`+f.where()+` ORDER BY feed_id, key`, f.args, func(r row) error {
		p, err := scanProduct(r)
		if err != nil {
			return err
		}
		return fn(&p)
	})
	return s.db.fail(err, "read products")
}

// Candidates calls fn with each product of the feeds (all feeds if none is named)
// whose name, category path or keywords contain one of the terms in any case,
// ordered by feed and key. No terms match nothing. fn may keep the product; it
// must not use a transaction that ctx carries. An error of fn ends the walk.
func (s *Products) Candidates(ctx context.Context, feeds []domain.FeedID, terms []string, fn func(*domain.Product) error) error {
	var f filter
	if len(feeds) > 0 {
		in(&f, s.db.d, "feed_id", feeds)
	}
	if len(terms) == 0 {
		return nil
	}
	f.containsAny("search_text", terms)
	rows, err := s.db.r(ctx).QueryContext(ctx, `SELECT doc FROM products`+f.where()+` ORDER BY feed_id, key`, f.args...)
	if err != nil {
		return s.db.fail(err, "search products")
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanProduct(rows)
		if err != nil {
			return s.db.fail(err, "read product")
		}
		if err := fn(&p); err != nil {
			return err
		}
	}
	return s.db.fail(rows.Err(), "search products")
}

// List returns products ordered by feed and key, and how many there are.
func (s *Products) List(ctx context.Context, pf domain.ProductFilter, w domain.Window) ([]domain.Product, int, error) {
	var f filter
	f.eq("feed_id", string(pf.FeedID))
	for word := range strings.FieldsSeq(pf.Query) {
		f.containsAny("search_text", []string{word})
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM products`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanProduct, `SELECT doc FROM products`+f.where()+` ORDER BY feed_id, key`+page, args...)
	return list, total, s.db.fail(err, "list products")
}

// Get returns one row of a feed, or CodeNotFound.
func (s *Products) Get(ctx context.Context, feed domain.FeedID, key string) (*domain.Product, error) {
	const query = `SELECT doc FROM products WHERE feed_id = $1 AND key = $2`
	missing := domain.Errorf(domain.CodeNotFound, "Feed %s has no product %s.", feed, key)
	p, err := getOne(ctx, s.db, missing, scanProduct, query, feed, key)
	return p, s.db.fail(err, "get product %s of feed %s", key, feed)
}

// Count returns how many rows a feed holds.
func (s *Products) Count(ctx context.Context, feed domain.FeedID) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM products WHERE feed_id = $1`, feed)
}

// Walk returns at most limit rows of a feed whose key comes after one, in the order of
// their keys.
func (s *Products) Walk(ctx context.Context, feed domain.FeedID, after string, limit int) ([]domain.Product, error) {
	const query = `SELECT doc FROM products WHERE feed_id = $1 AND key > $2 ORDER BY key LIMIT $3`
	list, err := getAll(ctx, s.db, scanProduct, query, feed, after, limit)
	return list, s.db.fail(err, "walk products of feed %s", feed)
}
