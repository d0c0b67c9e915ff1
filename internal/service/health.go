package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// Probe asks one part whether it works.
type Probe struct {
	Name     string
	Layer    string // gateway, orchestration, intelligence, data, integration
	Required bool   // the program is not ready without it
	// Check returns nil, or why the part does not work; a DegradedError if it still
	// does what others need of it.
	Check func(ctx context.Context) error
}

// DegradedError is the fault of a part that works nevertheless.
type DegradedError struct{ Err error }

// Error returns the fault.
func (e *DegradedError) Error() string { return e.Err.Error() }

// Unwrap returns the fault.
func (e *DegradedError) Unwrap() error { return e.Err }

// probeLimit bounds the time for each probe; they run at the same time.
const probeLimit = 2 * time.Second

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
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	out := make([]domain.Component, len(h.probes))
	var group sync.WaitGroup
	for i, p := range h.probes {
		group.Go(func() { out[i] = p.ask(ctx) })
	}
	group.Wait()
	ready := !h.stopping.Load()
	for i, p := range h.probes {
		if p.Required && out[i].State == "down" {
			ready = false
		}
	}
	return out, ready
}

func (p *Probe) ask(ctx context.Context) domain.Component {
	c := domain.Component{Name: p.Name, Layer: p.Layer, State: "ok"}
	if err := p.Check(ctx); err != nil {
		c.State, c.Error = "down", err.Error()
		if _, ok := errors.AsType[*DegradedError](err); ok {
			c.State = "degraded"
		}
	}
	return c
}
