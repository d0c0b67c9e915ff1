package evidence_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// world is a small grounded page with its market.
type world struct {
	market domain.Market
	pages  []domain.Page
	held   []domain.Evidence
	ids    map[string]domain.EvidenceID
}

func euros(minor int64) *domain.Money { return &domain.Money{Minor: minor, Currency: "EUR"} }

func newWorld() *world {
	row := func(key, name, price string, minor int64) domain.Product {
		return domain.Product{
			FeedID: "f", Key: key, Name: name, ReadAt: at, Price: euros(minor),
			Fields: map[string]string{"product_name": name, "search_price": price, "specifications": "size: 27; modules: 2,16"},
		}
	}
	size := domain.Attribute{Name: "screen_size", Kind: domain.AttributeNumber, Number: 27, Field: "specifications", Raw: "27", RowKey: "r1"}
	w := &world{ids: map[string]domain.EvidenceID{}, market: domain.Market{Families: []domain.Family{
		{Key: "a", Attributes: []domain.Attribute{size}, Variants: []domain.Product{row("r1", "Wave 27", "1299.00", 129900)}},
		{Key: "b", Variants: []domain.Product{row("r2", "Surf K552", "99.50", 9950), row("r3", "Surf K552 red", "120", 12000)}},
	}}}
	first := w.market.Families[0].Lead()
	l := evidence.NewLedger()
	w.ids["name"] = l.Field(first, "product_name")
	w.ids["price"] = l.Field(first, "search_price")
	w.ids["size"] = l.Attribute(&w.market.Families[0], size)
	w.ids["prices"] = l.Set("search_price", []string{"r1", "r2"}, []float64{1299, 99.5}, "prices")
	w.ids["median"], _, _ = l.Compute("median", "median price", []domain.EvidenceID{w.ids["prices"]})
	w.ids["count"], _, _ = l.Compute("count_le", "cheap", []domain.EvidenceID{w.ids["prices"]}, 150)
	w.held = l.All()
	c := evidence.NewClaims()
	name, price := c.Add("Wave 27", w.ids["name"]), c.Add("€1,299.00", w.ids["price"])
	median, count := c.Add("€699.25", w.ids["median"]), c.Add("1 costs at most €150", w.ids["count"])
	w.pages = []domain.Page{{
		Slug: "wave", Language: "en", Title: "Wave 27 in figures", Heading: "Wave 27", Claims: c.All(),
		Blocks: []domain.Block{
			paragraph(domain.Sentence{Text: "Wave 27 costs €1,299.00.", Claims: []domain.ClaimID{name, price}}),
			paragraph(domain.Sentence{Text: "The median is €699.25, and 1 costs at most €150.", Claims: []domain.ClaimID{median, count}}),
			paragraph(domain.Sentence{Text: "Compare prices with the cheapest offer before you buy.", Opinion: true}),
			{Type: domain.BlockTable, Table: &domain.Table{Caption: "Prices", Rows: []domain.Row{{Cells: []domain.Cell{
				{Text: "Wave 27", Claims: []domain.ClaimID{name}}, {Text: "€1,299.00", Claims: []domain.ClaimID{price}}, {},
			}}}}},
		},
	}}
	return w
}

func paragraph(s ...domain.Sentence) domain.Block {
	return domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: s}}
}

func (w *world) verify() evidence.Report {
	return evidence.Verify(w.pages, w.held, evidence.NewMarketRows(&w.market))
}

// reseal replaces the evidence of that name by a changed one with a fitting ID, as
// one who forges evidence would, and lets claims and computations follow.
func (w *world) reseal(name string, change func(*domain.Evidence)) {
	old := w.ids[name]
	for i := range w.held {
		if w.held[i].ID == old {
			change(&w.held[i])
			w.held[i] = w.held[i].Seal()
			w.ids[name] = w.held[i].ID
		}
	}
	for i := range w.pages[0].Claims {
		list := w.pages[0].Claims[i].Evidence
		if j := slices.Index(list, old); j >= 0 {
			list[j] = w.ids[name]
		}
	}
	for other, id := range w.ids {
		for i := range w.held {
			if w.held[i].ID == id && slices.Contains(w.held[i].Inputs, old) {
				w.reseal(other, func(e *domain.Evidence) { e.Inputs[slices.Index(e.Inputs, old)] = w.ids[name] })
				break
			}
		}
	}
}

func (w *world) item(name string) *domain.Evidence {
	i := slices.IndexFunc(w.held, func(e domain.Evidence) bool { return e.ID == w.ids[name] })
	return &w.held[i]
}

