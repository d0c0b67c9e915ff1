package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func fieldOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Field
	}
	return ""
}

func testFeeds(t *testing.T, s *store.Store) {
	ctx := t.Context()
	f := insertFeed(t, s, "b")
	insertFeed(t, s, "a")
	wantEqual(t, value(s.Feeds.Get(ctx, f.ID))(t), f)
	wantEqual(t, value(s.Feeds.GetByName(ctx, "b"))(t), f)
	f.Rows, f.ReadAt, f.LastState, f.UpdatedAt = 50000, ptr(day.Add(time.Hour)), domain.ImportPartial, day.Add(2*time.Hour)
	must(t, s.Feeds.Update(ctx, f))
	wantEqual(t, value(s.Feeds.Get(ctx, f.ID))(t), f)
	wantTaken(t, s.Feeds.Insert(ctx, &domain.Feed{ID: "feed_c", Name: "a"}), "name", "Name a already belongs to a feed.")
	list, total, err := s.Feeds.List(ctx, window(0, 0))
	must(t, err)
	if total != 2 || len(list) != 2 || list[0].Name != "a" {
		t.Errorf("list = %v of %d, want a and b", list, total)
	}
	must(t, s.Products.Upsert(ctx, []domain.Product{product(f.ID, "1", "Board")}))
	must(t, s.Feeds.Delete(ctx, f.ID))
	if n := value(s.Products.Count(ctx, f.ID))(t); n != 0 {
		t.Errorf("%d products are left of a deleted feed, want 0", n)
	}
	_, err = s.Feeds.Get(ctx, f.ID)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Feeds.GetByName(ctx, "b")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Feeds.Delete(ctx, f.ID), domain.CodeNotFound)
	wantCode(t, s.Feeds.Update(ctx, f), domain.CodeNotFound)
}

func product(feed domain.FeedID, key, name string) domain.Product {
	return domain.Product{
		FeedID: feed, Key: key, MerchantKey: "m" + key, MerchantID: "900001", MerchantName: "Shop", Name: name, Brand: "Brand",
		Category: "Keyboard", CategoryPath: "Computer Parts > Keyboard", Price: &domain.Money{Minor: 3799, Currency: "USD"}, InStock: ptr(true),
		Language: "en", ReadAt: day, Hash: "hash-" + key, Fields: map[string]string{"product_name": name, "keywords": "Gaming, RGB"},
		Attributes: []domain.Attribute{{Name: "weight", Kind: domain.AttributeNumber, Number: 0.1, Unit: "kg", Raw: "0.1 kg"}},
	}
}

func keysOf(products []domain.Product) []string {
	keys := make([]string, len(products))
	for i := range products {
		keys[i] = products[i].Key
	}
	return keys
}

func testProducts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	f := insertFeed(t, s, "a")
	var list []domain.Product
	for i := range 1234 {
		list = append(list, product(f.ID, fmt.Sprintf("%04d", i), fmt.Sprintf("Board %d", i)))
	}
	list[5].Price, list[5].InStock = nil, nil
	must(t, s.Products.Upsert(ctx, list))
	if n := value(s.Products.Count(ctx, f.ID))(t); n != len(list) {
		t.Errorf("count = %d, want %d", n, len(list))
	}
	wantEqual(t, value(s.Products.Get(ctx, f.ID, "0005"))(t), &list[5])
	wantEqual(t, value(s.Products.Get(ctx, f.ID, "0006"))(t), &list[6])

	changed, again := list[6], list[6]
	changed.Name, changed.Hash = "First", "first"
	again.Name, again.Hash = "Second", "second"
	must(t, s.Products.Upsert(ctx, []domain.Product{changed, list[7], again}))
	wantEqual(t, value(s.Products.Get(ctx, f.ID, "0006"))(t), &again)
	hashes := value(s.Products.Hashes(ctx, f.ID, append(keysOf(list), "unknown")))(t)
	if len(hashes) != len(list) || hashes["0006"] != "second" || hashes["0007"] != "hash-0007" {
		t.Errorf("got %d hashes, 0006 = %q, 0007 = %q, want %d, second, hash-0007", len(hashes), hashes["0006"], hashes["0007"], len(list))
	}
	if other := value(s.Products.Hashes(ctx, "", keysOf(list)))(t); len(other) != 0 {
		t.Errorf("no feed has %d products, want 0", len(other))
	}

	_, err := s.Products.Get(ctx, f.ID, "unknown")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Products.Upsert(ctx, []domain.Product{product("feed_x", "1", "x")}), domain.CodeConflict)
	got, total, err := s.Products.List(ctx, domain.ProductFilter{FeedID: f.ID}, window(2, 3))
	must(t, err)
	if total != len(list) || len(got) != 2 || got[0].Key != "0003" {
		t.Errorf("list = %v of %d, want 0003 and 0004 of %d", keysOf(got), total, len(list))
	}
}

