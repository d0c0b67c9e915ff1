package eval

import (
	"bufio"
	"cmp"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/learn"
)

// labeledTexts are the rows of a file of texts and labels.
type labeledTexts struct{ texts, labels []string }

// readLabeled reads JSON lines with text and label. It is nil for a file of another
// layout.
func readLabeled(path string) (*labeledTexts, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	out := &labeledTexts{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row struct{ Text, Label *string }
		if json.Unmarshal(lines.Bytes(), &row) != nil || row.Text == nil || row.Label == nil {
			return nil, nil // another layout
		}
		out.texts, out.labels = append(out.texts, *row.Text), append(out.labels, *row.Label)
	}
	return out, lines.Err()
}

var (
	lineRange     = regexp.MustCompile(`(\d+)\s*-\s*(\d+)\s+(train|test)`)
	positiveLabel = regexp.MustCompile(`label (\w+)\s*=\s*1`)
)

// span returns the lines for training or testing that a text describes.
func span(text, part string, n int) ([]int, error) {
	for _, m := range lineRange.FindAllStringSubmatch(text, -1) {
		first, _ := strconv.Atoi(m[1])
		last, _ := strconv.Atoi(m[2])
		if m[3] == part && first <= last && last < n {
			var rows []int
			for i := first; i <= last; i++ {
				rows = append(rows, i)
			}
			return rows, nil
		}
	}
	return nil, domain.Errorf(domain.CodeMalformed, "The reference does not say which of %d lines are for %s: %q.", n, part, text)
}

// textSource finds the texts that a reference was computed on: the file that it names,
// or else any file of texts and labels that has its vocabulary.
func (r *reference) textSource(dir string) (*labeledTexts, error) {
	paths, err := files(dir, "text", "*.jsonl")
	if err != nil {
		return nil, err
	}
	data := r.text("data")
	named := func(path string) int {
		if strings.Contains(data, strings.TrimSuffix(filepath.Base(path), ".gz")) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(named(a), named(b)) })
	var want []string
	if err := r.need("vocabulary", &want); err != nil {
		return nil, err
	}
	for _, path := range paths {
		t, err := readLabeled(path)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		train, err := span(data, "train", len(t.texts))
		if err != nil {
			continue
		}
		v, err := learn.FitVectorizer(learn.Pick(t.texts, train), vectorizerParams(data))
		if err == nil && (named(path) == 0 || slices.Equal(v.Terms, want)) {
			return t, nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "The folder text has no file for the reference %q: %s.", r.name, data)
}

// compareTexts compares naive Bayes and logistic regression on counts of words.
func compareTexts(r *reference, dir string) (int, error) {
	t, err := r.textSource(dir)
	if err != nil {
		return 0, err
	}
	data := r.text("data")
	train, err := span(data, "train", len(t.texts))
	if err != nil {
		return 0, err
	}
	test, err := span(data, "test", len(t.texts))
	if err != nil {
		return 0, err
	}
	positive := positiveLabel.FindStringSubmatch(data)
	y := make([]int, len(t.labels))
	for i, l := range t.labels {
		if len(positive) > 1 && l == positive[1] {
			y[i] = 1
		}
	}
	v, err := learn.FitVectorizer(learn.Pick(t.texts, train), vectorizerParams(data))
	if err != nil {
		return 0, err
	}
	if err := equalLists(r, "vocabulary", v.Terms); err != nil {
		return 0, err
	}
	fit := textFit{
		rows: v.Transform(learn.Pick(t.texts, train)), test: v.Transform(learn.Pick(t.texts, test)),
		y: learn.Pick(y, train), truth: learn.Pick(y, test),
	}
	if err := r.bayes(fit); err != nil {
		return 0, err
	}
	return len(train) + len(test), r.textLogistic(fit)
}

// textFit is what the text models are fitted and measured on.
type textFit struct {
	rows, test *learn.Matrix
	y, truth   []int
}

func (r *reference) bayes(f textFit) error {
	b, err := learn.FitBayes(f.rows, f.y, learn.BayesParams{})
	if err != nil {
		return err
	}
	scores, err := b.Scores(f.test)
	if err != nil {
		return err
	}
	odds := make([]float64, len(scores))
	for i, s := range scores {
		odds[i] = s[1] - s[0]
	}
	tol := r.tolerance("nb", 1e-6)
	if err := r.list("nb_test_log_odds", "nb_log_odds_max_error", odds, tol); err != nil {
		return err
	}
	predicted, err := b.Predict(f.test)
	if err != nil {
		return err
	}
	accuracy, err := learn.Accuracy(f.truth, predicted)
	if err != nil {
		return err
	}
	return r.number("nb_accuracy", tol, accuracy)
}

func (r *reference) textLogistic(f textFit) error {
	l, err := learn.FitLogistic(f.rows, f.y, learn.LogisticParams{C: strength(r.text("lr_params"))})
	if err != nil {
		return err
	}
	tol, points := r.tolerance("coefficients", 1e-3), r.tolerance("accuracy within", 0.5)/100
	if err := r.list("lr_coef", "lr_coef_max_error", l.Weights, tol); err != nil {
		return err
	}
	p, err := l.Probabilities(f.test)
	if err != nil {
		return err
	}
	predicted, err := l.Predict(f.test)
	if err != nil {
		return err
	}
	happened := make([]bool, len(f.truth))
	for i, y := range f.truth {
		happened[i] = y == 1
	}
	accuracy, err := learn.Accuracy(f.truth, predicted)
	if err != nil {
		return err
	}
	auc, err := learn.AUC(happened, p)
	if err != nil {
		return err
	}
	loss, err := learn.LogLoss(happened, p)
	if err != nil {
		return err
	}
	for _, v := range []struct {
		name      string
		tol, have float64
	}{{"lr_intercept", tol, l.Intercept}, {"lr_accuracy", points, accuracy}, {"lr_auc", tol, auc}, {"lr_logloss", tol, loss}} {
		if err := r.number(v.name, v.tol, v.have); err != nil {
			return err
		}
	}
	return nil
}
