package service_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
)

// registry remembers registrations; w1 announces itself.
type registry struct {
	list    []domain.ServiceInstance
	removed []string
}

func (r *registry) List() []domain.ServiceInstance { return slices.Clone(r.list) }

func (r *registry) Register(_ context.Context, in domain.ServiceInstance) (domain.ServiceInstance, bool, error) {
	in.Source, in.State = "api", domain.ServiceReady
	i := slices.IndexFunc(r.list, func(o domain.ServiceInstance) bool { return o.ID == in.ID })
	if i >= 0 {
		if r.list[i].URL != in.URL {
			return in, false, domain.Errorf(domain.CodeConflict, "Another address.")
		}
		return in, false, nil
	}
	r.list = append(r.list, in)
	return in, true, nil
}

func (r *registry) Remove(_ context.Context, id string) error {
	r.removed = append(r.removed, id)
	r.list = slices.DeleteFunc(r.list, func(o domain.ServiceInstance) bool { return o.ID == id })
	return nil
}

// router sees w1 down and knows an instance from its file.
type router struct{ err error }

func (router) Instances() []domain.ServiceInstance {
	return []domain.ServiceInstance{
		{ID: "10.0.0.1:80", Name: "shop", URL: "http://10.0.0.1:80", Source: "file", State: domain.ServiceReady},
		{ID: "w1", Name: "worker", URL: "http://10.0.0.7:8080", Source: "bus", State: domain.ServiceDown, InFlight: 3, Failures: 2, Error: "connection refused"},
	}
}

func (router) RouteTable() domain.RouteTable {
	return domain.RouteTable{File: "routes.yaml", Routes: []domain.Route{{Name: "all"}}}
}
func (r router) Reload(context.Context) error { return r.err }

// trail keeps what was written into the audit log.
type trail struct {
	entries []domain.AuditEntry
	err     error
}

func (l *trail) Append(_ context.Context, e domain.AuditEntry) error {
	l.entries = append(l.entries, e)
	return l.err
}

func newServices(route *router) (*service.Services, *registry, *trail) {
	reg, log := &registry{list: []domain.ServiceInstance{{ID: "w1", Name: "worker", URL: "http://10.0.0.7:8080", Source: "bus", State: domain.ServiceReady}}}, &trail{}
	c := service.ServicesConfig{Registry: reg, Audit: log, Now: time.Now}
	if route != nil {
		c.Router = *route
	}
	return service.NewServices(c), reg, log
}

func by(t *testing.T, tenant domain.TenantID, rights ...domain.Permission) context.Context {
	t.Helper()
	return domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_1", Tenant: tenant, Permissions: rights})
}

func php(mutate func(in *domain.ServiceInstance)) domain.ServiceInstance {
	in := domain.ServiceInstance{ID: "php-1", Name: "legacy", URL: "http://10.0.0.9:80", Weight: 2, Lease: 10 * time.Second}
	if mutate != nil {
		mutate(&in)
	}
	return in
}

func TestRegisterChecks(t *testing.T) {
	t.Parallel()
	address := func(u string) func(*domain.ServiceInstance) {
		return func(in *domain.ServiceInstance) { in.URL = u }
	}
	for _, tt := range []struct {
		name   string
		mutate func(*domain.ServiceInstance)
		field  string
	}{
		{"good", nil, ""},
		{"defaults", func(in *domain.ServiceInstance) { in.Weight, in.Lease = 0, 0 }, ""},
		{"name", address("https://Legacy.internal:8443/"), ""},
		{"no id", func(in *domain.ServiceInstance) { in.ID = "" }, "id"},
		{"dots", func(in *domain.ServiceInstance) { in.ID = ".." }, "id"},
		{"slash", func(in *domain.ServiceInstance) { in.ID = "a/b" }, "id"},
		{"bad name", func(in *domain.ServiceInstance) { in.Name = "Legacy" }, "name"},
		{"weight", func(in *domain.ServiceInstance) { in.Weight = 101 }, "weight"},
		{"longest lease", func(in *domain.ServiceInstance) { in.Lease = domain.MaxServiceLease }, ""},
		{"too long a lease", func(in *domain.ServiceInstance) { in.Lease = domain.MaxServiceLease + time.Second }, "lease_seconds"},
		{"negative lease", func(in *domain.ServiceInstance) { in.Lease = -time.Second }, "lease_seconds"},
		{"health", func(in *domain.ServiceInstance) { in.Health = "/up?deep=1" }, ""},
		{"health elsewhere", func(in *domain.ServiceInstance) { in.Health = "//evil/up" }, "health_path"},
		{"no scheme", address("10.0.0.9:80"), "url"},
		{"file", address("file:///etc/passwd"), "url"},
		{"gopher", address("gopher://10.0.0.9:70"), "url"},
		{"credentials", address("http://u:p@10.0.0.9"), "url"},
		{"path", address("http://10.0.0.9/admin"), "url"},
		{"query", address("http://10.0.0.9?x=1"), "url"},
		{"fragment", address("http://10.0.0.9#x"), "url"},
		{"port", address("http://10.0.0.9:0"), "url"},
		{"metadata of a cloud", address("http://169.254.169.254"), "url"},
		{"the same as IPv6", address("http://[::ffff:169.254.169.254]"), "url"},
		{"link-local", address("http://[fe80::1]:80"), "url"},
		{"nowhere", address("http://0.0.0.0:80"), "url"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, reg, log := newServices(nil)
			got, err := s.Register(by(t, "", domain.AgentsManage), php(tt.mutate))
			if tt.field == "" {
				if err != nil || got.Weight < 1 || got.Lease <= 0 || strings.HasSuffix(got.URL, "/") || len(log.entries) != 1 || log.entries[0].After == "" {
					t.Errorf("%+v, %v, log %+v", got, err, log.entries)
				}
				return
			}
			fault, ok := errors.AsType[*domain.Error](err)
			if !ok || fault.Code != domain.CodeInvalid || fault.Field != tt.field || len(reg.list) != 1 || len(log.entries) != 0 {
				t.Errorf("error %v, want one about %s", err, tt.field)
			}
		})
	}
}

