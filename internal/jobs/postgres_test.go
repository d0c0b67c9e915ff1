package jobs_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/jobs"
)

func postgres(t testing.TB) database {
	t.Helper()
	base := os.Getenv("EMPIRE_TEST_POSTGRES")
	if base == "" {
		t.Skip("EMPIRE_TEST_POSTGRES is not set")
	}
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(domain.NewID("jobs"))
	if _, err := admin.Exec(fmt.Sprintf("CREATE DATABASE %s", name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name))
		_ = admin.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return database{dialect: jobs.Postgres, db: db, url: u.String()}
}
