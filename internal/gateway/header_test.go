package gateway_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"empire/internal/gateway"
)

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(_ *gateway.Config, mux *http.ServeMux) {
		mux.HandleFunc("GET /api/own", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		})
	})
	for _, target := range []string{"/api/things/1", "/healthz", "/nothing", "/api/panic", "/api//odd"} {
		h := d.get(t, target).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"Permissions-Policy":      "camera=(), geolocation=(), microphone=(), payment=(), usb=()", "Cache-Control": "no-store",
			"Strict-Transport-Security": "", "Server": "", "X-Powered-By": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", target, name, got, want)
			}
		}
	}
	if got := d.get(t, "/api/own").Header().Get("Content-Security-Policy"); got != "default-src 'self'" {
		t.Errorf("a handler's own policy became %q", got)
	}
	if got := d.get(t, "/api/things/1").Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("a handler's own policy stayed for others: %q", got)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const origin = "https://dashboard.example"
	listed := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
		c.Origins = []string{"https://Dashboard.example", "http://localhost:3000"}
	})
	anyone := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) { c.Origins = []string{"*"} })
	off := newDoor(t)
	for _, tt := range []struct {
		name      string
		door      *door
		origin    string
		allowed   string
		credible  string
		varies    bool
		preflight int
	}{
		{"listed", listed, origin, origin, "true", true, 204},
		{"listed with a port", listed, "http://localhost:3000", "http://localhost:3000", "true", true, 204},
		{"other scheme", listed, "http://dashboard.example", "", "", true, 204},
		{"other port", listed, origin + ":8443", "", "", true, 204},
		{"begins alike", listed, origin + ".evil.example", "", "", true, 204},
		{"null", listed, "null", "", "", true, 204},
		{"anyone", anyone, origin, "*", "", false, 204},
		{"off", off, origin, "", "", false, 401}, // nothing is answered before the credential
	} {
		simple := tt.door.get(t, "/api/things/1", "Origin", tt.origin)
		pre := tt.door.do(t, "OPTIONS", "/api/things/1", "", "Origin", tt.origin, "Access-Control-Request-Method", "PATCH",
			"Access-Control-Request-Headers", "authorization,idempotency-key", "Authorization", "Bearer forged")
		if simple.Code != 200 || pre.Code != tt.preflight || tt.preflight == 204 && pre.Body.Len() > 0 {
			t.Errorf("%s: %d, preflight %d, want 200 and %d", tt.name, simple.Code, pre.Code, tt.preflight)
		}
		for _, w := range []*httptest.ResponseRecorder{simple, pre} {
			h := w.Header()
			if h.Get("Access-Control-Allow-Origin") != tt.allowed || h.Get("Access-Control-Allow-Credentials") != tt.credible {
				t.Errorf("%s: %v", tt.name, h)
			}
			if (len(h.Values("Vary")) > 0 && h.Values("Vary")[0] == "Origin") != tt.varies {
				t.Errorf("%s: Vary = %q", tt.name, h.Values("Vary"))
			}
		}
		exposed, methods, headers := simple.Header().Get("Access-Control-Expose-Headers"), pre.Header().Get("Access-Control-Allow-Methods"),
			pre.Header().Get("Access-Control-Allow-Headers")
		if tt.allowed == "" {
			if exposed+methods+headers != "" {
				t.Errorf("%s: told %q, %q, %q", tt.name, exposed, methods, headers)
			}
			continue
		}
		for _, name := range []string{"X-Total-Count", "Link", "ETag", "RateLimit", "Retry-After", "X-Request-ID", "X-Process-Time", "Location"} {
			if !strings.Contains(exposed+",", name+",") {
				t.Errorf("%s: %s is not exposed: %s", tt.name, name, exposed)
			}
		}
		for _, name := range []string{"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-API-Key", "X-Request-ID"} {
			if !strings.Contains(headers, name) {
				t.Errorf("%s: %s is not allowed: %s", tt.name, name, headers)
			}
		}
		if !strings.Contains(methods, "PATCH") || pre.Header().Get("Access-Control-Max-Age") == "" {
			t.Errorf("%s: preflight = %v", tt.name, pre.Header())
		}
	}
	for name, want := range map[string]int{"http://localhost:3000": 200, "https://evil.example": 403} {
		if w := listed.do(t, "POST", "/api/things", "x", "Origin", name, "Sec-Fetch-Site", "cross-site", "Cookie", "session=admin"); w.Code != want {
			t.Errorf("a change with the cookie from %s: %d, want %d", name, w.Code, want)
		}
	}
	if h := listed.get(t, "/", "Origin", origin).Header(); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the dashboard is shared: %v", h)
	}
}

func TestSunset(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
		c.Sunsets = []gateway.Sunset{
			{Route: "/api/things/{id}", Deprecated: time.Unix(1688169599, 0), Ends: time.Date(2027, 6, 30, 23, 59, 59, 0, time.UTC), Link: "https://docs.example/things"},
			{Route: "POST /api/things", Deprecated: time.Unix(1790000000, 0)},
			{Route: "/api/v0/", Deprecated: time.Unix(1, 0)},
		}
		mux.HandleFunc("GET /api/v0/list", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Link", `</next>; rel="next"`) })
	})
	for _, tt := range []struct {
		method, target              string
		deprecation, sunset, linked string
	}{
		{"GET", "/api/things/1", "@1688169599", "Wed, 30 Jun 2027 23:59:59 GMT", `<https://docs.example/things>; rel="deprecation"; type="text/html"`},
		{"POST", "/api/things", "@1790000000", "", ""},
		{"GET", "/api/v0/list", "@1", "", `</next>; rel="next"`},
		{"GET", "/api/v0/gone", "@1", "", ""},
		{"GET", "/api/slow/0", "", "", ""},
	} {
		h := d.do(t, tt.method, tt.target, "").Header()
		if h.Get("Deprecation") != tt.deprecation || h.Get("Sunset") != tt.sunset || h.Get("Link") != tt.linked {
			t.Errorf("%s %s: %q, %q, %q", tt.method, tt.target, h.Get("Deprecation"), h.Get("Sunset"), h.Get("Link"))
		}
	}
}

// TestTooMuch sends more than is taken and looks whether the connection ends before
// all of it is read.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.gw.Stop(context.Background()) })
	long := strings.Repeat("a", 40<<10)
	for _, tt := range []struct {
		name, request string
		want          int
		closes        bool
	}{
		{"body announced", "POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n", 413, true},
		{"body announced, upload", "POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 99999999999\r\n\r\n", 413, true},
		{
			"body in chunks", "POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
				"100001\r\n" + strings.Repeat("a", 0x100001) + "\r\n", 413, true,
		},
		{"header", "GET /api/things/1 HTTP/1.1\r\nHost: x\r\nX-Long: " + long + "\r\n\r\n", 431, true},
		{"address", "GET /api/things/1?q=" + long + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, true},
		{"much, but not too much", "GET /api/things/1?q=" + long[:30<<10] + " HTTP/1.1\r\nHost: x\r\n\r\n", 200, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", d.gw.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go func() { _, _ = io.WriteString(conn, tt.request) }() // ends with the connection
			in := bufio.NewReader(conn)
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != tt.want || res.Close != tt.closes {
				t.Errorf("%d, closes %v, want %d, %v", res.StatusCode, res.Close, tt.want, tt.closes)
			}
			if tt.want >= 400 && (res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(body), res.Header.Get("X-Request-ID"))) {
				t.Errorf("%v %s", res.Header, body)
			}
		})
	}
}
