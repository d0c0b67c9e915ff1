package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

// scanAnswer is what tests read of a scan.
type scanAnswer struct {
	ID           string                   `json:"id"`
	Topic        string                   `json:"topic"`
	Request      domain.ScanRequest       `json:"request"`
	Confidence   float64                  `json:"confidence_score"`
	Insufficient string                   `json:"insufficient_evidence"`
	Score        *domain.OpportunityScore `json:"opportunity_score"`
	Programs     *domain.ProgramResult    `json:"program_search"`
	Viral        domain.Estimate          `json:"viral_potential"`
	Revenue      *domain.RevenueEstimate  `json:"estimated_revenue"`
	Reason       string                   `json:"estimated_revenue_reason"`
	Recommended  json.RawMessage          `json:"recommended_actions"`
	Next         json.RawMessage          `json:"next_actions"`
	Ranking      *domain.NicheRanking     `json:"niche_ranking"`
	Trends       *domain.TrendData        `json:"trends"`
	Estimate     string                   `json:"estimate_id"`
}

const scanPath = "/api/v1/intelligence/opportunity-scan"

// TestOpportunityScan: the answer has all that it must, progress reaches a dashboard,
// it is kept with an estimate, and bad input is refused with the field.
func TestOpportunityScan(t *testing.T) {
	t.Parallel()
	a := startWith(t, nil)
	c := newCaller(t, a)
	importSample(t, a)
	conn, _ := c.socket("/ws/dashboard", "Authorization", "Bearer "+c.token)
	await(t, conn, "hello", func(string) bool { return true })
	var r scanAnswer
	body := c.want("POST", scanPath, map[string]any{"topic": sampleTopic}, http.StatusOK, &r).body
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, raw, []string{
		"research", "affiliate_programs", "confidence_score", "viral_potential", "recommended_actions", "next_actions", "estimated_revenue", "opportunity_score",
	}, []string{"tenant", "owner_id"})
	if r.Topic != sampleTopic || r.Confidence <= 0 || r.Confidence > 1 || string(r.Recommended) != string(r.Next) || r.Request.MinCommission != 5 || r.Request.Traffic != domain.TrafficLow {
		t.Errorf("answer = %+v", r)
	}
	sum := 0.0
	for _, p := range r.Score.Parts {
		sum += p.Contribution
		if p.Value != nil && len(p.Evidence) == 0 {
			t.Errorf("part %s has no evidence", p.Name)
		}
	}
	if math.Abs(sum-r.Score.Value) > 1e-9 || r.Score.Calibration != domain.Uncalibrated {
		t.Errorf("parts add up to %v of %v, %s", sum, r.Score.Value, r.Score.Calibration)
	}
	for _, state := range []string{"started", "progress", "completed"} {
		await(t, conn, "event", func(data string) bool {
			return strings.Contains(data, "intelligence.scan."+state) && strings.Contains(data, r.ID)
		})
	}
	var again scanAnswer
	c.want("GET", "/api/v1/intelligence/opportunities/"+r.ID, nil, http.StatusOK, &again)
	if again.Score.Value != r.Score.Value || again.Estimate != r.Estimate || r.Estimate == "" {
		t.Errorf("kept as %+v", again)
	}
	var none scanAnswer
	c.want("POST", scanPath, map[string]any{"topic": "unicorn saddles"}, http.StatusOK, &none)
	if none.Insufficient == "" || none.Confidence > 0.2 || none.Revenue != nil || none.Reason == "" || none.Viral.Value != nil {
		t.Errorf("without evidence: %+v", none)
	}
	for field, bad := range map[string]map[string]any{
		"topic":                {"topic": "of the best"},
		"min_commission":       {"topic": sampleTopic, "min_commission": 101},
		"traffic_requirements": {"topic": sampleTopic, "traffic_requirements": "huge"},
	} {
		if text := string(c.want("POST", scanPath, bad, http.StatusUnprocessableEntity, nil).body); !strings.Contains(text, field) {
			t.Errorf("%v: %s", bad, text)
		}
	}
	var ranked scanAnswer
	c.want("POST", scanPath, map[string]any{"limit": 3}, http.StatusOK, &ranked)
	if ranked.Ranking == nil || len(ranked.Ranking.Niches) == 0 || ranked.Topic != ranked.Ranking.Niches[0].Niche {
		t.Errorf("ranking = %+v of %q", ranked.Ranking, ranked.Topic)
	}
}

