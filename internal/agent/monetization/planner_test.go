package monetization_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// row builds the feed row of one merchant.
func row(merchant string, price int64, change ...func(*domain.Product)) domain.Product {
	p := domain.Product{
		FeedID: "feed_a", Key: "k" + merchant, MerchantID: merchant, MerchantName: "Shop " + strings.Repeat("x", int(merchant[len(merchant)-1]-'0')),
		TrackingURL: "https://www.awin1.com/pclick.php?p=5&a=777&m=" + merchant,
		Price:       &domain.Money{Minor: price, Currency: "EUR"}, InStock: ptr(true), ReadAt: now.Add(-time.Hour),
	}
	p.Fields = map[string]string{"search_price": p.Price.Decimal()}
	for _, c := range change {
		c(&p)
	}
	return p
}

func soldOut(p *domain.Product)    { p.InStock = ptr(false) }
func noStock(p *domain.Product)    { p.InStock = nil }
func noTracking(p *domain.Product) { p.TrackingURL = "" }

func delivery(minor int64) func(*domain.Product) {
	return func(p *domain.Product) { p.DeliveryCost = &domain.Money{Minor: minor, Currency: "EUR"} }
}

func program(merchant string, bp int, change ...func(*domain.Program)) domain.Program {
	p := domain.Program{
		ID: domain.ProgramID("prog_" + merchant), Network: "awin", AdvertiserID: merchant, Name: "Program " + merchant,
		Joined: true, Open: true, CommissionBasisPoints: &bp, Source: "file",
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func family(key string, rows ...domain.Product) domain.Family {
	f := domain.Family{Key: key, Name: "Lamp " + key, Variants: rows}
	for _, r := range rows {
		if r.Price != nil && (f.PriceMin == nil || r.Price.Minor < f.PriceMin.Minor) {
			f.PriceMin = r.Price
		}
	}
	return f
}

// draft builds a site with one product page that has a card and a call to action
// for each family, a FAQ page and a disclosure page.
func draft(families ...domain.Family) *domain.Draft {
	page := domain.Page{Kind: domain.PageProduct, Slug: "lamps/best", Language: "en", Title: "Lamps"}
	faq := domain.Page{Kind: domain.PageFAQ, Slug: "faq", Language: "en"}
	for _, f := range families {
		page.Blocks = append(page.Blocks,
			domain.Block{Type: domain.BlockHeading, Heading: &domain.Heading{Level: 2, Text: f.Name}},
			domain.Block{Type: domain.BlockProduct, Product: &domain.ProductCard{Product: f.Key, Name: f.Name, Slot: "card-" + f.Key}},
			domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: f.Key, Name: f.Name, Slot: "cta-" + f.Key}})
		faq.Blocks = append(faq.Blocks, domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: f.Key, Slot: "cta"}})
	}
	return &domain.Draft{
		Website: domain.Website{ID: "site_1", Domain: "lamps.example", Language: "en", Operator: domain.Operator{PublisherID: "777"}},
		Pages:   []domain.Page{page, faq, {Kind: domain.PageDisclosure, Slug: "disclosure", Language: "en"}},
	}
}

