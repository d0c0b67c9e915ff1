package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"empire/internal/domain"
)

// Folder serves by another server's hand: below a directory each host has its releases,
// and a link to the one that is live:
//
//	DIR/HOST/releases/SHA256/index.html …
//	DIR/HOST/current ─▶ releases/SHA256
//
// nginx, say, has "root DIR/$host/current".
type Folder struct{ dir string }

// NewFolder returns the target of a directory, which need not be there yet.
func NewFolder(dir string) *Folder { return &Folder{dir} }

// Name implements Target.
func (f *Folder) Name() string { return "folder " + f.dir }

// safe refuses names that lead out of the directory.
func safe(names ...string) error {
	for _, name := range names {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return domain.Errorf(domain.CodeInvalid, "%q is no name below a directory.", name)
		}
	}
	return nil
}

// Push implements Target: files are written to a directory of their own, which gets its
// name when it is whole.
func (f *Folder) Push(ctx context.Context, d *Deployment) (err error) {
	if err := safe(d.Host, d.SHA256); err != nil {
		return err
	}
	releases := filepath.Join(f.dir, d.Host, "releases")
	whole := filepath.Join(releases, d.SHA256)
	if _, err := os.Stat(whole); err == nil {
		return nil // it is there: releases never change
	}
	if err := os.MkdirAll(releases, 0o755); err != nil { //nolint:gosec // another user's server reads it
		return err
	}
	part, err := os.MkdirTemp(releases, ".part-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(part)) }()
	for i := range d.Manifest.Entries {
		e := &d.Manifest.Entries[i]
		if !e.OwnFile() {
			continue
		}
		if err := f.write(ctx, part, e, d); err != nil {
			return err
		}
	}
	if err := os.Chmod(part, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	return os.Rename(part, whole)
}

func (f *Folder) write(ctx context.Context, dir string, e *domain.ManifestEntry, d *Deployment) error {
	if err := safe(e.File); err != nil {
		return err
	}
	body, err := d.Read(ctx, e.SHA256)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, filepath.FromSlash(e.File))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	return os.WriteFile(name, body, 0o644) //nolint:gosec // as above
}

// Switch implements Target: the link is replaced in one step.
func (f *Folder) Switch(_ context.Context, d *Deployment) (undo func(context.Context) error, err error) {
	if err := safe(d.Host, d.SHA256); err != nil {
		return nil, err
	}
	link := filepath.Join(f.dir, d.Host, "current")
	before, err := os.Readlink(link)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := point(link, filepath.Join("releases", d.SHA256)); err != nil {
		return nil, err
	}
	return func(context.Context) error {
		if before == "" {
			return os.Remove(link)
		}
		return point(link, before)
	}, nil
}

// point makes a link lead to a target, whether or not there is one.
func point(link, target string) error {
	fresh := link + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, link)
}

// Get implements Target: it reads what a server would send.
func (f *Folder) Get(_ context.Context, host, path string) ([]byte, error) {
	name := strings.TrimPrefix(path, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	if err := safe(host, name); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(f.dir, host, "current", filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, domain.Errorf(domain.CodeNotFound, "%s has no %s.", host, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return b, nil
}
