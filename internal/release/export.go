package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"empire/internal/domain"
)

// Export writes the release as plain files that any web server can serve. The
// directory appears whole or not at all: files are written beside it and moved. An
// existing directory is replaced if it is empty or an earlier export; one that
// holds something else (files, but no index.html) is left alone with CodeConflict.
func (s *Builder) Export(ctx context.Context, m domain.Manifest, dir string) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("export release of %s: %w", m.Host, err)
	}
	if err := replaceable(dir); err != nil {
		return fmt.Errorf("export release of %s: %w", m.Host, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("export release of %s: %w", m.Host, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return fmt.Errorf("export release of %s: %w", m.Host, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	site := filepath.Join(tmp, "new")
	for _, e := range m.Entries {
		if !e.OwnFile() {
			continue // a web server leads visitors, not a file
		}
		if err := s.write(ctx, e, site); err != nil {
			return fmt.Errorf("export %s of %s: %w", e.Path, m.Host, err)
		}
	}
	if err := swap(site, dir, filepath.Join(tmp, "old")); err != nil {
		return fmt.Errorf("export release of %s: %w", m.Host, err)
	}
	return nil
}

func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "index.html")); err != nil {
		return domain.Errorf(domain.CodeConflict, "Directory %s holds files that are not a site; choose another or empty it.", dir)
	}
	return nil
}

func (s *Builder) write(ctx context.Context, e domain.ManifestEntry, site string) error {
	if !filepath.IsLocal(e.File) {
		return domain.Invalid("file", "File name %q does not stay inside the site.", e.File)
	}
	b, err := s.blobs.ReadAll(ctx, e.SHA256)
	if err != nil {
		return err
	}
	name := filepath.Join(site, filepath.FromSlash(e.File))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}

// swap moves site to dir, and what was there to old. If the second move fails, the
// first is undone.
func swap(site, dir, old string) error {
	if err := os.MkdirAll(site, 0o755); err != nil { // a release without files
		return err
	}
	had := true
	if err := os.Rename(dir, old); errors.Is(err, fs.ErrNotExist) {
		had = false
	} else if err != nil {
		return err
	}
	if err := os.Rename(site, dir); err != nil {
		if had {
			err = errors.Join(err, os.Rename(old, dir))
		}
		return err
	}
	return nil
}
