package app_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/testkit"
)

// TestPoolOfTen asks 200 questions at once of a database that takes ten.
func TestPoolOfTen(t *testing.T) {
	t.Parallel()
	a := startWith(t, map[string]string{"database.url": testkit.Postgres(t), "database.max_conns": "10"})
	c := newCaller(t, a)
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			if got, err := c.ask("GET", "/api/v1/runs", nil); err != nil || got.status != http.StatusOK {
				t.Errorf("%d %v %s", got.status, err, got.body)
			}
		})
	}
	group.Wait()
	metrics := string(c.do("GET", "/metrics", nil).body)
	for name, least := range map[string]float64{`go_sql_wait_count_total{db_name="writer"}`: 1, `go_sql_wait_duration_seconds_total{db_name="writer"}`: 1e-6} {
		found := regexp.MustCompile(regexp.QuoteMeta(name) + ` (\S+)`).FindStringSubmatch(metrics)
		if found == nil {
			t.Fatalf("/metrics has no %s", name)
		}
		if n, err := strconv.ParseFloat(found[1], 64); err != nil || n < least {
			t.Errorf("%s is %s: nobody waited", name, found[1])
		}
	}
	if !strings.Contains(metrics, `go_sql_max_open_connections{db_name="writer"} 10`) {
		t.Error("the pool does not have ten connections")
	}
}

// TestSessionsSurviveARestart: a sign-in goes on, and one that was ended stays so.
func TestSessionsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := run(t, map[string]string{"data": dir})
	c := newCaller(t, first)
	other := &caller{t: t, base: c.base}
	var s struct {
		AccessToken string `json:"access_token"`
	}
	other.want("POST", "/api/v1/auth/login", map[string]string{"email": first.NewCredentials().Email, "password": first.NewCredentials().Password}, http.StatusOK, &s)
	other.token = s.AccessToken
	other.want("POST", "/api/v1/auth/logout", nil, http.StatusNoContent, nil)
	halt(t, first)
	second := startWith(t, map[string]string{"data": dir})
	c.base = strings.TrimSuffix(second.URL(), "/")
	other.base = c.base
	c.want("GET", "/api/v1/auth/me", nil, http.StatusOK, nil)
	other.want("GET", "/api/v1/auth/me", nil, http.StatusUnauthorized, nil)
}

// TestProcessTimeIsTrue compares X-Process-Time with a stopwatch around the request.
func TestProcessTimeIsTrue(t *testing.T) {
	t.Parallel()
	c := newCaller(t, startWith(t, nil))
	best := time.Hour
	for range 20 { // other tests take the processor away: the best of some counts
		began := time.Now()
		answer := c.want("GET", "/api/v1/auth/me", nil, http.StatusOK, nil)
		took := time.Since(began)
		seconds, err := strconv.ParseFloat(answer.header.Get("X-Process-Time"), 64)
		if err != nil || seconds < 0 {
			t.Fatalf("X-Process-Time = %q", answer.header.Get("X-Process-Time"))
		}
		inside := time.Duration(seconds * float64(time.Second))
		if inside > took {
			t.Fatalf("%s inside a request of %s", inside, took)
		}
		best = min(best, took-inside)
	}
	if best > 5*time.Millisecond {
		t.Errorf("the stopwatch differs by %s", best)
	}
}
