package content_test

import (
	"fmt"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// inventedMarkets are small markets with awkward traits: figures in the niche,
// German with euros, attributes that nobody knows, descriptions that must not be
// repeated.
func inventedMarkets() []*domain.Market {
	return []*domain.Market{
		inventedMarket("4K projectors", "en", "USD", domain.NicheNoun{Singular: "4K projector", Plural: "4K projectors"}, 46),
		inventedMarket("Espressomaschinen", "de", "EUR", domain.NicheNoun{Singular: "Espressomaschine", Plural: "Espressomaschinen"}, 60),
		inventedMarket("camping stoves", "en", "GBP", domain.NicheNoun{Singular: "camping stove", Plural: "camping stoves"}, 24),
	}
}

var (
	makers = []string{"Aurel", "Brikk", "Cordo", "Delphin", "Enso", "Farrow", "Gelta", "Hollis"}
	types  = []string{"Compact", "Classic", "Pro", "Studio"}
	finish = []string{"Black", "Silver", "Copper", "White", "Green"}
)

// inventedMarket makes n families with numbers, texts, flags and gaps that follow
// from the index alone.
func inventedMarket(niche, language, currency string, noun domain.NicheNoun, n int) *domain.Market {
	m := &domain.Market{Niche: niche, Language: language, Noun: noun, RowCount: n + 3, Unpriced: 3, At: readAt}
	feed := domain.FeedID("feed_" + strings.ToLower(currency))
	for i := range n {
		maker, kind := makers[i*5%len(makers)], types[i*3%len(types)]
		name := fmt.Sprintf("%s %s %d", maker, kind, 100+i*7)
		price := domain.Money{Minor: int64(2999 + i*1730 + i%7*311), Currency: currency}
		specs := fmt.Sprintf("power: %d W; tank: %s l; finish: %s; grinder: %t; frobnication: %d", 600+i%9*150, strconv.FormatFloat(0.8+float64(i%6)*0.3, 'f', 1, 64), finish[i%len(finish)], i%3 == 0, 10+i%5)
		p := domain.Product{
			FeedID: feed, Key: fmt.Sprintf("row-%d", i), Name: name, Brand: maker, MerchantName: "Haus & Herd", MerchantID: "9001", Price: &price, ReadAt: readAt,
			Description: fmt.Sprintf("The %s brings a wonderful and unique experience to each and every home, again and again, model %d.", name, i),
			Fields:      map[string]string{"product_name": name, "search_price": price.Decimal(), "specifications": specs},
		}
		f := domain.Family{Key: fmt.Sprintf("fam-%03d", i), Name: name, Brand: maker, Variants: []domain.Product{p}, PriceMin: &price, PriceMax: &price}
		add := func(a domain.Attribute) {
			a.Field, a.RowKey = "specifications", p.Key
			f.Attributes = append(f.Attributes, a)
		}
		add(domain.Attribute{Name: "power", Kind: domain.AttributeNumber, Number: float64(600 + i%9*150), Unit: "W", Raw: fmt.Sprintf("%d W", 600+i%9*150)})
		if i%4 != 0 {
			raw := strconv.FormatFloat(0.8+float64(i%6)*0.3, 'f', 1, 64)
			v, _ := strconv.ParseFloat(raw, 64)
			add(domain.Attribute{Name: "water_tank", Kind: domain.AttributeNumber, Number: v, Unit: "l", Raw: raw + " l"})
		}
		add(domain.Attribute{Name: "finish", Kind: domain.AttributeText, Text: finish[i%len(finish)], Raw: finish[i%len(finish)]})
		add(domain.Attribute{Name: "grinder", Kind: domain.AttributeFlag, Flag: i%3 == 0, Raw: strconv.FormatBool(i%3 == 0)})
		add(domain.Attribute{Name: "frobnication", Kind: domain.AttributeNumber, Number: float64(10 + i%5), Raw: strconv.Itoa(10 + i%5)})
		m.Families = append(m.Families, f)
	}
	return m
}
