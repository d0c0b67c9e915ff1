package service

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

type portfolioStore interface {
	Version(ctx context.Context) (int64, error)
	All(ctx context.Context, limit int) ([]domain.Website, error)
	Changes(ctx context.Context, id domain.WebsiteID, seq int64, limit int) (list []domain.Website, version int64, total int, err error)
}

// Bounds of a Portfolio.
const (
	maxPortfolio   = 50_000           // websites; more are read from the database
	maxChanges     = 1_000            // that are applied to what is held; with more all is read again
	reloadPatience = 10 * time.Second // with the database
)

// PortfolioConfig is what a Portfolio needs.
type PortfolioConfig struct {
	Store  portfolioStore
	Encode func(*domain.Website) (domain.WebsiteRow, error)
	Max    int // websites that are held; 0: 50,000
}

// Portfolio holds the websites of all tenants in memory, encoded, and answers with
// what is true now: for every question the version of the websites is read from the
// database after the question came, and what is held is brought up to that version.
// So whoever asks after a write has returned sees it, whoever wrote, in this process
// or another. Questions that come while the version is being read share the next
// look at it.
type Portfolio struct {
	cfg PortfolioConfig

	mu      sync.Mutex
	next    *look // not begun; serves everybody who comes until it begins
	working bool  // work runs

	held *shelves // of work
}

// look is one look at the database.
type look struct {
	done    chan struct{}
	shelves *shelves // once done; nil: the database must be asked
	cause   any      // of a panic
}

// NewPortfolio returns an empty Portfolio, which fills with the first question.
func NewPortfolio(c PortfolioConfig) *Portfolio {
	if c.Max <= 0 {
		c.Max = maxPortfolio
	}
	return &Portfolio{cfg: c}
}

// Window returns a window of the websites that the principal sees, in the order of
// their ids, and how many there are in all. The rows must not be changed. Without ok
// the question must go its ordinary way: the caller lacks the right, there are too
// many websites, or the database does not answer.
func (p *Portfolio) Window(ctx context.Context, w domain.Window) (rows []domain.WebsiteRow, total int, ok bool) {
	all, ok := p.own(ctx)
	if !ok || w.Limit <= 0 || w.Offset < 0 {
		return nil, 0, false
	}
	from := min(w.Offset, len(all))
	return all[from:min(from+w.Limit, len(all))], len(all), true
}

// After is Window with the websites whose id is greater than that given.
func (p *Portfolio) After(ctx context.Context, id domain.WebsiteID, limit int) (rows []domain.WebsiteRow, total int, ok bool) {
	all, ok := p.own(ctx)
	if !ok || limit <= 0 {
		return nil, 0, false
	}
	from, found := find(all, id)
	if found {
		from++
	}
	return all[from:min(from+limit, len(all))], len(all), true
}

// One returns a website that the principal sees. Without ok the question must go its
// ordinary way, also because there is no such website.
func (p *Portfolio) One(ctx context.Context, id domain.WebsiteID) (row *domain.WebsiteRow, ok bool) {
	all, ok := p.own(ctx)
	if !ok {
		return nil, false
	}
	i, found := find(all, id)
	if !found {
		return nil, false
	}
	return &all[i], true
}

// own returns the websites of the principal's tenant as they are now.
func (p *Portfolio) own(ctx context.Context) ([]domain.WebsiteRow, bool) {
	if !domain.PrincipalFrom(ctx).Can(domain.WebsitesRead) {
		return nil, false
	}
	all := p.current()
	if all == nil {
		return nil, false
	}
	return all.tenants[scope(ctx)], true
}

func find(rows []domain.WebsiteRow, id domain.WebsiteID) (int, bool) {
	return slices.BinarySearchFunc(rows, id, func(r domain.WebsiteRow, id domain.WebsiteID) int { return strings.Compare(string(r.ID), string(id)) })
}

// current returns what is true at a moment after it was called, or nil.
func (p *Portfolio) current() *shelves {
	p.mu.Lock()
	l := p.next
	if l == nil {
		l = &look{done: make(chan struct{})}
		p.next = l
		if !p.working {
			p.working = true
			go p.work()
		}
	}
	p.mu.Unlock()
	<-l.done // a look is short: it has its own timeout
	if l.cause != nil {
		panic(l.cause)
	}
	return l.shelves
}

// idleRounds is how often work lets others run before it ends for want of questions.
const idleRounds = 16

