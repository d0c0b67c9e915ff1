package app

import (
	"context"

	"empire/internal/service"
)

// timelines builds the service that shows what happened in runs.
func (a *App) timelines() *service.Timelines {
	return service.NewTimelines(service.TimelinesConfig{Runs: a.Runs, Approvals: a.store.Approvals, BlobSize: a.blobSize, Now: a.now})
}

// blobSize returns how many bytes a blob has.
func (a *App) blobSize(ctx context.Context, sha string) (int64, error) {
	r, n, err := a.blobs.Open(ctx, sha)
	if err != nil {
		return 0, err
	}
	return n, r.Close()
}
