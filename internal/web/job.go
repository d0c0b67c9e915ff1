package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type scheduleService interface {
	List(ctx context.Context, w domain.Window) ([]domain.Schedule, int, error)
	Get(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error)
	Create(ctx context.Context, p domain.ScheduleParams) (*domain.Schedule, error)
	Update(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*domain.Schedule, error)
	Delete(ctx context.Context, id domain.ScheduleID) error
}

type pipelineService interface {
	List(ctx context.Context) ([]domain.PipelineInfo, error)
}

type deadLetterService interface {
	List(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error)
	Get(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error)
	Replay(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error)
}

func (d *Dashboard) jobRoutes() {
	d.shows("/schedules", d.scheduleList)
	d.shows("/schedules/new", d.scheduleNew)
	d.does("/schedules", domain.AgentsManage, d.scheduleCreate)
	d.does("/schedules/{id}/state", domain.AgentsManage, d.scheduleState)
	d.does("/schedules/{id}/delete", domain.AgentsManage, d.scheduleDelete)
	d.shows("/dead-letters", d.deadLetterList)
	d.shows("/dead-letters/{id}", d.deadLetterPage)
	d.does("/dead-letters/{id}/replay", domain.AgentsManage, d.deadLetterReplay)
	d.shows("/runs/{id}/timeline", d.timelinePage)
}

// jobCrumbs lead back to the list of runs.
var jobCrumbs = []anchor{{Label: "Jobs", Address: "/runs"}}

// rhythm says when a schedule comes.
func rhythm(c *domain.Schedule) string {
	if c.Every > 0 {
		return "every " + strings.TrimSuffix(strings.TrimSuffix(c.Every.String(), "0s"), "0m")
	}
	zone := c.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	return c.Cron + " " + zone
}

func (d *Dashboard) scheduleList(r *http.Request) (view, error) {
	list, total, err := d.c.Work.Schedules.List(r.Context(), windowOf(r))
	g := &grid{Columns: []column{{Label: "Schedule"}, {Label: "State"}, {Label: "Rhythm", Wide: true}, {Label: "Next", Wide: true}, {Label: "Last run", Wide: true}}}
	manage := can(r, domain.AgentsManage)
	for i := range list {
		c := &list[i]
		st, next := "paused", "on"
		if c.Enabled {
			st, next = "on", "paused"
		}
		last := cell{Sub: c.LastError}
		if c.LastRun != "" {
			last.Text, last.Link = string(c.LastRun), "/runs/"+string(c.LastRun)
		}
		row := g.add(cell{Text: c.Name, Sub: c.Pipeline}, state(st), text(rhythm(c)), whenever(c.NextAt), last)
		if manage {
			base := "/schedules/" + string(c.ID)
			toggle := button("state-"+string(c.ID), base+"/state", map[string]string{"on": "Go on", "paused": "Pause"}[next])
			toggle.Fields = []field{{Name: "state", Kind: "hidden", Value: next}}
			row.Forms = []form{toggle, confirm("delete-"+string(c.ID), base+"/delete", "Delete…", "Schedule "+c.Name+" starts no run any more. Its runs stay.", "Delete "+c.Name)}
		}
	}
	s := sheet{Crumbs: jobCrumbs, Title: "Schedules", Lead: "Pipelines that start by themselves."}
	first := empty{Text: "A schedule starts a pipeline at set times, such as a rebuild each night."}
	if manage {
		s.Actions = []anchor{{"New schedule", "/schedules/new", true}}
		first.Action = &anchor{"Make the first one", "/schedules/new", true}
	}
	s.Panels = []panel{d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, false, first)}
	return show("jobs", s)
}

func (d *Dashboard) scheduleSheet(r *http.Request, p domain.ScheduleParams, params string, err error) sheet {
	f := form{ID: "schedule", Action: "/schedules", Submit: "Make the schedule", Primary: true, Fields: []field{
		{Name: "name", Label: "Name", Value: p.Name, Required: true, Max: 200},
		{Name: "pipeline", Label: "Pipeline", Kind: "select", Options: d.pipelineOptions(r, p.Pipeline)},
		{Name: "params", Label: "Parameters", Kind: "area", Value: params, Hint: "A JSON object with what the pipeline takes; empty: none."},
		{Name: "cron", Label: "When", Value: p.Cron, Required: true, Max: 100, Half: true, Hint: "Minute, hour, day, month, weekday: 0 3 * * 1 is each Monday at three."},
		{Name: "time_zone", Label: "Time zone", Value: p.TimeZone, Max: 60, Half: true, Hint: "Such as Europe/Berlin; empty: UTC."},
		{Name: "overlap", Label: "If the last run has not ended", Kind: "select", Options: pick(string(p.Overlap), "skip", "let this time pass", "queue", "start when it ends")},
	}}
	f.blame(err)
	return sheet{Crumbs: []anchor{{Label: "Schedules", Address: "/schedules"}}, Title: "New schedule", Panels: []panel{{ID: "new", Form: &f}}}
}

