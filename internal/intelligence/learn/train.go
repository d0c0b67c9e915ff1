package learn

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"empire/internal/domain"
)

// The kinds that Train fits.
const (
	TrainRidge    = "ridge"    // a value from columns
	TrainLogistic = "logistic" // 0 or 1 from columns, as a probability
	TrainIsotonic = "isotonic" // a value that only grows with one column: calibration
)

const (
	trainSeed  = 1
	testShare  = 0.25
	ridgeAlpha = 1.0
	// rowsPerFeature, with a floor, is how many rows a model needs for each column, so
	// that the part that it is tested on says something.
	rowsPerFeature = 5
	minTrainRows   = 20
)

// RowsNeeded is how many rows Train wants for a number of features.
func RowsNeeded(features int) int { return max(minTrainRows, rowsPerFeature*features) }

// Training is a fitted model with what it was tested on.
type Training struct {
	Fitted   Fitted
	Features []string
	DataHash string
	N        int
	Metrics  map[string]float64
}

// Train fits a model on a table: on three quarters of the rows for its metrics (seed
// 1), then on all of them for use. Fewer rows than RowsNeeded, or a class without two
// rows, are CodeNotEnoughData and name the number.
func Train(p domain.TrainParams) (*Training, error) {
	x, y, features, err := columns(p)
	if err != nil {
		return nil, err
	}
	if need := RowsNeeded(len(features)); len(y) < need {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "A model of %d columns needs at least %d rows; there are %d.", len(features), need, len(y))
	}
	all, err := Dense(x)
	if err != nil {
		return nil, err
	}
	out := &Training{Features: features, N: len(y), DataHash: HashRows(all, y), Metrics: map[string]float64{}}
	train, test, err := split(p.Kind, y)
	if err != nil {
		return nil, err
	}
	half, err := fitKind(p.Kind, Pick(x, train), Pick(y, train))
	if err != nil {
		return nil, err
	}
	said, err := Apply(half, Pick(x, test))
	if err != nil {
		return nil, err
	}
	if err := out.measure(p.Kind, Pick(y, test), said); err != nil {
		return nil, err
	}
	out.Metrics["test_rows"] = float64(len(test))
	out.Fitted, err = fitKind(p.Kind, x, y)
	return out, err
}

func split(kind string, y []float64) (train, test []int, err error) {
	if kind != TrainLogistic {
		return Split(len(y), testShare, trainSeed)
	}
	return StratifiedSplit(labelsOf(y), testShare, trainSeed)
}

func labelsOf(y []float64) []int {
	out := make([]int, len(y))
	for i, v := range y {
		out[i] = int(v)
	}
	return out
}

// columns parts a table into features and the target.
func columns(p domain.TrainParams) (x [][]float64, y []float64, features []string, err error) {
	at := slices.Index(p.Data.Columns, p.Target)
	switch {
	case !slices.Contains([]string{TrainRidge, TrainLogistic, TrainIsotonic}, p.Kind):
		return nil, nil, nil, domain.Invalid("kind", "%q is not ridge, logistic or isotonic.", p.Kind)
	case at < 0:
		return nil, nil, nil, domain.Invalid("target", "The data have no column %q.", p.Target)
	case len(p.Data.Columns) < 2:
		return nil, nil, nil, domain.Invalid("data", "The data need a column beside the target.")
	case p.Kind == TrainIsotonic && len(p.Data.Columns) != 2:
		return nil, nil, nil, domain.Invalid("data", "An isotonic model takes one column beside the target; there are %d.", len(p.Data.Columns)-1)
	}
	features = slices.Delete(slices.Clone(p.Data.Columns), at, at+1)
	for i, row := range p.Data.Rows {
		if len(row) != len(p.Data.Columns) {
			return nil, nil, nil, domain.Invalid("data", "Row %d has %d values for %d columns.", i+1, len(row), len(p.Data.Columns))
		}
		for _, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, nil, nil, domain.Invalid("data", "Row %d has a value that is no finite number.", i+1)
			}
		}
		if v := row[at]; p.Kind == TrainLogistic && v != 0 && v != 1 {
			return nil, nil, nil, domain.Invalid("data", "Row %d: the target of a logistic model is 0 or 1, not %g.", i+1, v)
		}
		x, y = append(x, slices.Delete(slices.Clone(row), at, at+1)), append(y, row[at])
	}
	return x, y, features, nil
}

func fitKind(kind string, x [][]float64, y []float64) (Fitted, error) {
	if kind == TrainIsotonic {
		first := make([]float64, len(x))
		for i := range x {
			first[i] = x[i][0]
		}
		return FitIsotonic(first, y, nil, false)
	}
	m, err := Dense(x)
	if err != nil {
		return nil, err
	}
	if kind == TrainLogistic {
		return FitLogistic(m, labelsOf(y), LogisticParams{C: 1})
	}
	return FitRidge(m, y, ridgeAlpha)
}

// Apply predicts a value for each row: a probability for a logistic model.
func Apply(f Fitted, x [][]float64) ([]float64, error) {
	if iso, ok := f.(*Isotonic); ok {
		first := make([]float64, len(x))
		for i := range x {
			if len(x[i]) != 1 {
				return nil, domain.Invalid("data", "Row %d has %d values; the model takes 1.", i+1, len(x[i]))
			}
			first[i] = x[i][0]
		}
		return iso.Predict(first), nil
	}
	m, err := Dense(x)
	if err != nil {
		return nil, err
	}
	switch f := f.(type) {
	case *Logistic:
		return f.Probabilities(m)
	case *Linear:
		return f.Predict(m)
	}
	return nil, domain.Invalid("kind", "A model of this kind does not predict values.")
}

func (t *Training) measure(kind string, truth, said []float64) error {
	if kind != TrainLogistic {
		e, err := RegressionErrors(truth, said)
		if err != nil {
			return err
		}
		t.Metrics["test_mae"], t.Metrics["test_rmse"], t.Metrics["test_r2"] = e.MAE, e.RMSE, e.R2
		return nil
	}
	happened := make([]bool, len(truth))
	right := 0
	for i, v := range truth {
		happened[i] = v == 1
		if happened[i] == (said[i] >= 0.5) {
			right++
		}
	}
	auc, err := AUC(happened, said)
	if err != nil {
		return err
	}
	brier, err := Brier(happened, said)
	if err != nil {
		return err
	}
	t.Metrics["test_auc"], t.Metrics["test_brier"], t.Metrics["test_accuracy"] = auc, brier, float64(right)/float64(len(truth))
	return nil
}

// Encode packs a training as version of a model.
func (t *Training) Encode(version int, at time.Time) ([]byte, error) {
	m, err := Pack(t.Fitted, Provenance{Version: version, CreatedAt: at, DataHash: t.DataHash, N: t.N, Features: t.Features, Metrics: t.Metrics})
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	return raw, nil
}

// PredictPacked predicts with a packed model.
func PredictPacked(doc []byte, x [][]float64) ([]float64, error) {
	var m Model
	if err := json.Unmarshal(doc, &m); err != nil {
		return nil, domain.Errorf(domain.CodeMalformed, "The stored model cannot be read: %v.", err)
	}
	f, err := m.Value()
	if err != nil {
		return nil, err
	}
	return Apply(f, x)
}
