package cache

import (
	"bytes"
	"context"
	"math"
	"time"

	"github.com/maypok86/otter/v2"

	"empire/internal/domain"
)

// MemoryConfig bounds a Memory.
type MemoryConfig struct {
	MaxBytes uint64           // of keys and values, with their overhead; 0: 64 MiB
	MaxKeys  int              // of counters, and of limits; 0: 1,000,000
	Now      func() time.Time // nil: time.Now
}

// entryOverhead is about what an entry takes beside its key and value, in bytes.
const entryOverhead = 150

// Memory is a Cache in the memory of this process. Values that are used least make
// room for others; counters and limits stay until they end.
type Memory struct {
	now      func() time.Time
	values   *otter.Cache[string, memoryValue]
	counters *table[string, memoryCounter]
	limits   *table[string, memoryLimit]
}

// memoryValue is a value and when it ends, in nanoseconds of the clock.
type memoryValue struct {
	data []byte
	end  int64
}

// memoryCounter ends at a time in nanoseconds.
type memoryCounter struct{ n, end int64 }

func (c memoryCounter) ends() int64 { return c.end }

// memoryLimit is a theoretical arrival time in microseconds: when it has passed, a
// limit is as if it were new.
type memoryLimit struct{ tat int64 }

func (l memoryLimit) ends() int64 { return l.tat }

// NewMemory returns an empty Memory.
func NewMemory(cfg MemoryConfig) *Memory {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 64 << 20
	}
	if cfg.MaxKeys == 0 {
		cfg.MaxKeys = 1_000_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Memory{
		now: cfg.Now,
		values: otter.Must(&otter.Options[string, memoryValue]{
			MaximumWeight: cfg.MaxBytes,
			Weigher: func(key string, v memoryValue) uint32 {
				return uint32(min(len(key)+len(v.data)+entryOverhead, math.MaxUint32))
			},
			ExpiryCalculator: memoryExpiry{cfg.Now},
			Clock:            memoryClock{cfg.Now},
			Logger:           &otter.NoopLogger{}, // it reports panics of loaders, and there are none
		}),
		counters: newTable[string, memoryCounter](cfg.MaxKeys),
		limits:   newTable[string, memoryLimit](cfg.MaxKeys),
	}
}

// Get implements Cache.
func (m *Memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	v, ok := m.values.GetIfPresent(storedKey(key))
	if !ok {
		return nil, false, nil
	}
	return bytes.Clone(v.data), true, nil
}

// Set implements Cache.
func (m *Memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	v, err := m.value(value, ttl)
	if err != nil {
		return err
	}
	m.values.Set(storedKey(key), v)
	return nil
}

// SetIfAbsent implements Cache.
func (m *Memory) SetIfAbsent(_ context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	v, err := m.value(value, ttl)
	if err != nil {
		return false, err
	}
	_, stored := m.values.SetIfAbsent(storedKey(key), v)
	return stored, nil
}

// value copies data, never to nil: an empty value is a value.
func (m *Memory) value(data []byte, ttl time.Duration) (memoryValue, error) {
	ms, err := millis(ttl)
	if err != nil {
		return memoryValue{}, err
	}
	return memoryValue{data: append([]byte{}, data...), end: m.now().UnixNano() + ms*int64(time.Millisecond)}, nil
}

// Delete implements Cache.
func (m *Memory) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		key = storedKey(key)
		m.values.Invalidate(key)
		m.counters.delete(key)
	}
	return nil
}

// Increment implements Cache.
func (m *Memory) Increment(_ context.Context, key string, ttl time.Duration) (int64, error) {
	ms, err := millis(ttl)
	if err != nil {
		return 0, err
	}
	var n int64
	now := m.now().UnixNano()
	m.counters.update(storedKey(key), now, func(c memoryCounter) memoryCounter {
		if c.n == 0 {
			c.end = now + ms*int64(time.Millisecond)
		}
		c.n++
		n = c.n
		return c
	})
	return n, nil
}

// Allow implements Cache.
func (m *Memory) Allow(_ context.Context, key string, l domain.RateLimit) (domain.RateDecision, error) {
	g, limited := newGCRA(l)
	if !limited {
		return domain.RateDecision{Allowed: true}, nil
	}
	var ahead, retry int64
	now := m.now().UnixMicro()
	m.limits.update(storedKey(key), now, func(l memoryLimit) memoryLimit {
		l.tat, retry = g.decide(now, l.tat)
		ahead = l.tat - now
		return l
	})
	return g.decision(ahead, retry), nil
}

// Ping implements Cache: memory always answers.
func (m *Memory) Ping(context.Context) error { return nil }

// Close implements Cache.
func (m *Memory) Close() { m.values.StopAllGoroutines() }

// memoryExpiry lets every value end at its own time.
type memoryExpiry struct{ now func() time.Time }

func (e memoryExpiry) left(v memoryValue) time.Duration {
	return time.Duration(max(v.end-e.now().UnixNano(), 1))
}

func (e memoryExpiry) ExpireAfterCreate(entry otter.Entry[string, memoryValue]) time.Duration {
	return e.left(entry.Value)
}

func (e memoryExpiry) ExpireAfterUpdate(entry otter.Entry[string, memoryValue], _ memoryValue) time.Duration {
	return e.left(entry.Value)
}

func (e memoryExpiry) ExpireAfterRead(entry otter.Entry[string, memoryValue]) time.Duration {
	return entry.ExpiresAfter()
}

// memoryClock is the clock as otter reads it. Its ticks, for dropping ended values
// early, follow real time.
type memoryClock struct{ now func() time.Time }

func (c memoryClock) NowNano() int64 { return c.now().UnixNano() }

func (c memoryClock) Tick(d time.Duration) <-chan time.Time { return time.Tick(d) }
