package service

import (
	"context"

	"empire/internal/domain"
)

// Programs tells the graph about affiliate programs, in the transaction of ctx.
func (s *Graph) Programs(ctx context.Context, list []domain.Program) error {
	return say(ctx, s, domain.GraphPrograms, list, func(p *domain.Program) (source, part string, rows []domain.GraphContribution) {
		return p.Source, p.Network + "\x1f" + p.AdvertiserID, s.cfg.Say.Program(p)
	})
}

// Keywords tells the graph about search phrases, in the transaction of ctx.
func (s *Graph) Keywords(ctx context.Context, list []domain.Keyword) error {
	return say(ctx, s, domain.GraphKeywords, list, func(k *domain.Keyword) (source, part string, rows []domain.GraphContribution) {
		rows = s.cfg.Say.Keyword(k)
		return k.Source, rows[0].Node.ID, rows
	})
}

// say writes what a list says, a part for each thing; of two with the same part the last
// counts.
func say[T any](ctx context.Context, s *Graph, kind domain.GraphSourceKind, list []T, of func(*T) (source, part string, rows []domain.GraphContribution)) error {
	type document struct {
		parts []domain.GraphPart
		at    map[string]int
	}
	var order []string
	sources := map[string]*document{}
	for i := range list {
		source, part, rows := of(&list[i])
		hash, err := stateHash(rows)
		if err != nil {
			return err
		}
		d := sources[source]
		if d == nil {
			d = &document{at: map[string]int{}}
			sources[source], order = d, append(order, source)
		}
		p := domain.GraphPart{Part: part, Hash: hash, Rows: rows}
		if at, twice := d.at[part]; twice {
			d.parts[at] = p
			continue
		}
		d.at[part] = len(d.parts)
		d.parts = append(d.parts, p)
	}
	now := s.journal.stamp()
	for _, name := range order {
		src := &domain.GraphSource{ID: domain.GraphSourceID(kind, name), Tenant: domain.GraphShared, Kind: kind, Name: name, At: now, UpdatedAt: now}
		if _, _, err := s.cfg.Store.Put(ctx, src, sources[name].parts); err != nil {
			return err
		}
	}
	return nil
}

// Published tells the graph about a website as it is published now, and what its pages
// rest on, in the transaction of ctx. What was stale of it is fresh again.
func (s *Graph) Published(ctx context.Context, site *domain.Website, d *domain.Draft) error {
	evidence := make(map[domain.EvidenceID]*domain.Evidence, len(d.Evidence))
	for i := range d.Evidence {
		evidence[d.Evidence[i].ID] = &d.Evidence[i]
	}
	if err := s.saySite(ctx, site, d, evidence); err != nil {
		return err
	}
	grounds := map[domain.GraphRest]int{}
	for i := range d.Pages {
		p := &d.Pages[i]
		seen := map[domain.EvidenceID]bool{}
		for _, id := range evidenceOf(p) {
			ground(evidence, id, seen, func(source string) {
				grounds[domain.GraphRest{Tenant: site.Tenant.OrDefault(), WebsiteID: site.ID, PageID: p.ID, Source: source}]++
			})
		}
	}
	return s.cfg.Store.SetRests(ctx, site, grounds)
}

// ground calls fn with the source of a piece of evidence and of those that it was
// computed from, each piece once.
func ground(evidence map[domain.EvidenceID]*domain.Evidence, id domain.EvidenceID, seen map[domain.EvidenceID]bool, fn func(source string)) {
	e := evidence[id]
	if e == nil || seen[id] {
		return
	}
	seen[id] = true
	switch {
	case e.Kind == domain.EvidenceSnapshot && e.SHA256 != "":
		fn(domain.GraphSourceID(domain.GraphSnapshot, e.SHA256))
	case e.FeedID != "":
		fn(domain.GraphSourceID(domain.GraphFeed, string(e.FeedID)))
	}
	for _, in := range e.Inputs {
		ground(evidence, in, seen, fn)
	}
}

// saySite tells the graph what a website and its pages say.
func (s *Graph) saySite(ctx context.Context, site *domain.Website, d *domain.Draft, evidence map[domain.EvidenceID]*domain.Evidence) error {
	slugs := map[string]domain.PageID{}
	for i := range d.Pages {
		slugs[d.Pages[i].Slug] = d.Pages[i].ID
	}
	programs := map[domain.ProgramID]*domain.Program{}
	for i := range d.Programs {
		programs[d.Programs[i].ID] = &d.Programs[i]
	}
	parts := []domain.GraphPart{{Rows: s.cfg.Say.Site(site)}}
	for i := range d.Pages {
		parts = append(parts, domain.GraphPart{Part: string(d.Pages[i].ID), Rows: s.cfg.Say.Page(site, &d.Pages[i], evidence, slugs, programs)})
	}
	now := s.journal.stamp()
	src := &domain.GraphSource{
		ID: domain.GraphSourceID(domain.GraphSite, string(site.ID)), Tenant: site.Tenant.OrDefault(), Kind: domain.GraphSite, Name: site.Domain, At: now, UpdatedAt: now,
	}
	left, err := s.cfg.Store.Parts(ctx, src.Tenant, src.ID)
	if err != nil {
		return err
	}
	for i := range parts {
		if parts[i].Hash, err = stateHash(parts[i].Rows); err != nil {
			return err
		}
		delete(left, parts[i].Part)
	}
	if _, _, err := s.cfg.Store.Put(ctx, src, parts); err != nil {
		return err
	}
	gone := make([]string, 0, len(left))
	for part := range left {
		gone = append(gone, part)
	}
	return s.cfg.Store.Remove(ctx, src.Tenant, src.ID, gone)
}

// Gone takes back what a website says that is deleted, in the transaction of ctx.
func (s *Graph) Gone(ctx context.Context, site *domain.Website) error {
	err := s.cfg.Store.Withdraw(ctx, site.Tenant.OrDefault(), domain.GraphSourceID(domain.GraphSite, string(site.ID)), s.journal.stamp())
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil // it was never published
	}
	return err
}
