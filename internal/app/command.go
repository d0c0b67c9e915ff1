package app

import (
	"context"
	"io"
	"time"

	"empire/internal/catalog"
	"empire/internal/domain"
)

// ImportPrograms reads affiliate programs from CSV or JSON and stores them.
func (a *App) ImportPrograms(ctx context.Context, r io.Reader) (int, []domain.RowProblem, error) {
	list, problems, err := catalog.ReadPrograms(r)
	if err != nil {
		return 0, nil, err
	}
	return len(list), problems, a.Catalogue.ImportPrograms(ctx, list)
}

// Follow reports a run's progress until it waits for a person or has ended.
func (a *App) Follow(ctx context.Context, id domain.RunID, report func(DemoProgress)) (*domain.Run, error) {
	return a.follow(ctx, id, func(context.Context, domain.RunID) (bool, error) { return true, nil }, report)
}

// AwaitTask waits until a task has ended.
func (a *App) AwaitTask(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		t, err := a.Agents.Task(ctx, id)
		if err != nil || t.State.Ended() {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

// ExportLive writes the live release of a website as plain files and returns the
// directory and the file of its evidence.
func (a *App) ExportLive(ctx context.Context, site *domain.Website) (dir, evidence string, err error) {
	if site.LiveRelease == "" {
		return "", "", domain.Errorf(domain.CodeConflict, "Website %s has no release yet.", site.ID)
	}
	rel, err := a.store.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return "", "", err
	}
	return a.Export(ctx, site, rel)
}
