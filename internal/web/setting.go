package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

type webhookService interface {
	List(ctx context.Context, f domain.WebhookFilter, w domain.Window) ([]domain.WebhookEvent, int, error)
	Get(ctx context.Context, id domain.WebhookEventID) (*domain.WebhookEvent, *domain.WebhookDelivery, error)
	Replay(ctx context.Context, id domain.WebhookEventID, force bool) (*domain.WebhookEvent, error)
}

type healthService interface {
	Ready(ctx context.Context) ([]domain.Component, bool)
}

type budgetService interface {
	List(ctx context.Context, w domain.Window) ([]domain.BudgetState, int, error)
	Get(ctx context.Context, id domain.BudgetID) (*domain.BudgetState, error)
	Create(ctx context.Context, b domain.Budget) (*domain.BudgetState, error)
	Update(ctx context.Context, id domain.BudgetID, p domain.BudgetPatch) (*domain.BudgetState, error)
	Delete(ctx context.Context, id domain.BudgetID) error
	Raise(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*domain.BudgetState, error)
	Spending(ctx context.Context, by domain.SpendingBy, f domain.CallFilter, w domain.Window) ([]domain.Spending, int, error)
}

type auditService interface {
	List(ctx context.Context, f domain.AuditFilter, w domain.Window) ([]domain.AuditEntry, int, error)
}

func (d *Dashboard) settingRoutes() {
	d.shows("/settings/webhooks", d.webhookList)
	d.shows("/settings/webhooks/{id}", d.webhookPage)
	d.shows("/settings/connections", d.connections)
	d.shows("/settings/budgets", d.budgetList)
	d.shows("/settings/budgets/{id}", d.budgetPage)
	d.shows("/settings/audit", d.auditList)
	d.does("/settings/webhooks/{id}/replay", domain.AdminFull, d.webhookReplay)
	d.does("/settings/connections/models", domain.AdminFull, d.modelsTest)
	d.does("/settings/budgets", domain.AdminFull, d.budgetCreate)
	d.does("/settings/budgets/{id}/raise", domain.AdminFull, d.budgetRaise)
	d.does("/settings/budgets/{id}/delete", domain.AdminFull, d.budgetDelete)
}

// needs returns an error unless who looks has a permission.
func needs(r *http.Request, p domain.Permission) error {
	_, err := domain.Require(r.Context(), p)
	return err
}

var webhookStates = []string{
	"All", "", "Waiting", string(domain.WebhookStored), "Done", string(domain.WebhookProcessed), "Failed", string(domain.WebhookFailed),
	"Ignored", string(domain.WebhookIgnored), "Rejected", string(domain.WebhookRejected),
}

func (d *Dashboard) webhookList(r *http.Request) (view, error) {
	f := domain.WebhookFilter{State: domain.WebhookState(r.URL.Query().Get("state")), Provider: r.URL.Query().Get("provider")}
	list, total, err := d.c.Work.Webhooks.List(r.Context(), f, windowOf(r))
	if domain.CodeOf(err) == domain.CodeForbidden {
		return view{}, err
	}
	counts := map[string]int{}
	for i := 1; i < len(webhookStates); i += 2 {
		if _, n, err := d.c.Work.Webhooks.List(r.Context(), domain.WebhookFilter{State: domain.WebhookState(webhookStates[i])}, domain.Window{Limit: 1}); err == nil {
			counts[webhookStates[i]] = n
		}
	}
	g := &grid{Columns: []column{{Label: "Event"}, {Label: "State"}, {Label: "Provider"}, {Label: "Attempts", Num: true, Wide: true}, {Label: "Received", Wide: true}}}
	for i := range list {
		e := &list[i]
		row := g.add(cell{Text: e.Type, Link: "/settings/webhooks/" + string(e.ID), Sub: words(e.EventID, e.Error)}, state(e.State), text(e.Provider), count(e.Attempts), when(e.ReceivedAt))
		if e.State == domain.WebhookFailed || e.State == domain.WebhookIgnored {
			row.Forms = []form{button("replay-"+string(e.ID), "/settings/webhooks/"+string(e.ID)+"/replay", "Process again")}
		}
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, f.State != "" || f.Provider != "", empty{Text: "Nothing was received. Providers call /webhooks/PROVIDER/…; docs/webhooks.md says how to set them up."})
	return show("settings", sheet{Title: "Webhooks", Lead: "What other services told this one.", Tabs: tabsOf(r, "/settings/webhooks", "state", counts, webhookStates...), Panels: []panel{p}})
}

