package cache

import (
	"context"
	_ "embed" // holds the scripts
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"empire/internal/domain"
)

// RedisConfig says which server to use and how.
type RedisConfig struct {
	// URL is redis:// or rediss:// (TLS), or unix:// for a socket:
	// redis://user:password@host:6379/0. It is never logged.
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
	client    rueidis.Client
	prefix    string
	timeout   time.Duration
	slots     chan struct{} // one for each call under way
	breaker   *breaker
	allow     *rueidis.Lua
	increment *rueidis.Lua
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

// What the client may take. A full ring would make calls wait without a bound, and
// calls that were given up keep their place in it until the connection ends.
const (
	redisSlots     = 1024
	redisRingScale = 12      // 4096 calls
	redisBuffer    = 1 << 16 // bytes, for each direction of a connection
	openTimeout    = 5 * time.Second
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
	opts, err := rueidis.ParseURL(cfg.URL)
	if err != nil { // it repeats the URL, and with it the password
		return nil, domain.Invalid("redis.url", "This is not a URL of a Redis server.")
	}
	opts.ForceSingleClient = len(opts.InitAddress) == 1 && opts.Sentinel.MasterSet == ""
	opts.DisableCache = true
	opts.RingScaleEachConn = redisRingScale
	opts.ReadBufferEachConn, opts.WriteBufferEachConn = redisBuffer, redisBuffer
	opts.Dialer.Timeout = openTimeout // calls bring their own deadline
	opts.ConnWriteTimeout = 4 * cfg.Timeout
	opts.RetryDelay = retryOnce
	client, err := rueidis.NewClient(opts)
	if err != nil {
		if client != nil {
			client.Close()
		}
		return nil, unavailable(err)
	}
	r := &Redis{
		client: client, prefix: cfg.Prefix, timeout: cfg.Timeout, slots: make(chan struct{}, redisSlots),
		breaker:   &breaker{log: cfg.Logger},
		allow:     rueidis.NewLuaScript(allowScript),
		increment: rueidis.NewLuaScript(incrementScript),
	}
	if err := r.Ping(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// retryOnce repeats a call that is safe to repeat on a new connection, once: the old
// one may have ended while it was idle.
func retryOnce(attempts int, _ rueidis.Completed, err error) time.Duration {
	if _, answered := rueidis.IsRedisErr(err); answered || attempts > 1 {
		return -1
	}
	return 0
}

// Get implements Cache.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, bool, error) {
	var data []byte
	err := r.call(ctx, func(ctx context.Context) (err error) {
		data, err = r.client.Do(ctx, r.client.B().Get().Key(r.key(spaceValue, key)).Build()).AsBytes()
		return err
	})
	if rueidis.IsRedisNil(err) {
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
		cmd := r.client.B().Set().Key(r.key(spaceValue, key)).Value(rueidis.BinaryString(value)).PxMilliseconds(ms).Build()
		return r.client.Do(ctx, cmd.ToRetryable()).Error()
	})
}

// SetIfAbsent implements Cache.
func (r *Redis) SetIfAbsent(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	ms, err := millis(ttl)
	if err != nil {
		return false, err
	}
	err = r.call(ctx, func(ctx context.Context) error {
		cmd := r.client.B().Set().Key(r.key(spaceValue, key)).Value(rueidis.BinaryString(value)).Nx().PxMilliseconds(ms).Build()
		return r.client.Do(ctx, cmd).Error()
	})
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	return err == nil, err
}

// Delete implements Cache.
func (r *Redis) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	stored := make([]string, 0, 2*len(keys))
	for _, key := range keys {
		stored = append(stored, r.key(spaceValue, key), r.key(spaceCounter, key))
	}
	return r.call(ctx, func(ctx context.Context) error {
		return r.client.Do(ctx, r.client.B().Del().Key(stored...).Build().ToRetryable()).Error()
	})
}

// Increment implements Cache.
func (r *Redis) Increment(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	ms, err := millis(ttl)
	if err != nil {
		return 0, err
	}
	var n int64
	err = r.call(ctx, func(ctx context.Context) (err error) {
		n, err = r.increment.Exec(ctx, r.client, []string{r.key(spaceCounter, key)}, []string{strconv.FormatInt(ms, 10)}).AsInt64()
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
	err := r.call(ctx, func(ctx context.Context) (err error) {
		args := []string{strconv.FormatInt(g.interval, 10), strconv.FormatInt(g.window, 10)}
		answer, err = r.allow.Exec(ctx, r.client, []string{r.key(spaceLimit, key)}, args).AsIntSlice()
		if err == nil && len(answer) != 2 {
			err = errAnswer
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
		return r.client.Do(ctx, r.client.B().Ping().Build().ToRetryable()).Error()
	})
}

// Close implements Cache.
func (r *Redis) Close() { r.client.Close() }

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
	_, answered := rueidis.IsRedisErr(err)
	switch {
	case err == nil || rueidis.IsRedisNil(err):
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
