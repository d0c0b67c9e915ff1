// Package indexnow tells search engines which addresses of a host changed
// (https://www.indexnow.org/documentation). Who submits proves with a file that it
// holds the host: https://HOST/KEY.txt holds the key.
package indexnow

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
)

// Client submits to one search engine, which passes on to the others.
type Client struct {
	rest *rest.Client
}

// New returns a client for an address such as https://api.indexnow.org/indexnow. It
// sends each request once: whoever calls tries again later.
func New(endpoint string, h *http.Client) (*Client, error) {
	c, err := rest.New(rest.Config{Vendor: "IndexNow", BaseURL: endpoint, HTTP: h, Timeout: 30 * time.Second, MaxBytes: 64 << 10, Retries: -1})
	if err != nil {
		return nil, err
	}
	return &Client{c}, nil
}

type request struct {
	Host        string   `json:"host"`
	Key         string   `json:"key"`
	KeyLocation string   `json:"keyLocation"`
	URLs        []string `json:"urlList"`
}

// Submit names up to domain.MaxSubmission changed addresses of a host. The status is
// that of the answer: 200 or 202 for addresses that were taken, 400, 403 (the key file
// is not there), 422 (not of the host) or 429 for those that were not. err is set if
// there was no answer, or one of 5xx. pause is how long the engine asks to be left
// alone.
func (c *Client) Submit(ctx context.Context, host, key string, urls []string) (status int, pause time.Duration, err error) {
	if len(urls) == 0 || len(urls) > domain.MaxSubmission {
		return 0, 0, domain.Invalid("urls", "One request names 1 to %d addresses, not %d.", domain.MaxSubmission, len(urls))
	}
	a, err := c.rest.Do(ctx, rest.Call{Method: http.MethodPost, In: request{host, key, "https://" + host + "/" + key + ".txt", urls}})
	if err == nil {
		return a.Status, 0, nil
	}
	if e, ok := errors.AsType[*rest.Error](err); ok && e.Kind == rest.Refused && e.Status != 0 {
		if e.Status >= http.StatusInternalServerError {
			return e.Status, e.RetryAfter, err
		}
		return e.Status, e.RetryAfter, nil
	}
	return 0, 0, err
}

// Key returns the key of a host: 32 hexadecimal digits that follow from the secret of
// the installation, so that whoever serves the host knows it without asking. Keys are
// public: they stand in a file of the host.
func Key(secret []byte, host string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("indexnow\x00" + host))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}
