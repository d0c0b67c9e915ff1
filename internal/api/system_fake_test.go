package api_test

import (
	"context"
	"time"

	"empire/internal/domain"
)

// services has one registered instance, php-1, and one process, w1.
type services struct{ *fakes }

func (f health) Component(_ context.Context, name string) (*domain.Component, error) {
	if name != "store" {
		return nil, missing("Component", name)
	}
	return &domain.Component{Name: name, Layer: "data", State: "ok", Configured: true, LastError: "connection refused", LastErrorAt: &noon}, nil
}

func (f services) List(context.Context) ([]domain.ServiceInstance, error) {
	return []domain.ServiceInstance{
		{ID: "php-1", Name: "legacy", URL: "http://10.0.0.9:8000", Weight: 2, State: domain.ServiceReady, Lease: 30 * time.Second, LastSeen: noon, Source: "api"},
		{ID: "10.0.0.1:80", Name: "shop", URL: "http://10.0.0.1:80", Weight: 1, State: domain.ServiceDown, Source: "file", InFlight: 3, Failures: 2, Error: "connection refused"},
	}, f.fail
}

func (f services) Register(_ context.Context, in domain.ServiceInstance) (*domain.ServiceInstance, error) {
	if in.ID == "php-1" && in.URL != "http://10.0.0.9:8000" {
		return nil, domain.Errorf(domain.CodeConflict, "Instance php-1 is listed with another address.")
	}
	in.State, in.Source, in.LastSeen = domain.ServiceReady, "api", noon
	return &in, f.fail
}

func (f services) Deregister(_ context.Context, id string) error {
	if id != "php-1" {
		return missing("Instance", id)
	}
	return f.fail
}

func (f services) Routes(context.Context) (domain.RouteTable, error) {
	return domain.RouteTable{
		File: "routes.yaml", LoadedAt: noon, Error: `route "a": prefix`, ErrorAt: &noon, Ready: map[string]int{"shop": 2},
		Routes: []domain.Route{
			{Name: "shop", Host: "shop.example", Prefix: "/", Service: "shop", Timeout: 1500 * time.Millisecond, Retries: 2},
			{Name: "nobody", Prefix: "/x", Service: "nobody"},
			{Name: "here", Prefix: "/api"},
		},
	}, f.fail
}

func (f services) Reload(ctx context.Context) (domain.RouteTable, error) { return f.Routes(ctx) }