func (d *Dashboard) pipelineOptions(r *http.Request, chosen string) []option {
	list, err := d.c.Work.Pipelines.List(r.Context())
	if err != nil {
		d.log(r, err)
	}
	out := make([]option, 0, len(list))
	for i := range list {
		out = append(out, option{list[i].Name, words(list[i].Name, list[i].Description), list[i].Name == chosen})
	}
	return out
}

func (d *Dashboard) scheduleNew(r *http.Request) (view, error) {
	if _, err := domain.Require(r.Context(), domain.AgentsManage); err != nil {
		return view{}, err
	}
	return show("jobs", d.scheduleSheet(r, domain.ScheduleParams{}, "", nil))
}

func (d *Dashboard) scheduleCreate(w http.ResponseWriter, r *http.Request) (string, error) {
	p := domain.ScheduleParams{
		Name: typed(r, "name"), Pipeline: typed(r, "pipeline"), Cron: typed(r, "cron"), TimeZone: typed(r, "time_zone"), Overlap: domain.Overlap(typed(r, "overlap")),
	}
	params := typed(r, "params")
	var err error
	if params != "" {
		var object map[string]any
		if json.Unmarshal([]byte(params), &object) != nil {
			err = domain.Invalid("params", "This is not a JSON object.")
		}
		p.Params = json.RawMessage(params)
	}
	if err == nil {
		_, err = d.c.Work.Schedules.Create(r.Context(), p)
	}
	if err != nil {
		return d.again(w, r, "jobs", err, d.scheduleSheet(r, p, params, err))
	}
	d.notify(w, r, "saved")
	return "/schedules", nil
}

func (d *Dashboard) scheduleState(w http.ResponseWriter, r *http.Request) (string, error) {
	on := typed(r, "state") == "on"
	if _, err := d.c.Work.Schedules.Update(r.Context(), domain.ScheduleID(r.PathValue("id")), domain.SchedulePatch{Enabled: &on}); err != nil {
		return "", err
	}
	d.notify(w, r, "saved")
	return "/schedules", nil
}

func (d *Dashboard) scheduleDelete(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := d.c.Work.Schedules.Delete(r.Context(), domain.ScheduleID(r.PathValue("id"))); err != nil {
		return "", err
	}
	d.notify(w, r, "deleted")
	return "/schedules", nil
}

func (d *Dashboard) deadLetterList(r *http.Request) (view, error) {
	q := r.URL.Query()
	done := q.Get("state") == "replayed"
	list, total, err := d.c.Work.DeadLetters.List(r.Context(), domain.DeadLetterFilter{Replayed: &done, Kind: q.Get("kind")}, windowOf(r))
	counts := map[string]int{}
	for value, replayed := range map[string]bool{"": false, "replayed": true} {
		if _, n, err := d.c.Work.DeadLetters.List(r.Context(), domain.DeadLetterFilter{Replayed: &replayed}, domain.Window{Limit: 1}); err == nil {
			counts[value] = n
		}
	}
	g := &grid{Columns: []column{{Label: "Letter"}, {Label: "Reason"}, {Label: "For", Wide: true}, {Label: "Died", Wide: true}, {Label: "Put back", Wide: true}}}
	for i := range list {
		l := &list[i]
		row := g.add(cell{Text: string(l.ID), Link: "/dead-letters/" + string(l.ID), Sub: l.Kind}, cell{Text: strings.ReplaceAll(l.Reason, "_", " "), Sub: l.Detail},
			code(string(l.AgentID)), when(l.CreatedAt), whenever(l.ReplayedAt))
		if can(r, domain.AgentsManage) && l.ReplayedAt == nil {
			row.Forms = []form{button("replay-"+string(l.ID), "/dead-letters/"+string(l.ID)+"/replay", "Put back")}
		}
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, q.Get("kind") != "" || done, empty{Text: "None. Messages and tasks that nobody could handle come here, with the reason."})
	return show("jobs", sheet{
		Crumbs: jobCrumbs, Title: "Dead letters", Lead: "What nobody could handle. Put it back into the queue once the reason is gone.",
		Tabs: tabsOf(r, "/dead-letters", "state", counts, "Waiting", "", "Put back", "replayed"), Panels: []panel{p},
	})
}

