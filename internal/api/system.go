package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type healthService interface {
	Ready(ctx context.Context) ([]domain.Component, bool)
}

type componentBody struct {
	Name  string `json:"name"`
	Layer string `json:"layer" doc:"gateway, orchestration, intelligence, data or integration"`
	State string `json:"state" enum:"ok,degraded,down"`
	Error string `json:"error" doc:"Why it is not ok"`
}

type componentsOutput struct{ Body []componentBody }

func registerSystem(a *API, health healthService) {
	handle(a, operation{
		id: "list-components", method: http.MethodGet, path: "/system/components", tag: "system", permission: domain.AgentsRead,
		summary: "List the parts of the program with their state", response: []componentBody{{Name: "store", Layer: "data", State: "ok"}},
	}, func(ctx context.Context, _ *struct{}) (*componentsOutput, error) {
		all, _ := health.Ready(ctx)
		out := &componentsOutput{Body: []componentBody{}}
		for _, c := range all {
			out.Body = append(out.Body, componentBody{c.Name, c.Layer, c.State, c.Error})
		}
		return out, nil
	})
}
