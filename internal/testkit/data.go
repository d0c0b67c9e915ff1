package testkit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Data returns the path of a file or folder of the shared test data: below
// EMPIRE_TEST_DATA, or below ../shared/data next to the module.
func Data(t testing.TB, rel string) string {
	t.Helper()
	dir := os.Getenv("EMPIRE_TEST_DATA")
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			t.Fatalf("find module: %v", err)
		}
		dir = filepath.Join(filepath.Dir(root), "shared", "data")
	}
	path := filepath.Join(dir, filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		Require(t, "test data "+rel+" (set EMPIRE_TEST_DATA)")
	}
	return path
}

// BigData is Data for tests of one goroutine on large files. With the race detector,
// which has nothing to find in them, they would take minutes: they are skipped, and the
// gate runs their packages without it, too.
func BigData(t testing.TB, rel string) string {
	t.Helper()
	Unraced(t)
	return Data(t, rel)
}

// moduleRoot returns the folder with go.mod above the package under test.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
