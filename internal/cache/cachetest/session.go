package cachetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/cache"
	"empire/internal/domain"
)

var sessionTests = []test{
	{name: "put_get", fn: putGet},
	{name: "never_older_than_allowed", fn: sessionAge},
	{name: "never_older_elsewhere", fn: sessionAgeElsewhere},
	{name: "drop", fn: dropUser},
	{name: "drop_beats_a_late_put", fn: dropBeatsLatePut},
	{name: "drop_beats_what_others_read", fn: dropBeatsOthers},
	{name: "read_twice", fn: readTwice},
	{name: "at_once", fn: sessionsAtOnce},
}

// maxAge is long where nothing has to end, short where the suite waits for it.
const (
	longAge  = time.Minute
	shortAge = 50 * time.Millisecond
)

func principal(id domain.UserID) *domain.Principal {
	return &domain.Principal{
		UserID: id, Tenant: "main", Email: string(id) + "@shop.example", Human: true, Session: "sess_1", Key: "key_1",
		Permissions: []domain.Permission{domain.WebsitesRead, domain.IntelligenceUse},
	}
}

// open returns sessions that know what the cache's clock says, as the authenticator
// does, which looks before it reads from the database.
func (s Subject) sessions(t *testing.T, maxAge time.Duration) *cache.Sessions {
	t.Helper()
	v := cache.NewSessions(s.Cache, maxAge, s.Now)
	v.Get(t.Context(), "nobody")
	return v
}

func knows(t *testing.T, v *cache.Sessions, token string, want *domain.Principal) {
	t.Helper()
	got, ok := v.Get(t.Context(), token)
	if diff := cmp.Diff(want, got); ok != (want != nil) || diff != "" {
		t.Errorf("Get(%s) = %+v, %t, want %+v", token, got, ok, want)
	}
}

func putGet(t *testing.T, s Subject) {
	v := s.sessions(t, longAge)
	knows(t, v, "a", nil)
	p := principal("user_1")
	v.Put(t.Context(), "a", p, s.Now())
	v.Put(t.Context(), "b", principal("user_2"), s.Now())
	p.Permissions[0] = domain.AdminFull // the caller's own
	p.Email = ""
	knows(t, v, "a", principal("user_1"))
	knows(t, v, "b", principal("user_2"))
	knows(t, v, "A", nil)
}

func sessionAge(t *testing.T, s Subject) {
	v := s.sessions(t, shortAge)
	checkAge(t, s, v, v)
}

func sessionAgeElsewhere(t *testing.T, s Subject) {
	checkAge(t, s, s.sessions(t, shortAge), s.sessions(t, shortAge))
}

// checkAge stores sessions of several ages in one place and asks for them in another
// until all have ended. What is found is never older than allowed.
func checkAge(t *testing.T, s Subject, in, out *cache.Sessions) {
	t.Helper()
	readAt := map[string]time.Time{}
	for token, age := range map[string]time.Duration{"new": 0, "half": shortAge / 2, "old": shortAge, "older": time.Hour, "ahead": -time.Hour} {
		readAt[token] = s.Now().Add(-age)
		in.Put(t.Context(), token, principal("user_1"), readAt[token])
	}
	readAt["ahead"] = s.Now() // a time that has not come is now
	if s.moved() {
		knows(t, in, "half", principal("user_1"))
		s.pass(shortAge/2 - time.Millisecond)
		knows(t, in, "half", principal("user_1"))
		knows(t, in, "ahead", principal("user_1"))
	}
	for left, began := len(readAt), time.Now(); left > 0; s.pass(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal("sessions did not end")
		}
		left = len(readAt)
		for token, at := range readAt {
			asked := s.Now()
			p, ok := out.Get(t.Context(), token)
			switch {
			case !ok:
				left--
			case asked.Sub(at) >= shortAge:
				t.Fatalf("%s was returned %s after it was read, want less than %s", token, asked.Sub(at), shortAge)
			case p.UserID != "user_1":
				t.Fatalf("%s returned %+v", token, p)
			}
		}
	}
}

func dropUser(t *testing.T, s Subject) {
	v := s.sessions(t, longAge)
	readAt := s.Now()
	for token, id := range map[string]domain.UserID{"a": "user_1", "b": "user_1", "c": "user_2"} {
		v.Put(t.Context(), token, principal(id), readAt)
	}
	v.DropUser(t.Context(), "user_1")
	v.DropUser(t.Context(), "user_3")
	knows(t, v, "a", nil)
	knows(t, v, "b", nil)
	knows(t, v, "c", principal("user_2"))
	s.pass(time.Millisecond)
	v.Put(t.Context(), "a", principal("user_1"), s.Now())
	knows(t, v, "a", principal("user_1"))
	knows(t, v, "b", nil)
}

func dropBeatsLatePut(t *testing.T, s Subject) {
	v := s.sessions(t, longAge)
	readAt := s.Now()
	v.DropUser(t.Context(), "user_1")
	v.Put(t.Context(), "a", principal("user_1"), readAt)
	knows(t, v, "a", nil)
	v.Put(t.Context(), "a", principal("user_1"), readAt.Add(-time.Second))
	knows(t, v, "a", nil)
}

// dropBeatsOthers drops a user whose session another process has read before.
func dropBeatsOthers(t *testing.T, s Subject) {
	a, b := s.sessions(t, longAge), s.sessions(t, longAge)
	a.Put(t.Context(), "a", principal("user_1"), s.Now())
	b.DropUser(t.Context(), "user_1")
	knows(t, b, "a", nil)
	a.DropUser(t.Context(), "user_1")
	knows(t, a, "a", nil)
	s.pass(time.Millisecond)
	a.Put(t.Context(), "a", principal("user_1"), s.Now())
	knows(t, a, "a", principal("user_1"))
}

// readTwice stores what was read later first.
func readTwice(t *testing.T, s Subject) {
	v := s.sessions(t, longAge)
	now := s.Now()
	v.Put(t.Context(), "a", principal("user_1"), now)
	changed := principal("user_1")
	changed.Permissions = nil
	v.Put(t.Context(), "a", changed, now.Add(-time.Second))
	knows(t, v, "a", principal("user_1"))
}

// sessionsAtOnce changes the rights of users while others ask for them. Nobody may
// see an older right than the last one that was made known.
func sessionsAtOnce(t *testing.T, s Subject) {
	v := s.sessions(t, longAge)
	rights := []domain.Permission{domain.AdminFull}
	v.Put(t.Context(), "a", &domain.Principal{UserID: "user_1", Permissions: rights}, s.Now())
	readAt := s.Now()
	v.DropUser(t.Context(), "user_1")
	together(20, func(i int) {
		for range 50 {
			if i%2 == 0 {
				v.Put(t.Context(), "a", &domain.Principal{UserID: "user_1", Permissions: rights}, readAt)
			}
			if p, ok := v.Get(t.Context(), "a"); ok && p.Can(domain.AdminFull) {
				t.Error("a right came back that had been taken")
				return
			}
		}
	})
}
