package analytics

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"empire/internal/domain"
)

// maxTally bounds the counts that wait, so that made-up addresses or a database that is
// down cannot fill the memory. What is beyond it is not counted.
const maxTally = 200_000

type servedStore interface {
	AddServed(ctx context.Context, counts []domain.ServedCount) error
}

// TallyConfig is what NewTally needs.
type TallyConfig struct {
	Store       servedStore
	Logger      *slog.Logger
	OwnNetworks []netip.Prefix
	Pause       time.Duration // between stores; 0: five seconds
}

// Tally counts the pages that a server sent, and stores the sums. A process that is
// killed loses those of its last seconds. It is safe for concurrent use.
type Tally struct {
	cfg TallyConfig

	agents sync.RWMutex // guards bots
	bots   judge

	mu     sync.Mutex // guards what follows
	counts map[tallyKey]int

	running sync.Mutex // guards what follows
	end     context.CancelFunc
	done    sync.WaitGroup
}

type tallyKey struct {
	website domain.WebsiteID
	hour    int64
	path    string
	class   domain.HitClass
}

// NewTally returns a tally that stores nothing before Start.
func NewTally(cfg TallyConfig) (*Tally, error) {
	if cfg.Store == nil || cfg.Logger == nil {
		return nil, errors.New("new tally: a store and a logger are needed")
	}
	if cfg.Pause <= 0 {
		cfg.Pause = 5 * time.Second
	}
	return &Tally{cfg: cfg, bots: newJudge(nil), counts: map[tallyKey]int{}}, nil
}

// Sent counts a page that was sent. The path must be that of a page that there is.
func (t *Tally) Sent(h *domain.Hit) {
	k := tallyKey{h.WebsiteID, domain.HoursSince1970(h.At), h.Path, t.class(h)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.counts[k]; n > 0 || len(t.counts) < maxTally {
		t.counts[k] = n + 1
	}
}

func (t *Tally) class(h *domain.Hit) domain.HitClass {
	own := judge{own: t.cfg.OwnNetworks}
	if h.Local || own.isOwn(h.IP) {
		return domain.ClassOwn
	}
	t.agents.RLock()
	is, known := t.bots.agents[h.Agent]
	t.agents.RUnlock()
	if !known {
		t.agents.Lock()
		is = t.bots.isBot(h.Agent)
		t.agents.Unlock()
	}
	if is {
		return domain.ClassBot
	}
	return domain.ClassPerson
}

// Start begins to store what is counted. The end of ctx does not stop it.
func (t *Tally) Start(ctx context.Context) error {
	t.running.Lock()
	defer t.running.Unlock()
	if t.end != nil {
		return errors.New("start tally: it is running")
	}
	ctx, t.end = context.WithCancel(context.WithoutCancel(ctx))
	t.done.Go(func() { t.run(ctx) })
	return nil
}

// Stop stores what waits. Whoever counts must have stopped before.
func (t *Tally) Stop(ctx context.Context) error {
	t.running.Lock()
	defer t.running.Unlock()
	if t.end == nil {
		return nil
	}
	t.end()
	t.done.Wait()
	t.end = nil
	return t.flush(ctx)
}

func (t *Tally) run(ctx context.Context) {
	tick := time.NewTicker(t.cfg.Pause)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := t.flush(context.WithoutCancel(ctx))
		if err != nil && !failing {
			t.cfg.Logger.WarnContext(ctx, "counts of pages not stored, tried again", slog.Any("err", err))
		}
		failing = err != nil
	}
}

// flush stores the counts; those that could not be stored wait on.
func (t *Tally) flush(ctx context.Context) error {
	t.mu.Lock()
	counts := t.counts
	t.counts = make(map[tallyKey]int, len(counts))
	t.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	rows := make([]domain.ServedCount, 0, len(counts))
	for k, n := range counts {
		rows = append(rows, domain.ServedCount{WebsiteID: k.website, Hour: k.hour, Path: k.path, Class: k.class, Source: domain.SourceServer, Views: n})
	}
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	err := t.cfg.Store.AddServed(ctx, rows)
	if err == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, n := range counts {
		t.counts[k] += n
	}
	return err
}
