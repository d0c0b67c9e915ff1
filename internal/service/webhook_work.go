package service

import (
	"context"
	"encoding/json"
	"fmt"

	"empire/internal/domain"
)

// Work processes one event. It is the handler of JobWebhook. The state of the event
// and everything that its handler writes change together: however often the job
// runs and whenever the process dies, the effect is there once.
func (s *Webhooks) Work(ctx context.Context, args json.RawMessage) (err error) {
	var a webhookArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not a webhook.")
	}
	e, err := s.cfg.Store.Get(ctx, a.EventID)
	if err != nil || e.State != domain.WebhookStored {
		return err
	}
	handle := s.handler(e)
	if handle == nil {
		_, err := s.cfg.Store.Finish(ctx, e.ID, domain.WebhookIgnored, s.cfg.Now().UTC())
		return err
	}
	d, err := s.cfg.Store.Delivery(ctx, e.DeliveryID)
	if err != nil {
		return err
	}
	defer func() {
		if v := recover(); v != nil { // the attempt counts; the queue tells the rest
			_ = s.failed(ctx, e, fmt.Errorf("panic: %v", v))
			panic(v)
		}
	}()
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		mine, err := s.cfg.Store.Finish(ctx, e.ID, domain.WebhookProcessed, s.cfg.Now().UTC())
		if err != nil || !mine {
			return err
		}
		return handle(ctx, e, d)
	})
	if err == nil || ctx.Err() != nil { // stopped, not failed: the job runs again
		return err
	}
	return s.failed(ctx, e, err)
}

// failed notes a failed attempt and returns what the queue needs to know. What will
// not get better by itself fails at once.
func (s *Webhooks) failed(ctx context.Context, e *domain.WebhookEvent, cause error) error {
	last := webhookAttempts
	switch domain.CodeOf(cause) {
	case domain.CodeInvalid, domain.CodeForbidden, domain.CodeNotFound, domain.CodeMalformed:
		last = 0
	case domain.CodeRateLimited:
		return cause // the queue waits as long as it says
	}
	if err := s.cfg.Store.Fail(ctx, e.ID, domain.MessageOf(cause), last); err != nil {
		return err
	}
	if e.Attempts+1 >= last {
		return nil // it is visible as failed, and can be replayed
	}
	return fmt.Errorf("process webhook %s: %w", e.ID, cause)
}
