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
}

// longer names the period whose report also holds the period before a period.
var longer = map[string]string{"7d": "30d", "30d": "90d", "90d": "12m"}

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
	before := d.trafficBefore(r, v.Site.ID, period, len(report.Series))
	v.Cards, v.Traffic = trafficCards(r, report, before), trafficChart(report, before, period)
	v.Pages, v.Slots = report.Pages[:min(topRows, len(report.Pages))], report.Slots[:min(topRows, len(report.Slots))]
}

// trafficBefore sums the period before; nil if that is not known.
func (d *Dashboard) trafficBefore(r *http.Request, id domain.WebsiteID, period string, points int) *domain.TrafficCount {
	name, ok := longer[period]
	if !ok {
		return nil
	}
	report, err := d.c.Traffic.Report(r.Context(), id, name)
	if err != nil || len(report.Series) < 2*points {
		return nil
	}
	var out domain.TrafficCount
	end := len(report.Series) - points
	for _, p := range report.Series[end-points : end] {
		out.Views, out.Visitors, out.Clicks = out.Views+p.Views, out.Visitors+p.Visitors, out.Clicks+p.Clicks
	}
	return &out
}

// trafficCards are the figures of a report. Visitors are those of single days: nobody is
// known on two.
func trafficCards(r *http.Request, report *domain.TrafficReport, before *domain.TrafficCount) []card {
	var visitors, views, clicks []float64
	for _, p := range report.Series {
		visitors, views, clicks = append(visitors, float64(p.Visitors)), append(views, float64(p.Views)), append(clicks, float64(p.Clicks))
	}
	at := withQuery(r)
	moved := func(now int, then func(*domain.TrafficCount) int) *change {
		if before == nil {
			return nil
		}
		return changeBetween(float64(then(before)), float64(now))
	}
	number := func(n int) string { return domain.GroupDigits(strconv.Itoa(n), ",") }
	rate := card{Label: "Clicks per 100 views", Figure: "–", Address: at + "#slots-h"}
	if report.People.Views > 0 {
		rate.Figure = fmt.Sprintf("%.1f", float64(report.People.Clicks)/float64(report.People.Views)*100)
	}
	return []card{
		{Label: "Visitors", Figure: number(report.People.Visitors), Address: at + "#traffic", Spark: visitors, Change: moved(report.People.Visitors, func(c *domain.TrafficCount) int { return c.Visitors })},
		{Label: "Page views", Figure: number(report.People.Views), Address: at + "#pages-h", Spark: views, Change: moved(report.People.Views, func(c *domain.TrafficCount) int { return c.Views })},
		{Label: "Clicks on offers", Figure: number(report.People.Clicks), Address: at + "#slots-h", Spark: clicks, Change: moved(report.People.Clicks, func(c *domain.TrafficCount) int { return c.Clicks })},
		rate,
		{Label: "Views by bots", Figure: number(report.Bots.Views), Address: at + "#traffic", Note: "not in the other figures"},
	}
}

func trafficChart(report *domain.TrafficReport, before *domain.TrafficCount, period string) *chart {
	var at []time.Time
	var views, clicks []float64
	for _, p := range report.Series {
		at, views, clicks = append(at, p.At), append(views, float64(p.Views)), append(clicks, float64(p.Clicks))
	}
	summary := plural(report.People.Views, "page view", "page views") + " and " + plural(report.People.Clicks, "click on an offer", "clicks on offers")
	if before != nil {
		if c := changeBetween(float64(before.Views), float64(report.People.Views)); c != nil {
			summary += "; views: " + c.InWords()
		}
	}
	return newChart("traffic", "Page views and clicks", summary+".", pointLayout(period), at,
		chartSeries{Label: "Page views", Values: known(views)}, chartSeries{Label: "Clicks on offers", Values: known(clicks)})
}
