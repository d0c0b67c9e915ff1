package llm

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Model is one model that the configuration names.
type Model struct {
	Name      string
	Provider  Provider
	Model     string        // the vendor's name
	MaxTokens int           // of an answer, where the request does not say
	Timeout   time.Duration // of one call
	// Concurrency is how many calls are made at a time by this process.
	Concurrency int
	DegradeTo   string   // name of the cheaper model that a budget may choose
	Fallback    []string // names of models to ask when this one cannot answer
}

// Router knows the models and how many calls each takes at a time.
type Router struct {
	models   map[string]*slot
	standard string
}

type slot struct {
	Model
	free chan struct{}
}

// NewRouter returns a router over models whose names differ; standard is the name of
// the one to take where a request names none.
func NewRouter(models []Model, standard string) (*Router, error) {
	r := &Router{models: make(map[string]*slot, len(models)), standard: standard}
	for _, m := range models {
		if m.Concurrency < 1 {
			m.Concurrency = 1
		}
		if _, ok := r.models[m.Name]; ok {
			return nil, domain.Invalid("models.list", "There are two models with the name %q.", m.Name)
		}
		r.models[m.Name] = &slot{m, make(chan struct{}, m.Concurrency)}
	}
	known := func(name string) bool { _, ok := r.models[name]; return ok }
	for _, m := range models {
		for _, other := range append([]string{m.DegradeTo}, m.Fallback...) {
			if other != "" && !known(other) {
				return nil, domain.Invalid("models.list", "Model %q names the model %q, which is not in the list.", m.Name, other)
			}
		}
	}
	if standard != "" && !known(standard) {
		return nil, domain.Invalid("models.default", "Model %q is not in the list of models.", standard)
	}
	return r, nil
}

// Get returns a model by its name; empty: the default one.
func (r *Router) Get(name string) (*Model, error) {
	s, err := r.slot(name)
	if err != nil {
		return nil, err
	}
	return &s.Model, nil
}

func (r *Router) slot(name string) (*slot, error) {
	if len(r.models) == 0 {
		return nil, domain.Errorf(domain.CodeUnavailable,
			"No model is configured. Set models.model and models.api_key (EMPIRE_MODELS_MODEL, EMPIRE_MODELS_API_KEY), or models.list in the configuration file.")
	}
	if name == "" {
		name = r.standard
	}
	if name == "" {
		return nil, domain.Errorf(domain.CodeUnavailable, "No default model is configured: set models.default to the name of one in models.list.")
	}
	s, ok := r.models[name]
	if !ok {
		return nil, domain.Invalid("model", "Model %q is not configured in models.list.", name)
	}
	return s, nil
}

// Order returns a model and those to ask when it cannot answer, each once.
func (r *Router) Order(name string) ([]*Model, error) {
	first, err := r.Get(name)
	if err != nil {
		return nil, err
	}
	out := []*Model{first}
	seen := map[string]bool{first.Name: true}
	for _, f := range first.Fallback {
		if !seen[f] {
			seen[f] = true
			out = append(out, &r.models[f].Model)
		}
	}
	return out, nil
}

// Cheaper returns a model and those that it degrades to, each once.
func (r *Router) Cheaper(m *Model) []*Model {
	out := []*Model{m}
	seen := map[string]bool{m.Name: true}
	for m.DegradeTo != "" && !seen[m.DegradeTo] {
		seen[m.DegradeTo] = true
		m = &r.models[m.DegradeTo].Model
		out = append(out, m)
	}
	return out
}

// enter waits until a model takes another call; leave ends it.
func (r *Router) enter(ctx context.Context, name string) (m *Model, leave func(), err error) {
	s, err := r.slot(name)
	if err != nil {
		return nil, nil, err
	}
	select {
	case s.free <- struct{}{}:
		return &s.Model, func() { <-s.free }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}
