package web

import (
	"net/http"
	"strconv"
	"time"

	"empire/internal/domain"
)

type overviewView struct {
	Needs   []need
	Quiet   string // what could not be looked at
	Cards   []card
	Past    *chart                  // visits if there are any, else runs
	Top     []domain.WebsiteTraffic // the websites with the most views; empty: Sites are shown
	Sites   section[siteRow]
	Latest  section[runView]
	Nothing bool // a fresh installation
}

const (
	overviewRows = 8
	needsShown   = 4 // at first; the others are a summary away
)

// FirstNeeds are the most urgent.
func (v overviewView) FirstNeeds() []need { return v.Needs[:min(needsShown, len(v.Needs))] }

// MoreNeeds are the others.
func (v overviewView) MoreNeeds() []need { return v.Needs[min(needsShown, len(v.Needs)):] }

// overview shows what needs a person, then how everything does.
func (d *Dashboard) overview(_ http.ResponseWriter, r *http.Request) (view, error) {
	var v overviewView
	v.Needs, v.Quiet = d.needs(r)
	list, err := d.siteList(r, domain.WebsiteQuery{Sort: domain.SortByChanged, Descending: true, Limit: overviewRows})
	if err == nil {
		for i := range list.Lines {
			line := &list.Lines[i]
			row := siteRow{Website: &line.Website, Release: line.Live}
			if line.LiveRelease != "" {
				row.URL = d.c.SiteURL(row.Website)
			}
			v.Sites.Items = append(v.Sites.Items, row)
		}
		v.Sites.Total = list.Total
	} else {
		d.log(r, err)
		v.Sites.Error = domain.MessageOf(err)
	}
	runs, total, err := d.c.Runs.List(r.Context(), "", "", domain.Window{Limit: overviewRows})
	v.Latest = load(d, r, d.runViewer(r), runs, total, err)
	past := runCounts{}
	if err == nil {
		if past, err = d.countRuns(r); err != nil {
			d.log(r, err)
		}
	}
	if err == nil && total > 0 {
		v.Past = past.chart()
	}
	v.Cards = d.siteCards(list)
	running := d.runCards(r, past, total, err == nil)
	if visits := d.visits(r); visits != nil {
		v.Past, v.Top = viewsChart("past", visits.Series, visits.People, visits.Before, " on all sites", periodOf(r)), visits.Top[:min(overviewRows, len(visits.Top))]
		v.Cards = append(append(v.Cards, visitCards(visits)...), running[0], running[2], d.spendingCard(r))
	} else {
		v.Cards = append(append(v.Cards, running...), d.spendingCard(r), d.agentCard(r))
	}
	v.Nothing = v.Sites.Error == "" && v.Sites.Total == 0 && total == 0
	live := false
	for i := range v.Latest.Items {
		live = live || v.Latest.Items[i].Moving
	}
	return view{template: "overview", title: "Overview", section: "overview", live: live, period: periodOf(r), charts: v.Past != nil, data: v}, nil
}

func (d *Dashboard) siteList(r *http.Request, q domain.WebsiteQuery) (*domain.WebsiteList, error) {
	list, err := d.c.Batches.Browse(r.Context(), q)
	if err != nil {
		return &domain.WebsiteList{}, err
	}
	return list, nil
}

func figure(n int) string { return domain.GroupDigits(strconv.Itoa(n), ",") }

func (d *Dashboard) siteCards(list *domain.WebsiteList) []card {
	c := card{Label: "Live sites", Figure: "–", Address: "/sites?state=live"}
	if list.ByState != nil {
		c.Figure, c.Note = figure(list.ByState[domain.WebsiteLive]), plural(list.Total, "site", "sites")+" in all"
	}
	return []card{c}
}

func (d *Dashboard) runCards(r *http.Request, past runCounts, total int, known bool) []card {
	now := card{Label: "Runs under way", Figure: "–", Address: "/runs?state=running"}
	if _, n, err := d.c.Runs.List(r.Context(), domain.StateRunning, "", domain.Window{Limit: 1}); err == nil {
		now.Figure, now.Note = figure(n), figure(total)+" in all"
	}
	begun := card{Label: "Runs begun", Figure: "–", Address: "/runs"}
	failed := card{Label: "Runs failed", Figure: "–", Address: "/runs?state=failed"}
	if known {
		begun.Figure, begun.Spark = figure(int(sum(past.begun))), past.begun
		failed.Figure, failed.Spark = figure(int(sum(past.failed))), past.failed
		begun.Change = changeBetween(past.begunBefore, sum(past.begun))
		failed.Change = changeBetween(past.failedBefore, sum(past.failed))
	}
	return []card{now, begun, failed}
}

