package service

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"empire/internal/domain"
)

type manifestStore interface {
	Load(ctx context.Context, sha string) (domain.Manifest, error)
}

type blobReader interface {
	ReadAll(ctx context.Context, sha string) ([]byte, error) // verified
}

// Export returns the live release of a website: as plain files, or as a project of
// Hugo. A website without one is a CodeConflict.
func (s *Websites) Export(ctx context.Context, id domain.WebsiteID, format domain.ExportFormat) (*domain.SiteExport, error) {
	site, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if site.LiveRelease == "" {
		return nil, domain.Errorf(domain.CodeConflict, "Website %s has no release yet.", id)
	}
	r, err := s.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return nil, err
	}
	if format == domain.ExportHugo {
		return s.exportHugo(ctx, site, r)
	}
	m, err := s.cfg.Manifests.Load(ctx, r.Manifest)
	if err != nil {
		return nil, fmt.Errorf("export website %s: %w", id, err)
	}
	m.Entries = slices.DeleteFunc(m.Entries, func(e domain.ManifestEntry) bool { return !e.OwnFile() })
	for _, e := range m.Entries {
		if !filepath.IsLocal(e.File) {
			return nil, fmt.Errorf("export website %s: file name %q does not stay inside the site", id, e.File)
		}
	}
	slices.SortFunc(m.Entries, func(a, b domain.ManifestEntry) int { return cmp.Compare(a.File, b.File) })
	return &domain.SiteExport{
		Name:    fmt.Sprintf("%s-%d.zip", site.Domain, r.Number),
		WriteTo: func(ctx context.Context, w io.Writer) error { return s.writeZip(ctx, w, r, m.Entries) },
	}, nil
}

func (s *Websites) writeZip(ctx context.Context, w io.Writer, r *domain.Release, entries []domain.ManifestEntry) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		b, err := s.cfg.Blobs.ReadAll(ctx, e.SHA256)
		if err == nil {
			err = addFile(z, r, e.File, b)
		}
		if err != nil {
			return fmt.Errorf("export %s of release %s: %w", e.File, r.ID, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("export release %s: %w", r.ID, err)
	}
	return nil
}

func addFile(z *zip.Writer, r *domain.Release, name string, body []byte) error {
	f, err := z.CreateHeader(&zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: r.CreatedAt.UTC()})
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return err
}

// exportHugo reads all of a release and writes it as a project.
func (s *Websites) exportHugo(ctx context.Context, site *domain.Website, r *domain.Release) (*domain.SiteExport, error) {
	if s.cfg.Project == nil {
		return nil, domain.Errorf(domain.CodeUnavailable, "This program was built without the export for Hugo.")
	}
	c, err := s.content(ctx, r)
	if err != nil {
		return nil, err
	}
	files := make([]domain.File, 0, len(c.Manifest.Entries))
	for _, e := range c.Manifest.Entries {
		if e.Location == "" && !e.OwnFile() { // Hugo answers an address that is gone as every other
			continue
		}
		f := domain.File{Path: e.Path, File: e.File, ContentType: e.ContentType, Status: e.Status, Location: e.Location, Immutable: e.Immutable}
		if e.Location == "" {
			if f.Body, err = s.cfg.Blobs.ReadAll(ctx, e.SHA256); err != nil {
				return nil, fmt.Errorf("export %s of release %s: %w", e.File, r.ID, err)
			}
		}
		files = append(files, f)
	}
	list, err := s.cfg.Project(c.Draft, files)
	if err != nil {
		return nil, fmt.Errorf("export release %s: %w", r.ID, err)
	}
	for _, f := range list {
		if !filepath.IsLocal(f.File) {
			return nil, fmt.Errorf("export release %s: file name %q does not stay inside the project", r.ID, f.File)
		}
	}
	write := func(_ context.Context, w io.Writer) error {
		z := zip.NewWriter(w)
		for _, f := range list {
			if err := addFile(z, r, f.File, f.Body); err != nil {
				return fmt.Errorf("export %s of release %s: %w", f.File, r.ID, err)
			}
		}
		if err := z.Close(); err != nil {
			return fmt.Errorf("export release %s: %w", r.ID, err)
		}
		return nil
	}
	return &domain.SiteExport{Name: fmt.Sprintf("%s-%d-hugo.zip", site.Domain, r.Number), WriteTo: write}, nil
}
