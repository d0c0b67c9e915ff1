// Package gatewaytest is the conformance suite of what the gateway needs from its
// adapters: a limiter and a store of idempotency keys. Each is tested from outside,
// through requests.
package gatewaytest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/gateway"
)

// tokens knows everybody: a token is a user ID and permissions, with commas.
type tokens struct{}

func (tokens) Authenticate(_ context.Context, token string) (*domain.Principal, error) {
	id, rights, _ := strings.Cut(token, ",")
	if !strings.HasPrefix(id, "user_") {
		return nil, domain.Errorf(domain.CodeUnauthenticated, "The access token is not valid.")
	}
	p := &domain.Principal{UserID: domain.UserID(id), Tenant: domain.DefaultTenant}
	for right := range strings.SplitSeq(rights, ",") {
		p.Permissions = append(p.Permissions, domain.Permission(right))
	}
	return p, nil
}

// someone returns a user ID that no other test has.
func someone() string { return "user_" + strings.ToLower(rand.Text()) }

// somewhere returns the address of a peer in a network that no other test has.
func somewhere() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 10)
	for i, c := range b {
		if i == 2 {
			text = append(text, ':')
		}
		text = append(text, digits[c>>4], digits[c&15])
	}
	return "[2001:db8:" + string(text) + "::1]:4711"
}

var statuses = map[domain.Code]int{
	domain.CodeMalformed: 400, domain.CodeUnauthenticated: 401, domain.CodeForbidden: 403, domain.CodeNotFound: 404, domain.CodeConflict: 409,
	domain.CodeTooLarge: 413, domain.CodeInvalid: 422, domain.CodeRateLimited: 429, domain.CodeUnavailable: 503, domain.CodeTimeout: 504,
}

func problem(w http.ResponseWriter, _ *http.Request, err error) {
	status, ok := statuses[domain.CodeOf(err)]
	if !ok {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": domain.MessageOf(err)})
}

// config is what every gateway of the suites has.
func config(routes map[string]http.Handler) gateway.Config {
	return gateway.Config{
		Routes: routes, Auth: tokens{}, SessionCookie: "session", Problem: problem, Logger: slog.New(slog.DiscardHandler),
	}
}

// request is one request of a test.
type request struct {
	method, target, body string
	token                string
	peer                 string
	header               []string // names and values
}

// do sends a request to a handler.
func do(t *testing.T, h http.Handler, in request) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), in.method, in.target, strings.NewReader(in.body))
	if in.peer != "" {
		r.RemoteAddr = in.peer
	}
	if in.token != "" {
		r.Header.Set("Authorization", "Bearer "+in.token)
	}
	for i := 0; i < len(in.header); i += 2 {
		r.Header.Set(in.header[i], in.header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
