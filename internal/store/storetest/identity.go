package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func insertUser(t *testing.T, s *store.Store, name string, tenant domain.TenantID, perms ...domain.Permission) *domain.User {
	t.Helper()
	u := &domain.User{
		ID: domain.UserID("user_" + name), Tenant: tenant, Email: name + "@example.com", Name: name, PasswordHash: "hash of " + name,
		Permissions: perms, CreatedAt: day, UpdatedAt: day,
	}
	must(t, s.Users.Insert(t.Context(), u))
	return u
}

// testUserTenants: lists and totals hold one tenant's users, and Update moves nobody.
func testUserTenants(t *testing.T, s *store.Store) {
	ctx := t.Context()
	insertUser(t, s, "a", "", domain.AdminFull)
	b := insertUser(t, s, "b", "acme", domain.WebsitesRead)
	insertUser(t, s, "c", "acme")
	b.Tenant = "main"
	must(t, s.Users.Update(ctx, b))
	for tenant, want := range map[domain.TenantID][]domain.UserID{
		"": {"user_a", "user_b", "user_c"}, domain.DefaultTenant: {"user_a"}, "acme": {"user_b", "user_c"}, "other": {},
	} {
		list, total, err := s.Users.List(ctx, tenant, window(10, 0))
		must(t, err)
		ids := []domain.UserID{}
		for _, u := range list {
			ids = append(ids, u.ID)
		}
		wantEqual(t, ids, want)
		if total != len(want) {
			t.Errorf("tenant %q: total = %d, want %d", tenant, total, len(want))
		}
	}
}

// testSecondFactor: Update leaves it alone, and no time step counts twice.
func testSecondFactor(t *testing.T, s *store.Store) {
	ctx := t.Context()
	u := insertUser(t, s, "a", "main")
	u.TOTP, u.TOTPPending, u.TOTPStep, u.UpdatedAt = []byte{0, 1, 255}, []byte("next"), 7, day.Add(time.Hour)
	must(t, s.Users.SetTOTP(ctx, u))
	wantEqual(t, value(s.Users.Get(ctx, u.ID))(t), u)
	stale := *u
	stale.TOTP, stale.TOTPPending, stale.TOTPStep, stale.Name = nil, nil, 0, "Ada"
	must(t, s.Users.Update(ctx, &stale))
	u.Name = "Ada"
	wantEqual(t, value(s.Users.Get(ctx, u.ID))(t), u)
	for _, tt := range []struct {
		step int64
		want bool
	}{{7, false}, {8, true}, {8, false}, {6, false}, {10, true}, {9, false}} {
		if got := value(s.Users.UseTOTP(ctx, u.ID, tt.step))(t); got != tt.want {
			t.Errorf("UseTOTP(%d) = %v, want %v", tt.step, got, tt.want)
		}
	}
	u.TOTP, u.TOTPPending, u.TOTPStep = nil, nil, 0
	must(t, s.Users.SetTOTP(ctx, u))
	wantEqual(t, value(s.Users.Get(ctx, u.ID))(t), u)
	wantCode(t, s.Users.SetTOTP(ctx, &domain.User{ID: "user_x"}), domain.CodeNotFound)
	if value(s.Users.UseTOTP(ctx, "user_x", 99))(t) {
		t.Error("the code of a missing user was used")
	}
}

// testConcurrentSecondFactor: of many who show the same code at once, one is first.
func testConcurrentSecondFactor(t *testing.T, s *store.Store) {
	u := insertUser(t, s, "a", "main")
	var mu sync.Mutex
	var wg sync.WaitGroup
	firsts := 0
	for range 12 {
		wg.Go(func() {
			first, err := s.Users.UseTOTP(t.Context(), u.ID, 42)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("use: %v", err)
			}
			if first {
				firsts++
			}
		})
	}
	wg.Wait()
	if firsts != 1 {
		t.Errorf("%d were first, want 1", firsts)
	}
}

