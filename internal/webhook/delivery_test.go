package webhook_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/api"
	"empire/internal/domain"
	"empire/internal/integration/awin"
	"empire/internal/integration/digistore24"
	"empire/internal/integration/mailgun"
	"empire/internal/integration/n8n"
	"empire/internal/integration/sendgrid"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/webhook"
)

// Secrets of the providers in these tests.
const (
	awinSecret = "tests-0123456789abcdef"
	passphrase = "tests passphrase"
	n8nSecret  = "tests-fedcba9876543210"
	mailgunKey = "tests-key"
)

// house is the whole way of a delivery over a real store: a server, the vendors'
// rules, and the jobs, which the test works.
type house struct {
	url         string
	st          *store.Store
	hooks       *service.Webhooks
	sendgridKey *ecdsa.PrivateKey
	handler     http.Handler

	down atomic.Bool // no transaction begins

	mu   sync.Mutex
	jobs []json.RawMessage
}

// InTx implements the service's transactor.
func (h *house) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if h.down.Load() {
		return domain.Errorf(domain.CodeUnavailable, "The database cannot be reached.")
	}
	return h.st.InTx(ctx, fn)
}

func newHouse(t *testing.T, st *store.Store) *house {
	t.Helper()
	h := &house{st: st}
	var err error
	if h.sendgridKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&h.sendgridKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	verifiers := map[string]webhook.Verifier{}
	add := func(name string, v webhook.Verifier, err error) {
		if err != nil {
			t.Fatal(err)
		}
		verifiers[name] = v
	}
	sg, err := sendgrid.NewWebhook(base64.StdEncoding.EncodeToString(public))
	add("sendgrid", sg, err)
	mg, err := mailgun.NewWebhook(mailgunKey)
	add("mailgun", mg, err)
	ds, err := digistore24.NewWebhook(passphrase)
	add("digistore24", ds, err)
	n8, err := n8n.NewWebhook(n8nSecret)
	add("n8n", n8, err)
	aw, err := awin.NewWebhook(awinSecret)
	add("awin", aw, err)
	handlers := map[string]service.WebhookHandler{}
	for _, key := range []string{"sendgrid/bounce", "mailgun/failed", "digistore24/on_payment", "n8n/rebuild", "awin/transaction"} {
		handlers[key] = h.effect
	}
	h.hooks = service.NewWebhooks(service.WebhooksConfig{
		Tx: h, Store: st.Webhooks, Audit: st.Audit, Now: time.Now, Handlers: handlers,
		Enqueue: func(_ context.Context, _ string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			h.mu.Lock()
			defer h.mu.Unlock()
			h.jobs = append(h.jobs, raw)
			return err
		},
	})
	h.handler = webhook.New(webhook.Config{
		Verifiers: verifiers, Intake: h.hooks, Problem: api.WriteProblem, NotMethod: api.MethodNotAllowed, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Test-Die") != "" {
			w = dying{w}
		}
		h.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// effect counts how often an event acted, in the transaction of its processing.
func (h *house) effect(ctx context.Context, e *domain.WebhookEvent, _ *domain.WebhookDelivery) error {
	held, _, err := h.st.Meta.Get(ctx, "effects")
	if err != nil {
		return err
	}
	return h.st.Meta.Set(ctx, "effects", held+e.Provider+" "+e.EventID+"\n")
}

// dying cuts the connection instead of answering, as a process does that is killed
// between storing and answering.
type dying struct{ http.ResponseWriter }

func (dying) Write([]byte) (int, error) { panic(http.ErrAbortHandler) }
func (dying) WriteHeader(int)           { panic(http.ErrAbortHandler) }

// send makes one delivery; the status is 0 if there was no answer.
func (h *house) send(t *testing.T, r *http.Request) (status int, body string, header http.Header) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", nil
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(raw), res.Header
}

func (h *house) post(t *testing.T, path, kind, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/webhooks/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// queued returns the jobs so far.
func (h *house) queued() []json.RawMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.jobs)
}

func (h *house) work(t *testing.T) {
	t.Helper()
	for _, job := range h.queued() {
		for range 2 { // any job may run twice
			if err := h.hooks.Work(t.Context(), job); err != nil {
				t.Error(err)
			}
		}
	}
}

func (h *house) effects(t *testing.T) []string {
	t.Helper()
	held, _, err := h.st.Meta.Get(t.Context(), "effects")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(strings.ReplaceAll(held, " ", ":"))
}

