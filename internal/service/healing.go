package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"empire/internal/domain"
)

// JobLinks looks where some links lead.
const JobLinks = "links.look"

type healingStore interface {
	Enroll(ctx context.Context, now time.Time, limit int) (int, error)
	Claim(ctx context.Context, now, until time.Time, limit int) ([]domain.LinkID, error)
	Get(ctx context.Context, id domain.LinkID) (*domain.LinkHealth, error)
	Put(ctx context.Context, h *domain.LinkHealth) error
	List(ctx context.Context, f domain.HealthFilter, w domain.Window) ([]domain.LinkHealth, int, error)
	Counts(ctx context.Context, tenant domain.TenantID) ([]domain.HealthCount, error)
	PutSwap(ctx context.Context, w *domain.LinkSwap) error
	Swap(ctx context.Context, id domain.SwapID) (*domain.LinkSwap, error)
	HoldSwap(ctx context.Context, id domain.SwapID) (*domain.LinkSwap, error)
	Swaps(ctx context.Context, tenant domain.TenantID, link domain.LinkID, state domain.SwapState, w domain.Window) ([]domain.LinkSwap, int, error)
}

type rowGetter interface {
	Get(ctx context.Context, feed domain.FeedID, key string) (*domain.Product, error)
}

// HealingConfig is what LinkHealing needs.
type HealingConfig struct {
	Tx    transactor
	Links *Links
	Store healingStore
	Rows  rowGetter
	// Page returns the merchant's page of a link without its network; empty, with the
	// reason, if there is none that may be asked.
	Page func(l *domain.Link, row *domain.Product, program *domain.Program) (page, why string)
	// Probe asks for a page, through redirects to hosts that within reports alone.
	Probe func(ctx context.Context, address string, within func(host string) bool) (*domain.PageProbe, error)
	Judge func(probe *domain.PageProbe, err error) domain.LinkLook
	// Replace finds another offer in the market of a website; nil, with the reason, if
	// there is none. Of the swap it sets what describes both products.
	Replace func(ctx context.Context, id domain.WebsiteID, dead *domain.Link) (*domain.LinkSwap, string, error)
	// Start begins the run that asks and applies, in the transaction of ctx.
	Start   func(ctx context.Context, w *domain.LinkSwap, owner domain.UserID) (domain.RunID, error)
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	Looks   domain.LookPolicy
	Batch   int // links that are looked at in a minute
	// Propose reports whether replacements are looked for at all, Automatic whether one
	// of the same product is applied without a person. An empty host stands for a link
	// of all websites.
	Propose   bool
	Automatic func(host string) bool
	Audit     auditStore
	Now       func() time.Time
	Log       *slog.Logger
}

// LinkHealing looks at the pages that links lead to, and finds other offers for dead
// ones. It asks merchants alone, never a network: a request there would be a click that
// nobody made.
type LinkHealing struct {
	cfg     HealingConfig
	journal journal

	mu    sync.Mutex
	fired time.Time
	looks map[domain.LookState]uint64
}

// NewLinkHealing returns the service.
func NewLinkHealing(cfg HealingConfig) *LinkHealing {
	return &LinkHealing{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}, looks: map[domain.LookState]uint64{}}
}

// Looked returns how many looks this process took, by what they said.
func (s *LinkHealing) Looked() map[domain.LookState]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[domain.LookState]uint64, len(s.looks))
	for k, n := range s.looks {
		out[k] = n
	}
	return out
}

// Counts counts the links of the caller's tenant by what is known of them.
func (s *LinkHealing) Counts(ctx context.Context) ([]domain.HealthCount, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	return s.cfg.Store.Counts(ctx, scope(ctx))
}

// List returns what is known of links.
func (s *LinkHealing) List(ctx context.Context, f domain.HealthFilter, w domain.Window) ([]domain.LinkHealth, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx)
	return s.cfg.Store.List(ctx, f, w)
}

// Check looks at a link now. A second look within the pause of the policy is taken, but
// is not counted.
func (s *LinkHealing) Check(ctx context.Context, id domain.LinkID) (*domain.LinkHealth, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	l, err := s.cfg.Links.cfg.Store.Get(ctx, id)
	if _, err := visible(ctx, l, err, "Link", string(id)); err != nil {
		return nil, err
	}
	return s.look(ctx, id)
}

const (
	firePause = time.Minute
	enrolMax  = 500
)

type looksArgs struct {
	Links []domain.LinkID `json:"links"`
}

