// Package hook tells another program about alerts: a signed POST to an address that the
// operator configured.
package hook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
)

// minSecret is how long the secret is at least, in bytes.
const minSecret = 16

// Config is what New needs.
type Config struct {
	URL    string
	Secret string // that requests are signed with
	HTTP   *http.Client
	Now    func() time.Time
}

// Client delivers to one address. Each request is sent once: whoever calls tries again
// later, with the same id, which the receiver can tell repetitions by.
//
//	X-Empire-Signature: sha256=HEX   HMAC-SHA256 of TIMESTAMP + "." + raw body
//	X-Empire-Timestamp: TIMESTAMP    Unix seconds
//
// That is the form in which the webhooks of this program take calls of workflows, too.
type Client struct {
	cfg   Config
	rest  *rest.Client
	host  string
	query url.Values
}

// New returns a client, or CodeInvalid for an address or a secret that cannot be used.
func New(cfg Config) (*Client, error) {
	if len(cfg.Secret) < minSecret || strings.TrimSpace(cfg.Secret) != cfg.Secret {
		return nil, domain.Invalid("alerts.webhook.secret", "The secret has fewer than %d bytes, or spaces around it.", minSecret)
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, domain.Invalid("alerts.webhook.url", "The address is not a URL.")
	}
	secrets := []string{cfg.Secret}
	if u.RawQuery != "" {
		secrets = append(secrets, u.RawQuery)
	}
	client, err := rest.New(rest.Config{
		Vendor: "the webhook of alerts", BaseURL: cfg.URL, HTTP: cfg.HTTP, Secrets: secrets, Timeout: 15 * time.Second, MaxBytes: 64 << 10, Retries: -1,
	})
	if err != nil {
		return nil, err
	}
	return &Client{cfg, client, u.Host, u.Query()}, nil
}

// Target returns the host: path and query of such addresses are often secrets.
func (c *Client) Target() string { return c.host }

// body is what is sent. Fields may be added.
type body struct {
	ID      domain.AlertDeliveryID `json:"id"`
	Type    string                 `json:"type"` // alerts or alerts.test
	Tenant  domain.TenantID        `json:"tenant"`
	At      time.Time              `json:"at"`
	Summary string                 `json:"summary"`
	Fired   []domain.AlertNews     `json:"fired"`
	Cleared []domain.AlertNews     `json:"cleared"`
}

// Send implements the service's AlertSender. An answer that says that the request is
// wrong is CodeInvalid; all that may pass is something else.
func (c *Client) Send(ctx context.Context, m domain.AlertMessage) error {
	d := m.Delivery
	b := body{ID: d.ID, Type: "alerts", Tenant: d.Tenant, At: d.CreatedAt.UTC(), Summary: m.Subject, Fired: d.Fired, Cleared: d.Cleared}
	if d.Test {
		b.Type = "alerts.test"
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(c.cfg.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(c.cfg.Secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(raw)
	header := http.Header{"X-Empire-Timestamp": {stamp}, "X-Empire-Signature": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
	_, err = c.rest.Do(ctx, rest.Call{Method: http.MethodPost, Query: c.query, Header: header, In: json.RawMessage(raw)})
	return verdict(err)
}

// verdict tells what can be tried again from what cannot.
func verdict(err error) error {
	e, ok := errors.AsType[*rest.Error](err)
	if !ok {
		return err
	}
	if e.Kind != rest.Refused || e.Status == 0 {
		return &domain.Error{Code: domain.CodeUnavailable, Message: "The webhook did not answer.", Err: err}
	}
	again := e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout ||
		e.Status == http.StatusNotFound || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden // what a person may be repairing
	code := domain.CodeInvalid
	if again {
		code = domain.CodeUnavailable
	}
	return &domain.Error{Code: code, Message: "The webhook answered with status " + strconv.Itoa(e.Status) + ".", Err: err}
}
