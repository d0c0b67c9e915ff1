package app

import (
	"context"
	"encoding/json"

	"empire/internal/domain"
)

// wirePipelines lets the queue work the jobs of the engine. A job takes as long as
// its step may; the engine minds that time itself.
func (a *App) wirePipelines(context.Context) error {
	for kind, work := range a.engine.Handlers() {
		a.queue.Handle(kind, domain.MaxTimeout, func(ctx context.Context, args json.RawMessage, _ int) error {
			return work(ctx, args)
		})
	}
	return nil
}
