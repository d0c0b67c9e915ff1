package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/agent/content"
	"empire/internal/agent/seo"
	"empire/internal/domain"
	"empire/internal/service"
)

// approvals builds the service of approvals. Effects by kind are what a decision
// does besides ending the step that waits.
func (a *App) approvals() *service.Approvals {
	return service.NewApprovals(service.ApprovalsConfig{
		Tx: a.store, Approvals: a.store.Approvals, Engine: a.engine, Audit: a.store.Audit, Effects: a.approvalEffects(),
		ExpireAfter: a.cfg.Approvals.ExpireAfter, FourEyes: a.cfg.Approvals.FourEyes, Emit: a.emit, PreviewURL: a.PreviewURL, Now: a.now,
		Edits: service.EditConfig{
			Store: a.store.TextEdits, Drafts: artifacts{a.blobs}, Check: content.CheckEdit, Finish: seo.StructuredData,
			Again: func(ctx context.Context, run domain.RunID) error { return a.engine.Again(ctx, run, "gate") },
		},
	})
}

// approvalEffects are the kinds of approvals that do more than to end a step.
func (a *App) approvalEffects() map[string]service.Effect {
	return map[string]service.Effect{domain.ApproveBudget: a.budgetDecided, domain.ApprovePublish: a.publicationDecided}
}

// expiryPause is how long it takes at most until an approval whose time is over ends
// its run. Nobody can decide it meanwhile.
const expiryPause = 2 * time.Second

// expiry ends approvals whose time is over. Several processes may do so at once.
type expiry struct {
	a     *App
	stop  context.CancelFunc
	group errgroup.Group
}

// Start begins to look now and then. The end of ctx does not stop that.
func (e *expiry) Start(ctx context.Context) error {
	ctx, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.group.Go(func() error {
		ticker := time.NewTicker(expiryPause)
		defer ticker.Stop()
		for {
			e.sweep(ctx)
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	})
	return nil
}

// Stop ends what Start began.
func (e *expiry) Stop(context.Context) error {
	e.stop()
	return e.group.Wait()
}

func (e *expiry) sweep(ctx context.Context) {
	n, err := e.a.Approvals.Expire(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		e.a.log.ErrorContext(ctx, "approvals not expired", "err", err)
	case n > 0:
		e.a.log.InfoContext(ctx, "approvals expired", "count", n)
	}
}
