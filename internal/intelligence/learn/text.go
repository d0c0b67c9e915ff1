package learn

import (
	"empire/internal/domain"
)

// TextParams say how a TextClassifier is fitted.
type TextParams struct {
	Vectorizer VectorizerParams `json:"vectorizer"`
	// Logistic chooses logistic regression on the rows of the vectorizer; otherwise it
	// is naive Bayes.
	Logistic bool           `json:"logistic,omitempty"`
	Bayes    BayesParams    `json:"bayes"`
	Penalty  LogisticParams `json:"penalty"`
}

// TextClassifier puts texts into classes.
type TextClassifier struct {
	Vectorizer *Vectorizer `json:"vectorizer"`
	Bayes      *Bayes      `json:"bayes,omitempty"`
	Logistic   *Logistic   `json:"logistic,omitempty"`
}

// FitText learns classes from texts.
func FitText(texts []string, labels []int, p TextParams) (*TextClassifier, error) {
	if len(texts) != len(labels) {
		return nil, domain.Invalid("labels", "There are %d labels for %d texts.", len(labels), len(texts))
	}
	v, err := FitVectorizer(texts, p.Vectorizer)
	if err != nil {
		return nil, err
	}
	c, m := &TextClassifier{Vectorizer: v}, v.Transform(texts)
	if p.Logistic {
		c.Logistic, err = FitLogistic(m, labels, p.Penalty)
	} else {
		c.Bayes, err = FitBayes(m, labels, p.Bayes)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Ready prepares a classifier that was read from JSON for use, and refuses one that
// does not hold together.
func (c *TextClassifier) Ready() error {
	if c.Vectorizer == nil || (c.Bayes == nil) == (c.Logistic == nil) {
		return domain.Invalid("parameters", "A text classifier has a vectorizer and one classifier.")
	}
	if err := c.Vectorizer.Ready(); err != nil {
		return err
	}
	cols := 0
	if c.Bayes != nil {
		if err := c.Bayes.Ready(); err != nil {
			return err
		}
		cols = len(c.Bayes.Weights[0])
	} else {
		if err := c.Logistic.Ready(); err != nil {
			return err
		}
		cols = len(c.Logistic.Weights)
	}
	return sameCols(NewMatrix(len(c.Vectorizer.Terms)), cols)
}

// Predict returns the class of each text.
func (c *TextClassifier) Predict(texts []string) ([]int, error) {
	m := c.Vectorizer.Transform(texts)
	if c.Logistic != nil {
		return c.Logistic.Predict(m)
	}
	return c.Bayes.Predict(m)
}

// Probabilities returns for each text the probability of each class, in ascending
// order of the classes.
func (c *TextClassifier) Probabilities(texts []string) ([][]float64, error) {
	m := c.Vectorizer.Transform(texts)
	if c.Logistic == nil {
		return c.Bayes.Probabilities(m)
	}
	second, err := c.Logistic.Probabilities(m)
	out := make([][]float64, len(second))
	for i, p := range second {
		out[i] = []float64{1 - p, p}
	}
	return out, err
}
