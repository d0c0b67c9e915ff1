package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"empire/internal/domain"
)

// Webhooks are deliveries of providers and the events in them. An event is stored
// once, whoever delivers it how often.
type Webhooks struct{ db *DB }

const (
	deliveryColumns     = `id, provider, method, header, sha256, size, nonce, received_at, body`
	webhookEventColumns = `id, delivery_id, provider, event_id, type, position, state, attempts, error, occurred_at, received_at, processed_at`
)

func scanDelivery(r row) (d domain.WebhookDelivery, err error) {
	var nonce *string
	var swept bool
	err = r.Scan(&d.ID, &d.Provider, &d.Method, jsonValue{&d.Header}, &d.SHA256, &d.Size, &nonce, asTime(&d.ReceivedAt), &d.Body, &swept)
	if nonce != nil {
		d.Nonce = *nonce
	}
	if !swept {
		d.Body = orNoBytes(d.Body) // SQLite reads an empty one as nil
	}
	return d, err
}

func scanWebhookEvent(r row) (e domain.WebhookEvent, err error) {
	err = r.Scan(&e.ID, &e.DeliveryID, &e.Provider, &e.EventID, &e.Type, &e.Position, &e.State, &e.Attempts, &e.Error,
		asTimePtr(&e.OccurredAt), asTime(&e.ReceivedAt), asTimePtr(&e.ProcessedAt))
	return e, err
}

func noWebhook(id domain.WebhookEventID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Webhook %s does not exist.", id)
}

// Insert stores a delivery with those of its events that are new, and returns these
// in the order of their positions. A delivery without anything new is kept only if
// it has a nonce, which must not come again with another body: that is
// CodeUnauthenticated.
func (s *Webhooks) Insert(ctx context.Context, d *domain.WebhookDelivery, events []domain.WebhookEvent) ([]domain.WebhookEvent, error) {
	var added []domain.WebhookEvent
	err := s.db.InTx(ctx, func(ctx context.Context) (err error) {
		added = nil // the caller may run it again
		fresh, err := s.insertDelivery(ctx, d)
		if err != nil || !fresh {
			return err
		}
		if added, err = s.insertEvents(ctx, d, events); err != nil || len(added) > 0 || d.Nonce != "" {
			return err
		}
		_, err = s.db.exec(ctx, `DELETE FROM webhook_deliveries WHERE id = $1`, d.ID)
		return err
	})
	return added, s.db.fail(err, "insert webhook delivery %s", d.ID)
}

// insertDelivery reports false for a delivery that was stored before, as its nonce
// tells.
func (s *Webhooks) insertDelivery(ctx context.Context, d *domain.WebhookDelivery) (bool, error) {
	const query = `INSERT INTO webhook_deliveries (` + deliveryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (provider, nonce) DO NOTHING`
	n, err := s.db.exec(ctx, query, d.ID, d.Provider, d.Method, jsonValue{d.Header}, d.SHA256, d.Size, nullable(d.Nonce),
		s.db.time(d.ReceivedAt), orNoBytes(d.Body))
	if err != nil || n > 0 {
		return n > 0, err
	}
	var held string
	err = s.db.w(ctx).QueryRowContext(ctx, `SELECT sha256 FROM webhook_deliveries WHERE provider = $1 AND nonce = $2`, d.Provider, d.Nonce).Scan(&held)
	if err == nil && held != d.SHA256 {
		err = domain.NotAuthentic("The signature was used for another delivery before.")
	}
	return false, err
}

// insertEvents stores events in the order of their names, so that two deliveries of
// the same events cannot wait for each other.
func (s *Webhooks) insertEvents(ctx context.Context, d *domain.WebhookDelivery, events []domain.WebhookEvent) ([]domain.WebhookEvent, error) {
	const query = `INSERT INTO webhook_events (` + webhookEventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (provider, event_id) DO NOTHING`
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b domain.WebhookEvent) int { return cmp.Compare(a.EventID, b.EventID) })
	var added []domain.WebhookEvent
	for i := range sorted {
		e := &sorted[i]
		n, err := s.db.exec(ctx, query, e.ID, d.ID, d.Provider, e.EventID, e.Type, e.Position, e.State, e.Attempts, e.Error,
			s.db.timePtr(e.OccurredAt), s.db.time(e.ReceivedAt), s.db.timePtr(e.ProcessedAt))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			e.DeliveryID, e.Provider = d.ID, d.Provider
			added = append(added, *e)
		}
	}
	slices.SortFunc(added, func(a, b domain.WebhookEvent) int { return cmp.Compare(a.Position, b.Position) })
	return added, nil
}

