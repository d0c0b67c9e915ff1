package apifuzz

import (
	"encoding/json"
	"math/rand/v2"
	"path"
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
	avoid  map[string]bool
}

// NewPool returns an empty pool. Values in avoid never get in: what requests must
// not touch, such as the account that they are made with.
func NewPool(avoid ...string) *Pool {
	p := &Pool{values: map[string][]any{}, avoid: map[string]bool{}}
	for _, v := range avoid {
		p.avoid[v] = true
	}
	return p
}

// Learn takes the scalars of an answer of an operation. The id of something in the
// list at /websites is known as website_id, which is how other operations ask for it.
func (p *Pool) Learn(address string, body any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.learn(singular(path.Base(address)), "", body)
}

func (p *Pool) learn(thing, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for property, value := range v {
			known := property
			if known == "id" && name == "" {
				known = thing + "_id"
			}
			p.learn(thing, known, value)
		}
	case []any:
		for _, item := range v {
			p.learn(thing, name, item)
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
	list := p.values[name]
	if len(list) == 0 {
		return nil
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

// singular turns the name of a list into that of a thing in it.
func singular(name string) string {
	name = strings.ReplaceAll(name, "-", "_")
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "ss"):
		return name
	}
	return strings.TrimSuffix(name, "s")
}
