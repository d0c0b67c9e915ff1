package store

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"empire/internal/domain"
)

// Portfolio reads the websites of all tenants for a model of them in memory. It has
// a connection of its own to ask for their version, so that the question costs
// microseconds on SQLite and waits for nobody.
type Portfolio struct {
	db *DB

	mu      sync.Mutex
	version *sql.Stmt // SQLite: prepared once
}

// NewPortfolio returns a Portfolio of db, which it needs as long as it is used.
func NewPortfolio(db *DB) *Portfolio { return &Portfolio{db: db} }

const (
	versionQuery    = `SELECT value FROM counters WHERE name = 'websites'`
	versionPatience = 5 * time.Second
)

// Version returns what Websites.Version returns. On SQLite it runs to its end even
// if ctx ends before: it takes less time than to watch for that.
func (p *Portfolio) Version(ctx context.Context) (n int64, err error) {
	if p.db.d == dialectSQLite {
		var stmt *sql.Stmt
		if stmt, err = p.prepared(); err == nil { //nolint:sqlclosecheck // kept as long as the database is open
			err = stmt.QueryRowContext(context.WithoutCancel(ctx)).Scan(&n)
		}
		return n, p.db.fail(err, "read the version of the websites")
	}
	// Not prepared: names of statements do not survive a transaction pooler.
	ctx, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	err = p.db.watch.QueryRowContext(ctx, versionQuery).Scan(&n)
	return n, p.db.fail(err, "read the version of the websites")
}

func (p *Portfolio) prepared() (stmt *sql.Stmt, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version == nil {
		p.version, err = p.db.watch.PrepareContext(context.Background(), versionQuery)
	}
	return p.version, err
}

// All returns all websites ordered by id, or CodeTooLarge if there are more than
// limit.
func (p *Portfolio) All(ctx context.Context, limit int) ([]domain.Website, error) {
	n, err := p.db.count(ctx, `SELECT count(*) FROM websites`)
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, domain.Errorf(domain.CodeTooLarge, "There are more than %d websites.", limit)
	}
	list, err := getAll(ctx, p.db, scanWebsite, `SELECT `+websiteColumns+` FROM websites ORDER BY id`)
	return list, p.db.fail(err, "list all websites")
}

// Changes returns up to limit websites whose id or whose PointerSeq is greater than
// that given, in no order, with the version that they belong to and how many
// websites there are in all: everything was read at one moment. Every changed row
// adds one to the version. So if the version grew by as many as there are websites
// in the answer, each of them changed once and nothing else did; otherwise there
// were changes that the answer does not show. Without a website in it version and
// total are zero.
func (p *Portfolio) Changes(ctx context.Context, id domain.WebsiteID, seq int64, limit int) (list []domain.Website, version int64, total int, err error) {
	const query = `SELECT (` + versionQuery + `), (SELECT count(*) FROM websites), ` + websiteColumns + `
		FROM websites WHERE id > $1 OR pointer_seq > $2 LIMIT $3`
	list, err = getAll(ctx, p.db, func(r row) (domain.Website, error) {
		return scanWebsite(prefixed{r, []any{&version, &total}})
	}, query, id, seq, limit)
	return list, version, total, p.db.fail(err, "list changes of websites")
}

// prefixed is a row with more columns in front.
type prefixed struct {
	row   row
	first []any
}

// Scan implements row.
func (p prefixed) Scan(dest ...any) error {
	return p.row.Scan(append(p.first, dest...)...)
}
