package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/store"
)

// markets reads what the stored feeds hold for a niche.
type markets struct {
	store *store.Store
}

// Build streams the candidates out of the store and groups them to a market.
func (m markets) Build(ctx context.Context, niche, language string, feeds []domain.FeedID, at time.Time, progress func(done, total int, message string)) (*domain.Market, error) {
	market, err := m.build(ctx, niche, language, feeds, at, false, progress)
	if err != nil {
		return nil, err
	}
	return market, nil
}

// build is Build; a thin market may come with a CodeNotEnoughData error.
func (m markets) build(ctx context.Context, niche, language string, feeds []domain.FeedID, at time.Time, thin bool, progress func(done, total int, message string)) (*domain.Market, error) {
	n, err := catalog.ParseNiche(niche, language)
	if err != nil {
		return nil, err
	}
	all := domain.Window{Limit: 1000}
	allFeeds, _, err := m.store.Feeds.List(ctx, all)
	if err != nil {
		return nil, err
	}
	confirmed := confirmedAt(allFeeds)
	terms := n.SearchTerms()
	var products []domain.Product
	err = m.store.Products.Candidates(ctx, feeds, terms, func(p *domain.Product) error {
		// A row that has not changed is not written again, but a complete import saw it.
		if at := confirmed[p.FeedID]; at.After(p.ReadAt) {
			p.ReadAt = at
		}
		products = append(products, *p)
		if len(products)%1000 == 0 {
			progress(len(products), 0, "reading products")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	programs, _, err := m.store.Programs.List(ctx, all)
	if err != nil {
		return nil, err
	}
	var keywords []domain.Keyword
	for _, t := range terms {
		found, err := m.store.Keywords.Match(ctx, language, []string{t})
		if err != nil {
			return nil, err
		}
		keywords = append(keywords, found...)
	}
	categories, err := m.store.Products.Categories(ctx, feeds)
	if err != nil {
		return nil, err
	}
	market, err := catalog.BuildMarket(catalog.MarketParams{
		Niche: n, Products: products, Feeds: allFeeds, Programs: programs, Keywords: distinct(keywords), At: at, Categories: categories, Thin: thin,
	})
	if err != nil && !thin {
		return nil, err
	}
	if told := m.tellHistories(ctx, &market, at); told != nil {
		return nil, told
	}
	return &market, err
}

func distinct(list []domain.Keyword) []domain.Keyword {
	seen := map[string]bool{}
	var out []domain.Keyword
	for _, k := range list {
		if !seen[k.Phrase] {
			seen[k.Phrase] = true
			out = append(out, k)
		}
	}
	return out
}

// productSink gives an importer the product store with its transactions.
type productSink struct {
	*store.Products
	db *store.Store
}

// InTx runs fn in one transaction.
func (s productSink) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, fn)
}

// readFeed fits the importer to the catalogue service.
func (a *App) readFeed(ctx context.Context, f *domain.Feed, r io.Reader, size int64, progress func(bytesRead, size int64, rows int)) (domain.ImportReport, error) {
	im := &catalog.Importer{Now: a.now}
	sink := recordingSink{productSink{a.store.Products, a.store}, a.now().UTC().Truncate(time.Microsecond), f.ID}
	return im.Import(ctx, sink, f, r, catalog.ImportParams{Name: f.Name, Size: size, Progress: progress})
}
