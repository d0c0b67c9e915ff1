package learn

import (
	"cmp"
	"math"
	"slices"

	"empire/internal/domain"
)

// pairs refuses lists that do not belong together, and empty ones.
func pairs(a, b int) error {
	if a != b {
		return domain.Invalid("predictions", "There are %d predictions for %d rows.", b, a)
	}
	return needRows("A metric", a, 1)
}

// Accuracy returns the share of predictions that are right.
func Accuracy(truth, predicted []int) (float64, error) {
	if err := pairs(len(truth), len(predicted)); err != nil {
		return 0, err
	}
	right := 0.0
	for i := range truth {
		if truth[i] == predicted[i] {
			right++
		}
	}
	return right / float64(len(truth)), nil
}

// Confusion returns the classes in ascending order and, for each true class, how many
// rows were predicted as each class.
func Confusion(truth, predicted []int) (classes []int, counts [][]int, err error) {
	if err := pairs(len(truth), len(predicted)); err != nil {
		return nil, nil, err
	}
	classes = slices.Concat(truth, predicted)
	slices.Sort(classes)
	classes = slices.Compact(classes)
	counts = make([][]int, len(classes))
	for c := range counts {
		counts[c] = make([]int, len(classes))
	}
	for i := range truth {
		a, _ := slices.BinarySearch(classes, truth[i])
		b, _ := slices.BinarySearch(classes, predicted[i])
		counts[a][b]++
	}
	return classes, counts, nil
}

// PRF are precision, recall and their harmonic mean. What would be divided by 0 is 0.
type PRF struct {
	Precision, Recall, F1 float64
	Support               int // rows of the class
}

// prf computes the three from true positives, predicted and real rows.
func prf(hits, predicted, real int) PRF {
	out := PRF{Support: real}
	if predicted > 0 {
		out.Precision = float64(hits) / float64(predicted)
	}
	if real > 0 {
		out.Recall = float64(hits) / float64(real)
	}
	if hits > 0 {
		out.F1 = 2 * out.Precision * out.Recall / (out.Precision + out.Recall)
	}
	return out
}

// Scores are the measures of a classification: for each class, their plain mean
// (macro), and over all decisions at once (micro, which is the accuracy).
type Scores struct {
	Classes      []int
	ByClass      []PRF
	Macro, Micro PRF
}

// ClassScores measures predictions.
func ClassScores(truth, predicted []int) (*Scores, error) {
	classes, counts, err := Confusion(truth, predicted)
	if err != nil {
		return nil, err
	}
	s := &Scores{Classes: classes, Macro: PRF{Support: len(truth)}}
	allHits := 0
	for c := range classes {
		real, guessed := 0, 0
		for other := range classes {
			real += counts[c][other]
			guessed += counts[other][c]
		}
		p := prf(counts[c][c], guessed, real)
		s.ByClass = append(s.ByClass, p)
		s.Macro.Precision += p.Precision / float64(len(classes))
		s.Macro.Recall += p.Recall / float64(len(classes))
		s.Macro.F1 += p.F1 / float64(len(classes))
		allHits += counts[c][c]
	}
	s.Micro = prf(allHits, len(truth), len(truth))
	return s, nil
}

// Of returns the measures of one class, zero if there is none.
func (s *Scores) Of(class int) PRF {
	if c, ok := slices.BinarySearch(s.Classes, class); ok {
		return s.ByClass[c]
	}
	return PRF{}
}

// LogLoss returns the mean of -ln of the probability that was given to what happened.
// Probabilities are kept 1e-15 away from 0 and 1.
func LogLoss(happened []bool, probability []float64) (float64, error) {
	if err := probabilities(len(happened), probability); err != nil {
		return 0, err
	}
	total := 0.0
	for i, p := range probability {
		if !happened[i] {
			p = 1 - p
		}
		total -= math.Log(min(max(p, 1e-15), 1-1e-15))
	}
	return total / float64(len(happened)), nil
}

// Brier returns the mean squared difference between probability and what happened.
func Brier(happened []bool, probability []float64) (float64, error) {
	if err := probabilities(len(happened), probability); err != nil {
		return 0, err
	}
	total := 0.0
	for i, p := range probability {
		total += (p - indicator(happened[i])) * (p - indicator(happened[i]))
	}
	return total / float64(len(happened)), nil
}

