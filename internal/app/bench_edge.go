package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"empire/internal/bench"
	"empire/internal/domain"
)

// benchTransaction is how many websites are stored in one transaction.
const benchTransaction = 100

// AddBenchSites publishes n websites with the same pages, and returns their hosts and
// pages. With dir the pages stand there, too, plain and compressed, for another server.
func (a *App) AddBenchSites(ctx context.Context, n, pages int, dir string) (*bench.Sites, error) {
	files := benchPages(pages)
	_, first, err := a.builder.Build(ctx, "site-0000.example", files)
	if err != nil {
		return nil, err
	}
	out := &bench.Sites{}
	for i := range first.Entries {
		e := &first.Entries[i]
		out.Pages = append(out.Pages, bench.Page{Path: e.Path, Length: int(e.Encodings["gzip"].Size)})
		if err := a.writeBenchPage(ctx, dir, e); err != nil {
			return nil, err
		}
	}
	for from := 0; from < n; from += benchTransaction {
		err := a.store.InTx(ctx, func(ctx context.Context) error {
			for i := from; i < min(from+benchTransaction, n); i++ {
				host := fmt.Sprintf("site-%04d.example", i)
				sha, _, err := a.builder.Build(ctx, host, files, first)
				if err != nil {
					return err
				}
				if err := a.addBenchSite(ctx, host, sha, pages); err != nil {
					return err
				}
				out.Hosts = append(out.Hosts, host)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *App) addBenchSite(ctx context.Context, host, manifest string, pages int) error {
	at := a.now().UTC().Truncate(time.Second)
	w := &domain.Website{
		ID: domain.WebsiteID(domain.NewID("site")), Tenant: domain.DefaultTenant, Name: host[:len("site-0000")], Domain: host, Niche: "measuring", Language: "en",
		Title: "Made to be measured", State: domain.WebsiteDraft, OwnerID: a.admin.UserID, CreatedAt: at, UpdatedAt: at,
	}
	if err := a.store.Websites.Insert(ctx, w); err != nil {
		return err
	}
	r := &domain.Release{ID: domain.ReleaseID(domain.NewID("rel")), WebsiteID: w.ID, Manifest: manifest, Files: pages, Pages: pages, Gates: []domain.Gate{}, CreatedAt: at}
	if err := a.store.Releases.Insert(ctx, r); err != nil {
		return err
	}
	return a.store.Websites.SetLive(ctx, w.ID, r.ID, at)
}

// benchPages are pages of the size and variety of real ones: about 30 kB of HTML each.
func benchPages(n int) []domain.File {
	out := make([]domain.File, n)
	for i := range out {
		path, file := fmt.Sprintf("/page-%02d/", i), fmt.Sprintf("page-%02d/index.html", i)
		if i == 0 {
			path, file = "/", "index.html"
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "<!doctype html><html lang=en><title>Page %d</title><main><h1>Page %d</h1><table>", i, i)
		for row := 0; b.Len() < 30<<10; row++ {
			v := uint32(i*7919+row) * 2654435761 // spreads neighbors
			fmt.Fprintf(&b, "<tr><th>Model %x<td>%d.%02d €<td>%d W<td>%s", v, v%900, v%100, v%2400, []string{"black", "white", "steel", "walnut"}[v%4])
		}
		b.WriteString("</table></main></html>")
		out[i] = domain.File{Path: path, File: file, ContentType: "text/html; charset=utf-8", Body: b.Bytes()}
	}
	return out
}

// writeBenchPage writes a page as other servers want it: FILE and FILE.gz.
func (a *App) writeBenchPage(ctx context.Context, dir string, e *domain.ManifestEntry) error {
	if dir == "" {
		return nil
	}
	for suffix, sha := range map[string]string{"": e.SHA256, ".gz": e.Encodings["gzip"].SHA256} {
		body, err := a.blobs.ReadAll(ctx, sha)
		if err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(e.File)+suffix)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // another user's process serves it
			return fmt.Errorf("make a directory for pages: %w", err)
		}
		if err := os.WriteFile(name, body, 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("write a page: %w", err)
		}
	}
	return nil
}

// CountBenchEvents returns how many views and clicks are stored.
func (a *App) CountBenchEvents(ctx context.Context) (int, error) {
	return a.store.Traffic.CountEvents(ctx)
}
