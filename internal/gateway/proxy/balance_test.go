package proxy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway/proxy"
	"empire/internal/testkit"
)

// TestShares sends 3,000 requests to three instances: each gets its share of them,
// to ten percent.
func TestShares(t *testing.T) {
	t.Parallel()
	for _, weights := range [][]int{{1, 1, 1}, {1, 2, 3}, {1, 10, 1}} {
		for _, clients := range []int{1, 16} {
			if testkit.Part(t) && weights[1] != 2 {
				continue
			}
			t.Run(fmt.Sprint(weights, clients), func(t *testing.T) {
				t.Parallel()
				const n = 3000
				ups := trio(t, nil)
				f := newFront(t, routesTo("", ups, weights...))
				if bad := f.load(t, "GET", "/x", clients, n); bad > 0 {
					t.Errorf("%d of %d requests failed", bad, n)
				}
				total := weights[0] + weights[1] + weights[2]
				for i, u := range ups {
					want := float64(n) * float64(weights[i]) / float64(total)
					if got := float64(u.hits.Load()); got < 0.9*want || got > 1.1*want {
						t.Errorf("weight %d of %v, %d clients: %v requests, want %v", weights[i], weights, clients, got, want)
					}
				}
			})
		}
	}
}

// TestSlowInstanceGetsLess has one instance that does not answer before the others
// have answered 1,000 times: it gets the few requests that make it as busy as they
// are.
func TestSlowInstanceGetsLess(t *testing.T) {
	t.Parallel()
	const clients, n = 30, 1200
	free := make(chan struct{})
	release := sync.OnceFunc(func() { close(free) })
	defer release()
	var ups []*upstream
	fast := func(w http.ResponseWriter, _ *http.Request) {
		if ups[1].hits.Load()+ups[2].hits.Load() >= 1000 {
			release()
		}
		w.WriteHeader(200)
	}
	slow := newUpstream(t, "slow", func(http.ResponseWriter, *http.Request) { <-free })
	ups = []*upstream{slow, newUpstream(t, "b", fast), newUpstream(t, "c", fast)}
	f := newFront(t, routesTo("", ups))
	if bad := f.load(t, "GET", "/x", clients, n); bad > 0 {
		t.Errorf("%d requests failed", bad)
	}
	if got := slow.hits.Load(); got == 0 || got > n/6 {
		t.Errorf("the slow instance got %d of %d requests", got, n)
	}
	for _, u := range ups[1:] {
		if got := u.hits.Load(); got < n/3 {
			t.Errorf("a fast instance got %d of %d requests", got, n)
		}
	}
}

// TestKilledInstance closes one of three instances under load: what may be repeated
// never fails, and nothing fails once a health check has.
func TestKilledInstance(t *testing.T) {
	t.Parallel()
	ups := trio(t, nil)
	f := newFront(t, routesTo("", ups))
	ended := make(chan int)
	go func() { ended <- f.load(t, "GET", "/x", 16, 2500) }()
	until(t, "the load has begun", func() bool { return ups[0].hits.Load() > 300 })
	ups[0].CloseClientConnections()
	_ = ups[0].Listener.Close()
	ups[0].CloseClientConnections()
	if bad := <-ended; bad > 0 {
		t.Errorf("%d GET requests failed", bad)
	}
	until(t, "the health check fails", func() bool { return f.state(ups[0]).State == domain.ServiceDown })
	if bad := f.load(t, "POST", "/x", 16, 1000); bad > 0 {
		t.Errorf("%d POST requests failed after the health check", bad)
	}
	if got := f.state(ups[0]); got.Error == "" || got.Failures < 2 {
		t.Errorf("the dead instance is shown as %+v", got)
	}
}

// TestHealthChecks takes an instance out after two failed checks and back after one
// good one.
func TestHealthChecks(t *testing.T) {
	t.Parallel()
	ups := trio(t, nil)
	f := newFront(t, routesTo("", ups))
	ups[1].sick.Store(true)
	until(t, "it is down", func() bool { return f.state(ups[1]).State == domain.ServiceDown })
	before := ups[1].hits.Load()
	f.load(t, "GET", "/x", 4, 100)
	if got := ups[1].hits.Load(); got != before {
		t.Errorf("%d requests went to an instance that is down", got-before)
	}
	ups[1].sick.Store(false)
	until(t, "it is up", func() bool { return f.state(ups[1]).State == domain.ServiceReady })
	f.load(t, "GET", "/x", 1, 30)
	if ups[1].hits.Load() == before {
		t.Error("no request went to an instance that is back")
	}
	for _, u := range ups {
		u.sick.Store(true)
	}
	until(t, "all are down", func() bool { return f.RouteTable().Ready["app"] == 0 })
	status, text, header := f.do(t, "GET", "/x", "")
	if status != 503 || header.Get("Retry-After") != "1" || header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("nobody there: %d %q %v", status, text, header)
	}
}

