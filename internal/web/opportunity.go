package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"empire/internal/domain"
)

type marketService interface {
	Scan(ctx context.Context, q domain.ScanRequest, report func(done, total int, message string)) (*domain.ScanReport, error)
	Opportunities(ctx context.Context, w domain.Window) ([]domain.OpportunityLine, int, error)
	Opportunity(ctx context.Context, id domain.OpportunityID) (*domain.ScanReport, error)
}

func (d *Dashboard) opportunityRoutes() {
	d.shows("/opportunities", d.opportunityList)
	d.shows("/opportunities/{id}", d.opportunityPage)
	d.does("/opportunities", domain.IntelligenceUse, d.opportunityScan)
}

// scanForm asks for a scan.
func scanForm(topic, language string, err error) form {
	f := form{ID: "scan", Action: "/opportunities", Submit: "Look at this market", Primary: true, Fields: []field{
		{Name: "topic", Label: "Topic", Value: topic, Max: 80, Hint: "Such as “mechanical keyboards”. Empty: the niches of all feeds are ranked."},
		{Name: "language", Label: "Language", Kind: "select", Options: pick(language, "en", "English", "de", "German")},
	}}
	f.blame(err)
	return f
}

func (d *Dashboard) opportunitySheet(r *http.Request, f form) sheet {
	list, total, err := d.c.Work.Market.Opportunities(r.Context(), windowOf(r))
	g := &grid{Columns: []column{{Label: "Topic"}, {Label: "Advice"}, {Label: "Score", Num: true}, {Label: "Confidence", Num: true}, {Label: "Looked at", Wide: true}}}
	for i := range list {
		o := &list[i]
		topic := o.Topic
		if topic == "" {
			topic = "All niches"
		}
		advice := cell{}
		if o.Decision != "" {
			advice = state(o.Decision)
		}
		g.add(cell{Text: topic, Link: "/opportunities/" + string(o.ID)}, advice, cell{Text: percent(o.Score), Bar: &bar{100 * o.Score, "ok"}}, text(percent(o.Confidence)), when(o.CreatedAt))
	}
	p := d.listed(r, panel{ID: "list", Title: "Markets looked at", Grid: g}, len(list), total, err, false, empty{
		Text: "A scan says how much a niche promises, from what the feeds, programs and keywords hold.", Action: &anchor{Label: "Look at the first one", Address: "#new"},
	})
	return sheet{Title: "Opportunities", Lead: "Which niche is worth a site.", Panels: []panel{p, {ID: "new", Title: "Look at a market", Form: &f}}}
}

func (d *Dashboard) opportunityList(r *http.Request) (view, error) {
	if _, err := domain.Require(r.Context(), domain.IntelligenceUse); err != nil {
		return view{}, err
	}
	return show("sites", d.opportunitySheet(r, scanForm("", "en", nil)))
}

func (d *Dashboard) opportunityScan(w http.ResponseWriter, r *http.Request) (string, error) {
	q := domain.ScanRequest{Topic: typed(r, "topic"), Language: typed(r, "language")}
	rep, err := d.c.Work.Market.Scan(r.Context(), q, nil)
	if err != nil {
		return d.again(w, r, "sites", err, d.opportunitySheet(r, scanForm(q.Topic, q.Language, err)))
	}
	return "/opportunities/" + string(rep.ID), nil
}

