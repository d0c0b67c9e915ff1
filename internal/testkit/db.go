// Package testkit holds what tests share: fresh databases, a PostgreSQL server of
// their own, the built program, and test data.
//
// What the machine lacks makes a test skip and say so. With EMPIRE_TEST_REQUIRE=all
// it fails instead.
package testkit

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"empire/internal/store"
)

// Require ends a test that needs something that is missing: it skips, or fails
// under EMPIRE_TEST_REQUIRE=all.
func Require(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("EMPIRE_TEST_REQUIRE") == "all" {
		t.Fatalf("missing: %s", what)
	}
	t.Skipf("missing: %s", what)
}

// Look returns the path of the first of several programs that is installed.
func Look(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Require(t, "program "+strings.Join(names, " or "))
	return ""
}

// DB returns a store on a fresh SQLite file, migrated.
func DB(t testing.TB) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "empire.db")
	MigratedFile(t, path)
	return open(t, store.Config{Path: path})
}

// MigratedFile writes the SQLite file of an empty, migrated database. It is a copy of
// one that is migrated once in a test process: that takes longer than many tests.
func MigratedFile(t testing.TB, path string) {
	t.Helper()
	raw, err := migrated()
	if err != nil {
		t.Fatalf("migrate database: %v", err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

var migrated = sync.OnceValues(func() (raw []byte, err error) {
	dir, err := os.MkdirTemp("", "empire-migrated-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "empire.db")
	if err := migrate(context.Background(), store.Config{Path: path}); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(ctx context.Context, cfg store.Config) error {
	db, err := store.Open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

// PostgresDB returns a store on a fresh PostgreSQL database, migrated.
func PostgresDB(t testing.TB) *store.Store {
	t.Helper()
	return open(t, store.Config{URL: MigratedPostgres(t)})
}

func open(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	if err := db.Current(t.Context()); err != nil {
		t.Fatalf("migrate database: %v", err)
	}
	return store.New(db)
}