// spendingCard shows what models cost in the period.
func (d *Dashboard) spendingCard(r *http.Request) card {
	c := card{Label: "Spent on models", Figure: "–", Address: "/settings/budgets"}
	if d.c.Budgets == nil {
		return c
	}
	days := daysOf(periodOf(r))
	since := dayOf(d.c.Now()).AddDate(0, 0, 1-2*days)
	list, _, err := d.c.Budgets.Spending(r.Context(), domain.ByDay, domain.CallFilter{From: since}, domain.Window{Limit: 1000})
	if err != nil {
		d.log(r, err)
		return c
	}
	values, currency := spendingByDay(list, since, 2*days)
	if currency == "" {
		c.Note = "nothing in this period"
		return c
	}
	before, now := values[:days], values[days:]
	c.Figure, c.Change = domain.Micros(sum(now)*1e6).Money(currency).Format("en"), changeBetween(sum(before), sum(now))
	c.Spark = now
	return c
}

func (d *Dashboard) agentCard(r *http.Request) card {
	c := card{Label: "Agents at work", Figure: "–", Address: "/agents"}
	if d.c.Agents == nil {
		return c
	}
	agents, err := d.c.Agents.List(r.Context(), domain.AgentFilter{})
	if err != nil {
		d.log(r, err)
		c.Note = domain.MessageOf(err)
		return c
	}
	working, failed := 0, 0
	for _, a := range agents {
		switch a.Status {
		case domain.AgentWorking:
			working++
		case domain.AgentError:
			failed++
		}
	}
	c.Figure, c.Note = figure(working), "of "+figure(len(agents))
	if failed > 0 {
		c.Note += ", " + figure(failed) + " failed last"
	}
	return c
}

// runCounts counts runs by hour or day.
type runCounts struct {
	period                    string
	at                        []time.Time
	begun, failed             []float64
	begunBefore, failedBefore float64 // in the period before
}

func daysOf(period string) int {
	return map[string]int{"24h": 1, "7d": 7, "30d": 30, "90d": 90, "12m": 365}[period]
}

// countRuns counts the runs of the period of the address, which ends now, and of the one
// before.
func (d *Dashboard) countRuns(r *http.Request) (runCounts, error) {
	period := periodOf(r)
	step, n := 24*time.Hour, daysOf(period)
	end := dayOf(d.c.Now()).Add(step)
	if period == "24h" {
		step, n = time.Hour, 24
		end = d.c.Now().UTC().Truncate(step).Add(step)
	}
	c := runCounts{period: period, begun: make([]float64, n), failed: make([]float64, n)}
	start := end.Add(-time.Duration(n) * step)
	for i := range n {
		c.at = append(c.at, start.Add(time.Duration(i)*step))
	}
	hours, err := d.c.Runs.Hours(r.Context(), start.Add(-time.Duration(n)*step))
	for _, h := range hours {
		age := domain.HourTime(h.Hour).Sub(start)
		switch {
		case age >= 0 && int(age/step) < n:
			c.begun[age/step] += float64(h.Begun)
			c.failed[age/step] += float64(h.Failed)
		case age < 0:
			c.begunBefore += float64(h.Begun)
			c.failedBefore += float64(h.Failed)
		}
	}
	return c, err
}

func (c *runCounts) chart() *chart {
	summary := plural(int(sum(c.begun)), "run", "runs") + " begun, " + figure(int(sum(c.failed))) + " of them failed"
	if change := changeBetween(c.begunBefore, sum(c.begun)); change != nil {
		summary += "; " + change.InWords()
	}
	return newChart("past", "Runs", summary+".", pointLayout(c.period), c.at,
		chartSeries{Label: "Begun", Values: known(c.begun)}, chartSeries{Label: "Failed", Values: known(c.failed)})
}
