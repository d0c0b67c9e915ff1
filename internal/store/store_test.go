package store_test

import (
	"testing"

	"empire/internal/store"
	"empire/internal/store/storetest"
	"empire/internal/testkit"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store { return testkit.DB(t) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store { return testkit.PostgresDB(t) })
}
