package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"empire/internal/domain"
)

type feedStore interface {
	Get(ctx context.Context, id domain.FeedID) (*domain.Feed, error)
	GetByName(ctx context.Context, name string) (*domain.Feed, error)
	List(ctx context.Context, w domain.Window) ([]domain.Feed, int, error)
	Insert(ctx context.Context, f *domain.Feed) error
	Update(ctx context.Context, f *domain.Feed) error
	Delete(ctx context.Context, id domain.FeedID) error
}

type productStore interface {
	List(ctx context.Context, f domain.ProductFilter, w domain.Window) ([]domain.Product, int, error)
	Count(ctx context.Context, feed domain.FeedID) (int, error)
	Get(ctx context.Context, feed domain.FeedID, key string) (*domain.Product, error)
}

type programStore interface {
	List(ctx context.Context, w domain.Window) ([]domain.Program, int, error)
	Upsert(ctx context.Context, list []domain.Program) error
}

type keywordStore interface {
	Upsert(ctx context.Context, list []domain.Keyword) error
}

// FeedReader reads a feed into the store. A refused feed is not an error: the
// report says why.
type FeedReader func(ctx context.Context, f *domain.Feed, r io.Reader, size int64, progress func(bytesRead, size int64, rows int)) (domain.ImportReport, error)

// catalogueGraph is told, in the transaction of a change, what the catalogue holds.
type catalogueGraph interface {
	FeedChanged(ctx context.Context, feed domain.FeedID) error
	Programs(ctx context.Context, list []domain.Program) error
	Keywords(ctx context.Context, list []domain.Keyword) error
}

// CatalogueConfig is what Catalogue needs.
type CatalogueConfig struct {
	Tx       transactor
	Feeds    feedStore
	Products productStore
	Programs programStore
	Keywords keywordStore
	Read     FeedReader
	Graph    catalogueGraph // may be nil
	// Reindex has the search look at a feed again, within the transaction of the change;
	// nil: nothing searches.
	Reindex func(ctx context.Context, id domain.FeedID) error
	// Changes are what imports changed of one product; nil: nothing is kept.
	Changes func(ctx context.Context, feed domain.FeedID, key string) ([]domain.ProductChange, error)
	// ProgramsChanged is told, in the transaction of the change, which programs were
	// stored; may be nil.
	ProgramsChanged func(ctx context.Context, list []domain.Program) error
	Audit           auditStore
	Now             func() time.Time
}

// Catalogue imports and lists feeds, products, programs and keywords. They belong to
// the installation: all tenants share them.
type Catalogue struct {
	cfg     CatalogueConfig
	journal journal
}

// NewCatalogue returns the service.
func NewCatalogue(cfg CatalogueConfig) *Catalogue {
	return &Catalogue{cfg, journal{cfg.Audit, cfg.Now}}
}

// ImportFeed reads a feed under a name; the same name again updates it.
func (s *Catalogue) ImportFeed(ctx context.Context, name, source string, r io.Reader, size int64, progress func(bytesRead, size int64, rows int)) (domain.ImportReport, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return domain.ImportReport{}, err
	}
	if name == "" {
		name = filepath.Base(source)
	}
	now := s.journal.stamp()
	feed, err := s.cfg.Feeds.GetByName(ctx, name)
	var before any
	if err == nil {
		held := *feed
		before = &held
	}
	if domain.CodeOf(err) == domain.CodeNotFound {
		feed = &domain.Feed{ID: domain.FeedID(domain.NewID("feed")), Name: name, Source: source, CreatedAt: now, UpdatedAt: now}
		err = s.cfg.Feeds.Insert(ctx, feed)
	}
	if err != nil {
		return domain.ImportReport{}, err
	}
	report, err := s.cfg.Read(ctx, feed, r, size, progress)
	if err != nil {
		return report, err
	}
	report.Feed, report.FeedID = name, feed.ID
	feed.LastState, feed.UpdatedAt, feed.Source = report.Status, s.journal.stamp(), source
	if report.Status == domain.ImportComplete { // every row that is held was seen
		feed.ReadAt = &now
	}
	if feed.Rows, err = s.cfg.Products.Count(ctx, feed.ID); err != nil {
		return report, err
	}
	return report, s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Feeds.Update(ctx, feed); err != nil {
			return err
		}
		if s.cfg.Graph != nil && report.Status != domain.ImportRefused {
			if err := s.cfg.Graph.FeedChanged(ctx, feed.ID); err != nil {
				return err
			}
		}
		if err := s.reindex(ctx, feed.ID); err != nil {
			return err
		}
		return s.journal.changed(ctx, "feed.imported", string(feed.ID), report.Status, before, feed)
	})
}

