package analytics

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// maxRest is the longest pause that keeper.rest makes.
const maxRest = time.Minute

// keeper stores what waits, again and again, from Start to Stop.
type keeper struct {
	log   *slog.Logger
	what  string // is stored, for the log
	pause time.Duration
	// rest is how many times as long as storing took the next pause is, up to maxRest and
	// if that is longer than pause: storing a lot must not take the time of visitors. 0:
	// pauses are equal.
	rest int
	wake chan struct{} // ends a pause; nil: nothing does
	// flush stores what waits, as far as it can before ctx ends; what it could not store
	// waits on. It is called by one goroutine at a time.
	flush func(ctx context.Context) error

	running sync.Mutex // guards what follows
	end     context.CancelFunc
	done    sync.WaitGroup
}

// Start begins to store what is added. The end of ctx does not stop it.
func (k *keeper) Start(ctx context.Context) error {
	k.running.Lock()
	defer k.running.Unlock()
	if k.end != nil {
		return errors.New("start storing " + k.what + ": it is running")
	}
	ctx, k.end = context.WithCancel(context.WithoutCancel(ctx))
	k.done.Go(func() { k.run(ctx) })
	return nil
}

// Stop ends what Start began and stores what waits, as far as it can within ctx. Whoever
// adds must have stopped before.
func (k *keeper) Stop(ctx context.Context) error {
	k.running.Lock()
	defer k.running.Unlock()
	if k.end == nil {
		return nil
	}
	k.end()
	k.done.Wait()
	k.end = nil
	return k.flush(ctx)
}

func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(k.pause)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-k.wake:
		}
		began := time.Now()
		err := k.flush(ctx)
		if ctx.Err() != nil {
			return
		}
		if k.rest > 0 {
			tick.Reset(max(k.pause, min(time.Duration(k.rest)*time.Since(began), maxRest)))
		}
		if err != nil && !failing {
			k.log.WarnContext(ctx, "visits not stored, tried again", slog.String("what", k.what), slog.Any("err", err))
		}
		failing = err != nil
	}
}
