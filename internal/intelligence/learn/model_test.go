package learn_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/intelligence/learn"
)

var texts = []string{"red chair", "blue chair", "red table", "blue sofa"}

func provenance(m *learn.Matrix) learn.Provenance {
	return learn.Provenance{Version: 3, CreatedAt: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), DataHash: learn.HashRows(m, nil), N: m.Rows(),
		Features: []string{"a", "b"}, Metrics: map[string]float64{"f1": 0.75}}
}

// must fails a test that cannot fit its model.
func must[T any](model T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return model
	}
}

// TestModels: every kind of model goes through its envelope and JSON unchanged.
func TestModels(t *testing.T) {
	t.Parallel()
	rows := noise(9, 20, 2)
	m, y, labels := dense(t, rows...), make([]float64, 20), make([]int, 20)
	counts := learn.NewMatrix(2)
	for i := range rows {
		y[i], labels[i] = rows[i][0]/3, i%2
		counts.Add([]int32{0, 1}, []float64{float64(i), float64(i * i)})
	}
	k, _, err := learn.FitKMeans(m, learn.KMeansParams{K: 3})
	if err != nil {
		t.Fatal(err)
	}
	packAndOpen(t, must(learn.FitVectorizer(texts, learn.VectorizerParams{NGramMax: 2}))(t), &learn.Vectorizer{}, m)
	packAndOpen(t, must(learn.FitText(texts, []int{1, 0, 1, 0}, learn.TextParams{}))(t), &learn.TextClassifier{}, m)
	packAndOpen(t, must(learn.FitText(texts, []int{1, 0, 1, 0}, learn.TextParams{Logistic: true}))(t), &learn.TextClassifier{}, m)
	packAndOpen(t, must(learn.FitBayes(counts, labels, learn.BayesParams{}))(t), &learn.Bayes{}, m)
	packAndOpen(t, must(learn.FitLogistic(m, labels, learn.LogisticParams{}))(t), &learn.Logistic{}, m)
	packAndOpen(t, must(learn.FitRidge(m, y, 0.1))(t), &learn.Linear{}, m)
	packAndOpen(t, must(learn.FitIsotonic(y, y, nil, false))(t), &learn.Isotonic{}, m)
	packAndOpen(t, must(learn.FitScaler(m))(t), &learn.Scaler{}, m)
	packAndOpen(t, must(learn.FitPCA(m, 2))(t), &learn.PCA{}, m)
	packAndOpen(t, k, &learn.KMeans{}, m)
}

func packAndOpen(t *testing.T, fitted, empty learn.Fitted, m *learn.Matrix) {
	t.Helper()
	model, err := learn.Pack(fitted, provenance(m))
	if err != nil {
		t.Fatalf("%T: %v", fitted, err)
	}
	var back learn.Model
	b, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(model, &back); diff != "" {
		t.Errorf("%s: envelope (-want +got):\n%s", model.Kind, diff)
	}
	if err := back.Open(empty); err != nil {
		t.Fatalf("%s: %v", model.Kind, err)
	}
	if diff := cmp.Diff(fitted, empty, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(learn.Vectorizer{})); diff != "" {
		t.Errorf("%s: parameters (-want +got):\n%s", model.Kind, diff)
	}
	first, _ := model.Digest()
	second, _ := back.Digest()
	back.Version++
	third, _ := back.Digest()
	if first != second || first == third || len(first) != 64 {
		t.Errorf("%s: digests %s, %s, and of another version %s", model.Kind, first, second, third)
	}
}

// TestOpenedModelPredicts: a model that was stored gives the same answers.
func TestOpenedModelPredicts(t *testing.T) {
	t.Parallel()
	c := must(learn.FitText(texts, []int{1, 0, 1, 0}, learn.TextParams{}))(t)
	model := must(learn.Pack(c, learn.Provenance{Version: 1, CreatedAt: time.Unix(1, 0), DataHash: learn.HashTexts(texts, nil), N: 4}))(t)
	var back learn.TextClassifier
	if err := model.Open(&back); err != nil {
		t.Fatal(err)
	}
	want, _ := c.Probabilities([]string{"red sofa", "x"})
	got, err := back.Probabilities([]string{"red sofa", "x"})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("probabilities: %v (-want +got):\n%s", err, diff)
	}
}

