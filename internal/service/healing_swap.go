package service

import (
	"context"
	"fmt"
	"slices"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// maxMarkets is how many websites are searched for the product of a link that belongs
// to none.
const maxMarkets = 20

// propose finds another offer for a dead link, unless there was one already that is
// open, or that a person did not want.
func (s *LinkHealing) propose(ctx context.Context, l *domain.Link, h *domain.LinkHealth) error {
	if !s.cfg.Propose {
		return nil
	}
	swap, why, err := s.find(ctx, l, h)
	if err != nil {
		return err
	}
	if swap == nil {
		if h.NoSwap == why {
			return nil
		}
		h.NoSwap = why
		return s.cfg.Store.Put(ctx, h)
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		owner, err := s.ownerOf(ctx, swap.WebsiteID)
		if err != nil {
			return err
		}
		if err := s.cfg.Store.PutSwap(ctx, swap); err != nil {
			return err
		}
		if swap.RunID, err = s.cfg.Start(ctx, swap, owner); err != nil {
			return err
		}
		if err := s.cfg.Store.PutSwap(ctx, swap); err != nil {
			return err
		}
		h.NoSwap = ""
		if err := s.cfg.Store.Put(ctx, h); err != nil {
			return err
		}
		return s.journal.changedFor(ctx, swap.Tenant, "link.swap_proposed", string(l.ID), string(swap.ID), nil, swap)
	})
}

func (s *LinkHealing) ownerOf(ctx context.Context, id domain.WebsiteID) (domain.UserID, error) {
	site, err := s.cfg.Links.cfg.Websites.cfg.Websites.Get(ctx, id)
	if err != nil {
		return "", err
	}
	return site.OwnerID, nil
}

// find returns a replacement that may be proposed, or why there is none.
func (s *LinkHealing) find(ctx context.Context, l *domain.Link, h *domain.LinkHealth) (*domain.LinkSwap, string, error) {
	past, _, err := s.cfg.Store.Swaps(ctx, l.Tenant.OrDefault(), l.ID, "", domain.Window{Limit: 100})
	if err != nil {
		return nil, "", err
	}
	for i := range past {
		w := &past[i]
		switch {
		case w.State == domain.SwapProposed || w.State == domain.SwapApplied:
			return nil, "", nil
		case h.FailingSince == nil || w.EndedAt != nil && w.EndedAt.After(*h.FailingSince):
			return nil, "A person did not want the replacement by " + w.To.Merchant + ".", nil
		}
	}
	sites, err := s.sitesOf(ctx, l)
	if err != nil {
		return nil, "", err
	}
	why := "No live website of the tenant offers the product."
	for i := range sites {
		found, reason, err := s.cfg.Replace(ctx, sites[i].ID, l)
		switch domain.CodeOf(err) {
		case "":
		case domain.CodeConflict, domain.CodeNotFound:
			why = domain.MessageOf(err) // what it was built from is not kept
			continue
		default:
			return nil, "", err
		}
		if found == nil {
			why = reason
			continue
		}
		host := ""
		if l.WebsiteID != "" {
			host = sites[i].Domain
		}
		found.ID, found.Tenant, found.LinkID, found.Merchant, found.Why = domain.SwapID(domain.NewID("swap")), l.Tenant.OrDefault(), l.ID, l.Merchant, h.DeadAs
		found.WebsiteID, found.State, found.LinkBefore, found.CreatedAt = sites[i].ID, domain.SwapProposed, l.State, s.journal.stamp()
		found.Automatic = found.Same && s.cfg.Automatic(host)
		return found, "", nil
	}
	return nil, why, nil
}

