package app

import (
	"context"
	"errors"

	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
	"empire/internal/telemetry"
	"empire/internal/ws"
)

// wireMessages builds what carries messages and requests between agents.
func (a *App) wireMessages(context.Context) error {
	a.messageMetrics = telemetry.NewMessageMetrics(func(ctx context.Context) (int, error) { return a.store.Mailboxes.Depth(ctx, "") })
	cfg := service.MessagesConfig{
		Tx: a.store, Store: a.store.Messages, Boxes: a.store.Mailboxes, Letters: a.store.DeadLetters, Agents: a.Agents, Deleted: a.Agents.WasDeleted, Holder: a.instance,
		Max: a.cfg.Mailbox.Max, Keep: a.cfg.Mailbox.Keep, Touch: a.store.Agents.Touch, Emit: a.emit, Count: a.messageMetrics.Count, Now: a.now, Log: a.log,
	}
	if a.bus != nil {
		cfg.Bus = a.bus
	}
	a.Messages = service.NewMessages(cfg)
	a.DeadLetters = service.NewDeadLetters(service.DeadLettersConfig{
		Tx: a.store, Store: a.store.DeadLetters, Messages: a.Messages, ReplayTask: a.Agents.ReplayTask, Audit: a.store.Audit, Now: a.now,
	})
	a.Orchestrator = service.NewOrchestrator(a.store.Mailboxes, a.Agents)
	return nil
}

// mail fits messages to sockets.
type mail struct{ *service.Messages }

// Attach makes box the recipient of an agent.
func (m mail) Attach(agent domain.AgentID, box ws.Recipient) (detach func(), err error) {
	return m.Messages.Attach(agent, box)
}

// deadLetter keeps a task that nobody will do any more.
func (a *App) deadLetter(ctx context.Context, d domain.DeadLetter) error {
	return a.DeadLetters.Add(ctx, d)
}

// agentRemoved buries what waits for an agent that is deleted.
func (a *App) agentRemoved(ctx context.Context, id domain.AgentID) error {
	return a.Messages.AgentDeleted(ctx, id)
}

// startMessages begins to carry messages, and lets the agents that are part of the
// program take theirs where tasks are worked.
func (a *App) startMessages(ctx context.Context) error {
	if a.previous != "" { // the process that held the data directory before is dead
		if err := a.store.Mailboxes.Release(ctx, a.previous, ""); err != nil {
			return err
		}
	}
	if err := a.Messages.Start(ctx); err != nil {
		return err
	}
	if !a.plays("worker") {
		return nil
	}
	for _, spec := range shipped.Agents() {
		box := service.NewBuiltIn(spec.ID, a.runtime, a.store.Websites, a.cfg.Workers)
		if _, err := a.Messages.Attach(spec.ID, box); err != nil { // Stop detaches it
			return errors.Join(err, a.Messages.Stop(ctx))
		}
	}
	return nil
}
