package mailgun_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/integration/mailgun"
)

const key = "key-of-the-tests"

var now = time.Unix(1_772_366_400, 0)

const event = `{"event":"failed","id":"ev1","timestamp":1772366390.25,"severity":"permanent","recipient":"erika@example.com"}`

func sign(key, stamp, token string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(stamp + token))
	return hex.EncodeToString(mac.Sum(nil))
}

// delivery returns the vendor's body.
func delivery(key, stamp, token, event string) string {
	return fmt.Sprintf(`{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":%s}`, stamp, token, sign(key, stamp, token), event)
}

func request(body string) *domain.WebhookRequest {
	return &domain.WebhookRequest{Method: "POST", Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func stamp(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }

func TestVerify(t *testing.T) {
	t.Parallel()
	w, err := mailgun.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	good := delivery(key, stamp(0), "token1", event)
	for _, tt := range []struct {
		name, body string
		want       domain.Code
	}{
		{"right", good, ""},
		{"nine minutes old", delivery(key, stamp(-9*time.Minute), "t", event), ""},
		{"stale", delivery(key, stamp(-11*time.Minute), "t", event), domain.CodeUnauthenticated},
		{"from the future", delivery(key, stamp(11*time.Minute), "t", event), domain.CodeUnauthenticated},
		{"timestamp as a number", strings.Replace(good, `"`+stamp(0)+`"`, stamp(0), 1), ""},
		{"upper-case signature", strings.Replace(good, sign(key, stamp(0), "token1"), strings.ToUpper(sign(key, stamp(0), "token1")), 1), ""},
		{"another key", delivery("another", stamp(0), "token1", event), domain.CodeUnauthenticated},
		{"another token", strings.Replace(good, "token1", "token2", 1), domain.CodeUnauthenticated},
		{"another timestamp", strings.Replace(good, stamp(0), stamp(time.Second), 1), domain.CodeUnauthenticated},
		{"one digit of the signature", strings.Replace(good, `"signature":"`, `"signature":"0`, 1), domain.CodeUnauthenticated},
		{"a digit moved to the token", delivery(key, stamp(0)+"1", "token", event), domain.CodeUnauthenticated}, // too far ahead
		{"no token", delivery(key, stamp(0), "", event), domain.CodeUnauthenticated},
		{"long token", delivery(key, stamp(0), strings.Repeat("x", 101), event), domain.CodeUnauthenticated},
		{"no signature", `{"event-data":` + event + `}`, domain.CodeUnauthenticated},
		{"empty signature", `{"signature":{"timestamp":"` + stamp(0) + `","token":"t","signature":""},"event-data":` + event + `}`, domain.CodeUnauthenticated},
		{"not JSON", "signature", domain.CodeUnauthenticated},
		{"nothing", "", domain.CodeUnauthenticated},
		{"no event", delivery(key, stamp(0), "t", `null`), domain.CodeMalformed},
		{"no id", delivery(key, stamp(0), "t", `{"event":"failed"}`), domain.CodeMalformed},
		{"an event of another shape", delivery(key, stamp(0), "t", `{"event":["failed"],"id":"x"}`), domain.CodeMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			notices, err := w.Verify(request(tt.body), now)
			if got := domain.CodeOf(err); got != tt.want || (err == nil) != (len(notices) == 1) {
				t.Errorf("%v, code %q (%v), want %q", notices, got, err, tt.want)
			}
		})
	}
	other := request(good)
	other.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	if _, err := w.Verify(other, now); domain.CodeOf(err) != domain.CodeMalformed {
		t.Errorf("another content type: %v", err)
	}
	other = request(good)
	other.Path = "x"
	if _, err := w.Verify(other, now); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("another path: %v", err)
	}
}

// TestVerifyNamesEvents: the id counts within its day, and the nonce is what was
// signed, so that no digit can move between timestamp and token to make it another.
func TestVerifyNamesEvents(t *testing.T) {
	t.Parallel()
	w, err := mailgun.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.Verify(request(delivery(key, stamp(0), "token1", event)), now)
	if err != nil {
		t.Fatal(err)
	}
	want := []domain.WebhookNotice{{
		EventID: "2026-03-01/ev1", Type: "failed", At: time.Unix(1772366390, 25e7).UTC(), Nonce: stamp(0) + "token1",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestNewWebhook(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", " ", "key ", "\nkey"} {
		if _, err := mailgun.NewWebhook(bad); err == nil || !strings.HasPrefix(err.Error(), "webhooks.mailgun: ") {
			t.Errorf("%q: %v, want an error that names the setting", bad, err)
		}
	}
}

// FuzzVerify: a signature of another key is never believed, and a right one around
// any event does not break the reader.
func FuzzVerify(f *testing.F) {
	w, err := mailgun.NewWebhook(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(delivery("another", stamp(0), "t", event)), event)
	f.Add([]byte(`{"signature":{"timestamp":1e9,"token":"","signature":"00"}}`), `{"event":"x","id":"\u0000","timestamp":-1}`)
	f.Add([]byte(`{"signature":[]}`), `{"event":"x","id":"y","timestamp":1e308}`)
	f.Fuzz(func(t *testing.T, raw []byte, event string) {
		if notices, err := w.Verify(request(string(raw)), now); err == nil {
			t.Errorf("believed %q: %v", raw, notices)
		}
		if !json.Valid([]byte(event)) {
			return
		}
		notices, err := w.Verify(request(delivery(key, stamp(0), "t", event)), now)
		if err == nil && (len(notices) != 1 || notices[0].EventID == "" || notices[0].Nonce == "") {
			t.Errorf("%s: %v", event, notices)
		}
		if code := domain.CodeOf(err); code != "" && code != domain.CodeMalformed {
			t.Errorf("%s: %v", event, err)
		}
	})
}
