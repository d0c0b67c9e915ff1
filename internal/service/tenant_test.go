package service_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// holdings are one thing of each kind that a tenant has.
type holdings struct {
	website  domain.WebsiteID
	release  domain.ReleaseID
	run      domain.RunID
	approval domain.ApprovalID
	task     domain.TaskID
	pipeline string
	schedule domain.ScheduleID
	budget   domain.BudgetID
	agent    domain.AgentID
	letter   domain.DeadLetterID
	chance   domain.OpportunityID
	estimate domain.EstimateID
	model    string
	link     domain.LinkID
}

// missingThings have the form of identifiers and name nothing.
var missingThings = holdings{"site_0", "rel_0", "run_0", "appr_0", "task_0", "own-0", "sched_0", "bud_0", "agent_0", "dead_0", "opp_0", "est_0", "model-0", "link_0"}

// settle gives a tenant a live website, an open question and a task.
func settle(ctx context.Context, t *testing.T, e *estate) holdings {
	t.Helper()
	tenant := domain.PrincipalFrom(ctx).Tenant
	site := e.register(ctx, t, string(tenant)+".example")
	live := e.publish(ctx, t, site.ID)
	run, approval := e.build(ctx, t, site.ID)
	task, err := e.agents.CreateTask(ctx, "digger", domain.TaskSpec{Type: "dig"}, "")
	if err != nil {
		t.Fatal(err)
	}
	own := "own-" + string(tenant)
	if _, err := e.pipelines.Put(ctx, own, restful(own)); err != nil {
		t.Fatal(err)
	}
	nightly, err := e.schedules.Create(ctx, domain.ScheduleParams{Name: "nightly", Pipeline: own, Cron: "0 3 * * *"})
	if err != nil {
		t.Fatal(err)
	}
	letter := domain.DeadLetterID(domain.NewID("dead"))
	if err := e.letters.Add(ctx, domain.DeadLetter{ID: letter, Kind: domain.DeadTask, AgentID: "digger", Reason: domain.DeadRefused}); err != nil {
		t.Fatal(err)
	}
	agent, err := e.agents.Register(ctx, domain.AgentParams{ID: domain.AgentID("agent_of_" + tenant), TaskTypes: []string{"research"}, Capabilities: []string{"research"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.messages.Post(ctx, domain.Message{To: "digger", Message: []byte(`"dig"`)}, 0); err != nil {
		t.Fatal(err)
	}
	link, err := e.links.Create(ctx, domain.LinkParams{Merchant: "Shop", Destination: "https://shop.example/", Slug: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	scan, model := e.study(ctx, t)
	return holdings{site.ID, live.LiveRelease, run.ID, approval.ID, task.ID, own, nightly.ID, e.limit(ctx, t), agent.ID, letter, scan.ID, scan.EstimateID, model, link.ID}
}

// byID are the methods that take an identifier, called with those of h.
func byID(e *estate, h holdings) map[string]func(ctx context.Context) error {
	state := domain.WebsiteArchived
	w := domain.Window{Limit: 10}
	week := domain.TrafficQuery{Period: "7d"}
	out := map[string]func(ctx context.Context) error{
		"Websites.Get":      func(ctx context.Context) error { _, err := e.websites.Get(ctx, h.website); return err },
		"Websites.Find":     func(ctx context.Context) error { _, err := e.websites.Find(ctx, string(h.website)); return err },
		"Websites.Pages":    func(ctx context.Context) error { _, _, err := e.websites.Pages(ctx, h.website, w); return err },
		"Websites.Page":     func(ctx context.Context) error { _, _, err := e.websites.Page(ctx, h.website, "page_1"); return err },
		"Websites.Releases": func(ctx context.Context) error { _, _, err := e.websites.Releases(ctx, h.website, w); return err },
		"Websites.Review":   func(ctx context.Context) error { _, err := e.websites.Review(ctx, h.approval); return err },
		"Websites.Diff": func(ctx context.Context) error {
			_, err := e.websites.Diff(ctx, h.website, domain.DiffParams{To: h.release, Against: h.release})
			return err
		},
		"SEO.Audits":   func(ctx context.Context) error { _, _, err := e.seo.Audits(ctx, h.website, w); return err },
		"SEO.Audit":    func(ctx context.Context) error { _, err := e.seo.Audit(ctx, h.website, h.release); return err },
		"SEO.Run":      func(ctx context.Context) error { _, err := e.seo.Run(ctx, h.website, h.release); return err },
		"SEO.Keywords": func(ctx context.Context) error { _, err := e.seo.Keywords(ctx, h.website); return err },
		"Submissions.List": func(ctx context.Context) error {
			_, _, err := e.submits.List(ctx, h.website, w)
			return err
		},
		"Redirects.List": func(ctx context.Context) error { _, err := e.redirects.List(ctx, h.website); return err },
		"Redirects.Set": func(ctx context.Context) error {
			_, err := e.redirects.Set(ctx, h.website, "/old/", "/new/")
			return err
		},
		"Redirects.Delete": func(ctx context.Context) error {
			if _, err := e.redirects.Set(ctx, h.website, "/old/", "/new/"); err != nil {
				return err
			}
			return e.redirects.Delete(ctx, h.website, "/old/")
		},
		"Links.Get":     func(ctx context.Context) error { _, err := e.links.Get(ctx, h.link); return err },
		"Links.History": func(ctx context.Context) error { _, err := e.links.History(ctx, h.link); return err },
		"Links.Update": func(ctx context.Context) error {
			_, err := e.links.Update(ctx, h.link, domain.LinkPatch{Note: new("seen")})
			return err
		},
		"Links.Create": func(ctx context.Context) error {
			_, err := e.links.Create(ctx, domain.LinkParams{WebsiteID: h.website, Merchant: "Shop", Destination: "https://shop.example/" + domain.NewID("x")})
			return err
		},
		"Links.Outlinks": func(ctx context.Context) error { _, _, err := e.links.Outlinks(ctx, h.website, true, w); return err },
		"Links.List of a website": func(ctx context.Context) error {
			_, _, err := e.links.List(ctx, domain.LinkFilter{WebsiteID: h.website}, w)
			return err
		},
		"Websites.Audit": func(ctx context.Context) error { _, err := e.websites.Audit(ctx, h.website); return err },
		"Websites.Deploy": func(ctx context.Context) error {
			_, err := e.websites.Deploy(ctx, h.website, h.release, "folder:x")
			return err
		},
		"Websites.Export": func(ctx context.Context) error {
			_, err := e.websites.Export(ctx, h.website, domain.ExportFiles)
			return err
		},
		"Websites.Rebuild":  func(ctx context.Context) error { _, err := e.websites.Rebuild(ctx, h.website); return err },
		"Websites.Publish":  func(ctx context.Context) error { _, err := e.websites.Publish(ctx, h.website, h.release); return err },
		"Websites.Rollback": func(ctx context.Context) error { _, err := e.websites.Rollback(ctx, h.website, ""); return err },
		"Websites.Update": func(ctx context.Context) error {
			_, err := e.websites.Update(ctx, h.website, domain.WebsitePatch{State: &state, Seqs: []int64{-1}})
			return err
		},
		"Websites.Delete": func(ctx context.Context) error { return e.websites.Delete(ctx, h.website) },
		"Websites.Bulk": func(ctx context.Context) error {
			list, err := e.websites.Bulk(ctx, domain.BulkArchive, []domain.WebsiteID{h.website})
			if err == nil {
				err = list[0].Err
			}
			return err
		},
		"Runs.Get":      func(ctx context.Context) error { _, err := e.runs.Get(ctx, h.run); return err },
		"Runs.Events":   func(ctx context.Context) error { _, err := e.runs.Events(ctx, h.run, 0, 10); return err },
		"Runs.Attempts": func(ctx context.Context) error { _, err := e.runs.Attempts(ctx, h.run); return err },
		"Traffic.ImportLog": func(ctx context.Context) error {
			_, err := e.traffic.ImportLog(ctx, h.website, "access.log", strings.NewReader(""), true)
			return err
		},
		"Traffic.Report":   func(ctx context.Context) error { _, err := e.traffic.Report(ctx, h.website, "7d"); return err },
		"Traffic.ReportOn": func(ctx context.Context) error { _, err := e.traffic.ReportOn(ctx, h.website, week); return err },
		"Traffic.Facets": func(ctx context.Context) error {
			_, _, err := e.traffic.Facets(ctx, h.website, domain.FacetChannel, week, w)
			return err
		},
		"Traffic.Goals": func(ctx context.Context) error { _, err := e.traffic.Goals(ctx, h.website); return err },
		"Traffic.SetGoals": func(ctx context.Context) error {
			_, err := e.traffic.SetGoals(ctx, &domain.GoalSet{WebsiteID: h.website, Goals: []domain.Goal{{Name: "Offer", Kind: domain.GoalClick}}})
			return err
		},
		"Traffic.Conversions": func(ctx context.Context) error { _, err := e.traffic.Conversions(ctx, h.website, week); return err },
		"Traffic.Pages": func(ctx context.Context) error {
			_, _, err := e.traffic.Pages(ctx, h.website, week, domain.PageCursor{}, 10)
			return err
		},
		"Timelines.Get":    func(ctx context.Context) error { _, err := e.timelines.Get(ctx, h.run, "", 10); return err },
		"Runs.Cancel":      func(ctx context.Context) error { _, err := e.runs.Cancel(ctx, h.run); return err },
		"Pipelines.Get":    func(ctx context.Context) error { _, err := e.pipelines.Get(ctx, h.pipeline); return err },
		"Pipelines.Delete": func(ctx context.Context) error { return e.pipelines.Delete(ctx, h.pipeline) },
		"Schedules.Get":    func(ctx context.Context) error { _, err := e.schedules.Get(ctx, h.schedule); return err },
		"Schedules.Update": func(ctx context.Context) error {
			off := false
			_, err := e.schedules.Update(ctx, h.schedule, domain.SchedulePatch{Enabled: &off})
			return err
		},
		"Schedules.Delete": func(ctx context.Context) error { return e.schedules.Delete(ctx, h.schedule) },
		"Schedules.Create": func(ctx context.Context) error {
			_, err := e.schedules.Create(ctx, domain.ScheduleParams{Name: "x", Pipeline: "launch_website", Every: time.Hour, Params: []byte(`{"website_id":"` + string(h.website) + `"}`)})
			return err
		},
		"Runs.Retry":    func(ctx context.Context) error { _, err := e.runs.Retry(ctx, h.run, ""); return err },
		"Approvals.Get": func(ctx context.Context) error { _, err := e.approvals.Get(ctx, h.approval); return err },
		"Approvals.Decide": func(ctx context.Context) error {
			_, err := e.approvals.Decide(ctx, h.approval, domain.Decision{Approve: true})
			return err
		},
		"Approvals.Texts": func(ctx context.Context) error { _, err := e.approvals.Texts(ctx, h.approval, "/"); return err },
		"Approvals.Edits": func(ctx context.Context) error { _, err := e.approvals.Edits(ctx, h.approval); return err },
		"Approvals.Edit": func(ctx context.Context) error {
			_, err := e.approvals.Edit(ctx, h.approval, domain.EditRequest{PayloadHash: "aa", Changes: []domain.TextChange{{Page: "/", Ref: "title", New: "x"}}})
			return err
		},
		"DeadLetters.Get":    func(ctx context.Context) error { _, err := e.letters.Get(ctx, h.letter); return err },
		"DeadLetters.Replay": func(ctx context.Context) error { _, err := e.letters.Replay(ctx, h.letter); return err },
		"Agents.Task":        func(ctx context.Context) error { _, err := e.agents.Task(ctx, h.task); return err },
		"Agents.CancelTask": func(ctx context.Context) error {
			_, err := e.agents.CancelTask(ctx, h.task)
			return err
		},
		"Agents.Update": func(ctx context.Context) error {
			_, err := e.agents.Update(ctx, h.agent, domain.AgentPatch{MaxConcurrency: new(3)})
			return err
		},
		"Agents.Delete": func(ctx context.Context) error { _, err := e.agents.Delete(ctx, h.agent, true); return err },
		"Agents.Get":    func(ctx context.Context) error { _, err := e.agents.Get(ctx, h.agent); return err },
		"Agents.Connect": func(ctx context.Context) error {
			_, err := e.agents.Connect(ctx, h.agent, "i1")
			return err
		},
		"Agents.ReplayTask": func(ctx context.Context) error {
			return e.agents.ReplayTask(ctx, []byte(`{"task_id":"`+string(h.task)+`"}`))
		},
		"Agents.Dispatch": func(ctx context.Context) error {
			spec := domain.TaskSpec{Type: "dig", Params: []byte(`{"website_id":"` + string(h.website) + `"}`)}
			_, err := e.agents.Dispatch(ctx, "digging", spec, "")
			return err
		},
		"Runs.Start": func(ctx context.Context) error {
			_, err := e.runs.Start(ctx, domain.StartParams{Stages: []domain.Stage{{
				Name: "a", Agent: "digger", Task: domain.TaskSpec{Type: "dig", Params: []byte(`{"website_id":"` + string(h.website) + `"}`)},
			}}})
			return err
		},
		"Agents.CreateTask": func(ctx context.Context) error {
			spec := domain.TaskSpec{Type: "dig", Params: []byte(`{"where":[{"WEBSITE_ID":"` + string(h.website) + `"}]}`)}
			_, err := e.agents.CreateTask(ctx, "digger", spec, "")
			return err
		},
	}
	maps.Copy(out, budgetsByID(e, h))
	maps.Copy(out, marketByID(e, h))
	return out
}

// hostsOf serves every website.
type hostsOf struct{ *estate }

func (h hostsOf) Hosts(tenant domain.TenantID) []domain.HostStats {
	list, _, _ := h.st.Websites.List(context.Background(), tenant, domain.Window{Limit: 100})
	return make([]domain.HostStats, len(list))
}

// lists are the methods that list things of tenants: how many came, of how many.
func lists(e *estate, h holdings) map[string]func(ctx context.Context) (int, int, error) {
	w := domain.Window{Limit: 100}
	out := map[string]func(ctx context.Context) (int, int, error){
		"Edge.Hosts": func(ctx context.Context) (int, int, error) {
			list, err := service.NewEdge(hostsOf{e}).Hosts(ctx)
			return len(list), len(list), err
		},
		"Links.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.links.List(ctx, domain.LinkFilter{Tenant: "acme"}, w)
			return len(l), n, err
		},
		"Traffic.Websites": func(ctx context.Context) (int, int, error) {
			l, n, err := e.traffic.Websites(ctx, domain.TrafficQuery{}, "", w)
			return len(l), n, err
		},
		"Websites.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.websites.List(ctx, w)
			return len(l), n, err
		},
		"Websites.After": func(ctx context.Context) (int, int, error) {
			l, n, err := e.websites.After(ctx, "", 100)
			return len(l), n, err
		},
		"Runs.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.runs.List(ctx, "", "", w)
			return len(l), n, err
		},
		"Runs.Hours": func(ctx context.Context) (int, int, error) {
			l, err := e.runs.Hours(ctx, time.Unix(0, 0))
			return len(l), len(l), err
		},
		"Runs.List of a website": func(ctx context.Context) (int, int, error) {
			l, n, err := e.runs.List(ctx, "", h.website, w)
			return len(l), n, err
		},
		"Approvals.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.approvals.List(ctx, domain.ApprovalFilter{Tenant: "acme"}, w)
			return len(l), n, err
		},
		"Schedules.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.schedules.List(ctx, w)
			return len(l), n, err
		},
		"Pipelines.List": func(ctx context.Context) (int, int, error) {
			l, err := e.pipelines.List(ctx)
			l = slices.DeleteFunc(l, func(p domain.PipelineInfo) bool { return p.Origin == domain.OriginShipped })
			return len(l), len(l), err
		},
		"Approvals.Summary": func(ctx context.Context) (n int, _ int, err error) {
			counts, err := e.approvals.Summary(ctx)
			for _, c := range counts {
				n += c
			}
			return n, n, err
		},
		"Agents.Tasks": func(ctx context.Context) (int, int, error) {
			l, n, err := e.agents.Tasks(ctx, "", "", w)
			return len(l), n, err
		},
		"Messages.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.messages.List(ctx, "digger", "", w)
			return len(l), n, err
		},
		"DeadLetters.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.letters.List(ctx, domain.DeadLetterFilter{Tenant: "acme"}, w)
			return len(l), n, err
		},
		"Orchestrator.Overview": func(ctx context.Context) (int, int, error) {
			o, err := service.NewOrchestrator(e.st.Mailboxes, e.agents).Overview(ctx)
			if err != nil {
				return 0, 0, err
			}
			n := len(o.Messages) + o.DeadTotal + len(o.ActiveTasks) + len(o.Runs)
			return min(n, 1), min(n, 1), nil
		},
		"Audit.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.audit.List(ctx, domain.AuditFilter{Tenant: "acme"}, w)
			return len(l), n, err
		},
		"Audit.Before": func(ctx context.Context) (int, int, error) {
			l, err := e.audit.Before(ctx, domain.AuditFilter{Tenant: "acme"}, 0, 100)
			return len(l), len(l), err
		},
		"Audit.Export": func(ctx context.Context) (n int, _ int, err error) {
			err = e.audit.Export(ctx, domain.AuditFilter{Tenant: "acme"}, func(l []domain.AuditEntry) error { n += len(l); return nil })
			return n, n, err
		},
	}
	maps.Copy(out, budgetLists(e))
	maps.Copy(out, marketLists(e))
	return out
}

