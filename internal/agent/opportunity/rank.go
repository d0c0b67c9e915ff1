package opportunity

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// Defaults of a ranking.
const (
	DefaultResamples = 200
	rankSeed         = 20
)

const rankMethod = "bootstrap over products: as many products as there are, drawn with replacement from all niches together, scored and ranked anew; " +
	"the mean rank correlation of these rankings with the ranking of all products"

// RankParams says how to rank. Resamples 0 means DefaultResamples; Limit 0 returns all
// niches.
type RankParams struct {
	Resamples int
	Limit     int
	// Progress hears how many of the markets and resamples are done; may be nil.
	Progress func(done, total int, message string)
}

// Candidate is a niche to rank.
type Candidate struct {
	ScanInput
	From string // the category path that it comes from
}

// Rank scores candidate niches, orders them by score and measures how stable that
// order is. Equal input gives an equal ranking.
func (s *Scanner) Rank(ctx context.Context, candidates []Candidate, p RankParams) (domain.NicheRanking, error) {
	if p.Resamples == 0 {
		p.Resamples = DefaultResamples
	}
	if p.Progress == nil {
		p.Progress = func(int, int, string) {}
	}
	steps := len(candidates) + p.Resamples
	pools := make([]*Pool, 0, len(candidates))
	out := domain.NicheRanking{Niches: []domain.RankedNiche{}}
	for i := range candidates {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		c := &candidates[i]
		if c.Market == nil || c.Now.IsZero() {
			return out, domain.Invalid("market", "A market and the time of the scan are needed.")
		}
		m := survey(c.Market, cmp.Or(c.Language, c.Market.Language))
		pool := newPool(m, c.ScanInput)
		pool.From = c.From
		pools = append(pools, pool)
		out.Niches = append(out.Niches, domain.RankedNiche{
			Niche: pool.Niche, From: c.From, Score: score(pool.facts(nil), pool.refs, total(m.confidence(c.Now))), Products: pool.Size(),
		})
		p.Progress(i+1, steps, "scored "+pool.Niche)
	}
	b := bootstrap{pools: pools}
	if err := b.run(ctx, p.Resamples, func(done int) { p.Progress(len(candidates)+done, steps, "ranking again") }); err != nil {
		return out, err
	}
	b.report(&out)
	slices.SortStableFunc(out.Niches, func(a, b domain.RankedNiche) int {
		return cmp.Or(cmp.Compare(b.Score.Value, a.Score.Value), cmp.Compare(a.From, b.From))
	})
	for i := range out.Niches {
		out.Niches[i].Rank = i + 1
	}
	if p.Limit > 0 {
		out.Niches = out.Niches[:min(p.Limit, len(out.Niches))]
	}
	return out, nil
}

// bootstrap draws products again.
type bootstrap struct {
	pools  []*Pool
	size   int         // products of all pools
	scores [][]float64 // by pool and resample
	ranks  [][]float64
	rho    []float64
	tau    []float64
}

func (b *bootstrap) run(ctx context.Context, resamples int, done func(int)) error {
	parts := modelParts()
	base := make([]float64, len(b.pools))
	var owner, local []int
	for k, p := range b.pools {
		f := p.facts(nil)
		base[k] = value(&f, parts)
		for i := range p.items {
			owner, local = append(owner, k), append(local, i)
		}
	}
	b.size = len(owner)
	b.scores, b.ranks = make([][]float64, len(b.pools)), make([][]float64, len(b.pools))
	if b.size == 0 || len(b.pools) < 3 {
		return nil
	}
	r := rand.New(rand.NewPCG(rankSeed, uint64(len(b.pools)))) //nolint:gosec // a seed that anyone can use again
	baseRanks := ranksOf(base)
	draws := make([][]int, len(b.pools))
	for n := range resamples {
		if err := ctx.Err(); err != nil {
			return err
		}
		for k := range draws {
			draws[k] = draws[k][:0]
		}
		for range b.size {
			i := r.IntN(b.size)
			draws[owner[i]] = append(draws[owner[i]], local[i])
		}
		again := make([]float64, len(b.pools))
		for k, p := range b.pools {
			if draws[k] == nil {
				draws[k] = []int{}
			}
			f := p.facts(draws[k])
			again[k] = value(&f, parts)
			b.scores[k] = append(b.scores[k], again[k])
		}
		ranks := ranksOf(again)
		for k, v := range ranks {
			b.ranks[k] = append(b.ranks[k], v)
		}
		b.rho = append(b.rho, pearson(baseRanks, ranks))
		b.tau = append(b.tau, kendallTau(base, again))
		if n%10 == 9 {
			done(n + 1)
		}
	}
	return nil
}

// report writes what was found into a ranking whose niches are in the order of pools.
func (b *bootstrap) report(out *domain.NicheRanking) {
	out.Stability = domain.RankingStability{
		Resamples: len(b.rho), Candidates: len(b.pools), Products: b.size, Method: rankMethod, Seed: rankSeed,
	}
	if len(b.rho) == 0 {
		out.Stability.Reason = "Fewer than three niches, or none with a product that has a price: their order cannot be tested."
		for i := range out.Niches {
			n := &out.Niches[i]
			n.ScoreLow, n.ScoreHigh = n.Score.Value, n.Score.Value
		}
		return
	}
	out.Stability.Spearman, out.Stability.SpearmanP5 = mean(b.rho), evidence.Quantile(b.rho, 0.05)
	out.Stability.Kendall = mean(b.tau)
	for i := range out.Niches {
		n := &out.Niches[i]
		n.ScoreLow, n.ScoreHigh = evidence.Quantile(b.scores[i], 0.05), evidence.Quantile(b.scores[i], 0.95)
		n.RankLow, n.RankHigh = int(math.Floor(evidence.Quantile(b.ranks[i], 0.05))), int(math.Ceil(evidence.Quantile(b.ranks[i], 0.95)))
	}
}

// ranksOf returns the rank of every value, the greatest being 1; equal values share
// their mean rank.
func ranksOf(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[b], x[a]) })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for ; j < len(order) && x[order[j]] == x[order[i]]; j++ {
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

// pearson of ranks is Spearman's rank correlation; 0 if one side is constant.
func pearson(a, b []float64) float64 {
	ma, mb := mean(a), mean(b)
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// kendallTau is Kendall's tau-b, with ties.
func kendallTau(a, b []float64) float64 {
	var s, na, nb float64
	for i := range a {
		for k := range i {
			x, y := float64(cmp.Compare(a[i], a[k])), float64(cmp.Compare(b[i], b[k]))
			s += x * y
			na += x * x
			nb += y * y
		}
	}
	if na == 0 || nb == 0 {
		return 0
	}
	return s / math.Sqrt(na*nb)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
