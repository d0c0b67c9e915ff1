package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type feedLister interface {
	Feeds(ctx context.Context) ([]domain.Feed, error)
}

type letterLister interface {
	List(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error)
}

type componentLister interface {
	Ready(ctx context.Context) ([]domain.Component, bool)
}

// need is something that a person must look at.
type need struct {
	Badge   badge
	Text    string
	Detail  string
	Address string
	At      *time.Time // since when
}

const (
	maxNeeds    = 5                   // of one kind
	failedSince = 7 * 24 * time.Hour  // older failures are history
	staleAfter  = 14 * 24 * time.Hour // of a feed, unless the configuration says otherwise
)

// needs collects what needs a person, the most urgent first, and names what could not be
// looked at.
func (d *Dashboard) needs(r *http.Request) (out []need, quiet string) {
	var missing []string
	for _, look := range []struct {
		name string
		find func(*http.Request) ([]need, error)
	}{
		{"parts", d.needComponents}, {"alerts", d.needAlerts}, {"approvals", d.needApprovals}, {"failed runs", d.needRuns}, {"dead letters", d.needLetters},
		{"budgets", d.needBudgets}, {"feeds", d.needFeeds}, {"frozen sites", d.needFleet},
	} {
		found, err := look.find(r)
		if err != nil {
			d.log(r, err)
			if domain.CodeOf(err) != domain.CodeForbidden {
				missing = append(missing, look.name)
			}
			continue
		}
		out = append(out, found...)
	}
	return out, strings.Join(missing, ", ")
}

func (d *Dashboard) needComponents(r *http.Request) ([]need, error) {
	if d.c.Health == nil {
		return nil, nil
	}
	var out []need
	parts, _ := d.c.Health.Ready(r.Context())
	for _, p := range parts {
		if p.Configured && p.State != "ok" {
			out = append(out, need{badgeOf(p.State), "Part " + p.Name + " is " + p.State, p.Error, "/settings/connections", p.LastErrorAt})
		}
	}
	return out, nil
}

func (d *Dashboard) needApprovals(r *http.Request) ([]need, error) {
	list, total, err := d.c.Approvals.List(r.Context(), domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: maxNeeds})
	if err != nil {
		return nil, err
	}
	var out []need
	for i := range list {
		v := d.approvalViewer(r)(&list[i])
		n := need{badgeOf(domain.ApprovalPending), v.Title, "", "/approvals/" + string(v.ID), &list[i].CreatedAt}
		if v.Payload.Pages > 0 {
			n.Detail = plural(v.Payload.Pages, "page", "pages") + ", gates: " + strings.ToLower(badgeOf(v.Verdict).Word)
		}
		out = append(out, n)
	}
	return andMore(out, total, "approvals", "/approvals"), nil
}

func (d *Dashboard) needRuns(r *http.Request) ([]need, error) {
	list, total, err := d.c.Runs.List(r.Context(), domain.StateFailed, "", domain.Window{Limit: maxNeeds})
	if err != nil {
		return nil, err
	}
	var out []need
	since := d.c.Now().Add(-failedSince)
	for i := range list {
		run := &list[i]
		if run.FinishedAt != nil && run.FinishedAt.Before(since) {
			total = len(out)
			break
		}
		n := need{badgeOf(run.State), "Run: " + subjectOf(run), "", "/runs/" + string(run.ID), run.FinishedAt}
		if run.Error != nil {
			n.Detail = run.Error.Message
		}
		out = append(out, n)
	}
	return andMore(out, total, "failed runs", "/runs?state=failed"), nil
}

// openLetters returns dead letters that nobody has sent again.
func (d *Dashboard) openLetters(r *http.Request, limit int) ([]domain.DeadLetter, int, error) {
	replayed := false
	return d.c.DeadLetters.List(r.Context(), domain.DeadLetterFilter{Replayed: &replayed}, domain.Window{Limit: limit})
}