// TestTenantsSeeNothingOfEachOther: with the identifiers of another tenant every
// method answers as if they named nothing, to the letter, changes nothing and
// records nothing; no list and no total knows of them.
func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
		h := settle(acme, t, e)
		before := census(acme, t, e, h)
		missing := byID(e, missingThings)
		for name, call := range byID(e, h) {
			got, want := call(other), missing[name](other)
			if domain.CodeOf(got) != domain.CodeNotFound || domain.CodeOf(want) != domain.CodeNotFound {
				t.Errorf("%s: %v for another's and %v for none, want not_found", name, got, want)
				continue
			}
			text := domain.MessageOf(got)
			for _, id := range [][2]string{
				{string(h.website), "site_0"}, {string(h.release), "rel_0"}, {string(h.run), "run_0"}, {string(h.approval), "appr_0"}, {string(h.task), "task_0"}, {h.pipeline, "own-0"}, {string(h.schedule), "sched_0"},
				{string(h.budget), "bud_0"}, {string(h.agent), "agent_0"}, {string(h.letter), "dead_0"},
				{string(h.chance), "opp_0"}, {string(h.estimate), "est_0"}, {h.model, "model-0"}, {string(h.link), "link_0"},
			} {
				text = strings.ReplaceAll(text, id[0], id[1])
			}
			if text != domain.MessageOf(want) {
				t.Errorf("%s: %q for another's, %q for none", name, domain.MessageOf(got), domain.MessageOf(want))
			}
		}
		own := e.register(other, t, "other.example")
		for name, move := range map[string]func(context.Context, domain.WebsiteID, domain.ReleaseID) (*domain.Website, error){
			"publish": e.websites.Publish, "roll back to": e.websites.Rollback,
		} {
			_, err := move(other, own.ID, h.release)
			_, none := move(other, own.ID, "rel_0")
			wantCode(t, name+" a release of another", err, domain.CodeNotFound)
			if got, want := strings.ReplaceAll(domain.MessageOf(err), string(h.release), "rel_0"), domain.MessageOf(none); got != want {
				t.Errorf("%s: %q for another's release, %q for none", name, got, want)
			}
		}
		if err := e.websites.Delete(other, own.ID); err != nil {
			t.Fatal(err)
		}
		before.entries += 2
		for name, list := range lists(e, h) {
			if n, total, err := list(other); n != 0 && !strings.HasPrefix(name, "Audit.") || total != n || err != nil || n > 2 {
				t.Errorf("%s: %d of %d, %v, want nothing", name, n, total, err)
			}
			if n, total, err := list(acme); n == 0 || total != n || err != nil {
				t.Errorf("%s for its own tenant: %d of %d, %v, want something", name, n, total, err)
			}
		}
		for _, key := range []string{"acme.example", "ACME.example", "acme"} {
			_, err := e.websites.Find(other, key)
			wantCode(t, "find "+key, err, domain.CodeNotFound)
			if _, err := e.websites.Find(acme, key); err != nil {
				t.Errorf("find %s by its own tenant: %v", key, err)
			}
		}
		if after := census(acme, t, e, h); after != before {
			t.Errorf("the other tenant changed %+v to %+v", before, after)
		}
	})
}

