package web

import (
	"net/http"

	"empire/internal/domain"
)

// visits returns what people did on all websites in the period of the address; nil if
// there was nothing, or if it cannot be told.
func (d *Dashboard) visits(r *http.Request) *domain.PortfolioTraffic {
	if d.c.Traffic == nil {
		return nil
	}
	report, err := d.c.Traffic.Portfolio(r.Context(), domain.TrafficQuery{Period: periodOf(r)})
	if err != nil {
		d.log(r, err)
		return nil
	}
	if report.People == (domain.TrafficCount{}) && (report.Before == nil || *report.Before == domain.TrafficCount{}) {
		return nil
	}
	return report
}

func visitCards(p *domain.PortfolioTraffic) []card {
	views := card{Label: "Page views", Figure: figure(p.People.Views), Address: "/sites", Note: "on " + plural(p.Visited, "site", "sites")}
	clicks := card{Label: "Clicks on offers", Figure: figure(p.People.Clicks), Address: "/links"}
	for _, at := range p.Series {
		views.Spark, clicks.Spark = append(views.Spark, float64(at.Views)), append(clicks.Spark, float64(at.Clicks))
	}
	if p.Before != nil {
		views.Change = changeBetween(float64(p.Before.Views), float64(p.People.Views))
		clicks.Change = changeBetween(float64(p.Before.Clicks), float64(p.People.Clicks))
	}
	return []card{views, clicks}
}