func macHex(key, text string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

// The deliveries of the vendors. Each call signs anew.

func (h *house) sendgrid(t *testing.T, body string) *http.Request {
	t.Helper()
	stamp := fmt.Sprint(time.Now().Unix())
	sum := sha256.Sum256([]byte(stamp + body))
	signature, err := ecdsa.SignASN1(rand.Reader, h.sendgridKey, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return h.post(t, "sendgrid", "application/json", body, "X-Twilio-Email-Event-Webhook-Timestamp", stamp,
		"X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
}

func (h *house) mailgun(t *testing.T, token, event string) *http.Request {
	t.Helper()
	stamp := fmt.Sprint(time.Now().Unix())
	return h.post(t, "mailgun", "application/json", fmt.Sprintf(
		`{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":%s}`, stamp, token, macHex(mailgunKey, stamp+token), event))
}

func (h *house) digistore24(t *testing.T, params map[string]string) *http.Request {
	t.Helper()
	form := url.Values{"sha_sign": {digistore24.Signature(params, passphrase)}}
	for name, value := range params {
		form.Set(name, value)
	}
	return h.post(t, "digistore24", "application/x-www-form-urlencoded", form.Encode())
}

func (h *house) n8n(t *testing.T, name, body string) *http.Request {
	t.Helper()
	stamp := fmt.Sprint(time.Now().Unix())
	return h.post(t, "n8n/"+name, "application/json", body, "X-Empire-Timestamp", stamp, "X-Empire-Signature", "sha256="+macHex(n8nSecret, stamp+"."+body))
}

func (h *house) awin(t *testing.T, id string) *http.Request {
	t.Helper()
	form := url.Values{"AwinTransactionPush": {`{"transactionId":"` + id + `"}`}}
	return h.post(t, "awin/"+awinSecret, "application/x-www-form-urlencoded", form.Encode())
}

func onBothStores(t *testing.T, run func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, newHouse(t, testkit.DB(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, newHouse(t, testkit.PostgresDB(t)))
	})
}

// TestFiftyDeliveriesAreOneEvent: of each provider one event, delivered fifty times
// at once with a signature of its own: every delivery is answered with 200, and
// there is one effect.
func TestFiftyDeliveriesAreOneEvent(t *testing.T) {
	t.Parallel()
	payment := map[string]string{"event": "on_payment", "order_id": "A1", "transaction_id": "77", "order_item_id": "1"}
	for _, tt := range []struct {
		name, want string
		request    func(t *testing.T, h *house, i int) *http.Request
	}{
		{"sendgrid", "sendgrid:sg1", func(t *testing.T, h *house, _ int) *http.Request {
			return h.sendgrid(t, `[{"event":"bounce","sg_event_id":"sg1"},{"event":"bounce","sg_event_id":"sg1"}]`)
		}},
		{"mailgun", "mailgun:mg1", func(t *testing.T, h *house, i int) *http.Request {
			return h.mailgun(t, fmt.Sprint("token", i), `{"event":"failed","id":"mg1"}`)
		}},
		{"digistore24", "digistore24:on_payment:77:1", func(t *testing.T, h *house, _ int) *http.Request { return h.digistore24(t, payment) }},
		{"n8n", "n8n:n1", func(t *testing.T, h *house, _ int) *http.Request { return h.n8n(t, "rebuild", `{"id":"n1"}`) }},
		{"awin", "awin:5", func(t *testing.T, h *house, _ int) *http.Request { return h.awin(t, "5") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			onBothStores(t, func(t *testing.T, h *house) {
				var wg sync.WaitGroup
				for i := range 50 {
					wg.Go(func() {
						if status, body, _ := h.send(t, tt.request(t, h, i)); status != 200 {
							t.Errorf("delivery %d: %d %s", i, status, body)
						}
					})
				}
				wg.Wait()
				h.work(t)
				if got := h.effects(t); len(got) != 1 || got[0] != tt.want || len(h.queued()) != 1 {
					t.Errorf("effects = %q of %d jobs, want %s once", got, len(h.queued()), tt.want)
				}
			})
		})
	}
}

// TestKilledBeforeTheAnswer: the provider delivers again, and there is one effect.
func TestKilledBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, h *house) {
		payment := map[string]string{"event": "on_payment", "order_id": "A1", "transaction_id": "77", "order_item_id": "1"}
		r := h.digistore24(t, payment)
		r.Header.Set("X-Test-Die", "1")
		if status, _, _ := h.send(t, r); status != 0 {
			t.Fatalf("answered with %d", status)
		}
		if len(h.queued()) != 1 {
			t.Fatalf("%d jobs, want the stored event to have one", len(h.queued()))
		}
		h.work(t)
		if status, body, _ := h.send(t, h.digistore24(t, payment)); status != 200 || body != "OK" {
			t.Errorf("delivered again: %d %q, want 200 OK", status, body)
		}
		h.work(t)
		if got := h.effects(t); len(got) != 1 || len(h.queued()) != 1 {
			t.Errorf("effects = %q of %d jobs, want one", got, len(h.queued()))
		}
	})
}