type tally struct {
	website  domain.WebsiteState
	title    string
	run      domain.RunState
	approval domain.ApprovalState
	task     domain.RunState
	entries  int
}

// census is what the calls of another tenant must leave as it is.
func census(ctx context.Context, t *testing.T, e *estate, h holdings) tally {
	t.Helper()
	site, err1 := e.websites.Get(ctx, h.website)
	run, err2 := e.runs.Get(ctx, h.run)
	approval, err3 := e.approvals.Get(ctx, h.approval)
	task, err4 := e.agents.Task(ctx, h.task)
	_, n, err5 := e.st.Audit.List(ctx, domain.AuditFilter{}, domain.Window{Limit: 1})
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return tally{site.State, site.Title, run.State, approval.State, task.State, n}
}

// TestEveryMethodKnowsTenants fails when a service has a method that is neither
// tried with two tenants nor known to need none.
func TestEveryMethodKnowsTenants(t *testing.T) {
	t.Parallel()
	e := &estate{digging: &digging{}}
	known := []string{
		// tried below and in other tests: they make things, or are about no one's
		"Websites.Generate", "Websites.Register", "Agents.List", "Agents.Get", "Pipelines.Put", "Pipelines.Validate", "Agents.Register", "Agents.Resolve", "Agents.WasDeleted",
		// the work of runs and of the start: without a principal
		"Messages.Start", "Messages.Stop", "Messages.Attach", "Messages.AgentDeleted", "Messages.BuryExpired", "DeadLetters.Add",
		// of the graph: TestGraphTenants; the last are the work of jobs and of those who change things
		"Graph.Summary", "Graph.Nodes", "Graph.Node", "Graph.Path", "Graph.Rank", "Graph.Communities", "Graph.Export", "Graph.Sources", "Graph.Source", "Graph.Withdraw", "Graph.Stale", "Graph.Import",
		"Graph.CatchUp", "Graph.FeedChanged", "Graph.Gone", "Graph.Keywords", "Graph.Programs", "Graph.Published", "Graph.Work",
		// between agents, which have no tenants: their work has, and its messages with it
		"Messages.Send", "Messages.HandleAgentMessage", "Messages.Request", "Messages.RequestFor", "Messages.Post",
		"Websites.Forecast", // TestForecast
		"Websites.OpenApproval", "Redirects.Of", "Links.Held", "Links.Register", "Links.ProgramsChanged", "Websites.PublishCandidate", "Websites.SetTitle", "Websites.Discard", "Websites.SetOperator", "Websites.DefaultOperator", "Agents.Work", "Schedules.Fire", "Budgets.Wait", "Budgets.ResumeDue", "Budgets.RaiseQuestion",
		"Agents.CancelRunTasks", "Agents.Check", "Agents.Do", "Agents.External", "Agents.Hand", "Agents.Settle", "Agents.Stop", "Agents.Sweep",
		// puts links into the caller's tenant, as Links.Create does: TestLinkImport
		"Links.Import",
		// of the installation: see TestPricesBelongToTheInstallation
		"Budgets.Prices", "Budgets.SetPrice", "Budgets.Resettle",
		"Approvals.Open", "Approvals.Expire", "Approvals.RunEnded", "Approvals.LastEdit", "Approvals.SettleEdit",
		// one log for all, blind for what is another's: TestApprovalLogTenants
		"Approvals.Log", "Approvals.VerifyLog",
		// reports and kept pages: TestResearchTenants
		"Research.Start", "Research.Ask", "Research.Await", "Research.Get", "Research.List", "Research.Verify", "Research.Work",
		"Snapshots.Keep", "Snapshots.Get", "Snapshots.Verify", "Snapshots.Check", "Snapshots.Recheck",
		// tried in TestSearchTenants and in TestImportChroma; the rest is work of jobs
		"Search.Find", "Search.FeedChanged", "Search.WebsiteChanged", "Search.Prepare", "Search.Work", "Vectors.ImportChroma",
		// market data belong to the installation; a scan is kept for who asked: TestMarketScan.
		// Freezing is the work of runs and of decisions
		"Market.Scan", "Market.Trends", "Market.Programs", "Market.ImportSeries", "Market.FreezeLaunch", "Market.FreezeApproval", "Models.Train",
		// of the fleet: TestFleetTenants; the work of releases, jobs and the start
		"Duplicates.List", "Duplicates.Check", "Duplicates.Refuse", "Duplicates.Fresh", "Duplicates.Moved", "Duplicates.Work", "Duplicates.CatchUp",
		"Fleet.Status", "Fleet.Freeze", "Fleet.Unfreeze", "Fleet.StartChange", "Fleet.Changes", "Fleet.Change", "Fleet.ContinueChange", "Fleet.StopChange",
		"Fleet.Frozen", "Fleet.Allow", "Fleet.Published", "Fleet.Sweep", "Fleet.Watch",
		// of pages and times: TestRevisionTenants; the last are the work of steps and of the clock
		"Revisions.Restore", "Revisions.Retire", "Revisions.List", "Revisions.TakeBack", "Planned.Plan", "Planned.List", "Planned.Cancel",
		"Revisions.Source", "Revisions.Edited", "Revisions.Gone", "Planned.Fire",
		// over many websites: TestBatchTenants; the last are the work of jobs
		"Batches.Start", "Batches.List", "Batches.Get", "Batches.Cancel", "Batches.Tags", "Batches.SetTags", "Batches.Browse", "Batches.Work", "Batches.Finish",
		// of search: TestKeywordConflicts; the rules are those of the program; the rest is work of
		// releases, steps and jobs
		"SEO.Rules", "SEO.Conflicts", "SEO.MapOf", "SEO.Taken", "SEO.Moved", "SEO.Work", "SEO.CatchUp", "Submissions.On", "Submissions.Work",
		// sums over the websites of the tenant: TestPortfolioOfTenants
		"Traffic.Portfolio", "Traffic.Programs", "Links.CatchUp", // the work of the clock
		// TestAlertTenants; the last are the work of the clock, of jobs and of the start
		"Alerts.Summary", "Alerts.List", "Alerts.Get", "Alerts.Acknowledge", "Alerts.Rules", "Alerts.Rule", "Alerts.CreateRule", "Alerts.UpdateRule", "Alerts.Silence", "Alerts.ResetRule",
		"Alerts.DeleteRule", "Alerts.Deliveries", "Alerts.Channels", "Alerts.Test", "Alerts.Evaluate", "Alerts.Work", "Alerts.Release", "Alerts.Sweep",
		// TestHealingFires and TestHealingAsks; the last are the work of the clock, of jobs and of runs
		"LinkHealing.Check", "LinkHealing.List", "LinkHealing.Counts", "LinkHealing.Swaps", "LinkHealing.Undo",
		"LinkHealing.Fire", "LinkHealing.Work", "LinkHealing.Question", "LinkHealing.Apply", "LinkHealing.RunEnded", "LinkHealing.Looked",
		// of a connection, which Connect has admitted
		"Agents.Answer", "Agents.Beat", "Agents.Disconnect", "Agents.Heartbeat", "Agents.Holds", "Agents.Progress", "Agents.Take", "Agents.Unanswered", "Agents.Wanted",
	}
	for name := range byID(e, holdings{}) {
		known = append(known, name)
	}
	for name := range lists(e, holdings{}) {
		known = append(known, name)
	}
	for _, s := range []any{&service.Websites{}, &service.Redirects{}, &service.Links{}, &service.Runs{}, &service.Approvals{}, &service.Agents{}, &service.Audit{}, &service.Pipelines{}, &service.Schedules{}, &service.Budgets{}, &service.Timelines{}, &service.Traffic{}, &service.Edge{}, &service.Messages{}, &service.DeadLetters{}, &service.Orchestrator{}, &service.Graph{}, &service.Research{}, &service.Snapshots{}, &service.Search{}, &service.Vectors{}, &service.Market{}, &service.Models{}, &service.Duplicates{}, &service.Fleet{}, &service.Batches{}, &service.Revisions{}, &service.Planned{}, &service.SEO{}, &service.Submissions{}, &service.Alerts{}, &service.LinkHealing{}} {
		typ := reflect.TypeOf(s)
		for i := range typ.NumMethod() {
			if name := typ.Elem().Name() + "." + typ.Method(i).Name; !slices.Contains(known, name) {
				t.Errorf("%s is not tried with two tenants", name)
			}
		}
	}
}

