package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type serviceDirectory interface {
	List(ctx context.Context) ([]domain.ServiceInstance, error)
	Register(ctx context.Context, in domain.ServiceInstance) (*domain.ServiceInstance, error)
	Deregister(ctx context.Context, id string) error
}

type routeKeeper interface {
	Routes(ctx context.Context) (domain.RouteTable, error)
	Reload(ctx context.Context) (domain.RouteTable, error)
}

// servicesService knows where requests go.
type servicesService interface {
	serviceDirectory
	routeKeeper
}

type serviceBody struct {
	ID           string              `json:"id" doc:"Unique among the instances of the service"`
	Name         string              `json:"name" doc:"Of the service, which routes lead to"`
	Role         string              `json:"role" doc:"Of a process of this program: all, gateway, worker or edge"`
	URL          string              `json:"url" doc:"Empty if it takes no requests"`
	HealthPath   string              `json:"health_path" doc:"Empty means /readyz"`
	Version      string              `json:"version"`
	Weight       int                 `json:"weight" doc:"Share of the requests"`
	State        domain.ServiceState `json:"state" enum:"ready,draining,down" doc:"down: it fails its health checks or refuses requests, as this process sees it"`
	LeaseSeconds float64             `json:"lease_seconds" doc:"How long it is listed after its last sign of life; 0 for one of the route file"`
	LastSeen     *time.Time          `json:"last_seen"`
	Source       string              `json:"source" enum:"bus,api,file" doc:"Who says that it is there: itself, a registration, or the route file"`
	InFlight     int                 `json:"in_flight" doc:"Requests that this process waits for"`
	Failures     int                 `json:"failures" doc:"Failed checks and requests that this process has seen"`
	Error        string              `json:"error" doc:"Why it is down"`
}

type routeBody struct {
	Name           string  `json:"name"`
	Host           string  `json:"host" doc:"Empty: any"`
	Prefix         string  `json:"prefix" doc:"Of whole path segments"`
	Service        string  `json:"service" doc:"Empty: handled by this process"`
	Ready          *int    `json:"ready" doc:"How many instances of the service take requests; null if there is no service"`
	StripPrefix    bool    `json:"strip_prefix"`
	RewriteHost    bool    `json:"rewrite_host"`
	TimeoutSeconds float64 `json:"timeout_seconds" doc:"Until the answer begins"`
	Retries        int     `json:"retries" doc:"Other instances that are tried, for requests that may be repeated"`
}

type routeTableBody struct {
	File     string      `json:"file" doc:"Empty: there is none"`
	LoadedAt *time.Time  `json:"loaded_at" doc:"When these routes took effect; null in a process that forwards nothing"`
	Error    string      `json:"error" doc:"Why the file was refused when it was read last; these routes are older then"`
	ErrorAt  *time.Time  `json:"error_at"`
	Routes   []routeBody `json:"routes"`
}

type (
	listServicesInput    struct{ Window }
	registerServiceInput struct {
		Body struct {
			ID           string `json:"id" minLength:"1" maxLength:"64" doc:"Letters, digits, dots, - and _"`
			Name         string `json:"name" minLength:"1" maxLength:"63" doc:"Of the service"`
			URL          string `json:"url" minLength:"8" maxLength:"2048" doc:"http or https, host and port, nothing else"`
			Weight       int    `json:"weight,omitempty" minimum:"1" maximum:"100" doc:"1 if left out"`
			LeaseSeconds int    `json:"lease_seconds,omitempty" minimum:"1" maximum:"60" doc:"30 if left out"`
			HealthPath   string `json:"health_path,omitempty" maxLength:"1024" doc:"/readyz if left out"`
		}
	}
	serviceInput struct {
		ID string `path:"service_id" maxLength:"64"`
	}
	serviceOutput    struct{ Body serviceBody }
	routeTableOutput struct{ Body routeTableBody }
)

var (
	exampleService = serviceBody{
		ID: "legacy-1", Name: "legacy", URL: "http://10.0.0.9:8000", HealthPath: "/up", Weight: 1, State: domain.ServiceReady,
		LeaseSeconds: 30, LastSeen: &exampleTime, Source: "api",
	}
	exampleReady  = 3
	exampleRoutes = routeTableBody{
		File: "/etc/empire/routes.yaml", LoadedAt: &exampleTime,
		Routes: []routeBody{{Name: "api", Prefix: "/api", Service: domain.ServiceWorker, Ready: &exampleReady, TimeoutSeconds: 30, Retries: 2}},
	}
)

