package web

import (
	"net/http"

	"empire/internal/domain"
)

type overviewView struct {
	Approvals section[approvalView]
	Sites     section[siteRow]
	Runs      section[runView]
	Agents    section[agentRow]
	Running   int // runs that have not ended
}

type agentRow struct {
	ID      domain.AgentID
	Status  domain.AgentStatus
	Metrics domain.AgentMetrics
}

const overviewRows = 8

// overview shows what needs a person, then what there is.
func (d *Dashboard) overview(_ http.ResponseWriter, r *http.Request) (view, error) {
	ctx := r.Context()
	var v overviewView
	approvals, total, err := d.c.Approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: overviewRows})
	v.Approvals = load(d, r, d.approvalViewer(r), approvals, total, err)
	sites, total, err := d.c.Websites.List(ctx, domain.Window{Limit: overviewRows})
	v.Sites = load(d, r, d.siteRower(r), sites, total, err)
	runs, total, err := d.c.Runs.List(ctx, "", "", domain.Window{Limit: overviewRows})
	v.Runs = load(d, r, d.runViewer(r), runs, total, err)
	live := false
	for i := range v.Runs.Items {
		if v.Runs.Items[i].Moving {
			live = true
		}
		if !v.Runs.Items[i].State.Ended() {
			v.Running++
		}
	}
	if d.c.Agents != nil {
		agents, err := d.c.Agents.List(ctx, domain.AgentFilter{})
		v.Agents = load(d, r, func(a *domain.Agent) agentRow { return agentRow{a.ID, a.Status, a.Metrics} }, agents, len(agents), err)
	}
	return view{template: "overview", title: "Overview", section: "overview", live: live, data: v}, nil
}
