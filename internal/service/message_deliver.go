package service

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"empire/internal/domain"
)

// deliver hands a message over and settles what became of it.
func (h *host) deliver(ctx context.Context, m *domain.MessageRecord, again bool) {
	switch now := h.s.cfg.Now(); {
	case !now.Before(m.TTL):
		h.die(ctx, m, domain.DeadExpired, "The message was not handled before its time was over.")
		return
	case m.Attempts >= h.s.cfg.Attempts:
		h.die(ctx, m, domain.DeadTooManyAttempts, "The agent failed to handle the message too many times.")
		return
	}
	select {
	case h.unacked <- struct{}{}:
	case <-ctx.Done():
		return
	}
	err := h.call(ctx, m)
	if err == nil {
		h.ack(m)
		h.settled(ctx, m, again)
		return
	}
	<-h.unacked
	if ctx.Err() != nil {
		return // detached: no attempt of the agent
	}
	h.failed(ctx, m, err)
}

// call gives the recipient the message. A panic is an error of it.
func (h *host) call(ctx context.Context, m *domain.MessageRecord) (err error) {
	ctx, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			h.s.cfg.Log.ErrorContext(ctx, "recipient panicked", slog.String("agent_id", string(h.agent)), slog.String("message_id", m.ID),
				slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("recipient panicked: %v", v)
		}
	}()
	return h.box.Deliver(ctx, m.Message)
}

// ack lets the end of a message be committed; the token comes back then.
func (h *host) ack(m *domain.MessageRecord) {
	r := *m
	err := h.s.acks.put(context.Background(), r.ID, func(err error) {
		if err == nil {
			h.s.cfg.Count("handled")
			h.s.touched(h.agent)
			h.s.event("handled", &r)
		}
		<-h.unacked
	})
	if err != nil { // the process stops; the message comes again
		<-h.unacked
	}
}

// failed counts an attempt and holds the message, and with it its sender's, back.
func (h *host) failed(ctx context.Context, m *domain.MessageRecord, cause error) {
	log := h.s.cfg.Log.With(slog.String("agent_id", string(h.agent)), slog.String("message_id", m.ID))
	if domain.CodeOf(cause) == domain.CodeInvalid {
		h.die(ctx, m, domain.DeadRefused, domain.MessageOf(cause))
		return
	}
	m.Attempts++
	h.s.cfg.Count("retried")
	log.WarnContext(ctx, "message not handled", slog.Int("attempt", m.Attempts), slog.Any("err", cause))
	if m.Attempts >= h.s.cfg.Attempts {
		h.die(ctx, m, domain.DeadTooManyAttempts, fmt.Sprintf("The agent failed to handle the message %d times, at last because: %s", m.Attempts, domain.MessageOf(cause)))
		return
	}
	if err := h.s.cfg.Store.Attempt(ctx, m.ID); err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "attempt not counted", slog.Any("err", err))
	}
	h.hold(m, min(h.s.cfg.Pause<<min(m.Attempts-1, 10), longestPause))
}

// hold keeps a message for later and drops what its sender sent after it: that is
// read again once this one is settled.
func (h *host) hold(m *domain.MessageRecord, pause time.Duration) {
	h.held[m.From] = &heldMessage{*m, time.Now().Add(pause)}
	bySender := func(o domain.MessageRecord) bool { return o.From == m.From }
	h.high, h.normal = slices.DeleteFunc(h.high, bySender), slices.DeleteFunc(h.normal, bySender)
}

// die makes a dead letter of a message, or tries that again later.
func (h *host) die(ctx context.Context, m *domain.MessageRecord, reason, detail string) {
	_, again := h.held[m.From]
	if err := h.s.bury(ctx, []string{m.ID}, reason, detail); err != nil {
		if ctx.Err() == nil {
			h.s.cfg.Log.WarnContext(ctx, "message not buried", slog.String("message_id", m.ID), slog.Any("err", err))
			h.hold(m, storePause)
		}
		return
	}
	h.s.cfg.Log.InfoContext(ctx, "message died", slog.String("agent_id", string(h.agent)), slog.String("message_id", m.ID), slog.String("reason", reason))
	h.settled(ctx, m, again)
}

// settled reads the mailbox from its beginning if a sender was held back until now.
func (h *host) settled(ctx context.Context, m *domain.MessageRecord, again bool) {
	if !again {
		return
	}
	delete(h.held, m.From)
	h.drain(ctx) // what was handled is no longer queued
	h.high, h.normal, h.after = nil, nil, domain.MailCursor{}
	h.wake()
}
