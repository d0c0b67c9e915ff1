package cache

import (
	"context"
	_ "embed" // holds the scripts
	"errors"
	"log/slog"
	"strconv"
	"time"

	"empire/internal/domain"
)

// RedisConfig says which server to use and how.
type RedisConfig struct {
	// URL is redis:// or rediss:// (TLS), or unix:// for a socket:
	// redis://user:password@host:6379/0, unix:///run/redis.sock?db=0. It is never logged.
	URL string
	// Prefix begins every key, so that several installations can share a server;
	// empty: "empire:".
	Prefix  string
	Timeout time.Duration // of one call, connecting included; 0: 250 ms
	Logger  *slog.Logger  // nil: none
}

// Redis is a Cache on a server that several processes share. The server's clock
// decides when limits refill and values end. Every call is one round trip (two after
// the server lost its scripts) and ends within the timeout. While the server does
// not answer, calls fail at once, but for one in a while that tries again.
type Redis struct {
	client    *client
	prefix    string
	timeout   time.Duration
	slots     chan struct{} // one for each call under way
	breaker   *breaker
	allow     script
	increment script
}

var (
	//go:embed allow.lua
	allowScript string
	//go:embed increment.lua
	incrementScript string
)

// The name spaces below the prefix.
const (
	spaceValue   = "v:"
	spaceCounter = "n:"
	spaceLimit   = "l:"
	spaceSession = "s:"
)

const (
	redisSlots  = 1024 // calls under way at a time
	openTimeout = 5 * time.Second
)

// OpenRedis connects to a server. A URL that cannot be read is CodeInvalid, a server
// that does not answer CodeUnavailable. A server that stops answering later is
// found again by itself.
func OpenRedis(ctx context.Context, cfg RedisConfig) (*Redis, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = "empire:"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 250 * time.Millisecond
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	at, err := parseServer(cfg.URL)
	if err != nil {
		return nil, domain.Invalid("redis.url", "This is not a URL of a Redis server.")
	}
	r := &Redis{
		client: newClient(at, 4*cfg.Timeout), prefix: cfg.Prefix, timeout: cfg.Timeout, slots: make(chan struct{}, redisSlots),
		breaker: &breaker{log: cfg.Logger}, allow: newScript(allowScript), increment: newScript(incrementScript),
	}
	first, cancel := context.WithTimeout(ctx, openTimeout) // calls bring their own deadline
	defer cancel()
	if _, err := r.client.connection(first); err != nil {
		r.Close()
		return nil, unavailable(err)
	}
	if err := r.Ping(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Get implements Cache.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, bool, error) {
	var data []byte
	err := r.call(ctx, func(ctx context.Context) error {
		answer, err := r.client.do(ctx, true, "GET", r.key(spaceValue, key))
		if err == nil {
			data, err = answer.bytes()
		}
		return err
	})
	if errors.Is(err, errMissing) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// Set implements Cache.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	ms, err := millis(ttl)
	if err != nil {
		return err
	}
	return r.call(ctx, func(ctx context.Context) error {
		_, err := r.client.do(ctx, true, "SET", r.key(spaceValue, key), string(value), "PX", strconv.FormatInt(ms, 10))
		return err
	})
}

// SetIfAbsent implements Cache.
func (r *Redis) SetIfAbsent(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	ms, err := millis(ttl)
	if err != nil {
		return false, err
	}
	err = r.call(ctx, func(ctx context.Context) error {
		_, err := r.client.do(ctx, false, "SET", r.key(spaceValue, key), string(value), "NX", "PX", strconv.FormatInt(ms, 10))
		return err
	})
	if errors.Is(err, errMissing) {
		return false, nil
	}
	return err == nil, err
}

// Delete implements Cache.
func (r *Redis) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	stored := append(make([]string, 0, 1+2*len(keys)), "DEL")
	for _, key := range keys {
		stored = append(stored, r.key(spaceValue, key), r.key(spaceCounter, key))
	}
	return r.call(ctx, func(ctx context.Context) error {
		_, err := r.client.do(ctx, true, stored...)
		return err
	})
}

// Increment implements Cache.
func (r *Redis) Increment(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	ms, err := millis(ttl)
	if err != nil {
		return 0, err
	}
	var n int64
	err = r.call(ctx, func(ctx context.Context) error {
		answer, err := r.increment.run(ctx, r.client, r.key(spaceCounter, key), strconv.FormatInt(ms, 10))
		if err == nil {
			n, err = answer.number()
		}
		return err
	})
	return n, err
}

// Allow implements Cache.
func (r *Redis) Allow(ctx context.Context, key string, l domain.RateLimit) (domain.RateDecision, error) {
	g, limited := newGCRA(l)
	if !limited {
		return domain.RateDecision{Allowed: true}, nil
	}
	var answer []int64
	err := r.call(ctx, func(ctx context.Context) error {
		said, err := r.allow.run(ctx, r.client, r.key(spaceLimit, key), strconv.FormatInt(g.interval, 10), strconv.FormatInt(g.window, 10))
		if err == nil {
			answer, err = said.numbers(2)
		}
		return err
	})
	if err != nil {
		return domain.RateDecision{}, err
	}
	return g.decision(answer[0], answer[1]), nil
}

// Ping implements Cache. It asks the server even while other calls fail at once.
func (r *Redis) Ping(ctx context.Context) error {
	return r.ask(ctx, func(ctx context.Context) error {
		_, err := r.client.do(ctx, true, "PING")
		return err
	})
}

// Close implements Cache.
func (r *Redis) Close() { r.client.close() }

func (r *Redis) key(space, key string) string { return r.prefix + space + storedKey(key) }

// errAnswer says that a script answered in a way that it cannot.
var errAnswer = errors.New("the script gave an unknown answer")

// errBusy and errDown say why a call was not made.
var (
	errBusy = errors.New("too many calls are under way")
	errDown = errors.New("the server did not answer a moment ago")
)

// call makes a call unless the server is known to be down.
func (r *Redis) call(ctx context.Context, fn func(context.Context) error) error {
	if !r.breaker.try(time.Now()) {
		return unavailable(errDown)
	}
	return r.ask(ctx, fn)
}

// ask makes a call within the timeout and heeds how it went. A missing value comes
// back as the client's own error, everything else that fails as CodeUnavailable.
func (r *Redis) ask(ctx context.Context, fn func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-bounded.Done():
		return unavailable(errBusy)
	}
	err := fn(bounded)
	var refused answerError
	answered := errors.As(err, &refused)
	switch {
	case err == nil || errors.Is(err, errMissing):
		r.breaker.succeeded(ctx)
		return err
	case answered || ctx.Err() != nil: // the server is there, or the caller gave up
	default:
		r.breaker.failed(ctx, time.Now(), err)
	}
	return unavailable(err)
}

func unavailable(err error) error {
	return &domain.Error{Code: domain.CodeUnavailable, Message: "The cache does not answer.", Err: err}
}
