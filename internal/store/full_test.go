package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
)

// TestSQLiteFullAndOpenedAgain: what was stored before the disk was full is there
// after the program has ended and started again, the file is whole, and writing
// goes on.
func TestSQLiteFullAndOpenedAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := store.Config{Path: filepath.Join(t.TempDir(), "empire.db")}
	db, err := store.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().ExecContext(ctx, `PRAGMA max_page_count = 150`); err != nil {
		t.Fatal(err)
	}
	st := store.New(db)
	stored := 0
	for ; stored < 10_000; stored++ {
		if err = st.Meta.Set(ctx, fmt.Sprint("k", stored), strings.Repeat("x", 4000)); err != nil {
			break
		}
	}
	if domain.CodeOf(err) != domain.CodeUnavailable || stored == 0 {
		t.Fatalf("after %d rows: %v, want %s", stored, err, domain.CodeUnavailable)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDB(t, cfg) // the limit was the connection's
	var check string
	if err := again.Writer().QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&check); err != nil || check != "ok" {
		t.Errorf("integrity_check = %q, %v, want ok", check, err)
	}
	st = store.New(again)
	for i := range stored {
		if v, ok, err := st.Meta.Get(ctx, fmt.Sprint("k", i)); !ok || err != nil || len(v) != 4000 {
			t.Fatalf("row %d of %d: %v, %v, %d bytes", i, stored, ok, err, len(v))
		}
	}
	if _, ok, err := st.Meta.Get(ctx, fmt.Sprint("k", stored)); ok || err != nil {
		t.Errorf("the refused row: %v, %v, want none", ok, err)
	}
	if err := st.Meta.Set(ctx, "more", "room"); err != nil {
		t.Errorf("writing after the restart: %v", err)
	}
}
