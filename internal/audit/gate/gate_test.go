package gate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/audit/gate"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

var at = time.Date(2026, time.November, 22, 6, 0, 0, 0, time.UTC)

// Entries of the sitemap.
const home, best = "<url><loc>https://keys.example/</loc></url>", "<url><loc> https://keys.example/best/ </loc></url>"

const offerURL = "https://www.awin1.com/cread.php?awinmid=1&clickref=best-a"

// world is a small site that passes all gates.
type world struct {
	draft  domain.Draft
	market domain.Market
	body   map[string]string // main text by path
	files  []domain.File     // further files
	links  string            // in the footer of every page
	skip   string            // path that is not built
	site   func(string) string
}

func newWorld() *world {
	op := domain.Operator{
		Name: "Ada Sample", Street: "Example Street 1", PostalCode: "00000", City: "Sampletown", Country: "Germany",
		Email: "ada@keys.example", Phone: "+49 30 23125", Responsible: "Ada Sample",
	}
	w := &world{
		market: domain.Market{At: at}, body: map[string]string{}, site: func(s string) string { return s },
		links: `<a href="/">Keyboards home</a> <a href="/best/">Cheap keyboards</a> <a href="/imprint/">Legal notice</a> <a href="/privacy/">Privacy page</a>`,
	}
	for i := range 10 {
		key := fmt.Sprintf("r%c", 'a'+i)
		w.market.Families = append(w.market.Families, domain.Family{Key: key, Variants: []domain.Product{{
			FeedID: "f", Key: key, Name: "Wave " + key, Description: strings.Join(wordsFrom(100+i, 20), " "), ReadAt: at,
			Price: &domain.Money{Minor: int64(1000 + 100*i), Currency: "EUR"}, Fields: map[string]string{"search_price": fmt.Sprintf("%d.00", 10+i)},
		}}})
	}
	l := evidence.NewLedger()
	w.draft = domain.Draft{
		Website:  domain.Website{Domain: "keys.example", Language: "en", Niche: "keyboards", Operator: op},
		Programs: []domain.Program{{ID: "p", Name: "Gadget Barn", Joined: true, Open: true}}, BuiltAt: at,
	}
	w.page(l, domain.PageHome, "", "Keyboards by price and specification")
	w.page(l, domain.PageBest, "best", "Cheap keyboards in one table")
	w.page(l, domain.PageImprint, "imprint", "Legal notice of this website")
	w.page(l, domain.PagePrivacy, "privacy", "Privacy notice of this website")
	w.draft.Evidence = l.All()
	w.body["/best/"] += `<p>€10.00, incl. VAT, as of <time datetime="2026-11-22">22 November 2026</time></p><p><a rel="sponsored" href="` +
		strings.ReplaceAll(offerURL, "&", "&amp;") + `">Ad View at Gadget Barn</a></p>`
	w.body["/imprint/"] += fmt.Sprintf("<p>%s, %s, %s %s, %s, %s, %s</p>", op.Name, op.Street, op.PostalCode, op.City, op.Country, op.Email, op.Phone)
	w.body["/privacy/"] += fmt.Sprintf("<p>%s, %s, Art. 15 GDPR</p>", op.Name, op.Email)
	price := w.market.Families[0].Variants[0].Price
	p := &w.draft.Pages[1]
	p.Products = []string{"ra", "rb"}
	p.Blocks = []domain.Block{{Type: domain.BlockTable, Table: &domain.Table{Caption: "Prices"}}}
	p.Offers = []domain.Offer{{
		Slot: "a", Product: "ra", RowKey: "ra", FeedID: "f", ProgramID: "p", MerchantName: "Gadget Barn", URL: offerURL, SubID: "best-a",
		Price: price, PriceAt: &at, PriceText: "€10.00", Claims: []domain.ClaimID{"c1"},
	}}
	return w
}

