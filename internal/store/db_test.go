package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// configs returns an empty database of each kind; PostgreSQL only if there is one.
func configs(t *testing.T, run func(t *testing.T, cfg store.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		// The name has everything that means something in a URL.
		run(t, store.Config{Path: filepath.Join(t.TempDir(), "a ?b#c%41&d=ü.db")})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, store.Config{URL: testkit.Postgres(t)})
	})
}

func openDB(t *testing.T, cfg store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, cfg store.Config) {
		db := openDB(t, cfg)
		if got := domain.CodeOf(db.Current(t.Context())); got != domain.CodeConflict {
			t.Errorf("Current of an empty database = %q, want %q", got, domain.CodeConflict)
		}
		var wg sync.WaitGroup
		for range 3 { // several processes start at once
			wg.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Errorf("Migrate: %v", err)
				}
			})
		}
		wg.Wait()
		if err := db.Current(t.Context()); err != nil {
			t.Errorf("Current: %v", err)
		}
		status, err := db.MigrationStatus(t.Context())
		if err != nil || len(status) == 0 {
			t.Fatalf("MigrationStatus = %v, %v, want at least one", status, err)
		}
		for i, m := range status {
			if m.AppliedAt == nil || m.Version != int64(i+1) || m.Name == "" {
				t.Errorf("migration %d = %+v, want it applied", i+1, m)
			}
		}
	})
}

// TestMigrateDown: up, down and up again leave the schema of the first time.
func TestMigrateDown(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, cfg store.Config) {
		db := openDB(t, cfg)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatalf("Migrate: %v", err)
		}
		status, err := db.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		full := schema(t, db)
		for range status {
			if err := db.MigrateDown(t.Context()); err != nil {
				t.Fatalf("MigrateDown: %v", err)
			}
		}
		if rest := schema(t, db); strings.Contains(rest, "websites") {
			t.Errorf("left after all the way down:\n%s", rest)
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatalf("Migrate again: %v", err)
		}
		if again := schema(t, db); again != full {
			t.Errorf("schema after up, down, up:\n%s\nwant:\n%s", again, full)
		}
	})
}

// schema returns the schema as text.
func schema(t *testing.T, db *store.DB) string {
	t.Helper()
	query := `SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1`
	if db.Dialect() == "postgres" {
		query = `SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, collation_name, is_nullable, column_default)
			FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
			ORDER BY 1`
	}
	rows, err := db.Writer().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, cfg store.Config) {
		db := openDB(t, cfg)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		applied := "1"
		if db.Dialect() == "postgres" {
			applied = "true"
		}
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, `+applied+`)`); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{"Migrate": db.Migrate(t.Context()), "Current": db.Current(t.Context()), "Open": reopen(t.Context(), cfg)} {
			if domain.CodeOf(err) != domain.CodeConflict || !strings.Contains(fmt.Sprint(err), "schema version 999") {
				t.Errorf("%s: got %v, want a conflict that names version 999", name, err)
			}
		}
	})
}

func reopen(ctx context.Context, cfg store.Config) error {
	db, err := store.Open(ctx, cfg)
	if err == nil {
		_ = db.Close()
	}
	return err
}

// TestOpenBadFile: what cannot be a database is refused in one line that names it.
func TestOpenBadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.db")
	db := openDB(t, store.Config{Path: whole})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		content []byte
		message string
	}{
		{"text.db", []byte(strings.Repeat("this is no database\n", 500)), "is damaged or is not a database"},
		{"cut.db", content[:len(content)/2], "is damaged or is not a database"},
		{"missing/dir.db", nil, "cannot be written"},
		{"folder.db", nil, "cannot be written"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.name)
			if tt.content != nil {
				if err := os.WriteFile(path, tt.content, 0o600); err != nil {
					t.Fatal(err)
				}
			} else if tt.name == "folder.db" {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			err := reopen(t.Context(), store.Config{Path: path})
			if domain.CodeOf(err) != domain.CodeUnavailable {
				t.Fatalf("Open: %v, want %s", err, domain.CodeUnavailable)
			}
			text := err.Error()
			if !strings.Contains(text, path) || !strings.Contains(text, tt.message) || strings.Contains(text, "\n") {
				t.Errorf("Open: %q, want one line with the file and %q", text, tt.message)
			}
		})
	}
}

func TestOpenBadURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url string
		want      domain.Code
	}{
		{"no_server", "postgres://user:secret@/db?host=" + t.TempDir(), domain.CodeUnavailable},
		{"no_url", "postgres://user:secret@host:port:1/x", domain.CodeInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := reopen(t.Context(), store.Config{URL: tt.url})
			if got := domain.CodeOf(err); got != tt.want {
				t.Errorf("Open: %v, want %s", err, tt.want)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("Open tells the password: %v", err)
			}
		})
	}
	t.Run("no_database", func(t *testing.T) {
		t.Parallel()
		err := reopen(t.Context(), store.Config{URL: strings.Replace(testkit.Postgres(t), "/empire_test_", "/missing_", 1)})
		if got := domain.CodeOf(err); got != domain.CodeUnavailable {
			t.Errorf("Open: %v, want %s", err, domain.CodeUnavailable)
		}
	})
}

// TestSQLiteSettings: what durability and consistency rest on.
func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "empire.db")
	db := openDB(t, store.Config{Path: path})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "10000", "query_only": "0"} {
		var got string
		if err := db.Writer().QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", pragma, got, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
	if db.Dialect() != "sqlite" || db.URL() != "" {
		t.Errorf("Dialect, URL = %q, %q", db.Dialect(), db.URL())
	}
}

// TestSQLiteFull: a full disk is a clear error, and the database is whole after it.
func TestSQLiteFull(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	ctx := t.Context()
	if _, err := s.DB().Writer().ExecContext(ctx, `PRAGMA max_page_count = 150`); err != nil {
		t.Fatal(err)
	}
	var err error
	n := 0
	for ; err == nil && n < 10000; n++ {
		err = s.Meta.Set(ctx, fmt.Sprint("k", n), strings.Repeat("x", 4000))
	}
	if domain.CodeOf(err) != domain.CodeUnavailable || !strings.Contains(domain.MessageOf(err), "disk is full") {
		t.Fatalf("got %v, want %s: disk is full", err, domain.CodeUnavailable)
	}
	var check string
	if err := s.DB().Writer().QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&check); err != nil || check != "ok" {
		t.Errorf("integrity_check = %q, %v, want ok", check, err)
	}
	if _, ok, err := s.Meta.Get(ctx, fmt.Sprint("k", n-2)); !ok || err != nil {
		t.Errorf("the last stored row = %v, %v, want it there", ok, err)
	}
}

// TestSQLiteOtherWriter: another program that holds the write lock for a while
// delays a writer and does not fail it; readers do not wait.
func TestSQLiteOtherWriter(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	ctx := t.Context()
	var file string
	if err := s.DB().Writer().QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- s.Meta.Set(ctx, "k", "v") }()
	if _, ok, err := s.Meta.Get(ctx, "k"); ok || err != nil {
		t.Errorf("reader = %v, %v, want no row", ok, err)
	}
	select {
	case err := <-wrote:
		t.Errorf("the writer did not wait: %v", err)
	default:
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil {
		t.Errorf("writer: %v", err)
	}
}
