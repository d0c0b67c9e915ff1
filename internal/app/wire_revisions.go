package app

import (
	"context"
	"fmt"

	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/release"
	"empire/internal/service"
)

// wireRevisions builds what restores and retires pages, and what goes live later, over
// the service of websites.
func (a *App) wireRevisions() {
	a.Revisions = service.NewRevisions(service.RevisionsConfig{
		Tx: a.store, Store: a.store.Retirements, Websites: a.Websites, Runs: a.store.Runs, Audit: a.store.Audit, Now: a.now,
	})
	a.Planned = service.NewPlanned(service.PlannedConfig{
		Tx: a.store, Store: a.store.Planned, Websites: a.Websites, Users: a.store.Users, Audit: a.store.Audit, Now: a.now,
	})
}

// wireEdit registers the pipeline that makes a release of the live one.
func (a *App) wireEdit() error {
	a.launch.Gone = a.Revisions.Gone
	edit := &shipped.Edit{
		Launch: a.launch, Source: a.Revisions.Source, Market: a.marketOf, Files: a.filesOf, Overlay: release.Overlay, Merged: release.Merged, Edited: a.Revisions.Edited,
	}
	return a.engine.Register(edit.Definition())
}

// marketOf returns the name of the market that a run built or checked a release with.
func (a *App) marketOf(ctx context.Context, run *domain.Run) (string, error) {
	var scan shipped.ScanResult
	if err := a.stepResult(ctx, run, "scan", &scan); err == nil && scan.Market != "" {
		return scan.Market, nil
	}
	var gate shipped.GateResult
	if err := a.stepResult(ctx, run, "gate", &gate); err != nil || gate.Market == "" {
		return "", domain.Errorf(domain.CodeConflict, "The market that the live release was built from is not kept; build the website again.")
	}
	return gate.Market, nil
}

// filesOf reads the files of a release; addresses that lead elsewhere or are gone are
// left out.
func (a *App) filesOf(ctx context.Context, m *domain.Manifest) ([]domain.File, error) {
	var out []domain.File
	for i := range m.Entries {
		e := &m.Entries[i]
		if !e.OwnFile() {
			continue
		}
		body, err := a.blobs.ReadAll(ctx, e.SHA256)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Path, err)
		}
		out = append(out, domain.File{Path: e.Path, File: e.File, ContentType: e.ContentType, Body: body, Immutable: e.Immutable, Status: e.Status, Rights: e.Rights})
	}
	return out, nil
}

// firePlanned makes releases live whose time has come.
func (a *App) firePlanned(ctx context.Context) {
	n, err := a.Planned.Fire(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "planned releases not made live", "err", err)
	case n > 0:
		a.log.InfoContext(ctx, "planned releases settled", "count", n)
	}
}
