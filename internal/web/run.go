package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type runService interface {
	runReader
	runControl
}

type runReader interface {
	List(ctx context.Context, state domain.RunState, websiteID domain.WebsiteID, w domain.Window) ([]domain.Run, int, error)
	Hours(ctx context.Context, from time.Time) ([]domain.RunHour, error)
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Events(ctx context.Context, id domain.RunID, after int64, limit int) ([]domain.RunEvent, error)
	Attempts(ctx context.Context, id domain.RunID) ([]domain.Attempt, error)
}

type runControl interface {
	Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Retry(ctx context.Context, id domain.RunID, from string) (*domain.Run, error)
}

// runView is a run as pages show it.
type runView struct {
	*domain.Run
	Subject string // what it is about: the niche and the domain
	Steps   []stepView
	Done    int  // steps that are done
	Moving  bool // it changes by itself
	Took    string
	Current *stepView // the step that runs or waits
}

type stepView struct {
	domain.Step
	Took     string
	Attempts []domain.Attempt
}

// runViewer loads the steps of runs that have not ended; for the others the state
// is enough.
func (d *Dashboard) runViewer(r *http.Request) func(*domain.Run) runView {
	return func(run *domain.Run) runView {
		if !run.State.Ended() && len(run.Steps) == 0 {
			if whole, err := d.c.Runs.Get(r.Context(), run.ID); err == nil {
				run = whole
			}
		}
		return d.viewRun(run, nil)
	}
}

func (d *Dashboard) viewRun(run *domain.Run, attempts []domain.Attempt) runView {
	v := runView{
		Run: run, Subject: subjectOf(run), Took: d.lasted(run.StartedAt, run.FinishedAt),
		Moving: run.State == domain.StateQueued || run.State == domain.StateRunning,
	}
	for _, s := range run.Steps {
		step := stepView{Step: s, Took: d.lasted(s.StartedAt, s.FinishedAt)}
		for _, a := range attempts {
			if a.StepID == s.ID {
				step.Attempts = append(step.Attempts, a)
			}
		}
		v.Steps = append(v.Steps, step)
	}
	for i := range v.Steps {
		switch v.Steps[i].State {
		case domain.StateCompleted, domain.StateSkipped:
			v.Done++
		case domain.StateRunning, domain.StateWaiting:
			v.Current = &v.Steps[i]
		}
	}
	return v
}

// lasted says how long something took, or takes so far.
func (d *Dashboard) lasted(start, end *time.Time) string {
	if start == nil {
		return ""
	}
	until := d.c.Now()
	if end != nil {
		until = *end
	}
	return took(until.Sub(*start))
}

// subjectOf finds words for a run in its parameters.
func subjectOf(run *domain.Run) string {
	var p struct {
		Niche string `json:"niche"`
		Topic string `json:"topic"`
	}
	if json.Unmarshal(run.Params, &p) == nil && p.Niche+p.Topic != "" {
		return p.Niche + p.Topic
	}
	return run.Pipeline
}

type runsView struct {
	Runs  section[runView]
	Pager pager
	State domain.RunState
	Tabs  []tab
}

type tab struct {
	Label   string
	Address string
	Count   int
	Current bool
}

// runTabs are the states that a list of runs can be narrowed to.
var runTabs = []struct {
	label string
	state domain.RunState
}{
	{"All", ""}, {"Running", domain.StateRunning}, {"Waiting", domain.StateWaiting}, {"Failed", domain.StateFailed}, {"Done", domain.StateCompleted},
}

