package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Families groups rows to what a reader calls one product: the sizes and colors of
// one parent, one EAN at several merchants, and rows of one merchant with the same
// name and the same specifications. Names are unique: where products share a name,
// the specifications that tell them apart are appended in parentheses, and a row
// that nothing tells apart is left out. A row that other rows name as their parent
// describes the family and is not for sale: it comes last and without a price.
//
// The result is ordered by key and does not depend on the order of products. Keys
// are derived from merchant, parent, EAN, name and specifications.
func Families(products []domain.Product) []domain.Family {
	families, _ := group(products)
	return families
}

// group does the work of Families and counts the families that it left out because
// nothing tells them apart.
func group(products []domain.Product) (families []domain.Family, dropped int) {
	rows := slices.Clone(products)
	slices.SortFunc(rows, compareRows)
	g := newGrouping(rows)
	g.linkParents()
	g.linkEANs()
	g.linkNames()
	g.linkMerchants()
	for _, members := range g.groups() {
		families = append(families, g.build(members))
	}
	nameBrands(families)
	families, dropped = makeNamesUnique(families)
	slices.SortFunc(families, func(a, b domain.Family) int { return strings.Compare(a.Key, b.Key) })
	return families, dropped
}

// compareRows is the total order that makes everything below independent of the
// order of the input.
func compareRows(a, b domain.Product) int {
	return cmp.Or(
		strings.Compare(merchantOf(&a), merchantOf(&b)), strings.Compare(a.Key, b.Key),
		strings.Compare(string(a.FeedID), string(b.FeedID)), strings.Compare(a.Name, b.Name), strings.Compare(a.Hash, b.Hash),
	)
}

// merchantOf is the space in which parent keys and names are unique.
func merchantOf(p *domain.Product) string {
	if p.MerchantID != "" {
		return "m" + p.MerchantID
	}
	return "f" + string(p.FeedID)
}

// grouping is a union-find over rows.
type grouping struct {
	rows   []domain.Product
	root   []int
	names  []string // normalized
	specs  []specSet
	parent []bool // referenced by other rows as their parent
	family []string
}

func newGrouping(rows []domain.Product) *grouping {
	g := &grouping{
		rows: rows, root: make([]int, len(rows)), names: make([]string, len(rows)),
		specs: make([]specSet, len(rows)), parent: make([]bool, len(rows)), family: make([]string, len(rows)),
	}
	for i := range rows {
		g.root[i] = i
		g.names[i] = normalName(rows[i].Name)
		g.specs[i] = essentialSpecs(&rows[i])
	}
	return g
}

func (g *grouping) find(i int) int {
	for g.root[i] != i {
		g.root[i] = g.root[g.root[i]]
		i = g.root[i]
	}
	return i
}

func (g *grouping) union(i, j int) {
	a, b := g.find(i), g.find(j)
	g.root[max(a, b)] = min(a, b)
}

// linkParents joins the rows that name the same parent, and the parent's own row.
// Rows whose names share no word are not believed to be variants.
func (g *grouping) linkParents() {
	byParent := map[string][]int{}
	for i := range g.rows {
		if p := &g.rows[i]; p.ParentKey != "" {
			k := merchantOf(p) + "\x00" + p.ParentKey
			byParent[k] = append(byParent[k], i)
		}
	}
	for i := range g.rows {
		p := &g.rows[i]
		k := merchantOf(p) + "\x00" + p.MerchantKey
		if p.MerchantKey == "" || p.ParentKey != "" && p.ParentKey != p.MerchantKey {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(byParent[k]), func(j int) bool { return j == i })
		if len(others) > 0 && g.shareWord(append(others, i)) {
			g.parent[i] = true
			g.union(i, others[0])
		}
	}
	for k, members := range byParent {
		if !g.shareWord(members) {
			continue
		}
		for _, i := range members {
			g.family[i] = k
			g.union(members[0], i)
		}
	}
}