func testProductSearch(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertFeed(t, s, "a"), insertFeed(t, s, "b")
	special := product(a.ID, "4", `100%_\ Wolle`)
	special.Fields = nil
	special.CategoryPath = "Über > Jacken"
	must(t, s.Products.Upsert(ctx, []domain.Product{
		product(b.ID, "1", "Trackball Mouse"), product(a.ID, "b", "Mechanical Board"), product(a.ID, "B", "Lamp"), special,
	}))
	for _, tt := range []struct {
		name  string
		feeds []domain.FeedID
		terms []string
		want  []string
	}{
		{"any_term", nil, []string{"MOUSE", "lamp"}, []string{"B", "1"}},
		{"one_feed", []domain.FeedID{a.ID}, []string{"board", "mouse", "wolle"}, []string{"4", "B", "b"}},
		{"category_path", nil, []string{"parts > keyb"}, []string{"B", "b", "1"}},
		{"keywords", []domain.FeedID{b.ID}, []string{"gaming"}, []string{"1"}},
		{"umlaut", nil, []string{"ÜBER"}, []string{"4"}},
		{"wildcards_are_text", nil, []string{"%", "_"}, []string{"4"}},
		{"backslash_is_text", nil, []string{`\`}, []string{"4"}},
		{"wildcard_between", nil, []string{"m%board"}, []string{}},
		{"no_terms", nil, nil, []string{}},
	} {
		got := []string{}
		must(t, s.Products.Candidates(ctx, tt.feeds, tt.terms, func(p *domain.Product) error {
			got = append(got, p.Key)
			return nil
		}))
		t.Run(tt.name, func(t *testing.T) { wantEqual(t, got, tt.want) })
	}
	stop := errors.New("stop")
	n := 0
	err := s.Products.Candidates(ctx, nil, []string{"o"}, func(*domain.Product) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("got %v after %d products, want stop after 1", err, n)
	}
	got, total, err := s.Products.List(ctx, domain.ProductFilter{Query: " gaming  BOARD "}, window(10, 0))
	must(t, err)
	if total != 3 || len(got) != 3 {
		t.Errorf("query found %v of %d, want 3", keysOf(got), total)
	}
	if _, total, err = s.Products.List(ctx, domain.ProductFilter{FeedID: a.ID, Query: "mechanical lamp"}, window(10, 0)); err != nil || total != 0 {
		t.Errorf("query found %d, %v, want 0", total, err)
	}
}

// testProductFacets: languages and categories are counted over rows.
func testProductFacets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	f, empty := insertFeed(t, s, "a"), insertFeed(t, s, "b")
	list := []domain.Product{product(f.ID, "1", "x"), product(f.ID, "2", "x"), product(f.ID, "3", "x")}
	list[0].Language, list[1].Language, list[2].Language = "de", "en", "de"
	list[0].CategoryPath, list[1].CategoryPath, list[2].CategoryPath = "A > B", "A > B", ""
	must(t, s.Products.Upsert(ctx, list))
	wantEqual(t, value(s.Products.Language(ctx, f.ID))(t), "de")
	wantEqual(t, value(s.Products.Language(ctx, empty.ID))(t), "")
	want := map[string]int{"A > B": 2, "": 1}
	wantEqual(t, value(s.Products.Categories(ctx, nil))(t), want)
	wantEqual(t, value(s.Products.Categories(ctx, []domain.FeedID{f.ID}))(t), want)
	wantEqual(t, value(s.Products.Categories(ctx, []domain.FeedID{empty.ID}))(t), map[string]int{})
}

// testProductImports: what an import did not see is removed by it.
func testProductImports(t *testing.T, s *store.Store) {
	ctx := t.Context()
	f, other := insertFeed(t, s, "a"), insertFeed(t, s, "b")
	wantKeys := func(feed domain.FeedID, want ...string) {
		t.Helper()
		got, _, err := s.Products.List(ctx, domain.ProductFilter{FeedID: feed}, window(10, 0))
		must(t, err)
		wantEqual(t, keysOf(got), want)
	}
	removed := func(want int, keys ...string) {
		t.Helper()
		seen := func(key string) bool { return slices.Contains(keys, key) }
		if n := value(s.Products.RemoveUnseen(ctx, f.ID, seen))(t); n != want {
			t.Errorf("an import that saw %q removed %d, want %d", keys, n, want)
		}
	}
	must(t, s.Products.Upsert(ctx, []domain.Product{product(other.ID, "1", "x"), product(f.ID, "1", "x"), product(f.ID, "2", "x"), product(f.ID, "3", "x")}))
	removed(0, "1", "2", "3")
	must(t, s.Products.Upsert(ctx, []domain.Product{product(f.ID, "2", "changed"), product(f.ID, "4", "new")}))
	removed(1, "1", "9", "2", "4")
	wantKeys(f.ID, "1", "2", "4")
	wantKeys(other.ID, "1")
	removed(2, "2")
	wantKeys(f.ID, "2")
}

func testPrograms(t *testing.T, s *store.Store) {
	ctx := t.Context()
	full := domain.Program{
		ID: "prog_1", Network: "awin", AdvertiserID: "900001", Name: "Shop", Joined: true, Open: true, CommissionBasisPoints: ptr(550),
		CommissionFixed: &domain.Money{Minor: 120, Currency: "EUR"}, CookieDays: ptr(30), DeepLinks: true, Domains: []string{"shop.example"},
		Source: "programs.csv", CreatedAt: day, UpdatedAt: day, EPC: &domain.Money{Minor: 4700, Currency: "EUR"}, LinkWay: domain.WayRedirect,
	}
	bare := domain.Program{ID: "prog_2", Network: "awin", AdvertiserID: "900002", Name: "Other", Source: "feed", CreatedAt: day, UpdatedAt: day}
	must(t, s.Programs.Upsert(ctx, []domain.Program{full, bare}))
	wantEqual(t, value(s.Programs.Get(ctx, "prog_1"))(t), &full)
	wantEqual(t, value(s.Programs.Get(ctx, "prog_2"))(t), &bare)

	update := full
	update.ID, update.Name, update.CommissionBasisPoints, update.CommissionFixed = "prog_9", "Shop 2", nil, nil
	update.EPC, update.LinkWay = nil, ""
	update.CreatedAt, update.UpdatedAt = day.Add(time.Hour), day.Add(time.Hour)
	list := []domain.Program{update}
	must(t, s.Programs.Upsert(ctx, list))
	update.ID, update.CreatedAt = "prog_1", day
	wantEqual(t, list[0], update)
	wantEqual(t, value(s.Programs.Get(ctx, "prog_1"))(t), &update)

	got, total, err := s.Programs.List(ctx, window(1, 0))
	must(t, err)
	if total != 2 || len(got) != 1 || got[0].Name != "Other" {
		t.Errorf("list = %v of %d, want Other of 2", got, total)
	}
	got = value(s.Programs.ListByAdvertisers(ctx, []string{"900001", "x", "900001"}))(t)
	if len(got) != 1 || got[0].ID != "prog_1" {
		t.Errorf("by advertiser: %v, want prog_1", got)
	}
	if got = value(s.Programs.ListByAdvertisers(ctx, nil))(t); len(got) != 0 {
		t.Errorf("by no advertiser: %v, want none", got)
	}
	_, err = s.Programs.Get(ctx, "prog_9")
	wantCode(t, err, domain.CodeNotFound)
}

func testKeywords(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Keywords.Upsert(ctx, []domain.Keyword{
		{Phrase: "best mechanical keyboard", Language: "en", MonthlySearches: ptr(900), Source: "a"},
		{Phrase: "mechanical keyboard", Language: "en", Source: "a"},
		{Phrase: "Mechanical Keyboard 60%", Language: "en", MonthlySearches: ptr(5000), Source: "a"},
		{Phrase: "mechanical keyboard", Language: "de", MonthlySearches: ptr(1), Source: "a"},
		{Phrase: "Best Mechanical Keyboard", Language: "en", MonthlySearches: ptr(1000), Source: "b"},
	}))
	got := value(s.Keywords.Match(ctx, "en", []string{"KEYBOARD", "mech"}))(t)
	wantEqual(t, got, []domain.Keyword{
		{Phrase: "Mechanical Keyboard 60%", Language: "en", MonthlySearches: ptr(5000), Source: "a"},
		{Phrase: "Best Mechanical Keyboard", Language: "en", MonthlySearches: ptr(1000), Source: "b"},
		{Phrase: "mechanical keyboard", Language: "en", Source: "a"},
	})
	for _, terms := range [][]string{nil, {"keyboard", "mouse"}, {"k%d"}} {
		if got := value(s.Keywords.Match(ctx, "en", terms))(t); len(got) != 0 {
			t.Errorf("terms %q match %v, want none", terms, got)
		}
	}
	list, total, err := s.Keywords.List(ctx, window(2, 0))
	must(t, err)
	if total != 4 || len(list) != 2 || list[0].Language != "de" || list[1].Phrase != "Best Mechanical Keyboard" {
		t.Errorf("list = %v of %d", list, total)
	}
}
