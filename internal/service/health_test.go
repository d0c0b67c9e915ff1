package service_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/service"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	broken := errors.New("refused")
	works := func(context.Context) error { return nil }
	fails := func(context.Context) error { return broken }
	for _, tt := range []struct {
		name  string
		probe service.Probe
		want  domain.Component
		ready bool
	}{
		{"works", service.Probe{Required: true, Check: works}, domain.Component{State: "ok"}, true},
		{"required part is down", service.Probe{Required: true, Check: fails}, domain.Component{State: "down", Error: "refused"}, false},
		{"other part is down", service.Probe{Check: fails}, domain.Component{State: "down", Error: "refused"}, true},
		{"required part is degraded", service.Probe{Required: true, Check: func(context.Context) error {
			return &service.DegradedError{Err: broken}
		}}, domain.Component{State: "degraded", Error: "refused"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.probe.Name, tt.probe.Layer = "part", "data"
			tt.want.Name, tt.want.Layer, tt.want.Configured = "part", "data", true
			h := service.NewHealth([]service.Probe{{Name: "first", Layer: "gateway", Check: works}, tt.probe})
			got, ready := h.Ready(t.Context())
			if tt.want.LastError = tt.want.Error; tt.want.Error != "" {
				tt.want.LastErrorAt = got[1].LastErrorAt
				if at := got[1].LastErrorAt; at == nil || time.Since(*at) > time.Minute {
					t.Errorf("time of the last error: %v", at)
				}
			}
			if d := cmp.Diff([]domain.Component{{Name: "first", Layer: "gateway", State: "ok", Configured: true}, tt.want}, got); d != "" || ready != tt.ready {
				t.Errorf("ready %v, want %v; components (-want +got):\n%s", ready, tt.ready, d)
			}
			h.Stopping()
			if _, ready := h.Ready(t.Context()); ready {
				t.Error("ready while stopping")
			}
		})
	}
}

// Parts that do not answer cost two seconds together, not each.
func TestHealthIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		h := service.NewHealth([]service.Probe{{Name: "a", Required: true, Check: hangs}, {Name: "b", Check: hangs}})
		start := time.Now()
		got, ready := h.Ready(t.Context())
		if took := time.Since(start); took != 2*time.Second || ready || got[0].State != "down" || got[1].State != "down" {
			t.Errorf("after %s: ready %v, %+v", took, ready, got)
		}
	})
}

// TestHealthAsksOncePerSecond has many callers at the same time.
func TestHealthAsksOncePerSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		h := service.NewHealth([]service.Probe{{Name: "a", Required: true, Check: func(ctx context.Context) error {
			asked.Add(1)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
			return nil
		}}})
		for second := range int64(3) {
			var group sync.WaitGroup
			for range 500 {
				group.Go(func() {
					if got, ready := h.Ready(t.Context()); !ready || got[0].State != "ok" {
						t.Errorf("ready %v, %+v", ready, got)
					}
				})
			}
			group.Wait()
			if n := asked.Load(); n != second+1 {
				t.Errorf("asked %d times in second %d", n, second)
			}
			time.Sleep(time.Second)
		}
	})
}

// TestHealthDoesNotMakeOthersWait: a caller without time gets what is known.
func TestHealthDoesNotMakeOthersWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		h := service.NewHealth([]service.Probe{{Name: "a", Check: hangs}, {Name: "b", Unused: true}})
		go h.Ready(t.Context())
		synctest.Wait()
		hurried, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		got, _ := h.Ready(hurried)
		if got[0].State != "down" || got[0].Error == "" || got[1].State != "ok" || got[1].Configured {
			t.Errorf("before the first answer: %+v", got)
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
	})
}

// TestHealthRemembers the last error when the part works again, and tells of changes.
func TestHealthRemembers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards both
		var fault error
		var changes []string
		set := func(err error) {
			mu.Lock()
			defer mu.Unlock()
			fault = err
		}
		h := service.NewHealth([]service.Probe{
			{Name: "redis", Layer: "data", Check: func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				return fault
			}},
			{Name: "limits", Layer: "gateway", DependsOn: []string{"redis"}},
			{Name: "store", Layer: "data", Check: func(context.Context) error { return nil }},
		})
		h.OnChange(func(_ context.Context, c domain.Component) {
			mu.Lock()
			defer mu.Unlock()
			changes = append(changes, c.Name+" "+c.State)
		})
		states := func() string {
			all, _ := h.Ready(t.Context())
			return all[0].State + " " + all[1].State + " " + all[2].State
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := states(); got != "ok ok ok" {
			t.Errorf("at first: %s", got)
		}
		set(errors.New("connection refused"))
		broke := time.Now()
		for states() != "down degraded ok" {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(broke); took > 5*time.Second {
			t.Errorf("the fault was seen after %s", took)
		}
		time.Sleep(10 * time.Second) // nobody asks meanwhile
		set(nil)
		time.Sleep(6 * time.Second)
		c, err := h.Component(t.Context(), "redis")
		if err != nil || c.State != "ok" || c.Error != "" || c.LastError != "connection refused" || c.LastErrorAt == nil || c.LastErrorAt.Before(broke.Add(9*time.Second)) {
			t.Errorf("afterwards: %+v, %v", c, err)
		}
		if c, err := h.Component(t.Context(), "limits"); err != nil || c.State != "ok" || c.LastError != "redis is down" {
			t.Errorf("what depends on it: %+v, %v", c, err)
		}
		if _, err := h.Component(t.Context(), "unicorn"); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("unknown component: %v", err)
		}
		if err := h.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"redis down", "limits degraded", "redis ok", "limits ok"}
		if d := cmp.Diff(want, changes); d != "" {
			t.Errorf("changes (-want +got):\n%s", d)
		}
	})
}

// TestHealthSurvivesPanics of one check.
func TestHealthSurvivesPanics(t *testing.T) {
	t.Parallel()
	h := service.NewHealth([]service.Probe{{Name: "a", Required: true, Check: func(context.Context) error { panic("nil map") }}})
	if got, ready := h.Ready(t.Context()); ready || got[0].State != "down" {
		t.Errorf("ready %v, %+v", ready, got)
	}
}
