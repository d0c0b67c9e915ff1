package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

const (
	// MinFamilies is the least number of products with a price that carries a site.
	MinFamilies = 8
	// MaxFamilies bounds a market; the products with the most attributes are kept.
	MaxFamilies = 5000
)

// MarketParams is what BuildMarket works on.
type MarketParams struct {
	Niche    Niche
	Products []domain.Product // of all feeds; at least those that Niche.SearchTerms finds
	Feeds    []domain.Feed
	Programs []domain.Program
	Keywords []domain.Keyword
	At       time.Time
	// Categories counts the rows of the feeds by category path, to name the nearest
	// when a niche is not held; nil counts Products.
	Categories map[string]int
	// Thin lets a market be built from too little data, even from none: the error that
	// says what is missing comes with it.
	Thin bool
}

// BuildMarket selects the products of a niche and groups them to families: those
// with a price, in the commonest currency, ordered by key. It returns a
// CodeNotEnoughData error that says what was found when fewer than MinFamilies
// remain. A niche of which no row has a price gives a priceless market: see priceless.
// Equal input gives an equal market, in whatever order the products come.
func BuildMarket(p MarketParams) (domain.Market, error) {
	s := p.Niche.selectFrom(p.Products)
	if len(s.products) == 0 {
		return p.thin(s, nil, 0), notEnough(p, s, 0, 0)
	}
	if !slices.ContainsFunc(s.products, func(x domain.Product) bool { return priced(&x) }) {
		return p.priceless(s)
	}
	linkable, closed := withOpenProgram(s.products, p.Programs)
	if len(linkable) == 0 {
		return p.thin(s, nil, 0), domain.Errorf(domain.CodeNotEnoughData,
			"There is not enough data for a site about %q: %s match, but no program of their merchants is joined and open.", p.Niche.Text, rowsOf(len(s.products)))
	}
	products, notes := oneCurrency(linkable)
	if closed > 0 {
		notes = append(notes, fmt.Sprintf("%s left out: the merchant's program is not joined or is closed, so its price could not be linked.", rowsOf(closed)))
	}
	families, dropped := group(products)
	if dropped > 0 {
		notes = append(notes, fmt.Sprintf("%d products share their name with another and nothing in the feeds tells them apart; they were left out.", dropped))
	}
	unpriced := 0
	families = slices.DeleteFunc(families, func(f domain.Family) bool {
		if f.PriceMin == nil {
			unpriced++
		}
		return f.PriceMin == nil
	})
	if len(families) < MinFamilies {
		return p.thin(s, families, unpriced), notEnough(p, s, len(families), unpriced)
	}
	families, cut := mostComplete(families, MaxFamilies)
	if cut > 0 {
		notes = append(notes, fmt.Sprintf("%d products beyond the limit of %d were left out, those with the fewest attributes.", cut, MaxFamilies))
	}
	s.match.Notes = append(s.match.Notes, notes...)
	return p.build(s, families, unpriced), nil
}

// thin is the market of too little data, if it is wanted.
func (p *MarketParams) thin(s nicheSelection, families []domain.Family, unpriced int) domain.Market {
	if !p.Thin {
		return domain.Market{}
	}
	return p.build(s, families, unpriced)
}

func (p *MarketParams) build(s nicheSelection, families []domain.Family, unpriced int) domain.Market {
	return domain.Market{
		Niche: p.Niche.Text, Language: p.Niche.Language, Noun: p.Niche.Noun,
		Families: families, Unpriced: unpriced, RowCount: len(s.products), Match: s.match,
		Feeds: feedsOf(p.Feeds, families), Programs: programsOf(p.Programs, s.products),
		Keywords: p.Niche.keywords(p.Keywords), At: p.At.UTC(),
	}
}

// withOpenProgram leaves out rows of merchants whose program is known and cannot be
// linked: a page must not name a price that the reader is not led to. A merchant
// without a known program stays.
func withOpenProgram(products []domain.Product, programs []domain.Program) (kept []domain.Product, left int) {
	barred := map[string]bool{}
	for _, p := range programs {
		if !p.Joined || !p.Open {
			barred[p.AdvertiserID] = true
		}
	}
	for _, p := range programs { // one usable program is enough
		if p.Joined && p.Open {
			delete(barred, p.AdvertiserID)
		}
	}
	for i := range products {
		if barred[products[i].MerchantID] {
			left++
			continue
		}
		kept = append(kept, products[i])
	}
	return kept, left
}

// oneCurrency leaves out rows with a price in another currency than most rows.
func oneCurrency(products []domain.Product) ([]domain.Product, []string) {
	count := map[string]int{}
	for i := range products {
		if priced(&products[i]) {
			count[products[i].Price.Currency]++
		}
	}
	if len(count) < 2 {
		return products, nil
	}
	main := slices.MinFunc(slices.Collect(maps.Keys(count)), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(a, b))
	})
	var out []domain.Product
	left := 0
	for _, p := range products {
		if priced(&p) && p.Price.Currency != main {
			left++
			continue
		}
		out = append(out, p)
	}
	return out, []string{fmt.Sprintf("%d rows with a price in another currency than %s were left out.", left, main)}
}

// mostComplete keeps at most limit families, those with the most attributes, in
// the order of their keys.
func mostComplete(families []domain.Family, limit int) ([]domain.Family, int) {
	cut := len(families) - limit
	if cut <= 0 {
		return families, 0
	}
	slices.SortFunc(families, func(a, b domain.Family) int {
		return cmp.Or(cmp.Compare(len(b.Attributes), len(a.Attributes)), strings.Compare(a.Key, b.Key))
	})
	families = families[:limit]
	slices.SortFunc(families, func(a, b domain.Family) int { return strings.Compare(a.Key, b.Key) })
	return families, cut
}

