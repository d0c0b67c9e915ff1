package catalog

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// minPricelessFacts is how many attributes a product without a price must state to be
// compared by.
const minPricelessFacts = 4

// priceless builds the market of a niche of which no row has a price. Without prices,
// only what rows state can be compared, so rows are looked at more closely: see
// presentable. Of rows that share a name the one that states most is kept, because
// nothing in such feeds tells a reader which is which.
func (p *MarketParams) priceless(s nicheSelection) (domain.Market, error) {
	rows, refused := presentable(s.products, p.Niche)
	rows, twins := fullest(rows)
	families, dropped := group(rows)
	for i := range families { // a word that several names begin with is no brand here
		if f := &families[i]; feedBrand(f.Variants) == "" {
			f.Brand = ""
			f.Attributes = slices.DeleteFunc(f.Attributes, func(a domain.Attribute) bool { return a.Name == attrBrand })
		}
	}
	thin := 0
	families = slices.DeleteFunc(families, func(f domain.Family) bool {
		few := len(f.Attributes) < minPricelessFacts
		if few {
			thin++
		}
		return few
	})
	s.match.Notes = append(s.match.Notes, "No row of the niche has a price: products are compared by what their rows state.")
	for _, n := range []struct {
		count int
		what  string
	}{
		{refused["language"], "their name is in another language than the site"},
		{refused["name"], "their name cannot be shown to readers"},
		{refused["kind"], "their name says that they are something else"},
		{refused["outlier"], "their figures lie far from those of all others, so that they are likely something else"},
		{twins, "they share their name with another that states more"},
		{thin + dropped, fmt.Sprintf("they state fewer than %d facts that can be compared", minPricelessFacts)},
	} {
		if n.count > 0 {
			s.match.Notes = append(s.match.Notes, fmt.Sprintf("%s left out: %s.", rowsOf(n.count), n.what))
		}
	}
	if len(families) < MinFamilies {
		if p.Thin {
			m := p.build(s, families, 0)
			m.Priceless = true
			return m, notEnoughFacts(p.Niche, s, len(families))
		}
		return domain.Market{}, notEnoughFacts(p.Niche, s, len(families))
	}
	families, _ = mostComplete(families, MaxFamilies)
	m := p.build(s, families, 0)
	m.Priceless = true
	return m, nil
}

func notEnoughFacts(n Niche, s nicheSelection, families int) error {
	return domain.Errorf(domain.CodeNotEnoughData,
		"There is not enough data for a site about %q: %s match, none has a price, and %s state enough to be compared without. A site needs at least %d. %s",
		n.Text, rowsOf(len(s.products)), rowsOf(families), MinFamilies, strings.Join(s.match.Notes, " "))
}

// presentable keeps the rows whose names readers can use and reads their ingredients.
// It counts the others by reason: language, name, kind.
func presentable(products []domain.Product, n Niche) (kept []domain.Product, refused map[string]int) {
	refused = map[string]int{}
	for i := range products {
		p := products[i]
		switch {
		case !readableName(p.Name) || onlyNoun(p.Name, n):
			refused["name"]++
			continue
		case foreignName(&p, n.Language):
			refused["language"]++
			continue
		case otherKind(p.Name, n):
			refused["kind"]++
			continue
		}
		p.Attributes = foodAttributes(&p, n.Language)
		kept = append(kept, p)
	}
	kept, refused["outlier"] = alike(kept)
	return kept, refused
}

// alike leaves out rows of which two figures or more lie far from those of all others:
// their name misleads. Far is more than three and a half times the median distance from the median,
// scaled as a standard deviation.
func alike(rows []domain.Product) (kept []domain.Product, dropped int) {
	const times, scale, least = 3.5, 1.4826, 1.5
	far := make([]int, len(rows))
	for _, name := range []string{"fat", "carbohydrate", "sugar", "protein"} {
		var values []float64
		for i := range rows {
			if a, ok := attributeOf(&rows[i], name); ok {
				values = append(values, a.Number)
			}
		}
		if len(values) < 2*MinFamilies {
			continue
		}
		mid := middle(values)
		distances := make([]float64, len(values))
		for i, v := range values {
			distances[i] = math.Abs(v - mid)
		}
		limit := times * scale * math.Max(least, middle(distances))
		for i := range rows {
			if a, ok := attributeOf(&rows[i], name); ok && math.Abs(a.Number-mid) > limit {
				far[i]++
			}
		}
	}
	for i := range rows {
		if far[i] < 2 {
			kept = append(kept, rows[i])
		}
	}
	return kept, len(rows) - len(kept)
}

func attributeOf(p *domain.Product, name string) (domain.Attribute, bool) {
	for _, a := range p.Attributes {
		if a.Name == name && a.Kind == domain.AttributeNumber {
			return a, true
		}
	}
	return domain.Attribute{}, false
}

