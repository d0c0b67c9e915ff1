package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"empire/internal/domain"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt *time.Time // nil: pending
}

// Migrate brings the schema up to date. Each migration is one transaction, so a
// failed one leaves nothing behind. Several processes may call it at once.
func (db *DB) Migrate(ctx context.Context) error {
	return db.migrating(ctx, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			db.log.InfoContext(ctx, "migration applied", "version", r.Source.Version, "duration_ms", r.Duration.Milliseconds())
		}
		return err
	})
}

// MigrateDown takes the newest migration back, with the data that only it can
// hold.
func (db *DB) MigrateDown(ctx context.Context) error {
	return db.migrating(ctx, func(p *goose.Provider) error {
		_, err := p.Down(ctx)
		return err
	})
}

func (db *DB) migrating(ctx context.Context, change func(*goose.Provider) error) error {
	if err := db.refuseNewer(ctx); err != nil {
		return err
	}
	unlock, err := db.lockMigrations(ctx)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	defer unlock()
	p, err := db.provider()
	if err != nil {
		return err
	}
	if err := change(p); err != nil {
		if pe, ok := errors.AsType[*goose.PartialError](err); ok {
			return db.fail(pe.Err, "migrate database %s: step %d", db.place, pe.Failed.Source.Version)
		}
		return db.fail(err, "migrate database %s", db.place)
	}
	return nil
}

// MigrationStatus lists all migrations that this program knows, oldest first.
func (db *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	p, err := db.provider()
	if err != nil {
		return nil, err
	}
	states, err := p.Status(ctx)
	if err != nil {
		return nil, db.fail(err, "read migrations of database %s", db.place)
	}
	out := make([]Migration, len(states))
	for i, s := range states {
		out[i] = Migration{Version: s.Source.Version, Name: s.Source.Path}
		if s.State == goose.StateApplied {
			at := s.AppliedAt.UTC()
			out[i].AppliedAt = &at
		}
	}
	return out, nil
}

// provider does not own the connections: it must not be closed.
func (db *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+string(db.d))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(db.d.goose(), db.writer, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// refuseNewer returns an error if a newer program has migrated the database.
func (db *DB) refuseNewer(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	var known int64
	for _, s := range p.ListSources() {
		known = max(known, s.Version)
	}
	var current int64
	err = db.writer.QueryRowContext(ctx, `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&current)
	if err != nil && !noTable(err) {
		return db.fail(err, "read schema version of database %s", db.place)
	}
	if current > known {
		return domain.Errorf(domain.CodeConflict,
			"Database %s has schema version %d, but this program knows versions up to %d only: run the newer program, or restore a backup.",
			db.place, current, known)
	}
	return nil
}

// Current returns an error that names the command to run if the schema is not at
// the version of this program.
func (db *DB) Current(ctx context.Context) error {
	list, err := db.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.AppliedAt == nil {
			return domain.Errorf(domain.CodeConflict, "Database %s lacks migration %d: run empire migrate up.", db.place, m.Version)
		}
	}
	return db.refuseNewer(ctx)
}
