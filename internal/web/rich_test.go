package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// A rich estate is one with long lists, long names and every kind of failure: pictures
// are taken of it. All of it is made up by counting.

var (
	richNiches = []string{
		"mechanical keyboards", "computer monitors for small desks", "espresso machines", "trail running shoes for wide feet", "robot vacuum cleaners",
		"standing desks", "cordless drills", "baby carriers", "hiking backpacks between 40 and 60 liters", "water filters",
	}
	richAgents = []domain.AgentID{"content_generator", "opportunity_scanner", "website_generator", "seo_optimizer", "monetization_planner", "digger"}
	richStates = []domain.RunState{domain.StateCompleted, domain.StateCompleted, domain.StateFailed, domain.StateCancelled}
	richFaults = []string{
		"The provider answered 529 five times in a row, last after 31 s.", "task_7 failed five times", "The feed holds 2 of the 12 products that are needed.",
		"connection to the vector store was refused",
	}
	richAlerts = []string{"Visits fell by 70 % on", "The certificate ends within 6 days of", "Nothing was rebuilt for 40 days on", "More than 2 % of requests failed on"}
	richParts  = []domain.Component{
		{Name: "database", Layer: "data", State: "ok", Configured: true}, {Name: "vector_store", Layer: "data", State: "down", Error: "connection refused", Configured: true, LastErrorAt: &noon, LastError: "connection refused"},
		{Name: "redis", Layer: "data", State: "ok"}, {Name: "bus", Layer: "orchestration", State: "ok", Configured: true}, {Name: "job_queue", Layer: "orchestration", State: "degraded", Error: "The oldest job waits for 4 min.", Configured: true, LastErrorAt: &noon, LastError: "The oldest job waits for 4 min."},
		{Name: "models", Layer: "intelligence", State: "ok", Configured: true}, {Name: "mail", Layer: "integration", State: "ok"}, {Name: "edge", Layer: "gateway", State: "ok", Configured: true},
	}
)

// many returns a list as it is, or in a rich office n rows, each like one of the list with
// what vary changes.
func many[T any](o *office, list []T, n int, vary func(i int, v *T)) []T {
	if !o.rich || len(list) == 0 {
		return list
	}
	for i, own := len(list), len(list); i < n; i++ {
		v := list[i%own]
		vary(i, &v)
		list = append(list, v)
	}
	return list
}

func before(minutes int) time.Time { return noon.Add(-time.Duration(minutes) * time.Minute) }

func richDomain(i int) string {
	name := strings.ReplaceAll(richNiches[i%len(richNiches)], " ", "-")
	if i < len(richNiches) {
		return name + ".example"
	}
	return fmt.Sprintf("%s-%d.example", name, i/len(richNiches)+1)
}

// emptyWorld has a user and nothing else.
func emptyWorld() *world { return &world{office: office{none: true}, fail: map[string]error{}} }

// emptyPages are the lists that say what belongs into them.
var emptyPages = []string{
	"/", "/sites", "/batches", "/runs", "/approvals", "/feeds", "/products", "/schedules", "/dead-letters", "/alerts", "/agents", "/opportunities", "/links", "/outlinks",
	"/settings/keys", "/settings/webhooks", "/settings/budgets", "/settings/audit", "/launch/feeds",
}

