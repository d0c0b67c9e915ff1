package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// trafficView is a report of visits as the API shows it.
type trafficView struct {
	WebsiteID domain.WebsiteID   `json:"website_id"`
	Period    string             `json:"period"`
	From      time.Time          `json:"from"`
	To        time.Time          `json:"to"`
	Views     int                `json:"views"`
	Visitors  int                `json:"visitors"`
	Clicks    int                `json:"clicks"`
	Excluded  trafficOthersView  `json:"excluded"`
	Served    trafficServedView  `json:"served"`
	Pages     []trafficPageView  `json:"pages"`
	Slots     []trafficSlotView  `json:"slots"`
	Series    []trafficPointView `json:"series"`
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
	Path    string `json:"path"`
	Views   int    `json:"views"`
	Entries int    `json:"entries"`
	Clicks  int    `json:"clicks"`
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
}

func viewTraffic(r *domain.TrafficReport) trafficView {
	v := trafficView{
		WebsiteID: r.WebsiteID, Period: r.Period, From: r.From, To: r.To, Views: r.People.Views, Visitors: r.People.Visitors, Clicks: r.People.Clicks,
		Excluded: trafficOthersView{trafficOtherView{r.Bots.Views, r.Bots.Clicks}, trafficOtherView{r.Own.Views, r.Own.Clicks}},
		Served:   trafficServedView{trafficSentView{r.Served.People, r.Served.Bots, r.Served.Own}, trafficSentView(r.Served.Imported)},
		Pages:    []trafficPageView{}, Slots: []trafficSlotView{}, Series: []trafficPointView{},
	}
	for _, p := range r.Pages {
		v.Pages = append(v.Pages, trafficPageView(p))
	}
	for _, s := range r.Slots {
		v.Slots = append(v.Slots, trafficSlotView(s))
	}
	for _, p := range r.Series {
		v.Series = append(v.Series, trafficPointView{p.At, p.Views, p.Visitors, p.Clicks})
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

var trafficPeriods = []string{"24h", "7d", "30d", "90d", "12m"}

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
	c.Flags().StringVar(&period, "period", "7d", "the time until now: 24h, 7d, 30d, 90d or 12m")
	find := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(trafficPeriods, period) {
			return usagef("--period must be 24h, 7d, 30d, 90d or 12m, not %q", period)
		}
		return find(cmd, args)
	}
	return c
}

func (g *globals) showTraffic(cmd *cobra.Command, s *siteView, t *trafficView) error {
	cmd.Printf("%s, %s: %d views, %d visitors, %d clicks\n", s.Domain, t.Period, t.Views, t.Visitors, t.Clicks)
	cmd.Printf("apart: bots %d views, %d clicks; own %d views, %d clicks\n", t.Excluded.Bots.Views, t.Excluded.Bots.Clicks, t.Excluded.Own.Views, t.Excluded.Own.Clicks)
	cmd.Printf("pages that the edge sent: %d to people, %d to bots, %d own\n", t.Served.People, t.Served.Bots, t.Served.Own)
	if i := t.Served.Imported; i != (trafficSentView{}) {
		cmd.Printf("from imported logs: %d to people, %d to bots, %d own\n", i.People, i.Bots, i.Own)
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
