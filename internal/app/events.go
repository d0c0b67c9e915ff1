package app

import (
	"context"

	"empire/internal/domain"
)

// emit tells those that watch what happened, on the bus; nobody depends on it.
func (a *App) emit(ctx context.Context, ev domain.Event) {
	if a.bus == nil {
		return
	}
	if ev.At.IsZero() {
		ev.At = a.now().UTC()
	}
	if err := a.bus.Publish(ctx, "empire.event."+ev.Topic, ev); err != nil {
		a.log.WarnContext(ctx, "event not published", "topic", ev.Topic, "err", err)
	}
}
