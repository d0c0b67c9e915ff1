package gateway_test

import (
	"testing"

	"empire/internal/cache"
	"empire/internal/gateway/gatewaytest"
	"empire/internal/testkit"
)

func TestLimitsMemory(t *testing.T) {
	t.Parallel()
	gatewaytest.RunLimits(t, func(t *testing.T, n int) []gatewaytest.Limiter {
		shared, out := cache.NewMemory(cache.MemoryConfig{}), make([]gatewaytest.Limiter, n)
		t.Cleanup(shared.Close)
		for i := range out {
			out[i] = shared
		}
		return out
	})
}

func TestLimitsRedis(t *testing.T) {
	t.Parallel()
	gatewaytest.RunLimits(t, func(t *testing.T, n int) []gatewaytest.Limiter {
		url, out := testkit.Redis(t), make([]gatewaytest.Limiter, n)
		for i := range out {
			r, err := cache.OpenRedis(t.Context(), cache.RedisConfig{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(r.Close)
			out[i] = r
		}
		return out
	})
}
