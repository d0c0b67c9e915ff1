package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

// DefaultTTL is how long a result is kept unless said otherwise.
const DefaultTTL = 300 * time.Second

// Shared is the tenant of results that all tenants may see.
const Shared domain.TenantID = "*"

// Key names a result. Two keys are the same only if tenant, name and every argument
// are: everything that the result depends on belongs in it.
type Key struct {
	Tenant domain.TenantID // whose result it is, or Shared
	Name   string          // what is computed, such as portfolio.summary
	Args   []string        // from what
}

// String returns the key with the length of each part before it, so that no two
// keys read the same.
func (k Key) String() string {
	var b strings.Builder
	for _, part := range append([]string{string(k.Tenant), k.Name}, k.Args...) {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	return b.String()
}

// Loader keeps results of slow calls in a cache. Calls for one key that miss at the
// same time compute once.
type Loader struct {
	cache Cache

	mu      sync.Mutex
	flights map[string]*flight
}

// flight is one computation that others wait for.
type flight struct {
	done chan struct{} // closed when the rest is set
	data []byte
	err  error
	// failed says that there is neither: the one who computed gave up or panicked.
	failed bool
}

// NewLoader returns a Loader on a cache.
func NewLoader(c Cache) *Loader {
	return &Loader{cache: c, flights: map[string]*flight{}}
}

// Load returns the result of fn, or what it returned for the same key within ttl (0:
// DefaultTTL). Results are kept as JSON; an empty one is a result, an error is not
// kept. fn runs with ctx on the goroutine of one of the callers; a caller whose
// context ends leaves alone, and another takes over if it was the one who computed.
// While the cache cannot be asked, fn still runs once for all who wait.
//
// Every caller owns what it gets, except that the one who computed gets the very
// value that fn returned.
func Load[T any](ctx context.Context, l *Loader, k Key, ttl time.Duration, fn func(context.Context) (T, error)) (T, error) {
	var none T
	if k.Tenant == "" || k.Name == "" {
		return none, fmt.Errorf("load %q: a key needs a tenant and a name", k.String())
	}
	if ttl == 0 {
		ttl = DefaultTTL
	}
	key := "load:" + k.String()
	if v, ok := cached[T](ctx, l.cache, key); ok {
		return v, nil
	}
	for {
		f, mine := l.join(key)
		if mine {
			return compute(ctx, l, f, key, ttl, fn)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return none, fmt.Errorf("load %s: %w", k.Name, ctx.Err())
		}
		if f.failed {
			continue
		}
		if f.err != nil {
			return none, f.err
		}
		var v T
		if err := json.Unmarshal(f.data, &v); err != nil {
			return none, fmt.Errorf("load %s: decode the result: %w", k.Name, err)
		}
		return v, nil
	}
}

// cached returns a kept result. One of another shape, from before an update, is none.
func cached[T any](ctx context.Context, c Cache, key string) (T, bool) {
	var v T
	data, ok, err := c.Get(ctx, key)
	if err != nil || !ok || json.Unmarshal(data, &v) != nil {
		var none T
		return none, false
	}
	return v, true
}

// join returns the flight for a key, and whether the caller must fly it.
func (l *Loader) join(key string) (f *flight, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f, ok := l.flights[key]; ok {
		return f, false
	}
	f = &flight{done: make(chan struct{}), failed: true}
	l.flights[key] = f
	return f, true
}

// land lets go all who wait for a flight.
func (l *Loader) land(key string, f *flight) {
	l.mu.Lock()
	delete(l.flights, key)
	l.mu.Unlock()
	close(f.done)
}

func compute[T any](ctx context.Context, l *Loader, f *flight, key string, ttl time.Duration, fn func(context.Context) (T, error)) (T, error) {
	defer l.land(key, f) // after a panic too
	// An earlier flight may have landed between the first look and this one.
	if v, ok := cached[T](ctx, l.cache, key); ok {
		f.data, f.err = json.Marshal(v)
		f.failed = false
		return v, nil
	}
	v, err := fn(ctx)
	if err != nil {
		f.err, f.failed = err, ctx.Err() != nil
		return v, err
	}
	data, err := json.Marshal(v)
	if err != nil {
		err = fmt.Errorf("encode the result: %w", err)
		f.err, f.failed = err, false
		return v, err
	}
	f.data, f.failed = data, false
	_ = l.cache.Set(ctx, key, data, ttl) // without it the next one computes again
	return v, nil
}
