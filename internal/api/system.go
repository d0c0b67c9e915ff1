package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type healthService interface {
	Ready(ctx context.Context) ([]domain.Component, bool)
	Component(ctx context.Context, name string) (*domain.Component, error)
}

type componentBody struct {
	Name        string     `json:"name"`
	Layer       string     `json:"layer" enum:"gateway,orchestration,intelligence,data,integration"`
	State       string     `json:"state" enum:"ok,degraded,down"`
	Configured  bool       `json:"configured" doc:"false: this installation does not use it"`
	Error       string     `json:"error" doc:"Why it is not ok"`
	LastError   string     `json:"last_error" doc:"What was wrong last, also when it is ok again"`
	LastErrorAt *time.Time `json:"last_error_at"`
}

type (
	listComponentsInput struct{ Window }
	componentInput      struct {
		Name string `path:"name" maxLength:"64"`
	}
	componentOutput struct{ Body componentBody }
)

var exampleComponent = componentBody{
	Name: "store", Layer: "data", State: "ok", Configured: true, LastError: "The database did not answer in time.", LastErrorAt: &exampleTime,
}

func registerSystem(a *API, health healthService) {
	handle(a, operation{
		id: "list-components", method: http.MethodGet, path: "/system/components", tag: "system", permission: domain.AgentsRead,
		summary: "List the parts of the program with their state",
		text: "Five layers: gateway, orchestration of agents, intelligence, data, and integration of other systems. " +
			"The parts are asked at most once a second.",
		response: []componentBody{exampleComponent},
	}, func(ctx context.Context, in *listComponentsInput) (*listOutput[componentBody], error) {
		all, _ := health.Ready(ctx)
		return cut(&in.Window, all, toComponent), nil
	})
	handle(a, operation{
		id: "get-component", method: http.MethodGet, path: "/system/components/{name}", tag: "system", permission: domain.AgentsRead,
		summary: "Show a part of the program", response: exampleComponent,
	}, func(ctx context.Context, in *componentInput) (*componentOutput, error) {
		c, err := health.Component(ctx, in.Name)
		if err != nil {
			return nil, err
		}
		return &componentOutput{toComponent(c)}, nil
	})
}

func toComponent(c *domain.Component) componentBody {
	return componentBody{c.Name, c.Layer, c.State, c.Configured, c.Error, c.LastError, utc(c.LastErrorAt)}
}