// richWorld has 132 websites, 64 pages of the first, twelve releases and forty runs.
func richWorld() *world {
	w := busyWorld()
	w.office.rich = true
	w.sites[0].CreatedAt, w.sites[1].CreatedAt = before(90_000), before(4)
	w.sites[0].Operator = domain.Operator{Name: "Sample Ltd", Street: "1 Road", PostalCode: "10115", City: "Berlin", Country: "Germany", Email: "office@example.com", Responsible: "Sample Ltd"}
	for i := 2; i < 132; i++ {
		s := w.sites[i%2]
		s.ID, s.Name, s.Domain, s.Niche = domain.WebsiteID(fmt.Sprint("site_", i+1)), fmt.Sprint("site-", i), richDomain(i), richNiches[i%len(richNiches)]
		s.Title, s.Language = "Everything about "+s.Niche+", compared by their data", []string{"en", "de"}[i%2]
		if s.State = domain.WebsiteLive; i%9 == 8 {
			s.State, s.LiveRelease = domain.WebsiteDraft, ""
		} else {
			s.LiveRelease = "rel_2"
		}
		s.UpdatedAt, s.CreatedAt = before(i*97), before(100_000+i*311)
		w.sites = append(w.sites, s)
		w.tags[s.ID] = []string{"pilot", "second-wave"}[:i%3%2+i%2]
	}
	w.richReleases()
	w.richRuns()
	for i := 3; i < 64; i++ {
		p := w.pages[1]
		p.ID, p.Slug, p.Title = domain.PageID(fmt.Sprint("page_", i+1)), fmt.Sprint("compare/", i), fmt.Sprintf("Board %d and board %d compared by price, weight and the switches that they take", i, i+1)
		p.Kind, p.Claims, p.Offers = domain.PageComparison, make([]domain.Claim, 20+i%40), make([]domain.Offer, i%8)
		w.pages = append(w.pages, p)
	}
	for i := 2; i < 46; i++ {
		w.pages[1].Claims = append(w.pages[1].Claims, domain.Claim{ID: domain.ClaimID(fmt.Sprint("c", i+1)), Text: fmt.Sprintf("$%d.99", 20+i), Evidence: []domain.EvidenceID{"ev_1"}})
	}
	for i := 1; i < 14; i++ {
		a := w.approvals[0]
		a.ID, a.Title, a.WebsiteID, a.CreatedAt = domain.ApprovalID(fmt.Sprint("appr_", i+1)), "Publish "+richDomain(i), domain.WebsiteID(fmt.Sprint("site_", i+1)), before(i*61)
		if i%3 == 0 {
			a.State, a.DecidedAt, a.ActorID = domain.ApprovalApproved, ptr(before(i*50)), "user_1"
		}
		w.approvals = append(w.approvals, a)
	}
	for i, id := range richAgents[3:] {
		w.agents = append(w.agents, domain.Agent{
			ID: id, Status: []domain.AgentStatus{domain.AgentIdle, domain.AgentWorking, domain.AgentOffline}[i%3], Capabilities: []string{"audit", "rewrite_titles", "internal_links"}, Kind: "builtin",
			LastActivity: ptr(before(i * 12)), Metrics: domain.AgentMetrics{TasksCompleted: 12_480 / (i + 1), TasksFailed: i * 3, AverageResponseTime: 2.4},
		})
	}
	for i := range 5 {
		b := w.budgets[0]
		b.ID, b.Name, b.Count.Spent = domain.BudgetID(fmt.Sprint("bud_", i+2)), richDomain(i), domain.Micros(9_300_000*(i+1))
		w.budgets = append(w.budgets, b)
	}
	for i := range 40 {
		w.spending = append(w.spending, domain.Spending{Key: noon.AddDate(0, 0, -i).Format(time.DateOnly), Currency: "EUR", Calls: 5 + i%9, Spent: domain.Micros(900_000 + 310_000*(i%7))})
	}
	return w
}

func (w *world) richReleases() {
	w.releases[0].Number, w.releases[1].Number = 12, 11
	for i := 2; i < 12; i++ {
		r := w.releases[1]
		r.ID, r.Number, r.CreatedAt, r.PublishedAt = domain.ReleaseID(fmt.Sprint("old_", i)), 12-i, before(i*4000), ptr(before(i*4000))
		if i == 4 {
			r.PublishedAt, r.Gates = nil, []domain.Gate{{Name: "grounding", State: domain.GateFail, Summary: "3 claims have no evidence."}}
		}
		w.releases = append(w.releases, r)
	}
}

