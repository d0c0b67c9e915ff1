package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// client asks the server what the loads need to know. The loads themselves do not
// use it.
type client struct {
	http    *http.Client
	address string // host:port
	token   string
}

func newClient(address, token string) client {
	return client{&http.Client{Timeout: 30 * time.Second}, address, token}
}

// signIn gets a token.
func (c *client) signIn(ctx context.Context, email, password string) error {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		return fmt.Errorf("encode the sign-in: %w", err)
	}
	raw, _, err := c.do(ctx, http.MethodPost, "/api/v1/auth/login", body)
	if err != nil {
		return err
	}
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(raw, &out); err != nil || out.Token == "" {
		return fmt.Errorf("the sign-in yields no token: %w", err)
	}
	c.token = out.Token
	return nil
}

// do sends a request and wants success.
func (c *client) do(ctx context.Context, method, path string, body []byte) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.300s", res.Status, raw)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return raw, res.Header, nil
}

// websiteIDs returns the first few websites.
func (c *client) websiteIDs(ctx context.Context, limit int) ([]string, error) {
	raw, _, err := c.do(ctx, http.MethodGet, "/api/v1/websites?limit="+strconv.Itoa(limit), nil)
	if err != nil {
		return nil, err
	}
	var list []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("decode the list of websites: %w", err)
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids, nil
}

// answers are requests that are sent in turn, and the body of the first answer.
type answers struct {
	requests []Request
	body     []byte
	total    int // X-Total-Count of the first, if it is a list
}

func (a answers) next(n int) Request { return a.requests[n%len(a.requests)] }

// answers asks for each path once.
func (c *client) answers(ctx context.Context, paths ...string) (answers, error) {
	var out answers
	for i, path := range paths {
		raw, header, err := c.do(ctx, http.MethodGet, path, nil)
		if err != nil {
			return out, err
		}
		if i == 0 {
			out.body = raw
			out.total, _ = strconv.Atoi(header.Get("X-Total-Count"))
		}
		out.requests = append(out.requests, Request{c.request(http.MethodGet, path, nil), http.StatusOK, len(raw)})
	}
	return out, nil
}

// request writes a request as it goes over the wire.
func (c *client) request(method, path string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: empire-bench\r\nAuthorization: Bearer %s\r\n", method, path, c.address, c.token)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// creates returns requests that create websites, each with a name of its own that
// no earlier run on the same server used.
func (c *client) creates() func(n int) Request {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	return func(n int) Request {
		body := fmt.Appendf(nil, `{"niche":"office chairs","domain":"chairs-%s-%d.example","language":"en"}`, run, n)
		return Request{c.request(http.MethodPost, "/api/v1/websites", body), http.StatusCreated, -1}
	}
}
