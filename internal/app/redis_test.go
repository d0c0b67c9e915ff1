package app_test

import (
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// estate is several processes of one installation: their own data directories, but
// one database, one Redis and one secret.
func estate(t *testing.T, n int, settings map[string]string) (apps []*app.App, callers []*caller) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "seal.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("5a", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := map[string]string{"database.url": testkit.Postgres(t), "auth.secret": "a secret that all processes share", "auth.key_file": key}
	maps.Copy(shared, settings)
	for i := range n {
		a := startWith(t, shared)
		apps = append(apps, a)
		if i == 0 {
			callers = append(callers, newCaller(t, a))
			continue
		}
		callers = append(callers, &caller{t: t, base: strings.TrimSuffix(a.URL(), "/"), token: callers[0].token})
	}
	return apps, callers
}

// TestThreeInstancesShareOneLimit asks three processes at once for more than one
// caller may.
func TestThreeInstancesShareOneLimit(t *testing.T) {
	t.Parallel()
	const limit = 30
	_, callers := estate(t, 3, map[string]string{"redis.url": testkit.Redis(t), "redis.timeout": "20s", "limits.read": strconv.Itoa(limit)})
	began := time.Now()
	var passed, limited atomic.Int64
	var group sync.WaitGroup
	for i := range 3 * limit {
		c := callers[i%3]
		group.Go(func() {
			a, err := c.ask("GET", "/api/v1/auth/me", nil)
			switch {
			case err != nil:
				t.Error(err)
			case a.status == http.StatusOK:
				passed.Add(1)
			case a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "" && a.header.Get("RateLimit-Remaining") == "0":
				limited.Add(1)
			default:
				t.Errorf("%d %v %s", a.status, a.header, a.body)
			}
		})
	}
	group.Wait()
	refilled := int64(time.Since(began)/(time.Minute/limit)) + 1 // one comes back every two seconds
	if n := passed.Load(); n < limit || n > limit+refilled {
		t.Errorf("%d of %d passed, want %d and at most %d that came back", n, 3*limit, limit, refilled)
	}
	if limited.Load() == 0 {
		t.Error("nothing was limited")
	}
}

// TestSignOutReachesAllInstances takes sign-ins and rights away on one process and
// asks another.
func TestSignOutReachesAllInstances(t *testing.T) {
	t.Parallel()
	_, callers := estate(t, 2, map[string]string{"redis.url": testkit.Redis(t)})
	here, there := callers[0], callers[1]
	var u struct {
		ID domain.UserID `json:"id"`
	}
	account := map[string]any{"email": "editor@shop.example", "name": "Editor", "password": "a long enough password", "permissions": []string{"websites.read"}}
	here.want("POST", "/api/v1/users", account, http.StatusCreated, &u)
	login := func() *caller {
		var s struct {
			AccessToken string `json:"access_token"`
		}
		here.want("POST", "/api/v1/auth/login", map[string]string{"email": "editor@shop.example", "password": "a long enough password"}, http.StatusOK, &s)
		return &caller{t: t, base: there.base, token: s.AccessToken}
	}
	for _, tt := range []struct {
		name string
		do   func(editor *caller)
		want int
	}{
		{"signed out", func(editor *caller) {
			(&caller{t: t, base: here.base, token: editor.token}).want("POST", "/api/v1/auth/logout", nil, http.StatusNoContent, nil)
		}, http.StatusUnauthorized},
		{"right taken away", func(*caller) {
			here.want("PATCH", "/api/v1/users/"+string(u.ID), map[string]any{"permissions": []string{"agents.read"}}, http.StatusOK, nil)
		}, http.StatusForbidden},
		{"deleted", func(*caller) {
			here.want("DELETE", "/api/v1/users/"+string(u.ID), nil, http.StatusNoContent, nil)
		}, http.StatusUnauthorized},
	} {
		here.want("PATCH", "/api/v1/users/"+string(u.ID), map[string]any{"permissions": []string{"websites.read"}}, http.StatusOK, nil)
		editor := login()
		editor.want("GET", "/api/v1/websites", nil, http.StatusOK, nil)
		tt.do(editor)
		done := time.Now()
		for {
			asked := time.Now()
			if status := editor.do("GET", "/api/v1/websites", nil).status; status == tt.want {
				break
			}
			if asked.Sub(done) > time.Second {
				t.Errorf("%s: the other process still lets the token in", tt.name)
				break
			}
		}
	}
}

// TestRedisOutage stops Redis under load: nothing gets a wrong answer, the components
// say what is wrong, and everything heals.
func TestRedisOutage(t *testing.T) {
	t.Parallel()
	redis := testkit.NewRedis(t)
	_, callers := estate(t, 2, map[string]string{"redis.url": redis.URL(), "limits.read": "1000000"})
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var asked atomic.Int64
	for i := range 8 {
		c := callers[i%2]
		group.Go(func() {
			for ctx.Err() == nil {
				a, err := c.ask("GET", "/api/v1/auth/me", nil)
				if ctx.Err() != nil {
					return
				}
				if err != nil || a.status != http.StatusOK {
					t.Errorf("%d %v %s", a.status, err, a.body)
					return
				}
				asked.Add(1)
			}
		})
	}
	until := func(want map[string]string) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); ; {
			got := components(callers[0])
			wrong := ""
			for name, state := range want {
				if got[name] != state {
					wrong = name + " is " + got[name] + ", want " + state
				}
			}
			if wrong == "" {
				return
			}
			if time.Now().After(end) {
				t.Fatal(wrong)
			}
		}
	}
	well := map[string]string{"redis": "ok", "cache": "ok", "limits": "ok", "store": "ok", "jobs": "ok"}
	until(well)
	redis.Stop()
	until(map[string]string{"redis": "down", "cache": "degraded", "limits": "degraded", "store": "ok", "jobs": "ok"})
	before := asked.Load()
	for asked.Load() < before+200 && !t.Failed() {
		components(callers[0])
	}
	redis.Start()
	until(well)
	stop()
	group.Wait()
}

// components returns the state of each component.
func components(c *caller) map[string]string {
	c.t.Helper()
	var list []struct {
		Name  string `json:"name"`
		State string `json:"state"`
	}
	c.want("GET", "/api/v1/system/components", nil, http.StatusOK, &list)
	out := map[string]string{}
	for _, one := range list {
		out[one.Name] = one.State
	}
	return out
}
