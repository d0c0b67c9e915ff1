package auth_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
)

// slowSessions answers when the test lets it.
type slowSessions struct {
	sessionTable
	asked chan chan struct{}
}

func (s slowSessions) WithUser(ctx context.Context, id domain.SessionID) (*domain.LoginSession, *domain.User, error) {
	answer := make(chan struct{})
	s.asked <- answer
	<-answer
	return s.sessionTable.WithUser(ctx, id)
}

// TestAuthenticateShares lets requests that come while the database is being asked
// share that question, unless something has changed since it was put or it was put
// too long ago.
func TestAuthenticateShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, true)
		slow := slowSessions{sessionTable{d.records}, make(chan chan struct{})}
		a := auth.NewAuthenticator(auth.AuthenticatorConfig{
			Tokens: d.tokens, Sessions: slow, Keys: keyTable{d.records}, Now: d.now, Logger: slog.New(slog.DiscardHandler),
			Cache: &principals{now: d.now, held: map[string]*domain.Principal{}, ends: map[string]time.Time{}, users: map[string]domain.UserID{}},
		})
		token, s := d.token(t, "user_1")
		var mu sync.Mutex
		outcomes := map[string]int{}
		come := func(n int, wave string) {
			for range n {
				go func() {
					_, err := a.Authenticate(t.Context(), token)
					mu.Lock()
					defer mu.Unlock()
					outcomes[fmt.Sprint(wave, " ", domain.CodeOf(err))]++
				}()
			}
			synctest.Wait()
		}
		come(1, "first")
		first := <-slow.asked
		come(1000, "first")
		d.change(func() { now := d.now(); s.RevokedAt = &now })
		a.Forget(t.Context(), "user_1")
		come(10, "after a change")
		second := <-slow.asked
		d.pass(time.Second)
		come(10, "much later")
		third := <-slow.asked
		for _, answer := range []chan struct{}{second, third} {
			close(answer)
			synctest.Wait()
		}
		d.change(func() { s.RevokedAt = nil }) // what the first question found
		close(first)
		synctest.Wait()
		for wave, n := range map[string]int{"first ": 1001, "after a change unauthenticated": 10, "much later unauthenticated": 10} {
			if outcomes[wave] != n {
				t.Errorf("%s: %d, want %d; all: %v", wave, outcomes[wave], n, outcomes)
			}
		}
	})
}