func run(t *testing.T, d *domain.Draft, programs []domain.Program, families ...domain.Family) monetization.PlanResult {
	t.Helper()
	res, err := monetization.New().Run(t.Context(), monetization.PlanInput{
		Draft: d, Market: &domain.Market{Families: families}, Programs: programs, Now: now, PriceMaxAge: 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestPlannerChoice(t *testing.T) {
	t.Parallel()
	notJoined := func(p *domain.Program) { p.Joined = false }
	closed := func(p *domain.Program) { p.Open = false }
	unknown := func(p *domain.Program) { p.CommissionBasisPoints = nil }
	for _, tt := range []struct {
		name     string
		rows     []domain.Product
		programs []domain.Program
		want     string            // program of the offer, empty for none
		excluded map[string]string // by row key: part of the reason
	}{
		{"one merchant", []domain.Product{row("1", 1000)}, []domain.Program{program("1", 500)}, "prog_1", nil},
		{"more commission within the limit", []domain.Product{row("1", 1000), row("2", 1050)},
			[]domain.Program{program("1", 300), program("2", 800)}, "prog_2", nil},
		{"one cent above the limit", []domain.Product{row("1", 1000), row("2", 1051)},
			[]domain.Program{program("1", 300), program("2", 9000)}, "prog_1", map[string]string{"k2": "5 %"}},
		{"known commission before unknown", []domain.Product{row("1", 1000), row("2", 1010)},
			[]domain.Program{program("1", 0, unknown), program("2", 100)}, "prog_2", nil},
		{"unknown commissions: lowest price", []domain.Product{row("1", 1010), row("2", 1000)},
			[]domain.Program{program("1", 0, unknown), program("2", 0, unknown)}, "prog_2", nil},
		{"not joined", []domain.Product{row("1", 1000)}, []domain.Program{program("1", 500, notJoined)}, "", nil},
		{"closed", []domain.Product{row("1", 1000)}, []domain.Program{program("1", 500, closed)}, "", nil},
		{"not joined merchant is no yardstick", []domain.Product{row("1", 500), row("2", 1000)},
			[]domain.Program{program("1", 500, notJoined), program("2", 100)}, "prog_2", map[string]string{"k1": "not joined"}},
		{"in stock before a better price", []domain.Product{row("1", 1000, soldOut), row("2", 1500)},
			[]domain.Program{program("1", 900), program("2", 100)}, "prog_2", map[string]string{"k1": "out of stock"}},
		{"sold out everywhere", []domain.Product{row("1", 1000, soldOut)}, []domain.Program{program("1", 900)}, "prog_1", nil},
		{"stated stock before unstated", []domain.Product{row("1", 1000, noStock), row("2", 1040)},
			[]domain.Program{program("1", 900), program("2", 100)}, "prog_2", nil},
		{"unstated stock before a dear price", []domain.Product{row("1", 1000, noStock), row("2", 1200)},
			[]domain.Program{program("1", 100), program("2", 100)}, "prog_1", map[string]string{"k2": "5 %"}},
		{"delivery counts if all state it", []domain.Product{row("1", 1000, delivery(500)), row("2", 1100, delivery(0))},
			[]domain.Program{program("1", 900), program("2", 100)}, "prog_2", map[string]string{"k1": "5 %"}},
		{"delivery of one is left out", []domain.Product{row("1", 1000, delivery(500)), row("2", 1100)},
			[]domain.Program{program("1", 100), program("2", 100)}, "prog_1", map[string]string{"k2": "5 %"}},
		{"fixed commission", []domain.Product{row("1", 1000), row("2", 1000)}, []domain.Program{program("1", 500),
			program("2", 0, unknown, func(p *domain.Program) { p.CommissionFixed = &domain.Money{Minor: 60, Currency: "EUR"} })}, "prog_2", nil},
		{"equal offers by merchant name", []domain.Product{row("2", 1000), row("1", 1000)},
			[]domain.Program{program("1", 500), program("2", 500)}, "prog_1", nil},
		{"bad tracking link", []domain.Product{row("1", 1000, func(p *domain.Product) { p.TrackingURL = "javascript:alert(1)" })},
			[]domain.Program{program("1", 500)}, "", nil},
		{"other currency", []domain.Product{row("1", 1000), row("2", 900, func(p *domain.Product) { p.Price = &domain.Money{Minor: 9000, Currency: "JPY"} })},
			[]domain.Program{program("1", 100), program("2", 900)}, "prog_1", map[string]string{"k2": "currency"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := family("f", tt.rows...)
			res := run(t, draft(f), tt.programs, f)
			offers := res.Pages[0].Offers
			if tt.want == "" {
				if len(offers) != 0 || res.Placed != 0 || res.Skipped != 3 {
					t.Fatalf("offers %+v, placed %d, skipped %d, want none, 0, 3", offers, res.Placed, res.Skipped)
				}
				return
			}
			if len(offers) != 2 || string(offers[0].ProgramID) != tt.want {
				t.Fatalf("offers = %+v, want two of %s", offers, tt.want)
			}
			if offers[0].Reason == "" || len(offers[0].Alternatives) != len(tt.rows)-1 {
				t.Errorf("reason %q with %d alternatives, want a reason and %d", offers[0].Reason, len(offers[0].Alternatives), len(tt.rows)-1)
			}
			for _, a := range offers[0].Alternatives {
				if want := tt.excluded[a.RowKey]; want == "" && a.Excluded != "" || !strings.Contains(a.Excluded, want) {
					t.Errorf("alternative %s excluded by %q, want %q", a.RowKey, a.Excluded, want)
				}
			}
		})
	}
}

func TestPlannerFeedOnlyMerchant(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000))
	res := run(t, draft(f), nil, f)
	if res.Placed != 2 || len(res.Programs) != 1 {
		t.Fatalf("placed %d, programs %+v, want 2 and one stand-in", res.Placed, res.Programs)
	}
	if p := res.Programs[0]; p.Source != domain.SourceFeed || !p.Joined || p.CommissionBasisPoints != nil || p.ID != res.Pages[0].Offers[0].ProgramID {
		t.Errorf("stand-in = %+v", p)
	}
	if !slices.ContainsFunc(res.Findings, func(f domain.Finding) bool { return f.Rule == "MO-FEED-PROGRAM" && f.Severity == domain.GateWarn }) {
		t.Errorf("findings = %+v, want MO-FEED-PROGRAM", res.Findings)
	}
}

func TestPlannerPrices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		language string
		change   func(*domain.Product)
		want     string
	}{
		{"english", "en", func(*domain.Product) {}, "€1,299.00"},
		{"german", "de", func(*domain.Product) {}, "1.299,00 €"},
		{"as old as allowed", "en", func(p *domain.Product) { p.ReadAt = now.Add(-24 * time.Hour) }, "€1,299.00"},
		{"too old", "en", func(p *domain.Product) { p.ReadAt = now.Add(-24*time.Hour - 1) }, ""},
		{"never read", "en", func(p *domain.Product) { p.ReadAt = time.Time{} }, ""},
		{"text not kept", "en", func(p *domain.Product) { p.Fields = nil }, ""},
		{"text of another price", "en", func(p *domain.Product) { p.Fields["search_price"] = "1298.00" }, ""},
		{"decimal comma", "de", func(p *domain.Product) { p.Fields = map[string]string{"store_price": "1.299,00"} }, "1.299,00 €"},
		{"with currency", "en", func(p *domain.Product) { p.Fields = map[string]string{"display_price": "EUR1299.00"} }, "€1,299.00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := family("f", row("1", 129900, tt.change))
			d := draft(f)
			d.Pages[0].Language = tt.language
			res := run(t, d, []domain.Program{program("1", 500)}, f)
			o := res.Pages[0].Offers[0]
			if o.PriceText != tt.want || (o.Price != nil) != (tt.want != "") || (o.PriceAt != nil) != (tt.want != "") {
				t.Errorf("price %v at %v as %q, want %q", o.Price, o.PriceAt, o.PriceText, tt.want)
			}
			m := &domain.Market{Families: []domain.Family{f}}
			if rep := evidence.Verify(res.Pages, res.Evidence, evidence.NewMarketRows(m)); len(rep.Problems) > 0 || tt.want != "" && rep.Grounded != 1 {
				t.Errorf("grounded %d of %d: %+v", rep.Grounded, rep.Claims, rep.Problems)
			}
		})
	}
}

