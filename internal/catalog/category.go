package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// CategoryParams is what CategoryMarkets works on.
type CategoryParams struct {
	Products []domain.Product // of all feeds that count
	Feeds    []domain.Feed
	Programs []domain.Program
	Keywords []domain.Keyword
	Language string // en or de; rows in another language are left out
	At       time.Time
	// Least is how many products with a price a category needs to be a candidate.
	Least int
}

// CategoryMarket is a candidate niche: the products of one category of the feeds.
type CategoryMarket struct {
	Path   string // "Computer Parts > Keyboard"
	Market domain.Market
}

// CategoryMarkets returns a market for each category path with at least Least products
// with a price, ordered by path. Rows without a category are in none. Equal input gives
// equal markets, in whatever order the products come.
func CategoryMarkets(p CategoryParams) []CategoryMarket {
	rows := map[string][]domain.Product{}
	for i := range p.Products {
		if otherLanguage(p.Products[i].Language, p.Language) {
			continue
		}
		if path := strings.Join(categorySegments(&p.Products[i]), " > "); path != "" {
			rows[path] = append(rows[path], p.Products[i])
		}
	}
	var out []CategoryMarket
	for path, list := range rows {
		if m, ok := p.market(path, list); ok {
			out = append(out, CategoryMarket{path, m})
		}
	}
	slices.SortFunc(out, func(a, b CategoryMarket) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

func (p *CategoryParams) market(path string, rows []domain.Product) (domain.Market, bool) {
	priced := 0
	for i := range rows {
		if rows[i].Price != nil {
			priced++
		}
	}
	if priced < p.Least {
		return domain.Market{}, false
	}
	products, _ := oneCurrency(rows)
	families, _ := group(products)
	unpriced := len(families)
	families = slices.DeleteFunc(families, func(f domain.Family) bool { return f.PriceMin == nil })
	unpriced -= len(families)
	if len(families) < p.Least {
		return domain.Market{}, false
	}
	families, _ = mostComplete(families, MaxFamilies)
	m := domain.Market{
		Niche: path[strings.LastIndex(path, " > ")+1:], Language: p.Language, Families: families, Unpriced: unpriced, RowCount: len(rows),
		Feeds: feedsOf(p.Feeds, families), Programs: programsOf(p.Programs, products), At: p.At.UTC(),
	}
	m.Niche = strings.TrimSpace(strings.TrimPrefix(m.Niche, "> "))
	// A category that is not a noun phrase keeps its name and has no keywords.
	if n, err := ParseNiche(m.Niche, p.Language); err == nil {
		m.Niche, m.Noun, m.Match.Head = n.Noun.Plural, n.Noun, n.Head
		m.Keywords = n.keywords(p.Keywords)
	}
	return m, true
}
