package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type seoService interface {
	Audit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error)
	Audits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error)
}

type outlinkService interface {
	Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) ([]domain.Outlink, int, error)
	List(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]domain.Link, int, error)
}

type spendingService interface {
	List(ctx context.Context, w domain.Window) ([]domain.BudgetState, int, error)
	Spending(ctx context.Context, by domain.SpendingBy, f domain.CallFilter, w domain.Window) ([]domain.Spending, int, error)
}

type siteAuditView struct {
	siteHead
	Audit   *domain.SEOAudit
	Error   string
	Gates   section[domain.Gate]
	History section[domain.SEOAuditLine]
	Issues  []issueRow
	Trend   []float64 // scores, the oldest first
}

type issueRow struct {
	domain.SEOIssue
	New bool // the release before did not have it
}

// siteAudit shows what search engines would find wrong with a website.
func (d *Dashboard) siteAudit(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "audit")
	if err != nil {
		return view{}, err
	}
	v, id := siteAuditView{siteHead: head}, head.Site.ID
	if head.Release != nil {
		gates, err := d.c.Websites.Audit(r.Context(), id)
		v.Gates = load(d, r, func(g *domain.Gate) domain.Gate { return *g }, gates, len(gates), err)
	}
	if d.c.SEO == nil {
		return head.page("siteaudit", v), nil
	}
	lines, total, err := d.c.SEO.Audits(r.Context(), id, domain.Window{Limit: 20})
	v.History = load(d, r, func(l *domain.SEOAuditLine) domain.SEOAuditLine { return *l }, lines, total, err)
	for i := len(lines) - 1; i >= 0; i-- {
		v.Trend = append(v.Trend, lines[i].Score)
	}
	if total > 0 {
		v.Audit, err = d.c.SEO.Audit(r.Context(), id, "")
		if err != nil {
			d.log(r, err)
			v.Error = domain.MessageOf(err)
		}
	}
	if v.Audit != nil {
		for _, i := range v.Audit.Issues {
			v.Issues = append(v.Issues, issueRow{i, slices.Contains(v.Audit.Regressions, i.Fingerprint)})
		}
	}
	return head.page("siteaudit", v), nil
}

type siteLinksView struct {
	siteHead
	Out   section[domain.Outlink]
	Links section[domain.Link]
	Pager pager
}

// siteLinks shows where the links of a website lead and what of it earns.
func (d *Dashboard) siteLinks(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "links")
	if err != nil {
		return view{}, err
	}
	v, w := siteLinksView{siteHead: head}, windowOf(r)
	if d.c.Links != nil {
		out, total, err := d.c.Links.Outlinks(r.Context(), head.Site.ID, true, w)
		v.Out, v.Pager = load(d, r, func(o *domain.Outlink) domain.Outlink { return *o }, out, total, err), pagerOf(r, w, len(out), total)
		links, total, err := d.c.Links.List(r.Context(), domain.LinkFilter{WebsiteID: head.Site.ID}, domain.Window{Limit: pageSize})
		v.Links = load(d, r, func(l *domain.Link) domain.Link { return *l }, links, total, err)
	}
	return head.page("sitelinks", v), nil
}

type siteBudgetView struct {
	siteHead
	Budgets section[budgetRow]
	By      section[domain.Spending] // by pipeline
	Spent   *chart
	Error   string
}

// budgetRow is a budget with how much of it is used.
type budgetRow struct {
	domain.BudgetState
	Used, Whole float64 // in millionths
}

func rowOfBudget(b *domain.BudgetState) budgetRow {
	return budgetRow{*b, float64(b.Count.Spent + b.Count.Reserved), float64(domain.MicrosOf(b.Limit) + b.Count.Raised)}
}

// Percent is how much of the budget is used, from 0.
func (b budgetRow) Percent() float64 {
	if b.Whole <= 0 {
		return 100
	}
	return b.Used / b.Whole * 100
}

// Tight reports whether a person should look: the budget is used up, or nearly.
func (b budgetRow) Tight() bool { return b.Count.ExhaustedAt != nil || b.Percent() >= 90 }

