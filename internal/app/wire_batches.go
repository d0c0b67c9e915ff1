package app

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"empire/internal/agent/content"
	"empire/internal/audit/compliance"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/sitegen"
)

// batchTime is how long a job may work on a batch; one that takes longer goes on in the
// next attempt.
const batchTime = time.Hour

// builtWith names the versions that releases are built with.
func (a *App) builtWith() domain.BuiltWith {
	return domain.BuiltWith{
		Program: version(), Theme: sitegen.ThemeVersion(), Rules: strconv.Itoa(compliance.Version), Prompts: content.PhraseVersion(),
	}
}

// wireBatches builds what changes many websites over the service of websites.
func (a *App) wireBatches() {
	a.Batches = service.NewBatches(service.BatchesConfig{
		Tx: a.store, Store: a.store.Batches, Tags: a.store.Tags, Websites: a.Websites, Enqueue: a.enqueue, Audit: a.store.Audit, Log: a.log, Now: a.now,
	})
	a.queue.Handle(service.JobBatch, batchTime, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Batches.Work(ctx, args)
	})
}
