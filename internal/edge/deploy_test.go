package edge_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"empire/internal/deploy"
	"empire/internal/deploy/deploytest"
	"empire/internal/domain"
	"empire/internal/release"
)

// TestDeployTarget: the edge does what every target must.
func TestDeployTarget(t *testing.T) {
	t.Parallel()
	deploytest.Suite(t, func(t *testing.T) deploytest.Place {
		w := newWorld(t)
		s := w.serve()
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		known := map[domain.ReleaseID]domain.ReleaseID{"": ""} // the ids that the world gives
		live := domain.ReleaseID("")
		target := deploy.NewEdge(deploy.EdgeConfig{
			Address: strings.TrimPrefix(server.URL, "http://"),
			Live:    func(context.Context, domain.WebsiteID) (domain.ReleaseID, error) { return live, nil },
			SetLive: func(_ context.Context, _ domain.WebsiteID, id domain.ReleaseID) error {
				live = id
				w.publish("keyboards", known[id])
				return nil
			},
			Settle: s.Refresh,
		})
		return deploytest.Place{Target: target, Add: func(_ *testing.T, d *deploy.Deployment, files map[string][]byte) {
			var list []release.File
			for _, e := range d.Manifest.Entries {
				if e.Location == "" {
					list = append(list, release.File{Path: e.Path, File: e.File, ContentType: e.ContentType, Body: files[e.Path], Status: e.Status})
				}
			}
			known[d.Release] = w.release(list...)
		}}
	})
}
