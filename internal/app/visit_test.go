package app_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

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