// TestProgramSearch: of 200 planted programs a scan finds exactly those that fit, and
// says how fresh they are.
func TestProgramSearch(t *testing.T) {
	t.Parallel()
	a := startWith(t, nil)
	c := newCaller(t, a)
	var csv strings.Builder
	csv.WriteString("network,advertiser_id,name,joined,open,commission_percent,traffic_requirements,sectors\n")
	want := map[string]bool{}
	for i := range 200 {
		percent, traffic, sector := i%10, []string{"low", "medium", "high"}[i%3], []string{"Kites", "Shoes"}[i/100]
		fmt.Fprintf(&csv, "awin,%d,Shop %d,yes,yes,%d,%s,%s\n", 5000+i, i, percent, traffic, sector)
		if percent >= 5 && traffic == "low" && sector == "Kites" {
			want[fmt.Sprint(5000+i)] = true
		}
	}
	n, problems, err := a.ImportPrograms(a.AsAdmin(t.Context()), strings.NewReader(csv.String()))
	if err != nil || n != 200 || len(problems) > 0 {
		t.Fatalf("%d programs, %v, %v", n, problems, err)
	}
	var r scanAnswer
	c.want("POST", scanPath, map[string]any{"topic": "kites"}, http.StatusOK, &r)
	for _, p := range r.Programs.Programs {
		if !want[p.AdvertiserID] {
			t.Errorf("found %s with %v %% and %s", p.AdvertiserID, *p.CommissionPercent, p.Traffic)
		}
	}
	if len(r.Programs.Programs) != len(want) || r.Programs.Searched != 200 || r.Programs.Freshness.Stale || r.Programs.Freshness.AgeSeconds == nil {
		t.Errorf("%d of %d found, want %d; freshness %+v", len(r.Programs.Programs), r.Programs.Searched, len(want), r.Programs.Freshness)
	}
}

// TestTrends: a planted trend comes back with its sign, noise stays without one, and
// questions that cannot be answered say so.
func TestTrends(t *testing.T) {
	t.Parallel()
	a := startWith(t, nil)
	c := newCaller(t, a)
	r := rand.New(rand.NewPCG(1, 2))
	end := time.Now().UTC().Truncate(24 * time.Hour)
	var file strings.Builder
	file.WriteString("Category: All categories\n\nDay,kites: (Germany),anchors: (Germany),noise: (Germany)\n")
	for i := range 90 {
		fmt.Fprintf(&file, "%s,%d,%d,%d\n", end.AddDate(0, 0, i-89).Format(time.DateOnly), 10+i*8/10+r.IntN(4), 95-i*8/10-r.IntN(4), 40+r.IntN(20))
	}
	admin := a.AsAdmin(t.Context())
	if n, _, err := a.ImportTrends(admin, strings.NewReader(file.String()), "trends.csv", "en"); err != nil || n != 3 {
		t.Fatalf("%d series, %v", n, err)
	}
	for industry, want := range map[string]string{"Kites": "up", "anchors": "down", "noise": "none"} {
		var d domain.TrendData
		c.want("GET", "/api/v1/intelligence/trends?period=60d&industry="+url.QueryEscape(industry), nil, http.StatusOK, &d)
		if len(d.Series) != 1 || d.Reason != "" {
			t.Fatalf("%s: %+v", industry, d)
		}
		s := d.Series[0]
		if s.Direction == nil || s.Direction.Direction != want || s.Unit == "" || s.Method == "" || s.Region != "Germany" || len(s.Points) != 61 || s.Forecast == nil {
			t.Errorf("%s: %+v with %d points", industry, s.Direction, len(s.Points))
		}
	}
	var d domain.TrendData
	c.want("GET", "/api/v1/intelligence/trends?industry=unknown+things", nil, http.StatusOK, &d)
	if len(d.Series) != 0 || d.Reason == "" || d.Period != "30d" {
		t.Errorf("unknown industry: %+v", d)
	}
	for _, bad := range []string{"", "?industry=", "?industry=kites&period=soon", "?industry=kites&period=0d"} {
		c.want("GET", "/api/v1/intelligence/trends"+bad, nil, http.StatusUnprocessableEntity, nil)
	}
	// The trend reaches the score of a scan of the same topic.
	var scan scanAnswer
	c.want("POST", scanPath, map[string]any{"topic": "kites"}, http.StatusOK, &scan)
	if p := scan.Score.Parts[1]; p.Name != "trend" || p.Value == nil || *p.Value <= 0.5 || len(p.Evidence) != 1 {
		t.Errorf("part %+v, want a trend above neutral", p)
	}
	planner := "Keyword Stats\n\nKeyword,Currency,Avg. monthly searches,Competition,Searches: Jan 2026,Searches: Feb 2026\n" +
		"kites,EUR,1K – 10K,High,1000,2000\nstunt kites,EUR,500,Low,400,600\n"
	if n, problems, err := a.ImportKeywords(admin, strings.NewReader(planner), "en"); err != nil || n != 2 || len(problems) != 0 {
		t.Fatalf("%d keywords, %v, %v", n, problems, err)
	}
	c.want("GET", "/api/v1/intelligence/trends?industry=stunt+kites", nil, http.StatusOK, &d)
	if len(d.Series) != 1 || d.Series[0].Kind != string(domain.SeriesSearches) || len(d.Series[0].Points) != 2 {
		t.Errorf("monthly searches: %+v", d.Series)
	}
	c.want("POST", scanPath, map[string]any{"topic": "kites"}, http.StatusOK, &scan)
	if p := scan.Score.Parts[0]; p.Name != "demand" || p.Value == nil || p.Inputs["monthly_searches"] != 1500.0 {
		t.Errorf("part %+v, want the demand of 1000 and 500 searches", p)
	}
}

