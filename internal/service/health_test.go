package service_test

import (
	"context"
	"errors"
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
			tt.want.Name, tt.want.Layer = "part", "data"
			h := service.NewHealth([]service.Probe{{Name: "first", Layer: "gateway", Check: works}, tt.probe})
			got, ready := h.Ready(t.Context())
			if d := cmp.Diff([]domain.Component{{Name: "first", Layer: "gateway", State: "ok"}, tt.want}, got); d != "" || ready != tt.ready {
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
