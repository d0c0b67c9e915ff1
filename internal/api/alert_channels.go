package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

// AlertChannelBody is a way on which alerts are delivered.
type AlertChannelBody struct {
	Channel    domain.AlertChannel `json:"channel" enum:"mail,webhook"`
	Configured bool                `json:"configured"`
	Target     *string             `json:"target" doc:"The server that it reaches; null for those who may not know, or if it is not configured"`
	Setting    string              `json:"setting" doc:"What to configure"`
	LastSent   *time.Time          `json:"last_sent_at"`
	LastError  string              `json:"last_error" doc:"Of the last delivery that was given up, if none was sent since"`
}

// AlertDeliveryBody is one message about alerts.
type AlertDeliveryBody struct {
	ID        domain.AlertDeliveryID `json:"id"`
	Channel   domain.AlertChannel    `json:"channel" enum:"mail,webhook"`
	State     domain.DeliveryState   `json:"state" enum:"pending,sent,failed" doc:"pending: it is tried, and tried again; failed: given up"`
	Attempts  int                    `json:"attempts"`
	Error     string                 `json:"error" doc:"Of the last attempt"`
	Test      bool                   `json:"test"`
	CreatedAt time.Time              `json:"created_at"`
	UpdatedAt time.Time              `json:"updated_at"`
	Fired     []domain.AlertID       `json:"fired" doc:"The alerts whose begin it tells"`
	Cleared   []domain.AlertID       `json:"cleared" doc:"The alerts whose end it tells"`
}

type (
	listAlertDeliveriesInput struct {
		Window
		Channel domain.AlertChannel  `query:"channel" enum:"mail,webhook" doc:"Only over this channel"`
		State   domain.DeliveryState `query:"state" enum:"pending,sent,failed" doc:"Only in this state"`
	}
	listAlertChannelsInput struct {
		Window
	}
	alertChannelInput struct {
		Channel domain.AlertChannel `path:"channel" enum:"mail,webhook"`
	}
	alertDeliveryOutput struct{ Body AlertDeliveryBody }
)

var (
	exampleMailTarget   = "mail.example:587"
	exampleAlertChannel = AlertChannelBody{
		Channel: domain.ChannelMail, Configured: true, Target: &exampleMailTarget, Setting: "alerts.mail.host", LastSent: &exampleTime,
	}
	exampleAlertDelivery = AlertDeliveryBody{
		ID: "adel_01k2jd", Channel: domain.ChannelMail, State: domain.DeliverySent, Attempts: 1, CreatedAt: exampleTime, UpdatedAt: exampleTime,
		Fired: []domain.AlertID{"alert_01k2jd"}, Cleared: []domain.AlertID{},
	}
)

func registerAlertChannels(a *API, alerts alertService) {
	handle(a, operation{
		id: "list-alert-deliveries", method: http.MethodGet, path: "/alerts/deliveries", tag: "alerts", permission: domain.AgentsRead, summary: "List messages about alerts",
		text: "The newest first.", response: []AlertDeliveryBody{exampleAlertDelivery},
	}, func(ctx context.Context, in *listAlertDeliveriesInput) (*listOutput[AlertDeliveryBody], error) {
		items, total, err := alerts.Deliveries(ctx, domain.DeliveryFilter{Channel: in.Channel, State: in.State}, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toAlertDelivery), nil
	})
	handle(a, operation{
		id: "list-alert-channels", method: http.MethodGet, path: "/alerts/channels", tag: "alerts", permission: domain.AgentsRead, summary: "List the channels that alerts are delivered over",
		response: []AlertChannelBody{exampleAlertChannel},
	}, func(ctx context.Context, in *listAlertChannelsInput) (*listOutput[AlertChannelBody], error) {
		all, err := alerts.Channels(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toAlertChannel), nil
	})
	handle(a, operation{
		id: "test-alert-channel", method: http.MethodPost, path: "/alerts/channels/{channel}/test", tag: "alerts", permission: domain.AdminFull, summary: "Send a test message over a channel",
		text:     "It is tried once, and the answer says what became of it. A channel that is not configured is a conflict.",
		problems: []int{http.StatusConflict}, response: exampleAlertDelivery,
	}, func(ctx context.Context, in *alertChannelInput) (*alertDeliveryOutput, error) {
		d, err := alerts.Test(ctx, in.Channel)
		if err != nil {
			return nil, err
		}
		return &alertDeliveryOutput{toAlertDelivery(d)}, nil
	})
}

func toAlertDelivery(d *domain.AlertDelivery) AlertDeliveryBody {
	ids := func(news []domain.AlertNews) []domain.AlertID {
		out := make([]domain.AlertID, len(news))
		for i := range news {
			out[i] = news[i].ID
		}
		return out
	}
	return AlertDeliveryBody{
		ID: d.ID, Channel: d.Channel, State: d.State, Attempts: d.Attempts, Error: d.Error, Test: d.Test, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
		Fired: ids(d.Fired), Cleared: ids(d.Cleared),
	}
}

func toAlertChannel(c *domain.AlertChannelState) AlertChannelBody {
	b := AlertChannelBody{Channel: c.Channel, Configured: c.Configured, Setting: c.Setting, LastSent: utc(c.LastSent), LastError: c.LastError}
	if c.Target != "" {
		b.Target = &c.Target
	}
	return b
}
