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
	Pause       time.Duration // between stores; 0: five seconds; longer ones after much was stored
}

// Tally counts the pages that a server sent, and stores the sums. A process that is
// killed loses those of its last seconds. It is safe for concurrent use.
type Tally struct {
	keeper
	cfg   TallyConfig
	judge *judge

	mu     sync.Mutex // guards counts
	counts map[tallyKey]int
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
	t := &Tally{cfg: cfg, judge: newJudge(cfg.OwnNetworks), counts: map[tallyKey]int{}}
	t.keeper = keeper{log: cfg.Logger, what: "counts of pages", pause: cfg.Pause, rest: tallyRest, flush: t.flush}
	return t, nil
}

// tallyRest leaves storing the counts a twentieth of the time: a portfolio whose pages are
// all read at once has a row for each of them every time.
const tallyRest = 20

// Addresses reports whether the address of a visitor decides how a page is counted.
func (t *Tally) Addresses() bool { return len(t.cfg.OwnNetworks) > 0 }

// Sent counts a page that was sent. The path must be that of a page that there is.
func (t *Tally) Sent(h *domain.Hit) {
	k := tallyKey{h.WebsiteID, domain.HoursSince1970(h.At), h.Path, t.judge.class(h)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(k, 1)
}

// add adds to a count. The caller holds the lock.
func (t *Tally) add(k tallyKey, n int) {
	if has := t.counts[k]; has > 0 || len(t.counts) < maxTally {
		t.counts[k] = has + n
	}
}

// flush stores the counts; those that could not be stored wait on. The end of ctx does
// not break it off.
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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit)
	defer cancel()
	err := t.cfg.Store.AddServed(ctx, rows)
	if err == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, n := range counts {
		t.add(k, n)
	}
	return err
}
