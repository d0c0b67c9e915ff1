package app

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"empire/internal/deploy"
	"empire/internal/domain"
)

// target returns the place that a text like folder:/srv/sites names.
func target(text string) (deploy.Target, error) {
	kind, where, _ := strings.Cut(text, ":")
	if kind != "folder" || where == "" {
		return nil, domain.Invalid("to", "The target %.80q does not exist; it is folder:DIRECTORY.", text)
	}
	dir, err := filepath.Abs(where)
	if err != nil {
		return nil, domain.Invalid("to", "The directory %.200q cannot be found.", where)
	}
	return deploy.NewFolder(dir), nil
}

// carry brings a release to a target. What goes wrong there is a CodeUnavailable error
// that says what.
func (a *App) carry(ctx context.Context, to string, site *domain.Website, r *domain.Release, m domain.Manifest) (*domain.DeployReport, error) {
	t, err := target(to)
	if err != nil {
		return nil, err
	}
	report, err := deploy.Run(ctx, t, &deploy.Deployment{
		Host: m.Host, WebsiteID: site.ID, Release: r.ID, SHA256: r.Manifest, Manifest: m, Read: a.blobs.ReadAll,
	})
	if _, ours := errors.AsType[*domain.Error](err); err != nil && !ours {
		return nil, &domain.Error{Code: domain.CodeUnavailable, Message: "The target refused release " + string(r.ID) + "; what it served before is served on. " + err.Error() + ".", Err: err}
	}
	if err != nil {
		return nil, err
	}
	return &domain.DeployReport{
		Target: report.Target, Host: m.Host, Release: r.ID, Number: r.Number, Files: report.Files, Bytes: report.Bytes, Verified: report.Verified, Took: report.Took,
	}, nil
}
