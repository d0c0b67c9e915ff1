package cache

import (
	"hash/maphash"
	"math"
	"sync"
)

// ending is a state that is worth nothing from a time on.
type ending interface{ ends() int64 }

// tableShards is how many parts of a table can be written at the same time.
const tableShards = 64

// table is a map of states that end. Unlike a cache it never drops one that has not
// ended, until it is full. Times are what the owner counts in.
type table[K comparable, V ending] struct {
	seed   maphash.Seed
	shards [tableShards]tableShard[K, V]
}

type tableShard[K comparable, V ending] struct {
	mu     sync.RWMutex
	states map[K]V
	most   int
	sweep  int // additions until ended states are looked for
}

// newTable returns a table for about size states.
func newTable[K comparable, V ending](size int) *table[K, V] {
	t := &table[K, V]{seed: maphash.MakeSeed()}
	for i := range t.shards {
		s := &t.shards[i]
		s.states = map[K]V{}
		s.most = max(size/tableShards, 1)
	}
	return t
}

func (t *table[K, V]) shard(key K) *tableShard[K, V] {
	return &t.shards[maphash.Comparable(t.seed, key)%tableShards]
}

// get returns the state of key, if it has not ended.
func (t *table[K, V]) get(key K, now int64) (V, bool) {
	s := t.shard(key)
	s.mu.RLock()
	v, ok := s.states[key]
	s.mu.RUnlock()
	if ok && v.ends() <= now {
		var none V
		return none, false
	}
	return v, ok
}

// update replaces the state of key by what fn makes of it, at once for all others.
// fn sees the zero state where none is or it has ended.
func (t *table[K, V]) update(key K, now int64, fn func(v V) V) {
	s := t.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.states[key]
	if ok && v.ends() <= now {
		var none V
		v = none
	}
	v = fn(v)
	if !ok {
		s.makeRoom(now)
	}
	s.states[key] = v
}

func (t *table[K, V]) delete(key K) {
	s := t.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.states, key)
}

// makeRoom drops ended states now and then: after as many additions as a part of
// what was left the last time, so that these share the cost of looking. A full shard
// gives up one state, the first to end of a few.
func (s *tableShard[K, V]) makeRoom(now int64) {
	if s.sweep--; s.sweep < 0 {
		for k, v := range s.states {
			if v.ends() <= now {
				delete(s.states, k)
			}
		}
		s.sweep = max(len(s.states)/4, 64)
	}
	if len(s.states) < s.most {
		return
	}
	const few = 16
	var victim K
	seen, soonest := 0, int64(math.MaxInt64)
	for k, v := range s.states { // begins anywhere
		if end := v.ends(); end <= soonest {
			victim, soonest = k, end
		}
		if seen++; seen == few {
			break
		}
	}
	delete(s.states, victim)
}