// page adds a page that states all prices of the market and figures over them.
func (w *world) page(l *evidence.Ledger, kind domain.PageKind, slug, title string) {
	c := evidence.NewClaims()
	var rows []string
	var prices []float64
	for i := range w.market.Families {
		row := w.market.Families[i].Lead()
		c.Add(row.Price.Format("en"), l.Field(row, "search_price"))
		rows, prices = append(rows, row.Key), append(prices, row.Price.Major())
	}
	set := l.Set("search_price", rows, prices, "prices")
	for _, f := range []string{"median", "count", "max"} {
		id, v, _ := l.Compute(f, f+" price", []domain.EvidenceID{set})
		c.Add(fmt.Sprint(v), id)
	}
	for name, text := range map[string]string{"street": "Example Street 1", "city": "00000 Sampletown", "phone": "+49 30 23125"} {
		c.Add(text, l.Setting("operator."+name, text))
	}
	c.Add("Art. 15 GDPR", l.Rule("GDPR Art. 15", "Art. 15 GDPR"))
	p := domain.Page{
		Kind: kind, Slug: slug, Language: "en", Title: title, Heading: title, Description: title + ", read from merchant feeds and computed for this site",
		Indexable: !kind.Legal(), Claims: c.All(), UpdatedAt: at,
	}
	w.draft.Pages = append(w.draft.Pages, p)
	w.body[p.Path()] = "<p>The median is 14.5 over 10 keyboards. " + strings.Join(wordsFrom(len(w.draft.Pages), 200), " ") + ".</p>"
}

// wordsFrom returns words that another seed does not give in the same order.
func wordsFrom(seed, n int) []string {
	out := make([]string, n)
	x := uint32(seed*7919 + 17)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = string([]rune{'a' + rune(x>>28), 'e', 'k' + rune(x>>24&7), 'a' + rune(x>>20&15), 'n'})
	}
	return out
}

func (w *world) build() []domain.File {
	files := slices.Clone(w.files)
	sitemap := `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`
	for i := range w.draft.Pages {
		p := &w.draft.Pages[i]
		address, robots := "https://keys.example"+p.Path(), "noindex"
		if p.Indexable {
			robots = "index, follow"
			sitemap += "<url><loc>" + address + "</loc></url>"
		}
		if p.Path() == w.skip {
			continue
		}
		head := fmt.Sprintf(`<title>%s</title><meta name="viewport" content="width=device-width"><meta name="description" content="%s"><meta name="robots" content="%s"><link rel="canonical" href="%s">`+
			`<meta property="og:title" content="%s"><meta property="og:description" content="%s"><meta property="og:type" content="article"><meta property="og:url" content="%s">`+
			`<meta property="og:image" content="https://keys.example/og.png">`+
			`<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebPage","name":%q,"url":%q}</script>`,
			p.Title, p.Description, robots, address, p.Title, p.Description, address, p.Heading, address)
		body := "<p>Advertising: if you buy through our links, we may earn a commission.</p><main><h1>" + p.Heading + "</h1>" + w.body[p.Path()] + "</main><footer>" + w.links + "</footer>"
		files = append(files, domain.File{Path: p.Path(), ContentType: "text/html; charset=utf-8", Body: []byte(w.site(`<!DOCTYPE html><html lang="en"><head>` + head + "</head><body>" + body + "</body></html>"))})
	}
	if !slices.ContainsFunc(files, func(f domain.File) bool { return f.Path == "/sitemap.xml" }) {
		files = append(files, domain.File{Path: "/sitemap.xml", ContentType: "application/xml", Body: []byte(sitemap + "</urlset>")})
	}
	return files
}

