package web

import (
	"context"
	"encoding/json"
	"net/http"

	"empire/internal/domain"
)

type approvalService interface {
	List(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error)
	Summary(ctx context.Context) (map[domain.ApprovalState]int, error)
	Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error)
	Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*domain.Approval, error)
	Edits(ctx context.Context, id domain.ApprovalID) ([]domain.TextEdit, error)
	Edit(ctx context.Context, id domain.ApprovalID, r domain.EditRequest) (*domain.TextEdit, error)
}

// approvalView is an approval with its payload in words.
type approvalView struct {
	*domain.Approval
	Payload payload
	Raw     string
	Verdict domain.GateState
	LiveURL string // where the site is served now; empty if it is not
	Preview string // where the candidate can be looked at; empty if nowhere
	Site    *domain.Website
	Over    bool // its time is over although it is still pending
	Own     bool // it needs somebody else than who looks at it
	Tabs    []tab
}

// payload is what a publish_release approval is about.
type payload struct {
	Domain   string        `json:"domain"`
	Niche    string        `json:"niche"`
	Manifest string        `json:"manifest"`
	Pages    int           `json:"pages"`
	Products int           `json:"products"`
	Claims   int           `json:"claims"`
	Grounded int           `json:"grounded_claims"`
	SEOScore float64       `json:"seo_score"`
	Gates    []domain.Gate `json:"gates"`
}

// approvalViewer reads payloads and finds the sites that they are about.
func (d *Dashboard) approvalViewer(r *http.Request) func(*domain.Approval) approvalView {
	return func(a *domain.Approval) approvalView {
		v := approvalView{Approval: a, Raw: indent(a.Payload), Over: a.ExpiresAt != nil && !d.c.Now().Before(*a.ExpiresAt)}
		if p := domain.PrincipalFrom(r.Context()); p != nil {
			v.Own = a.FourEyes && p.UserID == a.RequesterID
		}
		if err := json.Unmarshal(a.Payload, &v.Payload); err != nil {
			v.Payload = payload{} // another kind of approval: the raw form is shown
		}
		v.Verdict = domain.GateVerdict(v.Payload.Gates)
		if a.WebsiteID == "" {
			return v
		}
		site, err := d.c.Websites.Get(r.Context(), a.WebsiteID)
		if err != nil {
			d.log(r, err)
			return v
		}
		v.Site = site
		if site.LiveRelease != "" {
			v.LiveURL = d.c.SiteURL(site)
		}
		if d.c.PreviewURL != nil && v.Payload.Manifest != "" {
			v.Preview = d.c.PreviewURL(site, v.Payload.Manifest)
		}
		return v
	}
}

func indent(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(b)
}

// approvalOf returns the newest open approval of a run, or nil.
func (d *Dashboard) approvalOf(r *http.Request, run domain.RunID) *approvalView {
	open, _, err := d.c.Approvals.List(r.Context(), domain.ApprovalFilter{State: domain.ApprovalPending, RunID: run}, domain.Window{Limit: 1})
	if err != nil {
		d.log(r, err)
		return nil
	}
	if len(open) == 0 {
		return nil
	}
	v := d.approvalViewer(r)(&open[0])
	return &v
}

func (d *Dashboard) approval(_ http.ResponseWriter, r *http.Request) (view, error) {
	a, err := d.c.Approvals.Get(r.Context(), domain.ApprovalID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	v := d.approvalViewer(r)(a)
	v.Tabs = reviewTabs(a, "")
	return view{template: "approval", title: a.Title, section: "content", crumbs: []crumb{{"Approvals", "/approvals"}}, data: v}, nil
}

// decide passes on what the person saw: the hash that was in the form.
func (d *Dashboard) decide(w http.ResponseWriter, r *http.Request) (string, error) {
	in := domain.Decision{Reason: r.PostFormValue("reason"), PayloadHash: r.PostFormValue("payload_hash")}
	notice := "rejected"
	switch r.PostFormValue("decision") {
	case "approve":
		in.Approve, notice = true, "approved"
	case "reject":
	default:
		return "", domain.Invalid("decision", "Choose to approve or to reject.")
	}
	if in.PayloadHash == "" {
		return "", domain.Invalid("payload_hash", "The form does not say what it is about. Reload the page and try again.")
	}
	a, err := d.c.Approvals.Decide(r.Context(), domain.ApprovalID(r.PathValue("id")), in)
	if err != nil {
		return "", err
	}
	d.notify(w, r, notice)
	return "/runs/" + string(a.RunID), nil
}
