package shipped

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"empire/internal/agent/opportunity"
	"empire/internal/domain"
)

// NicheMarket is a candidate niche of the feeds.
type NicheMarket struct {
	Path   string // the category that it comes from
	Market domain.Market
}

// MarketSource reads markets out of what is stored.
type MarketSource interface {
	// CheckNiche refuses a text that names no kind of product.
	CheckNiche(niche, language string) error
	// Survey is Markets.Build for a niche that the feeds may not carry: then the market
	// is as thin as the data, and shortage says what is missing.
	Survey(ctx context.Context, niche, language string, feeds []domain.FeedID, at time.Time, progress func(done, total int, message string)) (m *domain.Market, shortage string, err error)
	// Niches returns a market for each category of the feeds.
	Niches(ctx context.Context, language string, feeds []domain.FeedID, at time.Time, progress func(done, total int, message string)) ([]NicheMarket, error)
	// Trends returns what is known about an industry over a period.
	Trends(ctx context.Context, industry, period string, at time.Time) (*domain.TrendData, error)
	// Programs returns all affiliate programs, and how fresh they are. Partial means
	// that the network could not be asked.
	Programs(ctx context.Context, at time.Time) (list []domain.Program, fresh domain.Freshness, partial bool, err error)
	// FeedFreshness says how old the rows of a market are.
	FeedFreshness(m *domain.Market, at time.Time) domain.Freshness
}

// Analyst answers questions about markets: what the opportunity scanner's tasks and the
// service share.
type Analyst struct {
	Source  MarketSource
	Scanner *opportunity.Scanner
}

// growthPeriod is how much of the demand over time a scan looks at.
const growthPeriod = "365d"

// Scan answers a scan request: about its topic, or about the best of the niches of the
// feeds, which it ranks. A niche that the feeds do not carry gives a low score that
// says what is missing.
func (a *Analyst) Scan(ctx context.Context, q domain.ScanRequest, at time.Time, progress func(done, total int, message string)) (*domain.ScanReport, error) {
	out := &domain.ScanReport{Request: q, CreatedAt: at}
	in := opportunity.ScanInput{Language: q.Language, Now: at}
	var err error
	if q.Topic == "" {
		if in.Market, out.Ranking, err = a.rank(ctx, q, at, progress); err != nil {
			return nil, err
		}
	} else {
		progress(0, 0, "reading products")
		if in.Market, in.Shortage, err = a.Source.Survey(ctx, q.Topic, q.Language, q.Feeds, at, progress); err != nil {
			return nil, ofTopic(err)
		}
	}
	progress(0, 0, "reading demand over time")
	if out.Trends, err = a.Source.Trends(ctx, in.Market.Niche, growthPeriod, at); err != nil {
		return nil, err
	}
	in.Growth = growthOf(out.Trends)
	progress(0, 0, "searching programs")
	search := domain.ProgramSearch{Niche: in.Market.Niche, Language: q.Language, MinCommission: q.MinCommission, Traffic: q.Traffic}
	if out.Programs, err = a.programs(ctx, search, in.Market, at); err != nil {
		return nil, err
	}
	progress(0, 0, "scoring")
	if out.Opportunity, err = a.Scanner.Run(ctx, in); err != nil {
		return nil, err
	}
	out.Freshness = a.Source.FeedFreshness(in.Market, at)
	return out, nil
}

// rank orders the niches of the feeds and returns the market of the best.
func (a *Analyst) rank(ctx context.Context, q domain.ScanRequest, at time.Time, progress func(done, total int, message string)) (*domain.Market, *domain.NicheRanking, error) {
	niches, err := a.Source.Niches(ctx, q.Language, q.Feeds, at, progress)
	if err != nil {
		return nil, nil, err
	}
	if len(niches) == 0 {
		return nil, nil, domain.Errorf(domain.CodeNotEnoughData, "No category of the feeds has enough products with a price to be a niche; import a feed, or name a topic.")
	}
	candidates := make([]opportunity.Candidate, len(niches))
	for i := range niches {
		c := opportunity.Candidate{From: niches[i].Path, ScanInput: opportunity.ScanInput{Market: &niches[i].Market, Language: q.Language, Now: at}}
		trends, err := a.Source.Trends(ctx, niches[i].Market.Niche, growthPeriod, at)
		if err != nil {
			return nil, nil, err
		}
		c.Growth = growthOf(trends)
		candidates[i] = c
	}
	ranking, err := a.Scanner.Rank(ctx, candidates, opportunity.RankParams{Limit: cmp.Or(q.Limit, domain.DefaultNiches), Progress: progress})
	if err != nil {
		return nil, nil, err
	}
	for i := range niches {
		if niches[i].Path == ranking.Niches[0].From {
			return &niches[i].Market, &ranking, nil
		}
	}
	return nil, nil, fmt.Errorf("the ranking names %q, which was no candidate", ranking.Niches[0].From)
}

// growthOf takes the growth of a niche from the first demand series whose direction
// could be tested.
func growthOf(t *domain.TrendData) *opportunity.Growth {
	if t == nil {
		return nil
	}
	for i := range t.Series {
		s := &t.Series[i]
		demand := s.Kind == string(domain.SeriesInterest) || s.Kind == string(domain.SeriesSearches)
		if d := s.Direction; demand && d != nil {
			g := &opportunity.Growth{Significant: d.Significant, P: d.P, Values: d.N, SeriesID: s.ID}
			if d.Significant {
				g.PerYear = math.Max(-1, math.Min(1, d.PerYear))
			}
			return g
		}
	}
	return nil
}

// Programs searches affiliate programs for a niche.
func (a *Analyst) Programs(ctx context.Context, q domain.ProgramSearch, feeds []domain.FeedID, at time.Time) (*domain.ProgramResult, error) {
	m, _, err := a.Source.Survey(ctx, q.Niche, q.Language, feeds, at, func(int, int, string) {})
	if err != nil {
		return nil, err
	}
	return a.programs(ctx, q, m, at)
}

func (a *Analyst) programs(ctx context.Context, q domain.ProgramSearch, m *domain.Market, at time.Time) (*domain.ProgramResult, error) {
	all, fresh, partial, err := a.Source.Programs(ctx, at)
	if err != nil {
		return nil, err
	}
	return &domain.ProgramResult{
		Query: q, Programs: opportunity.FindPrograms(all, m, q), Searched: len(all), Partial: partial, Freshness: fresh,
	}, nil
}

// Trends returns what is known about an industry over a period.
func (a *Analyst) Trends(ctx context.Context, industry, period string, at time.Time) (*domain.TrendData, error) {
	return a.Source.Trends(ctx, industry, period, at)
}
