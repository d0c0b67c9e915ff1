package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// claimAt is a claim of user_a to key k1 at a time, with a lease of a minute.
func claimAt(at time.Time) domain.Idempotency {
	return domain.Idempotency{
		Owner: "user_a", Key: "k1", RequestHash: "h1", CreatedAt: at, LeaseUntil: at.Add(time.Minute), ExpiresAt: at.Add(24 * time.Hour),
	}
}

// wantClaim claims and compares who has the key then.
func wantClaim(t *testing.T, s *store.Store, claim domain.Idempotency, held *domain.Idempotency) {
	t.Helper()
	got, claimed, err := s.Idempotency.Claim(t.Context(), claim)
	must(t, err)
	if claimed != (held == nil) {
		t.Errorf("claimed = %v, want %v", claimed, held == nil)
	}
	wantEqual(t, got, held)
}

func testIdempotency(t *testing.T, s *store.Store) {
	ctx := t.Context()
	claim := claimAt(day)
	wantClaim(t, s, claim, nil)
	wantClaim(t, s, claimAt(day.Add(time.Second)), &claim)

	other := claim
	other.Key = "k2"
	wantClaim(t, s, other, nil)
	other.Owner, other.Key = "key_b", "k1"
	wantClaim(t, s, other, nil)

	done := claim
	done.Response = &domain.StoredResponse{
		Status: 201, Header: map[string]string{"Content-Type": "application/json", "Location": "/api/v1/things/ä"}, Body: []byte("{\"a\":1}\x00\xff"),
	}
	done.ExpiresAt = day.Add(48 * time.Hour)
	must(t, s.Idempotency.Complete(ctx, done))
	repeat := claimAt(day.Add(time.Hour))
	wantClaim(t, s, repeat, &done)
	repeat.RequestHash = "h2"
	wantClaim(t, s, repeat, &done)

	wantCode(t, s.Idempotency.Complete(ctx, done), domain.CodeConflict)
	must(t, s.Idempotency.Release(ctx, claim)) // too late: it is completed
	wantClaim(t, s, repeat, &done)

	must(t, s.Idempotency.Release(ctx, other))
	wantCode(t, s.Idempotency.Complete(ctx, withResponse(other)), domain.CodeConflict)
	wantClaim(t, s, other, nil)
}

// withResponse gives a claim an answer without body.
func withResponse(claim domain.Idempotency) domain.Idempotency {
	claim.Response = &domain.StoredResponse{Status: 204, Header: map[string]string{}}
	return claim
}

// testIdempotencyLease: the claim of a dead process goes to the next one that has
// the same request, and what the dead one does afterwards changes nothing.
func testIdempotencyLease(t *testing.T, s *store.Store) {
	dead := claimAt(day)
	wantClaim(t, s, dead, nil)
	wantClaim(t, s, claimAt(day.Add(time.Minute-time.Microsecond)), &dead)
	stranger := claimAt(day.Add(time.Minute))
	stranger.RequestHash = "h2"
	wantClaim(t, s, stranger, &dead)
	heir := claimAt(day.Add(time.Minute))
	wantClaim(t, s, heir, nil)

	must(t, s.Idempotency.Release(t.Context(), dead))
	wantCode(t, s.Idempotency.Complete(t.Context(), withResponse(dead)), domain.CodeConflict)
	must(t, s.Idempotency.Complete(t.Context(), withResponse(heir)))
	done := withResponse(heir)
	wantClaim(t, s, claimAt(day.Add(time.Hour)), &done) // an answer outlives its lease
}

func testIdempotencyExpiry(t *testing.T, s *store.Store) {
	ctx := t.Context()
	claim := claimAt(day)
	wantClaim(t, s, claim, nil)
	must(t, s.Idempotency.Complete(ctx, withResponse(claim)))
	if n := value(s.Idempotency.Sweep(ctx, claim.ExpiresAt.Add(-time.Microsecond)))(t); n != 0 {
		t.Errorf("%d records were removed before their time", n)
	}
	fresh := claimAt(claim.ExpiresAt)
	fresh.RequestHash = "h2"
	wantClaim(t, s, fresh, nil)
	wantClaim(t, s, fresh, &fresh) // without the answer of the one before
	if n := value(s.Idempotency.Sweep(ctx, fresh.ExpiresAt))(t); n != 1 {
		t.Errorf("%d records were removed, want 1", n)
	}
}

// testConcurrentIdempotency: of many that claim one key at once, one gets it; so
// again after each release.
func testConcurrentIdempotency(t *testing.T, s *store.Store) {
	for round := range 4 {
		var claims atomic.Int64
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				claim := claimAt(day.Add(time.Duration(i) * time.Second))
				_, claimed, err := s.Idempotency.Claim(t.Context(), claim)
				if err != nil {
					t.Errorf("claim: %v", err)
				}
				if claimed {
					claims.Add(1)
				}
			})
		}
		wg.Wait()
		if got := claims.Load(); got != 1 {
			t.Errorf("round %d: %d got the key, want 1", round, got)
		}
		held, _, err := s.Idempotency.Claim(t.Context(), claimAt(day))
		must(t, err)
		must(t, s.Idempotency.Release(t.Context(), *held))
	}
}
