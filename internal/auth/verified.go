package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"empire/internal/domain"
)

// maxVerified bounds how many tokens and keys are remembered.
const maxVerified = 1 << 16

// credential is a token or key that was found genuine: what it stands for never
// changes, except that a key may be made to expire sooner.
type credential struct {
	cacheKey string // of its principal
	user     domain.UserID
	expires  time.Time
}

// verified remembers genuine credentials by their SHA-256, so that a signature is
// checked once and not on every request. Whether they still count is not its
// matter. When half of the room is full, what was not asked for since the last time
// is dropped.
type verified struct {
	shards [16]verifiedShard
}

type verifiedShard struct {
	mu       sync.RWMutex
	now, old map[[sha256.Size]byte]credential
}

func newVerified() *verified {
	v := &verified{}
	for i := range v.shards {
		v.shards[i].now = map[[sha256.Size]byte]credential{}
	}
	return v
}

func (v *verified) shard(sum *[sha256.Size]byte) *verifiedShard { return &v.shards[sum[0]&15] }

func (v *verified) get(sum [sha256.Size]byte) (credential, bool) {
	s := v.shard(&sum)
	s.mu.RLock()
	c, ok := s.now[sum]
	if ok {
		s.mu.RUnlock()
		return c, true
	}
	c, ok = s.old[sum]
	s.mu.RUnlock()
	if ok {
		v.put(sum, c)
	}
	return c, ok
}

func (v *verified) put(sum [sha256.Size]byte, c credential) {
	s := v.shard(&sum)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.now) >= maxVerified/len(v.shards)/2 {
		s.old, s.now = s.now, map[[sha256.Size]byte]credential{}
	}
	s.now[sum] = c
}

func (v *verified) drop(sum [sha256.Size]byte) {
	s := v.shard(&sum)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.now, sum)
	delete(s.old, sum)
}
