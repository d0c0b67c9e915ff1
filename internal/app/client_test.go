package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	"empire/internal/app"
)

// client speaks to the real listeners of a started program: with a token to the
// API, with a Host to the edge.
type client struct {
	t     *testing.T
	app   *app.App
	token string
}

// signIn returns a client of the administrator that the first start created.
func signIn(t *testing.T, a *app.App) *client {
	t.Helper()
	c := &client{t: t, app: a}
	who := a.NewCredentials()
	if who == nil {
		t.Fatal("this start created no administrator")
	}
	var session struct {
		AccessToken string `json:"access_token"`
	}
	c.call("POST", "/auth/login", map[string]string{"email": who.Email, "password": who.Password}, &session)
	c.token = session.AccessToken
	return c
}

// call sends a request to the API and decodes its answer, which must be a success.
func (c *client) call(method, path string, in, out any) {
	c.t.Helper()
	var body io.Reader = http.NoBody
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			c.t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.app.URL()+"api/v1"+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	status, _, got, err := send(http.DefaultClient, req)
	if err != nil || status >= 300 {
		c.t.Fatalf("%s %s: %d, %v\n%s", method, path, status, err, got)
	}
	if err := json.Unmarshal(got, out); err != nil {
		c.t.Fatalf("%s %s: %v\n%s", method, path, err, got)
	}
}

// visit asks the edge at an address for a page; headers are pairs.
func visit(ctx context.Context, h *http.Client, address string, headers ...string) (int, http.Header, []byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, nil, nil, err
	}
	host := u.Host
	u.Host = "127.0.0.1:" + u.Port() // not every resolver knows names under localhost
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Host = host
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return send(h, req)
}

func send(h *http.Client, req *http.Request) (int, http.Header, []byte, error) {
	res, err := h.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, body, err
}
