package eval

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"time"

	"empire/internal/agent/opportunity"
	"empire/internal/catalog"
)

// leastProducts is how many products with a price a category needs to be ranked.
const leastProducts = catalog.MinFamilies

// opportunityTask ranks the categories of each feed as niches and measures how stable
// their order is when products are drawn again, and whether the parts of every score
// add up to it.
func opportunityTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	paths, err := files(dir, "products", "feed_*.csv")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range paths {
		progress("ranking niches of " + filepath.Base(path))
		products, err := readFeed(ctx, path)
		if err != nil {
			return nil, err
		}
		now := time.Now().UTC()
		language := "en"
		for i := range products {
			products[i].ReadAt = now
			if products[i].Language == "de" {
				language = "de"
			}
		}
		began := time.Now()
		markets := catalog.CategoryMarkets(catalog.CategoryParams{Products: products, Language: language, At: now, Least: leastProducts})
		if len(markets) < 3 {
			continue // no order to test
		}
		candidates := make([]opportunity.Candidate, len(markets))
		for i := range markets {
			candidates[i] = opportunity.Candidate{From: markets[i].Path, ScanInput: opportunity.ScanInput{Market: &markets[i].Market, Language: language, Now: now}}
		}
		r, err := opportunity.New().Rank(ctx, candidates, opportunity.RankParams{})
		if err != nil {
			return nil, err
		}
		worst := 0.0
		width := 0
		for _, n := range r.Niches {
			sum := 0.0
			for _, p := range n.Score.Parts {
				sum += p.Contribution
			}
			worst = math.Max(worst, math.Abs(sum-n.Score.Value))
			width = max(width, n.RankHigh-n.RankLow)
		}
		scores := make([]float64, len(r.Niches))
		for i, n := range r.Niches {
			scores[i] = n.Score.Value
		}
		out = append(out, Dataset{
			Name: label(path), N: r.Stability.Products, Seconds: time.Since(began).Seconds(), Metrics: map[string]float64{
				"niches": float64(len(r.Niches)), "spearman_mean": r.Stability.Spearman, "spearman_p5": r.Stability.SpearmanP5,
				"kendall_tau_b_mean": r.Stability.Kendall, "resamples": float64(r.Stability.Resamples), "widest_rank_interval": float64(width),
				"score_min": slices.Min(scores), "score_max": slices.Max(scores), "sum_error_max": worst,
			},
		})
	}
	return out, nil
}
