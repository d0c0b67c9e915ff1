package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/micro"

	"empire/internal/domain"
)

// DefaultLease is how long a process stays listed without a sign of life.
const DefaultLease = 3 * time.Second

// What discovery says on the bus.
const (
	subjectBeat   = "empire.service.beat" // an instance lives, drains or is gone
	subjectAsk    = "empire.service.ask"  // who knows registrations, say them again
	servicePrefix = "empire_"             // of names of NATS micro services
	stateGone     = domain.ServiceState("gone")
)

// beat is a sign of life.
type beat struct {
	ID      string              `json:"id"`
	Name    string              `json:"name"`
	Role    string              `json:"role,omitempty"`
	URL     string              `json:"url,omitempty"`
	Health  string              `json:"health,omitempty"`
	Version string              `json:"version,omitempty"`
	Weight  int                 `json:"weight"`
	State   domain.ServiceState `json:"state"`
	Source  string              `json:"source"`
	LeaseMS int64               `json:"lease_ms"`
	LeftMS  int64               `json:"left_ms,omitempty"` // of the lease, if less than all of it
	From    string              `json:"from,omitempty"`    // the registry that speaks for it
}

func newBeat(in domain.ServiceInstance) beat {
	return beat{
		ID: in.ID, Name: in.Name, Role: in.Role, URL: in.URL, Health: in.Health, Version: in.Version, Weight: in.Weight,
		State: in.State, Source: in.Source, LeaseMS: in.Lease.Milliseconds(),
	}
}

func (b *beat) instance(now time.Time) domain.ServiceInstance {
	return domain.ServiceInstance{
		ID: b.ID, Name: b.Name, Role: b.Role, URL: b.URL, Health: b.Health, Version: b.Version, Weight: b.Weight, State: b.State,
		Source: b.Source, Lease: time.Duration(b.LeaseMS) * time.Millisecond, LastSeen: now.UTC(),
	}
}

// valid reports whether a beat can be believed: the bus may carry anything.
func (b *beat) valid() bool {
	return b.ID != "" && len(b.ID) <= 128 && b.Name != "" && len(b.Name) <= 64 && len(b.URL) <= 2048 && len(b.Health) <= 1024 && len(b.Version) <= 256 &&
		b.Weight >= 1 && b.Weight <= 100 && (b.State == domain.ServiceReady || b.State == domain.ServiceDraining || b.State == stateGone) &&
		(b.Source == "bus" || b.Source == "api") &&
		b.LeaseMS > 0 && b.LeaseMS <= domain.MaxServiceLease.Milliseconds() && b.LeftMS >= 0 && b.LeftMS <= b.LeaseMS
}

// Announcement keeps this process listed as an instance of a service.
type Announcement struct {
	bus     *Bus
	service micro.Service
	quit    chan struct{}
	done    chan struct{}
	once    sync.Once

	mu sync.Mutex
	in domain.ServiceInstance
}

// Announce lists an instance for all that watch, as a NATS micro service and by a
// sign of life three times in each lease, until Stop. Its lease is DefaultLease and
// its weight 1 unless they are given.
func (b *Bus) Announce(ctx context.Context, in domain.ServiceInstance) (*Announcement, error) {
	in.State, in.Source = domain.ServiceReady, "bus"
	if in.Lease == 0 {
		in.Lease = DefaultLease
	}
	in.Weight = max(in.Weight, 1)
	if first := newBeat(in); !first.valid() {
		return nil, fmt.Errorf("announce %s: instance %q cannot be announced like this", in.Name, in.ID)
	}
	service, err := micro.AddService(b.conn, micro.Config{
		Name: servicePrefix + in.Name, Version: semantic(in.Version), Description: "instance of the service " + in.Name, Metadata: metadata(in),
	})
	if err != nil {
		return nil, fmt.Errorf("announce %s: %w", in.Name, err)
	}
	a := &Announcement{bus: b, service: service, in: in, quit: make(chan struct{}), done: make(chan struct{})}
	err = a.say(ctx, domain.ServiceReady)
	if err == nil {
		err = b.Ping(ctx) // it can be found from now on
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("announce %s: %w", in.Name, err), service.Stop())
	}
	go a.keep()
	return a, nil
}

// keep says that the instance lives until it is stopped.
func (a *Announcement) keep() {
	defer close(a.done)
	ticker := time.NewTicker(a.in.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-a.quit:
			return
		case <-ticker.C:
			if err := a.say(context.Background(), ""); err != nil {
				a.bus.log.Warn("sign of life not sent", slog.String("service", a.in.Name), slog.Any("err", err))
			}
		}
	}
}

// say publishes the state, which becomes another one if one is given.
func (a *Announcement) say(ctx context.Context, state domain.ServiceState) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if state != "" {
		a.in.State = state
	}
	return a.bus.Publish(ctx, subjectBeat, newBeat(a.in))
}

// Drain tells all that watch, now, that the instance takes no new requests. It stays
// listed.
func (a *Announcement) Drain(ctx context.Context) error {
	err := a.service.Stop() // it is not found any more by those that ask
	return errors.Join(err, a.say(ctx, domain.ServiceDraining), a.bus.Ping(ctx))
}

// Stop takes the instance off the list.
func (a *Announcement) Stop(ctx context.Context) error {
	var err error
	a.once.Do(func() {
		close(a.quit)
		<-a.done
		err = errors.Join(a.service.Stop(), a.say(ctx, stateGone), a.bus.Ping(ctx))
	})
	return err
}

// metadata carries an instance in the information of a micro service, where values
// are strings.
func metadata(in domain.ServiceInstance) map[string]string {
	return map[string]string{
		"id": in.ID, "name": in.Name, "role": in.Role, "url": in.URL, "health": in.Health, "version": in.Version,
		"weight": strconv.Itoa(in.Weight), "lease_ms": strconv.FormatInt(in.Lease.Milliseconds(), 10),
	}
}

// fromInfo reads an instance from the information of a micro service.
func fromInfo(data []byte) (beat, bool) {
	var info micro.Info
	if err := json.Unmarshal(data, &info); err != nil {
		return beat{}, false
	}
	m := info.Metadata
	weight, err := strconv.Atoi(m["weight"])
	if err != nil {
		return beat{}, false // somebody else's service
	}
	lease, err := strconv.ParseInt(m["lease_ms"], 10, 64)
	b := beat{
		ID: m["id"], Name: m["name"], Role: m["role"], URL: m["url"], Health: m["health"], Version: m["version"],
		Weight: weight, LeaseMS: lease, State: domain.ServiceReady, Source: "bus",
	}
	return b, err == nil && info.Name == servicePrefix+b.Name
}

var semver = regexp.MustCompile(`^v?((0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)$`)

// semantic returns a version as micro services need it.
func semantic(version string) string {
	if m := semver.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return "0.0.0"
}
