// Package release turns the files of a site into releases. A release is a manifest
// over content-addressed blobs:
//
//	manifest blob (JSON, sorted by path, named by its SHA-256)
//	  └─ entry: path, type, status, or where the path leads
//	       ├─ blob: the file as it is
//	       └─ blobs: the same in br, zstd and gzip, where that is smaller
//
// Nothing in a release ever changes, and equal files give the same manifest, so a
// release can be published, kept, compared and gone back to by its SHA-256 alone.
package release

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
)

// File is one file of a site, as the site generator makes it.
type File = domain.File

// manifestVersion is the format of the manifests that this package writes.
const manifestVersion = 1

type blobs interface {
	PutBytes(ctx context.Context, b []byte) (sha string, err error)
	ReadAll(ctx context.Context, sha string) ([]byte, error)
}

// writers is how many files of a release are stored at a time. Storing waits for the
// disk, which makes many files durable in about the time of one; compressing is done on
// no more than the cores.
const writers = 16

// Builder makes and reads releases. It is safe for concurrent use.
type Builder struct {
	blobs blobs
	cores chan struct{} // one for each file that may be compressed at a time
	forms forms
}

// New returns a builder over blobs, whose ReadAll must verify what it reads.
func New(blobs blobs) *Builder {
	return &Builder{blobs: blobs, cores: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Build stores files as a release of a host and returns the SHA-256 of its
// manifest. Equal files give equal sums, in whatever order they come. Compressing
// takes most of the time; files that are unchanged since one of the earlier
// manifests, or since this builder stored them, keep their compressed forms.
func (s *Builder) Build(ctx context.Context, host string, files []File, earlier ...domain.Manifest) (manifestSHA string, m domain.Manifest, err error) {
	if err := check(files); err != nil {
		return "", domain.Manifest{}, fmt.Errorf("build release of %s: %w", host, err)
	}
	known := map[string]domain.ManifestEntry{}
	for _, e := range earlier {
		for _, entry := range e.Entries {
			if entry.Location == "" {
				known[entry.SHA256+entry.ContentType] = entry
			}
		}
	}
	m = domain.Manifest{Version: manifestVersion, Host: host, Entries: make([]domain.ManifestEntry, len(files))}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i := range files {
		group.Go(func() error {
			e, err := s.put(gctx, &files[i], known)
			m.Entries[i] = e
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", domain.Manifest{}, fmt.Errorf("build release of %s: %w", host, err)
	}
	slices.SortFunc(m.Entries, func(a, b domain.ManifestEntry) int { return cmp.Compare(a.Path, b.Path) })
	b, err := json.Marshal(m)
	if err != nil {
		return "", domain.Manifest{}, fmt.Errorf("build release of %s: %w", host, err)
	}
	manifestSHA, err = s.blobs.PutBytes(ctx, b)
	if err != nil {
		return "", domain.Manifest{}, fmt.Errorf("build release of %s: %w", host, err)
	}
	return manifestSHA, m, nil
}

// put stores one file with its compressed forms.
func (s *Builder) put(ctx context.Context, f *File, known map[string]domain.ManifestEntry) (domain.ManifestEntry, error) {
	if f.Location != "" {
		return domain.ManifestEntry{Path: f.Path, Status: f.Status, Location: f.Location}, nil
	}
	sha, err := s.blobs.PutBytes(ctx, f.Body)
	if err != nil {
		return domain.ManifestEntry{}, fmt.Errorf("store %s: %w", f.Path, err)
	}
	e := domain.ManifestEntry{
		Path: f.Path, File: f.File, SHA256: sha, Size: int64(len(f.Body)),
		ContentType: f.ContentType, Immutable: f.Immutable, Status: f.Status, Rights: f.Rights,
	}
	if k, ok := known[sha+f.ContentType]; ok {
		e.Encodings = maps.Clone(k.Encodings)
		return e, nil
	}
	if !compressible(f.ContentType) {
		return e, nil
	}
	if kept, ok := s.forms.get(sha); ok {
		e.Encodings = maps.Clone(kept)
		return e, nil
	}
	for _, c := range coders {
		b, err := s.encode(c, f.Body)
		if err != nil {
			return e, fmt.Errorf("compress %s with %s: %w", f.Path, c.name, err)
		}
		if len(b) >= len(f.Body) {
			continue
		}
		sum, err := s.blobs.PutBytes(ctx, b)
		if err != nil {
			return e, fmt.Errorf("store %s: %w", f.Path, err)
		}
		if e.Encodings == nil {
			e.Encodings = map[string]domain.Encoded{}
		}
		e.Encodings[c.name] = domain.Encoded{SHA256: sum, Size: int64(len(b))}
	}
	s.forms.put(sha, maps.Clone(e.Encodings))
	return e, nil
}

// encode compresses a file when a core is free.
func (s *Builder) encode(c coder, body []byte) ([]byte, error) {
	s.cores <- struct{}{}
	defer func() { <-s.cores }()
	return c.encode(body)
}

// check refuses files that could not be served or exported, or that hide each
// other.
func check(files []File) error {
	paths, names := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		switch {
		case !ValidPath(f.Path):
			return domain.Invalid("path", "Path %q is not a plain absolute URL path.", f.Path)
		case paths[f.Path]:
			return domain.Invalid("path", "Path %s occurs twice.", f.Path)
		case f.Location != "":
			if f.File != "" || len(f.Body) > 0 || f.Status != 301 || !led(f.Location) || f.Location == f.Path {
				return domain.Invalid("location", "Path %s cannot lead to %q.", f.Path, f.Location)
			}
		case !filepath.IsLocal(f.File) || strings.ContainsAny(f.File, "\\\x00") || strings.HasSuffix(f.File, "/"):
			return domain.Invalid("file", "File name %q does not stay inside the site.", f.File)
		case f.ContentType == "":
			return domain.Invalid("content_type", "File %s has no content type.", f.Path)
		case names[filepath.Clean(f.File)]:
			return domain.Invalid("file", "File name %s occurs twice.", f.File)
		}
		if paths[f.Path] = true; f.Location == "" {
			names[filepath.Clean(f.File)] = true
		}
	}
	return nil
}

// led reports whether a redirect may lead to an address: a path of the site, or https.
func led(location string) bool {
	return ValidPath(location) || strings.HasPrefix(location, "https://") && !strings.ContainsAny(location, " \r\n")
}

// ValidPath reports whether p can be the path of a file in a release: absolute,
// without empty, dot or dot-dot segments, and without characters that end a path or
// control a header.
func ValidPath(p string) bool {
	if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "\\?#%\x7f") {
		return false
	}
	for i := range len(p) {
		if p[i] < 0x20 {
			return false
		}
	}
	segments := strings.Split(strings.TrimSuffix(p[1:], "/"), "/")
	if p == "/" {
		return true
	}
	return !slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." })
}

// Load returns the manifest with the given SHA-256. If there is no such blob, or it
// is something else than a manifest, the error is CodeNotFound.
func (s *Builder) Load(ctx context.Context, sha string) (domain.Manifest, error) {
	b, err := s.blobs.ReadAll(ctx, sha)
	if err != nil {
		return domain.Manifest{}, fmt.Errorf("load manifest: %w", err)
	}
	var m domain.Manifest
	if err := json.Unmarshal(b, &m); err != nil || m.Version == 0 {
		return domain.Manifest{}, &domain.Error{Code: domain.CodeNotFound, Message: fmt.Sprintf("Blob %s is not a manifest.", sha), Err: err}
	}
	if m.Version != manifestVersion {
		return domain.Manifest{}, fmt.Errorf("load manifest %s: version %d is not %d", sha, m.Version, manifestVersion)
	}
	return m, nil
}

// maxFaults bounds what Verify reports; one damaged disk can spoil everything.
const maxFaults = 20

// Verify reads every blob that m names and reports those that are missing, damaged
// or of another size.
func (s *Builder) Verify(ctx context.Context, m domain.Manifest) error {
	var faults []error
	for _, e := range m.Entries {
		if e.Location != "" {
			continue
		}
		forms := []domain.Encoded{{SHA256: e.SHA256, Size: e.Size}}
		for _, name := range slices.Sorted(maps.Keys(e.Encodings)) {
			forms = append(forms, e.Encodings[name])
		}
		for _, form := range forms {
			b, err := s.blobs.ReadAll(ctx, form.SHA256)
			switch {
			case ctx.Err() != nil:
				return fmt.Errorf("verify release of %s: %w", m.Host, ctx.Err())
			case err != nil:
				faults = append(faults, fmt.Errorf("%s: %w", e.Path, err))
			case int64(len(b)) != form.Size:
				faults = append(faults, fmt.Errorf("%s: blob %s has %d bytes, not %d", e.Path, form.SHA256, len(b), form.Size))
			}
			if len(faults) == maxFaults {
				return fmt.Errorf("verify release of %s, first %d faults: %w", m.Host, maxFaults, errors.Join(faults...))
			}
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("verify release of %s: %w", m.Host, errors.Join(faults...))
	}
	return nil
}
