package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	// Unused says that this installation does not use the part; it is not asked.
	Unused bool
	// DependsOn names parts without which this one does only half of its work: it is
	// degraded while one of them does not work.
	DependsOn []string
	// Check returns nil, or why the part does not work; a DegradedError if it still
	// does what others need of it. A nil Check means that the part works as long as
	// what it depends on does.
	Check func(ctx context.Context) error
}

// DegradedError is the fault of a part that works nevertheless.
type DegradedError struct{ Err error }

// Error returns the fault.
func (e *DegradedError) Error() string { return e.Err.Error() }

// Unwrap returns the fault.
func (e *DegradedError) Unwrap() error { return e.Err }

// The states of a component.
const (
	stateOK       = "ok"
	stateDegraded = "degraded"
	stateDown     = "down"
)

const (
	probeLimit = 2 * time.Second // for each probe; they run at the same time
	probeFresh = time.Second     // how long their answers hold
	probePause = 5 * time.Second // between looks that nobody asked for
)

// Health knows which parts of the program work. It asks them at most once a second,
// however often it is asked itself.
type Health struct {
	probes   []Probe
	stopping atomic.Bool

	mu      sync.Mutex
	known   []domain.Component
	at      time.Time     // of known
	asking  chan struct{} // closed when the answers are there; nil if nobody asks
	changed func(ctx context.Context, c domain.Component)

	quit chan struct{}
	done chan struct{}
}

// NewHealth returns the service over the given probes.
func NewHealth(probes []Probe) *Health { return &Health{probes: probes} }

// OnChange sets what is called, from any goroutine, when a component has another
// state than before. It is set before the first question.
func (h *Health) OnChange(fn func(ctx context.Context, c domain.Component)) { h.changed = fn }

// Stopping makes Ready say no from now on: the program is shutting down.
func (h *Health) Stopping() { h.stopping.Store(true) }

// Start looks at the parts every few seconds, so that a fault is remembered that
// nobody asked about.
func (h *Health) Start(ctx context.Context) error {
	h.quit, h.done = make(chan struct{}), make(chan struct{})
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer close(h.done)
		ticker := time.NewTicker(probePause)
		defer ticker.Stop()
		for {
			h.components(ctx)
			select {
			case <-h.quit:
				return
			case <-ticker.C:
			}
		}
	}()
	return nil
}

// Stop ends what Start began.
func (h *Health) Stop(ctx context.Context) error {
	if h.quit == nil {
		return nil
	}
	close(h.quit)
	select {
	case <-h.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop health: %w", ctx.Err())
	}
}

// Ready asks every part, each for at most two seconds, and reports whether the
// program can serve. The answers are at most one second old.
func (h *Health) Ready(ctx context.Context) ([]domain.Component, bool) {
	out := h.components(ctx)
	ready := !h.stopping.Load()
	for i, p := range h.probes {
		if p.Required && out[i].State == stateDown {
			ready = false
		}
	}
	return out, ready
}

// Component returns one part by its name, or a CodeNotFound error.
func (h *Health) Component(ctx context.Context, name string) (*domain.Component, error) {
	for _, c := range h.components(ctx) {
		if c.Name == name {
			return &c, nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Component %q does not exist.", name)
}

// components returns fresh answers. One caller asks the parts, the others wait for
// it; one whose time is over gets the last answers, or that there are none.
func (h *Health) components(ctx context.Context) []domain.Component {
	h.mu.Lock()
	for {
		if h.known != nil && time.Since(h.at) < probeFresh {
			defer h.mu.Unlock()
			return slices.Clone(h.known)
		}
		asking := h.asking
		if asking == nil {
			break
		}
		h.mu.Unlock()
		select {
		case <-asking:
		case <-ctx.Done():
			return h.lastKnown()
		}
		h.mu.Lock()
	}
	h.asking = make(chan struct{})
	h.mu.Unlock()
	fresh := h.ask(context.WithoutCancel(ctx)) // others wait for the answers, too
	return h.learn(ctx, fresh)
}

// lastKnown returns the last answers; parts that never answered are down.
func (h *Health) lastKnown() []domain.Component {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known != nil {
		return slices.Clone(h.known)
	}
	out := make([]domain.Component, len(h.probes))
	for i, p := range h.probes {
		out[i] = p.component()
		if !p.Unused {
			out[i].State, out[i].Error = stateDown, "it has not been asked yet"
		}
	}
	return out
}

// ask runs the probes at the same time.
func (h *Health) ask(ctx context.Context) []domain.Component {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	out := make([]domain.Component, len(h.probes))
	var group sync.WaitGroup
	for i, p := range h.probes {
		group.Go(func() { out[i] = p.ask(ctx) })
	}
	group.Wait()
	for i, p := range h.probes {
		if why := broken(out, p.DependsOn); why != "" && out[i].State == stateOK && !p.Unused {
			out[i].State, out[i].Error = stateDegraded, why
		}
	}
	return out
}

// broken says which of some parts do not work.
func broken(all []domain.Component, names []string) string {
	var out []string
	for _, c := range all {
		if c.State != stateOK && slices.Contains(names, c.Name) {
			out = append(out, c.Name+" is "+c.State)
		}
	}
	return strings.Join(out, ", ")
}

// learn keeps fresh answers, with the last error of each part, and lets those go on
// that wait for them.
func (h *Health) learn(ctx context.Context, fresh []domain.Component) []domain.Component {
	h.mu.Lock()
	now := time.Now()
	var changed []domain.Component
	for i := range fresh {
		c := &fresh[i]
		was := stateOK
		if h.known != nil {
			was, c.LastError, c.LastErrorAt = h.known[i].State, h.known[i].LastError, h.known[i].LastErrorAt
		}
		if c.Error != "" {
			at := now.UTC()
			c.LastError, c.LastErrorAt = c.Error, &at
		}
		if c.State != was {
			changed = append(changed, *c)
		}
	}
	h.known, h.at = fresh, now
	close(h.asking)
	h.asking = nil
	fn := h.changed
	h.mu.Unlock()
	for _, c := range changed {
		if fn != nil {
			fn(context.WithoutCancel(ctx), c)
		}
	}
	return slices.Clone(fresh)
}

func (p *Probe) component() domain.Component {
	return domain.Component{Name: p.Name, Layer: p.Layer, State: stateOK, Configured: !p.Unused}
}

func (p *Probe) ask(ctx context.Context) (c domain.Component) {
	c = p.component()
	if p.Unused || p.Check == nil {
		return c
	}
	defer func() {
		if v := recover(); v != nil { // others wait for the answers
			c.State, c.Error = stateDown, fmt.Sprintf("its check panicked: %v", v)
		}
	}()
	if err := p.Check(ctx); err != nil {
		c.State, c.Error = stateDown, err.Error()
		if _, ok := errors.AsType[*DegradedError](err); ok {
			c.State = stateDegraded
		}
	}
	return c
}
