package sample_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/sample"
)

var now = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// rows returns the feed as maps from column to value.
func rows(t *testing.T) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(sample.Feed(now))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range records[1:] {
		m := map[string]string{}
		for i, c := range records[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func TestFeedDeterministic(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(sample.Feed(now), sample.Feed(now)) {
		t.Error("two feeds for the same clock differ")
	}
	strip := func(b []byte) string {
		return regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`).ReplaceAllString(string(b), "T")
	}
	if strip(sample.Feed(now)) != strip(sample.Feed(now.AddDate(1, 0, 0))) {
		t.Error("feeds of different clocks differ in more than their times")
	}
}

func TestFeedRows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	once := func(kind, key string) {
		if seen[kind+key] {
			t.Errorf("%s %s is there twice", kind, key)
		}
		seen[kind+key] = true
	}
	all, few := 0, 0
	for _, r := range rows(t) {
		all++
		once("row ", r["aw_product_id"])
		once("article ", r["merchant_id"]+" "+r["merchant_product_id"])
		once("article number ", r["merchant_id"]+" "+r["ean"])
		if !validExample(r["ean"]) {
			t.Errorf("%s has article number %q", r["product_name"], r["ean"])
		}
		if strings.Count(r["specifications"], ";")+1 < 5 {
			few++
		}
		at, err := time.Parse(time.DateTime, r["last_updated"])
		if err != nil || at.After(now) || now.Sub(at) > 24*time.Hour {
			t.Errorf("%s was updated at %q", r["product_name"], r["last_updated"])
		}
		for _, link := range []string{r["merchant_deep_link"], r["merchant_image_url"]} {
			host, _, _ := strings.Cut(strings.TrimPrefix(link, "https://"), "/")
			if !strings.HasSuffix(host, ".example") {
				t.Errorf("link %q leaves the example hosts", link)
			}
		}
		if price := r["search_price"]; price != "" {
			p, perr := domain.MoneyFromDecimal(price, r["currency"])
			full, ferr := domain.MoneyFromDecimal(r["rrp_price"], r["currency"])
			if perr != nil || ferr != nil || p.Minor <= 0 || p.Minor > full.Minor {
				t.Errorf("%s costs %s against %s", r["product_name"], price, r["rrp_price"])
			}
		}
		if r["in_stock"] == "1" != (r["stock_quantity"] != "0") {
			t.Errorf("%s: in_stock %s with %s pieces", r["product_name"], r["in_stock"], r["stock_quantity"])
		}
	}
	if all < 1500 || few > all/50 {
		t.Errorf("%d rows, %d with fewer than five specifications", all, few)
	}
}

// validExample reports whether s is a GTIN-13 with GS1's example prefix.
func validExample(s string) bool {
	if len(s) != 13 || !strings.HasPrefix(s, "952") {
		return false
	}
	sum := 0
	for i, c := range s {
		sum += int(c-'0') * (1 + 2*(i%2))
	}
	return sum%10 == 0
}

// held is a sink that keeps products in memory.
type held struct{ products []domain.Product }

func (h *held) InTx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (h *held) Hashes(context.Context, domain.FeedID, []string) (map[string]string, error) {
	return nil, nil
}

func (h *held) Upsert(_ context.Context, products []domain.Product) error {
	h.products = append(h.products, products...)
	return nil
}

func (h *held) RemoveUnseen(context.Context, domain.FeedID, func(string) bool) (int, error) {
	return 0, nil
}

// products imports the feed.
func products(t *testing.T) ([]domain.Product, domain.Feed) {
	t.Helper()
	feed := domain.Feed{ID: "feed_sample", Name: "sample", Language: sample.Language}
	sink := &held{}
	im := catalog.Importer{Now: func() time.Time { return now }}
	rep, err := im.Import(t.Context(), sink, &feed, bytes.NewReader(sample.Feed(now)), catalog.ImportParams{})
	if err != nil || rep.Status != domain.ImportComplete || rep.Rejected > 0 || len(rep.Reasons) > 0 {
		t.Fatalf("import = %+v, %v, want complete without complaints", rep, err)
	}
	return sink.products, feed
}

func market(t *testing.T, text string) domain.Market {
	t.Helper()
	n, err := catalog.ParseNiche(text, sample.Language)
	if err != nil {
		t.Fatal(err)
	}
	all, feed := products(t)
	m, err := catalog.BuildMarket(catalog.MarketParams{
		Niche: n, Products: all, Feeds: []domain.Feed{feed}, Programs: sample.Programs(), Keywords: sample.Keywords(), At: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMarkets(t *testing.T) {
	t.Parallel()
	total := 0
	for _, niche := range sample.Niches() {
		m := market(t, niche)
		total += len(m.Families)
		several, variants, states := 0, 0, map[bool]int{}
		for _, f := range m.Families {
			sellers := map[string]bool{}
			for _, v := range f.Variants {
				sellers[v.MerchantID] = true
				states[v.InStock != nil && *v.InStock]++
			}
			if len(sellers) > 1 {
				several++
			}
			if len(f.Variants) > len(sellers) {
				variants++
			}
			if f.Brand == "" || !strings.HasPrefix(f.Name, f.Brand+" ") || strings.Contains(f.Name, ",") {
				t.Errorf("%s: family %q of brand %q", niche, f.Name, f.Brand)
			}
		}
		n := len(m.Families)
		if n < 60 || several < n/3 || variants < n/10 || states[false] == 0 || len(m.Keywords) < 5 || len(m.Programs) < 2 {
			t.Errorf("%s: %d families, %d at several merchants, %d with variants, stock %v, %d keywords, %d programs",
				niche, n, several, variants, states, len(m.Keywords), len(m.Programs))
		}
	}
	if total < 500 || total > 700 {
		t.Errorf("%d products in all, want about 600", total)
	}
}

// TestPrices checks that what is better on paper costs more: the class is the
// first digit of the model number.
func TestPrices(t *testing.T) {
	t.Parallel()
	model := regexp.MustCompile(` ([1-4])\d\d `)
	for _, niche := range sample.Niches() {
		byClass := map[int][]float64{}
		for _, f := range market(t, niche).Families {
			digits := model.FindStringSubmatch(f.Name)
			if digits == nil {
				t.Fatalf("%q has no model number", f.Name)
			}
			c, _ := strconv.Atoi(digits[1])
			byClass[c] = append(byClass[c], f.PriceMin.Major())
		}
		for c := 2; c <= 4; c++ {
			if below, own := median(byClass[c-1]), median(byClass[c]); below >= own {
				t.Errorf("%s: class %d costs %.2f in the median, class %d %.2f", niche, c-1, below, c, own)
			}
		}
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func TestProgramsAndKeywords(t *testing.T) {
	t.Parallel()
	sells := map[string]bool{}
	for _, r := range rows(t) {
		sells[r["merchant_id"]] = true
	}
	usable, notJoined, closed := 0, 0, 0
	for _, p := range sample.Programs() {
		if !sells[p.AdvertiserID] || !domain.ValidID(string(p.ID), "prog") || p.CommissionBasisPoints == nil {
			t.Errorf("program %+v", p)
		}
		switch {
		case !p.Joined:
			notJoined++
		case !p.Open:
			closed++
		default:
			usable++
		}
	}
	if usable != 3 || notJoined != 1 || closed != 0 || len(sample.Programs()) != len(sells) {
		t.Errorf("%d programs to earn with, %d not joined, %d closed, of %d merchants", usable, notJoined, closed, len(sells))
	}
	seen := map[string]bool{}
	for _, k := range sample.Keywords() {
		if seen[k.Phrase] || k.MonthlySearches == nil || *k.MonthlySearches <= 0 {
			t.Errorf("keyword %q", k.Phrase)
		}
		seen[k.Phrase] = true
	}
}

func TestOperator(t *testing.T) {
	t.Parallel()
	o := sample.Operator()
	if missing := o.Missing(); len(missing) > 0 || !o.Sample || !strings.Contains(o.Name, "replace") {
		t.Errorf("operator %+v misses %q", o, missing)
	}
	if d, err := domain.ValidateDomain(sample.Domain); err != nil || d != sample.Domain || !strings.HasSuffix(d, ".example") {
		t.Errorf("domain %q: %v", d, err)
	}
}
