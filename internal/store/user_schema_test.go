package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/store"
)

// TestUserSchema reads the catalog of the database: what a user row is.
func TestUserSchema(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, cfg store.Config) {
		db := openDB(t, cfg)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		columns := `SELECT name || ' ' || CASE WHEN pk = 1 THEN 'primary key' WHEN "notnull" = 1 THEN 'not null' ELSE 'null' END
			FROM pragma_table_info('users') WHERE name IN ('id', 'email', 'email_lower', 'name', 'created_at', 'updated_at') ORDER BY 1`
		unique := `SELECT i.name FROM pragma_index_list('users') l JOIN pragma_index_info(l.name) i
			WHERE l."unique" = 1 AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1 ORDER BY 1`
		if db.Dialect() == "postgres" {
			columns = `SELECT column_name || ' ' || CASE WHEN column_name IN (
					SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
					WHERE i.indrelid = 'users'::regclass AND i.indisprimary
				) THEN 'primary key' WHEN is_nullable = 'NO' THEN 'not null' ELSE 'null' END
				FROM information_schema.columns WHERE table_name = 'users'
				AND column_name IN ('id', 'email', 'email_lower', 'name', 'created_at', 'updated_at') ORDER BY column_name COLLATE "C"`
			unique = `SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
				WHERE i.indrelid = 'users'::regclass AND i.indisunique AND i.indnatts = 1 ORDER BY a.attname::text COLLATE "C"`
		}
		want := []string{
			"created_at not null", "email not null", "email_lower not null", "id primary key", "name not null", "updated_at not null",
		}
		if diff := cmp.Diff(want, texts(t, db, columns)); diff != "" {
			t.Errorf("columns (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"email_lower", "id"}, texts(t, db, unique)); diff != "" {
			t.Errorf("unique columns (-want +got):\n%s", diff)
		}
	})
}

// texts returns the first column of a query.
func texts(t *testing.T, db *store.DB, query string) []string {
	t.Helper()
	rows, err := db.Writer().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
