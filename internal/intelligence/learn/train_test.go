package learn_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/learn"
)

func planted(n int, kind string) domain.TrainParams {
	r := rand.New(rand.NewPCG(7, 8))
	p := domain.TrainParams{Name: "m", Kind: kind, Target: "y", Data: domain.NumberTable{Columns: []string{"a", "y", "b"}}}
	if kind == learn.TrainIsotonic {
		p.Data.Columns = []string{"a", "y"}
	}
	for range n {
		a, b := r.NormFloat64(), r.NormFloat64()
		y := 3*a - b + 0.1*r.NormFloat64()
		switch kind {
		case learn.TrainLogistic:
			y = map[bool]float64{true: 1}[y > 0]
			p.Data.Rows = append(p.Data.Rows, []float64{a, y, b})
		case learn.TrainIsotonic:
			p.Data.Rows = append(p.Data.Rows, []float64{a, math.Exp(a)})
		default:
			p.Data.Rows = append(p.Data.Rows, []float64{a, y, b})
		}
	}
	return p
}

func TestTrain(t *testing.T) {
	t.Parallel()
	for kind, metric := range map[string]string{learn.TrainRidge: "test_r2", learn.TrainLogistic: "test_auc", learn.TrainIsotonic: "test_r2"} {
		p := planted(200, kind)
		got, err := learn.Train(p)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got.Metrics[metric] < 0.8 || got.N != 200 || len(got.DataHash) != 64 || math.Abs(got.Metrics["test_rows"]-50) > 1 {
			t.Errorf("%s: %+v", kind, got.Metrics)
		}
		doc, err := got.Encode(3, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		row := []float64{1.5, 0}[:len(got.Features)]
		said, err := learn.PredictPacked(doc, [][]float64{row})
		direct, err2 := learn.Apply(got.Fitted, [][]float64{row})
		if err != nil || err2 != nil || said[0] != direct[0] {
			t.Errorf("%s: packed %v, direct %v (%v, %v)", kind, said, direct, err, err2)
		}
		again, err := learn.Train(p)
		if err != nil || again.DataHash != got.DataHash || again.Metrics[metric] != got.Metrics[metric] {
			t.Errorf("%s: a second training differs", kind)
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	t.Parallel()
	few := planted(19, learn.TrainRidge)
	_, err := learn.Train(few)
	if domain.CodeOf(err) != domain.CodeNotEnoughData || !strings.Contains(domain.MessageOf(err), "at least 20 rows") {
		t.Errorf("19 rows: %v", err)
	}
	for name, change := range map[string]func(*domain.TrainParams){
		"kind": func(p *domain.TrainParams) { p.Kind = "magic" }, "target": func(p *domain.TrainParams) { p.Target = "z" },
		"ragged": func(p *domain.TrainParams) { p.Data.Rows[3] = []float64{1} }, "nan": func(p *domain.TrainParams) { p.Data.Rows[3][0] = math.NaN() },
		"not 0 or 1": func(p *domain.TrainParams) { p.Kind = learn.TrainLogistic }, "two columns": func(p *domain.TrainParams) { p.Kind = learn.TrainIsotonic },
	} {
		p := planted(50, learn.TrainRidge)
		change(&p)
		if _, err := learn.Train(p); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := learn.PredictPacked([]byte("{"), nil); domain.CodeOf(err) != domain.CodeMalformed {
		t.Errorf("a broken model: %v", err)
	}
}
