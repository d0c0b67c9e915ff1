package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

// Probe looks once whether there is a page at an address, like Fetch but without
// repetition: what a server answers, also 404, is no error. No host is asked that within
// does not report, wherever a redirect leads: that is domain.FetchForeign.
func (c *Client) Probe(ctx context.Context, address string, within func(host string) bool) (*domain.PageProbe, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	out := &domain.PageProbe{URL: address}
	spent := time.Duration(0)
	for {
		if !within(u.Hostname()) {
			return out, fail(u, domain.FetchForeign, "", nil)
		}
		if len(out.Hops) > c.cfg.MaxRedirects {
			return out, fail(u, domain.FetchRedirects, fmt.Sprintf("more than %d", c.cfg.MaxRedirects), nil)
		}
		leave, err := c.turn(ctx, u)
		if err != nil {
			return out, err
		}
		began := time.Now()
		page, next, err := c.once(ctx, u, c.cfg.Timeout-spent, c.cfg.MaxBytes, readable)
		leave()
		spent += time.Since(began)
		out.FinalURL = u.String()
		if e, ok := errors.AsType[*domain.FetchError](err); ok && e.Reason == domain.FetchStatus {
			out.Status = e.Status
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if next == nil {
			out.Status, out.ContentType, out.Body = page.Status, page.ContentType, page.Body
			return out, nil
		}
		if spent >= c.cfg.Timeout {
			return out, fail(u, domain.FetchTimeout, "redirects took too long", nil)
		}
		out.Hops = append(out.Hops, page.Status)
		u = next
	}
}
