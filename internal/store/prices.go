package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Prices are what models cost from when on. Rows are added, never changed.
type Prices struct{ db *DB }

const priceColumns = `id, provider, model, currency, effective_from, input, cached_input, cache_write, output, bands, recorded_at, recorded_by`

func scanPrice(r row) (p domain.Price, err error) {
	err = r.Scan(&p.ID, &p.Provider, &p.Model, &p.Currency, asTime(&p.EffectiveFrom), &p.Input, &p.CachedInput, &p.CacheWrite, &p.Output,
		jsonValue{&p.Bands}, asTime(&p.RecordedAt), &p.RecordedBy)
	return p, err
}

// Insert records a price. Among those with the same provider, model and time the
// last one counts.
func (s *Prices) Insert(ctx context.Context, p *domain.Price) error {
	const query = `INSERT INTO prices (` + priceColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	bands := p.Bands
	if bands == nil {
		bands = []domain.PriceBand{}
	}
	_, err := s.db.exec(ctx, query, p.ID, p.Provider, p.Model, p.Currency, s.db.time(p.EffectiveFrom), p.Input, p.CachedInput, p.CacheWrite, p.Output,
		jsonValue{bands}, s.db.time(p.RecordedAt), p.RecordedBy)
	return s.db.fail(err, "insert price of %s %s", p.Provider, p.Model)
}

// At returns what a model costs at a time, or CodeNotFound.
func (s *Prices) At(ctx context.Context, provider, model string, at time.Time) (*domain.Price, error) {
	const query = `SELECT ` + priceColumns + ` FROM prices WHERE provider = $1 AND model = $2 AND effective_from <= $3
		ORDER BY effective_from DESC, id DESC LIMIT 1`
	missing := domain.Errorf(domain.CodeNotFound, "Model %s of %s has no price.", model, provider)
	p, err := getOne(ctx, s.db, missing, scanPrice, query, provider, model, s.db.time(at))
	return p, s.db.fail(err, "get price of %s %s", provider, model)
}

// List returns the prices that count, by provider, model and time, the newest time
// of each first; and how many there are.
func (s *Prices) List(ctx context.Context, w domain.Window) ([]domain.Price, int, error) {
	const current = ` FROM prices p WHERE NOT EXISTS (SELECT 1 FROM prices q WHERE q.provider = p.provider AND q.model = p.model
		AND q.effective_from = p.effective_from AND q.id > p.id)`
	total, err := s.db.count(ctx, `SELECT count(*)`+current)
	if err != nil {
		return nil, 0, err
	}
	var f filter
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanPrice, `SELECT `+priceColumns+current+` ORDER BY provider, model, effective_from DESC`+page, args...)
	return list, total, s.db.fail(err, "list prices")
}