// TestTenantsShareNames: a domain belongs to one website whoever has it, and only
// its owner learns which.
func TestTenantsShareNames(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
		site := e.register(acme, t, "tea.example")
		for _, tt := range []struct {
			name string
			ctx  context.Context
			do   func(ctx context.Context) error
			told bool
		}{
			{"generate by another", other, func(ctx context.Context) error {
				_, _, err := e.websites.Generate(ctx, domain.GenerateParams{Domain: "tea.example", Niche: "tea"})
				return err
			}, false},
			{"register by another", other, func(ctx context.Context) error {
				_, err := e.websites.Register(ctx, domain.RegisterParams{Domain: "tea.example", Niche: "tea"})
				return err
			}, false},
			{"name by another", other, func(ctx context.Context) error {
				_, err := e.websites.Register(ctx, domain.RegisterParams{Domain: "coffee.example", Name: "tea", Niche: "tea"})
				return err
			}, false},
			{"register again", acme, func(ctx context.Context) error {
				_, err := e.websites.Register(ctx, domain.RegisterParams{Domain: "tea.example", Niche: "tea"})
				return err
			}, true},
		} {
			err := tt.do(tt.ctx)
			wantCode(t, tt.name, err, domain.CodeConflict)
			if told := strings.Contains(domain.MessageOf(err), string(site.ID)); told != tt.told {
				t.Errorf("%s: %q, names the website: %v, want %v", tt.name, domain.MessageOf(err), told, tt.told)
			}
		}
		mine, err := e.websites.Register(other, domain.RegisterParams{Domain: "tea.shop", Niche: "tea"})
		if err != nil || mine.Name != "tea-shop" {
			t.Errorf("a free domain with a taken name: %+v, %v", mine, err)
		}
	})
}

