package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// housekeepingPause is how long it takes until what is too old is removed again.
const housekeepingPause = time.Hour

// housekeeping removes what is kept for a time only. Several processes may do so at
// once.
type housekeeping struct {
	a     *App
	stop  context.CancelFunc
	group errgroup.Group
}

// Start begins to look now and then. The end of ctx does not stop that.
func (h *housekeeping) Start(ctx context.Context) error {
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.group.Go(func() error {
		ticker := time.NewTicker(housekeepingPause)
		defer ticker.Stop()
		for {
			h.sweep(ctx)
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
func (h *housekeeping) Stop(context.Context) error {
	h.stop()
	return h.group.Wait()
}

func (h *housekeeping) sweep(ctx context.Context) {
	h.a.sweepTraffic(ctx)
	n, err := h.a.Webhooks.Sweep(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		h.a.log.ErrorContext(ctx, "old webhooks not removed", "err", err)
	case n > 0:
		h.a.log.InfoContext(ctx, "old webhooks removed", "count", n)
	}
	h.a.sweepPrices(ctx)
	h.a.sweepAlerts(ctx)
	h.a.watchVisits(ctx)
	h.a.readPages(ctx)
}
