package auth

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"empire/internal/domain"
)

const (
	// shareTime is how long ago a question to the database may have been put for its
	// answer to be good for one more request: as long as a principal may be used.
	shareTime    = time.Second
	readPatience = 5 * time.Second // with the database
)

// reads let requests with the same credential that come at the same time share one
// question to the database. Without that every one of ten thousand connections would
// ask when what the cache holds of a busy user ends.
type reads struct {
	mu      sync.Mutex
	running map[[sha256.Size]byte]*read
}

// read is a question to the database that is under way.
type read struct {
	began time.Time
	done  chan struct{}
	p     *domain.Principal
	err   error
}

// do returns what ask returns now, or what it returns to somebody who asked the same
// a moment ago. Ask gets a context of its own, because others wait for it, too.
func (r *reads) do(ctx context.Context, sum [sha256.Size]byte, now time.Time, ask func(context.Context) (*domain.Principal, error)) (*domain.Principal, error) {
	r.mu.Lock()
	if f := r.running[sum]; f != nil && now.Sub(f.began) < shareTime {
		r.mu.Unlock()
		<-f.done // it has its own timeout
		return f.p, f.err
	}
	f := &read{began: now, done: make(chan struct{}), err: context.Canceled} // should ask panic
	if r.running == nil {
		r.running = map[[sha256.Size]byte]*read{}
	}
	r.running[sum] = f
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		if r.running[sum] == f {
			delete(r.running, sum)
		}
		r.mu.Unlock()
		close(f.done)
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readPatience)
	defer cancel()
	f.p, f.err = ask(ctx)
	return f.p, f.err
}

// forget lets nobody share what is under way any more: something has changed.
func (r *reads) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.running)
}