// TestBadAnswersLeaveAnInstanceOut has one instance that answers 503 to everything
// but its health check.
func TestBadAnswersLeaveAnInstanceOut(t *testing.T) {
	t.Parallel()
	bad := newUpstream(t, "bad", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	var now atomic.Int64 // seconds: the time that it is left out does not pass by itself
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	f := newFrontWith(t, routesTo("", []*upstream{bad, newUpstream(t, "good", nil)}), proxy.Config{Now: clock})
	failed := f.load(t, "POST", "/x", 1, 40)
	if failed != 3 || bad.hits.Load() != 3 {
		t.Errorf("%d requests failed and %d reached the bad instance, want 3", failed, bad.hits.Load())
	}
	if got := f.state(bad); got.State != domain.ServiceDown || got.Error != "answered 503" {
		t.Errorf("it is shown as %+v", got)
	}
	now.Add(2)
	if got := f.state(bad); got.State != domain.ServiceReady || got.Error != "" {
		t.Errorf("afterwards it is shown as %+v", got)
	}
	if failed := f.load(t, "POST", "/x", 1, 40); failed != 3 || f.state(bad).State != domain.ServiceDown {
		t.Errorf("afterwards %d requests failed, want 3", failed)
	}
	if now.Add(1); f.state(bad).State != domain.ServiceDown { // it is two seconds now
		t.Error("it was not left out for longer the second time")
	}
	bad.hits.Store(3)
	alone := newFrontWith(t, routesTo("", []*upstream{bad}), proxy.Config{Now: clock})
	if failed := alone.load(t, "GET", "/x", 1, 10); failed != 10 || bad.hits.Load() != 13 {
		t.Errorf("%d failed, %d reached the only instance, which is asked as long as there is no other", failed, bad.hits.Load())
	}
}

// TestDiscovery adds, drains and removes an instance that the file does not know.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	ups := trio(t, nil)
	fourth := newUpstream(t, "d", nil)
	f := newFront(t, routesTo("", ups))
	set := func(state domain.ServiceState) {
		f.SetInstances([]domain.ServiceInstance{
			{ID: "w4", Name: "app", URL: fourth.URL, Weight: 1, State: state, Source: "bus"},
			{ID: "w5", Name: "app", Weight: 1, State: domain.ServiceReady, Source: "bus"}, // takes no requests
		})
	}
	set(domain.ServiceReady)
	f.load(t, "GET", "/x", 2, 400)
	got := fourth.hits.Load()
	if got < 80 || got > 120 {
		t.Errorf("the fourth instance got %d of 400 requests", got)
	}
	set(domain.ServiceDraining)
	f.load(t, "GET", "/x", 2, 40)
	if now := fourth.hits.Load(); now != got {
		t.Errorf("%d requests went to an instance that drains", now-got)
	}
	if s := f.state(fourth); s.State != domain.ServiceDraining || s.Source != "bus" {
		t.Errorf("it is shown as %+v", s)
	}
	f.SetInstances(nil)
	if s := f.state(fourth); s.ID != "" {
		t.Errorf("it is still there: %+v", s)
	}
}

// TestUnknownService leads to a service that nobody offers yet.
func TestUnknownService(t *testing.T) {
	t.Parallel()
	f := newFront(t, "routes:\n  - {name: all, prefix: /, service: worker}\n")
	if n, ok := f.RouteTable().Ready["worker"]; n != 0 || !ok {
		t.Errorf("ready = %v", f.RouteTable().Ready)
	}
	if status, _, header := f.do(t, "GET", "/x", ""); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("%d %v", status, header)
	}
	u := newUpstream(t, "w", nil)
	f.SetInstances([]domain.ServiceInstance{{ID: "w1", Name: "worker", URL: u.URL, Weight: 1, State: domain.ServiceReady}})
	if status, text, _ := f.do(t, "GET", "/x", ""); status != 200 || text != "w" || f.RouteTable().Ready["worker"] != 1 {
		t.Errorf("%d %q, ready %v", status, text, f.RouteTable().Ready)
	}
}

// TestOnlyRoutedServicesAreChecked: an address that somebody registered is not asked
// unless a route leads there.
func TestOnlyRoutedServicesAreChecked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	u := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer u.Close()
	other := newUpstream(t, "a", nil)
	f := newFront(t, routesTo("", []*upstream{other}))
	f.SetInstances([]domain.ServiceInstance{
		{ID: "x", Name: "secret", URL: u.URL, Weight: 1, State: domain.ServiceReady}, {ID: "y", Name: "app", URL: u.URL, Weight: 1, State: domain.ServiceDraining, Health: "/y"},
	})
	until(t, "the routed one is asked", func() bool { return asked.Load() > 0 })
	f.SetInstances([]domain.ServiceInstance{{ID: "x", Name: "secret", URL: u.URL, Weight: 1, State: domain.ServiceReady}})
	seen := asked.Load()
	other.sick.Store(true)
	until(t, "two checks have passed", func() bool { return f.state(other).State == domain.ServiceDown })
	if n := asked.Load(); n > seen+1 { // one may have been under way
		t.Errorf("asked %d times", n-seen)
	}
	f.write(t, "routes:\n  - {name: all, prefix: /, service: secret}\n")
	if err := f.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "it is asked once it is routed", func() bool { return asked.Load() > seen+1 })
}
