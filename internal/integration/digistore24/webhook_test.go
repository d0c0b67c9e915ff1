package digistore24_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/integration/digistore24"
	"empire/internal/testkit"
)

const passphrase = "my+Secret 1"

var now = time.Date(2026, 8, 18, 7, 0, 0, 0, time.UTC)

// params of a booking, without a signature.
func params(change map[string]string) map[string]string {
	p := map[string]string{
		"event": "on_payment", "order_id": "TESTORD1", "order_item_id": "7", "transaction_id": "3999938", "transaction_date": "2026-08-18",
		"transaction_time": "08:41:48", "transaction_amount": "49.00", "amount_affiliate": "0.00", "currency": "EUR", "affiliate_name": "",
		"email": "jörg@example.org", "tags": "a,b", "pay_sequence_no": "0", "custom": "m:abc+def/ghi=jkl",
	}
	for name, value := range change {
		p[name] = value
	}
	return p
}

// body returns the form that the vendor sends.
func body(p map[string]string, key string) string {
	form := url.Values{"sha_sign": {digistore24.Signature(p, key)}}
	for name, value := range p {
		form.Set(name, value)
	}
	return form.Encode()
}

func post(body string) *domain.WebhookRequest {
	return &domain.WebhookRequest{
		Method: "POST", Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, Body: []byte(body),
	}
}

