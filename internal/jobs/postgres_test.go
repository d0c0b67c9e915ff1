package jobs_test

import (
	"database/sql"
	"testing"

	"empire/internal/jobs"
	"empire/internal/testkit"
)

func postgres(t testing.TB) database {
	t.Helper()
	url := testkit.Postgres(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return database{dialect: jobs.Postgres, db: db, url: url}
}
