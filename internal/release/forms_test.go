package release_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/release"
)

// counted counts what is stored.
type counted struct {
	puts atomic.Int64
	release.Blobs
}

func (c *counted) PutBytes(ctx context.Context, b []byte) (string, error) {
	c.puts.Add(1)
	return c.Blobs.PutBytes(ctx, b)
}

// TestCompressesOnlyNewBytes builds a site again with one page changed: the other pages
// have the compressed forms that they had, and equal bytes give an equal manifest with or
// without what is remembered.
func TestCompressesOnlyNewBytes(t *testing.T) {
	t.Parallel()
	_, d := newStore(t)
	blobs := &counted{Blobs: d}
	s := release.New(blobs)
	files := site()
	build(t, s, files)
	before := blobs.puts.Swap(0)
	files[1].Body = page(151)
	_, m := build(t, s, files)
	// Five files, three forms of the changed one, and the manifest.
	if got := blobs.puts.Load(); got != 5+3+1 {
		t.Errorf("%d blobs were put after %d at first, want 9", got, before)
	}
	fresh, _ := newStore(t)
	if _, want := build(t, fresh, files); !cmp.Equal(want, m) {
		t.Errorf("the manifest depends on what was built before:\n%s", cmp.Diff(want, m))
	}
}

// TestForgetsWhatFailed remembers no forms of a file that could not be stored.
func TestForgetsWhatFailed(t *testing.T) {
	t.Parallel()
	_, d := newStore(t)
	f := &failing{Blobs: d}
	s := release.New(f)
	f.after.Store(2)
	if _, _, err := s.Build(t.Context(), "keyboards.example", site()); !errors.Is(err, errFull) {
		t.Fatalf("error %v, want %v", err, errFull)
	}
	f.after.Store(1 << 30)
	_, m := build(t, s, site())
	if err := s.Verify(t.Context(), m); err != nil {
		t.Error(err)
	}
	fresh, _ := newStore(t)
	if _, want := build(t, fresh, site()); !cmp.Equal(want, m) {
		t.Errorf("after a failure (-want +got):\n%s", cmp.Diff(want, m))
	}
}

var errFull = errors.New("disk full")

// failing stores some blobs and then no more.
type failing struct {
	after atomic.Int64
	release.Blobs
}

func (f *failing) PutBytes(ctx context.Context, b []byte) (string, error) {
	if f.after.Add(-1) < 0 {
		return "", errFull
	}
	return f.Blobs.PutBytes(ctx, b)
}