// feedsOf returns the feeds that the families come from, ordered by ID.
func feedsOf(feeds []domain.Feed, families []domain.Family) []domain.Feed {
	used := map[domain.FeedID]bool{}
	for i := range families {
		for k := range families[i].Variants {
			used[families[i].Variants[k].FeedID] = true
		}
	}
	out := slices.DeleteFunc(slices.Clone(feeds), func(f domain.Feed) bool { return !used[f.ID] })
	slices.SortFunc(out, func(a, b domain.Feed) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// programsOf returns the programs of the merchants that sell the families, ordered
// by ID.
func programsOf(programs []domain.Program, products []domain.Product) []domain.Program {
	sells := map[string]bool{}
	for i := range products {
		sells[products[i].MerchantID] = true
	}
	out := slices.DeleteFunc(slices.Clone(programs), func(p domain.Program) bool {
		return p.AdvertiserID == "" || !sells[p.AdvertiserID]
	})
	slices.SortFunc(out, func(a, b domain.Program) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// keywords returns the phrases that ask for the products of the niche: with its
// noun and its modifiers, each phrase once, most searched first.
func (n Niche) keywords(all []domain.Keyword) []domain.Keyword {
	var out []domain.Keyword
	for _, k := range all {
		if !otherLanguage(k.Language, n.Language) && n.asks(k.Phrase) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b domain.Keyword) int {
		return cmp.Or(cmp.Compare(searches(b), searches(a)), strings.Compare(a.Phrase, b.Phrase), strings.Compare(a.Source, b.Source))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(k domain.Keyword) bool {
		low := strings.ToLower(k.Phrase)
		twice := seen[low]
		seen[low] = true
		return twice
	})
}

func searches(k domain.Keyword) int {
	if k.MonthlySearches == nil {
		return -1
	}
	return *k.MonthlySearches
}

// asks reports whether a search phrase is about the products of the niche.
func (n Niche) asks(phrase string) bool {
	words := lemmas(phrase, n.Language)
	return slices.ContainsFunc(n.phrases, func(p nichePhrase) bool {
		if !slices.ContainsFunc(words, func(w string) bool { return isHead(w, p.head, n.Language) }) {
			return false
		}
		for _, m := range p.modifiers {
			context := len(m.lemmas) == 1 && contextWords[m.lemmas[0]]
			if !context && !containsRun(words, m.lemmas) {
				return false
			}
		}
		return true
	})
}

// notEnough explains why a niche cannot be carried.
func notEnough(p MarketParams, s nicheSelection, families, unpriced int) error {
	n := p.Niche
	why := ""
	switch {
	case s.heads == 0 && s.otherWords > 0:
		why = fmt.Sprintf("%s mention %q, in another language than the site", rowsOf(s.otherWords), n.Head)
	case s.heads == 0:
		why = fmt.Sprintf("no row is named or categorized as %q", n.Head)
	case len(s.missing) > 0:
		why = fmt.Sprintf("%s found for %q, but none says %s", rowsOf(s.heads), n.Head, quoted(s.missing))
	case len(s.products) == 0:
		why = fmt.Sprintf("%s found for %q, but none says all of %s", rowsOf(s.heads), n.Head, quoted(n.Modifiers))
	default:
		why = fmt.Sprintf("%s match; products with a price: %s, without: %s", rowsOf(len(s.products)), counted(families), counted(unpriced))
	}
	msg := fmt.Sprintf("There is not enough data for a site about %q: %s. A site needs at least %d products with a price.", n.Text, why, MinFamilies)
	if near := nearestCategories(p); near != "" {
		msg += " " + near
	}
	return domain.Errorf(domain.CodeNotEnoughData, "%s", msg)
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(out, " and ")
}

func counted(n int) string { return domain.GroupDigits(fmt.Sprint(n), ",") }

func rowsOf(n int) string {
	if n == 1 {
		return "1 row"
	}
	return counted(n) + " rows"
}

// nearestCategories names the categories that share a word with the niche, else
// the largest ones.
func nearestCategories(p MarketParams) string {
	rows := p.Categories
	if rows == nil {
		rows = map[string]int{}
		for i := range p.Products {
			rows[strings.Join(categorySegments(&p.Products[i]), " > ")]++
		}
	}
	words := lemmas(p.Niche.Text, p.Niche.Language)
	shared := func(category string) int {
		own := lemmas(category, p.Niche.Language)
		n := 0
		for _, w := range words {
			if slices.Contains(own, w) {
				n++
			}
		}
		return n
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(rows)), func(c string) bool { return c == "" })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(shared(b), shared(a)), cmp.Compare(rows[b], rows[a]), strings.Compare(a, b))
	})
	if len(names) == 0 {
		return ""
	}
	near := shared(names[0]) > 0
	names = slices.DeleteFunc(names, func(c string) bool { return near && shared(c) == 0 })
	names = names[:min(len(names), 5)]
	for i, c := range names {
		names[i] = fmt.Sprintf("%s (%s)", c, rowsOf(rows[c]))
	}
	which := "largest"
	if near {
		which = "nearest"
	}
	return "The " + which + " categories of the feeds: " + strings.Join(names, ", ") + "."
}
