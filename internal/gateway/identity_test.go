package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"empire/internal/gateway"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		header []string
		status int
		body   string
	}{
		{"nobody", nil, 200, ""},
		{"bearer", []string{"Authorization", "Bearer admin"}, 200, "user_1"},
		{"bearer in lower case", []string{"Authorization", "bearer admin"}, 200, "user_1"},
		{"bad bearer", []string{"Authorization", "Bearer forged"}, 401, ""},
		{"empty bearer", []string{"Authorization", "Bearer "}, 401, ""},
		{"other scheme", []string{"Authorization", "Basic YTpi"}, 401, ""},
		{"cookie", []string{"Cookie", "session=reader"}, 200, "user_2"},
		{"old cookie is no sign-in", []string{"Cookie", "session=expired"}, 200, ""},
		{"bearer wins over cookie", []string{"Authorization", "Bearer admin", "Cookie", "session=reader"}, 200, "user_1"},
		{"empty header", []string{"Authorization", ""}, 200, ""},
		{"old cookie and a good bearer", []string{"Authorization", "Bearer admin", "Cookie", "session=expired"}, 200, "user_1"},
		{"database down", []string{"Authorization", "Bearer broken"}, 503, ""},
		{"key", []string{"X-API-Key", "mfm_reader"}, 200, "user_2"},
		{"key as bearer", []string{"Authorization", "Bearer mfm_reader"}, 200, "user_2"},
		{"bad key", []string{"X-API-Key", "mfm_forged"}, 401, ""},
		{"token instead of a key", []string{"X-API-Key", "admin"}, 401, ""},
		{"bad key with a good cookie", []string{"X-API-Key", "mfm_forged", "Cookie", "session=reader"}, 401, ""},
		{"the same key twice", []string{"Authorization", "Bearer mfm_reader", "X-API-Key", "mfm_reader"}, 200, "user_2"},
		{"a user and their key", []string{"Authorization", "Bearer reader", "X-API-Key", "mfm_reader"}, 200, "user_2"},
		{"two users", []string{"Authorization", "Bearer admin", "X-API-Key", "mfm_reader"}, 400, ""},
		{"two keys of a user", []string{"Authorization", "Bearer mfm_second", "X-API-Key", "mfm_reader"}, 400, ""},
		{"one of two is bad", []string{"Authorization", "Bearer admin", "X-API-Key", "mfm_forged"}, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newDoor(t).get(t, "/api/things/1", tt.header...)
			if w.Code != tt.status || tt.status == 200 && w.Body.String() != tt.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
}

func TestCredentialsAreGivenOnce(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, name := range []string{"Authorization", "X-API-Key"} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/things/1", nil)
		r.Header.Add(name, "Bearer admin")
		r.Header.Add(name, "Bearer admin")
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s twice: %d, want 400", name, w.Code)
		}
	}
}

// TestOpenPagesWorkWithOldCredentials: probes ask nobody who they are, and an old
// cookie does not keep anybody from signing in.
func TestOpenPagesWorkWithOldCredentials(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(_ *gateway.Config, mux *http.ServeMux) {
		mux.HandleFunc("POST /api/v1/auth/login", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") })
	})
	for _, target := range []string{"/healthz", "/readyz"} {
		if w := d.get(t, target, "Authorization", "Bearer broken"); w.Code != http.StatusOK {
			t.Errorf("%s: %d, want 200", target, w.Code)
		}
	}
	if w := d.do(t, "POST", "/api/v1/auth/login", "{}", "Cookie", "session=expired"); w.Code != http.StatusOK {
		t.Errorf("sign-in with an old cookie: %d, want 200", w.Code)
	}
	if w := d.do(t, "POST", "/api/v1/auth/login", "{}", "Authorization", "Bearer forged"); w.Code != http.StatusUnauthorized {
		t.Errorf("sign-in with a bad token: %d, want 401", w.Code)
	}
}

func TestCookiesWorkFromOwnPagesOnly(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, tt := range []struct {
		name   string
		header []string
		want   int
	}{
		{"own page", []string{"Cookie", "session=admin", "Sec-Fetch-Site", "same-origin"}, 200},
		{"other site", []string{"Cookie", "session=admin", "Sec-Fetch-Site", "cross-site"}, 403},
		{"other origin", []string{"Cookie", "session=admin", "Origin", "https://evil.example"}, 403},
		{"a token is not sent by itself", []string{"Authorization", "Bearer admin", "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		if w := d.do(t, "POST", "/api/things", "x", tt.header...); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
	}
}
