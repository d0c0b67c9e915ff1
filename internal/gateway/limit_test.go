package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
)

// contains reports whether s holds one of the parts.
func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

var three = domain.RateLimit{Requests: 3, Per: time.Minute}

// TestLimiterDown: while the shared limits are out of reach, requests are limited
// by this process or refused, without asking again for each, and the log has one
// line for the beginning and one for the end.
func TestLimiterDown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		closed   bool
		fallback bool
		want     []int
	}{
		{"open", false, true, []int{200, 200, 200, 429, 429}},
		{"open_without_fallback", false, false, []int{200, 200, 200, 200, 200}},
		{"closed", true, true, []int{503, 503, 503, 503, 503}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shared := &tally{err: errors.New("dial redis: refused")}
				d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
					c.Limiter, c.FailClosed, c.Limits.Read = shared, tt.closed, three
					if tt.fallback {
						c.Fallback = &tally{}
					}
				})
				for i, want := range tt.want {
					w := d.get(t, "/api/things/1", "Authorization", "Bearer admin")
					if w.Code != want || want == 503 && w.Header().Get("Retry-After") != "1" {
						t.Errorf("request %d: %d %v, want %d", i+1, w.Code, w.Header(), want)
					}
				}
				if n := shared.asked(); n != 1 {
					t.Errorf("the limiter that is down was asked %d times, want once", n)
				}
				time.Sleep(1100 * time.Millisecond)
				d.get(t, "/api/things/1", "Authorization", "Bearer admin")
				d.get(t, "/api/things/1", "Authorization", "Bearer admin")
				if n := shared.asked(); n != 2 {
					t.Errorf("it was asked %d times after the pause, want twice", n)
				}
				shared.fail(nil)
				time.Sleep(1100 * time.Millisecond)
				for i, want := range []int{200, 200, 200, 429} {
					if w := d.get(t, "/api/things/1", "Authorization", "Bearer admin"); w.Code != want {
						t.Errorf("request %d with the limiter back: %d, want %d", i+1, w.Code, want)
					}
				}
				log := d.log.String()
				if strings.Count(log, "shared limits out of reach") != 1 || strings.Count(log, "shared limits reached again") != 1 {
					t.Errorf("log = %s", log)
				}
			})
		})
	}
}

// stuck is a limiter that never answers.
type stuck struct{}

func (stuck) Allow(ctx context.Context, _ string, _ domain.RateLimit) (domain.RateDecision, error) {
	<-ctx.Done()
	return domain.RateDecision{}, ctx.Err()
}

// TestLimiterStuck: a limiter that does not answer holds up one request, and not
// for long.
func TestLimiterStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
			c.Limiter, c.Fallback, c.Limits.Read = stuck{}, &tally{}, three
		})
		begin := time.Now()
		for range 3 {
			if w := d.get(t, "/api/things/1", "Authorization", "Bearer admin"); w.Code != http.StatusOK {
				t.Errorf("%d, want 200", w.Code)
			}
		}
		if took := time.Since(begin); took > 300*time.Millisecond {
			t.Errorf("three requests took %s", took)
		}
	})
}

// TestClientGoneIsNoOutage: a client that hangs up does not make the limiter look
// down.
func TestClientGoneIsNoOutage(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
		c.Limiter, c.FailClosed, c.Limits.Anonymous = stuck{}, true, three
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", "/api/things/1", nil)
	d.handler.ServeHTTP(nowhere{http.Header{}}, r)
	if strings.Contains(d.log.String(), "out of reach") {
		t.Errorf("log = %s", d.log.String())
	}
}

// nowhere is the ResponseWriter of a client that is gone.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header     { return n.header }
func (nowhere) WriteHeader(int)           {}
func (nowhere) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestUnlimitedGroupsAreNotAsked(t *testing.T) {
	t.Parallel()
	counted := &tally{}
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) { c.Limiter, c.Limits.Write = counted, three })
	if w := d.get(t, "/api/things/1", "Authorization", "Bearer admin"); w.Code != 200 || w.Header().Get("RateLimit") != "" || counted.asked() != 0 {
		t.Errorf("%d, headers %v, asked %d times", w.Code, w.Header(), counted.asked())
	}
}

func TestKeysHaveTheirOwnBucket(t *testing.T) {
	t.Parallel()
	counted := &tally{}
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
		c.Limiter, c.Limits.Read, c.Counter = counted, three, &outcomes{}
	})
	d.get(t, "/api/things/1", "Authorization", "Bearer reader")
	d.get(t, "/api/things/1", "X-API-Key", "mfm_reader")
	if got := strings.Join(counted.keys, " "); got != "read:user_2 read:key_1" {
		t.Errorf("buckets = %s", got)
	}
}
