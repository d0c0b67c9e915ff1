package service

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"empire/internal/domain"
)

type linkStore interface {
	Put(ctx context.Context, links []domain.Link, changes []domain.LinkChange) error
	Get(ctx context.Context, id domain.LinkID) (*domain.Link, error)
	Hold(ctx context.Context, id domain.LinkID) (*domain.Link, error)
	GetBySlug(ctx context.Context, tenant domain.TenantID, website domain.WebsiteID, slug string) (*domain.Link, error)
	ByIDs(ctx context.Context, ids []domain.LinkID) ([]domain.Link, error)
	OfPrograms(ctx context.Context, ids []domain.ProgramID) ([]domain.Link, error)
	List(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]domain.Link, int, error)
	History(ctx context.Context, id domain.LinkID) ([]domain.LinkChange, error)
}

type programGetter interface {
	Get(ctx context.Context, id domain.ProgramID) (*domain.Program, error)
	List(ctx context.Context, w domain.Window) ([]domain.Program, int, error)
}

type releaseLinkStore interface {
	Put(ctx context.Context, id domain.ReleaseID, links *domain.ReleaseLinks) error
	Of(ctx context.Context, ids []domain.ReleaseID) (map[domain.ReleaseID]domain.ReleaseLinks, error)
	Pending(ctx context.Context, limit int) ([]domain.ReleaseID, error)
}

// LinksConfig is what Links needs.
type LinksConfig struct {
	Tx       transactor
	Store    linkStore
	Programs programGetter
	Websites *Websites
	// Kept holds what Read found; nil: it reads each time.
	Kept releaseLinkStore
	// Read returns the addresses outside of the website that the pages of a release
	// link to, with the pages.
	Read    func(ctx context.Context, r *domain.Release) ([]domain.PageLink, error)
	Changed func(ctx context.Context) // tells edges; may be nil
	Audit   auditStore
	Now     func() time.Time
}

// Links is the registry of affiliate links.
type Links struct {
	cfg     LinksConfig
	journal journal
}

// NewLinks returns the service.
func NewLinks(cfg LinksConfig) *Links { return &Links{cfg, journal{cfg.Audit, cfg.Now}} }

// List returns a window of the links of the tenant, the last changed first.
func (s *Links) List(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]domain.Link, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	if f.WebsiteID != "" {
		if _, err := s.cfg.Websites.Get(ctx, f.WebsiteID); err != nil {
			return nil, 0, err
		}
	}
	f.Tenant = scope(ctx)
	return s.cfg.Store.List(ctx, f, w)
}

// Get returns one link.
func (s *Links) Get(ctx context.Context, id domain.LinkID) (*domain.Link, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	l, err := s.cfg.Store.Get(ctx, id)
	return visible(ctx, l, err, "Link", string(id))
}

// History returns what changed of a link, the last first: at most
// domain.MaxLinkHistory entries.
func (s *Links) History(ctx context.Context, id domain.LinkID) ([]domain.LinkChange, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Store.History(ctx, id)
}

// Create stores a link. What is there already is CodeConflict.
func (s *Links) Create(ctx context.Context, p domain.LinkParams) (*domain.Link, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	l, err := s.make(ctx, p)
	if err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.ByIDs(ctx, []domain.LinkID{l.ID})
		if err != nil {
			return err
		}
		if len(held) > 0 {
			return domain.Errorf(domain.CodeConflict, "Link %s leads there already; change that one.", l.ID)
		}
		return s.put(ctx, principal.UserID, nil, l, "link.created")
	})
	if err != nil {
		return nil, err
	}
	s.changed(ctx)
	return l, nil
}

// put stores a link with its history and an audit entry, in the transaction of ctx.
func (s *Links) put(ctx context.Context, actor domain.UserID, before, l *domain.Link, action string) error {
	list := []domain.Link{*l}
	if err := s.cfg.Store.Put(ctx, list, domain.LinkChanges(before, l, actor, l.UpdatedAt)); err != nil {
		return err
	}
	l.Seq = list[0].Seq
	if before == nil {
		return s.journal.changed(ctx, action, string(l.ID), l.Merchant, nil, l)
	}
	return s.journal.changed(ctx, action, string(l.ID), l.Merchant, before, l)
}

