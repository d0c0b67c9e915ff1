package fetch

import (
	"context"
	"sync"
	"time"
)

// maxHosts is how many hosts are remembered at most between requests.
const maxHosts = 10_000

// pace keeps pauses between the requests to a host, and their number at a time.
type pace struct {
	perHost int
	mu      sync.Mutex
	hosts   map[string]*hostPace
}

type hostPace struct {
	free chan struct{}
	next time.Time // when the next request may begin
	used int       // requests that wait or run
}

func newPace(perHost int) *pace { return &pace{perHost: perHost, hosts: map[string]*hostPace{}} }

// enter waits for the turn of a host: interval after the request before.
func (p *pace) enter(ctx context.Context, host string, interval time.Duration) (leave func(), err error) {
	p.mu.Lock()
	h := p.hosts[host]
	if h == nil {
		p.forget()
		h = &hostPace{free: make(chan struct{}, p.perHost)}
		p.hosts[host] = h
	}
	h.used++
	p.mu.Unlock()
	done := func() { p.mu.Lock(); h.used--; p.mu.Unlock() }
	select {
	case h.free <- struct{}{}:
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
	out := func() { <-h.free; done() }
	p.mu.Lock()
	now := time.Now()
	wait := h.next.Sub(now)
	h.next = now.Add(max(0, wait) + interval)
	p.mu.Unlock()
	if wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			out()
			return nil, err
		}
	}
	return out, nil
}

// forget drops hosts that nobody waits for, once there are many. The lock is held.
func (p *pace) forget() {
	if len(p.hosts) < maxHosts {
		return
	}
	now := time.Now()
	for name, h := range p.hosts {
		if h.used == 0 && h.next.Before(now) {
			delete(p.hosts, name)
		}
	}
}
