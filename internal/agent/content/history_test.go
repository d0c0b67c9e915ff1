package content_test

import (
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// TestPriceHistoryBlock: a page tells recorded prices as a chart and as a table with the
// same figures, each with its evidence, since when; a page without a history does not.
func TestPriceHistoryBlock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ language, currency, since, price, never string }{
		{"en", "USD", "2 February 2026", "$131.07", "was"}, {"de", "EUR", "2. Februar 2026", "131,07 €", "statt"},
	} {
		t.Run(tt.language, func(t *testing.T) {
			t.Parallel()
			m := inventedMarket("history espresso machines "+tt.language, tt.language, tt.currency, domain.NicheNoun{Singular: "espresso machine", Plural: "espresso machines"}, 40)
			if tt.language == "de" {
				m.Noun = domain.NicheNoun{Singular: "Espressomaschine", Plural: "Espressomaschinen"}
			}
			told := map[string]bool{}
			for i := range m.Families {
				f := &m.Families[i]
				if i%2 == 1 {
					continue
				}
				h := &domain.PriceHistory{FeedID: f.Lead().FeedID, Key: f.Lead().Key}
				for k, minor := range []int64{13107, 9999, f.Lead().Price.Minor} {
					h.Points = append(h.Points, domain.PricePoint{At: time.Date(2026, 2, 2+7*k, 6, 0, 0, 0, time.UTC), Price: &domain.Money{Minor: minor, Currency: tt.currency}})
				}
				f.History, told[f.Key] = h, true
			}
			w := write(t, m, tt.language, 1)
			if rep := evidence.Verify(w.result.Pages, w.result.Evidence, evidence.NewMarketRows(m)); len(rep.Problems) > 0 {
				t.Fatalf("%d problems, first %+v", len(rep.Problems), rep.Problems[0])
			}
			with, without := 0, 0
			for i := range w.result.Pages {
				p := &w.result.Pages[i]
				if p.Kind != domain.PageProduct {
					continue
				}
				var fig *domain.Figure
				var table *domain.Table
				for _, b := range p.Blocks {
					switch b.Anchor {
					case "price-history":
						fig = b.Figure
					case "price-history-table":
						table = b.Table
					}
				}
				if !told[p.Products[0]] {
					if without++; fig != nil || table != nil {
						t.Errorf("%s tells a history that there is not", p.Path())
					}
					continue
				}
				with++
				if fig == nil || table == nil || len(fig.Bars) != 3 || len(table.Rows) != 3 {
					t.Fatalf("%s: figure %+v, table %+v", p.Path(), fig, table)
				}
				if b := fig.Bars[0]; b.Label != tt.since || b.Text != tt.price || table.Rows[0].Cells[0].Text != tt.since || table.Rows[0].Cells[1].Text != tt.price {
					t.Errorf("%s begins with %q %q", p.Path(), b.Label, b.Text)
				}
				if strings.Contains(fig.Alt, tt.never+" ") {
					t.Errorf("%s speaks of a former price: %q", p.Path(), fig.Alt)
				}
			}
			if with == 0 || without == 0 {
				t.Errorf("%d pages with a history, %d without", with, without)
			}
		})
	}
}

// TestPriceHistoryNeedsItsMarket: a price that the market's history does not hold has no
// evidence.
func TestPriceHistoryNeedsItsMarket(t *testing.T) {
	t.Parallel()
	m := inventedMarket("forged espresso machines", "en", "USD", domain.NicheNoun{Singular: "espresso machine", Plural: "espresso machines"}, 40)
	for i := range m.Families {
		f := &m.Families[i]
		f.History = &domain.PriceHistory{FeedID: f.Lead().FeedID, Key: f.Lead().Key}
		for k, minor := range []int64{13107, 9999, f.Lead().Price.Minor} {
			f.History.Points = append(f.History.Points, domain.PricePoint{At: time.Date(2026, 2, 2+7*k, 6, 0, 0, 0, time.UTC), Price: &domain.Money{Minor: minor, Currency: "USD"}})
		}
	}
	w := write(t, m, "en", 1)
	for i := range m.Families {
		m.Families[i].History.Points[0].Price = &domain.Money{Minor: 13108, Currency: "USD"}
	}
	if rep := evidence.Verify(w.result.Pages, w.result.Evidence, evidence.NewMarketRows(m)); len(rep.Problems) == 0 {
		t.Error("prices that were never recorded count as proven")
	}
}