// CalibrationError returns the expected calibration error: the rows are put into bins
// of equal width by their probability, and the differences between the mean probability
// and the share that happened are averaged, by rows (Naeini and others, 2015).
func CalibrationError(happened []bool, probability []float64, bins int) (float64, error) {
	if err := probabilities(len(happened), probability); err != nil {
		return 0, err
	}
	if bins < 1 {
		return 0, domain.Invalid("bins", "There must be at least 1 bin, not %d.", bins)
	}
	gap := make([]float64, bins)
	for i, p := range probability {
		b := min(int(p*float64(bins)), bins-1)
		gap[b] += p - indicator(happened[i])
	}
	total := 0.0
	for _, g := range gap {
		total += math.Abs(g)
	}
	return total / float64(len(happened)), nil
}

// probabilities refuses what is no probability.
func probabilities(n int, probability []float64) error {
	if err := pairs(n, len(probability)); err != nil {
		return err
	}
	for i, p := range probability {
		if !(p >= 0 && p <= 1) {
			return domain.Invalid("probability", "The probability %d must be from 0 to 1, not %g.", i, p)
		}
	}
	return nil
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// AUC returns the area under the ROC curve: the probability that a row where it
// happened scores above one where it did not, ties counted half. Both kinds of rows are
// needed (CodeNotEnoughData).
func AUC(happened []bool, score []float64) (float64, error) {
	order, positives, err := byScore(happened, score)
	if err != nil {
		return 0, err
	}
	negatives := float64(len(happened)) - positives
	if positives == 0 || negatives == 0 {
		return 0, domain.Errorf(domain.CodeNotEnoughData, "The area under the curve needs at least 1 row of each kind.")
	}
	area, below := 0.0, negatives // order is descending: negatives not passed yet are below
	eachTie(order, score, func(tie []int) {
		yes := 0.0
		for _, i := range tie {
			yes += indicator(happened[i])
		}
		no := float64(len(tie)) - yes
		below -= no
		area += yes * (below + no/2)
	})
	return area / positives / negatives, nil
}

// AveragePrecision returns the mean of the precision over the rise of the recall, from
// the highest score down: Σ (R_n - R_n-1)·P_n, without interpolation.
func AveragePrecision(happened []bool, score []float64) (float64, error) {
	order, positives, err := byScore(happened, score)
	if err != nil {
		return 0, err
	}
	if positives == 0 {
		return 0, domain.Errorf(domain.CodeNotEnoughData, "The average precision needs at least 1 row where it happened.")
	}
	sum, seen, hits := 0.0, 0.0, 0.0
	eachTie(order, score, func(tie []int) {
		yes := 0.0
		for _, i := range tie {
			yes += indicator(happened[i])
		}
		seen += float64(len(tie))
		hits += yes
		sum += yes / positives * hits / seen
	})
	return sum, nil
}

// byScore returns the rows from the highest score down, and how often it happened.
func byScore(happened []bool, score []float64) (order []int, positives float64, err error) {
	if err := pairs(len(happened), len(score)); err != nil {
		return nil, 0, err
	}
	if err := finite("score", score); err != nil {
		return nil, 0, err
	}
	order = make([]int, len(score))
	for i := range order {
		order[i] = i
		positives += indicator(happened[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	return order, positives, nil
}

// eachTie yields the runs of rows with one score.
func eachTie(order []int, score []float64, yield func([]int)) {
	for a := 0; a < len(order); {
		b := a + 1
		for b < len(order) && score[order[b]] == score[order[a]] {
			b++
		}
		yield(order[a:b])
		a = b
	}
}

// Errors are the measures of a regression.
type Errors struct {
	MSE, RMSE, MAE float64
	R2             float64 // 1 is perfect, 0 is no better than the mean; for constant targets 1 if all are met, else 0
}

// RegressionErrors measures predictions of values.
func RegressionErrors(truth, predicted []float64) (Errors, error) {
	if err := pairs(len(truth), len(predicted)); err != nil {
		return Errors{}, err
	}
	center, n := mean(truth), float64(len(truth))
	var e Errors
	spread := 0.0
	for i := range truth {
		d := truth[i] - predicted[i]
		e.MSE += d * d / n
		e.MAE += math.Abs(d) / n
		spread += (truth[i] - center) * (truth[i] - center) / n
	}
	e.RMSE = math.Sqrt(e.MSE)
	switch {
	case spread > 0:
		e.R2 = 1 - e.MSE/spread
	case e.MSE == 0:
		e.R2 = 1
	}
	return e, nil
}
