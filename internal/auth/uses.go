package auth

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"empire/internal/domain"
)

const (
	usePeriod   = time.Minute // how exact the last use of a key is noted
	usePatience = 5 * time.Second
)

// uses writes down when keys were used, beside the requests that use them: one
// goroutine while there is something to write, none otherwise.
type uses struct {
	keys keyLookup
	log  *slog.Logger

	mu      sync.Mutex
	pending map[domain.APIKeyID]time.Time
	idle    chan struct{} // closed when the goroutine ends; nil: there is none
	stopped bool
}

func newUses(keys keyLookup, log *slog.Logger) *uses {
	return &uses{keys: keys, log: log, pending: map[domain.APIKeyID]time.Time{}}
}

func (u *uses) note(id domain.APIKeyID, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stopped {
		return
	}
	u.pending[id] = at
	if u.idle == nil {
		u.idle = make(chan struct{})
		go u.write(u.idle)
	}
}

// write writes until nothing is left.
func (u *uses) write(idle chan struct{}) {
	defer close(idle)
	for {
		u.mu.Lock()
		batch := u.pending
		u.pending = map[domain.APIKeyID]time.Time{}
		if len(batch) == 0 {
			u.idle = nil
			u.mu.Unlock()
			return
		}
		u.mu.Unlock()
		for id, at := range batch {
			u.touch(id, at)
		}
	}
}

func (u *uses) touch(id domain.APIKeyID, at time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), usePatience)
	defer cancel()
	if err := u.keys.Touch(ctx, id, at, at.Add(-usePeriod)); err != nil {
		u.log.WarnContext(ctx, "use of an api key not noted", slog.String("key_id", string(id)), slog.Any("err", err))
	}
}

func (u *uses) stop(ctx context.Context) error {
	u.mu.Lock()
	u.stopped = true
	idle := u.idle
	u.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