// siteBudget shows what a website costs and may cost.
func (d *Dashboard) siteBudget(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "budget")
	if err != nil {
		return view{}, err
	}
	v := siteBudgetView{siteHead: head}
	if d.c.Budgets == nil {
		return head.page("sitebudget", v), nil
	}
	budgets, _, err := d.c.Budgets.List(r.Context(), domain.Window{Limit: 1000})
	budgets = slices.DeleteFunc(budgets, func(b domain.BudgetState) bool { return b.Scope.WebsiteID != "" && b.Scope.WebsiteID != head.Site.ID })
	v.Budgets = load(d, r, rowOfBudget, budgets, len(budgets), err)
	since := dayOf(d.c.Now()).AddDate(0, 0, -29)
	f := domain.CallFilter{WebsiteID: head.Site.ID, From: since}
	by, total, err := d.c.Budgets.Spending(r.Context(), domain.ByPipeline, f, domain.Window{Limit: 20})
	v.By = load(d, r, func(s *domain.Spending) domain.Spending { return *s }, by, total, err)
	days, _, err := d.c.Budgets.Spending(r.Context(), domain.ByDay, f, domain.Window{Limit: 100})
	if err != nil {
		d.log(r, err)
		v.Error = domain.MessageOf(err)
	} else if len(days) > 0 {
		v.Spent = spendingChart("spent", days, since, 30)
	}
	page := head.page("sitebudget", v)
	page.charts = v.Spent != nil
	return page, nil
}

// dayOf returns the begin of a day in UTC.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// spendingByDay returns what was spent on each of some days, in the major unit of the
// currency that most was spent in. A day without a call cost nothing.
func spendingByDay(list []domain.Spending, since time.Time, days int) (values []float64, currency string) {
	most := map[string]domain.Micros{}
	for _, s := range list {
		if most[s.Currency] += s.Spent; currency == "" || most[s.Currency] > most[currency] {
			currency = s.Currency
		}
	}
	values = make([]float64, days)
	for _, s := range list {
		at, err := time.Parse(time.DateOnly, s.Key)
		if i := int(at.Sub(since) / (24 * time.Hour)); err == nil && s.Currency == currency && i >= 0 && i < days {
			values[i] += float64(s.Spent) / 1e6
		}
	}
	return values, currency
}

func spendingChart(id string, list []domain.Spending, since time.Time, days int) *chart {
	values, currency := spendingByDay(list, since, days)
	var at []time.Time
	for i := range days {
		at = append(at, since.AddDate(0, 0, i))
	}
	total := domain.Micros(sum(values) * 1e6).Money(currency).Format("en")
	return newChart(id, "Spent on models", total+" in "+plural(days, "day", "days")+".", "2 Jan", at, chartSeries{Label: "Spent", Values: known(values), Unit: currency})
}

type siteSettingsView struct {
	siteHead
	Title, Niche, Tags string
	Analytics          bool
	Operator           []legalField
	Error, Field       string
}

// legalField is one field of who answers for a website.
type legalField struct{ Name, Label, Value string }

// Half reports whether two such fields share a line where there is room.
func (f legalField) Half() bool {
	_, half := operatorGroup(f.Name)
	return half
}

// legalGroup is a part of the form with its heading and the id that links lead to.
type legalGroup struct {
	ID, Label string
	Fields    []legalField
}

// Groups divides who answers for the website into the parts of a form.
func (v siteSettingsView) Groups() []legalGroup {
	var out []legalGroup
	for _, f := range v.Operator {
		label, _ := operatorGroup(f.Name)
		if n := len(out); n == 0 || out[n-1].Label != label {
			out = append(out, legalGroup{ID: "set-" + f.Name, Label: label})
		}
		out[len(out)-1].Fields = append(out[len(out)-1].Fields, f)
	}
	return out
}

func legalFields(o domain.Operator) []legalField {
	return []legalField{
		{"name", "Name", o.Name}, {"street", "Street and number", o.Street}, {"postal_code", "Postal code", o.PostalCode}, {"city", "City", o.City},
		{"country", "Country", o.Country}, {"email", "E-mail address", o.Email}, {"phone", "Telephone", o.Phone}, {"contact_url", "Address of a contact form", o.ContactURL},
		{"responsible", "Responsible for content", o.Responsible}, {"register", "Register and number", o.Register}, {"vat_id", "VAT id", o.VATID},
		{"publisher_id", "Publisher id for links", o.PublisherID},
	}
}

func (d *Dashboard) siteSettings(_ http.ResponseWriter, r *http.Request) (view, error) {
	head, err := d.siteHead(r, "settings")
	if err != nil {
		return view{}, err
	}
	v := siteSettingsView{siteHead: head, Title: head.Site.Title, Niche: head.Site.Niche, Analytics: !head.Site.NoAnalytics, Operator: legalFields(head.Site.Operator)}
	if d.c.Batches != nil {
		tags, err := d.c.Batches.Tags(r.Context(), head.Site.ID)
		if err != nil {
			return view{}, err
		}
		v.Tags = strings.Join(tags, " ")
	}
	return head.page("sitesettings", v), nil
}
