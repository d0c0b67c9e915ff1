package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"empire/internal/domain"
)

const (
	drainTime  = 3 * time.Second        // how long a registration that was taken back stays listed
	blindPause = 250 * time.Millisecond // between looks at a bus that is down
	pingLimit  = time.Second
)

// Registry knows the instances of all services: processes by their signs of life,
// others by registrations, which it shares with the registries of other processes.
//
//	sign of life ─▶ ready ─▶ draining ─▶ gone
//	                  └──── lease ends ───▲
//
// No lease ends while the bus is down: that nothing is heard says nothing then.
type Registry struct {
	bus  *Bus
	name string // tells what this registry says from what others say

	mu       sync.Mutex
	entries  map[string]*entry // by service and id
	blind    time.Time         // when the bus was last seen to be down
	watchers map[int]func([]domain.ServiceInstance)
	nextID   int

	deliver sync.Mutex // one delivery at a time
	last    []domain.ServiceInstance

	wake  chan struct{}
	quit  chan struct{}
	group sync.WaitGroup
	ends  []func() // of subscriptions
}

type entry struct {
	in    domain.ServiceInstance
	until time.Time
	own   bool // registered here
}

// NewRegistry returns a registry that hears nothing before Start.
func NewRegistry(b *Bus) *Registry {
	return &Registry{
		bus: b, name: nats.NewInbox(), entries: map[string]*entry{}, watchers: map[int]func([]domain.ServiceInstance){},
		wake: make(chan struct{}, 1), quit: make(chan struct{}),
	}
}

// Start begins to listen and asks who is there. Answers arrive within moments.
func (r *Registry) Start(ctx context.Context) error {
	err := r.subscribe()
	if err == nil {
		err = r.ask(ctx)
	}
	if err != nil {
		for _, end := range r.ends {
			end()
		}
		return fmt.Errorf("start registry: %w", err)
	}
	r.group.Go(r.loop)
	return nil
}

func (r *Registry) subscribe() error {
	end, err := r.bus.Subscribe(subjectBeat, func(_ string, data []byte) {
		var b beat
		if json.Unmarshal(data, &b) == nil && b.From != r.name {
			r.heard(b)
		}
	})
	if err != nil {
		return err
	}
	r.ends = append(r.ends, end)
	if end, err = r.bus.Subscribe(subjectAsk, func(_ string, data []byte) { r.answer(data) }); err != nil {
		return err
	}
	r.ends = append(r.ends, end)
	if end, err = r.bus.Subscribe(r.name, func(_ string, data []byte) {
		if b, ok := fromInfo(data); ok {
			r.heard(b)
		}
	}); err != nil {
		return err
	}
	r.ends = append(r.ends, end)
	return nil
}

// ask lets everybody say again what they have.
func (r *Registry) ask(ctx context.Context) error {
	subject, err := micro.ControlSubject(micro.InfoVerb, "", "")
	if err != nil {
		return err
	}
	if err := r.bus.conn.PublishRequest(subject, r.name, nil); err != nil {
		return err
	}
	return r.bus.Publish(ctx, subjectAsk, r.name)
}

// answer says the registrations that were made here again.
func (r *Registry) answer(asker []byte) {
	var name string
	if json.Unmarshal(asker, &name) != nil || name == r.name {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, e := range r.entries {
		if e.own && now.Before(e.until) {
			r.tell(context.Background(), e, now)
		}
	}
}

// tell publishes what is known of a registration.
func (r *Registry) tell(ctx context.Context, e *entry, now time.Time) {
	b := newBeat(e.in)
	b.From, b.LeftMS = r.name, min(max(e.until.Sub(now).Milliseconds(), 1), b.LeaseMS)
	if err := r.bus.Publish(ctx, subjectBeat, b); err != nil {
		r.bus.log.Warn("registration not published", slog.String("service", e.in.Name), slog.Any("err", err))
	}
}

// Stop ends what Start began. Watchers are not called afterwards.
func (r *Registry) Stop(context.Context) error {
	for _, end := range r.ends {
		end()
	}
	select {
	case <-r.quit:
	default:
		close(r.quit)
	}
	r.group.Wait()
	return nil
}

// heard takes note of a sign of life.
func (r *Registry) heard(b beat) {
	if !b.valid() {
		r.bus.log.Debug("sign of life not understood", slog.String("service", b.Name))
		return
	}
	now := time.Now()
	in := b.instance(now)
	until := now.Add(in.Lease)
	if b.LeftMS > 0 {
		until = now.Add(time.Duration(b.LeftMS) * time.Millisecond)
	}
	r.mu.Lock()
	if b.State == stateGone {
		delete(r.entries, in.Name+" "+in.ID)
	} else {
		r.entries[in.Name+" "+in.ID] = &entry{in: in, until: until}
	}
	r.mu.Unlock()
	r.nudge()
}

// nudge makes the loop look again.
func (r *Registry) nudge() {
	select {
	case r.wake <- struct{}{}:
	default: // it will
	}
}

// loop removes what is over and tells the watchers.
func (r *Registry) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-r.wake:
		case <-timer.C:
		}
		timer.Reset(r.sweep())
		r.notify()
	}
}