// sitesOf returns the live websites whose markets may hold the product of a link.
func (s *LinkHealing) sitesOf(ctx context.Context, l *domain.Link) ([]domain.Website, error) {
	sites := s.cfg.Links.cfg.Websites.cfg.Websites
	if l.WebsiteID != "" {
		site, err := sites.Get(ctx, l.WebsiteID)
		if err != nil || site.LiveRelease == "" {
			return nil, err
		}
		return []domain.Website{*site}, nil
	}
	var out []domain.Website
	for after := domain.WebsiteID(""); ; {
		list, err := sites.After(ctx, l.Tenant.OrDefault(), after, 500)
		if err != nil {
			return nil, err
		}
		for i := range list {
			after = list[i].ID
			if w := &list[i]; w.LiveRelease != "" && holdsFeed(w, l.FeedID) {
				if out = append(out, *w); len(out) == maxMarkets {
					return out, nil
				}
			}
		}
		if len(list) < 500 {
			return out, nil
		}
	}
}

// holdsFeed reports whether a website may offer rows of a feed; one that names no feeds
// takes all.
func holdsFeed(w *domain.Website, id domain.FeedID) bool {
	return id == "" || len(w.FeedIDs) == 0 || slices.Contains(w.FeedIDs, id)
}

// Question returns what a person is asked about a replacement; nil if the policy or a
// person has decided. The step of a run calls it, so it needs no principal.
func (s *LinkHealing) Question(ctx context.Context, id domain.SwapID) (*domain.Question, error) {
	w, err := s.cfg.Store.Swap(ctx, id)
	if err != nil {
		return nil, err
	}
	if w.Automatic || w.State != domain.SwapProposed {
		return nil, nil //nolint:nilnil // there is nothing to ask
	}
	title := fmt.Sprintf("%s at %s is %s: lead to %s instead", w.Product, w.Merchant, whyText(w.Why), w.To.Merchant)
	if !w.Same {
		title = fmt.Sprintf("%s at %s is %s: lead to another product, %s at %s", w.Product, w.Merchant, whyText(w.Why), w.ToProduct, w.To.Merchant)
	}
	return &domain.Question{Kind: domain.ApproveSwap, Title: title, Payload: w}, nil
}

func whyText(s domain.LookState) string {
	switch s {
	case domain.LookSoldOut:
		return "sold out"
	case domain.LookClosed:
		return "not paid for any more"
	}
	return "gone"
}

// Apply leads readers of the dead link to the other, everywhere at once, in the
// transaction of the step that calls it. It needs no principal.
func (s *LinkHealing) Apply(ctx context.Context, id domain.SwapID) error {
	w, err := s.cfg.Store.HoldSwap(ctx, id)
	if err != nil || w.State == domain.SwapApplied {
		return err
	}
	if w.State != domain.SwapProposed {
		return domain.Errorf(domain.CodeConflict, "Swap %s is %s.", id, w.State)
	}
	l, err := s.cfg.Links.cfg.Store.Hold(ctx, w.LinkID)
	if err != nil {
		return err
	}
	if err := s.ensure(ctx, &w.To); err != nil {
		return err
	}
	before, swap := *l, *w
	w.LinkBefore, w.State, w.EndedAt = l.State, domain.SwapApplied, new(s.journal.stamp())
	l.Instead, l.InsteadName, l.UpdatedAt = w.To.ID, "", *w.EndedAt
	if !w.Same {
		l.InsteadName = w.ToProduct
	}
	if l.State == domain.LinkActive {
		l.State = domain.LinkDead
	}
	return s.store(ctx, &before, l, &swap, w, "link.swapped")
}

// store keeps a changed link with its replacement and tells edges.
func (s *LinkHealing) store(ctx context.Context, before, l *domain.Link, old, w *domain.LinkSwap, action string) error {
	actor := domain.UserID("")
	if p := domain.PrincipalFrom(ctx); p != nil {
		actor = p.UserID
	}
	if err := s.cfg.Links.put(ctx, actor, before, l, action); err != nil {
		return err
	}
	if err := s.cfg.Store.PutSwap(ctx, w); err != nil {
		return err
	}
	if err := s.journal.changedFor(ctx, w.Tenant, "swap."+string(w.State), string(w.ID), string(w.LinkID), old, w); err != nil {
		return err
	}
	sqltx.AfterCommit(ctx, func() { s.cfg.Links.changed(context.WithoutCancel(ctx)) })
	return nil
}