// orNoBytes stores an empty body as such: NULL means that it was swept.
func orNoBytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Get returns one event, or CodeNotFound.
func (s *Webhooks) Get(ctx context.Context, id domain.WebhookEventID) (*domain.WebhookEvent, error) {
	const query = `SELECT ` + webhookEventColumns + ` FROM webhook_events WHERE id = $1`
	e, err := getOne(ctx, s.db, noWebhook(id), scanWebhookEvent, query, id)
	return e, s.db.fail(err, "get webhook %s", id)
}

// Delivery returns a delivery, or CodeNotFound.
func (s *Webhooks) Delivery(ctx context.Context, id domain.WebhookDeliveryID) (*domain.WebhookDelivery, error) {
	const query = `SELECT ` + deliveryColumns + `, body IS NULL FROM webhook_deliveries WHERE id = $1`
	missing := domain.Errorf(domain.CodeNotFound, "Webhook delivery %s does not exist.", id)
	d, err := getOne(ctx, s.db, missing, scanDelivery, query, id)
	return d, s.db.fail(err, "get webhook delivery %s", id)
}

// List returns events, the newest first, and how many there are.
func (s *Webhooks) List(ctx context.Context, wf domain.WebhookFilter, w domain.Window) ([]domain.WebhookEvent, int, error) {
	var f filter
	f.eq("provider", wf.Provider)
	f.eq("state", string(wf.State))
	total, err := s.db.count(ctx, `SELECT count(*) FROM webhook_events`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanWebhookEvent,
		`SELECT `+webhookEventColumns+` FROM webhook_events`+f.where()+` ORDER BY received_at DESC, id DESC`+page, args...)
	return list, total, s.db.fail(err, "list webhooks")
}

// Finish ends an event that is stored. It reports false for one in another state.
// Within a transaction nobody else can finish it before that ends.
func (s *Webhooks) Finish(ctx context.Context, id domain.WebhookEventID, state domain.WebhookState, at time.Time) (bool, error) {
	const query = `UPDATE webhook_events SET state = $2, attempts = attempts + 1, error = '', processed_at = $3
		WHERE id = $1 AND state = 'stored'`
	n, err := s.db.exec(ctx, query, id, state, s.db.time(at))
	return n > 0, s.db.fail(err, "finish webhook %s", id)
}

// Fail counts a failed attempt of an event that is stored; at the last one it is
// failed.
func (s *Webhooks) Fail(ctx context.Context, id domain.WebhookEventID, message string, last int) error {
	const query = `UPDATE webhook_events SET state = CASE WHEN attempts + 1 >= $3 THEN 'failed' ELSE state END,
		attempts = attempts + 1, error = $2 WHERE id = $1 AND state = 'stored'`
	_, err := s.db.exec(ctx, query, id, message, last)
	return s.db.fail(err, "fail webhook %s", id)
}

// Requeue makes an event in a state stored again, with all its attempts. It reports
// false if the event is in another state by now.
func (s *Webhooks) Requeue(ctx context.Context, id domain.WebhookEventID, from domain.WebhookState) (bool, error) {
	const query = `UPDATE webhook_events SET state = 'stored', attempts = 0, error = '', processed_at = NULL WHERE id = $1 AND state = $2`
	n, err := s.db.exec(ctx, query, id, from)
	return n > 0, s.db.fail(err, "requeue webhook %s", id)
}

// Trim deletes the rejected deliveries of a provider except the newest ones.
func (s *Webhooks) Trim(ctx context.Context, provider string, keep int) error {
	const query = `DELETE FROM webhook_deliveries WHERE id IN (
		SELECT delivery_id FROM webhook_events WHERE provider = $1 AND state = 'rejected' AND id NOT IN (
			SELECT id FROM webhook_events WHERE provider = $1 AND state = 'rejected' ORDER BY received_at DESC, id DESC LIMIT $2))`
	_, err := s.db.exec(ctx, query, provider, keep)
	return s.db.fail(err, "trim rejected webhooks")
}

// Sweep forgets bodies and headers that came before a time, except those that a job
// still has to process, and returns how many.
func (s *Webhooks) Sweep(ctx context.Context, before time.Time) (int, error) {
	const query = `UPDATE webhook_deliveries SET body = NULL, header = '{}' WHERE received_at < $1 AND body IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.delivery_id = webhook_deliveries.id AND e.state = 'stored')`
	n, err := s.db.exec(ctx, query, s.db.time(before))
	return int(n), s.db.fail(err, "sweep webhooks")
}
