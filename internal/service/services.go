package service

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// serviceRegistry knows the instances that were found or registered.
type serviceRegistry interface {
	List() []domain.ServiceInstance
	Register(ctx context.Context, in domain.ServiceInstance) (out domain.ServiceInstance, added bool, err error)
	Remove(ctx context.Context, id string) error
}

// requestRouter is what leads requests to instances.
type requestRouter interface {
	Instances() []domain.ServiceInstance
	RouteTable() domain.RouteTable
	Reload(ctx context.Context) error
}

// ServicesConfig is what Services needs.
type ServicesConfig struct {
	Registry serviceRegistry
	Router   requestRouter // nil in a process that forwards nothing
	Audit    auditStore
	Now      func() time.Time
}

// Services lists the instances of services and where requests go, and takes
// registrations of services that are not part of this program. All of that belongs
// to the installation: principals of other tenants than the default one may not.
type Services struct {
	c       ServicesConfig
	journal journal
}

// NewServices returns the service.
func NewServices(c ServicesConfig) *Services { return &Services{c, journal{c.Audit, c.Now}} }

// defaultLease is the lease of a registration that asks for none.
const defaultLease = 30 * time.Second

var (
	serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	serviceID   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// require checks a permission of a principal of the installation.
func (s *Services) require(ctx context.Context, right domain.Permission) (*domain.Principal, error) {
	p, err := domain.Require(ctx, right)
	if err != nil {
		return nil, err
	}
	if p.Tenant.OrDefault() != domain.DefaultTenant {
		return nil, domain.Errorf(domain.CodeForbidden, "Services and routes belong to the installation, not to your tenant.")
	}
	return p, nil
}

// List returns all instances by service and id, with what this process sees of them.
func (s *Services) List(ctx context.Context) ([]domain.ServiceInstance, error) {
	if _, err := s.require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	return s.list(), nil
}

func (s *Services) list() []domain.ServiceInstance {
	out := s.c.Registry.List()
	if s.c.Router == nil {
		return out
	}
	seen := s.c.Router.Instances()
	for i := range out {
		in := &out[i]
		j := slices.IndexFunc(seen, func(v domain.ServiceInstance) bool {
			return v.Source == in.Source && v.Name == in.Name && v.ID == in.ID && v.URL == in.URL
		})
		if j >= 0 {
			in.InFlight, in.Failures, in.Error = seen[j].InFlight, seen[j].Failures, seen[j].Error
			if in.State == domain.ServiceReady {
				in.State = seen[j].State
			}
		}
	}
	for _, v := range seen {
		if v.Source == "file" {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b domain.ServiceInstance) int { return strings.Compare(a.Name+" "+a.ID, b.Name+" "+b.ID) })
	return out
}

// Register lists an instance for its lease, or renews it. A service that processes
// of this program offer, or that the route file has addresses for, needs AdminFull:
// its instances see what people send, their credentials included.
func (s *Services) Register(ctx context.Context, in domain.ServiceInstance) (*domain.ServiceInstance, error) {
	p, err := s.require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	if in.Lease == 0 {
		in.Lease = defaultLease
	}
	if in.Weight == 0 {
		in.Weight = 1
	}
	if err := checkInstance(&in); err != nil {
		return nil, err
	}
	if s.ours(in.Name) && !p.Can(domain.AdminFull) {
		return nil, domain.Errorf(domain.CodeForbidden, "Registering for the service %s needs the permission %s.", in.Name, domain.AdminFull)
	}
	out, added, err := s.c.Registry.Register(ctx, in)
	if err != nil {
		return nil, err
	}
	if added {
		if err := s.journal.changed(ctx, "service.registered", in.ID, in.Name+" at "+in.URL, nil, in); err != nil {
			if undo := s.c.Registry.Remove(context.WithoutCancel(ctx), in.ID); undo != nil {
				return nil, undo
			}
			return nil, err
		}
	}
	return &out, nil
}

// ours reports whether a service is offered by processes or the route file of this
// installation.
func (s *Services) ours(name string) bool {
	if name == domain.ServiceWorker || name == domain.ServiceGateway || name == domain.ServiceEdge {
		return true
	}
	return slices.ContainsFunc(s.list(), func(in domain.ServiceInstance) bool { return in.Name == name && in.Source != "api" })
}

// Deregister takes a registration back: it drains and is gone.
func (s *Services) Deregister(ctx context.Context, id string) error {
	p, err := s.require(ctx, domain.AgentsManage)
	if err != nil {
		return err
	}
	list := s.c.Registry.List()
	i := slices.IndexFunc(list, func(in domain.ServiceInstance) bool { return in.ID == id })
	if i >= 0 && s.ours(list[i].Name) && !p.Can(domain.AdminFull) {
		return domain.Errorf(domain.CodeForbidden, "Removing an instance of the service %s needs the permission %s.", list[i].Name, domain.AdminFull)
	}
	if err := s.c.Registry.Remove(ctx, id); err != nil {
		return err
	}
	return s.journal.record(ctx, "service.removed", id, "")
}

// Routes returns what requests are led by; without a router there are no routes.
func (s *Services) Routes(ctx context.Context) (domain.RouteTable, error) {
	if _, err := s.require(ctx, domain.AgentsRead); err != nil {
		return domain.RouteTable{}, err
	}
	if s.c.Router == nil {
		return domain.RouteTable{}, nil
	}
	return s.c.Router.RouteTable(), nil
}

// Reload reads the routes again. A file with faults is a CodeInvalid error that
// names them; the routes stay as they were.
func (s *Services) Reload(ctx context.Context) (domain.RouteTable, error) {
	if _, err := s.require(ctx, domain.AdminFull); err != nil {
		return domain.RouteTable{}, err
	}
	if s.c.Router == nil {
		return domain.RouteTable{}, domain.Errorf(domain.CodeConflict, "This process forwards no requests, so there are no routes to read.")
	}
	if err := s.c.Router.Reload(ctx); err != nil {
		return domain.RouteTable{}, err
	}
	t := s.c.Router.RouteTable()
	return t, s.journal.record(ctx, "routes.reloaded", t.File, strconv.Itoa(len(t.Routes))+" routes")
}

// checkInstance checks a registration and brings its address into one form.
func checkInstance(in *domain.ServiceInstance) error {
	switch {
	case !serviceID.MatchString(in.ID):
		return domain.Invalid("id", "The id must be 1 to 64 letters, digits, dots, - or _ and begin with a letter or digit.")
	case !serviceName.MatchString(in.Name):
		return domain.Invalid("name", "The name must be 1 to 63 of a-z, 0-9, - and _.")
	case in.Weight < 1 || in.Weight > 100:
		return domain.Invalid("weight", "The weight must be between 1 and 100.")
	case in.Lease < time.Second || in.Lease > domain.MaxServiceLease:
		return domain.Invalid("lease_seconds", "The lease must be between 1 and %d seconds.", int(domain.MaxServiceLease.Seconds()))
	}
	if in.Health != "" {
		if u, err := url.Parse(in.Health); err != nil || !strings.HasPrefix(in.Health, "/") || len(in.Health) > 1024 || u.Host != "" || u.Fragment != "" {
			return domain.Invalid("health_path", "The health check needs a path such as /readyz.")
		}
	}
	return checkAddress(in)
}

// checkAddress keeps an address to scheme, host and port. Private addresses are what
// services have; those that mean something on one machine only are refused.
func checkAddress(in *domain.ServiceInstance) error {
	u, err := url.Parse(in.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || len(in.URL) > 2048 {
		return domain.Invalid("url", "The address must be like http://10.0.0.7:8080.")
	}
	if u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return domain.Invalid("url", "The address must have neither credentials nor path nor query.")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return domain.Invalid("url", "The port must be between 1 and 65535.")
		}
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		a = a.Unmap()
		if a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
			return domain.Invalid("url", "The address %s is not one of a service.", a)
		}
	}
	in.URL = u.Scheme + "://" + strings.ToLower(u.Host)
	return nil
}