// testConcurrentAdmins: administrators who demote each other at the same time
// always leave one.
func testConcurrentAdmins(t *testing.T, s *store.Store) {
	const n = 6
	for i := range n {
		insertUser(t, s, fmt.Sprint(i), "main", domain.AgentsRead, domain.AdminFull)
	}
	insertUser(t, s, "z", "acme", domain.AdminFull)
	insertUser(t, s, "y", "main", domain.WebsitesRead)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				admins, err := s.Users.LockAdmins(ctx, "main")
				if err != nil {
					return err
				}
				u, err := s.Users.Lock(ctx, domain.UserID(fmt.Sprint("user_", i)))
				if err != nil {
					return err
				}
				if len(admins) == 1 {
					return domain.Errorf(domain.CodeConflict, "The last one.")
				}
				if i%2 == 0 {
					return s.Users.Delete(ctx, u.ID)
				}
				u.Permissions = nil
				return s.Users.Update(ctx, u)
			})
			if err != nil && domain.CodeOf(err) != domain.CodeConflict {
				t.Errorf("demote %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	must(t, s.InTx(t.Context(), func(ctx context.Context) error {
		admins, err := s.Users.LockAdmins(ctx, "main")
		if len(admins) != 1 {
			t.Errorf("administrators left: %v, want one", admins)
		}
		return err
	}))
	wantCode(t, s.InTx(t.Context(), func(ctx context.Context) error {
		_, err := s.Users.Lock(ctx, "user_x")
		return err
	}), domain.CodeNotFound)
}

func insertSession(t *testing.T, s *store.Store, user domain.UserID, id domain.SessionID, expires time.Time) *domain.LoginSession {
	t.Helper()
	v := &domain.LoginSession{ID: id, UserID: user, CreatedAt: day, ExpiresAt: expires, Client: "curl/8 – tester"}
	must(t, s.Sessions.Insert(t.Context(), v))
	return v
}

func sessionIDs(list []domain.LoginSession) []domain.SessionID {
	ids := []domain.SessionID{}
	for _, v := range list {
		ids = append(ids, v.ID)
	}
	return ids
}

func testSessions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertUser(t, s, "a", "acme", domain.WebsitesRead)
	b := insertUser(t, s, "b", "main")
	end := day.Add(24 * time.Hour)
	s1 := insertSession(t, s, a.ID, "sess_1", end)
	insertSession(t, s, a.ID, "sess_2", end.Add(time.Hour))
	insertSession(t, s, a.ID, "sess_3", end)
	insertSession(t, s, b.ID, "sess_4", end)
	wantEqual(t, value(s.Sessions.Get(ctx, "sess_1"))(t), s1)
	wantCode(t, s.Sessions.Insert(ctx, s1), domain.CodeConflict)
	wantCode(t, s.Sessions.Insert(ctx, &domain.LoginSession{ID: "sess_x", UserID: "user_x"}), domain.CodeConflict)

	session, user, err := s.Sessions.WithUser(ctx, "sess_1")
	must(t, err)
	wantEqual(t, session, s1)
	wantEqual(t, user, &domain.User{ID: a.ID, Tenant: "acme", Email: a.Email, Name: a.Name, Permissions: a.Permissions})
	_, _, err = s.Sessions.WithUser(ctx, "sess_x")
	wantCode(t, err, domain.CodeNotFound)

	listed := func(now time.Time, want ...domain.SessionID) {
		t.Helper()
		list, total, err := s.Sessions.List(ctx, a.ID, now, window(10, 0))
		must(t, err)
		wantEqual(t, sessionIDs(list), want)
		if total != len(want) {
			t.Errorf("total = %d, want %d", total, len(want))
		}
	}
	listed(day, "sess_3", "sess_2", "sess_1")
	listed(end, "sess_2")
	list, total, err := s.Sessions.List(ctx, a.ID, day, window(1, 1))
	must(t, err)
	if total != 3 || len(list) != 1 || list[0].ID != "sess_2" {
		t.Errorf("window = %v of %d, want sess_2 of 3", sessionIDs(list), total)
	}
	testSessionEnds(t, s, listed)
}

// testSessionEnds goes on where testSessions stands: three sign-ins of user_a, one
// of user_b.
func testSessionEnds(t *testing.T, s *store.Store, listed func(now time.Time, want ...domain.SessionID)) {
	t.Helper()
	ctx := t.Context()
	at := day.Add(time.Minute)
	must(t, s.Sessions.Revoke(ctx, "user_a", "sess_1", at))
	wantEqual(t, value(s.Sessions.Get(ctx, "sess_1"))(t).RevokedAt, &at)
	wantCode(t, s.Sessions.Revoke(ctx, "user_a", "sess_1", at.Add(time.Hour)), domain.CodeNotFound)
	wantCode(t, s.Sessions.Revoke(ctx, "user_a", "sess_4", at), domain.CodeNotFound)
	wantCode(t, s.Sessions.Revoke(ctx, "user_a", "sess_x", at), domain.CodeNotFound)
	listed(day, "sess_3", "sess_2")
	if n := value(s.Sessions.RevokeAll(ctx, "user_a", "sess_2", at))(t); n != 1 {
		t.Errorf("revoked %d, want 1", n)
	}
	listed(day, "sess_2")
	must(t, s.Sessions.DeleteExpired(ctx, "user_a", day.Add(24*time.Hour)))
	for _, id := range []domain.SessionID{"sess_1", "sess_3"} {
		_, err := s.Sessions.Get(ctx, id)
		wantCode(t, err, domain.CodeNotFound)
	}
	listed(day, "sess_2")
	if v := value(s.Sessions.Get(ctx, "sess_4"))(t); v.RevokedAt != nil {
		t.Errorf("another user's sign-in was revoked: %+v", v)
	}
	must(t, s.Users.Delete(ctx, "user_a"))
	_, err := s.Sessions.Get(ctx, "sess_2")
	wantCode(t, err, domain.CodeNotFound)
}