// TestTenantsOfWork: what a run and a task make belongs to the tenant that asked
// for them, though no principal works them; what has no tenant is the main one's.
func TestTenantsOfWork(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		acme := in(t.Context(), "acme")
		h := settle(acme, t, e)
		entries, _, err := e.audit.List(acme, domain.AuditFilter{}, domain.Window{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		actions := map[string]bool{}
		for _, entry := range entries {
			actions[entry.Action] = true
			if entry.Tenant != "acme" {
				t.Errorf("%s belongs to %q", entry.Action, entry.Tenant)
			}
		}
		for _, want := range []string{"website.titled", "approval.opened", "release.created", "release.published"} { // by nobody
			if !actions[want] {
				t.Errorf("the log of the tenant has no %s", want)
			}
		}
		_, total, err := st.Audit.List(acme, domain.AuditFilter{}, domain.Window{Limit: 1})
		if err != nil || total != len(entries) {
			t.Errorf("%d entries in all, %d of the tenant, %v", total, len(entries), err)
		}
		nobody, main := in(t.Context(), ""), in(t.Context(), domain.DefaultTenant)
		site := e.register(nobody, t, "main.example")
		if got, err := e.websites.Get(main, site.ID); err != nil || got.Tenant != domain.DefaultTenant {
			t.Errorf("a website of a principal without a tenant: %+v, %v", got, err)
		}
		if _, err := e.websites.Get(nobody, h.website); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("a principal without a tenant sees that of another: %v", err)
		}
	})
}

