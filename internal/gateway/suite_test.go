package gateway_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway/gatewaytest"
	"empire/internal/testkit"
)

// tally is a limiter whose capacity never comes back.
type tally struct {
	mu   sync.Mutex
	used map[string]int
	err  error // what it fails with
	keys []string
}

func (c *tally) Allow(_ context.Context, key string, l domain.RateLimit) (domain.RateDecision, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
	if c.err != nil {
		return domain.RateDecision{}, c.err
	}
	if c.used == nil {
		c.used = map[string]int{}
	}
	c.used[key]++
	d := domain.RateDecision{Allowed: c.used[key] <= l.Requests, Limit: l.Requests, Remaining: max(l.Requests-c.used[key], 0), ResetAfter: l.Per}
	if !d.Allowed {
		d.RetryAfter = l.Per / time.Duration(l.Requests)
	}
	return d, nil
}

func (c *tally) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// asked returns how often it was asked.
func (c *tally) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.keys)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	gatewaytest.RunLimits(t, func(_ *testing.T, n int) []gatewaytest.Limiter {
		shared, out := &tally{}, make([]gatewaytest.Limiter, n)
		for i := range out {
			out[i] = shared
		}
		return out
	})
}

func TestIdempotencySQLite(t *testing.T) {
	t.Parallel()
	gatewaytest.RunIdempotency(t, func(t *testing.T) gatewaytest.Idempotency { return testkit.DB(t).Idempotency })
}

func TestIdempotencyPostgres(t *testing.T) {
	t.Parallel()
	gatewaytest.RunIdempotency(t, func(t *testing.T) gatewaytest.Idempotency { return testkit.PostgresDB(t).Idempotency })
}
