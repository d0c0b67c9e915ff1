package forecast

import (
	"cmp"
	"math"
	"slices"

	"empire/internal/domain"
)

// Window is a run of steps around values that do not fit.
type Window struct {
	First int     `json:"first"`
	Last  int     `json:"last"`
	Score float64 `json:"score"` // the largest in the window
}

// AnomalyReport is the answer of Anomalies.
type AnomalyReport struct {
	// Scores says of every step how far it lies off, in robust standard deviations; 0 at
	// gaps.
	Scores []float64 `json:"scores"`
	// Threshold is the score from which a step is an anomaly.
	Threshold float64  `json:"threshold"`
	Points    []int    `json:"points"`
	Windows   []Window `json:"windows"`
	Period    int      `json:"period,omitempty"`
}

// AnomalyParams tunes Anomalies; the zero value suits.
type AnomalyParams struct {
	Periods []int // hints, as Periods takes them
	// PerThousand is how many false alarms per 1,000 steps are accepted if the tail of
	// the scores goes on as it begins; 0 means 0.5.
	PerThousand float64
	// Merge is how many steps may lie between two anomalies of one window, and is added
	// on both sides; 0 means 1 % of the series.
	Merge int
	// Most is how many windows are reported, the highest first chosen; 0 means five.
	Most int
}

// Anomalies finds values, and runs of values, that do not fit the season and level
// around them. The level is a running median over a period, the season the median of
// each phase. The residual
// and its median over a short window, each in robust standard deviations, give the
// score: the first finds peaks, the second runs. The threshold is where the tail of
// the scores, as an exponential above its 95 % quantile (Pickands 1975), would fall to
// the accepted rate of false alarms, from four to eight; of the windows above it only
// the highest are kept. Gaps are filled and never anomalies. Fewer than 30 values are
// CodeNotEnoughData.
func (s Series) Anomalies(p AnomalyParams) (*AnomalyReport, error) {
	if n := s.Observed(); n < 30 {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "Anomalies need at least 30 values; the series has %d.", n)
	}
	if p.PerThousand <= 0 {
		p.PerThousand = 0.5
	}
	n := len(s.Values)
	if p.Merge <= 0 {
		p.Merge = max(2, n/100)
	}
	if p.Most <= 0 {
		p.Most = mostWindows
	}
	hints := p.Periods
	if hints == nil {
		hints = Natural(s.Step)
	}
	out := &AnomalyReport{}
	for _, found := range s.Periods(hints...) {
		if n >= 4*found.Length && (out.Period == 0 || found.Length > out.Period) {
			out.Period = found.Length
		}
	}
	rest := residuals(s.Filled(out.Period), out.Period)
	out.Scores = scores(rest, out.Period)
	for i, v := range s.Values {
		if math.IsNaN(v) {
			out.Scores[i] = 0
		}
	}
	out.Threshold = tailThreshold(out.Scores, p.PerThousand/1000)
	out.windows(p.Merge, p.Most)
	return out, nil
}

// windows joins the steps at or above the threshold and keeps the highest windows.
func (out *AnomalyReport) windows(merge, most int) {
	n := len(out.Scores)
	for i, v := range out.Scores {
		if v < out.Threshold {
			continue
		}
		if k := len(out.Windows) - 1; k >= 0 && i-merge <= out.Windows[k].Last {
			out.Windows[k].Last = min(n-1, i+merge)
			out.Windows[k].Score = math.Max(out.Windows[k].Score, v)
		} else {
			out.Windows = append(out.Windows, Window{max(0, i-merge), min(n-1, i+merge), v})
		}
	}
	if len(out.Windows) > most {
		byScore := func(a, b Window) int { return cmp.Compare(b.Score, a.Score) }
		slices.SortStableFunc(out.Windows, byScore)
		out.Windows = out.Windows[:most]
		slices.SortFunc(out.Windows, func(a, b Window) int { return cmp.Compare(a.First, b.First) })
	}
	for _, w := range out.Windows {
		for i := w.First; i <= w.Last; i++ {
			if out.Scores[i] >= out.Threshold {
				out.Points = append(out.Points, i)
			}
		}
	}
}

const (
	minScore    = 4.0
	maxScore    = 8.0
	mostWindows = 5
)

// residuals returns x without level and season.
func residuals(x []float64, period int) []float64 {
	width := max(2*period+1, min(len(x)/4, 101))
	level := runningMedian(x, width)
	rest := make([]float64, len(x))
	for i, v := range x {
		rest[i] = v - level[i]
	}
	if period < 2 {
		return rest
	}
	phases := make([][]float64, period)
	for i, v := range rest {
		phases[i%period] = append(phases[i%period], v)
	}
	for k, values := range phases {
		m := median(values)
		for i := k; i < len(rest); i += period {
			rest[i] -= m
		}
	}
	return rest
}

// scores returns how far every residual, and the median of those around it, lies off.
func scores(rest []float64, period int) []float64 {
	out := make([]float64, len(rest))
	widths := []int{1, 7}
	if period >= 14 {
		widths = append(widths, period/2|1)
	}
	for _, w := range widths {
		smooth := rest
		if w > 1 {
			smooth = runningMedian(rest, w)
		}
		scale := spread(smooth)
		if scale == 0 {
			scale = math.Sqrt(variance(smooth))
		}
		if scale == 0 {
			continue
		}
		m := median(smooth)
		for i, v := range smooth {
			out[i] = math.Max(out[i], math.Abs(v-m)/scale)
		}
	}
	return out
}

// tailThreshold returns the score that a share of rate of all scores would exceed if
// the excess over the 95 % quantile is exponential, up to the 99 % quantile: the
// values above may be the anomalies themselves.
func tailThreshold(scores []float64, rate float64) float64 {
	s := slices.Clone(scores)
	slices.Sort(s)
	u, top := sortedQuantile(s, 0.95), sortedQuantile(s, 0.99)
	// An exponential falls to a fifth between the two quantiles: β = (top-u)/ln 5.
	beta := (top - u) / math.Log(5)
	return math.Max(minScore, math.Min(maxScore, u+beta*math.Log(0.05/rate)))
}

// sortedWindow is a multiset of the values of a running window.
type sortedWindow struct{ values []float64 }

func (w *sortedWindow) add(v float64) {
	i, _ := slices.BinarySearch(w.values, v)
	w.values = slices.Insert(w.values, i, v)
}

func (w *sortedWindow) remove(v float64) {
	if i, ok := slices.BinarySearch(w.values, v); ok {
		w.values = slices.Delete(w.values, i, i+1)
	}
}
