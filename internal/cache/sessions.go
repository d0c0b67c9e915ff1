package cache

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// maxSessions is about how many principals a process holds.
const maxSessions = 100_000

// Sessions remembers for a moment which principal the database found behind a token,
// so that it is not asked for every request. What was read longer ago than the
// maximum age is never returned, and what was read before a change of the user was
// made known by DropUser is not either.
//
// Each process has a memory of its own. On Redis, processes share what they read as
// well; the age bound holds whatever the clocks of the machines say. Tokens are
// stored as their SHA-256.
type Sessions struct {
	maxAge  int64 // nanoseconds, like all times here: since began
	now     func() time.Time
	began   time.Time
	entries *table[[sha256.Size]byte, session]
	shared  *sharedSessions // nil: not shared

	mu      sync.Mutex
	users   map[domain.UserID]*sessionUser
	sweepAt int // number of users at which those without sessions are dropped
}

// session is a principal that was read at end - maxAge.
type session struct {
	principal *domain.Principal
	user      *sessionUser
	end       int64
}

func (s session) ends() int64 { return s.end }

// sessionUser is what all sessions of a user have in common. It stays as long as any
// of them, so that a drop reaches them all.
type sessionUser struct {
	void atomic.Int64 // sessions that end by then are dropped
	last int64        // when the last session or drop ends; guarded by Sessions.mu
}

// NewSessions returns Sessions that hold what was read in the last maxAge, shared
// with other processes if the cache is a Redis.
func NewSessions(c Cache, maxAge time.Duration, now func() time.Time) *Sessions {
	s := &Sessions{
		maxAge: int64(maxAge), now: now, began: now(),
		entries: newTable[[sha256.Size]byte, session](maxSessions),
		users:   map[domain.UserID]*sessionUser{}, sweepAt: 64,
	}
	if r, ok := c.(*Redis); ok {
		s.shared = newSharedSessions(r, s)
	}
	return s
}

// Seal makes the processes that were given the same secret trust only what one of
// them has shared, and returns s. Without it, who can write to the server can make up
// principals. It is called before s is used.
func (s *Sessions) Seal(secret []byte) *Sessions {
	if s.shared != nil {
		s.shared.secret = sealKey(secret)
	}
	return s
}

// Get returns the principal behind a token, if it is known and fresh enough. It is
// shared: nobody may change it.
func (s *Sessions) Get(ctx context.Context, token string) (*domain.Principal, bool) {
	key := sessionKey(token)
	if e, ok := s.entries.get(key, s.clock()); ok && e.end > e.user.void.Load() {
		return e.principal, true
	}
	if s.shared == nil {
		return nil, false
	}
	p, end, ok := s.shared.get(ctx, key)
	if !ok || !s.keep(key, p, end) {
		return nil, false
	}
	return p, true
}

// Put remembers the principal behind a token. readAt is a time before the database
// was asked: only then is a drop in the meantime noticed.
func (s *Sessions) Put(ctx context.Context, token string, p *domain.Principal, readAt time.Time) {
	key := sessionKey(token)
	end := min(int64(readAt.Sub(s.began)), s.clock()) + s.maxAge
	own := *p
	own.Permissions = slices.Clone(p.Permissions)
	if s.keep(key, &own, end) && s.shared != nil {
		s.shared.put(ctx, key, &own, end, readAt)
	}
}

// DropUser forgets all sessions of a user that were read until now.
func (s *Sessions) DropUser(_ context.Context, id domain.UserID) {
	now := s.clock()
	u := s.user(id, now, now+s.maxAge)
	for {
		void := u.void.Load()
		if void >= now+s.maxAge || u.void.CompareAndSwap(void, now+s.maxAge) {
			return
		}
	}
}

// keep remembers a principal until end, and reports whether it is of any use: it has
// not ended, and it was not dropped.
func (s *Sessions) keep(key [sha256.Size]byte, p *domain.Principal, end int64) bool {
	now := s.clock()
	if end <= now {
		return false
	}
	u := s.user(p.UserID, now, end)
	if end <= u.void.Load() {
		return false
	}
	s.entries.update(key, now, func(e session) session {
		if e.end >= end {
			return e // read later than this one
		}
		return session{principal: p, user: u, end: end}
	})
	return true
}

// user returns what the sessions of a user have in common, and keeps it until end.
func (s *Sessions) user(id domain.UserID, now, end int64) *sessionUser {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		s.makeRoom(now)
		u = &sessionUser{}
		s.users[id] = u
	}
	u.last = max(u.last, end)
	return u
}

// makeRoom drops users without sessions when twice as many are there as were left
// the last time.
func (s *Sessions) makeRoom(now int64) {
	if len(s.users) < s.sweepAt {
		return
	}
	for id, u := range s.users {
		if u.last <= now {
			delete(s.users, id)
		}
	}
	s.sweepAt = max(2*len(s.users), 64)
}

// sessionKey hashes a token. The copy on the stack spares one on the heap for every
// request.
func sessionKey(token string) [sha256.Size]byte {
	var buf [512]byte
	if len(token) > len(buf) {
		return sha256.Sum256([]byte(token))
	}
	return sha256.Sum256(buf[:copy(buf[:], token)])
}

// clock returns the nanoseconds since the beginning; the monotonic clock counts
// where there is one.
func (s *Sessions) clock() int64 { return int64(s.now().Sub(s.began)) }