func middle(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

var umlauts = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ß", "ss", "ae", "a", "oe", "o", "ue", "u")

// twinName is equal for names that readers cannot tell apart: "Basis-Müsli" and "Basis
// Musli", "Knusper Schoko Müsli" and "Müsli, Knusper Schoko".
func twinName(name string) string {
	words := strings.Fields(umlauts.Replace(normalName(name)))
	slices.Sort(words)
	return strings.Join(words, " ")
}

// onlyNoun reports whether a name is the noun of the niche and nothing else: it tells a
// reader nothing.
func onlyNoun(name string, n Niche) bool {
	words := lemmas(name, n.Language)
	return len(words) == 1 && slices.ContainsFunc(n.phrases, func(p nichePhrase) bool { return umlauts.Replace(words[0]) == umlauts.Replace(p.head) })
}

// fullest keeps one row of each name: the one that states most, then the first in the
// total order of rows.
func fullest(rows []domain.Product) (kept []domain.Product, dropped int) {
	best := map[string]int{}
	for i := range rows {
		name := twinName(rows[i].Name)
		j, ok := best[name]
		if !ok || len(rows[i].Attributes) > len(rows[j].Attributes) ||
			len(rows[i].Attributes) == len(rows[j].Attributes) && compareRows(rows[i], rows[j]) < 0 {
			best[name] = i
		}
	}
	for i := range rows {
		if best[twinName(rows[i].Name)] == i {
			kept = append(kept, rows[i])
		}
	}
	return kept, len(rows) - len(kept)
}

var (
	oddInName  = regexp.MustCompile(`[<>{}\[\]|\\^~=@#_*?;"]|\p{Lu}{2}\d{3}|\d{5}|[.,:!-]{2}|&\w+;|\p{L}[€$]|\d ?[xX×]$`)
	breaksWord = regexp.MustCompile(`\p{L}- \p{Ll}|\p{Ll}\p{Lu}`)
)

// readableName reports whether a name can stand on a page: words in ordinary letters, no
// remains of a scan.
func readableName(name string) bool {
	letters, upper, words := 0, 0, strings.Fields(name)
	for _, r := range name {
		if unicode.IsLetter(r) {
			letters++
			if unicode.IsUpper(r) {
				upper++
			}
			if !unicode.In(r, unicode.Latin) {
				return false
			}
		}
	}
	first, _ := utf8.DecodeRuneInString(name)
	return letters >= 4 && len(words) <= 9 && utf8.RuneCountInString(name) <= 64 && unicode.IsUpper(first) &&
		upper*2 <= letters+2 && !oddInName.MatchString(name) && !breaksWord.MatchString(name)
}

// foreignWords stand in product names of the neighboring countries and never in German
// ones.
var foreignWords = wordSet(`au aux de la le les du des et avec sans pour lait chocolat noir blanc fromage yaourt pain jus
	noix amandes fraise framboise nature con sin leche al alla di del della con latte cioccolato e y vollkornbrød med og
	z ze i na od za voća čokolada mleko czekolada with and of the for milk dark white chocolate tea noodles yoghurt yogurt cheese bread
	met zonder melk sabor queso pan crevette thé vert avoine blé entier bien goût grec maigre entier citron pomme fraises alpine`)

// foreignName reports whether a name, read with the ingredients, is in another language
// than the site's.
func foreignName(p *domain.Product, language string) bool {
	words := strings.FieldsFunc(strings.ToLower(p.Name), func(r rune) bool { return isBreak(r) || r == '\'' || r == '’' })
	for _, w := range words {
		if language == "de" && foreignWords[w] {
			return true
		}
	}
	if strings.ContainsAny(p.Name, "éèêàçñøåışğłžščćœùûîïôâëìòãõ") {
		return true
	}
	if g := nlp.DetectLanguage(p.Name); g.Language != nlp.Undetermined && g.Language != language && g.Confidence >= 0.9 {
		return true
	}
	g := nlp.DetectLanguage(p.Description)
	return g.Language != nlp.Undetermined && g.Language != language && g.Confidence >= 0.95
}

// joiners stand between what a product is and what it comes with.
var joiners = wordSet("in im mit aus und an am auf für zum zur nach à with in of for")

// otherFood are words that make a name that holds the niche's noun something else:
// "Pudding Schokolade" is a pudding.
var otherFood = strings.Fields(`pudding puddingpulver riegel keks kekse waffel waffeln waffelröllchen eis eiscreme soße sauce salat drink getränk quark creme crème kuchen torte
	kapseln bonbon bonbons dressing cornichons knödel knödelbrot suppe brei fix würfel aufstrich glasur pulver dessert grießbrei milchreis gelee gelée
	toast zwieback cracker grissini pizza burger schnitte schnitten brötchen konfekt likör punsch kaugummi dragees ohrspülung bad seife shampoo
	milchshake shake smoothie schorle aroma spekulatius brownies butterkeks joghurt schokolad knuspermusli salatfix ozean cup riegelchen lachgummi backmischung teigwarenfüllung hörnchen croissant`)

// otherKind reports whether a name says that the product is not what the niche names:
// its noun comes only after a joiner, or beside the noun of another food.
func otherKind(name string, n Niche) bool {
	raw := strings.Fields(strings.ToLower(name))
	for i, w := range raw {
		if i > 0 && joiners[w] {
			raw = raw[:i]
			break
		}
	}
	before := lemmas(strings.Join(raw, " "), n.Language)
	is := func(w string) bool {
		return slices.ContainsFunc(n.phrases, func(p nichePhrase) bool { return isHead(w, p.head, n.Language) })
	}
	if !slices.ContainsFunc(before, is) {
		return true
	}
	drink := func(w string) bool { return strings.HasPrefix(w, "trink") }
	if slices.ContainsFunc(before, drink) && !slices.ContainsFunc(n.phrases, func(p nichePhrase) bool { return drink(p.head) }) {
		return true // "Trinkschokolade" is a powder
	}
	before = append(before, raw...) // lemmas change words of other languages: "brownies"
	return slices.ContainsFunc(before, func(w string) bool {
		return !is(w) && slices.ContainsFunc(otherFood, func(o string) bool { return w == o || strings.HasSuffix(w, o) && len(o) > 3 })
	})
}