// TestServicesRights: who may see and change what.
func TestServicesRights(t *testing.T) {
	t.Parallel()
	forWorker := php(func(in *domain.ServiceInstance) { in.Name = "worker" })
	forShop := php(func(in *domain.ServiceInstance) { in.Name = "shop" })
	s, _, _ := newServices(&router{})
	for _, tt := range []struct {
		name string
		ctx  context.Context
		do   func(ctx context.Context) error
		want domain.Code
	}{
		{"nobody lists", t.Context(), func(ctx context.Context) error { _, err := s.List(ctx); return err }, domain.CodeUnauthenticated},
		{"reader lists", by(t, "", domain.AgentsRead), func(ctx context.Context) error { _, err := s.List(ctx); return err }, ""},
		{"another tenant lists", by(t, "other", domain.AdminFull), func(ctx context.Context) error { _, err := s.List(ctx); return err }, domain.CodeForbidden},
		{"nobody registers", t.Context(), func(ctx context.Context) error { _, err := s.Register(ctx, php(nil)); return err }, domain.CodeUnauthenticated},
		{"reader registers", by(t, "", domain.AgentsRead), func(ctx context.Context) error { _, err := s.Register(ctx, php(nil)); return err }, domain.CodeForbidden},
		{"another tenant registers", by(t, "other", domain.AdminFull), func(ctx context.Context) error { _, err := s.Register(ctx, php(nil)); return err }, domain.CodeForbidden},
		{"manager takes the place of a worker", by(t, "", domain.AgentsManage), func(ctx context.Context) error { _, err := s.Register(ctx, forWorker); return err }, domain.CodeForbidden},
		{"manager joins a service of the file", by(t, "", domain.AgentsManage), func(ctx context.Context) error { _, err := s.Register(ctx, forShop); return err }, domain.CodeForbidden},
		{"administrator does", by(t, "", domain.AdminFull), func(ctx context.Context) error { _, err := s.Register(ctx, forShop); return err }, ""},
		{"manager removes it", by(t, "", domain.AgentsManage), func(ctx context.Context) error { return s.Deregister(ctx, "php-1") }, domain.CodeForbidden},
		{"administrator removes it", by(t, "", domain.AdminFull), func(ctx context.Context) error { return s.Deregister(ctx, "php-1") }, ""},
		{"reader sees routes", by(t, "", domain.AgentsRead), func(ctx context.Context) error { _, err := s.Routes(ctx); return err }, ""},
		{"nobody sees routes", t.Context(), func(ctx context.Context) error { _, err := s.Routes(ctx); return err }, domain.CodeUnauthenticated},
		{"manager reloads", by(t, "", domain.AgentsManage), func(ctx context.Context) error { _, err := s.Reload(ctx); return err }, domain.CodeForbidden},
		{"administrator reloads", by(t, "main", domain.AdminFull), func(ctx context.Context) error { _, err := s.Reload(ctx); return err }, ""},
	} {
		if got := domain.CodeOf(tt.do(tt.ctx)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestServicesList joins what was found with what the router sees.
func TestServicesList(t *testing.T) {
	t.Parallel()
	s, _, log := newServices(&router{})
	ctx := by(t, "", domain.AdminFull)
	for range 2 { // the second is a renewal, which is no news
		if _, err := s.Register(ctx, php(nil)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range list {
		got = append(got, strings.Join([]string{in.Name, in.ID, in.Source, string(in.State), in.Error}, " "))
	}
	want := "legacy php-1 api ready |shop 10.0.0.1:80 file ready |worker w1 bus down connection refused"
	if strings.Join(got, "|") != want {
		t.Errorf("list = %q, want %q", strings.Join(got, "|"), want)
	}
	if w := list[2]; w.InFlight != 3 || w.Failures != 2 {
		t.Errorf("worker = %+v", w)
	}
	if err := s.Deregister(ctx, "php-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range log.entries {
		actions = append(actions, e.Action)
	}
	if got := strings.Join(actions, " "); got != "service.registered service.removed routes.reloaded" {
		t.Errorf("audit: %s", got)
	}
}

// TestRegisterIsUndone when it cannot be written down.
func TestRegisterIsUndone(t *testing.T) {
	t.Parallel()
	s, reg, log := newServices(nil)
	log.err = domain.Errorf(domain.CodeUnavailable, "The store is down.")
	if _, err := s.Register(by(t, "", domain.AdminFull), php(nil)); domain.CodeOf(err) != domain.CodeUnavailable || len(reg.removed) != 1 {
		t.Errorf("%v, removed %v", err, reg.removed)
	}
}

// TestRoutesWithoutRouter and with one whose file is bad.
func TestRoutesWithoutRouter(t *testing.T) {
	t.Parallel()
	ctx := by(t, "", domain.AdminFull)
	s, _, _ := newServices(nil)
	if table, err := s.Routes(ctx); err != nil || len(table.Routes) != 0 {
		t.Errorf("%+v, %v", table, err)
	}
	if _, err := s.Reload(ctx); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("reload = %v", err)
	}
	bad, _, log := newServices(&router{err: domain.Errorf(domain.CodeInvalid, "route \"a\": prefix")})
	if _, err := bad.Reload(ctx); domain.CodeOf(err) != domain.CodeInvalid || len(log.entries) != 0 {
		t.Errorf("reload of a bad file = %v", err)
	}
}
