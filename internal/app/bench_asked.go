package app

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"empire/internal/bench"
	"empire/internal/domain"
)

// leftOut are the pages of the dashboard that are not measured.
var leftOut = map[string]string{
	"/assets/{name}": "files that browsers keep; they are part of the first visit",
	"/sign-in":       "leads away who has signed in",
	"/":              "answers what is no page",
}

// variants are further views of pages, by what is asked for.
var variants = map[string][]string{
	"/{$}":               {"period=24h", "period=30d", "period=90d", "period=12m"},
	"/sites":             {"q=estate-0001", "state=live&sort=changed&order=down", "tag=group-07"},
	"/sites/{id}":        {"period=24h", "period=30d", "period=90d", "period=12m"},
	"/runs":              {"state=failed"},
	"/products":          {"q=chair"},
	"/links":             {"q=offer"},
	"/approvals":         {"state=approved"},
	"/alerts":            {"state=all"},
	"/settings/audit":    {"action=release"},
	"/sites/{id}/budget": nil,
}

const estateSamples = 8 // addresses of a page that is there for many things

// askedFor sets at which addresses each page of the dashboard is asked for: the pages are
// those that have a route.
func (a *App) askedFor(ctx context.Context, e *bench.Estate) error {
	pages, err := a.dashboard()
	if err != nil {
		return err
	}
	samples, err := a.samples(ctx)
	if err != nil {
		return err
	}
	for _, page := range pages.Pages() {
		if why, ok := leftOut[page]; ok {
			e.LeftOut[page] = why
			continue
		}
		addresses := []string{strings.TrimSuffix(page, "{$}")}
		if start := strings.Index(page, "{"); start > 1 {
			addresses = nil
			for _, values := range samples[page[:start]] {
				if one, ok := filled(page, values); ok {
					addresses = append(addresses, one)
				}
			}
		}
		if len(addresses) == 0 {
			return fmt.Errorf("the dashboard has a page %s, and the estate nothing to show on it: add it to the estate, or say why it is left out", page)
		}
		e.Asked = append(e.Asked, bench.DashboardPage{Name: page, Addresses: addresses})
		for _, query := range variants[page] {
			v := bench.DashboardPage{Name: page + "?" + query}
			for _, address := range addresses {
				v.Addresses = append(v.Addresses, address+"?"+query)
			}
			e.Asked = append(e.Asked, v)
		}
	}
	return nil
}

// filled puts values in the place of the wildcards of a page; it has as many as values at
// most.
func filled(page string, values []string) (string, bool) {
	for _, v := range values {
		before, rest, found := strings.Cut(page, "{")
		if !found {
			return page, true
		}
		_, after, _ := strings.Cut(rest, "}")
		page = before + url.PathEscape(v) + after
	}
	return page, !strings.Contains(page, "{")
}

// samples are values for the wildcards of pages, by what stands before the first.
func (a *App) samples(ctx context.Context) (map[string][][]string, error) {
	out := map[string][][]string{}
	w := domain.Window{Limit: estateSamples}
	if err := a.siteSamples(ctx, out); err != nil {
		return nil, err
	}
	runs, _, err := a.store.Runs.List(ctx, domain.RunFilter{}, w)
	add(out, "/runs/", runs, func(r *domain.Run) string { return string(r.ID) })
	if err != nil {
		return nil, err
	}
	approvals, _, err := a.store.Approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending}, w)
	add(out, "/approvals/", approvals, func(v *domain.Approval) string { return string(v.ID) })
	if err != nil {
		return nil, err
	}
	tasks, _, err := a.store.Tasks.List(ctx, domain.TaskFilter{}, w)
	add(out, "/tasks/", tasks, func(v *domain.Task) string { return string(v.ID) })
	if err != nil {
		return nil, err
	}
	alerts, _, err := a.store.Alerts.List(ctx, domain.AlertFilter{}, w)
	add(out, "/alerts/", alerts, func(v *domain.Alert) string { return string(v.ID) })
	if err != nil {
		return nil, err
	}
	rules, err := a.Alerts.Rules(ctx)
	add(out, "/alert-rules/", rules, func(v *domain.AlertRule) string { return string(v.ID) })
	if err != nil {
		return nil, err
	}
	letters, _, err := a.store.DeadLetters.List(ctx, domain.DeadLetterFilter{}, w)
	add(out, "/dead-letters/", letters, func(v *domain.DeadLetter) string { return string(v.ID) })
	if err != nil {
		return nil, err
	}
	agents, err := a.Agents.List(ctx, domain.AgentFilter{})
	add(out, "/agents/", agents, func(v *domain.Agent) string { return string(v.ID) })
	if err != nil {
		return nil, err
	}
	return out, a.marketSamples(ctx, w, out)
}

