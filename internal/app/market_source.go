package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"empire/internal/catalog"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/intelligence/demand"
	"empire/internal/intelligence/forecast"
	"empire/internal/pipeline/shipped"
)

// networkPrograms asks affiliate networks for their programs as they are now. Without
// one, those that were imported count.
type networkPrograms interface {
	Programs(ctx context.Context) ([]domain.Program, error)
}

// marketSource reads markets, niches, trends and programs out of the store.
type marketSource struct {
	markets
	cfg     config.Market
	network networkPrograms // nil: none is connected
}

// CheckNiche implements shipped.MarketSource.
func (s marketSource) CheckNiche(niche, language string) error {
	_, err := catalog.ParseNiche(niche, language)
	return err
}

// Survey implements shipped.MarketSource.
func (s marketSource) Survey(ctx context.Context, niche, language string, feeds []domain.FeedID, at time.Time, progress func(done, total int, message string)) (*domain.Market, string, error) {
	m, err := s.build(ctx, niche, language, feeds, at, true, progress)
	if domain.CodeOf(err) == domain.CodeNotEnoughData && m != nil {
		return m, domain.MessageOf(err), nil
	}
	return m, "", err
}

// maxNicheRows bounds the rows that niches are made from.
const maxNicheRows = 400_000

// Niches implements shipped.MarketSource.
func (s marketSource) Niches(ctx context.Context, language string, feeds []domain.FeedID, at time.Time, progress func(done, total int, message string)) ([]shipped.NicheMarket, error) {
	all := domain.Window{Limit: 100_000}
	allFeeds, _, err := s.store.Feeds.List(ctx, all)
	if err != nil {
		return nil, err
	}
	confirmed := confirmedAt(allFeeds)
	var products []domain.Product
	tooMany := errors.New("too many rows")
	err = s.store.Products.Each(ctx, feeds, func(p *domain.Product) error {
		if len(products) == maxNicheRows {
			return tooMany
		}
		if at := confirmed[p.FeedID]; at.After(p.ReadAt) {
			p.ReadAt = at
		}
		products = append(products, *p)
		if len(products)%5000 == 0 {
			progress(len(products), 0, "reading products")
		}
		return nil
	})
	if errors.Is(err, tooMany) {
		return nil, domain.Invalid("feeds", "The feeds hold more than %d rows; name the feeds whose niches are to be ranked.", maxNicheRows)
	}
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	programs, _, err := s.store.Programs.List(ctx, all)
	if err != nil {
		return nil, err
	}
	keywords, _, err := s.store.Keywords.List(ctx, all)
	if err != nil {
		return nil, err
	}
	progress(len(products), len(products), "grouping products")
	found := catalog.CategoryMarkets(catalog.CategoryParams{
		Products: products, Feeds: allFeeds, Programs: programs, Keywords: keywords, Language: language, At: at, Least: catalog.MinFamilies,
	})
	out := make([]shipped.NicheMarket, len(found))
	for i := range found {
		out[i] = shipped.NicheMarket{Path: found[i].Path, Market: found[i].Market}
	}
	return out, nil
}

// confirmedAt is when a complete import last saw all rows of each feed.
func confirmedAt(feeds []domain.Feed) map[domain.FeedID]time.Time {
	out := map[domain.FeedID]time.Time{}
	for _, f := range feeds {
		if f.ReadAt != nil {
			out[f.ID] = f.ReadAt.UTC()
		}
	}
	return out
}

// Programs implements shipped.MarketSource: those of the network, or if it cannot be
// asked those that are stored, with their age.
func (s marketSource) Programs(ctx context.Context, at time.Time) ([]domain.Program, domain.Freshness, bool, error) {
	stored, _, err := s.store.Programs.List(ctx, domain.Window{Limit: 100_000})
	if err != nil {
		return nil, domain.Freshness{}, false, err
	}
	var last time.Time
	for i := range stored {
		if stored[i].UpdatedAt.After(last) {
			last = stored[i].UpdatedAt
		}
	}
	fresh := freshness("stored", last, at, s.cfg.ProgramMaxAge)
	if s.network == nil {
		return stored, fresh, false, nil
	}
	live, err := s.network.Programs(ctx)
	if err == nil {
		return live, freshness("network", at, at, s.cfg.ProgramMaxAge), false, nil
	}
	if ctx.Err() != nil {
		return nil, fresh, false, ctx.Err()
	}
	fresh.Stale = true
	fresh.Reason = "The network could not be asked, so these are the programs that are stored: " + domain.MessageOf(err)
	return stored, fresh, true, nil
}

