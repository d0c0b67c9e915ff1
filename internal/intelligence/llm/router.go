package llm

import (
	"cmp"
	"context"
	"slices"
	"time"

	"empire/internal/domain"
)

// Model is one model that the configuration names.
type Model struct {
	Name      string
	Provider  Provider
	Model     string        // the vendor's name
	MaxTokens int           // of an answer, where the request does not say
	MinTokens int           // the least that the vendor takes as the limit of an answer
	Timeout   time.Duration // of one call
	// Concurrency is how many calls are made at a time by this process.
	Concurrency int
	DegradeTo   string   // name of the cheaper model that a budget may choose
	Fallback    []string // names of models to ask when this one cannot answer
	Dimensions  int      // of a model for embeddings; 0: what it gives
}

// RouterConfig is what a Router needs.
type RouterConfig struct {
	Models   []Model           // whose names differ
	Default  string            // name of the one to take where a request names none
	Limits   map[string]Limits // by provider
	Breaker  Breaker
	Now      func() time.Time // nil: time.Now
	Embedder string           // name of the model for embeddings; empty: none
}

// Router knows the models, how many calls each takes at a time, and how the endpoints
// do.
type Router struct {
	models   map[string]*slot
	standard string
	embedder string
	gates    map[string]*gate // by provider
}

type slot struct {
	Model
	free chan struct{}
	gate *gate
}

// NewRouter returns a router without limits and breaker.
func NewRouter(models []Model, standard string) (*Router, error) {
	return OpenRouter(&RouterConfig{Models: models, Default: standard})
}

// OpenRouter returns a router.
func OpenRouter(cfg *RouterConfig) (*Router, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	r := &Router{models: make(map[string]*slot, len(cfg.Models)), standard: cfg.Default, embedder: cfg.Embedder, gates: map[string]*gate{}}
	for _, m := range cfg.Models {
		if m.Concurrency < 1 {
			m.Concurrency = 1
		}
		if _, ok := r.models[m.Name]; ok {
			return nil, domain.Invalid("models.list", "There are two models with the name %q.", m.Name)
		}
		name := m.Provider.Name()
		g := r.gates[name]
		if g == nil {
			g = &gate{limits: cfg.Limits[name], breaker: cfg.Breaker, now: cfg.Now, health: Health{Provider: name, State: EndpointOK}}
			r.gates[name] = g
		}
		r.models[m.Name] = &slot{m, make(chan struct{}, m.Concurrency), g}
	}
	return r, r.check(cfg)
}

func (r *Router) check(cfg *RouterConfig) error {
	known := func(name string) bool { _, ok := r.models[name]; return ok }
	for _, m := range cfg.Models {
		for _, other := range append([]string{m.DegradeTo}, m.Fallback...) {
			if other != "" && !known(other) {
				return domain.Invalid("models.list", "Model %q names the model %q, which is not in the list.", m.Name, other)
			}
		}
	}
	if cfg.Default != "" && !known(cfg.Default) {
		return domain.Invalid("models.default", "Model %q is not in the list of models.", cfg.Default)
	}
	if cfg.Embedder != "" && !known(cfg.Embedder) {
		return domain.Invalid("models.embedding", "Model %q is not in the list of models.", cfg.Embedder)
	}
	return nil
}

// Get returns a model by its name; empty: the default one.
func (r *Router) Get(name string) (*Model, error) {
	s, err := r.slot(name)
	if err != nil {
		return nil, err
	}
	return &s.Model, nil
}

// Names returns the names of all models, sorted.
func (r *Router) Names() []string {
	out := make([]string, 0, len(r.models))
	for name := range r.models {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Health returns how the endpoints do, sorted by provider.
func (r *Router) Health() []Health {
	out := make([]Health, 0, len(r.gates))
	for _, g := range r.gates {
		out = append(out, g.look())
	}
	slices.SortFunc(out, func(a, b Health) int { return cmp.Compare(a.Provider, b.Provider) })
	return out
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

// admits reports, before anything is reserved, whether a model's endpoint is left
// alone now.
func (r *Router) admits(m *Model) error {
	g := r.models[m.Name].gate
	until, blocked := g.blocked()
	if !blocked || m.DegradeTo != "" { // the ledger may choose another
		return nil
	}
	return Fail(&Error{Provider: m.Provider.Name(), Class: Overloaded, Detail: "it is left alone after faults"}, max(until.Sub(g.now()), 0))
}

// enter waits until a model takes another call of so many tokens; leave ends it with
// what became of it.
func (r *Router) enter(ctx context.Context, name string, tokens int) (leave func(error), err error) {
	s, err := r.slot(name)
	if err != nil {
		return nil, err
	}
	select {
	case s.free <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := s.gate.enter(ctx, tokens); err != nil {
		<-s.free
		return nil, err
	}
	return func(err error) {
		<-s.free
		s.gate.note(ClassOf(err), retryAfter(err))
	}, nil
}
