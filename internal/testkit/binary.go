package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builtBinary is built at most once in a test process.
var builtBinary = sync.OnceValues(buildBinary)

// Binary returns the path of the program: EMPIRE_TEST_BINARY, or cmd/empire built
// from the module. Test processes that run at the same time share one build.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("EMPIRE_TEST_BINARY"); path != "" {
		return path
	}
	path, err := builtBinary()
	if err != nil {
		t.Fatalf("build the program: %v", err)
	}
	return path
}

// buildBinary builds into a cache folder under a lock. The result is named for its
// content, so that a later build never replaces a program that another test runs.
func buildBinary() (path string, err error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir, err := binaryDir(root)
	if err != nil {
		return "", err
	}
	unlock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	latest := filepath.Join(dir, "latest")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", latest, "./cmd/empire")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	content, err := os.ReadFile(latest)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	path = filepath.Join(dir, "empire-"+hex.EncodeToString(sum[:8]))
	if err := os.Link(latest, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	now := time.Now()
	return path, errors.Join(os.Chtimes(path, now, now), removeOld(dir, now.Add(-24*time.Hour)))
}

func binaryDir(root string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256([]byte(root))
	dir := filepath.Join(cache, "empire-test", hex.EncodeToString(sum[:6]))
	return dir, os.MkdirAll(dir, 0o700)
}

// lockFile waits until no other process holds the lock. The lock ends with the
// process, however it ends.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

func removeOld(dir string, before time.Time) error {
	old, err := filepath.Glob(filepath.Join(dir, "empire-*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && info.ModTime().Before(before) {
			_ = os.Remove(path)
		}
	}
	return nil
}
