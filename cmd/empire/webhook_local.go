package main

import (
	"context"
	"encoding/base64"
	"maps"
	"unicode/utf8"

	"empire/internal/domain"
)

// Webhooks implements portfolio.
func (l local) Webhooks(ctx context.Context, f domain.WebhookFilter, w domain.Window) ([]webhookView, int, error) {
	list, total, err := l.a.Webhooks.List(ctx, f, w)
	return views(list, viewWebhook), total, err
}

// Webhook implements portfolio.
func (l local) Webhook(ctx context.Context, id domain.WebhookEventID) (*webhookDetail, error) {
	e, d, err := l.a.Webhooks.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	v := deliveryView{ID: d.ID, Method: d.Method, Headers: map[string]string{}, Position: e.Position, Size: d.Size, SHA256: d.SHA256}
	maps.Copy(v.Headers, d.Header)
	if d.Body != nil {
		raw := base64.StdEncoding.EncodeToString(d.Body)
		v.Body = &raw
		if text := string(d.Body); utf8.Valid(d.Body) {
			v.BodyText = &text
		}
	}
	return &webhookDetail{viewWebhook(e), v}, nil
}

// ReplayWebhook implements portfolio.
func (l local) ReplayWebhook(ctx context.Context, id domain.WebhookEventID, force bool) (*webhookView, error) {
	return view(viewWebhook)(l.a.Webhooks.Replay(ctx, id, force))
}

func viewWebhook(e *domain.WebhookEvent) webhookView {
	return webhookView{
		ID: e.ID, Provider: e.Provider, EventID: e.EventID, Type: e.Type, State: e.State, Attempts: e.Attempts, Error: e.Error,
		OccurredAt: utc(e.OccurredAt), ReceivedAt: e.ReceivedAt.UTC(), ProcessedAt: utc(e.ProcessedAt),
	}
}
