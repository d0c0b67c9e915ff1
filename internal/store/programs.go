package store

import (
	"context"
	"database/sql"

	"empire/internal/domain"
)

// Programs are the affiliate programs of advertisers.
type Programs struct{ db *DB }

const programColumns = `id, network, advertiser_id, name, joined, open, commission_basis_points, commission_fixed_minor, commission_fixed_currency,
	cookie_days, deep_links, domains, source, created_at, updated_at, traffic, sectors, epc_minor, epc_currency, link_way`

func scanProgram(r row) (p domain.Program, err error) {
	var minor, epc sql.NullInt64
	var currency, epcCurrency sql.NullString
	err = r.Scan(&p.ID, &p.Network, &p.AdvertiserID, &p.Name, &p.Joined, &p.Open, &p.CommissionBasisPoints, &minor, &currency, &p.CookieDays,
		&p.DeepLinks, jsonValue{&p.Domains}, &p.Source, asTime(&p.CreatedAt), asTime(&p.UpdatedAt), &p.Traffic, jsonValue{&p.Sectors},
		&epc, &epcCurrency, &p.LinkWay)
	if minor.Valid {
		p.CommissionFixed = &domain.Money{Minor: minor.Int64, Currency: currency.String}
	}
	if epc.Valid {
		p.EPC = &domain.Money{Minor: epc.Int64, Currency: epcCurrency.String}
	}
	return p, err
}

// moneyArgs are amount and currency, or nothing.
func moneyArgs(m *domain.Money) (minor, currency any) {
	if m == nil {
		return nil, nil
	}
	return m.Minor, m.Currency
}

// Upsert stores programs, all or none. A program is known by its network and
// advertiser: one that exists keeps its id and CreatedAt, and both are set in the
// slice.
func (s *Programs) Upsert(ctx context.Context, programs []domain.Program) error {
	const query = `INSERT INTO programs (` + programColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (network, advertiser_id) DO UPDATE SET name = excluded.name, joined = excluded.joined, open = excluded.open,
			commission_basis_points = excluded.commission_basis_points, commission_fixed_minor = excluded.commission_fixed_minor,
			commission_fixed_currency = excluded.commission_fixed_currency, cookie_days = excluded.cookie_days,
			deep_links = excluded.deep_links, domains = excluded.domains, source = excluded.source, updated_at = excluded.updated_at,
			traffic = excluded.traffic, sectors = excluded.sectors, epc_minor = excluded.epc_minor,
			epc_currency = excluded.epc_currency, link_way = excluded.link_way
		RETURNING id, created_at`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		stmt, err := s.db.w(ctx).PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for i := range programs {
			p := &programs[i]
			minor, currency := moneyArgs(p.CommissionFixed)
			epc, epcCurrency := moneyArgs(p.EPC)
			err := stmt.QueryRowContext(ctx, p.ID, p.Network, p.AdvertiserID, p.Name, p.Joined, p.Open, p.CommissionBasisPoints, minor, currency,
				p.CookieDays, p.DeepLinks, jsonValue{p.Domains}, p.Source, s.db.time(p.CreatedAt), s.db.time(p.UpdatedAt), p.Traffic, jsonValue{p.Sectors},
				epc, epcCurrency, p.LinkWay,
			).Scan(&p.ID, asTime(&p.CreatedAt))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return s.db.fail(err, "store programs")
}

// Get returns one program, or CodeNotFound.
func (s *Programs) Get(ctx context.Context, id domain.ProgramID) (*domain.Program, error) {
	const query = `SELECT ` + programColumns + ` FROM programs WHERE id = $1`
	missing := domain.Errorf(domain.CodeNotFound, "Program %s does not exist.", id)
	p, err := getOne(ctx, s.db, missing, scanProgram, query, id)
	return p, s.db.fail(err, "get program %s", id)
}

// List returns programs ordered by name, and how many there are.
func (s *Programs) List(ctx context.Context, w domain.Window) ([]domain.Program, int, error) {
	const query = `SELECT ` + programColumns + ` FROM programs ORDER BY name, id LIMIT $1 OFFSET $2`
	total, err := s.db.count(ctx, `SELECT count(*) FROM programs`)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanProgram, query, limit, offset)
	return list, total, s.db.fail(err, "list programs")
}

// ListByAdvertisers returns the programs of these advertisers in any network,
// ordered by name.
func (s *Programs) ListByAdvertisers(ctx context.Context, ids []string) ([]domain.Program, error) {
	var f filter
	in(&f, s.db.d, "advertiser_id", ids)
	list, err := getAll(ctx, s.db, scanProgram, `SELECT `+programColumns+` FROM programs`+f.where()+` ORDER BY name, id`, f.args...)
	return list, s.db.fail(err, "list programs by advertiser")
}
