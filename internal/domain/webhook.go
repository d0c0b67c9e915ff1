package domain

import "time"

// WebhookEventID identifies a received webhook: hook_….
type WebhookEventID string

// WebhookState says how far a received webhook got.
type WebhookState string

// The states of a webhook.
const (
	WebhookStored    WebhookState = "stored"    // a job will process it
	WebhookProcessed WebhookState = "processed" // done, once
	WebhookIgnored   WebhookState = "ignored"   // of a type that nothing acts on
	WebhookFailed    WebhookState = "failed"    // the last attempt failed; it can be replayed
)

// WebhookEvent is one webhook as it came. Body is kept byte for byte, because the
// signature is over it.
type WebhookEvent struct {
	ID          WebhookEventID
	Provider    string // awin, digistore24, n8n, sendgrid, mailgun
	EventID     string // of the provider; unique with Provider
	Type        string // in the provider's words
	Header      map[string]string
	Body        []byte
	State       WebhookState
	Attempts    int
	Error       string // of the last attempt
	ReceivedAt  time.Time
	ProcessedAt *time.Time
}

// WebhookFilter selects webhooks. Empty fields select all.
type WebhookFilter struct {
	Provider string
	State    WebhookState
}

// WebhookNotice is what a verified delivery tells: one event. A delivery may hold
// several.
type WebhookNotice struct {
	EventID string
	Type    string
	At      time.Time // when the provider says that it happened; zero if it does not
}