func (d *Dashboard) runs(_ http.ResponseWriter, r *http.Request) (view, error) {
	v := runsView{}
	for _, t := range runTabs {
		tab := tab{Label: t.label, Address: "/runs", Current: r.URL.Query().Get("state") == string(t.state)}
		if t.state != "" {
			tab.Address += "?state=" + string(t.state)
		}
		if tab.Current {
			v.State = t.state
		}
		_, n, err := d.c.Runs.List(r.Context(), t.state, "", domain.Window{Limit: 1})
		if err != nil {
			return view{}, err
		}
		tab.Count = n
		v.Tabs = append(v.Tabs, tab)
	}
	w := windowOf(r)
	runs, total, err := d.c.Runs.List(r.Context(), v.State, "", w)
	if err != nil {
		return view{}, err
	}
	v.Runs, v.Pager = load(d, r, d.runViewer(r), runs, total, nil), pagerOf(r, w, len(runs), total)
	live := false
	for _, run := range v.Runs.Items {
		live = live || run.Moving
	}
	return view{template: "runs", title: "Runs", section: "jobs", live: live, data: v}, nil
}

type oneRunView struct {
	Run      runView
	Site     *siteRow
	Approval *approvalView // that it waits for
	Events   []eventView
	Stages   []stage // of a launch
}

type eventView struct {
	domain.RunEvent
	Detail string
}

const maxEvents = 1000

// run shows one run: its steps with their attempts, and what happened.
func (d *Dashboard) run(_ http.ResponseWriter, r *http.Request) (view, error) {
	ctx := r.Context()
	id := domain.RunID(r.PathValue("id"))
	run, err := d.c.Runs.Get(ctx, id)
	if err != nil {
		return view{}, err
	}
	attempts, err := d.c.Runs.Attempts(ctx, id)
	if err != nil {
		return view{}, err
	}
	events, err := d.c.Runs.Events(ctx, id, 0, maxEvents)
	if err != nil {
		return view{}, err
	}
	v := oneRunView{Run: d.viewRun(run, attempts)}
	for i := len(events) - 1; i >= 0; i-- { // newest first
		v.Events = append(v.Events, eventView{events[i], detailOf(events[i].Data)})
	}
	if run.WebsiteID != "" {
		if site, err := d.c.Websites.Get(ctx, run.WebsiteID); err == nil { // without the right it is left out
			row := d.siteRower(r)(site)
			v.Site = &row
		}
	}
	if run.State == domain.StateWaiting {
		v.Approval = d.approvalOf(r, run.ID)
	}
	v.Stages = stagesOf(&v)
	return view{template: "run", title: v.Run.Subject, section: "jobs", crumbs: []crumb{{"Runs", "/runs"}}, live: v.Run.Moving, data: v}, nil
}

// stagesOf says how far a launch is: built, approved, live. Other runs have no stages.
func stagesOf(v *oneRunView) []stage {
	if v.Run.Pipeline != "launch_website" {
		return nil
	}
	done, waits := v.Run.State == domain.StateCompleted, v.Run.State == domain.StateWaiting
	build := stage{Label: "Build", Done: done || waits, Current: v.Run.Moving || v.Run.State == domain.StateFailed}
	approve := stage{Label: "Preview and approve", Done: done, Current: waits}
	if v.Approval != nil {
		approve.Address = "/approvals/" + string(v.Approval.ID)
	}
	live := stage{Label: "Live", Done: done}
	if done && v.Site != nil {
		live.Address = "/sites/" + string(v.Site.ID)
	}
	return []stage{build, approve, live}
}

// detailOf shows the data of an event in one line.
func detailOf(data json.RawMessage) string {
	const most = 240
	var b bytes.Buffer
	if len(data) == 0 || json.Compact(&b, data) != nil || b.String() == "{}" || b.String() == "null" {
		return ""
	}
	runes := []rune(b.String())
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

func (d *Dashboard) cancel(w http.ResponseWriter, r *http.Request) (string, error) {
	run, err := d.c.Runs.Cancel(r.Context(), domain.RunID(r.PathValue("id")))
	if err != nil {
		return "", err
	}
	d.notify(w, r, "cancelled")
	return "/runs/" + string(run.ID), nil
}

func (d *Dashboard) retry(w http.ResponseWriter, r *http.Request) (string, error) {
	run, err := d.c.Runs.Retry(r.Context(), domain.RunID(r.PathValue("id")), "")
	if err != nil {
		return "", err
	}
	d.notify(w, r, "retried")
	return "/runs/" + string(run.ID), nil
}