func (w *world) sentence(block int) *domain.Sentence {
	return &w.pages[0].Blocks[block].Paragraph.Sentences[0]
}

func TestVerifyGrounded(t *testing.T) {
	t.Parallel()
	rep := newWorld().verify()
	if len(rep.Problems) != 0 || rep.Claims != 4 || rep.Grounded != 4 {
		t.Errorf("report = %+v, want 4 of 4 claims grounded", rep)
	}
}

// corruptions are ways to break a grounded page, with a part of the message that tells it.
var corruptions = []struct {
	name    string
	corrupt func(*world)
	want    string // part of a message
}{
	{"changed evidence", func(w *world) { w.item("price").Value = "1199.00" }, "was changed"},
	{"changed note", func(w *world) { w.item("median").Note = "mean price" }, "was changed"},
	{"wrong span", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.Value = "1199.00" }) }, "is not in field"},
	{"span cuts a figure", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.Value = "299.00" }) }, "is not in field"},
	{"span cuts a figure at its end", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.Value = "1299" }) }, "is not in field"},
	{"wrong field", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.Field = "rrp_price" }) }, "is not in field"},
	{"empty span", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.Value = "" }) }, "is not in field"},
	{"other row", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.RowKey = "r2" }) }, "is not in field"},
	{"no such row", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.RowKey = "r9" }) }, "is not in the market"},
	{"other feed", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.FeedID = "g" }) }, "is not in the market"},
	{"older than the row", func(w *world) {
		w.reseal("price", func(e *domain.Evidence) { old := at.Add(-time.Hour); e.At = &old })
	}, "another time"},
	{"without a time", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.At = nil }) }, "another time"},
	{"changed row", func(w *world) { w.market.Families[0].Variants[0].Fields["search_price"] = "1399.00" }, "is not in field"},
	{"forged set", func(w *world) { w.reseal("prices", func(e *domain.Evidence) { e.Values[1] = 9.5 }) }, "does not have the value"},
	{"set without a row", func(w *world) { w.reseal("prices", func(e *domain.Evidence) { e.Rows = e.Rows[:1] }) }, "1 rows and 2 values"},
	{"set of unknown rows", func(w *world) { w.reseal("prices", func(e *domain.Evidence) { e.Rows[0] = "r9" }) }, "does not have the value"},
	{"wrong result", func(w *world) {
		w.reseal("median", func(e *domain.Evidence) { e.Result, e.Value = 650, "650" })
	}, "computed again gives"},
	{"result written wrong", func(w *world) { w.reseal("median", func(e *domain.Evidence) { e.Value = "650" }) }, "is written"},
	{"result that is no number", func(w *world) { w.item("median").Result = math.NaN() }, "was changed"},
	{"unknown formula", func(w *world) { w.reseal("median", func(e *domain.Evidence) { e.Formula = "guess" }) }, "does not exist"},
	{"formula without arguments", func(w *world) { w.reseal("count", func(e *domain.Evidence) { e.Args = nil }) }, "needs 1"},
	{"lost input", func(w *world) { w.reseal("median", func(e *domain.Evidence) { e.Inputs[0] = "ev_none" }) }, "is missing"},
	{"input without numbers", func(w *world) { w.reseal("median", func(e *domain.Evidence) { e.Inputs[0] = w.ids["name"] }) }, "holds no numbers"},
	{"formula without a result", func(w *world) { w.reseal("median", func(e *domain.Evidence) { e.Formula = "ratio" }) }, "no result"},
	{"rests on itself", func(w *world) { e := w.item("median"); e.Inputs[0] = e.ID }, "was changed"},
	{"unknown kind", func(w *world) { w.reseal("price", func(e *domain.Evidence) { e.Kind = "rumor" }) }, "unknown kind"},
	{"empty setting", func(w *world) {
		w.reseal("price", func(e *domain.Evidence) { *e = domain.Evidence{Kind: domain.EvidenceSetting, Field: "x", Value: " "} })
	}, "is empty"},
	{"lost evidence", func(w *world) {
		w.held = slices.DeleteFunc(w.held, func(e domain.Evidence) bool { return e.ID == w.ids["price"] })
	}, "is missing"},
	{"claim without evidence", func(w *world) { w.pages[0].Claims[1].Evidence = nil }, "no evidence"},
	{"claim with another figure", func(w *world) { w.pages[0].Claims[1].Text = "€1,199.00" }, "figure 1,199.00 is not in the evidence"},
	{"claim on a large set", func(w *world) {
		w.pages[0].Claims[1] = domain.Claim{ID: "c2", Text: "€1,299.00", Evidence: []domain.EvidenceID{w.ids["prices"]}}
	}, "is not in the evidence"},
	{"two claims with one ID", func(w *world) { w.pages[0].Claims[1].ID = "c1" }, "have this ID"},
	{"missing claim", func(w *world) { w.pages[0].Claims = w.pages[0].Claims[:3] }, "names claim c4"},
	{"figure in a sentence", func(w *world) { w.sentence(0).Text = "Wave 27 costs €1,199.00." }, "figure 1,199.00 has no claim"},
	{"figure of another claim", func(w *world) { w.sentence(0).Claims = w.sentence(0).Claims[:1] }, "figure 1,299.00 has no claim"},
	{"fraction in a sentence", func(w *world) { w.sentence(0).Text = "Wave 27 costs €1,299.00 and ½ cent." }, "figure ½ has no claim"},
	{"opinion with a figure", func(w *world) { w.sentence(2).Text = "Spend at least 27 euros." }, "an opinion holds the figure 27"},
	{"opinion that ranks", func(w *world) { w.sentence(2).Text = "This is the best keyboard." }, "ranks products"},
	{"opinion that ranks in German", func(w *world) { w.sentence(2).Text = "Das ist die beste Tastatur." }, "ranks products"},
	{"sentence without claim", func(w *world) { w.sentence(2).Opinion = false }, "without a claim"},
	{"figure in the title", func(w *world) { w.pages[0].Title = "Wave 28" }, "title"},
	{"figure in the description", func(w *world) { w.pages[0].Description = "From 5 shops" }, "description"},
	{"figure in a cell", func(w *world) { w.pages[0].Blocks[3].Table.Rows[0].Cells[2].Text = "5" }, "cell"},
	{"figure in a caption", func(w *world) { w.pages[0].Blocks[3].Table.Caption = "Top 10" }, "caption"},
}