func TestModelRefuses(t *testing.T) {
	t.Parallel()
	m := dense(t, noise(9, 20, 2)...)
	l := must(learn.FitLinear(m, make([]float64, 20)))(t)
	for name, change := range map[string]func(p *learn.Provenance){
		"version": func(p *learn.Provenance) { p.Version = 0 },
		"rows":    func(p *learn.Provenance) { p.N = 0 },
		"time":    func(p *learn.Provenance) { p.CreatedAt = time.Time{} },
		"hash":    func(p *learn.Provenance) { p.DataHash = "abc" },
		"metrics": func(p *learn.Provenance) { p.Metrics = map[string]float64{"f1": math.NaN()} },
	} {
		p := provenance(m)
		change(&p)
		if _, err := learn.Pack(l, p); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if _, err := learn.Pack(&learn.Linear{Weights: []float64{math.NaN()}}, provenance(m)); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a model that is not finite: %v, want invalid", err)
	}
	model := must(learn.Pack(l, provenance(m)))(t)
	if err := model.Open(&learn.PCA{}); domain.CodeOf(err) != domain.CodeInvalid || !strings.Contains(err.Error(), "is a linear, not a pca") {
		t.Errorf("another kind: %v, want invalid", err)
	}
	if _, err := (&learn.Model{Kind: "oracle"}).Value(); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an unknown kind: %v, want invalid", err)
	}
	model.Format = 99
	if err := model.Open(&learn.Linear{}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("another format: %v, want invalid", err)
	}
}

// TestOpenRefusesBrokenParameters: parameters that do not hold together are not used.
func TestOpenRefusesBrokenParameters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, parameters string }{
		{"linear", `{`},
		{"linear", `{"weights":"x"}`},
		{"naive_bayes", `{"classes":[1],"log_prior":[0],"weights":[]}`},
		{"naive_bayes", `{"classes":[1,2],"log_prior":[0,0],"weights":[[1],[1,2]]}`},
		{"naive_bayes", `{"classes":[],"log_prior":[],"weights":[]}`},
		{"logistic", `{"classes":[1],"weights":[1]}`},
		{"isotonic", `{"x":[],"y":[]}`},
		{"isotonic", `{"x":[1,1],"y":[1,2]}`},
		{"isotonic", `{"x":[1,2],"y":[2,1]}`},
		{"isotonic", `{"falling":true,"x":[1,2],"y":[1,2]}`},
		{"kmeans", `{"centers":[]}`},
		{"scaler", `{"mean":[1],"scale":[0]}`},
		{"scaler", `{"mean":[1],"scale":[]}`},
		{"pca", `{"mean":[1],"components":[[1,2]],"variance":[1],"ratio":[1]}`},
		{"pca", `{}`},
		{"vectorizer", `{"params":{"norm":"l2","ngram_min":1,"ngram_max":1},"terms":["a","a"]}`},
		{"vectorizer", `{"params":{"norm":"l2","ngram_min":1,"ngram_max":1},"terms":["a","b"],"idf":[1]}`},
		{"vectorizer", `{"params":{"norm":"l9"},"terms":["a"]}`},
		{"vectorizer", `{"terms":["a"]}`},
		{"text_classifier", `{}`},
		{"text_classifier", `{"vectorizer":{"params":{"norm":"l2","ngram_min":1,"ngram_max":1},"terms":["a"]},"logistic":{"classes":[0,1],"weights":[1,2]}}`},
	} {
		if err := openAny(tt.kind, tt.parameters); domain.CodeOf(err) != domain.CodeMalformed {
			t.Errorf("%s %s: %v, want malformed", tt.kind, tt.parameters, err)
		}
	}
}