func (w *world) check(t *testing.T) gate.Report {
	t.Helper()
	r, err := gate.Check(t.Context(), &w.draft, &w.market, w.build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func find(r gate.Report, name string) domain.Gate {
	i := slices.IndexFunc(r.Gates, func(g domain.Gate) bool { return g.Name == name })
	if i < 0 {
		return domain.Gate{}
	}
	return r.Gates[i]
}

func TestCheckGreen(t *testing.T) {
	t.Parallel()
	r := newWorld().check(t)
	var names []string
	for _, g := range r.Gates {
		names = append(names, g.Name)
		if g.State != domain.GatePass || len(g.Findings) != 0 || g.Checked == 0 {
			t.Errorf("gate %s is %s over %d: %s %v", g.Name, g.State, g.Checked, g.Summary, g.Findings)
		}
	}
	if diff := cmp.Diff([]string{"grounding", "compliance", "duplicates", "heads", "links", "sitemap", "seo", "offers"}, names); diff != "" {
		t.Errorf("gates (-want +got):\n%s", diff)
	}
	if r.Claims != 4*17 || r.Grounded != r.Claims || r.Pages != 4 || r.Products != 2 || r.SEOScore < gate.MinSEOScore {
		t.Errorf("report = %d of %d claims, %d pages, %d products, score %v", r.Grounded, r.Claims, r.Pages, r.Products, r.SEOScore)
	}
}

func replace(old, with string) func(*world) {
	return func(w *world) { w.site = func(s string) string { return strings.ReplaceAll(s, old, with) } }
}

func sitemap(body string) func(*world) {
	return func(w *world) {
		w.files = append(w.files, domain.File{Path: "/sitemap.xml", ContentType: "application/xml", Body: []byte(body)})
	}
}

func seal(w *world, e domain.Evidence) { w.draft.Evidence = append(w.draft.Evidence, e.Seal()) }

// redCases are changes that turn one gate red.
var redCases = []struct {
	gate, name, rule, want string
	change                 func(*world)
}{
	{"grounding", "figure in the page", "EVIDENCE", "figure 777", func(w *world) { w.body["/best/"] += "<p>777 keyboards</p>" }},
	{"grounding", "claim without evidence", "EVIDENCE", "no evidence", func(w *world) { w.draft.Pages[0].Claims[0].Evidence = nil }},
	{"grounding", "page that nobody drafted", "EVIDENCE", "no such page", func(w *world) {
		w.files = append(w.files, domain.File{Path: "/x/", ContentType: "text/html", Body: []byte("<p>x")})
	}},
	{"grounding", "error page", "EVIDENCE", "figure 777", func(w *world) {
		w.files = append(w.files, domain.File{Path: "/404.html", ContentType: "text/html", Status: 404, Body: []byte("<main>777</main>")})
	}},
	{"grounding", "day outside of a date", "EVIDENCE", "figure 22 ", func(w *world) { w.body["/best/"] += "<p>22 keys</p>" }},
	{"grounding", "setting from nowhere", "EVIDENCE", "stated nowhere", func(w *world) {
		seal(w, domain.Evidence{Kind: domain.EvidenceSetting, Field: "size", Value: "27 in"})
	}},
	{"grounding", "rule that is no law", "EVIDENCE", "cites no law", func(w *world) { seal(w, domain.Evidence{Kind: domain.EvidenceRule, Field: "size", Value: "27 in"}) }},
	{"compliance", "hidden text", "L4", "hidden", func(w *world) { w.body["/"] += "<p hidden>cheap keyboards buy keyboards</p>" }},
	{"compliance", "merchant's text", "L2", "merchant", func(w *world) { w.body["/"] += "<p>" + w.market.Families[3].Variants[0].Description + "</p>" }},
	{"compliance", "file that loads", "L13", "elsewhere", func(w *world) {
		w.files = append(w.files, domain.File{Path: "/a.css", ContentType: "text/css", Body: []byte("p{background:url(//x.example/a)}")})
	}},
	{"duplicates", "copy", "L1", "stands on", func(w *world) { w.body["/imprint/"] += w.body["/"] }},
	{"heads", "title", "UNIQUE-TITLE", "same title as /", replace("<title>Cheap keyboards in one table", "<title>KEYBOARDS by price  and specification")},
	{"heads", "h1", "UNIQUE-H1", "same h1 as /", replace("<h1>Cheap keyboards in one table", "<h1>Keyboards <i>by</i> price and specification")},
	{"heads", "description", "UNIQUE-DESCRIPTION", "same description as /", replace(`name="description" content="Cheap keyboards in one table`, `name="description" content="Keyboards by price and specification`)},
	{"heads", "no title", "UNIQUE-TITLE", "no title", replace("<title>Cheap keyboards in one table</title>", "")},
	{"heads", "no h1", "UNIQUE-H1", "no h1", replace("<h1>Cheap keyboards in one table</h1>", "")},
	{"heads", "no description", "UNIQUE-DESCRIPTION", "no description", replace(`name="description"`, `name="summary"`)},
	{"links", "dead link", "LINK", "leads nowhere", func(w *world) { w.links += `<a href="/none/">none here</a>` }},
	{"links", "dead absolute link", "LINK", "leads nowhere", func(w *world) { w.links += `<a href="https://keys.example/none/">none here</a>` }},
	{"links", "dead relative link", "LINK", "leads nowhere", func(w *world) { w.body["/best/"] += `<a href="none/">none here</a>` }},
	{"links", "dead anchor", "LINK", "does not exist", func(w *world) { w.links += `<a href="/best/#none">none here</a>` }},
	{"links", "unreadable", "LINK", "cannot be read", func(w *world) { w.links += `<a href="http://[x">none here</a>` }},
	{"links", "missing image", "LINK", "leads nowhere", func(w *world) { w.links += `<img alt="" src="/none.png">` }},
	{"links", "orphan", "ORPHAN", "No page links", func(w *world) {
		w.links = strings.Replace(w.links, `<a href="/best/">Cheap keyboards</a>`, "", 1)
		w.body["/best/"] += `<a href="/best/">this page itself</a>`
	}},
	{"links", "page not built", "BUILD", "not built", func(w *world) { w.skip = "/best/" }},
	{"sitemap", "none", "SITEMAP", "cannot be read", sitemap("")},
	{"sitemap", "missing page", "SITEMAP", "is missing", sitemap("<urlset>" + home + "</urlset>")},
	{"sitemap", "page too many", "SITEMAP", "not an indexable page", sitemap("<urlset>" + home + best + "<url><loc>https://keys.example/privacy/</loc></url></urlset>")},
	{"sitemap", "twice", "SITEMAP", "2 times", sitemap("<urlset>" + home + best + best + "</urlset>")},
	{"sitemap", "built to be left out", "SITEMAP", "another robots directive", replace("index, follow", "noindex")},
	{"seo", "no language", "SEO-LANG", "language", replace(`<html lang="en">`, "<html>")},
}

func TestCheckRed(t *testing.T) {
	t.Parallel()
	for _, tt := range redCases {
		t.Run(tt.gate+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			tt.change(w)
			g := find(w.check(t), tt.gate)
			if g.State != domain.GateFail || !slices.ContainsFunc(g.Findings, func(f domain.Finding) bool {
				return f.Rule == tt.rule && f.Severity == domain.GateFail && strings.Contains(f.Message, tt.want) && f.Fix != ""
			}) {
				t.Errorf("gate is %s, findings %v, want %s with %q", g.State, g.Findings, tt.rule, tt.want)
			}
		})
	}
}

// TestCheckStillGreen plants what looks like a violation and is none.
func TestCheckStillGreen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*world)
	}{
		{"redirect path of the edge", func(w *world) { w.body["/best/"] += `<p><a rel="sponsored" href="/go/x">Ad: offer</a></p>` }},
		{"other hosts", func(w *world) {
			w.links += `<a href="https://maker.example/none/">The maker</a><a href="mailto:ada@keys.example">Write us</a>`
		}},
		{"address as the browser resolves it", func(w *world) { w.links += `<a href="https://KEYS.example/best/">Again cheap</a>` }},
		{"sitemap in another form", sitemap("<?xml version='1.0'?>\n<urlset>" + best + "<!-- x -->" + home + "</urlset>")},
		{"error page with menu", func(w *world) {
			w.files = append(w.files, domain.File{Path: "/404.html", ContentType: "text/html", Status: 404, Body: []byte("<main>Not found</main><nav>Best 10</nav>")})
		}},
		{"day of the feed", func(w *world) {
			seal(w, domain.Evidence{Kind: domain.EvidenceSetting, Field: "feed_read_at", Value: "22. November 2026"})
			seal(w, domain.Evidence{Kind: domain.EvidenceRule, Field: "UWG", Value: "§ 5a Abs. 4 UWG"})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			tt.change(w)
			for _, g := range w.check(t).Gates {
				if g.State == domain.GateFail {
					t.Errorf("gate %s: %v", g.Name, g.Findings)
				}
			}
		})
	}
}

