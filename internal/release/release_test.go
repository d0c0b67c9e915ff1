package release_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/release"
)

func newStore(t testing.TB) (*release.Builder, *blob.Dir) {
	t.Helper()
	d, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return release.New(d), d
}

// page is text that resembles a page: repetitive markup around varied words.
func page(n int) []byte {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=en><title>Keyboards</title><main>")
	for i := range n {
		fmt.Fprintf(&b, `<tr class="row"><th scope="row">Model %d</th><td class="price">$%d.99</td><td>%x</td></tr>`+"\n", i, 20+i*7%90, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	return []byte(b.String())
}

func site() []release.File {
	return []release.File{
		{Path: "/", File: "index.html", ContentType: "text/html; charset=utf-8", Body: page(100)},
		{Path: "/guide/", File: "guide/index.html", ContentType: "text/html; charset=utf-8", Body: page(150)},
		{Path: "/404.html", File: "404.html", ContentType: "text/html; charset=utf-8", Body: []byte("gone"), Status: 404},
		{Path: "/og.png", File: "og.png", ContentType: "image/png", Body: bytes.Repeat([]byte("png"), 500), Immutable: true},
		{Path: "/robots.txt", File: "robots.txt", ContentType: "text/plain; charset=utf-8", Body: []byte("User-agent: *\n")},
	}
}

func build(t *testing.T, s *release.Builder, files []release.File, earlier ...domain.Manifest) (string, domain.Manifest) {
	t.Helper()
	sha, m, err := s.Build(t.Context(), "keyboards.example", files, earlier...)
	if err != nil {
		t.Fatal(err)
	}
	return sha, m
}

func TestBuildIsDeterministic(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	first, m := build(t, s, site())
	files := site()
	slices.Reverse(files)
	other, _ := newStore(t)
	second, again := build(t, other, files)
	if first != second {
		t.Errorf("sums = %s and %s, want equal", first, second)
	}
	if diff := cmp.Diff(m, again); diff != "" {
		t.Errorf("manifests differ:\n%s", diff)
	}
	if !slices.IsSortedFunc(m.Entries, func(a, b domain.ManifestEntry) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("entries are not sorted by path")
	}
	loaded, err := s.Load(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, loaded); diff != "" {
		t.Errorf("loaded manifest (-built +loaded):\n%s", diff)
	}
	files[0].Body = append(files[0].Body, '!')
	if third, _ := build(t, s, files); third == first {
		t.Error("another body gave the same sum")
	}
}

func TestBuildCompresses(t *testing.T) {
	t.Parallel()
	s, d := newStore(t)
	_, m := build(t, s, site())
	decoders := map[string]func(r io.Reader) (io.Reader, error){
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	}
	want := map[string]bool{"/": true, "/guide/": true}
	for i, f := range site() {
		e := m.Entries[slices.IndexFunc(m.Entries, func(e domain.ManifestEntry) bool { return e.Path == f.Path })]
		if (len(e.Encodings) == 3) != want[f.Path] || (len(e.Encodings) == 0) == want[f.Path] {
			t.Errorf("%s has %d encodings", f.Path, len(e.Encodings))
		}
		if sum := sha256.Sum256(f.Body); e.SHA256 != hex.EncodeToString(sum[:]) || e.Size != int64(len(f.Body)) {
			t.Errorf("file %d: entry %+v does not describe its body", i, e)
		}
		for name, form := range e.Encodings {
			b, err := d.ReadAll(t.Context(), form.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			r, err := decoders[name](bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(plain, f.Body) {
				t.Errorf("%s in %s does not decode to the file: %v", f.Path, name, err)
			}
			if form.Size != int64(len(b)) || form.Size >= e.Size {
				t.Errorf("%s in %s: size %d, blob %d, file %d", f.Path, name, form.Size, len(b), e.Size)
			}
		}
	}
}

func TestBuildTakesFormsFromEarlierReleases(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	_, m := build(t, s, site())
	marked := m
	marked.Entries = slices.Clone(m.Entries)
	for i := range marked.Entries {
		if marked.Entries[i].Path == "/" {
			marked.Entries[i].Encodings = map[string]domain.Encoded{"br": {SHA256: "taken", Size: 1}}
		}
	}
	_, again := build(t, s, site(), marked)
	if diff := cmp.Diff(marked, again); diff != "" {
		t.Errorf("manifest (-earlier +built):\n%s", diff)
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	ok := release.File{Path: "/a", File: "a", ContentType: "text/plain"}
	for name, f := range map[string]release.File{
		"relative path":   {Path: "b", File: "b", ContentType: "text/plain"},
		"empty segment":   {Path: "/b//c", File: "b", ContentType: "text/plain"},
		"dot-dot path":    {Path: "/../b", File: "b", ContentType: "text/plain"},
		"query":           {Path: "/b?c", File: "b", ContentType: "text/plain"},
		"line break":      {Path: "/b\r\nX: y", File: "b", ContentType: "text/plain"},
		"same path":       {Path: "/a", File: "b", ContentType: "text/plain"},
		"same file":       {Path: "/b", File: "a", ContentType: "text/plain"},
		"same file again": {Path: "/b", File: "./a", ContentType: "text/plain"},
		"file outside":    {Path: "/b", File: "../b", ContentType: "text/plain"},
		"absolute file":   {Path: "/b", File: "/etc/b", ContentType: "text/plain"},
		"no file":         {Path: "/b", ContentType: "text/plain"},
		"no content type": {Path: "/b", File: "b"},
	} {
		if _, _, err := s.Build(t.Context(), "keyboards.example", []release.File{ok, f}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: Build = %v, want code invalid", name, err)
		}
	}
}

func TestLoadFails(t *testing.T) {
	t.Parallel()
	s, d := newStore(t)
	if _, err := s.Load(t.Context(), strings.Repeat("0", 64)); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("missing manifest: %v, want code not_found", err)
	}
	for _, body := range []string{"not JSON", `{"version":2}`} {
		sha, err := d.PutBytes(t.Context(), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(t.Context(), sha); err == nil {
			t.Errorf("Load of %q succeeded", body)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	_, m := build(t, s, site())
	if err := s.Verify(t.Context(), m); err != nil {
		t.Errorf("Verify = %v, want nil", err)
	}
	broken := m
	broken.Entries = slices.Clone(m.Entries)
	broken.Entries[0].Encodings = map[string]domain.Encoded{"br": {SHA256: strings.Repeat("0", 64), Size: 3}}
	broken.Entries[1].Size++
	err := s.Verify(t.Context(), broken)
	if err == nil || !strings.Contains(err.Error(), broken.Entries[0].Path) || !strings.Contains(err.Error(), broken.Entries[1].Path) {
		t.Errorf("Verify = %v, want faults of two paths", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Verify(ended, m); err == nil {
		t.Error("Verify with an ended context succeeded")
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	_, a := build(t, s, site())
	files := site()
	files[0].Body = append(files[0].Body, "<p>new"...)
	files[4] = release.File{Path: "/new.txt", File: "new.txt", ContentType: "text/plain", Body: []byte("hello")}
	files[2].Status = 410
	_, b := build(t, s, files)
	type short struct {
		Path  string
		Kind  domain.ChangeKind
		Bytes int64
	}
	var got []short
	for _, c := range release.Diff(a, b) {
		got = append(got, short{c.Path, c.Kind, c.Bytes})
		if (c.Before == "") != (c.Kind == domain.Added) || (c.After == "") != (c.Kind == domain.Removed) {
			t.Errorf("change %+v names the wrong sums", c)
		}
	}
	want := []short{
		{"/", domain.Changed, 6}, {"/404.html", domain.Changed, 0}, {"/new.txt", domain.Added, 5}, {"/robots.txt", domain.Removed, -14},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Diff (-want +got):\n%s", diff)
	}
	if got := release.Diff(a, a); len(got) != 0 {
		t.Errorf("Diff of equal releases = %v, want none", got)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	parent := t.TempDir()
	dir := filepath.Join(parent, "sites", "keyboards.example")
	_, m := build(t, s, site())
	if err := s.Export(t.Context(), m, dir); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range site() {
		want[f.File] = string(f.Body)
	}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	_, smaller := build(t, s, site()[:2])
	if err := s.Export(t.Context(), smaller, dir); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); len(got) != 2 {
		t.Errorf("%d files after the second export, want 2", len(got))
	}
	missing := m
	missing.Entries = append(slices.Clone(m.Entries), domain.ManifestEntry{Path: "/x", File: "x", SHA256: strings.Repeat("0", 64)})
	if err := s.Export(t.Context(), missing, dir); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("Export with a missing blob = %v, want code not_found", err)
	}
	if got := tree(t, dir); len(got) != 2 {
		t.Errorf("%d files after a failed export, want 2", len(got))
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("%d entries beside the export, want none", len(left)-1)
	}
}

func TestExportKeepsWhatIsNotASite(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	_, m := build(t, s, site())
	dir := t.TempDir()
	if err := s.Export(t.Context(), m, filepath.Join(dir, "empty")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("years"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Export(t.Context(), m, dir); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("Export = %v, want code conflict", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "thesis.txt")); err != nil {
		t.Error(err)
	}
	outside := m
	outside.Entries = []domain.ManifestEntry{{Path: "/x", File: "../x", SHA256: m.Entries[0].SHA256}}
	if err := s.Export(t.Context(), outside, filepath.Join(dir, "out")); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("Export outside the directory = %v, want code invalid", err)
	}
}

// tree returns the files under dir with their content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzValidPath(f *testing.F) {
	for _, p := range []string{"/", "/guide/", "/a/../b", "//x", "/a%2fb", "/x\x00", "", "/.", "/ü/"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !release.ValidPath(p) {
			return
		}
		for s := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(p, "/"), "/"), "/") {
			if (s == "" && p != "/") || s == "." || s == ".." || strings.ContainsAny(s, "\x00\r\n?#%\\") {
				t.Errorf("ValidPath(%q) with the segment %q", p, s)
			}
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	s, _ := newStore(b)
	n := 0
	for b.Loop() {
		files := make([]release.File, 20)
		for i := range files {
			n++
			files[i] = release.File{
				Path: fmt.Sprintf("/p%d/", i), File: fmt.Sprintf("p%d/index.html", i),
				ContentType: "text/html", Body: fmt.Appendf(page(150), "%d", n),
			}
		}
		if _, _, err := s.Build(b.Context(), "keyboards.example", files); err != nil {
			b.Fatal(err)
		}
	}
}
