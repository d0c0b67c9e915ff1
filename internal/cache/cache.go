// Package cache keeps what may be lost: results, limits, counts of failures and who
// a token stands for. It is memory of this process or a Redis server that several
// processes share; both behave the same and pass the suite in cachetest.
//
//	Cache ─┬─ Memory   values in a bounded cache, counters and limits in exact tables
//	       └─ Redis    every operation one round trip, bounded in time
//	  ▲
//	  ├── Loader      results of slow calls, computed once
//	  ├── Sessions    principals for at most a second
//	  └── Attempts    failed sign-ins
//
// The truth is in the database. Emptying or stopping a cache costs time and counts,
// never a right answer: who gets CodeUnavailable goes on without it.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"empire/internal/domain"
)

// Cache holds values, counters and rate limits, each in a name space of its own, by
// keys of any bytes. All methods may be called at the same time. What is stored may
// vanish before its time. An error is CodeInvalid for a use that can never work and
// CodeUnavailable when the cache cannot be asked.
//
// A ttl is positive and counts in whole milliseconds, rounded up.
type Cache interface {
	// Get returns a copy of a value, and whether there is one.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Set stores a copy of a value until ttl has passed.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// SetIfAbsent stores a copy of a value if there is none, and reports whether it did.
	SetIfAbsent(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	// Delete removes the values and the counters of keys.
	Delete(ctx context.Context, keys ...string) error
	// Increment adds one to a counter and returns it. The counter ends when ttl has
	// passed since its first increment; then it begins at one again.
	Increment(ctx context.Context, key string, ttl time.Duration) (int64, error)
	// Allow counts a request under a limit and decides about it. Every limit needs its
	// own key; another limit for the same key applies from its first request on.
	Allow(ctx context.Context, key string, l domain.RateLimit) (domain.RateDecision, error)
	// Ping reports whether the cache answers.
	Ping(ctx context.Context) error
	// Close ends the cache; nothing may be called after it.
	Close()
}

// maxKey is the length in bytes up to which keys are stored as they are.
const maxKey = 200

// storedKey returns the key as it is stored: longer ones are hashed. A mark sets
// hashed keys apart, and keys that begin with the mark are hashed too, so that no
// key can stand for another.
func storedKey(key string) string {
	if len(key) <= maxKey && (key == "" || key[0] != '#') {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "#" + hex.EncodeToString(sum[:])
}

// millis returns a ttl in whole milliseconds, rounded up.
func millis(ttl time.Duration) (int64, error) {
	if ttl <= 0 {
		return 0, domain.Errorf(domain.CodeInvalid, "A cache keeps nothing for %s.", ttl)
	}
	ms := int64(ttl / time.Millisecond)
	if ttl%time.Millisecond > 0 {
		ms++
	}
	return ms, nil
}