// TestOfferHistory: what successive imports change about prices and stock becomes a
// history, and products that vanish are noted.
func TestOfferHistory(t *testing.T) {
	t.Parallel()
	a := startWith(t, nil)
	c := newCaller(t, a)
	ctx := a.AsAdmin(t.Context())
	feed := func(price func(i int) int, stock string, n int) []byte {
		var b bytes.Buffer
		b.WriteString("aw_deep_link,product_name,aw_product_id,merchant_product_id,merchant_image_url,description,merchant_category,search_price,merchant_name,merchant_id,category_name,currency,in_stock\n")
		for i := range n {
			fmt.Fprintf(&b, "https://shop.example/%d,Kite model %d,%d,m%d,,,Kites,%d.00,Shop,900001,Kites,EUR,%s\n", i, i, i, i, price(i), stock)
		}
		return b.Bytes()
	}
	for k, file := range [][]byte{
		feed(func(i int) int { return 100 + i }, "1", 12), feed(func(i int) int { return 100 + i }, "1", 12), // nothing changed
		feed(func(i int) int { return 50 + i/2 }, "0", 10),
	} {
		if r, err := a.Catalogue.ImportFeed(ctx, "kites", "kites.csv", bytes.NewReader(file), int64(len(file)), func(int64, int64, int) {}); err != nil || r.Status != domain.ImportComplete {
			t.Fatalf("import %d: %+v, %v", k, r, err)
		}
	}
	var d domain.TrendData
	c.want("GET", "/api/v1/intelligence/trends?industry=kites", nil, http.StatusOK, &d)
	if len(d.Series) != 2 || d.Series[0].Kind != "offer_price" || d.Series[0].Unit != "EUR" || d.Series[1].Kind != "in_stock_share" {
		t.Fatalf("series = %+v", d.Series)
	}
	// All imports are of one day: its mean of what was before and after.
	p := d.Series[0].Points
	if v := *p[len(p)-1].Value; v < 55 || v > 100 {
		t.Errorf("typical price = %v", v)
	}
	if v := *d.Series[1].Points[0].Value; v != 0.5 {
		t.Errorf("stock = %v, want the mean of 1 and 0", v)
	}
}

// TestLaunchFreezesEstimates: a launch freezes what its scan said, and the approval of
// its website freezes it again.
func TestLaunchFreezesEstimates(t *testing.T) {
	t.Parallel()
	a := startWith(t, nil)
	c := newCaller(t, a)
	importSample(t, a)
	site := c.launch(sampleTopic, "espresso.example")
	var list []struct {
		Kind, Subject, Calibration string
		Hash                       string                  `json:"inputs_sha256"`
		Score                      domain.OpportunityScore `json:"score"`
	}
	path := "/api/v1/intelligence/estimates?website_id=" + site.WebsiteID
	c.want("GET", path, nil, http.StatusOK, &list)
	if len(list) != 1 || list[0].Kind != "launch" || list[0].Calibration != domain.Uncalibrated || list[0].Score.Value <= 0 || len(list[0].Hash) != 64 {
		t.Fatalf("after the launch: %+v", list)
	}
	c.decide(&site, "approve", "")
	c.want("GET", path, nil, http.StatusOK, &list)
	if len(list) != 2 || list[0].Kind != "approval" || list[0].Hash != list[1].Hash || list[0].Score.Value != list[1].Score.Value {
		t.Errorf("after the approval: %+v", list)
	}
}
