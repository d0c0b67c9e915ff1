package app

import (
	"context"
	"strings"

	"empire/internal/domain"
	"empire/internal/web"
)

// dashboardWork returns the services that the pages for work use: those of the API.
func (a *App) dashboardWork() web.Work {
	w := web.Work{
		Review: a.Websites, Timelines: a.Timelines, Schedules: a.Schedules, Pipelines: a.Pipelines, DeadLetters: a.DeadLetters, Tasks: a.Agents,
		Messages: a.Messages, Queue: a.Orchestrator, Catalogue: a.Catalogue, Market: a.Market, Links: a.Links, Accounts: a.Users, Keys: a.APIKeys, Webhooks: a.Webhooks,
		Health: a.Health, Budgets: a.Budgets, Audit: a.Audit, Alerts: a.Alerts, Operator: a.Websites.DefaultOperator, Currency: a.cfg.Models.Currency,
	}
	if models, _, _ := a.cfg.Models.Usable(); len(models) > 0 {
		w.CheckModels = a.askModels
	}
	return w
}

// askModels fits CheckModels to the dashboard.
func (a *App) askModels(ctx context.Context) ([]web.ModelCheck, error) {
	list, err := CheckModels(ctx, a.cfg)
	if err != nil {
		return nil, err
	}
	out := make([]web.ModelCheck, 0, len(list))
	for _, c := range list {
		answer := web.ModelCheck{Provider: c.Provider, Model: c.Model, Took: c.Took, Error: c.Skipped}
		if c.Err != nil {
			answer.Error = strings.TrimSpace(domain.MessageOf(c.Err) + " " + c.Advice)
		}
		out = append(out, answer)
	}
	return out, nil
}
