// Package storetest is the conformance suite of the store: what every database
// under it must do.
package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/store"
)

// Run runs the suite. open returns a store on a fresh, migrated database.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Helper()
	for _, area := range []struct {
		name string
		test func(t *testing.T, s *store.Store)
	}{
		{"transactions", testTransactions},
		{"traffic", testTraffic},
		{"traffic_forgets", testTrafficForgets},
		{"traffic_sweep", testTrafficSweep},
		{"traffic_served", testTrafficServed},
		{"concurrent_traffic", testConcurrentTraffic},
		{"traffic_sessions", testTrafficSessions},
		{"traffic_recount", testTrafficRecount},
		{"traffic_portfolio", testTrafficPortfolio},
		{"traffic_days", testTrafficDays},
		{"traffic_goals", testTrafficGoals},
		{"transaction_fence", testTransactionVisibility},
		{"transaction_cancelled", testTransactionCancelled},
		{"concurrent_writers", testConcurrentWriters},
		{"users", testUsers},
		{"user_tenants", testUserTenants},
		{"second_factor", testSecondFactor},
		{"concurrent_second_factor", testConcurrentSecondFactor},
		{"concurrent_admins", testConcurrentAdmins},
		{"sessions", testSessions},
		{"api_keys", testAPIKeys},
		{"api_key_use", testAPIKeyUse},
		{"websites", testWebsites},
		{"website_pointer", testWebsitePointer},
		{"website_version", testWebsiteVersion},
		{"website_hold", testWebsiteHold},
		{"website_locks", testWebsiteLocks},
		{"pages", testPages},
		{"evidence", testEvidence},
		{"releases", testReleases},
		{"release_links", testReleaseLinks},
		{"redirects", testRedirects},
		{"text_edits", testTextEdits},
		{"links", testLinks},
		{"link_health", testLinkHealth},
		{"link_history", testLinkHistory},
		{"concurrent_releases", testConcurrentReleases},
		{"feeds", testFeeds},
		{"products", testProducts},
		{"product_search", testProductSearch},
		{"product_imports", testProductImports},
		{"product_facets", testProductFacets},
		{"programs", testPrograms},
		{"keywords", testKeywords},
		{"runs", testRuns},
		{"run_list", testRunList},
		{"steps", testSteps},
		{"step_fencing", testStepFencing},
		{"step_waiting", testStepWaiting},
		{"step_requeue", testStepRequeue},
		{"concurrent_run", testConcurrentRun},
		{"events", testEvents},
		{"step_flow", testStepFlow},
		{"step_undo", testStepUndo},
		{"run_family", testRunFamily},
		{"slots", testSlots},
		{"pipelines", testPipelines},
		{"schedules", testSchedules},
		{"tasks", testTasks},
		{"task_dispatch", testTaskDispatch},
		{"task_reopen", testTaskReopen},
		{"agents", testAgents},
		{"agent_records", testAgentRecords},
		{"agent_links", testAgentLinks},
		{"approvals", testApprovals},
		{"approval_times", testApprovalTimes},
		{"approval_log", testApprovalLog},
		{"approval_intact", testApprovalIntact},
		{"releases_approved", testReleasesApproved},
		{"concurrent_decisions", testConcurrentDecisions},
		{"concurrent_approval", testConcurrentApproval},
		{"alerts", testAlerts},
		{"alert_rules", testAlertRules},
		{"alert_deliveries", testAlertDeliveries},
		{"alert_lease", testAlertLease},
		{"alert_signals", testAlertSignals},
		{"alert_visitors", testAlertVisitors},
		{"audit", testAudit},
		{"audit_filters", testAuditFilters},
		{"tenants", testTenants},
		{"tenant_walk", testTenantWalk},
		{"meta", testMeta},
		{"workers", testWorkers},
		{"idempotency", testIdempotency},
		{"idempotency_lease", testIdempotencyLease},
		{"idempotency_expiry", testIdempotencyExpiry},
		{"concurrent_idempotency", testConcurrentIdempotency},
		{"budgets", testBudgets},
		{"budget_covering", testBudgetCovering},
		{"budget_counts", testBudgetCounts},
		{"concurrent_counts", testConcurrentCounts},
		{"budget_waits", testBudgetWaits},
		{"prices", testPrices},
		{"model_calls", testModelCalls},
		{"model_call_lists", testModelCallLists},
		{"model_call_corrections", testModelCallCorrections},
		{"snapshots", testSnapshots},
		{"snapshot_citations", testSnapshotCitations},
		{"research", testResearch},
		{"webhooks", testWebhooks},
		{"webhook_nonce", testWebhookNonce},
		{"webhook_states", testWebhookStates},
		{"webhook_trim", testWebhookTrim},
		{"webhook_sweep", testWebhookSweep},
		{"concurrent_webhooks", testConcurrentWebhooks},
		{"concurrent_webhook_work", testConcurrentWebhookWork},
		{"messages", testMessages},
		{"message_death", testMessageDeath},
		{"message_transaction", testMessageTransaction},
		{"mailbox_bound", testMailboxBound},
		{"mailbox_lease", testMailboxLease},
		{"orchestrator_counts", testOrchestratorCounts},
		{"graph", testGraph},
		{"graph_forgets", testGraphForgets},
		{"graph_at_once", testGraphAtOnce},
		{"graph_validity", testGraphValidity},
		{"graph_rests", testGraphRests},
		{"graph_feed", testGraphFeed},
		{"vectors", testVectors},
		{"vector_changes", testVectorChanges},
		{"concurrent_vectors", testConcurrentVectors},
		{"market_series", testMarketSeries},
		{"product_changes", testProductChanges},
		{"opportunities", testOpportunities},
		{"estimates", testEstimates},
		{"learned_models", testLearnedModels},
		{"signatures", testSignatures},
		{"fleet", testFleet},
		{"fleet_visits", testFleetVisits},
		{"fleet_changes", testFleetChanges},
		{"tags", testTags},
		{"batches", testBatches},
		{"retirements", testRetirements},
		{"planned_releases", testPlannedReleases},
		{"seo_audits", testSEOAudits},
		{"seo_keywords", testSEOKeywords},
		{"submissions", testSubmissions},
	} {
		t.Run(area.name, func(t *testing.T) {
			t.Parallel()
			area.test(t, open(t))
		})
	}
}

