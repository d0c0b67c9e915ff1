package service_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/deploy"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

// TestDeployToFolder: a release goes to a folder whole; after a failure the version
// before is served on, and the log keeps why.
func TestDeployToFolder(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ctx := in(t.Context(), "acme")
	dir := t.TempDir()
	spoil := func(b []byte) []byte { return b }
	e.sites.Carry = func(ctx context.Context, to string, site *domain.Website, r *domain.Release, m domain.Manifest) (*domain.DeployReport, error) {
		report, err := deploy.Run(ctx, deploy.NewFolder(filepath.Join(dir, to)), &deploy.Deployment{
			Host: m.Host, WebsiteID: site.ID, Release: r.ID, SHA256: r.Manifest, Manifest: m,
			Read: func(ctx context.Context, sha string) ([]byte, error) {
				b, err := e.blobs.ReadAll(ctx, sha)
				return spoil(b), err
			},
		})
		if err != nil {
			return nil, err
		}
		return &domain.DeployReport{Release: r.ID, Files: report.Files, Verified: report.Verified}, nil
	}
	e.websites = service.NewWebsites(e.sites)
	site := e.register(ctx, t, "a.example")
	_, err := e.websites.Deploy(ctx, site.ID, "", "sites")
	wantCode(t, "without a release", err, domain.CodeConflict)
	first := e.publish(ctx, t, site.ID).LiveRelease
	r, err := e.websites.Deploy(ctx, site.ID, "", "sites")
	if err != nil || r.Release != first || r.Files == 0 || r.Verified == 0 {
		t.Fatalf("report = %+v, %v", r, err)
	}
	link := filepath.Join(dir, "sites", "h", "current")
	before, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}

	second := e.publish(ctx, t, site.ID).LiveRelease
	if second == first {
		t.Fatal("no second release")
	}
	spoil = func(b []byte) []byte { return append([]byte("<!-- -->"), b...) }
	_, err = e.websites.Deploy(ctx, site.ID, second, "sites")
	wantCode(t, "spoiled on the way", err, domain.CodeConflict)
	if now, err := os.Readlink(link); err != nil || now != before {
		t.Errorf("after the failure %s is served, %v, want %s as before", now, err, before)
	}
	for action, want := range map[string]string{"release.deployed": string(first) + " to sites", "release.deploy_failed": string(second) + " to sites: The target serves something else"} {
		list, n, err := e.audit.List(ctx, domain.AuditFilter{Action: action}, domain.Window{Limit: 5})
		if err != nil || n != 1 || !strings.HasPrefix(list[0].Detail, want) {
			t.Errorf("%s: %+v, %v, want %q", action, list, err, want)
		}
	}
	_, err = e.websites.Deploy(ctx, site.ID, "rel_none", "sites")
	wantCode(t, "unknown release", err, domain.CodeNotFound)
}