func (d *Dashboard) needLetters(r *http.Request) ([]need, error) {
	if d.c.DeadLetters == nil {
		return nil, nil
	}
	list, total, err := d.openLetters(r, 1)
	if err != nil || total == 0 {
		return nil, err
	}
	return []need{{badge{"bad", "▲", "Undelivered"}, plural(total, "dead letter", "dead letters"), list[0].Detail, "/dead-letters", &list[0].CreatedAt}}, nil
}

func (d *Dashboard) needBudgets(r *http.Request) ([]need, error) {
	if d.c.Budgets == nil {
		return nil, nil
	}
	list, _, err := d.c.Budgets.List(r.Context(), domain.Window{Limit: 1000})
	if err != nil {
		return nil, err
	}
	var out []need
	for i := range list {
		b := rowOfBudget(&list[i])
		if !b.Tight() {
			continue
		}
		n := need{badge{"warn", "◆", "Nearly used up"}, "Budget " + b.Name, list[i].Count.Spent.Money(b.Limit.Currency).Format("en") + " of " + b.Limit.Format("en"), "/settings/budgets", nil}
		if b.Count.ExhaustedAt != nil {
			n.Badge, n.At = badge{"bad", "▲", "Used up"}, b.Count.ExhaustedAt
		}
		out = append(out, n)
	}
	return andMore(out[:min(len(out), maxNeeds)], len(out), "budgets", "/settings/budgets"), nil
}

func (d *Dashboard) needFeeds(r *http.Request) ([]need, error) {
	if d.c.Feeds == nil {
		return nil, nil
	}
	list, err := d.c.Feeds.Feeds(r.Context())
	if err != nil {
		return nil, err
	}
	limit := d.c.FeedMaxAge
	if limit <= 0 {
		limit = staleAfter
	}
	var out []need
	for i := range list {
		f := &list[i]
		switch {
		case f.ReadAt != nil && d.c.Now().Sub(*f.ReadAt) > limit:
			out = append(out, need{badge{"warn", "◆", "Stale"}, "Feed " + f.Name, "read last " + ago(d.c.Now(), *f.ReadAt), "/feeds/" + string(f.ID), f.ReadAt})
		case f.LastState == "refused" || f.LastState == "partial":
			out = append(out, need{badgeOf(f.LastState), "Feed " + f.Name, "the last import was " + f.LastState, "/feeds/" + string(f.ID), &f.UpdatedAt})
		}
	}
	return andMore(out[:min(len(out), maxNeeds)], len(out), "feeds", "/feeds"), nil
}

func (d *Dashboard) needFleet(r *http.Request) ([]need, error) {
	if d.c.Fleet == nil {
		return nil, nil
	}
	status, err := d.c.Fleet.Status(r.Context())
	if err != nil {
		return nil, err
	}
	var out []need
	sites := slices.DeleteFunc(slices.Clone(status.Freezes), func(f domain.FleetFreeze) bool { return f.WebsiteID == "" })
	if len(sites) < len(status.Freezes) {
		out = append(out, need{badgeOf("frozen"), "Nothing is published: the whole portfolio is frozen", "", "/sites", nil})
	}
	if len(sites) > 0 {
		out = append(out, need{badgeOf("frozen"), plural(len(sites), "site may", "sites may") + " not publish", sites[0].Reason, "/sites?state=frozen", &sites[0].At})
	}
	for i := range status.Changes {
		if c := &status.Changes[i]; c.State == domain.FleetWaiting {
			out = append(out, need{badgeOf(domain.StateWaiting), "A change of " + plural(c.Total, "site", "sites") + " waits after its first few", c.Reason, "/sites", &c.UpdatedAt})
		}
	}
	return out, nil
}

// andMore adds a line that leads to those that are not shown.
func andMore(shown []need, total int, what, address string) []need {
	if total <= len(shown) || len(shown) == 0 {
		return shown
	}
	return append(shown, need{shown[0].Badge, figure(total-len(shown)) + " more " + what, "", address, nil})
}
