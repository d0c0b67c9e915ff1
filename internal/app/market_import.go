package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"empire/internal/domain"
	"empire/internal/intelligence/demand"
)

// ImportTrends reads an export of Google Trends, interest over time or by region, and
// stores it. It returns how many series there were. A file with the volumes of keywords
// is imported as keywords.
func (a *App) ImportTrends(ctx context.Context, r io.Reader, source, language string) (int, []domain.RowProblem, error) {
	data, err := readDemand(r)
	if err != nil {
		return 0, nil, err
	}
	im, err := demand.Parse(data)
	if err != nil {
		return 0, nil, err
	}
	if im.Kind == demand.KindVolumes {
		return a.ImportKeywords(ctx, bytes.NewReader(data), language)
	}
	series := trendSeries(im, language)
	seal(series, data)
	problems := make([]domain.RowProblem, len(im.Problems))
	for i, p := range im.Problems {
		problems[i] = domain.RowProblem{Reason: "unreadable", Detail: p}
	}
	return len(series), problems, a.Market.ImportSeries(ctx, source, series)
}

func readDemand(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, demand.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if len(data) > demand.MaxBytes {
		return nil, domain.Errorf(domain.CodeTooLarge, "The file has more than %d bytes.", demand.MaxBytes)
	}
	return data, nil
}

// seal names the file that series came from by its content.
func seal(series []domain.MarketSeries, data []byte) {
	sum := sha256.Sum256(data)
	for i := range series {
		series[i].SHA256 = hex.EncodeToString(sum[:])
	}
}

// trendSeries are the series of an export of Google Trends.
func trendSeries(im *demand.Import, language string) []domain.MarketSeries {
	var out []domain.MarketSeries
	for _, s := range im.Series {
		m := domain.MarketSeries{
			Kind: domain.SeriesInterest, Keyword: s.Keyword, Region: s.Region, Language: language, Step: string(s.Step), Unit: "index, 100 = maximum",
		}
		for _, p := range s.Points {
			m.Points = append(m.Points, domain.SeriesPoint{At: p.Time, Value: &p.Value})
		}
		out = append(out, m)
	}
	regions := map[string]int{}
	for _, r := range im.Regions {
		i, ok := regions[r.Keyword]
		if !ok {
			i = len(out)
			regions[r.Keyword] = i
			out = append(out, domain.MarketSeries{Kind: domain.SeriesRegions, Keyword: r.Keyword, Language: language, Unit: "index, 100 = maximum"})
		}
		out[i].Regions = append(out[i].Regions, domain.RegionValue{Region: r.Region, Value: r.Value})
	}
	return out
}

// plannerSeries are the searches by month, with competition and bids.
func plannerSeries(im *demand.Import, language string) []domain.MarketSeries {
	var out []domain.MarketSeries
	for _, v := range im.Volumes {
		if len(v.Monthly) == 0 && v.Competition == "" && v.BidLow == nil && v.BidHigh == nil {
			continue
		}
		m := domain.MarketSeries{
			Kind: domain.SeriesSearches, Keyword: v.Keyword, Language: language, Step: "month", Unit: "searches a month",
			Competition: v.Competition, BidLow: v.BidLow, BidHigh: v.BidHigh,
		}
		for _, p := range v.Monthly {
			m.Points = append(m.Points, domain.SeriesPoint{At: p.Time, Value: &p.Value})
		}
		out = append(out, m)
	}
	return out
}