// opportunityPage shows what a scan found and why.
func (d *Dashboard) opportunityPage(r *http.Request) (view, error) {
	rep, err := d.c.Work.Market.Opportunity(r.Context(), domain.OpportunityID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	title := rep.Topic
	if title == "" {
		title = "All niches"
	}
	s := sheet{Crumbs: []anchor{{"Opportunities", "/opportunities", false}}, Title: title}
	if can(r, domain.WebsitesManage) && rep.Topic != "" {
		s.Actions = []anchor{{"Launch this", address("/launch", "niche", rep.Topic), true}}
	}
	if rep.Score != nil {
		s.State = rep.Score.Decision
		s.Panels = append(s.Panels, scorePanel(rep.Score))
	}
	s.Panels = append(s.Panels, marketPanel(rep))
	if rep.Ranking != nil {
		s.Panels = append(s.Panels, rankingPanel(rep.Ranking))
	}
	if len(rep.AffiliatePrograms) > 0 {
		s.Panels = append(s.Panels, programPanel(rep.AffiliatePrograms))
	}
	if len(rep.RecommendedActions) > 0 {
		p := panel{ID: "next", Title: "What to do next"}
		for _, a := range rep.RecommendedActions {
			p.Lines = append(p.Lines, strings.ReplaceAll(a.Action, "_", " ")+": "+a.Reason)
		}
		s.Panels = append(s.Panels, p)
	}
	return show("sites", s)
}

func scorePanel(sc *domain.OpportunityScore) panel {
	p := panel{ID: "score", Title: "Score", Note: strings.Join(sc.Blocked, " ")}
	p.Facts = []fact{
		{"Score", text(percent(sc.Value))}, {"Between", text(percent(sc.Low) + " and " + percent(sc.High))}, {"Confidence", text(percent(sc.Confidence))},
		{"Data behind it", text(percent(sc.Covered))}, {"Calibration", text(sc.Calibration)},
	}
	if sc.Flip != nil {
		p.Facts = append(p.Facts, fact{"What would turn it", text(sc.Flip.Note)})
	}
	p.Grid = &grid{Columns: []column{{Label: "Part"}, {Label: "Value", Num: true}, {Label: "Weight", Num: true, Wide: true}, {Label: "Points", Num: true}, {Label: "Formula", Wide: true}}}
	for i := range sc.Parts {
		part := &sc.Parts[i]
		value := cell{}
		if part.Value != nil {
			value = cell{Text: percent(*part.Value), Bar: &bar{100 * *part.Value, "busy"}}
		}
		p.Grid.add(cell{Text: strings.ReplaceAll(part.Name, "_", " "), Sub: part.Reason}, value, text(percent(part.Weight)), text(fmt.Sprintf("%.1f", 100*part.Contribution)), code(part.Formula))
	}
	return p
}

func marketPanel(rep *domain.ScanReport) panel {
	m := &rep.Research
	p := panel{ID: "market", Title: "Market", Note: rep.Insufficient, Facts: []fact{
		{"Products with a price", count(m.Products)}, {"Brands", count(m.Brands)}, {"Merchants", count(len(m.Merchants))},
		{"Data complete", text(percent(m.Completeness))},
	}}
	if m.Price != nil {
		money := func(v float64) string { return domain.Money{Minor: int64(v), Currency: m.Currency}.Format("en") }
		p.Facts = append(p.Facts, fact{"Middle price", text(money(m.Price.Median))}, fact{"Prices", text(money(m.Price.Min) + " to " + money(m.Price.Max))})
	}
	demand := cell{Sub: "no keyword data"}
	if m.MonthlyDemand != nil {
		demand = count(*m.MonthlyDemand)
	}
	p.Facts = append(p.Facts, fact{"Searches a month", demand})
	if e := rep.EstimatedRevenue; e != nil {
		p.Facts = append(p.Facts, fact{"Commission a month", text(e.Low.Format("en") + " to " + e.High.Format("en"))})
	} else {
		p.Facts = append(p.Facts, fact{"Commission a month", cell{Sub: rep.RevenueReason}})
	}
	return p
}

func rankingPanel(rk *domain.NicheRanking) panel {
	g := &grid{Columns: []column{{Label: "Niche"}, {Label: "Rank", Num: true}, {Label: "Score", Num: true}, {Label: "Products", Num: true, Wide: true}, {Label: "90 % of ranks", Num: true, Wide: true}}}
	for i := range rk.Niches {
		n := &rk.Niches[i]
		g.add(cell{Text: n.Niche, Link: address("/launch", "niche", n.Niche), Sub: n.From}, count(n.Rank), cell{Text: percent(n.Score.Value), Bar: &bar{100 * n.Score.Value, "ok"}},
			count(n.Products), text(fmt.Sprintf("%d–%d", n.RankLow, n.RankHigh)))
	}
	return panel{ID: "ranking", Title: "Niches", Note: "A niche leads to the launch of a site for it.", Grid: g}
}

func programPanel(list []domain.ProgramSummary) panel {
	g := &grid{Columns: []column{{Label: "Program"}, {Label: "State"}, {Label: "Commission", Num: true}, {Label: "Products", Num: true, Wide: true}}}
	for i := range list {
		p := &list[i]
		st := "not joined"
		switch {
		case !p.Open:
			st = "closed"
		case p.Joined:
			st = "joined"
		}
		share := cell{}
		if p.CommissionBasisPoints != nil {
			share = text(fmt.Sprintf("%.2f %%", float64(*p.CommissionBasisPoints)/100))
		}
		g.add(cell{Text: p.Name, Sub: p.Network}, state(st), share, count(p.Products))
	}
	return panel{ID: "programs", Title: "Affiliate programs", Grid: g}
}
