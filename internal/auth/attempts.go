package auth

import (
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
// the account for the rest of 15 minutes after the tenth. It keeps at most 10,000
// names; beyond that the ones whose window ends first are dropped.
type Attempts struct {
	now func() time.Time

	mu       sync.Mutex
	failures map[string]window
}

type window struct {
	count int
	ends  time.Time
}

// NewAttempts returns Attempts with nothing counted.
func NewAttempts(now func() time.Time) *Attempts {
	return &Attempts{now: now, failures: map[string]window{}}
}

// Begin counts a sign-in to account as failed until Succeeded says otherwise, so
// that parallel guesses cannot pass the limit together. It returns how long the
// account is locked: zero if this attempt may go on.
func (a *Attempts) Begin(account string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	w, ok := a.failures[account]
	if !ok || !now.Before(w.ends) {
		a.makeRoom(now)
		w = window{ends: now.Add(failureWindow)}
	}
	if w.count >= maxFailures {
		return w.ends.Sub(now)
	}
	w.count++
	a.failures[account] = w
	return 0
}

// Succeeded forgets the failures of an account.
func (a *Attempts) Succeeded(account string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.failures, account)
}

// makeRoom drops ended windows, and the one that ends first if none has ended.
func (a *Attempts) makeRoom(now time.Time) {
	if len(a.failures) < maxAccounts {
		return
	}
	first, ends := "", time.Time{}
	for name, w := range a.failures {
		if !now.Before(w.ends) {
			delete(a.failures, name)
			continue
		}
		if first == "" || w.ends.Before(ends) {
			first, ends = name, w.ends
		}
	}
	if len(a.failures) >= maxAccounts {
		delete(a.failures, first)
	}
}