// TestOwnWebsitesCanBeNamed: the check of parameters lets through what is one's own.
func TestOwnWebsitesCanBeNamed(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	acme := in(t.Context(), "acme")
	site := e.register(acme, t, "tea.example")
	for name, params := range map[string]string{
		"own": `{"website_id":"` + string(site.ID) + `"}`, "none": `{}`, "no text": `{"website_id":7}`, "empty": `{"website_id":""}`,
	} {
		if _, err := e.agents.CreateTask(acme, "digger", domain.TaskSpec{Type: "dig", Params: []byte(params)}, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := e.agents.CreateTask(acme, "digger", domain.TaskSpec{Type: "dig", Params: []byte(`{"website_id`)}, "")
	wantCode(t, "not JSON", err, domain.CodeInvalid)
	foreign := `{"website_id":"` + string(site.ID) + `"}`
	for name, p := range map[string]domain.StartParams{
		"parameters of the run": {Pipeline: "x", Params: []byte(foreign)},
		"second stage": {Stages: []domain.Stage{
			{Name: "a", Agent: "digger", Task: domain.TaskSpec{Type: "dig"}},
			{Name: "b", Agent: "digger", Task: domain.TaskSpec{Type: "dig", Params: []byte(foreign)}},
		}},
	} {
		_, err := e.runs.Start(in(t.Context(), "other"), p)
		wantCode(t, name, err, domain.CodeNotFound)
	}
}
