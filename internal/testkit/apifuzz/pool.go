package apifuzz

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// perName bounds how many values of one name are kept.
const perName = 64

// Pool holds real values by the names of their properties, taken from answers: the
// ids of what exists above all. It may be used from several goroutines.
type Pool struct {
	mu     sync.Mutex
	values map[string][]any
	things map[string][]map[string]any // by the names of their ids
	avoid  map[string]bool
}

// NewPool returns an empty pool. Values in avoid never get in: what requests must
// not touch, such as the account that they are made with.
func NewPool(avoid ...string) *Pool {
	p := &Pool{values: map[string][]any{}, things: map[string][]map[string]any{}, avoid: map[string]bool{}}
	for _, v := range avoid {
		p.avoid[v] = true
	}
	return p
}

// Learn takes the scalars of an answer. id is the name under which other operations
// ask for the things in it: website_id for those of the list of websites.
func (p *Pool) Learn(id string, body any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, ok := body.([]any)
	if !ok {
		list = []any{body}
	}
	for _, item := range list {
		if thing, ok := item.(map[string]any); ok {
			p.know(id, thing)
		}
		p.learn(id, "", item)
	}
}

// know keeps a thing with its scalars, so that its parts can be named together.
func (p *Pool) know(id string, thing map[string]any) {
	flat := map[string]any{}
	for name, v := range thing {
		if name == "id" {
			name = id
		}
		if text, ok := v.(string); ok && text != "" && !p.avoid[text] {
			flat[name] = v
		}
	}
	for name := range flat {
		if name == id || strings.HasSuffix(name, "_id") {
			list := p.things[name]
			p.things[name] = append(list[max(0, len(list)-perName):], flat)
		}
	}
}

func (p *Pool) learn(id, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for property, value := range v {
			known := property
			if known == "id" && name == "" {
				known = id
			}
			p.learn(id, known, value)
		}
	case []any:
		for _, item := range v {
			p.learn(id, name, item)
		}
	case string, json.Number:
		p.add(name, v)
	}
}

func (p *Pool) add(name string, v any) {
	if text, ok := v.(string); ok && (p.avoid[text] || text == "" || len(text) > 300) {
		return
	}
	list := p.values[name]
	if name == "" || slices.Contains(list, v) {
		return
	}
	if len(list) >= perName { // what was learned last is the likeliest to be there still
		list = list[1:]
	}
	p.values[name] = append(list, v)
}

// pick returns a value of a name, or nil. The newest are the likeliest: what was
// learned first may be gone.
func (p *Pool) pick(r *rand.Rand, name string) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return newest(r, p.values[name])
}

// thing returns a thing that has all of some ids, or nil.
func (p *Pool) thing(r *rand.Rand, ids []string) map[string]any {
	if len(ids) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []map[string]any
	for _, t := range p.things[ids[len(ids)-1]] {
		if !slices.ContainsFunc(ids, func(id string) bool { return t[id] == nil }) {
			all = append(all, t)
		}
	}
	return newest(r, all)
}

func newest[T any](r *rand.Rand, list []T) (none T) {
	if len(list) == 0 {
		return none
	}
	return list[len(list)-1-min(r.IntN(len(list)), r.IntN(len(list)))]
}

// forbidden reports whether a text holds what must not be touched.
func (p *Pool) forbidden(text string) bool {
	for v := range p.avoid {
		if strings.Contains(text, v) {
			return true
		}
	}
	return false
}
