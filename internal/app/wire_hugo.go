package app

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"empire/internal/domain"
)

// maxProjectFile bounds a file of a project that is unpacked.
const maxProjectFile = 64 << 20

// ExportHugo writes the live release of a website as a project of Hugo into a
// directory, which must not exist or be empty: what someone changed in an earlier one
// is never overwritten (CodeConflict). It appears whole or not at all.
func (a *App) ExportHugo(ctx context.Context, id domain.WebsiteID, dir string) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("export for Hugo: %w", err)
	}
	if list, rerr := os.ReadDir(dir); rerr == nil && len(list) > 0 {
		return domain.Errorf(domain.CodeConflict, "Directory %s is not empty.", dir)
	} else if rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
		return fmt.Errorf("export for Hugo: %w", rerr)
	}
	e, err := a.Websites.Export(ctx, id, domain.ExportHugo)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := e.WriteTo(ctx, &archive); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return fmt.Errorf("export for Hugo: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return fmt.Errorf("export for Hugo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := unpack(archive.Bytes(), tmp); err != nil {
		return fmt.Errorf("export for Hugo: %w", err)
	}
	_ = os.Remove(dir) // an empty one
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("export for Hugo: %w", err)
	}
	return os.Chmod(dir, 0o755) //nolint:gosec // pages are for everyone
}

// unpack writes the files of an archive of our own below dir.
func unpack(archive []byte, dir string) error {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))         // local: the service has checked it
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // pages are for everyone
			return err
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(r, maxProjectFile))
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		if err := os.WriteFile(name, body, 0o644); err != nil { //nolint:gosec // pages are for everyone
			return err
		}
	}
	return nil
}
