package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/webhook"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// vendor believes what the query or the body says: "forged", "broken", "none", or
// the id of an event.
type vendor struct {
	rules domain.WebhookRules
	seen  *domain.WebhookRequest
	at    time.Time
}

func (v *vendor) Rules() domain.WebhookRules { return v.rules }

func (v *vendor) Verify(r *domain.WebhookRequest, at time.Time) ([]domain.WebhookNotice, error) {
	v.seen, v.at = r, at
	switch text := string(r.Raw()); text {
	case "forged":
		return nil, domain.NotAuthentic("The signature is wrong.")
	case "broken":
		return nil, domain.Unreadable("The body is not JSON.")
	case "none":
		return nil, nil
	case "elsewhere":
		return nil, domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
	default:
		return []domain.WebhookNotice{{EventID: text, Type: "order"}}, nil
	}
}

// store remembers what it was given, or fails.
type intake struct {
	mu       sync.Mutex
	fail     error
	received []domain.WebhookDelivery
	refused  []domain.WebhookDelivery
}

func (s *intake) Receive(_ context.Context, d *domain.WebhookDelivery, notices []domain.WebhookNotice) (domain.WebhookReceipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, *d)
	return domain.WebhookReceipt{Received: len(notices), New: 1}, s.fail
}

func (s *intake) Refuse(_ context.Context, d *domain.WebhookDelivery, _ error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, *d)
	return s.fail
}

var statuses = map[domain.Code]int{
	domain.CodeUnauthenticated: 401, domain.CodeMalformed: 400, domain.CodeNotFound: 404, domain.CodeTooLarge: 413, domain.CodeUnavailable: 503,
}

func problem(w http.ResponseWriter, _ *http.Request, err error) {
	status := statuses[domain.CodeOf(err)]
	if status == 0 {
		status = 500
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, domain.MessageOf(err))
}

// desk is a handler with two providers: shop also calls with GET and wants to read
// "OK".
type desk struct {
	*webhook.Handler
	intake *intake
	shop   *vendor
	log    bytes.Buffer
}

func newDesk(fail error) *desk {
	d := &desk{intake: &intake{fail: fail}, shop: &vendor{rules: domain.WebhookRules{GET: true, Reply: "OK"}}}
	d.Handler = webhook.New(webhook.Config{
		Verifiers: map[string]webhook.Verifier{"shop": d.shop, "mail": &vendor{}}, Intake: d.intake, Problem: problem,
		NotMethod: func(w http.ResponseWriter, _ *http.Request, allow string) {
			w.Header().Set("Allow", allow)
			w.WriteHeader(405)
		},
		Logger: slog.New(slog.NewJSONHandler(&d.log, nil)), Now: func() time.Time { return now },
	})
	return d
}

func (d *desk) do(t *testing.T, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body)))
	return w
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	down := &domain.Error{Code: domain.CodeUnavailable, Message: "The store is down."}
	for _, tt := range []struct {
		name, method, target, body string
		fail                       error
		status                     int
		answer                     string
		received, refused          int
	}{
		{"event", "POST", "/webhooks/mail", "ev1", nil, 200, `{"status":"accepted","received":1,"new":1}` + "\n", 1, 0},
		{"with a slash at the end", "POST", "/webhooks/mail/", "ev1", nil, 200, `{"status":"accepted","received":1,"new":1}` + "\n", 1, 0},
		{"event, own answer", "POST", "/webhooks/shop/x", "ev1", nil, 200, "OK", 1, 0},
		{"event in the query", "GET", "/webhooks/shop/x?ev1", "", nil, 200, "OK", 1, 0},
		{"nothing to store", "POST", "/webhooks/shop", "none", nil, 200, "OK", 0, 0},
		{"forged", "POST", "/webhooks/mail", "forged", nil, 401, "The signature is wrong.", 0, 1},
		{"unreadable", "POST", "/webhooks/mail", "broken", nil, 400, "The body is not JSON.", 0, 1},
		{"elsewhere", "POST", "/webhooks/mail/x", "elsewhere", nil, 404, "There is nothing at this address.", 0, 0},
		{"store down", "POST", "/webhooks/mail", "ev1", down, 503, "The store is down.", 1, 0},
		{"store broken", "POST", "/webhooks/mail", "ev1", errors.New("db7"), 500, "An internal error occurred.", 1, 0},
		{"forged, store down", "POST", "/webhooks/mail", "forged", down, 401, "The signature is wrong.", 0, 1},
		{"unreadable, store down", "POST", "/webhooks/mail", "broken", down, 503, "The store is down.", 0, 1},
		{"refused by the store", "POST", "/webhooks/mail", "ev1", domain.NotAuthentic("Used before."), 401, "Used before.", 1, 1},
		{"no such provider", "POST", "/webhooks/other", "ev1", nil, 404, "There is nothing at this address.", 0, 0},
		{"no provider", "POST", "/webhooks/", "ev1", nil, 404, "There is nothing at this address.", 0, 0},
		{"outside", "POST", "/mail", "ev1", nil, 404, "There is nothing at this address.", 0, 0},
		{"largest", "POST", "/webhooks/mail", strings.Repeat("x", 1<<20), nil, 200, `{"status":"accepted","received":1,"new":1}` + "\n", 1, 0},
		{"too large", "POST", "/webhooks/mail", strings.Repeat("x", 1<<20+1), nil, 413, "A delivery must not be larger than 1048576 bytes.", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(tt.fail)
			w := d.do(t, tt.method, tt.target, tt.body)
			if w.Code != tt.status || w.Body.String() != tt.answer {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.status, tt.answer)
			}
			if len(d.intake.received) != tt.received || len(d.intake.refused) != tt.refused {
				t.Errorf("%d received, %d refused, want %d and %d", len(d.intake.received), len(d.intake.refused), tt.received, tt.refused)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, target, allow string }{
		{"GET", "/webhooks/mail", "POST"},
		{"PUT", "/webhooks/mail", "POST"},
		{"HEAD", "/webhooks/shop", "POST, GET"},
		{"DELETE", "/webhooks/shop", "POST, GET"},
	} {
		d := newDesk(nil)
		w := d.do(t, tt.method, tt.target, "ev1")
		if w.Code != 405 || w.Header().Get("Allow") != tt.allow || len(d.intake.received) != 0 {
			t.Errorf("%s %s: %d, Allow %q, want 405 and %q", tt.method, tt.target, w.Code, w.Header().Get("Allow"), tt.allow)
		}
	}
}

