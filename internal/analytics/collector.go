package analytics

import (
	"context"
	"errors"
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
	cfg    Config
	log    *slog.Logger
	judge  judge
	places places

	mu      sync.Mutex
	waiting []domain.Hit
	wake    chan struct{}

	added, refused, stored, failed atomic.Uint64
	lag                            atomic.Int64

	day   int64 // of salt; of run
	salt  []byte
	known map[visitor]bool // of the day, that are stored

	running sync.Mutex // guards what follows
	end     context.CancelFunc
	done    sync.WaitGroup
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
	return &Collector{cfg: cfg, log: cfg.Logger, judge: newJudge(cfg.OwnNetworks), wake: make(chan struct{}, 1), day: -1}, nil
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

// Start begins to store what is added. The end of ctx does not stop it.
func (c *Collector) Start(ctx context.Context) error {
	c.running.Lock()
	defer c.running.Unlock()
	if c.end != nil {
		return errors.New("start collector: it is running")
	}
	ctx, c.end = context.WithCancel(context.WithoutCancel(ctx))
	c.done.Go(func() { c.run(ctx) })
	return nil
}

// Stop stores what waits, as far as it can within ctx, and ends what Start began.
// Whoever adds must have stopped before.
func (c *Collector) Stop(ctx context.Context) error {
	c.running.Lock()
	defer c.running.Unlock()
	if c.end == nil {
		return nil
	}
	c.end()
	c.done.Wait()
	c.end = nil
	for {
		n, err := c.flush(ctx)
		if n == 0 || err != nil {
			return err
		}
	}
}

func (c *Collector) run(ctx context.Context) {
	tick := time.NewTicker(c.cfg.Pause)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-c.wake:
		}
		for {
			n, err := c.flush(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil && !failing {
				c.log.WarnContext(ctx, "visits not stored, tried again", slog.Int("waiting", n), slog.Any("err", err))
			}
			if failing = err != nil; failing || n < maxBatch {
				break
			}
		}
	}
}

// flush stores up to maxBatch hits and returns how many. Those that could not be stored
// go back to the front.
func (c *Collector) flush(ctx context.Context) (int, error) {
	c.mu.Lock()
	n := min(len(c.waiting), maxBatch)
	hits := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	if len(c.waiting) == 0 {
		c.waiting = nil // the next one begins a new array; that of hits can go
	}
	c.mu.Unlock()
	if n == 0 {
		return 0, nil
	}
	if err := c.store(ctx, hits); err != nil {
		c.failed.Add(1)
		c.mu.Lock()
		c.waiting = append(hits, c.waiting...)
		c.mu.Unlock()
		return n, err
	}
	c.stored.Add(uint64(n))
	c.lag.Store(int64(time.Since(hits[0].At)))
	return n, nil
}
