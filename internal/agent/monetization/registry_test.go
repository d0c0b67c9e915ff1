package monetization_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
)

// place runs the planner with a registry.
func place(t *testing.T, links map[domain.LinkID]domain.Link, way domain.LinkWay, programs []domain.Program, families ...domain.Family) monetization.PlanResult {
	t.Helper()
	res, err := monetization.New().Run(t.Context(), monetization.PlanInput{
		Draft: draft(families...), Market: &domain.Market{Families: families}, Programs: programs, Now: now, PriceMaxAge: 24 * time.Hour, Links: links, Way: way,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func held(res monetization.PlanResult) map[domain.LinkID]domain.Link {
	out := map[domain.LinkID]domain.Link{}
	for _, l := range res.Links {
		out[l.ID] = l
	}
	return out
}

// TestPlannerRegisters: the first build registers what it links, the next has nothing
// to add; what a person changed is used as it is.
func TestPlannerRegisters(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000), row("2", 1010))
	programs := []domain.Program{program("1", 100), program("2", 900)}
	first := place(t, nil, "", programs, f)
	if len(first.Links) != 1 || first.Links[0].ID != first.Pages[0].Offers[0].LinkID || first.Links[0].ProgramID != "prog_2" || first.Links[0].Form != domain.FormClick {
		t.Fatalf("links = %+v", first.Links)
	}
	ids := monetization.LinkIDs(monetization.PlanInput{Draft: draft(f), Market: &domain.Market{Families: []domain.Family{f}}})
	if len(ids) != 4 { // of the website and of all, for two rows
		t.Errorf("asks for %d links", len(ids))
	}
	reg := held(first)
	if again := place(t, reg, "", programs, f); len(again.Links) != 0 || again.Pages[0].Offers[0].URL != first.Pages[0].Offers[0].URL {
		t.Errorf("the second build registers %+v", again.Links)
	}
	l := first.Links[0]
	l.Own, l.Form, l.Destination = true, domain.FormPlain, "https://shop.example/landing"
	reg[l.ID] = l
	if o := place(t, reg, "", programs, f).Pages[0].Offers[0]; o.URL != "https://shop.example/landing" {
		t.Errorf("the changed link leads to %s", o.URL)
	}
	for _, state := range []domain.LinkState{domain.LinkPaused, domain.LinkDead, domain.LinkClosed} {
		l.State = state
		reg[l.ID] = l
		o := place(t, reg, "", programs, f).Pages[0].Offers[0]
		if o.ProgramID != "prog_1" || !strings.Contains(o.Alternatives[0].Excluded, string(state)) {
			t.Errorf("a %s link: offer of %s, %+v", state, o.ProgramID, o.Alternatives)
		}
	}
	site := l
	site.ID, site.State = domain.LinkIDOf("", "site_1", "awin", "2", "k2"), domain.LinkActive
	reg[site.ID] = site
	if o := place(t, reg, "", programs, f).Pages[0].Offers[0]; o.LinkID != site.ID {
		t.Errorf("the website's own link is not preferred: %s", o.LinkID)
	}
}

// TestPlannerWays: links lead through the edge where the installation, the program or
// the link wants it, and never to Amazon.
func TestPlannerWays(t *testing.T) {
	t.Parallel()
	redirect := func(p *domain.Program) { p.LinkWay = domain.WayRedirect }
	amazon := func(p *domain.Product) { p.TrackingURL = "https://www.amazon.de/dp/B1?tag=x-21" }
	for _, tt := range []struct {
		name    string
		row     domain.Product
		program domain.Program
		way     domain.LinkWay
		want    string // begin of the address
		target  string
	}{
		{"direct", row("1", 1000), program("1", 100), "", "https://www.awin1.com/", ""},
		{"redirect", row("1", 1000), program("1", 100), domain.WayRedirect, "/go/", "www.awin1.com"},
		{"program", row("1", 1000), program("1", 100, redirect), domain.WayDirect, "/go/", "www.awin1.com"},
		{"Amazon", row("1", 1000, amazon), program("1", 100, redirect), domain.WayRedirect, "https://www.amazon.de/", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := family("f", tt.row)
			o := place(t, nil, tt.way, []domain.Program{tt.program}, f).Pages[0].Offers[0]
			if !strings.HasPrefix(o.URL, tt.want) || o.Target != tt.target {
				t.Errorf("address %s to %q, want %s… to %q", o.URL, o.Target, tt.want, tt.target)
			}
			if tt.target != "" && o.URL != domain.GoPath(o.LinkID.SlugOf(), o.Slot, o.SubID) {
				t.Errorf("address %s does not carry slug, slot and sub-id", o.URL)
			}
		})
	}
}

