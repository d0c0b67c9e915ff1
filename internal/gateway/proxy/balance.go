package proxy

import (
	"slices"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

// When an instance is left out because of its answers, and for how long.
const (
	badAnswers    = 3 // 502, 503 or 504 in a row; one failed connection is enough
	firstEjection = time.Second
	lastEjection  = 30 * time.Second
	failedChecks  = 2 // in a row; one good one brings it back
)

// backend is a service with its instances. Its mutex guards them, too.
//
// Requests go to the instance with the lowest load: requests in flight for its
// weight, plus how far it is ahead of its share. The share is kept as in fair
// queueing: a clock runs one round while every instance gets requests for its
// weight, and each request moves its instance by 1/weight. So requests one after
// the other are shared by weight, and a slow instance, whose requests pile up, gets
// less. Being ahead counts for two rounds at most: load decides before the past.
type backend struct {
	name   string
	routed bool // a route leads here; guarded by the mutex of the proxy

	mu        sync.Mutex
	health    healthSpec
	instances []*instance
	clock     float64 // in rounds
	turn      int     // where the search for the lowest load begins
}

// instance is one address of a service.
type instance struct {
	id, scheme, host string
	health           healthSpec
	backend          *backend
	cancel           func()                 // ends its health checks; nil if there are none
	info             domain.ServiceInstance // as announced

	inFlight int
	moved    float64 // where its share is on the clock

	checksFailed int // in a row
	down         bool
	bad          int // bad answers in a row
	ejections    int // in a row
	ejectedUntil time.Time
	failures     int    // in all
	checkFault   string // of the last health check
	answerFault  string // for which it was left out last
}

func newInstance(info domain.ServiceInstance, health healthSpec) *instance {
	scheme, host, _ := strings.Cut(info.URL, "://")
	return &instance{id: info.ID, scheme: scheme, host: strings.TrimSuffix(host, "/"), health: health, info: info}
}

func (in *instance) key() string { return in.info.Source + " " + in.info.ID + " " + in.info.URL }

// usable reports whether requests may go to an instance at all.
func (in *instance) usable() bool {
	return !in.down && in.info.State != domain.ServiceDraining && in.info.URL != ""
}

// pick chooses an instance that was not tried yet and counts the request in. An
// instance that is left out for its answers is chosen only if there is no other:
// a try is better than a refusal. nil means that there is none.
func (b *backend) pick(tried []*instance, now time.Time) *instance {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.instances)
	var best, spare *instance
	var bestLoad, spareLoad float64
	total := 0
	for i := range n {
		in := b.instances[(b.turn+i)%n]
		if !in.usable() {
			continue
		}
		total += in.info.Weight
		if slices.Contains(tried, in) {
			continue
		}
		load := float64(in.inFlight)/float64(in.info.Weight) + max(0, in.moved-b.clock)
		if now.Before(in.ejectedUntil) {
			if spare == nil || load < spareLoad {
				spare, spareLoad = in, load
			}
		} else if best == nil || load < bestLoad {
			best, bestLoad = in, load
		}
	}
	if best == nil {
		best = spare
	}
	if best == nil {
		return nil
	}
	b.turn = (b.turn + 1) % n
	best.inFlight++
	b.move(best, total)
	return best
}

// move counts a request against the share of an instance.
func (b *backend) move(in *instance, total int) {
	const ahead = 2 // rounds that an instance can be ahead of its share
	in.moved = max(in.moved, b.clock) + 1/float64(in.info.Weight)
	b.clock = max(b.clock+1/float64(total), in.moved-ahead)
}

// release counts a request out.
func (b *backend) release(in *instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	in.inFlight--
}

// answered takes note of an answer: bad is nil, or what was wrong with the instance.
// fatal says that there was no answer at all. It reports whether the instance is
// left out from now on.
func (b *backend) answered(in *instance, bad string, fatal bool, now time.Time) (ejected bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bad == "" {
		in.bad = 0
		if now.After(in.ejectedUntil) {
			in.ejections = 0
		}
		return false
	}
	in.bad++
	in.failures++
	in.answerFault = bad
	if !fatal && in.bad < badAnswers || now.Before(in.ejectedUntil) {
		return false
	}
	in.ejectedUntil = now.Add(min(firstEjection<<min(in.ejections, 10), lastEjection))
	in.ejections++
	in.bad = 0
	return true
}

// checked takes note of a health check and reports whether the instance went down
// or came up by it.
func (b *backend) checked(in *instance, fault string) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := in.down
	if fault == "" {
		in.checksFailed, in.down = 0, false
		if was {
			in.ejectedUntil, in.ejections = time.Time{}, 0
		}
		in.checkFault = ""
		return was
	}
	in.checksFailed++
	in.failures++
	in.checkFault = fault
	in.down = in.checksFailed >= failedChecks || was
	return in.down != was
}

// ready counts the instances that take requests.
func (b *backend) ready() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, in := range b.instances {
		if in.usable() {
			n++
		}
	}
	return n
}

// wait is how long to wait before trying again when no instance takes requests.
func (b *backend) wait() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.health.interval, time.Second)
}

// view returns the instances as the outside sees them.
func (b *backend) view(now time.Time) []domain.ServiceInstance {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]domain.ServiceInstance, 0, len(b.instances))
	for _, in := range b.instances {
		v := in.info
		v.InFlight, v.Failures, v.Error = in.inFlight, in.failures, in.checkFault
		if v.Error == "" && now.Before(in.ejectedUntil) {
			v.Error = in.answerFault
		}
		if v.State != domain.ServiceDraining && (in.down || now.Before(in.ejectedUntil)) {
			v.State = domain.ServiceDown
		}
		out = append(out, v)
	}
	return out
}

// update sets the instances that there should be, keeps what is known of those that
// stay, and returns those that are gone.
func (b *backend) update(want []*instance, health healthSpec) (gone []*instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.health = health
	old := map[string]*instance{}
	for _, in := range b.instances {
		old[in.key()] = in
	}
	list := make([]*instance, 0, len(want))
	for _, w := range want {
		in := old[w.key()]
		if in == nil || in.health != w.health {
			if in != nil { // asked in another way from now on, otherwise the same
				w.inherit(in)
				gone = append(gone, in)
				delete(old, w.key())
			}
			w.backend, w.moved = b, max(w.moved, b.clock)
			list = append(list, w)
			continue
		}
		in.info = w.info
		list = append(list, in)
		delete(old, w.key())
	}
	for _, in := range old {
		gone = append(gone, in)
	}
	slices.SortFunc(list, func(a, b *instance) int { return strings.Compare(a.key(), b.key()) })
	b.instances = list
	return gone
}

// inherit takes over what is known of the instance that was here before.
func (in *instance) inherit(old *instance) {
	in.moved, in.down, in.checksFailed = old.moved, old.down, old.checksFailed
	in.ejectedUntil, in.ejections, in.bad = old.ejectedUntil, old.ejections, old.bad
	in.failures, in.checkFault, in.answerFault = old.failures, old.checkFault, old.answerFault
}