func (w *world) richRuns() {
	done := slices.Clone(w.runs[1].Steps)
	for i := range done {
		done[i].State, done[i].StartedAt, done[i].FinishedAt = domain.StateCompleted, ptr(before(50)), ptr(before(48))
	}
	for i := 3; i < 43; i++ {
		r := w.runs[i%3]
		r.ID, r.CreatedAt, r.WebsiteID = domain.RunID(fmt.Sprint("run_", i+1)), before(i*173), domain.WebsiteID(fmt.Sprint("site_", i))
		r.Params = fmt.Appendf(nil, `{"niche":%q}`, richNiches[i%len(richNiches)])
		r.StartedAt, r.FinishedAt = &r.CreatedAt, ptr(r.CreatedAt.Add(97*time.Second))
		if i%3 != 2 {
			r.State, r.Steps = domain.StateCompleted, done
		}
		w.runs = append(w.runs, r)
	}
	for i := 4; i < 60; i++ {
		w.events = append(w.events, domain.RunEvent{Seq: int64(i), Type: "step.progress", Step: "write", Data: fmt.Appendf(nil, `{"done":%d,"total":62,"message":"Comparison of %d boards"}`, i, i), At: before(2)})
	}
}

func richScan() *domain.ScanReport {
	r := scanned()
	for i, name := range []string{"competition", "margin", "breadth_of_prices", "freshness", "programs"} {
		r.Score.Parts = append(r.Score.Parts, domain.OpportunityPart{Name: name, Value: ptr(.9 - .17*float64(i)), Weight: .1, Contribution: .09 - .017*float64(i), Formula: "min(1, log10(merchants + 1) / 2)"})
	}
	for i := range 14 {
		r.Ranking.Niches = append(r.Ranking.Niches, domain.RankedNiche{Rank: i + 2, Niche: richNiches[i%len(richNiches)], From: "Home > Office > Category " + fmt.Sprint(i), Products: 900 - 31*i, RankLow: i + 1, RankHigh: i + 5})
		r.AffiliatePrograms = append(r.AffiliatePrograms, domain.ProgramSummary{Name: fmt.Sprint("Merchant ", i), Network: "awin", Joined: i%3 == 0, Open: i%5 != 4, CommissionBasisPoints: ptr(250 + 50*i), Products: 40 + i})
	}
	return r
}

// richReview is a candidate with thirty pages and as many that changed.
func richReview() *domain.Review {
	r, _ := review{&office{}}.Review(context.Background(), "appr_1")
	for i := range 30 {
		p, d := r.Pages[0], r.Diff.Pages[0]
		p.Slug, p.Title = fmt.Sprint("compare/", i), fmt.Sprintf("Monitor %d and monitor %d compared by size, weight and price", i, i+1)
		d.Path, d.Title = p.Path(), p.Title
		r.Pages, r.Diff.Pages = append(r.Pages, p), append(r.Diff.Pages, d)
	}
	block := r.Pages[0].Blocks[1]
	for i := range 18 {
		b := block
		b.Paragraph = &domain.Paragraph{Sentences: []domain.Sentence{
			{Text: fmt.Sprintf("Of the %d monitors that were compared, this one measures 27 in and weighs less than half of the others.", 40+i), Claims: []domain.ClaimID{"c1", "c2"}},
			{Text: "Look from an arm's length away.", Opinion: true},
		}}
		r.Pages[0].Blocks = append(r.Pages[0].Blocks, b)
	}
	return r
}

func richTimeline() *domain.Timeline {
	t := &domain.Timeline{Next: "c51"}
	for i, name := range []string{"scan", "plan", "write", "build", "optimize", "monetize", "gate", "approve", "release"} {
		t.Steps = append(t.Steps, domain.StepSummary{
			Name: name, Seconds: 3.4 * float64(i*i+1), Calls: i * 31, InputTokens: i * 42_000, OutputTokens: i * 9_100, Cost: domain.Micros(i * 412_500), Currency: "EUR",
			Artifacts: []domain.Artifact{{Kind: name + "_result", Hash: hash, Size: int64(81_000 * (i + 1))}},
		})
		for k := range 5 {
			t.Entries = append(t.Entries, domain.TimelineEntry{
				At: before(200 - 20*i - k), Kind: []string{"event", "cost", "message", "artifact", "attempt"}[k], Step: name,
				Summary: fmt.Sprintf("%s: part %d of 5 was answered by a small model", name, k+1), Data: []byte(`{"tokens":900,"model":"small"}`),
			})
		}
	}
	return t
}
