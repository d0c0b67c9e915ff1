package app

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/intelligence/twin"
	"empire/internal/service"
)

// signatureTime is how long reading the pages of one website may take.
const signatureTime = 5 * time.Minute

// wireFleet builds what looks at the portfolio as a whole. It comes before the service
// of websites, which asks it.
func (a *App) wireFleet() {
	a.Duplicates = service.NewDuplicates(service.DuplicatesConfig{
		Tx: a.store, Store: a.store.Signatures, Websites: a.store.Websites, Releases: a.store.Releases, Draft: artifacts{a.blobs}.Draft,
		Signer: twin.New(), Enqueue: a.enqueue, Threshold: a.cfg.Fleet.Duplicates, Now: a.now,
	})
	a.queue.Handle(service.JobSignatures, signatureTime, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Duplicates.Work(ctx, args)
	})
}