// work takes one look after the other as long as there are questions. It is a
// goroutine of its own because the database needs a large stack, which would stay
// with each of ten thousand connections that ever asked it.
func (p *Portfolio) work() {
	for idle := 0; ; idle++ {
		p.mu.Lock()
		l := p.next
		p.next = nil
		if l == nil && idle > idleRounds {
			p.working = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		if l == nil {
			runtime.Gosched()
			continue
		}
		idle = 0
		p.take(l)
	}
}

// take answers one look. A panic is that of everybody who waits for it: their
// requests report it, and the next look begins anew.
func (p *Portfolio) take(l *look) {
	defer func() {
		if l.cause = recover(); l.cause != nil {
			p.held = nil
		}
		close(l.done)
	}()
	// Nobody's request ends a look, because others wait for it, too.
	l.shelves = p.look(context.Background())
}

// look brings what is held up to date. Only one runs at a time.
func (p *Portfolio) look(ctx context.Context) *shelves {
	version, err := p.cfg.Store.Version(ctx)
	if err != nil {
		return nil
	}
	if p.held == nil || p.held.version != version {
		ctx, cancel := context.WithTimeout(ctx, reloadPatience)
		defer cancel()
		if p.held = p.update(ctx); p.held == nil {
			p.held = p.load(ctx, version)
		}
	}
	if p.held == nil || p.held.tooMany {
		return nil
	}
	return p.held
}

// update applies what changed since to what is held. It returns nil if that does not
// explain the new version: a website was deleted, or changed twice, or from outside.
func (p *Portfolio) update(ctx context.Context) *shelves {
	h := p.held
	if h == nil || h.tooMany {
		return nil
	}
	list, version, total, err := p.cfg.Store.Changes(ctx, h.last, h.seq, maxChanges)
	if err != nil || len(list) == 0 || version-h.version != int64(len(list)) || total > p.cfg.Max {
		return nil
	}
	next := h.copy(version)
	slices.SortFunc(list, func(a, b domain.Website) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for i := range list {
		if w := &list[i]; w.ID <= h.last && !h.has(w) || next.put(w, p.cfg.Encode) != nil {
			return nil
		}
	}
	if next.count != total {
		return nil
	}
	return next
}

// load reads all websites. They are at least as new as version, which was read
// before.
func (p *Portfolio) load(ctx context.Context, version int64) *shelves {
	all, err := p.cfg.Store.All(ctx, p.cfg.Max)
	if domain.CodeOf(err) == domain.CodeTooLarge {
		return &shelves{version: version, tooMany: true}
	}
	if err != nil {
		return nil
	}
	next := &shelves{version: version, tenants: map[domain.TenantID][]domain.WebsiteRow{}}
	for i := range all {
		if next.put(&all[i], p.cfg.Encode) != nil {
			return nil
		}
	}
	return next
}

// shelves are all websites as they were at a version. They never change once they
// are held.
type shelves struct {
	version int64
	last    domain.WebsiteID // greatest id
	seq     int64            // greatest PointerSeq
	count   int
	tooMany bool
	tenants map[domain.TenantID][]domain.WebsiteRow // ordered by id
	shared  map[domain.TenantID]bool                // whose rows an earlier version has, too
}

func (s *shelves) has(w *domain.Website) bool {
	_, found := find(s.tenants[w.Tenant.OrDefault()], w.ID)
	return found
}

// copy begins a new version. The rows of a tenant are copied only when they change.
func (s *shelves) copy(version int64) *shelves {
	next := *s
	next.version, next.tenants, next.shared = version, maps.Clone(s.tenants), map[domain.TenantID]bool{}
	for tenant := range s.tenants {
		next.shared[tenant] = true
	}
	return &next
}

// put stores a website that is new or changed.
func (s *shelves) put(w *domain.Website, encode func(*domain.Website) (domain.WebsiteRow, error)) error {
	row, err := encode(w)
	if err != nil {
		return err
	}
	tenant := w.Tenant.OrDefault()
	rows := s.tenants[tenant]
	if s.shared[tenant] {
		rows = append(make([]domain.WebsiteRow, 0, len(rows)+len(rows)/8+1), rows...)
		s.shared[tenant] = false
	}
	i, found := find(rows, w.ID)
	if found {
		rows[i] = row
	} else {
		rows = slices.Insert(rows, i, row)
		s.count++
	}
	s.tenants[tenant] = rows
	s.last, s.seq = max(s.last, w.ID), max(s.seq, w.PointerSeq)
	return nil
}