// sweep removes the instances whose lease has ended and returns when to look again.
func (r *Registry) sweep() time.Duration {
	now := time.Now()
	due, next := r.due(now)
	if due == 0 {
		return next
	}
	// Silence counts only if the bus would have carried something.
	ctx, cancel := context.WithTimeout(context.Background(), pingLimit)
	defer cancel()
	if !r.bus.conn.IsConnected() || r.bus.conn.FlushWithContext(ctx) != nil {
		r.mu.Lock()
		r.blind = time.Now()
		r.mu.Unlock()
		return blindPause
	}
	r.mu.Lock()
	for key, e := range r.entries {
		if !now.Before(r.end(e)) {
			delete(r.entries, key)
		}
	}
	r.mu.Unlock()
	_, next = r.due(now)
	return next
}

// due counts the instances whose lease is over and returns how long the next one
// lasts.
func (r *Registry) due(now time.Time) (n int, next time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next = time.Hour
	for _, e := range r.entries {
		if left := r.end(e).Sub(now); left > 0 {
			next = min(next, left)
		} else {
			n++
		}
	}
	return n, next
}

// end is when the lease of an instance ends: it begins anew when the bus is back.
func (r *Registry) end(e *entry) time.Time {
	if again := r.blind.Add(e.in.Lease); again.After(e.until) {
		return again
	}
	return e.until
}

// List returns the instances, by service and id.
func (r *Registry) List() []domain.ServiceInstance {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]domain.ServiceInstance, 0, len(r.entries))
	for _, e := range r.entries {
		out = append(out, e.in)
	}
	slices.SortFunc(out, func(a, b domain.ServiceInstance) int { return strings.Compare(a.Name+" "+a.ID, b.Name+" "+b.ID) })
	return out
}

// Watch calls fn with the list now and whenever it changes in more than its times,
// one call at a time, until stop is called. fn must not call Watch or stop.
func (r *Registry) Watch(fn func([]domain.ServiceInstance)) (stop func()) {
	r.deliver.Lock()
	defer r.deliver.Unlock()
	r.tellWatchers()
	r.mu.Lock()
	id := r.nextID
	r.nextID++
	r.watchers[id] = fn
	r.mu.Unlock()
	fn(slices.Clone(r.last))
	return func() {
		r.deliver.Lock()
		defer r.deliver.Unlock()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, id)
	}
}

func (r *Registry) notify() {
	r.deliver.Lock()
	defer r.deliver.Unlock()
	r.tellWatchers()
}

// tellWatchers delivers the list if it has changed. The caller holds deliver.
func (r *Registry) tellWatchers() {
	list := r.List()
	if slices.EqualFunc(list, r.last, func(a, b domain.ServiceInstance) bool {
		a.LastSeen, b.LastSeen = time.Time{}, time.Time{}
		return a == b
	}) {
		return
	}
	r.last = list
	r.mu.Lock()
	watchers := slices.Collect(maps.Values(r.watchers))
	r.mu.Unlock()
	for _, fn := range watchers {
		fn(slices.Clone(list))
	}
}

// Register lists an instance that does not speak NATS for its lease, here and in the
// registries of other processes; the same again renews it. An id that has another
// address or service, or that a process announces itself, is a CodeConflict while
// that lease runs. It reports whether the instance was not listed before.
func (r *Registry) Register(ctx context.Context, in domain.ServiceInstance) (out domain.ServiceInstance, added bool, err error) {
	now := time.Now()
	in.Source, in.State, in.LastSeen = "api", domain.ServiceReady, now.UTC()
	if b := newBeat(in); !b.valid() {
		return in, false, errors.New("register instance: it cannot be announced like this")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		if e.in.ID != in.ID || !now.Before(r.end(e)) {
			continue
		}
		if e.in.Source != "api" || e.in.Name != in.Name || e.in.URL != in.URL {
			return in, false, domain.Errorf(domain.CodeConflict, "Instance %s is listed with another address or service until its lease ends.", in.ID)
		}
	}
	key := in.Name + " " + in.ID
	old := r.entries[key]
	added = old == nil || old.in.State != domain.ServiceReady || !now.Before(r.end(old))
	e := &entry{in: in, until: now.Add(in.Lease), own: true}
	r.entries[key] = e
	r.tell(ctx, e, now)
	r.nudge()
	return in, added, nil
}

// Remove takes a registration back: it drains for three seconds, or what is left of
// its lease, and is gone then. An instance that a process announces itself is a
// CodeConflict, an unknown one CodeNotFound.
func (r *Registry) Remove(ctx context.Context, id string) error {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	err := domain.Errorf(domain.CodeNotFound, "Instance %q is not registered.", id)
	for _, e := range r.entries {
		if e.in.ID != id || !now.Before(r.end(e)) {
			continue
		}
		if e.in.Source != "api" {
			err = domain.Errorf(domain.CodeConflict, "Instance %q announces itself until its process ends.", id)
			continue
		}
		e.in.State, e.own = domain.ServiceDraining, true
		if last := now.Add(drainTime); last.Before(e.until) {
			e.until = last
		}
		r.tell(ctx, e, now)
		r.nudge()
		return nil
	}
	return err
}
