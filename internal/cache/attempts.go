package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
	"time"
)

// The limits of Attempts.
const (
	maxFailures   = 10
	failureWindow = 15 * time.Minute
	maxAccounts   = 10_000
)

// Attempts counts failed sign-ins for each account name, known or not, and locks
// the account for the rest of 15 minutes after the tenth. All processes on one cache
// count together. Each remembers what it saw, for about 10,000 names: that counts
// while the cache cannot be asked and after the cache lost its counters. Account
// names are stored hashed.
type Attempts struct {
	cache Cache
	now   func() time.Time
	seen  *table[string, failures]
	// order lets the attempts on one account follow each other, so that a counter
	// that is behind what was seen is one that began anew.
	order [64]sync.Mutex
}

// failures are those of one account since the first of them; end is in Unix
// nanoseconds.
type failures struct{ count, end int64 }

func (f failures) ends() int64 { return f.end }

// NewAttempts returns Attempts that count in a cache.
func NewAttempts(c Cache, now func() time.Time) *Attempts {
	return &Attempts{cache: c, now: now, seen: newTable[string, failures](maxAccounts)}
}

// Begin counts a sign-in to account as failed until Succeeded says otherwise, so
// that parallel guesses cannot pass the limit together. It returns how long the
// account is locked: zero if this attempt may go on.
func (a *Attempts) Begin(account string) time.Duration {
	key, order := a.key(account)
	order.Lock()
	defer order.Unlock()
	now := a.now().UnixNano()
	seen, _ := a.seen.get(key, now)
	f := a.count(key, now, seen)
	a.seen.update(key, now, func(failures) failures { return f })
	if f.count <= maxFailures {
		return 0
	}
	return min(max(time.Duration(f.end-now), time.Second), failureWindow)
}

// Succeeded forgets the failures of an account.
func (a *Attempts) Succeeded(account string) {
	key, order := a.key(account)
	order.Lock()
	defer order.Unlock()
	ctx := context.Background() // the cache bounds its calls
	// While the cache cannot be asked the other processes keep their counts, which is
	// the safe side.
	_ = a.cache.Set(ctx, forgivenKey(key), []byte{1}, failureWindow)
	_ = a.cache.Delete(ctx, key)
	a.seen.delete(key)
}

// count adds a failure to what the cache and this process know.
func (a *Attempts) count(key string, now int64, seen failures) failures {
	ctx := context.Background() // the cache bounds its calls
	n, err := a.cache.Increment(ctx, key, failureWindow)
	switch {
	case err == nil && n > seen.count && seen.count > 0:
		return failures{n, seen.end}
	case err == nil && (n > seen.count || a.forgiven(ctx, key)):
		return failures{n, a.end(ctx, key, n, now)}
	case seen.count > 0:
		return failures{seen.count + 1, seen.end}
	default:
		return failures{1, now + int64(failureWindow)}
	}
}

// end returns when the counter ends: the process whose failure is the first says so
// to the others.
func (a *Attempts) end(ctx context.Context, key string, n, now int64) int64 {
	latest := now + int64(failureWindow)
	if n == 1 {
		_ = a.cache.Set(ctx, key, strconv.AppendInt(nil, latest, 10), failureWindow)
		return latest
	}
	data, _, err := a.cache.Get(ctx, key)
	if err != nil {
		return latest
	}
	end, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil || end <= now {
		return latest
	}
	return min(end, latest)
}

// forgiven reports whether a process said that a sign-in succeeded. If none did, the
// cache has lost the counter.
func (a *Attempts) forgiven(ctx context.Context, key string) bool {
	_, ok, err := a.cache.Get(ctx, forgivenKey(key))
	return ok && err == nil
}

func (a *Attempts) key(account string) (string, *sync.Mutex) {
	sum := sha256.Sum256([]byte(account))
	return "attempts:" + hex.EncodeToString(sum[:]), &a.order[int(sum[0])%len(a.order)]
}

func forgivenKey(key string) string { return key + ":forgiven" }