// ensure stores the other link if the registry does not hold it, and refuses one that
// nobody is to be led to.
func (s *LinkHealing) ensure(ctx context.Context, to *domain.Link) error {
	held, err := s.cfg.Links.cfg.Store.ByIDs(ctx, []domain.LinkID{to.ID})
	switch {
	case err != nil:
		return err
	case len(held) == 1 && held[0].State != domain.LinkActive:
		return domain.Errorf(domain.CodeConflict, "Link %s is %s by now.", to.ID, held[0].State)
	case len(held) == 1:
		return nil
	}
	l := *to
	l.CreatedAt = s.journal.stamp()
	l.UpdatedAt = l.CreatedAt
	return s.cfg.Links.put(ctx, "", nil, &l, "link.created")
}

// RunEnded ends a replacement whose run ended without applying it: a person rejected it,
// or nobody answered. It belongs into the transaction that ends the run and needs no
// principal.
func (s *LinkHealing) RunEnded(ctx context.Context, id domain.SwapID) error {
	w, err := s.cfg.Store.HoldSwap(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound || err == nil && w.State != domain.SwapProposed {
		return nil
	}
	if err != nil {
		return err
	}
	before := *w
	w.State, w.EndedAt = domain.SwapRejected, new(s.journal.stamp())
	if err := s.cfg.Store.PutSwap(ctx, w); err != nil {
		return err
	}
	return s.journal.changedFor(ctx, w.Tenant, "swap.rejected", string(id), string(w.LinkID), &before, w)
}

// Swaps returns replacements, the last first.
func (s *LinkHealing) Swaps(ctx context.Context, state domain.SwapState, w domain.Window) ([]domain.LinkSwap, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.Swaps(ctx, scope(ctx), "", state, w)
}

// Undo takes a replacement back: the link leads where it led before, everywhere at once.
// The link is not replaced again until it was found well.
func (s *LinkHealing) Undo(ctx context.Context, id domain.SwapID) (w *domain.LinkSwap, err error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.HoldSwap(ctx, id)
		if w, err = visible(ctx, held, err, "Swap", string(id)); err != nil {
			return err
		}
		if w.State != domain.SwapApplied {
			return domain.Errorf(domain.CodeConflict, "Swap %s is %s; only an applied one can be taken back.", id, w.State)
		}
		return s.undo(ctx, w)
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *LinkHealing) undo(ctx context.Context, w *domain.LinkSwap) error {
	l, err := s.cfg.Links.cfg.Store.Hold(ctx, w.LinkID)
	if err != nil {
		return err
	}
	before, old := *l, *w
	w.State, w.EndedAt = domain.SwapUndone, new(s.journal.stamp())
	if l.Instead == w.To.ID { // else a person has decided meanwhile
		l.Instead, l.InsteadName, l.UpdatedAt = "", "", *w.EndedAt
		if l.State == domain.LinkDead {
			l.State = w.LinkBefore
		}
	}
	return s.store(ctx, &before, l, &old, w, "link.swap_undone")
}

// recovered takes back what the policy applied by itself: the merchant has the page
// again. What a person approved is left to people.
func (s *LinkHealing) recovered(ctx context.Context, l *domain.Link) error {
	list, _, err := s.cfg.Store.Swaps(ctx, l.Tenant.OrDefault(), l.ID, domain.SwapApplied, domain.Window{Limit: 1})
	if err != nil || len(list) == 0 || !list[0].Automatic {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		w, err := s.cfg.Store.HoldSwap(ctx, list[0].ID)
		if err != nil || w.State != domain.SwapApplied {
			return err
		}
		return s.undo(ctx, w)
	})
}
