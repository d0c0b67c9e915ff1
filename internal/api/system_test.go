package api_test

import (
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestSystemBodies shows what clients see of services, routes and components.
func TestSystemBodies(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	for _, tt := range []struct{ path, want string }{
		{
			"/api/v1/system/services",
			`[{"id":"php-1","name":"legacy","role":"","url":"http://10.0.0.9:8000","health_path":"","version":"","weight":2,"state":"ready","lease_seconds":30,` +
				`"last_seen":"2026-03-01T12:00:00Z","source":"api","in_flight":0,"failures":0,"error":""},` +
				`{"id":"10.0.0.1:80","name":"shop","role":"","url":"http://10.0.0.1:80","health_path":"","version":"","weight":1,"state":"down","lease_seconds":0,` +
				`"last_seen":null,"source":"file","in_flight":3,"failures":2,"error":"connection refused"}]`,
		},
		{
			"/api/v1/system/routes",
			`{"file":"routes.yaml","loaded_at":"2026-03-01T12:00:00Z","error":"route \"a\": prefix","error_at":"2026-03-01T12:00:00Z","routes":[` +
				`{"name":"shop","host":"shop.example","prefix":"/","service":"shop","ready":2,"strip_prefix":false,"rewrite_host":false,"timeout_seconds":1.5,"retries":2},` +
				`{"name":"nobody","host":"","prefix":"/x","service":"nobody","ready":0,"strip_prefix":false,"rewrite_host":false,"timeout_seconds":0,"retries":0},` +
				`{"name":"here","host":"","prefix":"/api","service":"","ready":null,"strip_prefix":false,"rewrite_host":false,"timeout_seconds":0,"retries":0}]}`,
		},
		{
			"/api/v1/system/components/store",
			`{"name":"store","layer":"data","state":"ok","configured":true,"error":"","last_error":"connection refused","last_error_at":"2026-03-01T12:00:00Z"}`,
		},
	} {
		w := call(t, a, admin, "GET", tt.path, "")
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != tt.want {
			t.Errorf("%s: %d\n got %s\nwant %s", tt.path, w.Code, got, tt.want)
		}
	}
}

// TestRegisterService answers as GW-05 asks.
func TestRegisterService(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	manager := &domain.Principal{UserID: "user_2", Permissions: []domain.Permission{domain.AgentsManage}}
	for _, tt := range []struct {
		name string
		by   *domain.Principal
		body string
		want int
	}{
		{"new", manager, `{"id":"php-2","name":"legacy","url":"http://10.0.0.10:8000"}`, 200},
		{"renewed", manager, `{"id":"php-1","name":"legacy","url":"http://10.0.0.9:8000","weight":5,"lease_seconds":60,"health_path":"/up"}`, 200},
		{"another address", manager, `{"id":"php-1","name":"legacy","url":"http://10.0.0.10:8000"}`, 409},
		{"nobody", nil, `{"id":"php-2","name":"legacy","url":"http://10.0.0.10:8000"}`, 401},
		{"lease over the maximum", manager, `{"id":"php-2","name":"legacy","url":"http://10.0.0.10:8000","lease_seconds":61}`, 422},
	} {
		if w := call(t, a, tt.by, "POST", "/api/v1/system/services", tt.body); w.Code != tt.want {
			t.Errorf("%s: %d, want %d\n%s", tt.name, w.Code, tt.want, w.Body)
		}
	}
	if w := call(t, a, manager, "DELETE", "/api/v1/system/services/php-1", ""); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("remove: %d %s", w.Code, w.Body)
	}
}