func (d *Dashboard) webhookPage(r *http.Request) (view, error) {
	e, dl, err := d.c.Work.Webhooks.Get(r.Context(), domain.WebhookEventID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	p := panel{ID: "event", Note: e.Error, Facts: []fact{
		{"Provider", text(e.Provider)}, {"Its name", text(e.EventID)}, {"Happened", whenever(e.OccurredAt)}, {"Received", when(e.ReceivedAt)},
		{"Processed", whenever(e.ProcessedAt)}, {"Attempts", count(e.Attempts)}, {"Size", text(size(int64(dl.Size)))}, {"SHA-256", code(dl.SHA256)},
	}, Raw: string(dl.Body)}
	f := button("replay", "/settings/webhooks/"+string(e.ID)+"/replay", "Process again")
	p.Form = &f
	return show("settings", sheet{Crumbs: []anchor{{"Webhooks", "/settings/webhooks", false}}, Title: e.Type, State: e.State, Panels: []panel{p}})
}

func (d *Dashboard) webhookReplay(w http.ResponseWriter, r *http.Request) (string, error) {
	e, err := d.c.Work.Webhooks.Replay(r.Context(), domain.WebhookEventID(r.PathValue("id")), false)
	if err != nil {
		return "", err
	}
	d.notify(w, r, "requeued")
	return "/settings/webhooks/" + string(e.ID), nil
}

func (d *Dashboard) connectionSheet(r *http.Request, checks *panel) sheet {
	all, ready := d.c.Work.Health.Ready(r.Context())
	word := "down"
	if ready {
		word = "ready"
	}
	g := &grid{Columns: []column{{Label: "Part"}, {Label: "State"}, {Label: "Layer", Wide: true}, {Label: "Last error", Wide: true}}}
	for i := range all {
		c := &all[i]
		st, last := cell{Badge: c.State, Sub: c.Error}, cell{}
		if !c.Configured {
			st = cell{Badge: "not used"}
		}
		if c.LastErrorAt != nil {
			last = cell{At: c.LastErrorAt, Sub: c.LastError}
		}
		g.add(text(strings.ReplaceAll(c.Name, "_", " ")), st, text(c.Layer), last)
	}
	s := sheet{Title: "Connections", State: word, Actions: []anchor{{Label: "Test again", Address: "/settings/connections"}}, Lead: "Every part was asked just now. Reload to ask again."}
	s.Panels = []panel{{ID: "parts", Title: "Parts", Grid: g}}
	if checks == nil {
		checks = &panel{ID: "models", Title: "Model providers"}
		if d.c.Work.CheckModels == nil {
			checks.Empty = &empty{Text: "No model is configured. Texts are written from data alone."}
		} else if can(r, domain.AdminFull) {
			f := form{ID: "models", Action: "/settings/connections/models", Submit: "Test the models", Ask: "One model of each provider is asked for one word. That may cost a fraction of a cent."}
			checks.Form = &f
		}
	}
	s.Panels = append(s.Panels, *checks)
	return s
}

func (d *Dashboard) connections(r *http.Request) (view, error) {
	if err := needs(r, domain.AgentsRead); err != nil {
		return view{}, err
	}
	return show("settings", d.connectionSheet(r, nil))
}

// modelsTest asks the providers and shows what they said. It changes nothing, so there is
// no page to be led to.
func (d *Dashboard) modelsTest(w http.ResponseWriter, r *http.Request) (string, error) {
	if d.c.Work.CheckModels == nil {
		return "", domain.Errorf(domain.CodeConflict, "No model is configured.")
	}
	list, err := d.c.Work.CheckModels(r.Context())
	if err != nil {
		return "", err
	}
	p := panel{ID: "models", Title: "Model providers", Grid: &grid{Columns: []column{{Label: "Provider"}, {Label: "State"}, {Label: "Model"}, {Label: "Took", Num: true, Wide: true}}}}
	for _, c := range list {
		st := cell{Badge: "ok", Sub: c.Error}
		if c.Error != "" {
			st.Badge = "down"
		}
		p.Grid.add(text(c.Provider), st, text(c.Model), text(took(c.Took)))
	}
	v, err := show("settings", d.connectionSheet(r, &p))
	if err == nil {
		d.render(w, r, http.StatusOK, v)
	}
	return "", err
}

// auditActions are the first parts of what the log says was done.
var auditActions = []string{
	"", "All", "website", "Websites", "release", "Releases", "approval", "Approvals", "run", "Runs", "feed", "Feeds", "link", "Links", "user", "Users",
	"apikey", "API keys", "budget", "Budgets", "schedule", "Schedules", "agent", "Agents",
}

// dateOf reads a day; nonsense is none.
func dateOf(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func (d *Dashboard) auditList(r *http.Request) (view, error) {
	q := r.URL.Query()
	f := domain.AuditFilter{Actor: domain.UserID(q.Get("actor")), Action: q.Get("action"), Object: strings.TrimSpace(q.Get("q")), Since: dateOf(q.Get("since"))}
	if until := dateOf(q.Get("until")); !until.IsZero() {
		f.Until = until.AddDate(0, 0, 1)
	}
	list, total, err := d.c.Work.Audit.List(r.Context(), f, windowOf(r))
	if domain.CodeOf(err) == domain.CodeForbidden {
		return view{}, err
	}
	names := d.userNames(r)
	g := &grid{Columns: []column{{Label: "What"}, {Label: "Who"}, {Label: "When"}, {Label: "Object", Wide: true}, {Label: "Request", Wide: true}}}
	for i := range list {
		e := &list[i]
		who := names[e.ActorID]
		switch {
		case e.ActorID == "":
			who = "a run"
		case who == "":
			who = string(e.ActorID)
		}
		g.add(cell{Text: e.Action, Sub: e.Detail}, text(who), when(e.At), code(e.Object), code(e.RequestID))
	}
	search := searchForm(r, "Object", "The id of what was changed.")
	actors := []option{{"", "Everybody", f.Actor == ""}}
	for _, id := range sortedUsers(names) {
		actors = append(actors, option{string(id), names[id], id == f.Actor})
	}
	search.Submit = "Filter"
	search.Fields = append(search.Fields,
		field{Name: "action", Label: "Kind", Kind: "select", Options: pick(f.Action, auditActions...)},
		field{Name: "actor", Label: "Who", Kind: "select", Options: actors},
		field{Name: "since", Label: "From", Kind: "date", Value: q.Get("since")}, field{Name: "until", Label: "To", Kind: "date", Value: q.Get("until")})
	filtered := f != domain.AuditFilter{}
	p := d.listed(r, panel{ID: "list", Filter: search, Grid: g}, len(list), total, err, filtered, empty{Text: "Nothing has been changed yet."})
	if total > 0 {
		p.Note = plural(total, "entry", "entries") + ", the newest first. Nothing can be changed or removed here."
	}
	return show("settings", sheet{Title: "Audit log", Lead: "Who changed what, and when.", Panels: []panel{p}})
}

// budgetForm asks for a new budget.
func (d *Dashboard) budgetForm(r *http.Request, err error) form {
	f := form{ID: "budget", Action: "/settings/budgets", Submit: "Make the budget", Primary: true, Fields: []field{
		{Name: "name", Label: "Name", Value: typed(r, "name"), Required: true, Max: domain.MaxName},
		{Name: "limit", Label: "Limit in " + d.currency(), Value: typed(r, "limit"), Required: true, Max: 20, Hint: "Such as 20 or 20.50.", Half: true},
		{Name: "period", Label: "For", Kind: "select", Half: true, Options: pick(typed(r, "period"), "month", "each month", "day", "each day", "total", "all time")},
		{Name: "on_limit", Label: "At the limit", Kind: "select", Options: pick(typed(r, "on_limit"), "ask", "ask me to raise it", "pause", "wait for the next period", "fail", "fail the work")},
		{Name: "scope.website_id", Label: "Only for this site", Kind: "select", Options: d.siteOptions(r, typed(r, "scope.website_id"))},
	}}
	f.blame(err)
	return f
}

// siteOptions offers the first sites and all together.
func (d *Dashboard) siteOptions(r *http.Request, chosen string) []option {
	out := []option{{"", "All sites", chosen == ""}}
	list, _, err := d.c.Websites.List(r.Context(), domain.Window{Limit: 200})
	if err != nil {
		d.log(r, err)
	}
	for i := range list {
		out = append(out, option{string(list[i].ID), list[i].Domain, string(list[i].ID) == chosen})
	}
	return out
}

// used says how much of a budget is gone.
func used(b *domain.BudgetState) (percentUsed float64, tone string) {
	limit := domain.MicrosOf(b.Limit) + b.Count.Raised
	if limit <= 0 {
		return 100, "bad"
	}
	p := 100 * float64(b.Count.Spent+b.Count.Reserved) / float64(limit)
	switch {
	case p >= 100:
		return p, "bad"
	case p >= 80:
		return p, "warn"
	}
	return p, "ok"
}

func (d *Dashboard) budgetSheet(r *http.Request, f form) sheet {
	list, total, err := d.c.Work.Budgets.List(r.Context(), windowOf(r))
	g := &grid{Columns: []column{{Label: "Budget"}, {Label: "Used", Num: true}, {Label: "Spent", Num: true, Wide: true}, {Label: "Limit", Num: true}, {Label: "At the limit", Wide: true}}}
	for i := range list {
		b := &list[i]
		p, tone := used(b)
		limit := (domain.MicrosOf(b.Limit) + b.Count.Raised).Money(b.Limit.Currency).Format("en")
		g.add(cell{Text: b.Name, Link: "/settings/budgets/" + string(b.ID), Sub: scopeText(b)}, cell{Text: fmt.Sprintf("%.0f %%", p), Bar: &bar{p, tone}},
			text(b.Count.Spent.Money(b.Limit.Currency).Format("en")), cell{Text: limit, Sub: string(b.Period)}, text(string(b.OnLimit)))
	}
	first := empty{Text: "A budget limits what paid models may cost. Without one nothing is limited."}
	if can(r, domain.AdminFull) {
		first.Action = &anchor{Label: "Make the first one", Address: "#new"}
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, false, first)
	s := sheet{Title: "Budgets", Lead: "What paid models may cost.", Panels: []panel{p, d.spendingPanel(r)}}
	if can(r, domain.AdminFull) {
		s.Panels = append(s.Panels, panel{ID: "new", Title: "New budget", Form: &f})
	}
	return s
}

func scopeText(b *domain.BudgetState) string {
	s := words(string(b.Scope.WebsiteID), b.Scope.Pipeline, string(b.Scope.AgentID), b.Scope.Model)
	if s == "" {
		return "all paid calls"
	}
	return s
}

// spendingPanel tells what models cost in the last 30 days.
func (d *Dashboard) spendingPanel(r *http.Request) panel {
	f := domain.CallFilter{From: d.c.Now().AddDate(0, 0, -30)}
	list, _, err := d.c.Work.Budgets.Spending(r.Context(), domain.ByModel, f, domain.Window{Limit: 20})
	g := &grid{Columns: []column{{Label: "Model"}, {Label: "Cost", Num: true}, {Label: "Calls", Num: true}, {Label: "Tokens in", Num: true, Wide: true}, {Label: "Tokens out", Num: true, Wide: true}}}
	for i := range list {
		s := &list[i]
		g.add(text(s.Key), text(s.Spent.Money(s.Currency).Format("en")), count(s.Calls), count(int(s.Input)), count(int(s.Output)))
	}
	p := d.listed(r, panel{ID: "spending", Title: "Spent in the last 30 days", Grid: g}, len(list), len(list), err, false, empty{Text: "No paid model was asked."})
	p.Pager = pager{}
	return p
}

func (d *Dashboard) budgetList(r *http.Request) (view, error) {
	if err := needs(r, domain.WebsitesRead); err != nil {
		return view{}, err
	}
	return show("settings", d.budgetSheet(r, d.budgetForm(r, nil)))
}

func (d *Dashboard) budgetCreate(w http.ResponseWriter, r *http.Request) (string, error) {
	b := domain.Budget{
		Name: typed(r, "name"), Period: domain.BudgetPeriod(typed(r, "period")), OnLimit: domain.LimitAction(typed(r, "on_limit")),
		Scope: domain.BudgetScope{WebsiteID: domain.WebsiteID(typed(r, "scope.website_id"))},
	}
	minor, err := minorOf(typed(r, "limit"), d.currency())
	if err == nil {
		b.Limit = domain.Money{Minor: minor, Currency: d.currency()}
		_, err = d.c.Work.Budgets.Create(r.Context(), b)
	}
	if err != nil {
		return d.again(w, r, "settings", err, d.budgetSheet(r, d.budgetForm(r, err)))
	}
	d.notify(w, r, "saved")
	return "/settings/budgets", nil
}

func (d *Dashboard) budgetPageOf(r *http.Request, b *domain.BudgetState, amount string, wrong error) sheet {
	p, tone := used(b)
	c := b.Limit.Currency
	facts := panel{ID: "facts", Facts: []fact{
		{"Used", cell{Text: fmt.Sprintf("%.1f %%", p), Bar: &bar{p, tone}}}, {"Limit", text(b.Limit.Format("en") + " a " + string(b.Period))}, {"Spent", text(b.Count.Spent.Money(c).Format("en"))},
		{"Under way", text(b.Count.Reserved.Money(c).Format("en"))}, {"Raised", text(b.Count.Raised.Money(c).Format("en"))}, {"Counts", text(scopeText(b))}, {"At the limit", text(string(b.OnLimit))},
		{"Limit met", whenever(b.Count.ExhaustedAt)},
	}}
	s := sheet{Crumbs: []anchor{{"Budgets", "/settings/budgets", false}}, Title: b.Name, Panels: []panel{facts}}
	if !can(r, domain.AdminFull) {
		return s
	}
	base := "/settings/budgets/" + string(b.ID)
	raise := form{ID: "raise", Action: base + "/raise", Submit: "Raise it", Fields: []field{
		{Name: "limit", Label: "By how much, in " + c, Value: amount, Required: true, Max: 20, Hint: "Work that waits for this budget goes on."},
		{Name: "for", Label: "For", Kind: "select", Options: pick(typed(r, "for"), "period", "this period only", "always", "all periods from now on")},
	}}
	raise.blame(wrong)
	gone := confirm("delete", base+"/delete", "Delete this budget…", "Budget "+b.Name+" limits nothing any more. What was spent stays in the books.", "Delete "+b.Name)
	s.Panels = append(s.Panels, panel{ID: "raise-it", Title: "Raise it", Form: &raise}, panel{ID: "delete-it", Form: &gone})
	return s
}

func (d *Dashboard) budgetPage(r *http.Request) (view, error) {
	b, err := d.c.Work.Budgets.Get(r.Context(), domain.BudgetID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	return show("settings", d.budgetPageOf(r, b, "", nil))
}

func (d *Dashboard) budgetRaise(w http.ResponseWriter, r *http.Request) (string, error) {
	id := domain.BudgetID(r.PathValue("id"))
	b, err := d.c.Work.Budgets.Get(r.Context(), id)
	if err != nil {
		return "", err
	}
	amount := typed(r, "limit")
	minor, err := minorOf(amount, b.Limit.Currency)
	if err == nil {
		_, err = d.c.Work.Budgets.Raise(r.Context(), id, domain.RaiseParams{Minor: minor, Permanent: typed(r, "for") == "always"})
	}
	if err != nil {
		return d.again(w, r, "settings", err, d.budgetPageOf(r, b, amount, err))
	}
	d.notify(w, r, "saved")
	return "/settings/budgets/" + string(id), nil
}

func (d *Dashboard) budgetDelete(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := d.c.Work.Budgets.Delete(r.Context(), domain.BudgetID(r.PathValue("id"))); err != nil {
		return "", err
	}
	d.notify(w, r, "deleted")
	return "/settings/budgets", nil
}