func registerServices(a *API, services servicesService) {
	handle(a, operation{
		id: "list-services", method: http.MethodGet, path: "/system/services", tag: "system", permission: domain.AgentsRead,
		summary:  "List the instances of all services",
		text:     "Processes of this program, registrations, and addresses of the route file, as this process sees them. Only for users of the installation's own tenant.",
		response: []serviceBody{exampleService},
	}, func(ctx context.Context, in *listServicesInput) (*listOutput[serviceBody], error) {
		all, err := services.List(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toService), nil
	})
	handle(a, operation{
		id: "register-service", method: http.MethodPost, path: "/system/services", tag: "system", permission: domain.AgentsManage,
		summary: "List an instance of a service, or renew its lease",
		text: "The same again before the lease ends renews it. Requests, with the credentials in them, go to the address, which may be a private one. " +
			"So a service that processes of this program or the route file offer needs `admin.full`.",
		request:  map[string]any{"id": "legacy-1", "name": "legacy", "url": "http://10.0.0.9:8000", "lease_seconds": 30, "health_path": "/up"},
		response: exampleService,
	}, func(ctx context.Context, in *registerServiceInput) (*serviceOutput, error) {
		b := in.Body
		out, err := services.Register(ctx, domain.ServiceInstance{
			ID: b.ID, Name: b.Name, URL: b.URL, Weight: b.Weight, Lease: time.Duration(b.LeaseSeconds) * time.Second, Health: b.HealthPath,
		})
		if err != nil {
			return nil, err
		}
		return &serviceOutput{toService(out)}, nil
	})
	handle(a, operation{
		id: "remove-service", method: http.MethodDelete, path: "/system/services/{service_id}", tag: "system", permission: domain.AgentsManage,
		summary: "Take a registration back", text: "It gets no new requests from now on, and is gone a few seconds later.", status: http.StatusNoContent,
	}, func(ctx context.Context, in *serviceInput) (*struct{}, error) {
		return nil, services.Deregister(ctx, in.ID)
	})
	registerRoutes(a, services)
}

func registerRoutes(a *API, routes routeKeeper) {
	handle(a, operation{
		id: "get-routes", method: http.MethodGet, path: "/system/routes", tag: "system", permission: domain.AgentsRead,
		summary: "Show where this process sends requests", text: "Only for users of the installation's own tenant.", response: exampleRoutes,
	}, func(ctx context.Context, _ *struct{}) (*routeTableOutput, error) {
		t, err := routes.Routes(ctx)
		if err != nil {
			return nil, err
		}
		return &routeTableOutput{toRouteTable(&t)}, nil
	})
	handle(a, operation{
		id: "reload-routes", method: http.MethodPost, path: "/system/routes/reload", tag: "system", permission: domain.AdminFull,
		summary:  "Read the route file again",
		text:     "It is also read when it changes. Requests under way keep the routes that they began with; a file with faults changes nothing.",
		response: exampleRoutes,
	}, func(ctx context.Context, _ *struct{}) (*routeTableOutput, error) {
		t, err := routes.Reload(ctx)
		if err != nil {
			return nil, err
		}
		return &routeTableOutput{toRouteTable(&t)}, nil
	})
}

func toService(in *domain.ServiceInstance) serviceBody {
	return serviceBody{
		ID: in.ID, Name: in.Name, Role: in.Role, URL: in.URL, HealthPath: in.Health, Version: in.Version, Weight: in.Weight, State: in.State,
		LeaseSeconds: in.Lease.Seconds(), LastSeen: known(in.LastSeen), Source: in.Source, InFlight: in.InFlight, Failures: in.Failures, Error: in.Error,
	}
}

func toRouteTable(t *domain.RouteTable) routeTableBody {
	out := routeTableBody{File: t.File, LoadedAt: known(t.LoadedAt), Error: t.Error, ErrorAt: utc(t.ErrorAt), Routes: []routeBody{}}
	for _, r := range t.Routes {
		b := routeBody{
			Name: r.Name, Host: r.Host, Prefix: r.Prefix, Service: r.Service, StripPrefix: r.StripPrefix, RewriteHost: r.RewriteHost,
			TimeoutSeconds: r.Timeout.Seconds(), Retries: r.Retries,
		}
		if r.Service != "" {
			n := t.Ready[r.Service]
			b.Ready = &n
		}
		out.Routes = append(out.Routes, b)
	}
	return out
}

// known returns a time, or nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return utc(&t)
}
