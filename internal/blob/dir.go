// Package blob keeps files by their content: a blob is named by the SHA-256 of its
// bytes, never changes, and is stored once however often it is put.
//
// On disk a blob with the sum abcdef… is the file ROOT/sha256/ab/cd/abcdef…. It is
// written to a temporary file in ROOT/tmp, synced, and then renamed, so a name that
// exists always holds all of its bytes, whatever was killed when.
package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"empire/internal/domain"
)

// staleAfter is the age from which a temporary file is taken for the rest of a
// killed process.
const staleAfter = time.Hour

// Dir keeps blobs in a directory. It is safe for concurrent use, also by several
// processes.
type Dir struct {
	root string
	tmp  string
}

// NewDir opens a store in path and creates the directory if it is missing.
// Temporary files that a killed process left behind are removed once they are an
// hour old.
func NewDir(path string) (*Dir, error) {
	d := &Dir{root: filepath.Join(path, "sha256"), tmp: filepath.Join(path, "tmp")}
	for _, p := range []string{d.root, d.tmp} {
		if err := os.MkdirAll(p, 0o750); err != nil {
			return nil, fmt.Errorf("open blob directory %s: %w", path, err)
		}
	}
	if err := d.removeStale(time.Now().Add(-staleAfter)); err != nil {
		return nil, fmt.Errorf("open blob directory %s: %w", path, err)
	}
	return d, nil
}

func (d *Dir) removeStale(before time.Time) error {
	entries, err := os.ReadDir(d.tmp)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.ModTime().After(before) {
			continue // gone, or in use
		}
		if err := os.Remove(filepath.Join(d.tmp, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put stores what r yields and returns its sum and size. Nothing is kept if r
// fails or ctx ends before the last byte.
func (d *Dir) Put(ctx context.Context, r io.Reader) (sha string, size int64, err error) {
	f, err := os.CreateTemp(d.tmp, "put-*")
	if err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, h), &contextReader{ctx, r})
	if err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	sha = hex.EncodeToString(h.Sum(nil))
	if err := d.keep(f, sha, size); err != nil {
		return "", 0, fmt.Errorf("put blob %s: %w", sha, err)
	}
	return sha, size, nil
}

// PutBytes stores b and returns its sum. Bytes that are already there are not
// written again.
func (d *Dir) PutBytes(ctx context.Context, b []byte) (sha string, err error) {
	sum := sha256.Sum256(b)
	sha = hex.EncodeToString(sum[:])
	if d.holds(sha, int64(len(b))) {
		return sha, nil
	}
	_, _, err = d.Put(ctx, bytes.NewReader(b))
	return sha, err
}

// keep moves the temporary file f to its name and makes both bytes and name
// durable. It closes f.
func (d *Dir) keep(f *os.File, sha string, size int64) error {
	name := d.file(sha)
	if d.holds(sha, size) {
		_ = f.Close()
		return os.Remove(f.Name())
	}
	if err := f.Chmod(0o440); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// holds reports whether the blob is stored with the size that it must have: a
// file that a disk fault cut short is written again.
func (d *Dir) holds(sha string, size int64) bool {
	info, err := os.Stat(d.file(sha))
	return err == nil && info.Size() == size
}

// Open returns the bytes of a blob and their number, or a CodeNotFound error. The
// caller closes the reader. The bytes are not verified; ReadAll does that.
func (d *Dir) Open(ctx context.Context, sha string) (io.ReadCloser, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("open blob %s: %w", sha, err)
	}
	if !Valid(sha) {
		return nil, 0, notFound(sha)
	}
	f, err := os.Open(d.file(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, notFound(sha)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open blob %s: %w", sha, err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("open blob %s: %w", sha, err)
	}
	return f, info.Size(), nil
}

// ReadAll returns the bytes of a blob after checking them against its name. Bytes
// that do not match are a CodeInternal error, a missing blob is CodeNotFound.
func (d *Dir) ReadAll(ctx context.Context, sha string) ([]byte, error) {
	r, size, err := d.Open(ctx, sha)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("read blob %s: %w", sha, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != sha {
		return nil, domain.Errorf(domain.CodeInternal, "Blob %s is damaged: its bytes do not match its name.", sha)
	}
	return b, nil
}

// Ping checks that blobs can be written and read.
func (d *Dir) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ping blobs: %w", err)
	}
	f, err := os.CreateTemp(d.tmp, "ping-*")
	if err != nil {
		return fmt.Errorf("ping blobs: %w", err)
	}
	const text = "ping"
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Close())
	got, readErr := os.ReadFile(f.Name())
	err = errors.Join(err, readErr, os.Remove(f.Name()))
	if err == nil && string(got) != text {
		err = fmt.Errorf("wrote %q and read %q", text, got)
	}
	if err != nil {
		return fmt.Errorf("ping blobs: %w", err)
	}
	return nil
}

// Has reports whether a blob is stored.
func (d *Dir) Has(ctx context.Context, sha string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("look for blob %s: %w", sha, err)
	}
	if !Valid(sha) {
		return false, nil
	}
	_, err := os.Stat(d.file(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for blob %s: %w", sha, err)
	}
	return true, nil
}

// Walk calls fn for every blob in the order of the sums until fn returns an error,
// which Walk returns.
func (d *Dir) Walk(ctx context.Context, fn func(sha string, size int64) error) error {
	return filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("walk blobs: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("walk blobs: %w", err)
		}
		if e.IsDir() || !Valid(e.Name()) {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("walk blobs: %w", err)
		}
		return fn(e.Name(), info.Size())
	})
}

func (d *Dir) file(sha string) string { return filepath.Join(d.root, sha[:2], sha[2:4], sha) }

// Valid reports whether s is a SHA-256 in lower-case hexadecimal.
func Valid(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

func notFound(sha string) error {
	return domain.Errorf(domain.CodeNotFound, "Blob %.64q does not exist.", sha)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// contextReader ends a copy when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
