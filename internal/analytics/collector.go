package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

const (
	defaultQueue = 65536
	defaultPause = 250 * time.Millisecond
	// maxBatch bounds a transaction, so that others who write wait a moment only.
	maxBatch = 2000
	// storeLimit bounds one transaction.
	storeLimit = 10 * time.Second
)

type traffic interface {
	Insert(ctx context.Context, b *domain.TrafficBatch) error
	// Salt returns the salt of a day: fresh, or that which another process stored.
	Salt(ctx context.Context, day int64, fresh []byte) ([]byte, error)
	Forget(ctx context.Context, before int64) error
}

// Config is what New needs.
type Config struct {
	Store  traffic
	Logger *slog.Logger
	// OwnNetworks are those of the operator, whose visits count apart.
	OwnNetworks []netip.Prefix
	Keep        bool          // store single events beside their sums
	Queue       int           // hits that wait at most; 0: 65,536
	Pause       time.Duration // between batches; 0: 250 ms
}

// Stats are totals since the collector was made.
type Stats struct {
	Added   uint64
	Refused uint64 // because the queue was full
	Stored  uint64
	Failed  uint64        // batches that could not be stored and were tried again
	Waiting int           // now
	Lag     time.Duration // the longest from adding to the commit, of the last batch
}

// Collector takes hits and stores them. It is safe for concurrent use.
type Collector struct {
	keeper
	cfg    Config
	judge  *judge
	places places

	mu      sync.Mutex // guards waiting
	waiting []domain.Hit

	added, refused, stored, failed atomic.Uint64
	lag                            atomic.Int64

	day   int64 // of salt; of flush
	salt  []byte
	known map[visitor]seat // of the day, that are stored
}

// New returns a collector that stores nothing before Start.
func New(cfg Config) (*Collector, error) {
	if cfg.Store == nil || cfg.Logger == nil {
		return nil, errors.New("new collector: a store and a logger are needed")
	}
	if cfg.Queue <= 0 {
		cfg.Queue = defaultQueue
	}
	if cfg.Pause <= 0 {
		cfg.Pause = defaultPause
	}
	c := &Collector{cfg: cfg, judge: newJudge(cfg.OwnNetworks), day: -1}
	c.keeper = keeper{log: cfg.Logger, what: "hits", pause: cfg.Pause, wake: make(chan struct{}, 1), flush: c.flush}
	return c, nil
}

// Add takes a hit, or reports false if too many wait.
func (c *Collector) Add(h domain.Hit) bool {
	c.mu.Lock()
	n := len(c.waiting)
	if n >= c.cfg.Queue {
		c.mu.Unlock()
		c.refused.Add(1)
		return false
	}
	c.waiting = append(c.waiting, h)
	c.mu.Unlock()
	c.added.Add(1)
	if n+1 == maxBatch {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// Stats returns the totals of now.
func (c *Collector) Stats() Stats {
	c.mu.Lock()
	waiting := len(c.waiting)
	c.mu.Unlock()
	return Stats{
		Added: c.added.Load(), Refused: c.refused.Load(), Stored: c.stored.Load(), Failed: c.failed.Load(), Waiting: waiting, Lag: time.Duration(c.lag.Load()),
	}
}

// flush stores the hits that wait when it begins.
func (c *Collector) flush(ctx context.Context) error {
	c.mu.Lock()
	left := len(c.waiting)
	c.mu.Unlock()
	for left > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("store %d hits: %w", left, err)
		}
		n, err := c.flushBatch(ctx)
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// flushBatch stores the next hits of one day in one transaction, maxBatch at most, and
// returns how many. Those that could not be stored go back to the front.
func (c *Collector) flushBatch(ctx context.Context) (int, error) {
	c.mu.Lock()
	day, n := dayOf(&c.waiting[0]), 1
	for n < min(len(c.waiting), maxBatch) && dayOf(&c.waiting[n]) == day {
		n++
	}
	hits := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	if len(c.waiting) == 0 {
		c.waiting = nil // the next one begins a new array; that of hits can go
	}
	c.mu.Unlock()
	if err := c.store(ctx, day, hits); err != nil {
		c.failed.Add(1)
		c.mu.Lock()
		c.waiting = append(hits, c.waiting...)
		c.mu.Unlock()
		return 0, err
	}
	c.stored.Add(uint64(n))
	c.lag.Store(int64(time.Since(hits[0].At)))
	return n, nil
}
