package store

import (
	"context"
	"encoding/binary"
	"time"

	"empire/internal/domain"
)

// Signatures are what is kept of the pages of live websites to find those that say
// much the same. Websites that are not live are left out of every answer.
type Signatures struct{ db *DB }

const signatureColumns = `s.num, s.website_id, s.page_id, s.path, s.kind, s.title, s.evidence, s.first_at`

func scanSignature(r row) (p domain.PageSignature, err error) {
	err = r.Scan(&p.Num, &p.WebsiteID, &p.PageID, &p.Path, &p.Kind, &p.Title, &p.Evidence, asTime(&p.FirstAt))
	return p, err
}

func scanWholeSignature(r row) (p domain.PageSignature, err error) {
	var cut, maskedCut int64
	var raw, masked []byte
	err = r.Scan(&p.Num, &p.WebsiteID, &p.PageID, &p.Path, &p.Kind, &p.Title, &p.Evidence, asTime(&p.FirstAt), &cut, &raw, &maskedCut, &masked)
	p.Limit, p.Hashes = uint32(cut), bytesHashes(raw)                //nolint:gosec // what Replace wrote
	p.MaskedLimit, p.Masked = uint32(maskedCut), bytesHashes(masked) //nolint:gosec // what Replace wrote
	return p, err
}

func bytesHashes(raw []byte) []uint32 {
	out := make([]uint32, len(raw)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(raw[4*i:])
	}
	return out
}

func hashBytes(hashes []uint32) []byte {
	out := make([]byte, 0, 4*len(hashes))
	for _, h := range hashes {
		out = binary.LittleEndian.AppendUint32(out, h)
	}
	return out
}

var bandBulk = bulk{into: "page_bands (band, num)", columns: 2, after: "ON CONFLICT (band, num) DO NOTHING"}

// Replace stores the signatures of all pages of a website and its profile. A page that
// the website had before keeps its FirstAt.
func (s *Signatures) Replace(ctx context.Context, profile *domain.SiteProfile, list []domain.PageSignature) error {
	const insert = `INSERT INTO page_signatures (website_id, page_id, path, kind, title, evidence, cut, hashes, first_at, masked_cut, masked)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING num`
	const upsert = `INSERT INTO site_profiles (website_id, tenant, release_id, doc) VALUES ($1, $2, $3, $4)
		ON CONFLICT (website_id) DO UPDATE SET tenant = excluded.tenant, release_id = excluded.release_id, doc = excluded.doc`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		first, err := s.firsts(ctx, profile.WebsiteID)
		if err != nil {
			return err
		}
		if _, err := s.db.exec(ctx, `DELETE FROM page_signatures WHERE website_id = $1`, profile.WebsiteID); err != nil {
			return err
		}
		type band struct{ key, num int64 }
		var bands []band
		for i := range list {
			p := &list[i]
			if at, ok := first[p.PageID]; ok && at.Before(p.FirstAt) {
				p.FirstAt = at
			}
			err := s.db.w(ctx).QueryRowContext(ctx, insert, profile.WebsiteID, p.PageID, p.Path, p.Kind, p.Title, p.Evidence, int64(p.Limit), hashBytes(p.Hashes),
				s.db.time(p.FirstAt), int64(p.MaskedLimit), hashBytes(p.Masked)).Scan(&p.Num)
			if err != nil {
				return err
			}
			for _, key := range p.Bands {
				bands = append(bands, band{int64(key), p.Num}) //nolint:gosec // all 64 bits are kept
			}
		}
		err = bandBulk.write(ctx, s.db, len(bands), func(args []any, i int) []any { return append(args, bands[i].key, bands[i].num) })
		if err != nil {
			return err
		}
		_, err = s.db.exec(ctx, upsert, profile.WebsiteID, profile.Tenant, profile.Release, jsonValue{profile})
		return err
	})
	return s.db.fail(err, "replace signatures of website %s", profile.WebsiteID)
}

func (s *Signatures) firsts(ctx context.Context, id domain.WebsiteID) (map[domain.PageID]time.Time, error) {
	out := map[domain.PageID]time.Time{}
	err := s.db.eachRead(ctx, `SELECT page_id, first_at FROM page_signatures WHERE website_id = $1`, []any{id}, func(r row) error {
		var page domain.PageID
		var at time.Time
		if err := r.Scan(&page, asTime(&at)); err != nil {
			return err
		}
		out[page] = at
		return nil
	})
	return out, err
}

// Of returns the signatures of a website by path, without bands and hashes.
func (s *Signatures) Of(ctx context.Context, id domain.WebsiteID) ([]domain.PageSignature, error) {
	list, err := getAll(ctx, s.db, scanSignature, `SELECT `+signatureColumns+` FROM page_signatures s WHERE s.website_id = $1 ORDER BY s.path`, id)
	return list, s.db.fail(err, "list signatures of website %s", id)
}

