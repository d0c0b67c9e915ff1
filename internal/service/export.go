package service

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
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

// Export returns the live release of a website as plain files. A website without
// one is a CodeConflict.
func (s *Websites) Export(ctx context.Context, id domain.WebsiteID) (*domain.SiteExport, error) {
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
	m, err := s.cfg.Manifests.Load(ctx, r.Manifest)
	if err != nil {
		return nil, fmt.Errorf("export website %s: %w", id, err)
	}
	m.Entries = slices.DeleteFunc(m.Entries, func(e domain.ManifestEntry) bool { return e.Location != "" || e.Status == http.StatusGone })
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
		if err != nil {
			return fmt.Errorf("export %s of release %s: %w", e.File, r.ID, err)
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: filepath.ToSlash(e.File), Method: zip.Deflate, Modified: r.CreatedAt.UTC()})
		if err == nil {
			_, err = f.Write(b)
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
