package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"empire/internal/domain"
)

// taskService tells what agents did, and stops what they should not do.
type taskService interface {
	Get(ctx context.Context, id domain.AgentID) (*domain.Agent, error)
	Tasks(ctx context.Context, agentID domain.AgentID, state domain.RunState, w domain.Window) ([]domain.Task, int, error)
	Task(ctx context.Context, id domain.TaskID) (*domain.Task, error)
	CancelTask(ctx context.Context, id domain.TaskID) (*domain.Task, error)
}

type messageService interface {
	List(ctx context.Context, agent domain.AgentID, state domain.MessageState, w domain.Window) ([]domain.MessageRecord, int, error)
}

type queueService interface {
	Overview(ctx context.Context) (*domain.Orchestrator, error)
}

func (d *Dashboard) agentRoutes() {
	d.shows("/agents", d.agentList)
	d.shows("/agents/{id}", d.agentPage)
	d.shows("/tasks/{id}", d.taskPage)
	d.does("/tasks/{id}/cancel", domain.AgentsManage, d.taskCancel)
}

func (d *Dashboard) agentList(r *http.Request) (view, error) {
	all, err := d.c.Agents.List(r.Context(), domain.AgentFilter{})
	want := domain.AgentStatus(r.URL.Query().Get("state"))
	counts := map[string]int{"": len(all), "idle": 0, "working": 0, "error": 0, "offline": 0}
	g := &grid{Columns: []column{{Label: "Agent"}, {Label: "State"}, {Label: "Tasks", Num: true}, {Label: "Failed", Num: true}, {Label: "Mean time", Num: true, Wide: true}, {Label: "Can do", Wide: true}, {Label: "Last seen", Wide: true}}}
	moving := false
	for i := range all {
		a := &all[i]
		counts[string(a.Status)]++
		moving = moving || a.Status == domain.AgentWorking
		if want != "" && want != a.Status {
			continue
		}
		mean := cell{}
		if a.Metrics.TasksCompleted > 0 {
			mean = text(fmt.Sprintf("%.1f s", a.Metrics.AverageResponseTime))
		}
		g.add(cell{Text: agentName(a), Link: "/agents/" + string(a.ID), Sub: agentSub(a)}, state(a.Status), count(a.Metrics.TasksCompleted),
			count(a.Metrics.TasksFailed), mean, text(strings.Join(a.Capabilities, ", ")), whenever(a.LastActivity))
	}
	p := d.listed(r, panel{ID: "list", Grid: g, Facts: d.queueFacts(r)}, len(g.Rows), len(g.Rows), err, want != "", empty{Text: "No agent is registered. Built-in ones appear when a worker starts; others connect over the API."})
	v, err := show("jobs", sheet{
		Crumbs: jobCrumbs, Title: "Agents", Panels: []panel{p},
		Tabs: tabsOf(r, "/agents", "state", counts, "All", "", "Working", "working", "Idle", "idle", "Last task failed", "error", "Offline", "offline"),
	})
	v.live = moving
	return v, err
}

// queueFacts says what waits for agents, or nothing if that cannot be told.
func (d *Dashboard) queueFacts(r *http.Request) []fact {
	o, err := d.c.Work.Queue.Overview(r.Context())
	if err != nil {
		d.log(r, err)
		return nil
	}
	return []fact{
		{"Tasks running", count(o.ActiveTasks[domain.StateRunning])}, {"Tasks in the queue", count(o.ActiveTasks[domain.StateQueued])},
		{"Runs that wait for a person", cell{Text: count(o.Runs[domain.StateWaiting]).Text, Link: "/approvals"}},
		{"Dead letters", cell{Text: count(o.DeadOpen).Text, Link: "/dead-letters"}},
	}
}

func agentName(a *domain.Agent) string {
	if a.Name != "" {
		return a.Name
	}
	return string(a.ID)
}

// agentSub is the second line of an agent: its id, unless that is its name, and its kind.
func agentSub(a *domain.Agent) string {
	if a.Name == "" {
		return a.Kind
	}
	return words(string(a.ID), a.Kind)
}

