// Package webhook takes what providers send to /webhooks/PROVIDER.
//
//	request ─▶ raw body ─▶ signature ─▶ time ─▶ events ─▶ stored with their jobs ─▶ answer
//	                          │           │        │
//	                         401         401      400      kept for diagnosis
//
// Nothing is answered with success before it is stored, and an event that was
// stored before is answered with success again without a second effect. So a
// provider may repeat a delivery as often as it likes, and must repeat one that got
// no answer. A provider without a secret is not there: 404.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

// Base is the path that all providers are below.
const Base = "/webhooks/"

// maxBody is the largest delivery; maxHeader what is kept of a header.
const (
	maxBody   = 1 << 20
	maxHeader = 1024
)

// Verifier knows how one provider signs. Verify returns the events of a delivery:
//
//   - CodeUnauthenticated if it is not proven that somebody with the key made it, just
//     now where the provider says when;
//   - CodeMalformed if it is proven but cannot be read;
//   - CodeNotFound if the provider has nothing at the path.
//
// No events and no error means that there is nothing to store.
type Verifier interface {
	Verify(r *domain.WebhookRequest, now time.Time) ([]domain.WebhookNotice, error)
	Rules() domain.WebhookRules
}

// intake stores deliveries.
type intake interface {
	Receive(ctx context.Context, d *domain.WebhookDelivery, notices []domain.WebhookNotice) (domain.WebhookReceipt, error)
	Refuse(ctx context.Context, d *domain.WebhookDelivery, cause error) error
}

// Config is what the handler needs.
type Config struct {
	Verifiers map[string]Verifier // by provider; those without a secret are absent
	Intake    intake
	Problem   func(w http.ResponseWriter, r *http.Request, err error)    // writes a problem document
	NotMethod func(w http.ResponseWriter, r *http.Request, allow string) // the same for a method that is not taken
	Logger    *slog.Logger
	Now       func() time.Time
}

// Handler takes deliveries.
type Handler struct {
	c         Config
	verifiers map[string]Verifier
}

// New returns the handler of everything below Base.
func New(c Config) *Handler { return &Handler{c, maps.Clone(c.Verifiers)} }

// ServeHTTP takes one delivery.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	provider, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Base), "/")
	v, ok := h.verifiers[provider]
	if !ok || !strings.HasPrefix(r.URL.Path, Base) {
		h.c.Problem(w, r, domain.Errorf(domain.CodeNotFound, "There is nothing at this address."))
		return
	}
	r.Pattern = Base + provider + "/{path...}" // for logs and metrics: the path may hold a secret
	rules := v.Rules()
	if r.Method != http.MethodPost && (r.Method != http.MethodGet || !rules.GET) {
		allow := http.MethodPost
		if rules.GET {
			allow += ", " + http.MethodGet
		}
		h.c.NotMethod(w, r, allow)
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		h.c.Problem(w, r, err)
		return
	}
	now := h.c.Now().UTC()
	in := &domain.WebhookRequest{Method: r.Method, Path: strings.TrimSuffix(path, "/"), Query: r.URL.RawQuery, Header: r.Header, Body: body}
	d := &domain.WebhookDelivery{Provider: provider, Method: r.Method, Header: kept(r.Header), Body: in.Raw(), ReceivedAt: now}
	receipt, err := h.take(r.Context(), v, in, d, now)
	if err != nil {
		h.c.Problem(w, r, err)
		return
	}
	answer(w, rules.Reply, receipt)
}

// take verifies a delivery and stores what is in it, or why it was not believed.
func (h *Handler) take(ctx context.Context, v Verifier, in *domain.WebhookRequest, d *domain.WebhookDelivery, now time.Time) (domain.WebhookReceipt, error) {
	notices, err := v.Verify(in, now)
	var receipt domain.WebhookReceipt
	if err == nil && len(notices) > 0 {
		receipt, err = h.c.Intake.Receive(ctx, d, notices)
	}
	switch domain.CodeOf(err) {
	case "":
		h.c.Logger.InfoContext(ctx, "webhook received", slog.String("provider", d.Provider), slog.Int("events", receipt.Received),
			slog.Int("new", receipt.New), slog.String("request_id", domain.RequestIDFrom(ctx)))
		return receipt, nil
	case domain.CodeUnauthenticated, domain.CodeMalformed:
		return receipt, h.refuse(ctx, d, err)
	case domain.CodeNotFound:
		return receipt, err
	}
	h.c.Logger.ErrorContext(ctx, "webhook not stored", slog.String("provider", d.Provider),
		slog.String("request_id", domain.RequestIDFrom(ctx)), slog.Any("err", err))
	return receipt, err
}

// refuse keeps a delivery that was not taken. What is authentic must be kept before
// the provider is told not to send it again; a forgery need not be.
func (h *Handler) refuse(ctx context.Context, d *domain.WebhookDelivery, cause error) error {
	h.c.Logger.WarnContext(ctx, "webhook refused", slog.String("provider", d.Provider), slog.String("reason", domain.MessageOf(cause)),
		slog.String("request_id", domain.RequestIDFrom(ctx)))
	err := h.c.Intake.Refuse(ctx, d, cause)
	if err == nil {
		return cause
	}
	h.c.Logger.ErrorContext(ctx, "refused webhook not kept", slog.String("provider", d.Provider),
		slog.String("request_id", domain.RequestIDFrom(ctx)), slog.Any("err", err))
	if domain.CodeOf(cause) == domain.CodeMalformed {
		return err
	}
	return cause
}

// readBody reads the whole body as it came.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLarge := domain.Errorf(domain.CodeTooLarge, "A delivery must not be larger than %d bytes.", maxBody)
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, &domain.Error{Code: domain.CodeMalformed, Message: "The body did not arrive whole.", Err: err}
	}
	return body, nil
}

// keepHeaders are those that help to understand a delivery later. None of them
// opens anything.
var keepHeaders = []string{
	"Content-Type", "Content-Encoding", "User-Agent", "X-Twilio-Email-Event-Webhook-Timestamp", "X-Twilio-Email-Event-Webhook-Signature",
	"X-Empire-Timestamp", "X-Empire-Signature", "X-Empire-Event-Id",
}

func kept(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range keepHeaders {
		if v := strings.Join(h[name], ", "); v != "" && len(v) <= maxHeader && utf8.ValidString(v) && !strings.ContainsRune(v, 0) {
			out[name] = v
		}
	}
	return out
}

// answer tells the provider that it is done.
func answer(w http.ResponseWriter, reply string, receipt domain.WebhookReceipt) {
	w.Header().Set("Cache-Control", "no-store")
	if reply != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, reply) // the provider is gone if this fails, and sends again
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Status   string `json:"status"`
		Received int    `json:"received"`
		New      int    `json:"new"`
	}{"accepted", receipt.Received, receipt.New})
}
