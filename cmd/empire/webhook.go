package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

type webhookKeeper interface {
	Webhooks(ctx context.Context, f domain.WebhookFilter, w domain.Window) ([]webhookView, int, error)
	Webhook(ctx context.Context, id domain.WebhookEventID) (*webhookDetail, error)
	ReplayWebhook(ctx context.Context, id domain.WebhookEventID, force bool) (*webhookView, error)
}

type webhookView struct {
	ID          domain.WebhookEventID `json:"id"`
	Provider    string                `json:"provider"`
	EventID     string                `json:"event_id"`
	Type        string                `json:"type"`
	State       domain.WebhookState   `json:"state"`
	Attempts    int                   `json:"attempts"`
	Error       string                `json:"error"`
	OccurredAt  *time.Time            `json:"occurred_at"`
	ReceivedAt  time.Time             `json:"received_at"`
	ProcessedAt *time.Time            `json:"processed_at"`
}

type webhookDetail struct {
	webhookView
	Delivery deliveryView `json:"delivery"`
}

type deliveryView struct {
	ID       domain.WebhookDeliveryID `json:"id"`
	Method   string                   `json:"method"`
	Headers  map[string]string        `json:"headers"`
	Position int                      `json:"position"`
	Size     int                      `json:"size_bytes"`
	SHA256   string                   `json:"sha256"`
	Body     *string                  `json:"body"`
	BodyText *string                  `json:"body_text"`
}

func webhookCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "webhook", Short: "Show what providers told, and have it processed again",
		Example: "  empire webhook list --state failed\n  empire webhook replay hook_…",
	}
	c.AddCommand(webhookListCommand(g), webhookShowCommand(g), webhookReplayCommand(g))
	return c
}

func webhookListCommand(g *globals) *cobra.Command {
	var provider, state string
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List received events, newest first",
		Example: "  empire webhook list\n  empire webhook list --provider sendgrid --state failed --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			f := domain.WebhookFilter{Provider: provider, State: domain.WebhookState(state)}
			if err := checkWebhookFilter(f); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Webhooks(ctx, f, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, e := range list {
					rows = append(rows, []string{string(e.ID), e.Provider, printable(e.Type), string(e.State), ago(e.ReceivedAt), printable(e.Error)})
				}
				return g.printList(cmd, list, w, total, "There are no such events.", []string{"ID", "PROVIDER", "TYPE", "STATE", "RECEIVED", "ERROR"}, rows)
			})
		},
	}
	c.Flags().StringVar(&provider, "provider", "", "only of this one: awin, digistore24, n8n, sendgrid or mailgun")
	c.Flags().StringVar(&state, "state", "", "only in this one: stored, processed, ignored, failed or rejected")
	windowFlags(c, &w)
	return c
}

func checkWebhookFilter(f domain.WebhookFilter) error {
	switch f.Provider {
	case "", "awin", "digistore24", "n8n", "sendgrid", "mailgun":
	default:
		return usagef("--provider must be awin, digistore24, n8n, sendgrid or mailgun, not %q", f.Provider)
	}
	switch f.State {
	case "", domain.WebhookStored, domain.WebhookProcessed, domain.WebhookIgnored, domain.WebhookFailed, domain.WebhookRejected:
	default:
		return usagef("--state must be stored, processed, ignored, failed or rejected, not %q", f.State)
	}
	return nil
}

// printable keeps what others wrote from steering the terminal.
func printable(s string) string {
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}

func webhookShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show WEBHOOK", Short: "Show an event with the delivery that brought it", Args: cobra.ExactArgs(1),
		Example: "  empire webhook show hook_…\n  empire webhook show hook_… --json | jq -r .delivery.body | base64 -d",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				e, err := p.Webhook(ctx, domain.WebhookEventID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, e)
				}
				cmd.Printf("%s %s\n  id         %s\n  event      %s\n  state      %s after %d attempts\n  received   %s\n", e.Provider, printable(e.Type),
					e.ID, printable(e.EventID), e.State, e.Attempts, ago(e.ReceivedAt))
				if e.Error != "" {
					cmd.Printf("  error      %s\n", printable(e.Error))
				}
				cmd.Printf("  delivery   %s, number %d, %d bytes (--json shows them)\n", e.Delivery.ID, e.Delivery.Position+1, e.Delivery.Size)
				return nil
			})
		},
	}
}

func webhookReplayCommand(g *globals) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "replay WEBHOOK", Short: "Have an event processed again", Args: cobra.ExactArgs(1),
		Long: `Have an event processed again that failed or was ignored. A server that uses the data
directory, or the next one, does it.`,
		Example: "  empire webhook replay hook_…\n  empire webhook replay hook_… --force",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				e, err := p.ReplayWebhook(ctx, domain.WebhookEventID(args[0]), force)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, e)
				}
				cmd.Printf("%s is %s and will be processed\n", e.ID, e.State)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&force, "force", false, "also an event that was processed, or that waits")
	return c
}