func TestPlannerMerchantNameWithFigures(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000, func(p *domain.Product) {
		p.MerchantName = "office24"
		p.Fields["merchant_name"] = "office24"
	}))
	res := run(t, draft(f), nil, f)
	if c := res.Pages[0].Claims; len(c) != 2 || c[0].Text != "office24" {
		t.Errorf("claims = %+v, want the name and the price", c)
	}
}

func TestPlannerLinks(t *testing.T) {
	t.Parallel()
	deep := func(p *domain.Program) { p.DeepLinks, p.Domains = true, []string{"shop.example", "*.shop.test"} }
	to := func(u string) func(*domain.Product) { return func(p *domain.Product) { p.MerchantURL = u } }
	for _, tt := range []struct {
		name string
		row  domain.Product
		want string // SUB stands for the sub-id; empty for no offer
	}{
		{"tracking link", row("1", 1), "https://www.awin1.com/pclick.php?p=5&a=777&m=1&clickref=SUB"},
		{"older reference is replaced", row("1", 1, func(p *domain.Product) { p.TrackingURL += "&clickref=x&clickRef=y" }),
			"https://www.awin1.com/pclick.php?p=5&a=777&m=1&clickref=SUB"},
		{"encoded stays, raw is encoded once", row("1", 1, func(p *domain.Product) {
			p.TrackingURL = "https://www.awin1.com/cread.php?awinmid=1&ued=https%3A%2F%2Fa.example%2F%3Fq%3D1&t=a b\"ü%zz"
		}), "https://www.awin1.com/cread.php?awinmid=1&ued=https%3A%2F%2Fa.example%2F%3Fq%3D1&t=a%20b%22%C3%BC%25zz&clickref=SUB"},
		{"no query", row("1", 1, func(p *domain.Product) { p.TrackingURL = "https://tidd.ly/abc#x" }), "https://tidd.ly/abc?clickref=SUB#x"},
		{"credentials in the link", row("1", 1, func(p *domain.Product) { p.TrackingURL = "https://a:b@www.awin1.com/?m=1" }), ""},
		{"relative", row("1", 1, func(p *domain.Product) { p.TrackingURL = "/pclick.php?m=1" }), ""},
		{"deep link", row("1", 1, noTracking, to("https://www.shop.example/a?b=c&d=ü")),
			"https://www.awin1.com/cread.php?awinmid=1&awinaffid=777&clickref=SUB&ued=https%3A%2F%2Fwww.shop.example%2Fa%3Fb%3Dc%26d%3D%C3%BC"},
		{"deep link below a wildcard", row("1", 1, noTracking, to("http://de.shop.test/")),
			"https://www.awin1.com/cread.php?awinmid=1&awinaffid=777&clickref=SUB&ued=http%3A%2F%2Fde.shop.test%2F"},
		{"deep link to a strange host", row("1", 1, noTracking, to("https://evilshop.example/")), ""},
		{"deep link to a longer host", row("1", 1, noTracking, to("https://shop.example.evil.test/")), ""},
		{"deep link to a script", row("1", 1, noTracking, to("javascript:alert(1)")), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := family("f", tt.row)
			res := run(t, draft(f), []domain.Program{program("1", 500, deep)}, f)
			if tt.want == "" {
				if res.Placed != 0 {
					t.Fatalf("placed %q", res.Pages[0].Offers[0].URL)
				}
				return
			}
			if res.Placed == 0 {
				t.Fatalf("no offer: %+v", res.Findings)
			}
			o := res.Pages[0].Offers[0]
			if want := strings.Replace(tt.want, "SUB", o.SubID, 1); o.URL != want {
				t.Errorf("URL = %s\nwant  %s", o.URL, want)
			}
		})
	}
}

