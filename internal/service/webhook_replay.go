package service

import (
	"context"

	"empire/internal/domain"
)

// mayManage lets administrators of the installation through: its webhooks belong to
// no other tenant.
func mayManage(ctx context.Context) (mine bool, err error) {
	p, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return false, err
	}
	return p.Tenant.OrDefault() == domain.DefaultTenant, nil
}

// List returns a window of the events, newest first, and how many there are.
func (s *Webhooks) List(ctx context.Context, f domain.WebhookFilter, w domain.Window) ([]domain.WebhookEvent, int, error) {
	if mine, err := mayManage(ctx); err != nil || !mine {
		return []domain.WebhookEvent{}, 0, err
	}
	return s.cfg.Store.List(ctx, f, w)
}

// Get returns an event with the delivery that brought it.
func (s *Webhooks) Get(ctx context.Context, id domain.WebhookEventID) (*domain.WebhookEvent, *domain.WebhookDelivery, error) {
	mine, err := mayManage(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !mine {
		return nil, nil, domain.Errorf(domain.CodeNotFound, "Webhook %s does not exist.", id)
	}
	e, err := s.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	d, err := s.cfg.Store.Delivery(ctx, e.DeliveryID)
	if err != nil {
		return nil, nil, err
	}
	return e, d, nil
}

// Replay has an event processed again: one that failed or was ignored, with force
// also one that was processed or waits. What was never believed, cannot be read or is
// not kept any more is CodeConflict.
func (s *Webhooks) Replay(ctx context.Context, id domain.WebhookEventID, force bool) (*domain.WebhookEvent, error) {
	e, d, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := replayable(e, d, force); err != nil {
		return nil, err
	}
	var after *domain.WebhookEvent
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		ok, err := s.cfg.Store.Requeue(ctx, id, e.State)
		if err != nil {
			return err
		}
		if !ok {
			return domain.Errorf(domain.CodeConflict, "Webhook %s has just changed; look again.", id)
		}
		if err := s.cfg.Enqueue(ctx, JobWebhook, webhookArgs{id}, s.cfg.Now().UTC()); err != nil {
			return err
		}
		if after, err = s.cfg.Store.Get(ctx, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, "webhook.replayed", string(id), e.Provider+" "+e.Type, e, after)
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

func replayable(e *domain.WebhookEvent, d *domain.WebhookDelivery, force bool) error {
	switch {
	case e.State == domain.WebhookRejected:
		return domain.Errorf(domain.CodeConflict, "Webhook %s was rejected: it is not proven who sent it.", e.ID)
	case e.Type == domain.WebhookUnreadable:
		return domain.Errorf(domain.CodeConflict, "Webhook %s could not be read: there is nothing to process.", e.ID)
	case d.Body == nil:
		return domain.Errorf(domain.CodeConflict, "The body of webhook %s is not kept any more.", e.ID)
	case e.State == domain.WebhookStored && !force:
		return domain.Errorf(domain.CodeConflict, "Webhook %s waits to be processed.", e.ID)
	case e.State == domain.WebhookProcessed && !force:
		return domain.Errorf(domain.CodeConflict, "Webhook %s was processed; force does it again.", e.ID)
	}
	return nil
}

// Sweep forgets bodies older than 90 days and returns how many.
func (s *Webhooks) Sweep(ctx context.Context) (int, error) {
	return s.cfg.Store.Sweep(ctx, s.cfg.Now().Add(-webhookBodies))
}