// marketSamples adds those of feeds, links, scans and settings.
func (a *App) marketSamples(ctx context.Context, w domain.Window, out map[string][][]string) error {
	feeds, _, err := a.store.Feeds.List(ctx, w)
	add(out, "/feeds/", feeds, func(v *domain.Feed) string { return string(v.ID) })
	if err != nil {
		return err
	}
	for i := range feeds {
		products, err := a.store.Products.Walk(ctx, feeds[i].ID, "", 1)
		if err != nil {
			return err
		}
		for _, p := range products {
			out["/products/"] = append(out["/products/"], []string{string(p.FeedID), p.Key})
		}
	}
	links, _, err := a.store.Links.List(ctx, domain.LinkFilter{}, w)
	add(out, "/links/", links, func(v *domain.Link) string { return string(v.ID) })
	if err != nil {
		return err
	}
	scans, _, err := a.store.Opportunities.List(ctx, domain.DefaultTenant, w)
	add(out, "/opportunities/", scans, func(v *domain.OpportunityLine) string { return string(v.ID) })
	if err != nil {
		return err
	}
	batches, _, err := a.store.Batches.List(ctx, domain.DefaultTenant, w)
	add(out, "/batches/", batches, func(v *domain.Batch) string { return string(v.ID) })
	if err != nil {
		return err
	}
	users, _, err := a.store.Users.List(ctx, domain.DefaultTenant, w)
	add(out, "/settings/users/", users, func(v *domain.User) string { return string(v.ID) })
	if err != nil {
		return err
	}
	budgets, _, err := a.store.Budgets.List(ctx, domain.DefaultTenant, w)
	add(out, "/settings/budgets/", budgets, func(v *domain.Budget) string { return string(v.ID) })
	if err != nil {
		return err
	}
	hooks, _, err := a.store.Webhooks.List(ctx, domain.WebhookFilter{}, w)
	add(out, "/settings/webhooks/", hooks, func(v *domain.WebhookEvent) string { return string(v.ID) })
	return err
}

// siteSamples adds websites of all sizes with one page each: those that have evidence. The
// first website has one release only, and nothing that it differs from.
func (a *App) siteSamples(ctx context.Context, out map[string][][]string) error {
	list, total, err := a.store.Websites.List(ctx, domain.DefaultTenant, domain.Window{Limit: 50_000})
	if err != nil {
		return err
	}
	step := max(1, total/estateEvidence/estateSamples) * estateEvidence
	for i := 1; i < len(list) && len(out["/sites/"]) < estateSamples; i += step {
		pages, _, err := a.store.Pages.List(ctx, list[i].ID, domain.Window{Limit: 5})
		if err != nil {
			return err
		}
		if len(pages) > 0 {
			out["/sites/"] = append(out["/sites/"], []string{string(list[i].ID), string(pages[len(pages)-1].ID)})
		}
	}
	return nil
}

// add adds the ids of a list.
func add[T any](out map[string][][]string, before string, list []T, id func(*T) string) {
	for i := range list {
		if i < estateSamples {
			out[before] = append(out[before], []string{id(&list[i])})
		}
	}
}
