package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"empire/internal/domain"
)

// Kind says what a stored model is.
type Kind string

// The kinds of models.
const (
	KindVectorizer Kind = "vectorizer"
	KindText       Kind = "text_classifier"
	KindBayes      Kind = "naive_bayes"
	KindLogistic   Kind = "logistic"
	KindLinear     Kind = "linear"
	KindIsotonic   Kind = "isotonic"
	KindKMeans     Kind = "kmeans"
	KindScaler     Kind = "scaler"
	KindPCA        Kind = "pca"
)

// format is the version of the layout of parameters. A model of another format cannot
// be opened and must be fitted anew.
const format = 1

// Model is a fitted model as it is stored: what it learned from, how good it was, and
// its parameters.
type Model struct {
	Kind       Kind               `json:"kind"`
	Format     int                `json:"format"`
	Version    int                `json:"version"` // counted up by whoever stores models
	CreatedAt  time.Time          `json:"created_at"`
	DataHash   string             `json:"data_sha256"` // of rows and targets: see HashRows and HashTexts
	N          int                `json:"n"`           // rows that it was fitted on
	Features   []string           `json:"features,omitempty"`
	Metrics    map[string]float64 `json:"metrics,omitempty"`
	Parameters json.RawMessage    `json:"parameters"`
}

// Fitted is a model that can be stored: one of the kinds of this package.
type Fitted interface {
	kind() Kind
	// Ready prepares a model that was read for use, and refuses one that does not hold
	// together.
	Ready() error
}

func (*Vectorizer) kind() Kind     { return KindVectorizer }
func (*TextClassifier) kind() Kind { return KindText }
func (*Bayes) kind() Kind          { return KindBayes }
func (*Logistic) kind() Kind       { return KindLogistic }
func (*Linear) kind() Kind         { return KindLinear }
func (*Isotonic) kind() Kind       { return KindIsotonic }
func (*KMeans) kind() Kind         { return KindKMeans }
func (*Scaler) kind() Kind         { return KindScaler }
func (*PCA) kind() Kind            { return KindPCA }

// Provenance is what a stored model says about its making.
type Provenance struct {
	Version   int
	CreatedAt time.Time
	DataHash  string
	N         int
	Features  []string // names of the columns, if they have any
	Metrics   map[string]float64
}

// Pack stores a fitted model. A value that is not finite, in it or in the metrics, is
// CodeInvalid.
func Pack(model Fitted, p Provenance) (*Model, error) {
	if p.Version < 1 || p.N < 1 || p.CreatedAt.IsZero() || len(p.DataHash) != 2*sha256.Size {
		return nil, domain.Invalid("provenance", "A stored model needs a version and a number of rows of at least 1, a time and the SHA-256 of its data.")
	}
	for name, v := range p.Metrics {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, domain.Invalid("metrics", "The metric %q is not a finite number.", name)
		}
	}
	if err := model.Ready(); err != nil {
		return nil, err
	}
	parameters, err := json.Marshal(model)
	if err != nil {
		return nil, domain.Invalid("parameters", "The parameters of the model cannot be stored: %v.", err)
	}
	return &Model{
		Kind: model.kind(), Format: format, Version: p.Version, CreatedAt: p.CreatedAt.UTC(), DataHash: p.DataHash,
		N: p.N, Features: p.Features, Metrics: p.Metrics, Parameters: parameters,
	}, nil
}

// Open reads a stored model into a value of its kind, ready for use:
//
//	var l learn.Logistic
//	err := m.Open(&l)
//
// Another kind or format is CodeInvalid, parameters that do not hold together are
// CodeMalformed.
func (m *Model) Open(into Fitted) error {
	if m.Kind != into.kind() {
		return domain.Invalid("kind", "The model is a %s, not a %s.", m.Kind, into.kind())
	}
	if m.Format != format {
		return domain.Invalid("format", "The model has format %d; this program reads format %d. Fit it anew.", m.Format, format)
	}
	if err := json.Unmarshal(m.Parameters, into); err != nil {
		return domain.Errorf(domain.CodeMalformed, "The parameters of the %s cannot be read: %v.", m.Kind, err)
	}
	if err := into.Ready(); err != nil {
		return domain.Errorf(domain.CodeMalformed, "The parameters of the %s do not hold together: %s", m.Kind, domain.MessageOf(err))
	}
	return nil
}

// Value opens a stored model of whatever kind. An unknown kind is CodeInvalid.
func (m *Model) Value() (Fitted, error) {
	for _, f := range []Fitted{
		&Vectorizer{}, &TextClassifier{}, &Bayes{}, &Logistic{}, &Linear{}, &Isotonic{}, &KMeans{}, &Scaler{}, &PCA{},
	} {
		if f.kind() == m.Kind {
			if err := m.Open(f); err != nil {
				return nil, err
			}
			return f, nil
		}
	}
	return nil, domain.Invalid("kind", "There is no kind of model %q.", m.Kind)
}

// Digest returns the SHA-256 of the model, in hexadecimal: its identity.
func (m *Model) Digest() (string, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode model: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// HashRows returns the SHA-256, in hexadecimal, over rows and targets: the data that a
// model was fitted on. Targets may be nil.
func HashRows(m *Matrix, targets []float64) string {
	h := sha256.New()
	b := make([]byte, 0, 1<<12)
	number := func(v uint64) { b = binary.LittleEndian.AppendUint64(b, v) }
	number(uint64(m.Rows()))
	number(uint64(m.Cols()))
	for i := range m.Rows() {
		index, value := m.Row(i)
		number(uint64(len(index)))
		for k, j := range index {
			number(uint64(j))
			number(math.Float64bits(value[k]))
		}
		_, _ = h.Write(b)
		b = b[:0]
	}
	for _, y := range targets {
		number(math.Float64bits(y))
	}
	_, _ = h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// HashTexts returns the SHA-256, in hexadecimal, over texts and labels. Labels may be
// nil.
func HashTexts(texts []string, labels []int) string {
	h := sha256.New()
	for _, t := range texts {
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(t))))
		_, _ = h.Write([]byte(t))
	}
	for _, l := range labels {
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(l)))
	}
	return hex.EncodeToString(h.Sum(nil))
}
