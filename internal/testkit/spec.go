package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Spec returns the path of a vendor's description or test vectors: in the folder
// specs beside the shared test data (see Data).
func Spec(t testing.TB, rel string) string {
	t.Helper()
	dir := os.Getenv("EMPIRE_TEST_DATA")
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			t.Fatalf("find module: %v", err)
		}
		dir = filepath.Join(filepath.Dir(root), "shared", "data")
	}
	path := filepath.Join(filepath.Dir(filepath.Clean(dir)), "specs", filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		Require(t, "specification "+rel+" (beside EMPIRE_TEST_DATA)")
	}
	return path
}
