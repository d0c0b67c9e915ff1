package service

import (
	"context"
	"fmt"

	"empire/internal/domain"
)

// Held returns those of the links that there are, by identifier. A step calls it, so it
// needs no principal.
func (s *Links) Held(ctx context.Context, ids []domain.LinkID) (map[domain.LinkID]domain.Link, error) {
	list, err := s.cfg.Store.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[domain.LinkID]domain.Link, len(list))
	for _, l := range list {
		out[l.ID] = l
	}
	return out, nil
}

// Register stores the links that pages of a website rest on, in the transaction of the
// step that made them. What a person decided meanwhile stays. It needs no principal.
func (s *Links) Register(ctx context.Context, website domain.WebsiteID, links []domain.Link) error {
	ids := make([]domain.LinkID, len(links))
	for i := range links {
		ids[i] = links[i].ID
	}
	held, err := s.Held(ctx, ids)
	if err != nil {
		return err
	}
	now := s.journal.stamp()
	var store []domain.Link
	var changes []domain.LinkChange
	for _, l := range links {
		l.UpdatedAt = now
		before, there := held[l.ID]
		switch {
		case !there:
			l.CreatedAt = now
			changes = append(changes, domain.LinkChanges(nil, &l, "", now)...)
		case before.Own || sameTarget(&before, &l):
			continue
		default:
			l.State, l.WithProgram, l.Way, l.Note, l.Slug, l.CreatedAt = before.State, before.WithProgram, before.Way, before.Note, before.Slug, before.CreatedAt
			l.PublisherID, l.Instead, l.InsteadName = before.PublisherID, before.Instead, before.InsteadName
			changes = append(changes, domain.LinkChanges(&before, &l, "", now)...)
		}
		store = append(store, l)
	}
	if len(store) == 0 {
		return nil
	}
	if err := s.cfg.Store.Put(ctx, store, changes); err != nil {
		return err
	}
	return s.journal.changedFor(ctx, store[0].Tenant, "links.registered", string(website), fmt.Sprintf("%d links", len(store)), nil, store)
}

func sameTarget(a, b *domain.Link) bool {
	return a.Destination == b.Destination && a.Form == b.Form && a.ProgramID == b.ProgramID && a.Merchant == b.Merchant
}

// ProgramsChanged closes the links of programs that ended or are not joined any more,
// and opens those again that were closed for that. It belongs into the transaction of
// the change and needs no principal.
func (s *Links) ProgramsChanged(ctx context.Context, list []domain.Program) error {
	usable := make(map[domain.ProgramID]bool, len(list))
	ids := make([]domain.ProgramID, len(list))
	for i := range list {
		ids[i], usable[list[i].ID] = list[i].ID, list[i].Joined && list[i].Open
	}
	if len(ids) == 0 {
		return nil
	}
	links, err := s.cfg.Store.OfPrograms(ctx, ids)
	if err != nil {
		return err
	}
	now := s.journal.stamp()
	var store []domain.Link
	var changes []domain.LinkChange
	count := map[domain.TenantID]int{}
	for _, l := range links {
		before := l
		switch {
		case !usable[l.ProgramID] && l.State == domain.LinkActive:
			l.State, l.WithProgram = domain.LinkClosed, true
		case usable[l.ProgramID] && l.State == domain.LinkClosed && l.WithProgram:
			l.State, l.WithProgram = domain.LinkActive, false
		default:
			continue
		}
		l.UpdatedAt = now
		count[l.Tenant.OrDefault()]++
		store, changes = append(store, l), append(changes, domain.LinkChanges(&before, &l, "", now)...)
	}
	if err := s.cfg.Store.Put(ctx, store, changes); err != nil {
		return err
	}
	for tenant, n := range count {
		if err := s.journal.changedFor(ctx, tenant, "links.followed_programs", string(tenant), fmt.Sprintf("%d links", n), nil, nil); err != nil {
			return err
		}
	}
	return nil
}