// day is the time at which the tests happen, with the precision of a database.
var day = time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC)

func ptr[T any](v T) *T { return &v }

func window(limit, offset int) domain.Window { return domain.Window{Limit: limit, Offset: offset} }

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}

// value ends the test on an error and returns the value.
func value[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func wantCode(t *testing.T, err error, want domain.Code) {
	t.Helper()
	if got := domain.CodeOf(err); got != want {
		t.Errorf("got code %q (%v), want %q", got, err, want)
	}
}

func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func insertWebsite(t *testing.T, s *store.Store, name string) *domain.Website {
	t.Helper()
	w := &domain.Website{
		ID: domain.WebsiteID("site_" + name), Tenant: "main", Name: name, Domain: name + ".example", Niche: "keyboards", Language: "en", Title: "Keys & more",
		State: domain.WebsiteDraft, FeedIDs: []domain.FeedID{"feed_a"}, Operator: domain.Operator{Name: "Ada Löwe", Sample: true},
		OwnerID: "user_a", CreatedAt: day, UpdatedAt: day,
	}
	must(t, s.Websites.Insert(t.Context(), w))
	return w
}

func insertFeed(t *testing.T, s *store.Store, name string) *domain.Feed {
	t.Helper()
	f := &domain.Feed{ID: domain.FeedID("feed_" + name), Name: name, Source: name + ".csv", Language: "en", CreatedAt: day, UpdatedAt: day}
	must(t, s.Feeds.Insert(t.Context(), f))
	return f
}

// insertRun stores a run with the steps scan, plan and write.
func insertRun(t *testing.T, s *store.Store, name string, at time.Time) *domain.Run {
	t.Helper()
	r := &domain.Run{
		ID: domain.RunID("run_" + name), Tenant: "main", Priority: domain.RunNormal, Pipeline: "launch_website", Version: 2, State: domain.StateQueued,
		Params: []byte(`{"niche": "Wäsche", "b":1}`), OwnerID: "user_a", CreatedAt: at,
	}
	for i, step := range []string{"scan", "plan", "write"} {
		r.Steps = append(r.Steps, domain.Step{
			ID: domain.StepID("step_" + name + "_" + step), RunID: r.ID, Name: step, Position: i, Agent: "opportunity_scanner", Task: "market_scan",
			State: domain.StateQueued,
		})
	}
	must(t, s.Runs.Insert(t.Context(), r))
	return r
}