func (d *Dashboard) agentPage(r *http.Request) (view, error) {
	ctx := r.Context()
	a, err := d.c.Work.Tasks.Get(ctx, domain.AgentID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	m := &a.Metrics
	facts := panel{ID: "facts", Facts: []fact{
		{"Kind", text(a.Kind)}, {"Tasks", count(m.TasksCompleted)}, {"Failed", count(m.TasksFailed)}, {"Running", count(m.Running)},
		{"Success", text(percent(m.SuccessRate))}, {"Mean time", text(fmt.Sprintf("%.1f s", m.AverageResponseTime))},
		{"Last activity", whenever(a.LastActivity)}, {"Last sign of life", whenever(a.Heartbeat)},
		{"Capabilities", text(strings.Join(a.Capabilities, ", "))}, {"Task types", text(strings.Join(a.TaskTypes, ", "))},
	}, Raw: indent(a.Config)}
	s := sheet{
		Crumbs: []anchor{{"Agents", "/agents", false}}, Title: agentName(a), State: a.Status, Lead: a.Description,
		Panels: []panel{facts, d.taskPanel(r, a.ID), d.messagePanel(r, a.ID)},
	}
	v, err := show("jobs", s)
	v.live = a.Status == domain.AgentWorking
	return v, err
}

// taskPanel is the history of an agent's tasks.
func (d *Dashboard) taskPanel(r *http.Request, id domain.AgentID) panel {
	list, total, err := d.c.Work.Tasks.Tasks(r.Context(), id, "", windowOf(r))
	g := &grid{Columns: []column{{Label: "Task"}, {Label: "State"}, {Label: "Took", Num: true}, {Label: "Attempts", Num: true, Wide: true}, {Label: "Asked", Wide: true}}}
	for i := range list {
		t := &list[i]
		sub := string(t.ID)
		if t.Error != nil {
			sub = words(sub, t.Error.Message)
		}
		g.add(cell{Text: t.Type, Link: "/tasks/" + string(t.ID), Sub: sub}, state(t.State), text(d.lasted(t.StartedAt, t.FinishedAt)), count(t.Attempts), when(t.CreatedAt))
	}
	return d.listed(r, panel{ID: "tasks", Title: "Tasks", Grid: g}, len(list), total, err, false, empty{Text: "It has had no task of its own. Steps of runs show on the pages of the runs."})
}

// messagePanel shows the newest messages to an agent.
func (d *Dashboard) messagePanel(r *http.Request, id domain.AgentID) panel {
	list, total, err := d.c.Work.Messages.List(r.Context(), id, "", domain.Window{Limit: 20})
	g := &grid{Columns: []column{{Label: "From"}, {Label: "State"}, {Label: "Says"}, {Label: "Deliveries", Num: true, Wide: true}, {Label: "Sent", Wide: true}}}
	for i := range list {
		m := &list[i]
		g.add(cell{Text: string(m.From), Sub: words(strings.ReplaceAll(m.Kind, "_", " "), string(m.Priority))}, state(m.State), text(detailOf(m.Message.Message)), count(m.Attempts), when(m.Timestamp))
	}
	p := d.listed(r, panel{ID: "messages", Title: "Messages", Grid: g}, len(list), total, err, false, empty{Text: "Nobody has written to it."})
	p.Pager = pager{}
	if total > len(list) {
		p.Note = fmt.Sprintf("The newest %d of %s.", len(list), count(total).Text)
	}
	return p
}

func (d *Dashboard) taskPage(r *http.Request) (view, error) {
	t, err := d.c.Work.Tasks.Task(r.Context(), domain.TaskID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	p := panel{ID: "facts", Facts: []fact{
		{"Agent", cell{Text: string(t.AgentID), Link: "/agents/" + string(t.AgentID)}}, {"Asked", when(t.CreatedAt)}, {"Begun", whenever(t.StartedAt)},
		{"Took", text(d.lasted(t.StartedAt, t.FinishedAt))}, {"Attempts", text(fmt.Sprintf("%d of %d", t.Attempts, t.MaxAttempts))},
	}, Raw: indent(t.Params)}
	if t.RunID != "" {
		p.Facts = append(p.Facts, fact{"Run", cell{Text: string(t.RunID), Link: "/runs/" + string(t.RunID)}})
	}
	if t.Error != nil {
		p.Note = "Failed: " + t.Error.Message
	}
	s := sheet{Crumbs: []anchor{{"Agents", "/agents", false}, {string(t.AgentID), "/agents/" + string(t.AgentID), false}}, Title: t.Type, State: t.State, Panels: []panel{p}}
	if len(t.Result) > 0 {
		s.Panels = append(s.Panels, panel{ID: "result", Title: "Result", Raw: indent(t.Result)})
	}
	if can(r, domain.AgentsManage) && !t.State.Ended() {
		f := confirm("cancel", "/tasks/"+string(t.ID)+"/cancel", "Cancel…", "The agent is told to stop; what it has done stays.", "Cancel this task")
		s.Panels = append(s.Panels, panel{ID: "stop", Form: &f})
	}
	v, err := show("jobs", s)
	v.live = !t.State.Ended()
	return v, err
}

func (d *Dashboard) taskCancel(w http.ResponseWriter, r *http.Request) (string, error) {
	t, err := d.c.Work.Tasks.CancelTask(r.Context(), domain.TaskID(r.PathValue("id")))
	if err != nil {
		return "", err
	}
	d.notify(w, r, "task-cancelled")
	return "/tasks/" + string(t.ID), nil
}