func (s *Links) changed(ctx context.Context) {
	if s.cfg.Changed != nil {
		s.cfg.Changed(ctx)
	}
}

// make makes a link of what is wanted.
func (s *Links) make(ctx context.Context, p domain.LinkParams) (*domain.Link, error) {
	if p.WebsiteID != "" {
		if _, err := s.cfg.Websites.Get(ctx, p.WebsiteID); err != nil {
			return nil, err
		}
	}
	now := s.journal.stamp()
	l := &domain.Link{
		Tenant: scope(ctx).OrDefault(), WebsiteID: p.WebsiteID, Slug: p.Slug, ProgramID: p.ProgramID, Network: p.Network, AdvertiserID: p.AdvertiserID,
		Merchant: p.Merchant, Form: p.Form, Destination: p.Destination, PublisherID: p.PublisherID, Way: p.Way, State: p.State, Note: p.Note, Own: true,
		RowKey: p.RowKey, CreatedAt: now, UpdatedAt: now,
	}
	l.State = cmp.Or(l.State, domain.LinkActive)
	if err := s.ofProgram(ctx, l, false); err != nil {
		return nil, err
	}
	l.Form = cmp.Or(l.Form, formOf(l))
	l.ID = "link_0" // a slug is made from the last identifier
	slug := l.Slug
	if err := l.Check(); err != nil {
		return nil, err
	}
	key := l.RowKey
	if key == "" {
		key = "to " + l.Destination
	}
	l.ID = domain.LinkIDOf(l.Tenant, l.WebsiteID, l.Network, l.AdvertiserID, key)
	l.Slug = slug
	return l, l.Check()
}

// formOf guesses how an address is to be tracked.
func formOf(l *domain.Link) domain.LinkForm {
	u, err := url.Parse(strings.TrimSpace(l.Destination))
	switch {
	case err != nil || l.Network == domain.NetworkDigistore:
		return domain.FormDigistore
	case domain.NetworkHost(u.Hostname()) == domain.NetworkAwin:
		return domain.FormClick
	case domain.NetworkHost(u.Hostname()) == domain.NetworkDigistore:
		return domain.FormDigistore
	case l.AdvertiserID != "" && (l.Network == domain.NetworkAwin || l.Network == ""):
		return domain.FormDeep
	}
	return domain.FormPlain
}

// ofProgram takes over what the program of a link says, and refuses a link that it
// would not pay for. With lax the program may be one that only a feed knows.
func (s *Links) ofProgram(ctx context.Context, l *domain.Link, lax bool) error {
	if l.ProgramID == "" {
		return nil
	}
	p, err := s.cfg.Programs.Get(ctx, l.ProgramID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		if lax {
			return nil
		}
		return domain.Invalid("program_id", "Program %s does not exist.", l.ProgramID)
	}
	if err != nil {
		return err
	}
	l.Network, l.AdvertiserID, l.Merchant = cmp.Or(l.Network, p.Network), cmp.Or(l.AdvertiserID, p.AdvertiserID), cmp.Or(l.Merchant, p.Name)
	l.Form = cmp.Or(l.Form, formOf(l))
	switch {
	case l.State != domain.LinkActive:
		return nil
	case !p.Joined:
		return domain.Invalid("program_id", "Program %s is not joined: nothing may be linked.", p.Name)
	case !p.Open:
		return domain.Invalid("program_id", "Program %s is closed.", p.Name)
	}
	if l.Form == domain.FormDeep {
		if u, err := url.Parse(strings.TrimSpace(l.Destination)); err == nil && len(p.Domains) > 0 && !domain.AllowedHost(u.Hostname(), p.Domains) {
			return domain.Invalid("destination", "Host %s is not one of those that program %s pays for.", u.Hostname(), p.Name)
		}
	}
	return nil
}