func (s *Catalogue) reindex(ctx context.Context, id domain.FeedID) error {
	if s.cfg.Reindex == nil {
		return nil
	}
	return s.cfg.Reindex(ctx, id)
}

// DeleteFeed withdraws a feed with its products; the search forgets them and what
// websites cite of it. Pages that rest on it stay until their website is built again.
func (s *Catalogue) DeleteFeed(ctx context.Context, id domain.FeedID) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		feed, err := s.cfg.Feeds.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := s.cfg.Feeds.Delete(ctx, id); err != nil {
			return err
		}
		if err := s.reindex(ctx, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, "feed.deleted", string(id), feed.Name, feed, nil)
	})
}

// imported is what the log keeps of a list that was read in: its hash stands for a
// state that is too long to keep.
type imported struct {
	Count  int    `json:"count"`
	SHA256 string `json:"sha256"` // of the items as JSON, one a line
}

func importOf[T any](list []T) (imported, error) {
	h := sha256.New()
	lines := json.NewEncoder(h)
	for i := range list {
		if err := lines.Encode(&list[i]); err != nil {
			return imported{}, fmt.Errorf("hash item %d: %w", i+1, err)
		}
	}
	return imported{len(list), hex.EncodeToString(h.Sum(nil))}, nil
}

// importList stores a list and notes it, in one transaction.
func importList[T any](ctx context.Context, s *Catalogue, kind string, list []T, upsert func(context.Context, []T) error) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	after, err := importOf(list)
	if err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := upsert(ctx, list); err != nil {
			return err
		}
		return s.journal.changed(ctx, kind+".imported", "", fmt.Sprintf("%d %s", len(list), kind), nil, after)
	})
}

// ImportPrograms stores affiliate programs by network and advertiser. One without an
// identifier gets one, and one without a time is of now.
func (s *Catalogue) ImportPrograms(ctx context.Context, list []domain.Program) error {
	list = slices.Clone(list)
	now := s.journal.stamp()
	for i := range list {
		p := &list[i]
		if p.ID == "" {
			p.ID = domain.ProgramID(domain.NewID("prog"))
		}
		if p.CreatedAt.IsZero() {
			p.CreatedAt = now
		}
		if p.UpdatedAt.IsZero() {
			p.UpdatedAt = now
		}
	}
	return importList(ctx, s, "programs", list, func(ctx context.Context, list []domain.Program) error {
		if err := s.cfg.Programs.Upsert(ctx, list); err != nil {
			return err
		}
		if s.cfg.ProgramsChanged != nil {
			if err := s.cfg.ProgramsChanged(ctx, list); err != nil {
				return err
			}
		}
		if s.cfg.Graph == nil {
			return nil
		}
		return s.cfg.Graph.Programs(ctx, list)
	})
}

// ImportKeywords stores search phrases with their demand.
func (s *Catalogue) ImportKeywords(ctx context.Context, list []domain.Keyword) error {
	return importList(ctx, s, "keywords", list, func(ctx context.Context, list []domain.Keyword) error {
		if err := s.cfg.Keywords.Upsert(ctx, list); err != nil || s.cfg.Graph == nil {
			return err
		}
		return s.cfg.Graph.Keywords(ctx, list)
	})
}

// Feeds lists all feeds.
func (s *Catalogue) Feeds(ctx context.Context) ([]domain.Feed, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	list, _, err := s.cfg.Feeds.List(ctx, domain.Window{Limit: 1000})
	return list, err
}

// Products returns a window of the products of a feed, or of all feeds, that hold
// the query.
func (s *Catalogue) Products(ctx context.Context, feed domain.FeedID, query string, w domain.Window) ([]domain.Product, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Products.List(ctx, domain.ProductFilter{FeedID: feed, Query: query}, w)
}

// History tells how price and stock of a product changed, as imports saw it. What no
// feed ever held is CodeNotFound.
func (s *Catalogue) History(ctx context.Context, feed domain.FeedID, key string) (*domain.PriceHistory, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	now, missing := s.cfg.Products.Get(ctx, feed, key)
	if missing != nil && domain.CodeOf(missing) != domain.CodeNotFound {
		return nil, missing
	}
	var changes []domain.ProductChange
	if s.cfg.Changes != nil {
		var err error
		if changes, err = s.cfg.Changes(ctx, feed, key); err != nil {
			return nil, err
		}
	}
	h := domain.HistoryOf(feed, key, changes, now)
	if len(h.Points) == 0 {
		return nil, missing
	}
	return &h, nil
}

// Programs lists all affiliate programs.
func (s *Catalogue) Programs(ctx context.Context) ([]domain.Program, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	list, _, err := s.cfg.Programs.List(ctx, domain.Window{Limit: 1000})
	return list, err
}
