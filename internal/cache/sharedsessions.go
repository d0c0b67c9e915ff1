package cache

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// sharedSessions are the sessions of several processes on a Redis server.
//
// A session ends at a time of the server's clock, because machines disagree about
// the time and a write may reach the server late. A process learns that clock from
// every answer: the server read it before the answer came, so that the server's time
// is at least what it read plus what has passed since. Who stores a session uses this
// lower bound, and who finds one counts from before it asked; both can only make a
// session end early. The time by the machine's own clock is compared as well, in case
// the server's clock is set back.
type sharedSessions struct {
	redis  *Redis
	local  *Sessions
	secret []byte // that records are sealed with; nil: they are not
	// ahead is by how much, at least, the server's clock is ahead of that of local, in
	// microseconds; math.MinInt64 until the server answered.
	ahead atomic.Int64
}

// sessionRecord is a session as it is stored.
type sessionRecord struct {
	Principal *domain.Principal `json:"principal"`
	End       int64             `json:"end"`     // by the server's clock, in Unix microseconds
	ReadAt    int64             `json:"read_at"` // by the clock of who read it, in Unix milliseconds
}

func newSharedSessions(r *Redis, local *Sessions) *sharedSessions {
	s := &sharedSessions{redis: r, local: local}
	s.ahead.Store(math.MinInt64)
	return s
}

// get returns a principal and when it ends by the clock of local.
func (s *sharedSessions) get(ctx context.Context, key [sha256.Size]byte) (p *domain.Principal, end int64, ok bool) {
	sent := s.local.clock()
	data, clock, err := s.redis.session(ctx, hex.EncodeToString(key[:]))
	if err != nil {
		return nil, 0, false
	}
	s.ahead.Store(clock - s.local.clock()/int64(time.Microsecond) - 1)
	data, sealed := s.unseal(key, data)
	var r sessionRecord
	if !sealed || json.Unmarshal(data, &r) != nil || r.Principal == nil {
		return nil, 0, false
	}
	maxAge := time.Duration(s.local.maxAge)
	if r.End <= clock || s.local.now().Sub(time.UnixMilli(r.ReadAt)) >= maxAge {
		return nil, 0, false
	}
	left := min(r.End-clock, maxAge.Microseconds())
	return r.Principal, sent + left*int64(time.Microsecond), true
}

// put stores a principal that ends at a time by the clock of local.
func (s *sharedSessions) put(ctx context.Context, key [sha256.Size]byte, p *domain.Principal, end int64, readAt time.Time) {
	ahead := s.ahead.Load()
	if ahead == math.MinInt64 {
		return
	}
	r := sessionRecord{Principal: p, End: ahead + end/int64(time.Microsecond), ReadAt: readAt.UnixMilli()}
	data, err := json.Marshal(r)
	if err != nil {
		return
	}
	// If it cannot be stored, the others ask the database.
	_ = s.redis.putSession(ctx, hex.EncodeToString(key[:]), s.seal(key, data), r.End)
}

// sealKey derives the key from a secret that is also used for other ends.
func sealKey(secret []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("empire shared sessions"))
	return mac.Sum(nil)
}

// seal puts a code before a record that only who knows the secret can make, for this
// token alone.
func (s *sharedSessions) seal(key [sha256.Size]byte, data []byte) []byte {
	if s.secret == nil {
		return data
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(key[:])
	mac.Write(data)
	return append(mac.Sum(nil), data...)
}

// unseal returns the record, and whether there is one and its seal is right.
func (s *sharedSessions) unseal(key [sha256.Size]byte, data []byte) ([]byte, bool) {
	if s.secret == nil {
		return data, len(data) > 0
	}
	if len(data) < sha256.Size {
		return nil, false
	}
	record := data[sha256.Size:]
	return record, hmac.Equal(s.seal(key, record), data)
}

// session returns what is stored for a token, nil if nothing is, and what the server's
// clock showed before it looked, in Unix microseconds.
func (r *Redis) session(ctx context.Context, key string) (data []byte, clock int64, err error) {
	err = r.call(ctx, func(ctx context.Context) error {
		answers, err := r.client.many(ctx, true, []string{"TIME"}, []string{"GET", r.prefix + spaceSession + key})
		if err != nil {
			return err
		}
		at, err := answers[0].numbers(2)
		if err != nil {
			return err
		}
		clock = at[0]*1_000_000 + at[1]
		data, err = answers[1].bytes()
		if errors.Is(err, errMissing) {
			return nil
		}
		return err
	})
	return data, clock, err
}

// putSession stores a value until a time of the server, in Unix microseconds. It is
// not stored at all if that has passed when the server reads it.
func (r *Redis) putSession(ctx context.Context, key string, data []byte, end int64) error {
	return r.call(ctx, func(ctx context.Context) error {
		_, err := r.client.do(ctx, false, "SET", r.prefix+spaceSession+key, string(data), "PXAT", strconv.FormatInt(end/1000, 10))
		return err
	})
}
