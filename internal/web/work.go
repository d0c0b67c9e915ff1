package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

// Work is what the pages for work need beside what Config has.
type Work struct {
	Review      reviewService
	Timelines   timelineService
	Schedules   scheduleService
	Pipelines   pipelineService
	DeadLetters deadLetterService
	Tasks       taskService
	Messages    messageService
	Queue       queueService
	Catalogue   catalogueService
	Market      marketService
	Links       linkService
	Accounts    accountService
	Keys        keyService
	Webhooks    webhookService
	Health      healthService
	Budgets     budgetService
	Audit       auditService
	Alerts      alertService // nil: none are raised
	// Operator answers for new websites; nil: nobody does.
	Operator func() domain.Operator
	// Currency is what budgets are kept in.
	Currency string
	// CheckModels asks one model of each provider for one word, which may cost something;
	// nil: no model is configured.
	CheckModels func(ctx context.Context) ([]ModelCheck, error)
}

// ModelCheck is what a provider of models answered.
type ModelCheck struct {
	Provider, Model string
	Took            time.Duration
	Error           string // empty: it answered
}

// workRoutes adds the pages for work. Those that change something name the permission
// that the service will ask for, so that nobody without it learns anything from how bad
// input is answered.
func (d *Dashboard) workRoutes() {
	d.launchRoutes()
	d.contentRoutes()
	d.feedRoutes()
	d.jobRoutes()
	d.agentRoutes()
	d.opportunityRoutes()
	d.linkRoutes()
	d.settingRoutes()
	d.accountRoutes()
	d.alertRoutes()
}

// shows adds a page.
func (d *Dashboard) shows(path string, fn func(r *http.Request) (view, error)) {
	d.mux.HandleFunc("GET "+path, d.page(func(_ http.ResponseWriter, r *http.Request) (view, error) { return fn(r) }))
}

// does adds a form that needs a permission.
func (d *Dashboard) does(path string, p domain.Permission, fn func(http.ResponseWriter, *http.Request) (string, error)) {
	d.mux.HandleFunc("POST "+path, d.action(func(w http.ResponseWriter, r *http.Request) (string, error) {
		if _, err := domain.Require(r.Context(), p); err != nil {
			return "", err
		}
		return fn(w, r)
	}))
}

// can reports whether who looks has a permission.
func can(r *http.Request, p domain.Permission) bool {
	return domain.PrincipalFrom(r.Context()).Can(p)
}

// typed returns a field of a posted form without spaces around it.
func typed(r *http.Request, name string) string { return strings.TrimSpace(r.PostFormValue(name)) }

// words joins what is not empty.
func words(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}
