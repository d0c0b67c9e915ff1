package app

import (
	"context"
	"encoding/json"
	"strings"

	"empire/internal/domain"
)

// eventSubject begins the subjects of events on the bus.
const eventSubject = "empire.event."

// emit publishes news to the watchers of all processes. It belongs behind the
// commit of what it tells about; nobody depends on it.
func (a *App) emit(ctx context.Context, ev domain.Event) {
	if a.bus == nil {
		return
	}
	if ev.At.IsZero() {
		ev.At = a.now().UTC()
	}
	if err := a.bus.Publish(context.WithoutCancel(ctx), eventSubject+ev.Topic, ev); err != nil {
		a.log.WarnContext(ctx, "event not published", "topic", ev.Topic, "err", err)
	}
}

// eventHeard passes an event on to the watchers of this process.
func (a *App) eventHeard(subject string, data []byte) {
	var ev domain.Event
	if err := json.Unmarshal(data, &ev); err != nil || eventSubject+ev.Topic != subject {
		a.log.Warn("event not understood", "subject", subject, "err", err)
		return
	}
	a.hub.Publish(ev)
}

// emitRun tells watchers about a committed event of a run: run.created becomes
// pipeline.run.created.
func (a *App) emitRun(ev domain.RunEvent) {
	if a.bus == nil {
		return
	}
	data, err := json.Marshal(map[string]any{
		"run_id": ev.RunID, "seq": ev.Seq, "type": ev.Type, "step": ev.Step, "pipeline": ev.Pipeline, "data": ev.Data,
	})
	if err != nil {
		a.log.Warn("event not published", "run_id", ev.RunID, "err", err)
		return
	}
	a.emit(context.Background(), domain.Event{Topic: domain.EventPipeline + "." + strings.ToLower(ev.Type), Tenant: ev.Tenant, Object: string(ev.RunID), Data: data, At: ev.At})
}