func TestCheckOffersWarns(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.draft.Pages[1].Offers = nil
	if g := find(w.check(t), "offers"); g.State != domain.GateWarn || g.Checked != 0 || len(g.Findings) != 1 {
		t.Errorf("gate = %+v, want a warning", g)
	}
}

func TestCheckWithoutSitemap(t *testing.T) {
	t.Parallel()
	w := newWorld()
	files := slices.DeleteFunc(w.build(), func(f domain.File) bool { return f.Path == "/sitemap.xml" })
	r, err := gate.Check(t.Context(), &w.draft, &w.market, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if g := find(r, "sitemap"); g.State != domain.GateFail {
		t.Errorf("gate = %+v, want red", g)
	}
}

// TestCheckManyCopies bounds the cost and the list of a site that is all copies.
func TestCheckManyCopies(t *testing.T) {
	t.Parallel()
	const n = 200
	w := newWorld()
	text := "<main><p>" + strings.Join(wordsFrom(50, 300), " ") + "</main>"
	for i := range n {
		w.files = append(w.files, domain.File{Path: fmt.Sprintf("/%c%c/", 'a'+i/20, 'a'+i%20), ContentType: "text/html", Body: []byte(text)})
	}
	g := find(w.check(t), "duplicates")
	if g.State != domain.GateFail || len(g.Findings) != n-1 || g.Checked != (n+4)*(n+3)/2 {
		t.Errorf("state %s with %d findings over %d pairs, want one for each copy", g.State, len(g.Findings), g.Checked)
	}
	if f := g.Findings[n-2]; !strings.Contains(f.Message, "100 %") || !strings.Contains(f.Message, fmt.Sprintf("on %d more pages", n-2)) {
		t.Errorf("finding = %+v", f)
	}
}

func TestCheckRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.links += `<a href="/none/">x</a>`
	w.body["/best/"] += "<p>777 hidden</p>" + w.body["/"]
	sitemap("<urlset/>")(w)
	if diff := cmp.Diff(w.check(t), w.check(t)); diff != "" {
		t.Errorf("two checks of one site differ:\n%s", diff)
	}
}

