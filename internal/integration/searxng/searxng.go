// Package searxng asks a SearXNG instance, or anything that answers like one
// (https://docs.searxng.org/dev/search_api.html). The instance must have json among
// search.formats in its settings.yml; without it, it answers 403.
package searxng

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
)

// Client asks one instance. It is safe for concurrent use.
type Client struct {
	rest *rest.Client
}

// New returns a client for the instance at an address; nil for h makes one.
func New(base string, h *http.Client) (*Client, error) {
	c, err := rest.New(rest.Config{Vendor: "SearXNG", BaseURL: base, HTTP: h, Timeout: 15 * time.Second, MaxBytes: 4 << 20, Retries: 1})
	if err != nil {
		return nil, err
	}
	return &Client{c}, nil
}

// Result is one hit.
type Result struct {
	URL       string
	Title     string
	Snippet   string
	Published *time.Time
}

// maxPages is how many pages of results are asked for: an instance decides itself how
// many results a page has.
const maxPages = 3

// Search returns up to limit results for a phrase in a language (en, de), in the order
// of the instance.
func (c *Client) Search(ctx context.Context, phrase, language string, limit int) ([]Result, error) {
	var out []Result
	for page := 1; page <= maxPages && len(out) < limit; page++ {
		more, err := c.page(ctx, phrase, language, page)
		if err != nil {
			if len(out) > 0 {
				return out, nil //nolint:nilerr // the first page counts
			}
			return nil, err
		}
		if len(more) == 0 {
			break
		}
		out = append(out, more...)
	}
	return out[:min(len(out), limit)], nil
}

func (c *Client) page(ctx context.Context, phrase, language string, page int) ([]Result, error) {
	var answer struct {
		Results []struct {
			URL           string  `json:"url"`
			Title         string  `json:"title"`
			Content       string  `json:"content"`
			PublishedDate *string `json:"publishedDate"`
		} `json:"results"`
	}
	q := url.Values{"q": {phrase}, "format": {"json"}, "language": {language}}
	if page > 1 {
		q.Set("pageno", string(rune('0'+page)))
	}
	_, err := c.rest.Do(ctx, rest.Call{Method: http.MethodGet, Path: "search", Query: q, Out: &answer})
	if e, ok := errors.AsType[*rest.Error](err); ok && e.Status == http.StatusForbidden {
		return nil, &domain.Error{Code: domain.CodeUnavailable, Message: "SearXNG refuses to answer with JSON: add json to search.formats in its settings.yml.", Err: err}
	}
	if err != nil {
		return nil, err
	}
	out := make([]Result, 0, len(answer.Results))
	for _, r := range answer.Results {
		if strings.TrimSpace(r.URL) == "" {
			continue
		}
		out = append(out, Result{URL: r.URL, Title: r.Title, Snippet: r.Content, Published: readTime(r.PublishedDate)})
	}
	return out, nil
}

// readTime reads the times that instances write: ISO 8601 with or without a zone.
func readTime(s *string) *time.Time {
	if s == nil {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, *s); err == nil {
			return &at
		}
	}
	return nil
}
