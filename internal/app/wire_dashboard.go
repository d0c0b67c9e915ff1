package app

import (
	"context"
	"strings"

	"empire/internal/api"
	"empire/internal/auth"
	"empire/internal/domain"
	"empire/internal/web"
)

// dashboard returns the pages over the services.
func (a *App) dashboard() (*web.Dashboard, error) {
	return web.New(web.Config{
		Users: a.Users, Websites: a.Websites, Runs: a.Runs, Approvals: a.Approvals, Agents: a.Agents, CSRF: a.csrf, SessionCookie: auth.SessionCookie,
		Batches: a.Batches, Traffic: a.Traffic, SEO: a.SEO, Links: a.Links, Budgets: a.Budgets, Fleet: a.Fleet, Feeds: a.Catalogue, DeadLetters: a.DeadLetters,
		Work: a.dashboardWork(), Health: a.Health, FeedMaxAge: a.cfg.Market.FeedMaxAge,
		SiteURL: a.EdgeURL, PreviewURL: func(_ *domain.Website, manifest string) string { return a.PreviewURL(manifest) }, Status: api.StatusOf, Logger: a.log,
	})
}

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