// shareWord reports whether all names have a word in common.
func (g *grouping) shareWord(members []int) bool {
	common := strings.Fields(g.names[members[0]])
	for _, i := range members[1:] {
		words := strings.Fields(g.names[i])
		common = slices.DeleteFunc(common, func(w string) bool { return !slices.Contains(words, w) })
	}
	return len(common) > 0
}

// linkEANs joins rows with the same EAN. An EAN that one merchant uses for rows
// with different names, none of them variants of one parent, is not believed.
func (g *grouping) linkEANs() {
	byEAN := map[string][]int{}
	for i := range g.rows {
		if e := g.rows[i].EAN; globalEAN(e) {
			byEAN[e] = append(byEAN[e], i)
		}
	}
	for _, members := range byEAN {
		seen := map[string]int{}
		believed := true
		for _, i := range members {
			m := merchantOf(&g.rows[i])
			if j, ok := seen[m]; ok && g.names[i] != g.names[j] && g.find(i) != g.find(j) {
				believed = false
			}
			seen[m] = i
		}
		for _, i := range members[1:] {
			if believed {
				g.union(members[0], i)
			}
		}
	}
}

// globalEAN reports whether e is a GTIN with a right check digit that names one
// product everywhere: not zeros and not from the range for use within a shop
// (GS1 General Specifications, prefixes 02, 04 and 20 to 29 of a GTIN-13).
func globalEAN(e string) bool {
	if len(e) < 8 || len(e) > 14 || strings.Trim(e, "0123456789") != "" || strings.Trim(e, "0") == "" {
		return false
	}
	sum := 0
	for i := range len(e) {
		d := int(e[len(e)-1-i] - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	if sum%10 != 0 {
		return false
	}
	if len(e) < 12 {
		return true
	}
	gtin := strings.Repeat("0", 14-len(e)) + e
	return gtin[1] != '2' && gtin[1:3] != "02" && gtin[1:3] != "04"
}

// maxNameSpecs bounds the comparison of specifications among rows of one name.
const maxNameSpecs = 400

// linkNames joins rows of one merchant with the same name whose specifications do
// not differ. A row that states less than another joins it when no second product
// of that name would fit as well. A long name with a model number joins rows of
// different merchants too.
func (g *grouping) linkNames() {
	byName := map[string][]int{}
	for i := range g.rows {
		if g.names[i] == "" || g.family[i] != "" || g.parent[i] {
			continue
		}
		scope := merchantOf(&g.rows[i])
		if len(strings.Fields(g.names[i])) >= 3 && hasDigit(g.names[i]) {
			scope = ""
		}
		k := scope + "\x00" + g.names[i]
		byName[k] = append(byName[k], i)
	}
	for _, members := range byName {
		g.linkSpecs(members)
	}
}

func (g *grouping) linkSpecs(members []int) {
	first := map[string]int{}
	var sets []int // one row for each distinct set
	for _, i := range members {
		id := g.specs[i].id()
		if j, ok := first[id]; ok {
			g.union(i, j)
			continue
		}
		first[id] = i
		sets = append(sets, i)
	}
	if len(sets) > maxNameSpecs {
		return
	}
	for _, i := range sets {
		var wider []int
		for _, j := range sets {
			if i != j && g.specs[i].within(g.specs[j]) {
				wider = append(wider, j)
			}
		}
		maximal := slices.DeleteFunc(slices.Clone(wider), func(j int) bool {
			return slices.ContainsFunc(wider, func(k int) bool { return j != k && g.specs[j].within(g.specs[k]) })
		})
		if len(maximal) == 1 {
			g.union(i, maximal[0])
		}
	}
}

// groups returns the members of each group, in the order of rows.
func (g *grouping) groups() [][]int {
	byRoot := map[int][]int{}
	for i := range g.rows {
		r := g.find(i)
		byRoot[r] = append(byRoot[r], i)
	}
	out := make([][]int, 0, len(byRoot))
	for _, members := range byRoot {
		out = append(out, members)
	}
	slices.SortFunc(out, func(a, b []int) int { return a[0] - b[0] })
	return out
}

// key derives the key of a group: from its least EAN, else its parent, else its
// name and specifications.
func (g *grouping) key(members []int) string {
	var eans, parents, names []string
	for _, i := range members {
		p := &g.rows[i]
		if globalEAN(p.EAN) {
			eans = append(eans, p.EAN)
		}
		if g.family[i] != "" {
			parents = append(parents, g.family[i])
		}
		names = append(names, merchantOf(p)+"\x00"+g.names[i]+"\x00"+g.specs[i].id())
	}
	id := ""
	switch {
	case len(parents) > 0:
		id = "parent\x00" + slices.Min(parents)
	case len(eans) > 0:
		id = "ean\x00" + slices.Min(eans)
	default:
		id = "name\x00" + slices.Min(names)
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

// build makes the family of a group.
func (g *grouping) build(members []int) domain.Family {
	f := domain.Family{Key: g.key(members)}
	var parents []domain.Product
	for _, i := range members {
		p := g.rows[i]
		if g.parent[i] && len(members) > 1 {
			p.Price = nil
			parents = append(parents, p)
			continue
		}
		f.Variants = append(f.Variants, p)
	}
	slices.SortFunc(f.Variants, compareOffers)
	forSale := len(f.Variants)
	f.Variants = append(f.Variants, parents...)
	f.PriceMin, f.PriceMax = priceRange(f.Variants)
	f.Name = familyName(&f, parents)
	f.Brand = feedBrand(f.Variants)
	f.Category = f.Lead().Category
	f.Attributes = mergeAttributes(f.Variants, forSale)
	if _, ok := f.Attribute(attrBrand); !ok {
		f.Attributes = append(f.Attributes, brandAttribute(f.Variants)...)
	}
	return f
}

// compareOffers orders variants: with a price first, then what is not sold out, then
// the cheapest, in stock before not said at the same price, then by the total order of
// rows. So the first one has the least price that can be paid now; only if all are
// sold out it has the least of those.
func compareOffers(a, b domain.Product) int {
	pa, pb := priced(&a), priced(&b)
	if pa != pb {
		return boolRank(pa) - boolRank(pb)
	}
	c := boolRank(soldOut(&b)) - boolRank(soldOut(&a))
	if c == 0 && pa {
		c = cmp.Or(strings.Compare(a.Price.Currency, b.Price.Currency), cmp.Compare(a.Price.Minor, b.Price.Minor))
	}
	return cmp.Or(c, cmp.Compare(stockRank(&a), stockRank(&b)), compareRows(a, b))
}

// soldOut reports whether the feed says that a row cannot be bought.
func soldOut(p *domain.Product) bool { return p.InStock != nil && !*p.InStock }

func priced(p *domain.Product) bool { return p.Price != nil && p.Price.Minor > 0 }

func stockRank(p *domain.Product) int {
	switch {
	case p.InStock == nil:
		return 1
	case *p.InStock:
		return 0
	}
	return 2
}

// priceRange returns the least and the greatest price in the currency of the first
// variant. Prices of what is sold out count only if all of it is.
func priceRange(variants []domain.Product) (low, high *domain.Money) {
	for i := range variants {
		p := &variants[i]
		if !priced(p) || low != nil && (p.Price.Currency != low.Currency || soldOut(p) && !soldOut(&variants[0])) {
			continue
		}
		m := *p.Price
		if low == nil || m.Minor < low.Minor {
			low = &m
		}
		if high == nil || m.Minor > high.Minor {
			high = &m
		}
	}
	return low, high
}

// normalName folds a name for comparison: words in lower case without punctuation.
func normalName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return isBreak(r) || r == '\'' }), " ")
}