// FeedFreshness implements shipped.MarketSource.
func (s marketSource) FeedFreshness(m *domain.Market, at time.Time) domain.Freshness {
	var oldest time.Time
	for i := range m.Feeds {
		if r := m.Feeds[i].ReadAt; r != nil && (oldest.IsZero() || r.Before(oldest)) {
			oldest = *r
		}
	}
	return freshness("feeds", oldest, at, s.cfg.FeedMaxAge)
}

func freshness(source string, read, at time.Time, limit time.Duration) domain.Freshness {
	f := domain.Freshness{Source: source, MaxAgeSeconds: limit.Seconds()}
	if read.IsZero() {
		f.Stale, f.Reason = true, "Nothing was read yet."
		return f
	}
	read = read.UTC()
	age := math.Max(0, at.Sub(read).Seconds())
	f.At, f.AgeSeconds, f.Stale = &read, &age, age > limit.Seconds()
	if f.Stale {
		f.Reason = fmt.Sprintf("The data are older than %s.", limit)
	}
	return f
}

// maxTrendSeries bounds the series of an answer.
const maxTrendSeries = 12

// Trends implements shipped.MarketSource.
func (s marketSource) Trends(ctx context.Context, industry, period string, at time.Time) (*domain.TrendData, error) {
	length, err := domain.PeriodOf(period)
	if err != nil {
		return nil, err
	}
	out := &domain.TrendData{Industry: industry, Period: period, GeneratedAt: at.UTC(), Series: []domain.TrendSeries{}}
	words := industryWords(industry)
	found, err := s.store.Market.Find(ctx, words, maxTrendSeries)
	if err != nil {
		return nil, err
	}
	add := func(points []forecast.Point, p demand.AnalyzeParams, id string) error {
		if len(points) == 0 {
			return nil
		}
		p.Period, p.Now = length, at
		one, err := demand.Analyze(ctx, points, p)
		one.ID = id
		if err == nil {
			out.Series = append(out.Series, one)
		}
		return err
	}
	for i := range found {
		m := &found[i]
		err := add(seriesPoints(m), demand.AnalyzeParams{
			Name: m.Keyword, Kind: string(m.Kind), Source: m.Source, Region: m.Region, Unit: m.Unit, Step: forecast.Step(m.Step),
		}, string(m.ID))
		if err != nil {
			return nil, err
		}
	}
	if err := s.offers(ctx, words, at, add); err != nil {
		return nil, err
	}
	if len(out.Series) == 0 {
		out.Reason = fmt.Sprintf("Nothing is known over time about %q: no series of an imported file names it, and no offer of its products changed between imports.", industry)
	}
	return out, nil
}

func seriesPoints(m *domain.MarketSeries) []forecast.Point {
	var out []forecast.Point
	for _, p := range m.Points {
		if p.Value != nil {
			out = append(out, forecast.Point{Time: p.At, Value: *p.Value})
		}
	}
	return out
}

// industryWords are the beginnings of the words of an industry, in lower case, without
// plural endings, as they are looked for in keywords and categories.
func industryWords(industry string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(industry), func(r rune) bool { return strings.ContainsRune(" ,;/&+()\"", r) }) {
		if slices.Contains([]string{"and", "the", "of", "for", "und", "der", "die", "das", "für"}, w) {
			continue
		}
		for _, ending := range []string{"ies", "es", "s", "n"} {
			if short := strings.TrimSuffix(w, ending); short != w && len(short) >= 4 {
				w = short
				break
			}
		}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
