package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"empire/internal/domain"
)

type trafficService interface {
	Report(ctx context.Context, id domain.WebsiteID, period string) (*domain.TrafficReport, error)
	Portfolio(ctx context.Context, q domain.TrafficQuery) (*domain.PortfolioTraffic, error)
}

// addTraffic adds what visitors did in the period of the address.
func (d *Dashboard) addTraffic(r *http.Request, v *siteView) {
	if d.c.Traffic == nil {
		return
	}
	period := periodOf(r)
	report, err := d.c.Traffic.Report(r.Context(), v.Site.ID, period)
	if err != nil {
		d.log(r, err)
		v.Error = domain.MessageOf(err)
		return
	}
	v.Cards, v.Traffic = trafficCards(r, report), viewsChart("traffic", report.Series, report.People, report.Before, "", period)
	v.Origins = originsOf(report.Facets)
	v.Pages, v.Slots = report.Pages[:min(topRows, len(report.Pages))], report.Slots[:min(topRows, len(report.Slots))]
}

// origins are the facets of a website that its page shows, with what they are called.
var origins = []struct {
	kind  domain.FacetKind
	label string
}{
	{domain.FacetChannel, "Came from"}, {domain.FacetReferrer, "Referring site"}, {domain.FacetDevice, "Device"}, {domain.FacetCampaign, "Campaign"},
}

// origin is one table of them.
type origin struct {
	Label string
	Rows  []domain.TrafficFacet
}

// originsOf are the tables that have rows.
func originsOf(facets []domain.TrafficFacet) []origin {
	var out []origin
	for _, o := range origins {
		list := origin{Label: o.label}
		for _, f := range facets {
			if f.Kind == o.kind && len(list.Rows) < topRows {
				list.Rows = append(list.Rows, f)
			}
		}
		if len(list.Rows) > 0 {
			out = append(out, list)
		}
	}
	return out
}

// trafficCards are the figures of a report. Visitors are those of single days: nobody is
// known on two.
func trafficCards(r *http.Request, report *domain.TrafficReport) []card {
	var visitors, sessions, views, clicks []float64
	for _, p := range report.Series {
		visitors, sessions = append(visitors, float64(p.Visitors)), append(sessions, float64(p.Sessions))
		views, clicks = append(views, float64(p.Views)), append(clicks, float64(p.Clicks))
	}
	at := withQuery(r)
	moved := func(now int, then func(*domain.TrafficCount) int) *change {
		if report.Before == nil {
			return nil
		}
		return changeBetween(float64(then(report.Before)), float64(now))
	}
	number := func(n int) string { return domain.GroupDigits(strconv.Itoa(n), ",") }
	rate := card{Label: "Clicks per 100 views", Figure: "–", Address: at + "#slots-h"}
	if report.People.Views > 0 {
		rate.Figure = fmt.Sprintf("%.1f", float64(report.People.Clicks)/float64(report.People.Views)*100)
	}
	return []card{
		{Label: "Visitors", Figure: number(report.People.Visitors), Address: at + "#traffic", Spark: visitors, Change: moved(report.People.Visitors, func(c *domain.TrafficCount) int { return c.Visitors })},
		{Label: "Sessions", Figure: number(report.People.Sessions), Address: at + "#traffic", Spark: sessions, Change: moved(report.People.Sessions, func(c *domain.TrafficCount) int { return c.Sessions })},
		{Label: "Page views", Figure: number(report.People.Views), Address: at + "#pages-h", Spark: views, Change: moved(report.People.Views, func(c *domain.TrafficCount) int { return c.Views })},
		{Label: "Clicks on offers", Figure: number(report.People.Clicks), Address: at + "#slots-h", Spark: clicks, Change: moved(report.People.Clicks, func(c *domain.TrafficCount) int { return c.Clicks })},
		rate,
		{Label: "Views by bots", Figure: number(report.Bots.Views), Address: at + "#traffic", Note: "not in the other figures"},
	}
}

// viewsChart draws page views and clicks over time. where is said behind the figures.
func viewsChart(id string, series []domain.TrafficPoint, now domain.TrafficCount, before *domain.TrafficCount, where, period string) *chart {
	var at []time.Time
	var views, clicks []float64
	for _, p := range series {
		at, views, clicks = append(at, p.At), append(views, float64(p.Views)), append(clicks, float64(p.Clicks))
	}
	summary := plural(now.Views, "page view", "page views") + " and " + plural(now.Clicks, "click on an offer", "clicks on offers") + where
	if before != nil {
		if c := changeBetween(float64(before.Views), float64(now.Views)); c != nil {
			summary += "; views: " + c.InWords()
		}
	}
	return newChart(id, "Page views and clicks", summary+".", pointLayout(period), at,
		chartSeries{Label: "Page views", Values: known(views)}, chartSeries{Label: "Clicks on offers", Values: known(clicks)})
}
