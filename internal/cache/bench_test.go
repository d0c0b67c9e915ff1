package cache_test

import (
	"strings"
	"testing"
	"time"

	"empire/internal/cache"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// benchmarkBoth runs a benchmark on memory and on a Redis server.
func benchmarkBoth(b *testing.B, fn func(b *testing.B, c cache.Cache)) {
	b.Run("memory", func(b *testing.B) {
		m := cache.NewMemory(cache.MemoryConfig{})
		b.Cleanup(m.Close)
		fn(b, m)
	})
	b.Run("redis", func(b *testing.B) {
		fn(b, openRedis(b, testkit.Redis(b), cache.RedisConfig{}))
	})
}

func BenchmarkGet(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, c cache.Cache) {
		if err := c.Set(b.Context(), "key", make([]byte, 200), time.Hour); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, ok, err := c.Get(b.Context(), "key"); !ok || err != nil {
				b.Fatal("lost the value", err)
			}
		}
	})
}

func BenchmarkAllow(b *testing.B) {
	l := domain.RateLimit{Requests: 6000, Per: time.Minute}
	benchmarkBoth(b, func(b *testing.B, c cache.Cache) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Allow(b.Context(), "read:user_0123456789", l); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAllowParallel is one identity from many connections.
func BenchmarkAllowParallel(b *testing.B) {
	l := domain.RateLimit{Requests: 6000, Per: time.Minute}
	benchmarkBoth(b, func(b *testing.B, c cache.Cache) {
		b.SetParallelism(50)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := c.Allow(b.Context(), "read:user_0123456789", l); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkSessionsGet asks by the ID of a sign-in and by a token as long as ours are.
func BenchmarkSessionsGet(b *testing.B) {
	for name, key := range map[string]string{"id": "sess_01JQ3V9S6W8K2M4N6P8R0T2V4X", "token": strings.Repeat("eyJhbGciOiJIUzI1NiIs", 18)} {
		benchmarkBoth(b, func(b *testing.B, c cache.Cache) {
			s := cache.NewSessions(c, time.Hour, time.Now)
			s.Get(b.Context(), key)
			s.Put(b.Context(), key, &domain.Principal{UserID: "user_1"}, time.Now())
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := s.Get(b.Context(), key); !ok {
						b.Fatal("lost the session")
					}
				}
			})
		})
	}
}

func BenchmarkSessionsGetParallel(b *testing.B) {
	token := strings.Repeat("eyJhbGciOiJIUzI1NiIs", 18)
	benchmarkBoth(b, func(b *testing.B, c cache.Cache) {
		s := cache.NewSessions(c, time.Hour, time.Now)
		s.Put(b.Context(), token, &domain.Principal{UserID: "user_1"}, time.Now())
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, ok := s.Get(b.Context(), token); !ok {
					b.Error("lost the session")
				}
			}
		})
	})
}