// TestBytesArriveAsTheyCame: the body byte for byte, the path without its slashes,
// and of the headers what helps and opens nothing.
func TestBytesArriveAsTheyCame(t *testing.T) {
	t.Parallel()
	d := newDesk(nil)
	raw := "\x00\xff{ \"a\" : 1 }\r\n"
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhooks/shop/some/secret/?q=%20", strings.NewReader(raw))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-Empire-Signature": "sha256=00", "User-Agent": "n8n", "X-Empire-Token": "secret", "Authorization": "Bearer secret",
		"Cookie": "secret", "X-Api-Key": "secret", "X-Forwarded-For": "192.0.2.1", "X-Empire-Timestamp": "\xff", "X-Empire-Event-Id": strings.Repeat("x", 2000),
	} {
		r.Header.Set(name, value)
	}
	d.ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "/webhooks/shop/{path...}" {
		t.Errorf("pattern = %q, want one without the path", r.Pattern)
	}
	in := d.shop.seen
	if string(in.Body) != raw || in.Path != "some/secret" || in.Query != "q=%20" || in.Method != "POST" || !d.shop.at.Equal(now) {
		t.Errorf("seen %+v at %s", in, d.shop.at)
	}
	want := domain.WebhookDelivery{
		Provider: "shop", Method: "POST", Body: []byte(raw), ReceivedAt: now,
		Header: map[string]string{"Content-Type": "application/json", "X-Empire-Signature": "sha256=00", "User-Agent": "n8n"},
	}
	if diff := cmp.Diff(want, d.intake.received[0]); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestLogTellsNothing of what came: not its body, its path or its headers.
func TestLogTellsNothing(t *testing.T) {
	t.Parallel()
	for _, fail := range []error{nil, &domain.Error{Code: domain.CodeUnavailable, Message: "The store is down."}} {
		d := newDesk(fail)
		for _, body := range []string{"erika@example.com", "forged", "broken"} {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhooks/shop/the-secret?erika", strings.NewReader(body))
			r.Header.Set("X-Empire-Signature", "the-secret")
			r.RemoteAddr = "192.0.2.7:1234"
			d.ServeHTTP(httptest.NewRecorder(), r)
		}
		if n := strings.Count(d.log.String(), "\n"); n < 3 {
			t.Errorf("%d lines", n)
		}
		for _, private := range []string{"erika", "the-secret", "192.0.2.7"} {
			if strings.Contains(d.log.String(), private) {
				t.Errorf("the log holds %s:\n%s", private, d.log.String())
			}
		}
		var line map[string]any
		if err := json.NewDecoder(&d.log).Decode(&line); err != nil || line["provider"] != "shop" {
			t.Errorf("line = %v, %v", line, err)
		}
	}
}

// torn is a body that breaks off.
type torn struct{ io.Reader }

func (b torn) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestTornBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	d := newDesk(nil)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/webhooks/mail", torn{strings.NewReader("ev1")}))
	if w.Code != 400 || len(d.intake.received)+len(d.intake.refused) != 0 {
		t.Errorf("%d, %d stored, want 400 and nothing", w.Code, len(d.intake.received))
	}
	w = httptest.NewRecorder()
	endless := httptest.NewRequestWithContext(t.Context(), "POST", "/webhooks/mail", io.MultiReader(strings.NewReader(strings.Repeat("x", 3<<20))))
	d.ServeHTTP(w, endless)
	if w.Code != 413 || len(d.intake.received) != 0 {
		t.Errorf("without a length: %d, want 413", w.Code)
	}
}

// FuzzPath: no path panics, and none leads to another provider.
func FuzzPath(f *testing.F) {
	for _, p := range []string{"/webhooks/shop", "/webhooks//shop", "/webhooks/shop/../mail", "", "/webhooks/shop//", "webhooks/shop"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		d := newDesk(nil)
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader("ev1"))
		r.URL.Path = path
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		rest, below := strings.CutPrefix(path, "/webhooks/")
		provider, _, _ := strings.Cut(rest, "/")
		known := below && (provider == "shop" || provider == "mail")
		if (w.Code == 200) != known || known && d.intake.received[0].Provider != provider {
			t.Errorf("%q: %d", path, w.Code)
		}
	})
}