func TestCheckErrors(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gate.Check(ctx, &w.draft, &w.market, w.build(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	files := []domain.File{{Path: "/", ContentType: "text/html", Body: []byte(strings.Repeat("<div>", 1000))}}
	if _, err := gate.Check(t.Context(), &w.draft, &w.market, files, nil); domain.CodeOf(err) != domain.CodeTooLarge {
		t.Errorf("unreadable page: %v", err)
	}
}

// TestSnapshots: a claim that rests on a kept page is proved by what keeps it; a
// damaged one turns the gate red and names the page, and nothing rests on one where
// none are kept.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := domain.Snapshot{URL: "https://a.example/", FinalURL: "https://a.example/", SHA256: strings.Repeat("0", 64), FetchedAt: at}.Seal()
	e := s.Cites("It weighs 950 g.", 12)
	seal(w, e)
	w.draft.Pages[1].Claims = append(w.draft.Pages[1].Claims, domain.Claim{ID: "s1", Text: "950 g", Evidence: []domain.EvidenceID{e.ID}})
	for name, tt := range map[string]struct {
		snapshot gate.Snapshot
		want     domain.GateState
	}{
		"intact": {func(context.Context, domain.Evidence) error { return nil }, domain.GatePass},
		"damaged": {func(context.Context, domain.Evidence) error {
			return domain.Errorf(domain.CodeConflict, "It is damaged.")
		}, domain.GateFail},
		"nowhere": {nil, domain.GateFail},
	} {
		r, err := gate.Check(t.Context(), &w.draft, &w.market, w.build(), tt.snapshot)
		if err != nil {
			t.Fatal(err)
		}
		g := find(r, "grounding")
		if g.State != tt.want {
			t.Errorf("%s: %s %v", name, g.State, g.Findings)
		}
		if tt.want == domain.GateFail && (len(g.Findings) != 1 || g.Findings[0].Page != "/best/") {
			t.Errorf("%s: findings %+v, want one on /best/", name, g.Findings)
		}
	}
}
