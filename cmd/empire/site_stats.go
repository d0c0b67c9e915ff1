package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// trafficView is a report of visits as the API shows it.
type trafficView struct {
	WebsiteID  domain.WebsiteID   `json:"website_id"`
	Period     string             `json:"period"`
	From       time.Time          `json:"from"`
	To         time.Time          `json:"to"`
	Views      int                `json:"views"`
	Visitors   int                `json:"visitors"`
	Sessions   int                `json:"sessions"`
	Clicks     int                `json:"clicks"`
	ClickRate  *float64           `json:"click_rate"`
	Comparison comparisonView     `json:"comparison"`
	Excluded   trafficOthersView  `json:"excluded"`
	Served     trafficServedView  `json:"served"`
	Facets     []trafficFacetView `json:"facets"`
	Pages      []trafficPageView  `json:"pages"`
	PagesTotal int                `json:"pages_total"`
	Slots      []trafficSlotView  `json:"slots"`
	SlotsTotal int                `json:"slots_total"`
	Series     []trafficPointView `json:"series"`
}

type trafficFacetView struct {
	Facet    domain.FacetKind `json:"facet"`
	Value    string           `json:"value"`
	Views    int              `json:"views"`
	Visitors int              `json:"visitors"`
	Sessions int              `json:"sessions"`
	Clicks   int              `json:"clicks"`
}

type trafficOthersView struct {
	Bots trafficOtherView `json:"bots"`
	Own  trafficOtherView `json:"own"`
}

type trafficServedView struct {
	trafficSentView
	Imported trafficSentView `json:"imported"`
}

type trafficSentView struct {
	People int `json:"people"`
	Bots   int `json:"bots"`
	Own    int `json:"own"`
}

type trafficOtherView struct {
	Views  int `json:"views"`
	Clicks int `json:"clicks"`
}

type trafficPageView struct {
	Path     string `json:"path"`
	Views    int    `json:"views"`
	Entries  int    `json:"entries"`
	Clicks   int    `json:"clicks"`
	Sessions int    `json:"sessions"`
}

type trafficSlotView struct {
	Path   string `json:"path"`
	Slot   string `json:"slot"`
	SubID  string `json:"sub_id"`
	Clicks int    `json:"clicks"`
}

type trafficPointView struct {
	At       time.Time `json:"at"`
	Views    int       `json:"views"`
	Visitors int       `json:"visitors"`
	Clicks   int       `json:"clicks"`
	Sessions int       `json:"sessions"`
}

func viewTraffic(r *domain.TrafficReport) trafficView {
	v := trafficView{
		WebsiteID: r.WebsiteID, Period: r.Period, From: r.From, To: r.To, Views: r.People.Views, Visitors: r.People.Visitors, Sessions: r.People.Sessions, Clicks: r.People.Clicks,
		ClickRate: r.People.ClickRate(), Comparison: viewComparison(r.People, r.Before),
		Excluded: trafficOthersView{trafficOtherView{r.Bots.Views, r.Bots.Clicks}, trafficOtherView{r.Own.Views, r.Own.Clicks}},
		Served:   trafficServedView{trafficSentView{r.Served.People, r.Served.Bots, r.Served.Own}, trafficSentView(r.Served.Imported)},
		Facets:   []trafficFacetView{}, Pages: []trafficPageView{}, PagesTotal: r.PageCount, Slots: []trafficSlotView{}, SlotsTotal: r.SlotCount, Series: []trafficPointView{},
	}
	for _, f := range r.Facets {
		v.Facets = append(v.Facets, trafficFacetView{f.Kind, f.Value, f.Views, f.Visitors, f.Sessions, f.Clicks})
	}
	for _, p := range r.Pages {
		v.Pages = append(v.Pages, trafficPageView(p))
	}
	for _, s := range r.Slots {
		v.Slots = append(v.Slots, trafficSlotView(s))
	}
	for _, p := range r.Series {
		v.Series = append(v.Series, viewPoint(p))
	}
	return v
}

// Traffic implements portfolio.
func (l local) Traffic(ctx context.Context, id domain.WebsiteID, period string) (*trafficView, error) {
	return view(viewTraffic)(l.a.Traffic.Report(ctx, id, period))
}

// Traffic implements portfolio.
func (r *remote) Traffic(ctx context.Context, id domain.WebsiteID, period string) (*trafficView, error) {
	t, err := r.api.GetWebsiteAnalytics(ctx, string(id), client.GetWebsiteAnalyticsParams{Period: period})
	return shown[trafficView](r, t, err)
}

func siteStatsCommand(g *globals) *cobra.Command {
	var period string
	c := siteArgs(g, "stats", "Show visits and clicks of a website", "  empire site stats keyboards.example\n  empire site stats keyboards.example --period 30d --json",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			t, err := p.Traffic(ctx, s.ID, period)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, t)
			}
			return g.showTraffic(cmd, s, t)
		})
	c.Long = `Show how often pages of a website were read and affiliate links followed. A visitor counts
once a day. Bots and the operator's own visits are counted apart. SITE is an id, a name
or a domain.`
	periodFlag(c, &period)
	return c
}

func (g *globals) showTraffic(cmd *cobra.Command, s *siteView, t *trafficView) error {
	cmd.Printf("%s, %s: %d views, %d visitors, %d sessions, %d clicks\n", s.Domain, t.Period, t.Views, t.Visitors, t.Sessions, t.Clicks)
	cmd.Printf("against the time before: views %s, visitors %s, clicks %s\n", t.Comparison.Views.text(), t.Comparison.Visitors.text(), t.Comparison.Clicks.text())
	cmd.Printf("apart: bots %d views, %d clicks; own %d views, %d clicks\n", t.Excluded.Bots.Views, t.Excluded.Bots.Clicks, t.Excluded.Own.Views, t.Excluded.Own.Clicks)
	cmd.Printf("pages that the edge sent: %d to people, %d to bots, %d own\n", t.Served.People, t.Served.Bots, t.Served.Own)
	if i := t.Served.Imported; i != (trafficSentView{}) {
		cmd.Printf("from imported logs: %d to people, %d to bots, %d own\n", i.People, i.Bots, i.Own)
	}
	for _, f := range t.Facets {
		if f.Facet == domain.FacetChannel || f.Facet == domain.FacetDevice {
			cmd.Printf("%s %s: %d views, %d sessions\n", f.Facet, f.Value, f.Views, f.Sessions)
		}
	}
	if len(t.Pages) > 0 {
		cmd.Println()
		rows := make([][]string, 0, len(t.Pages))
		for _, p := range t.Pages {
			rows = append(rows, []string{p.Path, strconv.Itoa(p.Views), strconv.Itoa(p.Entries), strconv.Itoa(p.Clicks)})
		}
		if err := table(g.io.out, []string{"PAGE", "VIEWS", "ENTRIES", "CLICKS"}, rows); err != nil {
			return err
		}
	}
	if len(t.Slots) == 0 {
		return nil
	}
	cmd.Println()
	rows := make([][]string, 0, len(t.Slots))
	for _, p := range t.Slots {
		rows = append(rows, []string{p.Path, p.Slot, orText(p.SubID), strconv.Itoa(p.Clicks)})
	}
	return table(g.io.out, []string{"PAGE", "SLOT", "SUB-ID", "CLICKS"}, rows)
}
