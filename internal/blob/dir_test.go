package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"empire/internal/blob"
	"empire/internal/domain"
)

// The SHA-256 of "abc", FIPS 180-2 appendix B.1.
const abcSum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func newDir(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	path := t.TempDir()
	d, err := blob.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d, path
}

func TestPing(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d, err := blob.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(path, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("Ping left %v, %v", left, err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Ping(t.Context()); err == nil {
		t.Error("Ping of a directory that is gone succeeded")
	}
}

func TestDirKeepsBytesByTheirSum(t *testing.T) {
	t.Parallel()
	d, path := newDir(t)
	sha, size, err := d.Put(t.Context(), strings.NewReader("abc"))
	if err != nil || sha != abcSum || size != 3 {
		t.Fatalf("Put = %s, %d, %v; want %s, 3, nil", sha, size, err, abcSum)
	}
	if _, err := os.Stat(filepath.Join(path, "sha256", "ba", "78", abcSum)); err != nil {
		t.Errorf("stored elsewhere: %v", err)
	}
	r, size, err := d.Open(t.Context(), sha)
	if err != nil || size != 3 {
		t.Fatalf("Open = %d, %v; want 3, nil", size, err)
	}
	defer r.Close()
	if b, _ := io.ReadAll(r); string(b) != "abc" {
		t.Errorf("bytes = %q, want abc", b)
	}
	if ok, err := d.Has(t.Context(), sha); !ok || err != nil {
		t.Errorf("Has = %v, %v; want true, nil", ok, err)
	}
}

func TestDirMissing(t *testing.T) {
	t.Parallel()
	d, _ := newDir(t)
	for _, sha := range []string{abcSum, "", "../../etc/passwd", strings.ToUpper(abcSum)} {
		if _, _, err := d.Open(t.Context(), sha); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("Open(%q) = %v, want code not_found", sha, err)
		}
		if _, err := d.ReadAll(t.Context(), sha); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("ReadAll(%q) = %v, want code not_found", sha, err)
		}
		if ok, err := d.Has(t.Context(), sha); ok || err != nil {
			t.Errorf("Has(%q) = %v, %v; want false, nil", sha, ok, err)
		}
	}
}

func TestDirPutFailsWhole(t *testing.T) {
	t.Parallel()
	d, path := newDir(t)
	broken := errors.New("wire cut")
	if _, _, err := d.Put(t.Context(), io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("Put = %v, want %v", err, broken)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := d.Put(ended, strings.NewReader("abc")); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with an ended context = %v, want %v", err, context.Canceled)
	}
	left, _ := os.ReadDir(filepath.Join(path, "tmp"))
	if n := count(t, d); n != 0 || len(left) != 0 {
		t.Errorf("%d blobs and %d temporary files left, want none", n, len(left))
	}
}

func TestDirReadAllFindsDamage(t *testing.T) {
	t.Parallel()
	d, path := newDir(t)
	sha, err := d.PutBytes(t.Context(), []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(path, "sha256", sha[:2], sha[2:4], sha)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("abd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := d.ReadAll(t.Context(), sha); domain.CodeOf(err) != domain.CodeInternal {
		t.Errorf("ReadAll = %q, %v; want code internal", b, err)
	}
	if err := os.WriteFile(file, []byte("ab"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.PutBytes(t.Context(), []byte("abc")); err != nil {
		t.Fatal(err)
	}
	if b, err := d.ReadAll(t.Context(), sha); err != nil || string(b) != "abc" {
		t.Errorf("after the second put ReadAll = %q, %v; want abc, nil", b, err)
	}
}

func TestDirConcurrentPutsOfEqualBytes(t *testing.T) {
	t.Parallel()
	d, _ := newDir(t)
	body := bytes.Repeat([]byte("tea "), 10_000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := d.Put(t.Context(), bytes.NewReader(body)); err != nil {
				t.Error(err)
			}
			if _, err := d.PutBytes(t.Context(), body); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, d); n != 1 {
		t.Errorf("%d blobs, want 1", n)
	}
}

func TestDirWalk(t *testing.T) {
	t.Parallel()
	d, _ := newDir(t)
	want := map[string]int64{}
	for _, s := range []string{"", "abc", "a longer one"} {
		sha, err := d.PutBytes(t.Context(), []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		want[sha] = int64(len(s))
	}
	last := ""
	err := d.Walk(t.Context(), func(sha string, size int64) error {
		if sha <= last {
			t.Errorf("%s came after %s", sha, last)
		}
		if w, ok := want[sha]; !ok || w != size {
			t.Errorf("Walk gave %s with %d bytes, want %d", sha, size, w)
		}
		last = sha
		delete(want, sha)
		return nil
	})
	if err != nil || len(want) != 0 {
		t.Errorf("Walk = %v, left out %v", err, want)
	}
	stop := errors.New("enough")
	if err := d.Walk(t.Context(), func(string, int64) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Walk = %v, want %v", err, stop)
	}
}

func TestNewDirRemovesOldTemporaryFiles(t *testing.T) {
	t.Parallel()
	_, path := newDir(t)
	old, fresh := filepath.Join(path, "tmp", "put-1"), filepath.Join(path, "tmp", "put-2")
	for _, f := range []string{old, fresh} {
		if err := os.WriteFile(f, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.NewDir(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("old temporary file: %v, want it gone", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("fresh temporary file: %v, want it kept", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	d, _ := newDir(t)
	in := domain.Market{
		Niche: "tea & more <b>", RowCount: 3,
		Families: []domain.Family{{Key: "a", Variants: []domain.Product{{Key: "1", Fields: map[string]string{"b": "2", "a": "1", "c": "3"}}}}},
	}
	first, err := blob.PutJSON(t.Context(), d, in)
	if err != nil {
		t.Fatal(err)
	}
	second, err := blob.PutJSON(t.Context(), d, in)
	if err != nil || second != first {
		t.Errorf("second PutJSON = %s, %v; want %s", second, err, first)
	}
	var out domain.Market
	if err := blob.GetJSON(t.Context(), d, first, &out); err != nil {
		t.Fatal(err)
	}
	if out.Niche != in.Niche || out.Families[0].Variants[0].Fields["c"] != "3" {
		t.Errorf("GetJSON = %+v, want %+v", out, in)
	}
	plain, err := d.PutBytes(t.Context(), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := blob.GetJSON(t.Context(), d, plain, &out); err == nil {
		t.Error("GetJSON of bytes that are not gzip succeeded")
	}
	if err := blob.GetJSON(t.Context(), d, abcSum, &out); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("GetJSON of a missing blob = %v, want code not_found", err)
	}
}

func count(t *testing.T, d *blob.Dir) int {
	t.Helper()
	n := 0
	if err := d.Walk(t.Context(), func(string, int64) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func BenchmarkPutBytesAgain(b *testing.B) {
	d, err := blob.NewDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	body := bytes.Repeat([]byte("tea "), 5_000)
	for b.Loop() {
		if _, err := d.PutBytes(b.Context(), body); err != nil {
			b.Fatal(err)
		}
	}
}