// openAny opens parameters of a kind and uses the model on a row, if it opens.
func openAny(kind, parameters string) error {
	m := learn.Model{Kind: learn.Kind(kind), Format: 1, Parameters: json.RawMessage(parameters)}
	model, err := m.Value()
	if err != nil {
		return err
	}
	row := func(cols int) *learn.Matrix {
		out := learn.NewMatrix(cols)
		out.Add(nil, nil)
		return out
	}
	switch f := model.(type) {
	case *learn.Linear:
		_, err = f.Predict(row(len(f.Weights)))
	case *learn.Bayes:
		_, err = f.Predict(row(len(f.Weights[0])))
	case *learn.Logistic:
		_, err = f.Predict(row(len(f.Weights)))
	case *learn.Isotonic:
		f.Predict([]float64{-1e9, 0, 1e9})
	case *learn.KMeans:
		_, err = f.Predict(row(len(f.Centers[0])))
	case *learn.Scaler:
		_, _ = f.Transform(row(len(f.Mean))) // may overflow, and says so
	case *learn.PCA:
		_, err = f.Transform(row(len(f.Mean)))
	case *learn.Vectorizer:
		f.Transform([]string{"one two three"})
	case *learn.TextClassifier:
		_, err = f.Predict([]string{"one two three"})
	}
	return err
}

// FuzzOpen: whatever the parameters are, they are refused as malformed or the model
// can be used.
func FuzzOpen(f *testing.F) {
	f.Add("isotonic", `{"x":[1,2],"y":[1,2]}`)
	f.Add("naive_bayes", `{"classes":[1,2],"log_prior":[0,0],"weights":[[1,2],[1,2]]}`)
	f.Add("pca", `{"mean":[1,2],"components":[[1,2]],"variance":[1],"ratio":[1]}`)
	f.Add("text_classifier", `{"vectorizer":{"params":{"norm":"l2","ngram_min":1,"ngram_max":1},"terms":["a"]},"logistic":{"classes":[0,1],"weights":[1]}}`)
	f.Add("kmeans", `{"centers":[[1,2],[3,4]]}`)
	f.Add("scaler", `{"mean":[1],"scale":[2]}`)
	f.Add("linear", `null`)
	f.Fuzz(func(t *testing.T, kind, parameters string) {
		err := openAny(kind, parameters)
		if code := domain.CodeOf(err); err != nil && code != domain.CodeMalformed && !strings.Contains(err.Error(), "There is no kind") {
			t.Errorf("%s %s: %v, want malformed or usable", kind, parameters, err)
		}
	})
}

// TestHashes: the hash changes with every part of the data and with nothing else.
func TestHashes(t *testing.T) {
	t.Parallel()
	rows := [][]float64{{1, 0, 2}, {0, 3, 0}}
	base := learn.HashRows(dense(t, rows...), []float64{1, 2})
	if base != learn.HashRows(dense(t, rows...), []float64{1, 2}) {
		t.Error("the same rows have another hash")
	}
	for name, other := range map[string]string{
		"value":      learn.HashRows(dense(t, []float64{1, 0, 2.5}, rows[1]), []float64{1, 2}),
		"column":     learn.HashRows(dense(t, []float64{1, 2, 0}, rows[1]), []float64{1, 2}),
		"order":      learn.HashRows(dense(t, rows[1], rows[0]), []float64{1, 2}),
		"target":     learn.HashRows(dense(t, rows...), []float64{1, 3}),
		"no targets": learn.HashRows(dense(t, rows...), nil),
		"width":      learn.HashRows(dense(t, []float64{1, 0, 2, 0}, []float64{0, 3, 0, 0}), []float64{1, 2}),
	} {
		if other == base {
			t.Errorf("%s: the hash is the same", name)
		}
	}
	if learn.HashTexts([]string{"ab", "c"}, nil) == learn.HashTexts([]string{"a", "bc"}, nil) || learn.HashTexts(texts, []int{1}) == learn.HashTexts(texts, []int{2}) {
		t.Error("other texts or labels have the same hash")
	}
}