func testAPIKeys(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertUser(t, s, "a", "acme", domain.WebsitesRead, domain.AgentsRead)
	b := insertUser(t, s, "b", "main")
	insert := func(id domain.APIKeyID, user domain.UserID) *domain.APIKey {
		t.Helper()
		k := &domain.APIKey{
			ID: id, UserID: user, Name: "n8n – nightly", Prefix: "mfm_abcdefgh", Hash: "hash of " + string(id),
			Scope: []domain.Permission{domain.WebsitesRead}, CreatedAt: day, ExpiresAt: day.Add(domain.APIKeyLifetime),
		}
		must(t, s.APIKeys.Insert(ctx, k))
		return k
	}
	k1, k2 := insert("key_1", a.ID), insert("key_2", a.ID)
	insert("key_3", b.ID)
	wantEqual(t, value(s.APIKeys.Get(ctx, "key_1"))(t), k1)
	clash := *k1
	clash.ID = "key_x"
	wantCode(t, s.APIKeys.Insert(ctx, &clash), domain.CodeConflict)
	key, user, err := s.APIKeys.WithUser(ctx, k2.Hash)
	must(t, err)
	wantEqual(t, key, k2)
	wantEqual(t, user, &domain.User{ID: a.ID, Tenant: "acme", Email: a.Email, Name: a.Name, Permissions: a.Permissions})
	_, _, err = s.APIKeys.WithUser(ctx, "hash of key_4")
	wantCode(t, err, domain.CodeNotFound)
	list, total, err := s.APIKeys.List(ctx, a.ID, window(10, 0))
	must(t, err)
	wantEqual(t, list, []domain.APIKey{*k2, *k1})
	if total != 2 {
		t.Errorf("total = %d, want 2", total)
	}

	expires := day.Add(time.Hour)
	must(t, s.APIKeys.Replace(ctx, "key_1", "key_2", expires))
	k1.ReplacedBy, k1.ExpiresAt = "key_2", expires
	wantEqual(t, value(s.APIKeys.Get(ctx, "key_1"))(t), k1)
	wantCode(t, s.APIKeys.Replace(ctx, "key_1", "key_3", expires), domain.CodeConflict)
	at := day.Add(time.Minute)
	must(t, s.APIKeys.Revoke(ctx, "key_1", at))
	k1.RevokedAt = &at
	wantEqual(t, value(s.APIKeys.Get(ctx, "key_1"))(t), k1)
	wantCode(t, s.APIKeys.Revoke(ctx, "key_1", at), domain.CodeNotFound)
	must(t, s.APIKeys.Revoke(ctx, "key_2", at))
	wantCode(t, s.APIKeys.Replace(ctx, "key_2", "key_3", expires), domain.CodeConflict)

	must(t, s.Users.Delete(ctx, a.ID))
	_, _, err = s.APIKeys.WithUser(ctx, k1.Hash)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.APIKeys.Get(ctx, "key_1")
	wantCode(t, err, domain.CodeNotFound)
	value(s.APIKeys.Get(ctx, "key_3"))(t)
}

func testAPIKeyUse(t *testing.T, s *store.Store) {
	ctx := t.Context()
	insertUser(t, s, "a", "main")
	must(t, s.APIKeys.Insert(ctx, &domain.APIKey{ID: "key_1", UserID: "user_a", Hash: "h", CreatedAt: day, ExpiresAt: day}))
	for _, tt := range []struct {
		after time.Duration
		want  time.Duration
	}{{0, 0}, {59 * time.Second, 0}, {60 * time.Second, 60 * time.Second}, {30 * time.Second, 60 * time.Second}, {5 * time.Minute, 5 * time.Minute}} {
		at := day.Add(tt.after)
		must(t, s.APIKeys.Touch(ctx, "key_1", at, at.Add(-time.Minute)))
		wantEqual(t, value(s.APIKeys.Get(ctx, "key_1"))(t).LastUsedAt, ptr(day.Add(tt.want)))
	}
	must(t, s.APIKeys.Touch(ctx, "key_x", day, day))
}