// live joins what belongs to a website w with those that are live.
const live = ` JOIN websites w ON w.id = s.website_id AND w.state = 'live'`

// Live returns the signatures of all live pages of a tenant, without bands and
// hashes, in the order of Num.
func (s *Signatures) Live(ctx context.Context, tenant domain.TenantID) ([]domain.PageSignature, error) {
	list, err := getAll(ctx, s.db, scanSignature, `SELECT `+signatureColumns+` FROM page_signatures s`+live+` WHERE w.tenant = $1 ORDER BY s.num`, tenant)
	return list, s.db.fail(err, "list signatures")
}

// CountLive returns how many live pages other websites of a tenant have.
func (s *Signatures) CountLive(ctx context.Context, tenant domain.TenantID, except domain.WebsiteID) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM page_signatures s`+live+` WHERE w.tenant = $1 AND w.id <> $2`, tenant, except)
}

// Candidates returns the live pages of other websites of a tenant by the bands that
// they share with those given.
func (s *Signatures) Candidates(ctx context.Context, tenant domain.TenantID, except domain.WebsiteID, bands []uint64) (map[uint64][]int64, error) {
	keys := make([]int64, len(bands))
	for i, b := range bands {
		keys[i] = int64(b) //nolint:gosec // all 64 bits are kept
	}
	query := `SELECT b.band, b.num FROM page_bands b JOIN page_signatures s ON s.num = b.num` + live + ` WHERE ` + s.db.d.inNumbers("b.band", 3) +
		` AND w.tenant = $1 AND w.id <> $2 ORDER BY b.band, b.num`
	out := map[uint64][]int64{}
	err := s.db.eachRead(ctx, query, []any{tenant, except, numbersArg(s.db.d, keys)}, func(r row) error {
		var band, num int64
		if err := r.Scan(&band, &num); err != nil {
			return err
		}
		out[uint64(band)] = append(out[uint64(band)], num) //nolint:gosec // all 64 bits are kept
		return nil
	})
	return out, s.db.fail(err, "find pages with the same bands")
}

// Whole returns signatures with their hashes, without bands, in the order of Num.
// Those that are gone are left out.
func (s *Signatures) Whole(ctx context.Context, nums []int64) ([]domain.PageSignature, error) {
	query := `SELECT ` + signatureColumns + `, s.cut, s.hashes, s.masked_cut, s.masked FROM page_signatures s WHERE ` + s.db.d.inNumbers("s.num", 1) + ` ORDER BY s.num`
	list, err := getAll(ctx, s.db, scanWholeSignature, query, numbersArg(s.db.d, nums))
	return list, s.db.fail(err, "get signatures")
}

// Bands calls fn for all bands of all tenants with their pages: the pages of a band
// one after the other.
func (s *Signatures) Bands(ctx context.Context, fn func(band, num int64)) error {
	err := s.db.eachRead(ctx, `SELECT band, num FROM page_bands ORDER BY band, num`, nil, func(r row) error {
		var band, num int64
		err := r.Scan(&band, &num)
		fn(band, num)
		return err
	})
	return s.db.fail(err, "read bands")
}

// Profiles returns the profiles of the live websites of a tenant by website.
func (s *Signatures) Profiles(ctx context.Context, tenant domain.TenantID) ([]domain.SiteProfile, error) {
	list, err := getAll(ctx, s.db, func(r row) (p domain.SiteProfile, err error) {
		err = r.Scan(jsonValue{&p})
		return p, err
	}, `SELECT s.doc FROM site_profiles s`+live+` WHERE s.tenant = $1 ORDER BY s.website_id`, tenant)
	return list, s.db.fail(err, "list profiles of websites")
}

// Pending returns live websites of a tenant (of all without one) whose signatures are
// not those of their live release, up to limit, and how many there are.
func (s *Signatures) Pending(ctx context.Context, tenant domain.TenantID, limit int) ([]domain.WebsiteID, int, error) {
	f := filter{conds: []string{"w.state = 'live'", "w.live_release <> ''", "(p.release_id IS NULL OR p.release_id <> w.live_release)"}}
	f.eq("w.tenant", string(tenant))
	const from = ` FROM websites w LEFT JOIN site_profiles p ON p.website_id = w.id`
	total, err := s.db.count(ctx, `SELECT count(*)`+from+f.where(), f.args...)
	if err != nil || total == 0 {
		return nil, total, err
	}
	page, args := f.page(domain.Window{Limit: limit})
	list, err := getAll(ctx, s.db, scanOne[domain.WebsiteID], `SELECT w.id`+from+f.where()+` ORDER BY w.id`+page, args...)
	return list, total, s.db.fail(err, "list websites without signatures")
}
