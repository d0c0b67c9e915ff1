// Package api is the REST API under /api/v1: JSON in snake_case, lists as plain
// arrays, failures as RFC 9457 problem documents, described by OpenAPI 3.1.
//
// A handler decodes, calls one service method and encodes. What a caller may do is
// decided by the service; the permission that an operation declares is checked
// before its input is read, so that a caller without the right learns nothing from
// validation.
package api

import (
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Base is the path that all operations live under.
const Base = "/api/v1"

// Config is what the API needs.
type Config struct {
	Version   string // of the program, shown in the OpenAPI document
	Users     userService
	APIKeys   apiKeyService
	Agents    agentService
	Websites  websiteService
	Redirects redirectService
	Links     linkService
	Healing   healingService
	Portfolio portfolio // answers for Websites what it can; may be nil
	Runs      runService
	Pipelines pipelineService
	Schedules scheduleService
	Approvals approvalService
	Catalogue catalogueService
	Webhooks  webhookService
	Health    healthService
	Services  servicesService
	Audit     auditService
	Budgets   budgetService
	Timelines timelineService
	Graph     graphService
	Search    searchService
	Market    marketService

	Messages     messageService
	DeadLetters  deadLetterService
	Orchestrator orchestratorService

	Research   researchService
	Snapshots  snapshotService
	Traffic    trafficService
	Edge       edgeService
	Duplicates duplicateService
	Fleet      fleetService
	Batches    batchService
	Revisions  revisionService
	Planned    plannedService

	SEO         seoService
	Submissions submissionService
	Alerts      alertService

	Logger *slog.Logger
}

// API is the REST API.
type API struct {
	mux  *http.ServeMux
	huma huma.API
	fast *fastPath // may be nil
	log  *slog.Logger
}

// framework sets the package variables of Huma once: its faults become our
// problems, and lists are never null.
var framework = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return newFrameworkProblem(status, msg, errs...)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return withRequestID(ctx.Context(), newFrameworkProblem(status, msg, errs...))
	}
})

// New returns the API with all its routes.
func New(c Config) *API {
	framework()
	mux := http.NewServeMux()
	a := &API{mux: mux, huma: humago.NewWithPrefix(mux, Base, humaConfig(c.Version)), log: c.Logger}
	if c.Portfolio != nil {
		a.fast = &fastPath{c.Portfolio}
	}
	registerAuth(a, c.Users)
	registerUsers(a, c.Users)
	registerAPIKeys(a, c.APIKeys)
	registerAgents(a, c.Agents)
	registerTasks(a, c.Agents)
	registerMessages(a, c.Messages)
	registerDeadLetters(a, c.DeadLetters)
	registerOrchestrator(a, c.Orchestrator)
	registerWebsites(a, c.Websites)
	registerPages(a, c.Websites)
	registerReleases(a, c.Websites)
	registerRedirects(a, c.Redirects)
	registerLinks(a, c.Links)
	registerHealing(a, c.Healing)
	registerHistory(a, c.Catalogue)
	registerPipelines(a, c.Pipelines)
	registerStart(a, c.Runs)
	registerSchedules(a, c.Schedules)
	registerRuns(a, c.Runs)
	registerApprovals(a, c.Approvals)
	registerCatalogue(a, c.Catalogue)
	registerSearch(a, c.Search)
	registerWebhooks(a, c.Webhooks)
	registerSystem(a, c.Health)
	registerServices(a, c.Services)
	registerAudit(a, c.Audit)
	registerBudgets(a, c.Budgets)
	registerSpending(a, c.Budgets)
	registerPrices(a, c.Budgets)
	registerTimeline(a, c.Timelines)
	registerGraph(a, c.Graph)
	registerResearch(a, c.Research)
	registerSnapshots(a, c.Snapshots)
	registerMarket(a, c.Market)
	registerTraffic(a, c.Traffic)
	registerEdge(a, c.Edge)
	registerDuplicates(a, c.Duplicates)
	registerFleet(a, c.Fleet)
	registerBatches(a, c.Batches)
	registerRevisions(a, c.Revisions)
	registerPlanned(a, c.Planned)
	registerSEO(a, c.SEO, c.Submissions)
	registerAlerts(a, c.Alerts)
	registerAlertRules(a, c.Alerts)
	registerAlertChannels(a, c.Alerts)
	a.harvestModels()
	a.straighten()
	return a
}

func humaConfig(version string) huma.Config {
	c := huma.DefaultConfig("empire", version)
	c.CreateHooks = nil // no $schema in bodies
	c.DocsPath, c.SchemasPath = "", ""
	c.RejectUnknownQueryParameters = true
	c.Formats = map[string]huma.Format{"application/json": strictJSON, "json": suffixJSON}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	addComponents(c.Components)
	c.Servers = []*huma.Server{{URL: Base, Description: "The server that this document came from."}}
	c.Info.Description = "Operates a portfolio of affiliate websites: agents, pipelines, websites, releases and approvals.\n\n" +
		"Lists are plain arrays; `X-Total-Count` says how many there are and `Link` (RFC 8288) leads to the other windows. " +
		"Failures are RFC 9457 problem documents whose `type` is `urn:empire:error:` and a code. " +
		"An address that leads nowhere is 404, a method that an address does not take is 405, both as such a document.\n\n" +
		"A read answers with an `ETag`; sent back as `If-None-Match` it makes the answer 304 while nothing has changed. " +
		"An `Idempotency-Key` makes an unsafe request safe to repeat. Parts that this version does not know may be added to answers."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	for _, t := range tags {
		c.Tags = append(c.Tags, &huma.Tag{Name: t.name, Description: t.text})
	}
	return c
}

// ServeHTTP answers requests under /api/. A trailing slash is accepted; an unknown
// path or method is answered with a problem document.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.fast != nil && a.fast.serve(w, r) {
		return
	}
	trimmed := strings.TrimSuffix(r.URL.Path, "/")
	slash := trimmed != r.URL.Path && !strings.HasSuffix(r.URL.EscapedPath(), "/") // written as %2F, which separates nothing
	if slash || path.Clean(r.URL.Path) != trimmed || !isText(r.URL.Path) {
		WriteProblem(w, r, notFound()) // dots and double slashes name nothing
		return
	}
	if trimmed != r.URL.Path {
		u := *r.URL
		u.Path, u.RawPath = trimmed, strings.TrimSuffix(u.RawPath, "/")
		r.URL = &u
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.noRoute(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	a.mux.ServeHTTP(w, r)
}

// noRoute tells an unknown path from a method that the path does not take.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request) {
	probe := &headerProbe{header: http.Header{}}
	h, _ := a.mux.Handler(r)
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		writeProblem(w, r, newProblem(http.StatusMethodNotAllowed, codeMethodNotAllowed, "This address does not take the method "+methodName(r)+"."))
		return
	}
	WriteProblem(w, r, notFound())
}

// methodName keeps a made-up method from filling the answer.
func methodName(r *http.Request) string {
	return r.Method[:min(len(r.Method), 20)]
}

// headerProbe keeps the status and headers of an answer and drops the body.
type headerProbe struct {
	header http.Header
	status int
}

func (p *headerProbe) Header() http.Header         { return p.header }
func (p *headerProbe) WriteHeader(status int)      { p.status = status }
func (p *headerProbe) Write(b []byte) (int, error) { return len(b), nil }