// Update changes a link. Pages that hold /go/… lead to the new place at once, others
// from their next build on.
func (s *Links) Update(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*domain.Link, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	var l *domain.Link
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.Hold(ctx, id)
		if l, err = visible(ctx, held, err, "Link", string(id)); err != nil {
			return err
		}
		before := *l
		patchLink(l, p)
		if err := s.checked(ctx, &before, l); err != nil {
			return err
		}
		if before == *l {
			return nil
		}
		l.UpdatedAt = s.journal.stamp()
		return s.put(ctx, principal.UserID, &before, l, "link.updated")
	})
	if err != nil {
		return nil, err
	}
	s.changed(ctx)
	return l, nil
}

func patchLink(l *domain.Link, p domain.LinkPatch) {
	set(&l.ProgramID, p.ProgramID)
	set(&l.Network, p.Network)
	set(&l.AdvertiserID, p.AdvertiserID)
	set(&l.Merchant, p.Merchant)
	set(&l.Form, p.Form)
	set(&l.Destination, p.Destination)
	set(&l.PublisherID, p.PublisherID)
	set(&l.Way, p.Way)
	set(&l.Note, p.Note)
	if p.State != nil {
		l.State, l.WithProgram, l.Instead, l.InsteadName = *p.State, false, "", ""
	}
}

// checked checks a changed link; where a person changed where it leads, imports leave
// it alone from now on.
func (s *Links) checked(ctx context.Context, before, l *domain.Link) error {
	leads := l.Destination != before.Destination || l.Form != before.Form || l.AdvertiserID != before.AdvertiserID || l.ProgramID != before.ProgramID
	if leads || l.State != before.State {
		if err := s.ofProgram(ctx, l, l.ProgramID == before.ProgramID); err != nil {
			return err
		}
	}
	if err := l.Check(); err != nil {
		return err
	}
	if leads {
		l.Own = true
	}
	return nil
}

// MaxLinkImport is how many links one import takes.
const MaxLinkImport = 1000

// Import creates links, or changes those that have the slug or lead to the same place.
// Their state stays unless the entry says one. What cannot be used is left out and named,
// with the number of the entry as line.
func (s *Links) Import(ctx context.Context, list []domain.LinkParams) (domain.LinkImport, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return domain.LinkImport{}, err
	}
	if len(list) > MaxLinkImport {
		return domain.LinkImport{}, domain.Errorf(domain.CodeTooLarge, "An import takes at most %d links.", MaxLinkImport)
	}
	out := domain.LinkImport{Read: len(list), Problems: []domain.RowProblem{}}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		out.Created, out.Updated, out.Same, out.Problems = 0, 0, 0, []domain.RowProblem{}
		for i := range list {
			err := s.importOne(ctx, principal.UserID, list[i], &out)
			switch domain.CodeOf(err) {
			case "":
			case domain.CodeInvalid, domain.CodeNotFound:
				out.Problems = append(out.Problems, domain.RowProblem{Line: i + 1, Reason: "unusable", Detail: domain.MessageOf(err)})
			default:
				return fmt.Errorf("import link %d: %w", i+1, err)
			}
		}
		return nil
	})
	if err != nil {
		return domain.LinkImport{}, err
	}
	s.changed(ctx)
	return out, nil
}

func (s *Links) importOne(ctx context.Context, actor domain.UserID, p domain.LinkParams, out *domain.LinkImport) error {
	l, err := s.make(ctx, p)
	if err != nil {
		return err
	}
	before, err := s.cfg.Store.Get(ctx, l.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		before, err = s.cfg.Store.GetBySlug(ctx, l.Tenant, l.WebsiteID, l.Slug)
	}
	if domain.CodeOf(err) == domain.CodeNotFound {
		out.Created++
		return s.put(ctx, actor, nil, l, "link.created")
	}
	if err != nil {
		return err
	}
	l.ID, l.Slug, l.CreatedAt, l.Seq, l.FeedID, l.RowKey = before.ID, before.Slug, before.CreatedAt, before.Seq, before.FeedID, before.RowKey
	l.UpdatedAt = before.UpdatedAt
	if p.State == "" {
		l.State, l.WithProgram, l.Instead, l.InsteadName = before.State, before.WithProgram, before.Instead, before.InsteadName
	}
	if *l == *before {
		out.Same++
		return nil
	}
	l.UpdatedAt = s.journal.stamp()
	out.Updated++
	return s.put(ctx, actor, before, l, "link.updated")
}
