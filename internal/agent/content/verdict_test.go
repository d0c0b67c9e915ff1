package content_test

import (
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

// TestVerdictsGiveReasons: a verdict names what speaks for a product: something that one
// of two has, or a number of which more or less serves whoever cares about it. A number
// without a direction, such as the wattage of a power supply, is no reason.
func TestVerdictsGiveReasons(t *testing.T) {
	t.Parallel()
	verdicts := 0
	for _, n := range []struct{ feed, niche string }{{"feed_pcparts_en_usd", "power supplies"}, {"feed_pcparts_en_usd", "computer monitors"}, {sampleFeed, "espresso machines"}} {
		w := site(t, feedMarket(t, n.feed, n.niche, "en"), "en")
		for i := range w.result.Pages {
			p := &w.result.Pages[i]
			if p.Kind != domain.PageComparison {
				continue
			}
			at := slices.IndexFunc(p.Blocks, func(b domain.Block) bool { return b.CTA != nil && b.CTA.Slot == "verdict-a" })
			if at < 1 || p.Blocks[at-1].List == nil {
				t.Errorf("%s has no verdict", p.Path())
				continue
			}
			verdicts++
			checkStrength(t, w, p, p.Blocks[at-1].List)
			if n.niche == "power supplies" {
				checkOrder(t, w.market, p, p.Blocks[at-1].List)
			}
			for _, item := range p.Blocks[at-1].List.Items {
				for _, s := range item.Sentences {
					for _, v := range undirected(w.market, p.Products) {
						if strings.Contains(s.Text, v) {
							t.Errorf("%s gives %q as a reason: %s", p.Path(), v, s.Text)
						}
					}
				}
			}
		}
	}
	if verdicts < 4 {
		t.Errorf("%d verdicts were looked at", verdicts)
	}
}

// checkStrength wants no number as a reason that is worse than the median of the market;
// where it is the better of two, the sentence says what the median is.
func checkStrength(t *testing.T, w written, p *domain.Page, list *domain.List) {
	t.Helper()
	view := market.New(w.market, "en")
	for i := range view.Stats {
		st := &view.Stats[i]
		if st.Kind != domain.AttributeNumber || st.Term.Better == 0 {
			continue
		}
		median := evidence.Quantile(st.Number, 0.5)
		for _, key := range p.Products[:2] {
			it, _ := view.Item(key)
			a, ok := st.Attribute(it)
			if !ok || (a.Number-median)*float64(st.Term.Better) >= 0 {
				continue
			}
			reason := st.Term.Feature("en", market.Show("en", a))
			for _, item := range list.Items {
				for _, s := range item.Sentences {
					if strings.Contains(s.Text, "ake "+it.Name()+" if you") && strings.Contains(s.Text, reason) && !strings.Contains(s.Text, "median") {
						t.Errorf("%s gives %q as a reason, the median is %v: %s", p.Path(), reason, median, s.Text)
					}
				}
			}
		}
	}
}

// checkOrder wants no reason of an order whose other product stands higher.
func checkOrder(t *testing.T, m *domain.Market, p *domain.Page, list *domain.List) {
	t.Helper()
	for _, item := range list.Items {
		for _, s := range item.Sentences {
			if strings.Contains(s.Text, "fixed cables") {
				t.Errorf("%s: %s", p.Path(), s.Text)
			}
		}
	}
	rating := func(key string) string {
		for i := range m.Families {
			if m.Families[i].Key == key {
				a, _ := m.Families[i].Attribute("efficiency")
				return a.Text
			}
		}
		return ""
	}
	term := market.TermFor("efficiency")
	for i, key := range p.Products[:2] {
		place, ok := term.Place(rating(key))
		against, known := term.Place(rating(p.Products[1-i]))
		if ok && known && place < against && strings.Contains(list.Items[i].Sentences[0].Text, rating(key)+" efficiency") {
			t.Errorf("%s gives the lower rating as a reason: %s", p.Path(), list.Items[i].Sentences[0].Text)
		}
	}
}

// undirected returns the values of products, as shown, of which neither more nor less is
// better.
func undirected(m *domain.Market, products []string) []string {
	var out []string
	for i := range m.Families {
		f := &m.Families[i]
		if !slices.Contains(products, f.Key) {
			continue
		}
		for _, a := range f.Attributes {
			if a.Kind == domain.AttributeNumber && a.Unit != "" && market.TermFor(a.Name).Better == 0 {
				out = append(out, market.Show("en", a))
			}
		}
	}
	return out
}