func TestVerifyCorrupted(t *testing.T) {
	t.Parallel()
	for _, tt := range corruptions {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			tt.corrupt(w)
			rep := w.verify()
			found := slices.ContainsFunc(rep.Problems, func(p evidence.Problem) bool {
				return p.Page == "/wave/" && strings.Contains(p.Where+" "+p.Message, tt.want)
			})
			if !found {
				t.Errorf("problems = %v, want one with %q", rep.Problems, tt.want)
			}
		})
	}
}

func TestMarketRowsStates(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.market.Families[0].Attributes = append(w.market.Families[0].Attributes,
		domain.Attribute{Name: "backlit", Kind: domain.AttributeFlag},
		domain.Attribute{Name: "sizes", Kind: domain.AttributeList, List: []string{"S", "M"}},
		domain.Attribute{Name: "resolution", Kind: domain.AttributeSize, Numbers: []float64{1920, 1080}})
	rows := evidence.NewMarketRows(&w.market)
	for _, tt := range []struct {
		row, field string
		value      float64
		want       bool
	}{
		{"r1", "search_price", 1299, true}, {"r1", "search_price", 99.5, false}, {"r3", "search_price", 120, true}, {"r3", "search_price", 99.5, false},
		{"r9", "search_price", 1299, false}, {"r2", "variants", 2, true}, {"r2", "variants", 3, false},
		{"r1", "screen_size", 27, true}, {"r1", "screen_size", 28, false}, {"r2", "screen_size", 27, false},
		{"r1", "backlit", 0, true}, {"r1", "sizes", 1, true}, {"r1", "sizes", 2, false}, {"r1", "backlit", 5, false},
		{"r1", "resolution", 1080, true}, {"r1", "resolution", 1081, false},
		{"r1", "extras", 4, true}, {"r1", "extras", 5, false}, {"r1", "extras", 0.5, false}, {"r1", "extras", -1, false},
		{"r1", "specifications", 16, true}, {"r1", "specifications", 17, false}, {"r1", "nothing", 1, false},
	} {
		if got := rows.States(tt.row, tt.field, tt.value); got != tt.want {
			t.Errorf("States(%s, %s, %v) = %v, want %v", tt.row, tt.field, tt.value, got, tt.want)
		}
	}
	if p, ok := rows.Row("f", "r2"); !ok || p.Name != "Surf K552" {
		t.Errorf("Row = %v, %v", p, ok)
	}
	if _, ok := rows.Row("g", "r2"); ok {
		t.Error("found a row of another feed")
	}
}