func newWebhook(t testing.TB) *digistore24.Webhook {
	t.Helper()
	w, err := digistore24.NewWebhook(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSignatureVectors recomputes the vendor's own test vectors, one of them a real
// notification with 173 parameters.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(testkit.Spec(t, "digistore24-ipn-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Passphrase string `json:"passphrase"`
		Vectors    []struct {
			Name      string            `json:"name"`
			UpperCase bool              `json:"uppercaseKeys"`
			Params    map[string]string `json:"params"`
			Expected  string            `json:"expected"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Vectors) < 9 {
		t.Fatalf("%d vectors, %v", len(file.Vectors), err)
	}
	w, err := digistore24.NewWebhook(file.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if got := digistore24.Signature(v.Params, file.Passphrase); got != v.Expected && !v.UpperCase {
				t.Errorf("signature = %s, want %s", got, v.Expected)
			}
			form := url.Values{}
			for name, value := range v.Params {
				form.Set(name, value)
			}
			form.Set("sha_sign", strings.ToLower(v.Expected))
			if _, err := w.Verify(post(form.Encode()), now); domain.CodeOf(err) == domain.CodeUnauthenticated {
				t.Errorf("refused: %v", err) // several have no event, which is found out later
			}
			form.Set("order_id", v.Params["order_id"]+"0")
			if _, err := w.Verify(post(form.Encode()), now); domain.CodeOf(err) != domain.CodeUnauthenticated {
				t.Errorf("changed: %v, want it refused", err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	w := newWebhook(t)
	good := body(params(nil), passphrase)
	connection := map[string]string{"event": "connection_test", "merchant_id": "1", "merchant_name": "vendor", "product_ids": "all"}
	upper := map[string]string{}
	for name, value := range params(nil) {
		upper[strings.ToUpper(name)] = value
	}
	upperSigned := func(extra string) string {
		form := url.Values{"SHASIGN": {digistore24.Signature(upper, passphrase)}}
		for name, value := range params(nil) {
			form.Set(name, value)
		}
		return form.Encode() + extra
	}
	decoded := params(map[string]string{"product_name": "Tee & Söhne"})
	encoded := url.Values{"sha_sign": {digistore24.Signature(decoded, passphrase)}}
	for name, value := range params(map[string]string{"product_name": "Tee &amp; S&ouml;hne"}) {
		encoded.Set(name, value)
	}
	for _, tt := range []struct {
		name string
		body string
		want domain.Code
	}{
		{"booking", good, ""},
		{"connection test", body(connection, passphrase), ""},
		{"empty values more or less", good + "&utm_source=&voucher_code=", ""},
		{"signed with upper-case names", upperSigned(""), ""},
		{"the same, one of them twice", upperSigned("&EVENT=on_refund"), domain.CodeUnauthenticated},
		{"HTML entities", encoded.Encode(), ""},
		{"another passphrase", body(params(nil), "another"), domain.CodeUnauthenticated},
		{"no passphrase", body(params(nil), ""), domain.CodeUnauthenticated},
		{"one bit of the body", strings.Replace(good, "49.00", "59.00", 1), domain.CodeUnauthenticated},
		{"a zero left out", strings.Replace(good, "pay_sequence_no=0", "pay_sequence_no=", 1), domain.CodeUnauthenticated},
		{"a name that swallows a value", strings.Replace(good, "custom=m%3Aabc%2Bdef%2Fghi%3Djkl", "custom%3Dm%3Aabc%2Bdef%2Fghi=jkl", 1), domain.CodeUnauthenticated},
		{"a parameter more", good + "&affiliate_id=5", domain.CodeUnauthenticated},
		{"a parameter twice", good + "&event=on_payment", domain.CodeUnauthenticated},
		{"no signature", "event=on_payment&order_id=1", domain.CodeUnauthenticated},
		{"empty signature", "event=on_payment&order_id=1&sha_sign=", domain.CodeUnauthenticated},
		{"broken form", "event=%zz&sha_sign=00", domain.CodeUnauthenticated},
		{"JSON", `{"event":"on_payment"}`, domain.CodeUnauthenticated},
		{"no event", body(map[string]string{"order_id": "1"}, passphrase), domain.CodeMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			notices, err := w.Verify(post(tt.body), now)
			if got := domain.CodeOf(err); got != tt.want || (err == nil) != (len(notices) == 1) {
				t.Errorf("%v, code %q (%v), want %q", notices, got, err, tt.want)
			}
		})
	}
	other := post(good)
	other.Header["Content-Type"] = []string{"application/json"}
	if _, err := w.Verify(other, now); domain.CodeOf(err) != domain.CodeMalformed {
		t.Errorf("another content type: %v", err)
	}
}

// TestVerifyNamesEvents: a booking counts once for its transaction and item, however
// it is told; other news of one order are told apart by what they say.
func TestVerifyNamesEvents(t *testing.T) {
	t.Parallel()
	w := newWebhook(t)
	notice := func(change map[string]string) domain.WebhookNotice {
		t.Helper()
		got, err := w.Verify(post(body(params(change), passphrase)), now)
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		return got[0]
	}
	want := domain.WebhookNotice{EventID: "on_payment:3999938:7", Type: "on_payment", At: time.Date(2026, 8, 18, 6, 41, 48, 0, time.UTC)}
	if diff := cmp.Diff(want, notice(nil)); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name string
		a, b map[string]string
		same bool
	}{
		{"sent again with another address", nil, map[string]string{"address_city": "Bonn"}, true},
		{"another item", nil, map[string]string{"order_item_id": "8"}, false},
		{"the refund of a payment", nil, map[string]string{"event": "on_refund"}, false},
		{"a cancellation sent again", map[string]string{"event": "on_rebill_cancelled"}, map[string]string{"event": "on_rebill_cancelled"}, true},
		{"a later cancellation", map[string]string{"event": "on_rebill_cancelled"}, map[string]string{"event": "on_rebill_cancelled", "rebill_stop_noted_at": "2026-09-01"}, false},
		{"payments without a number", map[string]string{"transaction_id": ""}, map[string]string{"transaction_id": "", "order_id": "2"}, false},
	} {
		a, b := notice(tt.a), notice(tt.b)
		if (a.EventID == b.EventID) != tt.same {
			t.Errorf("%s: %s and %s, want the same: %v", tt.name, a.EventID, b.EventID, tt.same)
		}
		for _, n := range []domain.WebhookNotice{a, b} {
			if err := n.Validate(); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}

// TestPostback: the affiliate's call is believed at the secret address only.
func TestPostback(t *testing.T) {
	t.Parallel()
	w := newWebhook(t)
	// As docs/webhooks.md says: printf 'digistore24 postback' | openssl dgst -sha256 -hmac 'my+Secret 1'
	const address = "2b4d837ae49356d711bb80bd17323ee195c146ab235a7af1f8dfd6813e0c36a0"
	for _, tt := range []struct {
		name, method, path, query string
		events                    int
		want                      domain.Code
	}{
		{"set-up check", "GET", "", "", 0, ""},
		{"payment", "GET", address, "transaction_id=1&transaction_type=payment&cid=tea", 1, ""},
		{"wrong token", "GET", address[1:], "transaction_id=1&transaction_type=payment", 0, domain.CodeUnauthenticated},
		{"the passphrase as token", "GET", passphrase, "transaction_id=1&transaction_type=payment", 0, domain.CodeUnauthenticated},
		{"no token", "GET", "", "transaction_id=1&transaction_type=payment", 0, domain.CodeUnauthenticated},
		{"placeholder that was not replaced", "GET", address, "transaction_id={transaction_id}&transaction_type=payment", 0, domain.CodeMalformed},
		{"no type", "GET", address, "transaction_id=1", 0, domain.CodeMalformed},
		{"two ids", "GET", address, "transaction_id=1&transaction_id=2&transaction_type=payment", 0, domain.CodeMalformed},
		{"broken query", "GET", address, "transaction_id=%zz", 0, domain.CodeMalformed},
		{"IPN at the address of postbacks", "POST", address, "", 0, domain.CodeNotFound},
	} {
		got, err := w.Verify(&domain.WebhookRequest{Method: tt.method, Path: tt.path, Query: tt.query}, now)
		if code := domain.CodeOf(err); code != tt.want || len(got) != tt.events {
			t.Errorf("%s: %v, %v, want %d events and code %q", tt.name, got, err, tt.events, tt.want)
		}
		if len(got) == 1 && (got[0].EventID != "postback:payment:1" || got[0].Type != "postback_payment") {
			t.Errorf("%s: %+v", tt.name, got[0])
		}
	}
}

func TestNewWebhook(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "  ", strings.Repeat("x", 64)} {
		if _, err := digistore24.NewWebhook(bad); err == nil || !strings.HasPrefix(err.Error(), "webhooks.digistore24: ") {
			t.Errorf("%q: %v, want an error that names the setting", bad, err)
		}
	}
}

// FuzzVerify: no form is believed that was signed with another passphrase, and no
// signed value breaks the reader.
func FuzzVerify(f *testing.F) {
	w := newWebhook(f)
	f.Add([]byte(body(params(nil), "another")), "event", "on_payment")
	f.Add([]byte("sha_sign="), "a b", "&amp;amp;")
	f.Add([]byte("SHASIGN=0&sha_sign=1"), "EVENT", "\x00\xff")
	f.Fuzz(func(t *testing.T, raw []byte, name, value string) {
		for _, r := range []*domain.WebhookRequest{post(string(raw)), {Method: "GET", Query: string(raw) + "&"}, {Method: "GET", Path: string(raw) + "x"}} {
			if notices, err := w.Verify(r, now); err == nil {
				t.Errorf("believed %q: %v", raw, notices)
			}
		}
		if strings.EqualFold(name, "sha_sign") || strings.EqualFold(name, "shasign") || strings.Contains(name, "=") {
			return
		}
		p := params(map[string]string{name: value})
		notices, err := w.Verify(post(body(p, passphrase)), now)
		if p["event"] == "" {
			if domain.CodeOf(err) != domain.CodeMalformed {
				t.Errorf("%q = %q: %v", name, value, err)
			}
			return
		}
		if err != nil || len(notices) != 1 {
			t.Errorf("%q = %q: %v, %v", name, value, notices, err)
		}
	})
}
