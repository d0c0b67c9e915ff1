package service

import (
	"context"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// Probe asks one part whether it works.
type Probe struct {
	Name     string
	Required bool // the program is not ready without it
	Check    func(ctx context.Context) error
}

// Health knows which parts of the program work.
type Health struct {
	probes   []Probe
	stopping atomic.Bool
}

// NewHealth returns the service over the given probes.
func NewHealth(probes []Probe) *Health { return &Health{probes: probes} }

// Stopping makes Ready say no from now on: the program is shutting down.
func (h *Health) Stopping() { h.stopping.Store(true) }

// Ready asks every part, each for at most two seconds, and reports whether the
// program can serve.
func (h *Health) Ready(ctx context.Context) ([]domain.Component, bool) {
	ready := !h.stopping.Load()
	out := make([]domain.Component, 0, len(h.probes))
	for _, p := range h.probes {
		c := domain.Component{Name: p.Name, State: "ok"}
		probeCtx, cancel := context.WithTimeout(ctx, 2*time.Second)
		if err := p.Check(probeCtx); err != nil {
			c.State, c.Error = "down", err.Error()
			if p.Required {
				ready = false
			}
		}
		cancel()
		out = append(out, c)
	}
	return out, ready
}