func (d *Dashboard) deadLetterPage(r *http.Request) (view, error) {
	l, err := d.c.Work.DeadLetters.Get(r.Context(), domain.DeadLetterID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	p := panel{ID: "letter", Raw: indent(l.Payload), Facts: []fact{
		{"Kind", text(l.Kind)}, {"For", code(string(l.AgentID))}, {"From", code(string(l.From))}, {"Reason", text(strings.ReplaceAll(l.Reason, "_", " "))},
		{"Detail", text(l.Detail)}, {"Died", when(l.CreatedAt)}, {"Put back", whenever(l.ReplayedAt)},
	}}
	if can(r, domain.AgentsManage) && l.ReplayedAt == nil {
		f := button("replay", "/dead-letters/"+string(l.ID)+"/replay", "Put it back into the queue")
		f.Primary = true
		p.Form = &f
	}
	return show("jobs", sheet{Crumbs: []anchor{{Label: "Dead letters", Address: "/dead-letters"}}, Title: "Dead " + l.Kind, Panels: []panel{p}})
}

func (d *Dashboard) deadLetterReplay(w http.ResponseWriter, r *http.Request) (string, error) {
	if _, err := d.c.Work.DeadLetters.Replay(r.Context(), domain.DeadLetterID(r.PathValue("id"))); err != nil {
		return "", err
	}
	d.notify(w, r, "requeued")
	return "/dead-letters", nil
}

// timelineService tells what a run did and cost.
type timelineService interface {
	Get(ctx context.Context, id domain.RunID, after string, limit int) (*domain.Timeline, error)
}

// costs is what a run cost and left, by step.
func costs(t *domain.Timeline) (cost, artifacts *grid, total string) {
	cost = &grid{Columns: []column{{Label: "Step"}, {Label: "Time", Num: true}, {Label: "Calls", Num: true, Wide: true}, {Label: "Tokens in", Num: true, Wide: true}, {Label: "Tokens out", Num: true, Wide: true}, {Label: "Cost", Num: true}}}
	artifacts = &grid{Columns: []column{{Label: "Step"}, {Label: "Artifact"}, {Label: "SHA-256", Wide: true}, {Label: "Size", Num: true}}}
	sums := map[string]domain.Micros{}
	for i := range t.Steps {
		s := &t.Steps[i]
		amount := cell{}
		if s.Currency != "" {
			amount = text(s.Cost.Amount(s.Currency))
			sums[s.Currency] += s.Cost
		}
		cost.add(text(s.Name), text(took(time.Duration(s.Seconds*float64(time.Second)))), count(s.Calls), count(s.InputTokens), count(s.OutputTokens), amount)
		for _, a := range s.Artifacts {
			large := cell{}
			if a.Size >= 0 {
				large = text(size(a.Size))
			}
			artifacts.add(text(s.Name), text(a.Kind), code(fmt.Sprintf("%.16s", a.Hash)), large)
		}
	}
	var all []string
	for currency, n := range sums {
		all = append(all, n.Amount(currency))
	}
	slices.Sort(all)
	return cost, artifacts, strings.Join(all, " + ")
}

// timelinePage shows everything that happened in a run in one order, and what it cost
// and left.
func (d *Dashboard) timelinePage(r *http.Request) (view, error) {
	id := domain.RunID(r.PathValue("id"))
	run, err := d.c.Runs.Get(r.Context(), id)
	if err != nil {
		return view{}, err
	}
	t, err := d.c.Work.Timelines.Get(r.Context(), id, r.URL.Query().Get("after"), pageSize)
	if err != nil {
		return view{}, err
	}
	cost, left, total := costs(t)
	if total == "" {
		total = "No paid model was asked."
	}
	g := &grid{Columns: []column{{Label: "What"}, {Label: "Kind", Wide: true}, {Label: "Step"}, {Label: "When", Wide: true}}}
	for i := range t.Entries {
		e := &t.Entries[i]
		g.add(cell{Text: e.Summary, Sub: detailOf(e.Data)}, text(e.Kind), text(e.Step), when(e.At))
	}
	entries := panel{ID: "entries", Title: "Timeline", Grid: g}
	if t.Next != "" {
		entries.More = &anchor{Label: "Later entries", Address: address(r.URL.Path, "after", t.Next)}
		entries.Note = "The oldest first, 50 at a time."
	}
	if len(t.Entries) == 0 {
		entries.Empty = &empty{Text: "Nothing happened yet."}
	}
	files := panel{ID: "artifacts", Title: "Artifacts", Grid: left, Note: "What steps left for those after them, by content."}
	if len(left.Rows) == 0 {
		files.Empty = &empty{Text: "No step has left anything yet."}
	}
	return show("jobs", sheet{
		Crumbs: []anchor{{"Jobs", "/runs", false}, {subjectOf(run), "/runs/" + string(id), false}}, Title: "Timeline of " + subjectOf(run), State: run.State,
		Panels: []panel{{ID: "costs", Title: "Costs", Note: total, Grid: cost}, files, entries},
	})
}
