package forecast

import (
	"math"
	"slices"

	"empire/internal/domain"
)

const (
	week           = 7
	year           = 52 * week // the same weekday a year before
	cliffWeeks     = 5         // of the same weekday make the expectation
	cliffReach     = 8         // weeks back in which they are looked for
	leastWeeks     = 3
	cliffGap       = 3 // days without counting that may lie among the judged ones
	cliffPasts     = 60
	leastPasts     = 14
	cliffNoise     = 4   // robust standard deviations that a fall goes beyond
	leastSeason    = 0.3 // more than that no season takes away
	leastOthers    = 0.5 // nor a holiday that all websites feel
	robustPerSigma = 1.4826
)

// CliffOf judges the last days of a series of daily visitors, the newest last, NaN where
// nothing was counted. Each day is expected to be the median of the same weekdays of
// five weeks before the judged days. If the year before is known, what it lost at that
// time against its own weeks before, within three days, is expected to be lost again. A
// fall is one that is as large as asked, goes beyond four robust standard deviations of
// what such sums did before, and has not ended on the last day. A series of too few
// visitors or weeks is not judged. Values are not changed.
func CliffOf(values []float64, p domain.CliffParams) domain.Cliff {
	days := lastDays(values, p.Days)
	if days == nil {
		return domain.Cliff{}
	}
	c := domain.Cliff{First: days[0], Days: len(days)}
	expected, ok := expectedOf(values, days, days[0])
	if !ok {
		return c
	}
	last := expected[len(days)-1]
	c.Visitors, c.Expected = sumAt(values, days), sum(expected)
	if season, known := seasonOf(values, days); known {
		c.Seasonal = true
		c.Expected *= season
		last *= season
	}
	if c.Expected < domain.CliffVisitors {
		return c
	}
	c.Judged, c.Share = true, c.Visitors/c.Expected
	share, lastShare := c.Share, 1.0
	if last > 0 {
		lastShare = values[days[len(days)-1]] / last
	}
	if p.Others > 0 {
		c.Others = min(1, max(leastOthers, p.Others))
		share /= c.Others
		lastShare /= c.Others
	}
	if share > 1-p.Fall || lastShare > 1-p.Fall/2 {
		return c
	}
	c.Noise = noiseOf(values, days[0], len(days))
	c.Fell = math.Log(max(share, 1e-9)) <= -cliffNoise*c.Noise
	return c
}

// lastDays returns the last n days with a value, the very last among them.
func lastDays(values []float64, n int) []int {
	if n < 1 || len(values) == 0 || math.IsNaN(values[len(values)-1]) {
		return nil
	}
	var out []int
	for i := len(values) - 1; i >= 0 && len(out) < n && i >= len(values)-n-cliffGap; i-- {
		if !math.IsNaN(values[i]) {
			out = append(out, i)
		}
	}
	if len(out) < n {
		return nil
	}
	slices.Reverse(out)
	return out
}

// expectedOf returns what days are expected to be by the same weekdays before a day.
func expectedOf(values []float64, days []int, before int) ([]float64, bool) {
	out := make([]float64, len(days))
	for k, day := range days {
		var same []float64
		for i, back := day-week, 0; i >= 0 && len(same) < cliffWeeks && back < cliffReach; i -= week {
			if i >= before {
				continue
			}
			back++
			if i < len(values) && !math.IsNaN(values[i]) {
				same = append(same, values[i])
			}
		}
		if len(same) < leastWeeks {
			return nil, false
		}
		out[k] = median(same)
	}
	return out, true
}

// seasonOf returns the share of their expectation that the days a year before kept, at
// most 1.
func seasonOf(values []float64, days []int) (float64, bool) {
	first, last := days[0]-year-cliffGap, days[len(days)-1]-year+cliffGap
	var around []int
	for i := max(0, first); i <= last; i++ {
		if !math.IsNaN(values[i]) {
			around = append(around, i)
		}
	}
	if len(around) < week {
		return 0, false
	}
	expected, ok := expectedOf(values, around, first)
	if !ok || sum(expected) < domain.CliffVisitors {
		return 0, false
	}
	return min(1, max(leastSeason, sumAt(values, around)/sum(expected))), true
}

// noiseOf returns how much shares of n days varied before a day.
func noiseOf(values []float64, before, n int) float64 {
	var logs []float64
	for end := before; end > n && len(logs) < cliffPasts; end-- {
		days := lastDays(values[:end], n)
		if days == nil {
			continue
		}
		expected, ok := expectedOf(values[:end], days, days[0])
		if !ok || sum(expected) <= 0 {
			continue
		}
		logs = append(logs, math.Log(max(sumAt(values, days)/sum(expected), 1e-3)))
	}
	if len(logs) < leastPasts {
		return 0
	}
	m := median(logs)
	for i := range logs {
		logs[i] = math.Abs(logs[i] - m)
	}
	return robustPerSigma * median(logs)
}

func sum(list []float64) float64 {
	s := 0.0
	for _, v := range list {
		s += v
	}
	return s
}

func sumAt(values []float64, days []int) float64 {
	s := 0.0
	for _, i := range days {
		s += values[i]
	}
	return s
}