// Fire has the links looked at that are due, few in each minute. Several processes may
// do so at once. It returns how many links it queued.
func (s *LinkHealing) Fire(ctx context.Context) (int, error) {
	now := s.journal.stamp()
	s.mu.Lock()
	due := now.Sub(s.fired) >= firePause || now.Before(s.fired)
	if due {
		s.fired = now
	}
	s.mu.Unlock()
	if !due || s.cfg.Batch == 0 {
		return 0, nil
	}
	var ids []domain.LinkID
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		if _, err := s.cfg.Store.Enroll(ctx, now, enrolMax); err != nil {
			return err
		}
		if ids, err = s.cfg.Store.Claim(ctx, now, now.Add(s.cfg.Looks.Again), s.cfg.Batch); err != nil || len(ids) == 0 {
			return err
		}
		return s.cfg.Enqueue(ctx, JobLinks, looksArgs{ids}, time.Time{})
	})
	return len(ids), err
}

// Work looks at links one after the other. It is the handler of JobLinks.
func (s *LinkHealing) Work(ctx context.Context, args json.RawMessage) error {
	var a looksArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Invalid("args", "The arguments of the job cannot be read.")
	}
	for _, id := range a.Links {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := s.look(ctx, id); err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			s.cfg.Log.WarnContext(ctx, "link not looked at", "link_id", id, "err", err) // its turn comes again
		}
	}
	return nil
}

// look takes one look, keeps what it said and does what follows.
func (s *LinkHealing) look(ctx context.Context, id domain.LinkID) (*domain.LinkHealth, error) {
	l, err := s.cfg.Links.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	seen, err := s.see(ctx, l)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.looks[seen.State]++
	s.mu.Unlock()
	var h *domain.LinkHealth
	var was bool
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		h, err = s.cfg.Store.Get(ctx, id)
		if domain.CodeOf(err) == domain.CodeNotFound {
			h, err = &domain.LinkHealth{LinkID: id, Tenant: l.Tenant.OrDefault()}, nil
		}
		if err != nil {
			return err
		}
		was = h.Dead
		h.Note(seen, s.cfg.Looks)
		if err := s.cfg.Store.Put(ctx, h); err != nil || was == h.Dead {
			return err
		}
		action := "link.found_dead"
		if was {
			action = "link.found_well"
		}
		return s.journal.changedFor(ctx, h.Tenant, action, string(id), string(h.State)+": "+h.Reason, nil, nil)
	})
	if err != nil {
		return nil, err
	}
	switch {
	case h.Dead && l.Instead == "":
		err = s.propose(ctx, l, h)
	case was && !h.Dead:
		err = s.recovered(ctx, l)
	}
	return h, err
}

// see asks the merchant, unless the program says enough.
func (s *LinkHealing) see(ctx context.Context, l *domain.Link) (domain.LinkLook, error) {
	var program *domain.Program
	if l.ProgramID != "" {
		p, err := s.cfg.Links.cfg.Programs.Get(ctx, l.ProgramID)
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return domain.LinkLook{}, err
		}
		program = p
	}
	if program != nil && (!program.Joined || !program.Open) {
		return domain.LinkLook{At: s.journal.stamp(), State: domain.LookClosed, Reason: "the program has ended or is not joined"}, nil
	}
	var row *domain.Product
	if l.FeedID != "" && l.RowKey != "" {
		r, err := s.cfg.Rows.Get(ctx, l.FeedID, l.RowKey)
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return domain.LinkLook{}, err
		}
		row = r
	}
	page, why := s.cfg.Page(l, row, program)
	if page == "" {
		return domain.LinkLook{At: s.journal.stamp(), State: domain.LookNone, Reason: why}, nil
	}
	u, _ := url.Parse(page)
	if u == nil || !domain.MerchantHost(u.Hostname()) {
		return domain.LinkLook{At: s.journal.stamp(), State: domain.LookNone, Reason: "the page is not one of a merchant"}, nil
	}
	domains := []string{u.Hostname()}
	if program != nil {
		domains = append(domains, program.Domains...)
	}
	probe, err := s.cfg.Probe(ctx, page, func(host string) bool { return domain.MerchantHost(host) && domain.AllowedHost(host, domains) })
	if ctx.Err() != nil {
		return domain.LinkLook{}, ctx.Err()
	}
	seen := s.cfg.Judge(probe, err)
	seen.At, seen.URL = s.journal.stamp(), page
	return seen, nil
}
