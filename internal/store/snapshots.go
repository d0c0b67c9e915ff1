package store

import (
	"context"

	"empire/internal/domain"
)

// Snapshots are pages as they were fetched, and what rests on them. Their bytes and
// texts are blobs. A snapshot is never changed.
type Snapshots struct{ db *DB }

func scanSnapshot(r row) (s domain.Snapshot, err error) {
	err = r.Scan(jsonValue{&s})
	return s, err
}

// Insert stores a snapshot; one that is there is left alone, because equal content
// has an equal ID.
func (s *Snapshots) Insert(ctx context.Context, v *domain.Snapshot) error {
	const query = `INSERT INTO snapshots (id, tenant, final_url, sha256, fetched_at, doc) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`
	_, err := s.db.exec(ctx, query, v.ID, v.Tenant, v.FinalURL, v.SHA256, s.db.time(v.FetchedAt), jsonValue{v})
	return s.db.fail(err, "insert snapshot %s", v.ID)
}

// Get returns one snapshot, or CodeNotFound.
func (s *Snapshots) Get(ctx context.Context, id domain.SnapshotID) (*domain.Snapshot, error) {
	missing := domain.Errorf(domain.CodeNotFound, "Snapshot %s does not exist.", id)
	v, err := getOne(ctx, s.db, missing, scanSnapshot, `SELECT doc FROM snapshots WHERE id = $1`, id)
	return v, s.db.fail(err, "get snapshot %s", id)
}

// After returns up to limit snapshots of a tenant (empty: of all) whose ID is greater
// than that given, in the order of IDs.
func (s *Snapshots) After(ctx context.Context, tenant domain.TenantID, id domain.SnapshotID, limit int) ([]domain.Snapshot, error) {
	f := filter{conds: []string{"id > $1"}, args: []any{id}}
	f.eq("tenant", string(tenant))
	page, args := f.page(domain.Window{Limit: limit})
	list, err := getAll(ctx, s.db, scanSnapshot, `SELECT doc FROM snapshots`+f.where()+` ORDER BY id`+page, args...)
	return list, s.db.fail(err, "list snapshots after %s", id)
}

var citationBulk = bulk{
	into: "snapshot_evidence (snapshot_id, owner, evidence_id, doc)", columns: 4,
	after: "ON CONFLICT (snapshot_id, owner, evidence_id) DO NOTHING",
}

// Cite stores which of some evidence of an owner (a report, a website) is a span of a
// snapshot.
func (s *Snapshots) Cite(ctx context.Context, owner string, list []domain.Evidence) error {
	var cited []domain.Evidence
	for _, e := range list {
		if e.Kind == domain.EvidenceSnapshot && e.Snapshot != "" {
			cited = append(cited, e)
		}
	}
	err := citationBulk.write(ctx, s.db, len(cited), func(args []any, i int) []any {
		return append(args, cited[i].Snapshot, owner, cited[i].ID, jsonValue{&cited[i]})
	})
	return s.db.fail(err, "cite snapshots by %s", owner)
}

// Citations returns what cites a snapshot, ordered by owner and evidence.
func (s *Snapshots) Citations(ctx context.Context, id domain.SnapshotID) ([]domain.SnapshotCitation, error) {
	const query = `SELECT owner, doc FROM snapshot_evidence WHERE snapshot_id = $1 ORDER BY owner, evidence_id`
	list, err := getAll(ctx, s.db, func(r row) (c domain.SnapshotCitation, err error) {
		err = r.Scan(&c.Owner, jsonValue{&c.Evidence})
		return c, err
	}, query, id)
	return list, s.db.fail(err, "list citations of snapshot %s", id)
}

// CitedBy returns the evidence of an owner that is a span of a snapshot, ordered by
// snapshot and ID.
func (s *Snapshots) CitedBy(ctx context.Context, owner string) ([]domain.Evidence, error) {
	const query = `SELECT doc FROM snapshot_evidence WHERE owner = $1 ORDER BY snapshot_id, evidence_id`
	list, err := getAll(ctx, s.db, scanEvidence, query, owner)
	return list, s.db.fail(err, "list snapshots that %s cites", owner)
}