func TestPlannerDeepLinkNeedsPublisher(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000, noTracking, func(p *domain.Product) { p.MerchantURL = "https://shop.example/" }))
	pr := program("1", 500, func(p *domain.Program) { p.DeepLinks, p.Domains = true, []string{"shop.example"} })
	d := draft(f)
	d.Website.Operator.PublisherID = ""
	if res := run(t, d, []domain.Program{pr}, f); res.Placed != 0 {
		t.Error("a deep link was built without a publisher id")
	}
	pr.DeepLinks = false
	if res := run(t, draft(f), []domain.Program{pr}, f); res.Placed != 0 {
		t.Error("a deep link was built for a program that allows none")
	}
}

func TestPlannerPublisherFindings(t *testing.T) {
	t.Parallel()
	for publisher, want := range map[string]bool{"777": false, "778": true, "0000000": true} {
		f := family("f", row("1", 1000, func(p *domain.Product) {
			p.TrackingURL = "https://www.awin1.com/pclick.php?p=5&a=" + publisher + "&m=1"
		}))
		res := run(t, draft(f), []domain.Program{program("1", 500)}, f)
		got := slices.ContainsFunc(res.Findings, func(f domain.Finding) bool { return f.Rule == "MO-PUBLISHER-ID" })
		if got != want {
			t.Errorf("publisher %s: finding %v, want %v", publisher, got, want)
		}
	}
}

func TestPlannerSubIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, site := range []domain.WebsiteID{"site_1", "site_2"} {
		for _, slug := range []string{"", "a", "b/c", strings.Repeat("Überlang-", 20), "日本"} {
			for _, slot := range []string{"card", "cta", ""} {
				id := monetization.SubID(site, slug, slot)
				where := fmt.Sprint(site, "|", slug, "|", slot)
				if seen[id] != "" {
					t.Errorf("%s and %s share %s", where, seen[id], id)
				}
				seen[id] = where
				if len(id) > 50 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
					t.Errorf("sub-id %q of %s breaks the form", id, where)
				}
			}
		}
	}
	if a, b := monetization.SubID("s", "p", "x"), monetization.SubID("s", "p", "x"); a != b {
		t.Errorf("sub-ids of one slot differ: %s, %s", a, b)
	}
}

func TestPlannerKeepsTheDraft(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000), row("2", 1010))
	d, want := draft(f), draft(f)
	run(t, d, nil, f)
	if !reflect.DeepEqual(d, want) {
		t.Error("the draft was changed")
	}
}