// TestDeliveries are answered as each provider expects.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, h *house) {
		expect := func(name string, r *http.Request, want int, text string) {
			t.Helper()
			status, body, header := h.send(t, r)
			if status != want || !strings.Contains(body, text) {
				t.Errorf("%s: %d %s, want %d with %s", name, status, body, want, text)
			}
			if kind := header.Get("Content-Type"); want >= 400 && kind != "application/problem+json" {
				t.Errorf("%s: content type %s", name, kind)
			}
		}
		expect("batch", h.sendgrid(t, `[{"event":"bounce","sg_event_id":"a"},{"event":"open","sg_event_id":"b"},{"event":"bounce","sg_event_id":"a"}]`),
			200, `"received":3,"new":2`)
		expect("replay in another batch", h.sendgrid(t, `[{"event":"bounce","sg_event_id":"a"},{"event":"bounce","sg_event_id":"c"}]`), 200, `"received":2,"new":1`)
		expect("unreadable", h.sendgrid(t, `{"event":"bounce"}`), 400, "urn:empire:error:malformed")
		forged := h.sendgrid(t, `[]`)
		forged.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", "1")
		expect("forged", forged, 401, "urn:empire:error:unauthenticated")
		expect("unknown type", h.n8n(t, "brand-new", `{}`), 200, `"new":1`)
		expect("GET", get(t, h.url+"/webhooks/sendgrid"), 405, "urn:empire:error:method_not_allowed")
		expect("set-up check", get(t, h.url+"/webhooks/digistore24"), 200, "OK")
		expect("postback", get(t, h.url+"/webhooks/digistore24/"+digistore24.PostbackToken(passphrase)+"?transaction_id=1&transaction_type=payment"), 200, "OK")
		expect("notification by GET", get(t, h.url+"/webhooks/awin/"+awinSecret+"?transactionId=9"), 200, `"new":1`)
		expect("wrong address", get(t, h.url+"/webhooks/awin/wrong?transactionId=9"), 401, "urn:empire:error:unauthenticated")
		expect("not configured", h.post(t, "hetzner", "application/json", "{}"), 404, "urn:empire:error:not_found")
		expect("huge", h.post(t, "awin/"+awinSecret, "application/json", strings.Repeat(" ", 1<<20)+"{}"), 413, "urn:empire:error:too_large")
		first := h.mailgun(t, "token", `{"event":"failed","id":"m1"}`)
		raw, _ := io.ReadAll(first.Body)
		expect("token", h.post(t, "mailgun", "application/json", string(raw)), 200, `"new":1`)
		expect("the same again", h.post(t, "mailgun", "application/json", string(raw)), 200, `"new":0`)
		expect("token with another event", h.post(t, "mailgun", "application/json", strings.Replace(string(raw), "m1", "m2", 1)), 401, "unauthenticated")
		h.work(t)
		if got, want := len(h.effects(t)), 4; got != want { // a, c, 9, m1
			t.Errorf("effects = %q, want %d", h.effects(t), want)
		}
		h.checkStates(t, map[domain.WebhookState]int{
			domain.WebhookProcessed: 4, domain.WebhookIgnored: 3, domain.WebhookFailed: 1, domain.WebhookRejected: 3,
		})
	})
}

func get(t *testing.T, target string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkStates counts the events, and searches what is stored for secrets.
func (h *house) checkStates(t *testing.T, want map[domain.WebhookState]int) {
	t.Helper()
	list, total, err := h.st.Webhooks.List(t.Context(), domain.WebhookFilter{}, domain.Window{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	got := map[domain.WebhookState]int{}
	for _, e := range list {
		got[e.State]++
		d, err := h.st.Webhooks.Delivery(t.Context(), e.DeliveryID)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{awinSecret, passphrase, n8nSecret, mailgunKey, digistore24.PostbackToken(passphrase)} {
			if strings.Contains(fmt.Sprintf("%+v %+v %s", e, d, d.Body), secret) {
				t.Errorf("event %s holds a secret", e.ID)
			}
		}
	}
	for state, n := range want {
		if got[state] != n {
			t.Errorf("%d events are %s, want %d of %d (%v)", got[state], state, n, total, got)
		}
	}
}

// TestStoreDown: the provider is told to come again, and then there is one effect.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, h *house) {
		h.down.Store(true)
		status, body, header := h.send(t, h.awin(t, "5"))
		if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(body, "urn:empire:error:unavailable") {
			t.Errorf("%d %s with Retry-After %q, want 503", status, body, header.Get("Retry-After"))
		}
		h.down.Store(false)
		if status, body, _ := h.send(t, h.awin(t, "5")); status != 200 || !strings.Contains(body, `"new":1`) {
			t.Errorf("delivered again: %d %s", status, body)
		}
		h.work(t)
		if got := h.effects(t); len(got) != 1 {
			t.Errorf("effects = %q, want one", got)
		}
	})
}