// TestPlannerLower: an offer says where the product costs less only if that is true now:
// the price is fresh, proven, and of another merchant.
func TestPlannerLower(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		cheaper domain.Product
		want    string
		soldOut bool
	}{
		{"cheaper elsewhere", row("1", 10990), "€109.90", false},
		{"cheaper and sold out", row("1", 10990, soldOut), "€109.90", true},
		{"too old", row("1", 10990, func(p *domain.Product) { p.ReadAt = now.Add(-48 * time.Hour) }), "", false},
		{"not proven", row("1", 10990, func(p *domain.Product) { p.Fields = nil }), "", false},
		{"merchant without a name", row("1", 10990, func(p *domain.Product) { p.MerchantName = "" }), "", false},
		{"other currency", row("1", 10990, func(p *domain.Product) { p.Price.Currency = "USD" }), "", false},
		{"not cheaper", row("1", 11300), "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := family("f", tt.cheaper, row("2", 11300)) // the first is the lead
			f.PriceMin = f.Variants[1].Price
			left := program("1", 100, func(p *domain.Program) { p.Joined = false }) // so the second is linked
			res := place(t, nil, "", []domain.Program{left, program("2", 100)}, f)
			o := res.Pages[0].Offers[0]
			if o.ProgramID != "prog_2" || o.Lower != tt.want || o.LowerSoldOut != tt.soldOut || (o.LowerAt != "") != (tt.want != "") {
				t.Errorf("offer of %s: lower %q at %q, sold out %v", o.ProgramID, o.Lower, o.LowerAt, o.LowerSoldOut)
			}
		})
	}
}

// TestPlannerRevenue simulates visitors who buy with a rate that differs by merchant and
// never from what is sold out: with earnings per click the choice earns the optimum of
// what the reader's limit allows, and more than without, and than the cheapest merchant.
func TestPlannerRevenue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 11))
	var known, blind, cheapest, best float64
	for n := range 200 {
		var rows []domain.Product
		var plain, told []domain.Program
		earn := map[string]float64{} // of a click, by row
		low, optimum := int64(-1), 0.0
		for i := range 2 + r.IntN(4) {
			id := fmt.Sprint(i + 1)
			price, rate, buys, there := int64(10000+r.IntN(1200)), 50+r.IntN(900), 0.005+0.045*r.Float64(), r.IntN(4) > 0
			p := row(id, price)
			if !there {
				soldOut(&p)
			}
			click := float64(price) * float64(rate) / 10000 * buys
			if !there {
				click = 0
			}
			rows, earn[p.Key] = append(rows, p), click
			plain = append(plain, program(id, rate))
			told = append(told, program(id, rate, func(p *domain.Program) {
				p.EPC = &domain.Money{Minor: int64(float64(price) * float64(rate) / 100 * buys), Currency: "EUR"}
			}))
		}
		for _, p := range rows {
			if *p.InStock && (low < 0 || p.Price.Minor < low) {
				low = p.Price.Minor
			}
		}
		cheap := 0.0
		for _, p := range rows {
			if *p.InStock && p.Price.Minor*100 <= low*105 {
				optimum = max(optimum, earn[p.Key])
			}
			if *p.InStock && p.Price.Minor == low {
				cheap = earn[p.Key]
			}
		}
		f := family(fmt.Sprint("f", n), rows...)
		with, without := earn[place(t, nil, "", told, f).Pages[0].Offers[0].RowKey], earn[place(t, nil, "", plain, f).Pages[0].Offers[0].RowKey]
		if with < optimum-0.02 { // what is told is rounded to minor units for 100 clicks
			t.Fatalf("case %d: %.3f a click, the optimum is %.3f", n, with, optimum)
		}
		known, blind, cheapest, best = known+with, blind+without, cheapest+cheap, best+optimum
	}
	t.Logf("revenue of a click on every product: cheapest %.0f, by commission %.0f, by earnings per click %.0f, optimum %.0f", cheapest, blind, known, best)
	if known < 0.999*best || known <= blind || blind <= cheapest {
		t.Errorf("cheapest %.0f, by commission %.0f, by earnings per click %.0f, optimum %.0f", cheapest, blind, known, best)
	}
}