func TestPlannerRepeats(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000), row("2", 1010))
	d := draft(f)
	first := run(t, d, nil, f)
	d.Pages, d.Evidence = first.Pages, first.Evidence
	if second := run(t, d, nil, f); !reflect.DeepEqual(first, second) {
		t.Error("placing offers twice differs from placing them once")
	}
}

func TestPlannerDensity(t *testing.T) {
	t.Parallel()
	f := family("f", row("1", 1000))
	d := draft(f)
	for i := range 5 {
		d.Pages[0].Blocks = append(d.Pages[0].Blocks, domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: "f", Slot: fmt.Sprintf("more-%d", i)}})
	}
	res := run(t, d, nil, f)
	if n := len(res.Pages[0].Offers); n != monetization.MaxOffersPerProduct {
		t.Errorf("%d offers of one product, want %d", n, monetization.MaxOffersPerProduct)
	}
	if len(res.Pages[1].Offers) != 0 {
		t.Error("the FAQ page carries offers")
	}
}

func TestPlannerRefuses(t *testing.T) {
	t.Parallel()
	d, m := draft(), &domain.Market{}
	for field, in := range map[string]monetization.PlanInput{
		"draft":         {Market: m, Now: now, PriceMaxAge: 1},
		"market":        {Draft: d, Now: now, PriceMaxAge: 1},
		"now":           {Draft: d, Market: m, PriceMaxAge: 1},
		"price_max_age": {Draft: d, Market: m, Now: now},
	} {
		if _, err := monetization.New().Run(t.Context(), in); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("without %s: %v, want invalid", field, err)
		}
	}
}

// TestPlannerOptimum compares with an exhaustive search: over random markets, the
// offer earns the most that any row within the reader's limit earns, and never
// less than always taking the cheapest merchant.
func TestPlannerOptimum(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	better := 0
	for n := range 300 {
		var rows []domain.Product
		var programs []domain.Program
		for i := range 1 + r.IntN(4) {
			id := fmt.Sprint(i + 1)
			rows = append(rows, row(id, int64(1000+r.IntN(120))))
			programs = append(programs, program(id, r.IntN(1000), func(p *domain.Program) { p.Joined = r.IntN(5) > 0; p.Open = r.IntN(6) > 0 }))
		}
		f := family("f", rows...)
		res := run(t, draft(f), programs, f)
		cheapest, most, plain := int64(-1), int64(-1), int64(-1)
		for pass := range 2 {
			for i := range rows {
				price := rows[i].Price.Minor
				if !programs[i].Joined || !programs[i].Open {
					continue
				}
				earn := (price*int64(*programs[i].CommissionBasisPoints) + 5000) / 10000
				if pass == 0 && (cheapest < 0 || price < cheapest) {
					cheapest, plain = price, earn
				}
				if pass == 1 && price*100 <= cheapest*105 {
					most = max(most, earn)
				}
			}
		}
		if cheapest < 0 {
			if res.Placed != 0 {
				t.Fatalf("case %d: an offer of a program that is not joined or closed", n)
			}
			continue
		}
		o := res.Pages[0].Offers[0]
		i := slices.IndexFunc(rows, func(p domain.Product) bool { return p.Key == o.RowKey })
		got := (rows[i].Price.Minor*int64(*programs[i].CommissionBasisPoints) + 5000) / 10000
		if got != most || got < plain {
			t.Fatalf("case %d: offer earns %d, want %d (the cheapest earns %d)", n, got, most, plain)
		}
		if got > plain {
			better++
		}
	}
	if better == 0 {
		t.Error("the choice never earned more than the cheapest merchant")
	}
}

func FuzzTrackingLink(f *testing.F) {
	f.Add("https://www.awin1.com/pclick.php?p=1&a=2&m=3")
	f.Add("https://x.example/?clickref=a&b=%zz#f")
	f.Add("HTTP://[::1]:80/?q=\" onclick=")
	f.Fuzz(func(t *testing.T, raw string) {
		fam := family("f", row("1", 1000, func(p *domain.Product) { p.TrackingURL = raw }))
		res := run(t, draft(fam), nil, fam)
		for _, o := range res.Pages[0].Offers {
			u, err := url.Parse(o.URL)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
				t.Fatalf("link %q from %q: %v", o.URL, raw, err)
			}
			if got := u.Query()["clickref"]; len(got) != 1 || got[0] != o.SubID {
				t.Fatalf("link %q has the references %q, want %q", o.URL, got, o.SubID)
			}
			if strings.ContainsAny(o.URL, "\"<> \n") {
				t.Fatalf("link %q is not safe", o.URL)
			}
		}
	})
}
