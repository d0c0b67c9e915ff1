package catalog

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"empire/internal/domain"
)

func parseNumber(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// familyName is the name of the lead without what names its size and color: always
// the verbatim beginning of the lead's name.
func (g *grouping) familyName(f *domain.Family, parents []domain.Product) string {
	lead := f.Lead()
	for i := range parents {
		if name, ok := beginsWith(lead.Name, parents[i].Name); ok {
			return name
		}
	}
	name := lead.Name
	if lead.ParentKey != "" && (len(f.Variants) > 1 || hasOption(lead)) {
		var siblings []string
		for i := range f.Variants {
			v := &f.Variants[i]
			if v.ParentKey == lead.ParentKey && merchantOf(v) == merchantOf(lead) {
				siblings = append(siblings, v.Name)
			}
		}
		name = trimOptions(commonPrefix(siblings), lead)
	}
	for i := range f.Variants { // another merchant may call it by less
		if short, ok := beginsWith(name, f.Variants[i].Name); ok && len(strings.Fields(short)) > 1 {
			name = short
		}
	}
	if len(strings.TrimSpace(name)) < 4 {
		return lead.Name
	}
	return name
}

// beginsWith returns the beginning of name that is start but for letter case, when
// it ends where a word does.
func beginsWith(name, start string) (string, bool) {
	if start == "" || len(start) > len(name) || !strings.EqualFold(name[:len(start)], start) {
		return "", false
	}
	return name[:len(start)], len(start) == len(name) || isWordBreak(name[len(start)])
}

func hasOption(p *domain.Product) bool {
	if p.Colour != "" {
		return true
	}
	_, ok := sizeOf(p)
	return ok
}

// commonPrefix returns what all names begin with, cut at the end of a word.
func commonPrefix(names []string) string {
	prefix := names[0]
	for _, n := range names[1:] {
		i := 0
		for i < len(prefix) && i < len(n) && prefix[i] == n[i] {
			i++
		}
		if i == len(prefix) && (i == len(n) || isWordBreak(n[i])) {
			continue
		}
		for i > 0 && !(i < len(prefix) && isWordBreak(prefix[i]) && (i == len(n) || isWordBreak(n[i]))) {
			i--
		}
		prefix = prefix[:i]
	}
	return strings.TrimRight(prefix, " -–—,/|(:")
}

func isWordBreak(c byte) bool { return strings.IndexByte(" -,/|(:", c) >= 0 }

// trimOptions drops the size and the color of p from the end of a name.
func trimOptions(name string, p *domain.Product) string {
	var ends []string
	if a, ok := sizeOf(p); ok {
		ends = append(ends, a.Text, a.Raw)
	}
	if a, ok := colourOf(p); ok {
		ends = append(ends, a.Text, a.Raw)
	}
	for range 3 {
		for _, end := range ends {
			rest, ok := strings.CutSuffix(name, end)
			if ok && end != "" && rest != "" && isWordBreak(rest[len(rest)-1]) {
				name = strings.TrimRight(rest, " -–—,/|(:")
			}
		}
	}
	return name
}

// makeNamesUnique appends to names that several families have what tells the
// families apart, and leaves out the less complete of those that stay alike.
func makeNamesUnique(families []domain.Family) ([]domain.Family, int) {
	byName := map[string][]int{}
	for i := range families {
		n := normalName(families[i].Name)
		byName[n] = append(byName[n], i)
	}
	for _, members := range byName {
		if len(members) > 1 {
			distinguish(families, members)
		}
	}
	slices.SortFunc(families, func(a, b domain.Family) int {
		return cmp.Or(
			boolRank(a.PriceMin != nil)-boolRank(b.PriceMin != nil),
			cmp.Compare(len(b.Attributes), len(a.Attributes)), strings.Compare(a.Key, b.Key),
		)
	})
	taken := map[string]bool{}
	var out []domain.Family
	for _, f := range families {
		n := normalName(f.Name)
		if !taken[n] {
			taken[n] = true
			out = append(out, f)
		}
	}
	return out, len(families) - len(out)
}

func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// maxSuffixParts bounds how many specifications a name takes on.
const maxSuffixParts = 4

// distinguish appends to the names of families, which are the same, the fewest
// specifications that tell them apart: one after the other, always the one that
// leaves the fewest alike.
func distinguish(families []domain.Family, members []int) {
	labels := map[string]map[int]string{}
	for _, i := range members {
		for _, a := range families[i].Attributes {
			if l := suffixLabel(a); l != "" {
				if labels[a.Name] == nil {
					labels[a.Name] = map[int]string{}
				}
				labels[a.Name][i] = l
			}
		}
	}
	var chosen []string
	suffix := func(i int, names []string) string {
		var parts []string
		for _, n := range names {
			if l := labels[n][i]; l != "" {
				parts = append(parts, l)
			}
		}
		return strings.Join(parts, ", ")
	}
	distinct := func(names []string) int {
		seen := map[string]bool{}
		for _, i := range members {
			seen[normalName(suffix(i, names))] = true
		}
		return len(seen)
	}
	have := 1
	for len(chosen) < maxSuffixParts && have < len(members) {
		best, bestCount := "", have
		for _, n := range sortedByPreference(labels) {
			if c := distinct(append(slices.Clone(chosen), n)); c > bestCount {
				best, bestCount = n, c
			}
		}
		if best == "" {
			break
		}
		chosen, have = append(chosen, best), bestCount
	}
	for _, i := range members {
		var from []string
		for _, n := range chosen {
			if labels[n][i] != "" {
				from = append(from, n)
			}
		}
		if s := suffix(i, chosen); s != "" {
			families[i].Name += " (" + s + ")"
			families[i].NameFrom = from
		}
	}
}

// preferredSuffixes come before other attributes that tell as much apart.
var preferredSuffixes = []string{"capacity", "wattage", "screen_size", "size", "modules", "module_count", "speed", "memory_speed", "switches", "switch"}

func sortedByPreference(labels map[string]map[int]string) []string {
	names := make([]string, 0, len(labels))
	for n := range labels {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		i, j := slices.Index(preferredSuffixes, a), slices.Index(preferredSuffixes, b)
		if i < 0 {
			i = len(preferredSuffixes)
		}
		if j < 0 {
			j = len(preferredSuffixes)
		}
		return cmp.Or(i-j, strings.Compare(a, b))
	})
	return names
}

// suffixLabel is an attribute as part of a name: "850 W", "Cherry MX Red",
// "cas latency 16". It is empty for what makes no name.
func suffixLabel(a domain.Attribute) string {
	if isOption(a) || strings.HasPrefix(a.Name, "price") || strings.HasSuffix(a.Name, "_option") || a.Name == attrBrand ||
		strings.HasPrefix(a.Name, "available_") || a.Field == "description" {
		return ""
	}
	words := strings.ReplaceAll(a.Name, "_", " ")
	switch a.Kind {
	case domain.AttributeNumber:
		n := strconv.FormatFloat(a.Number, 'f', -1, 64)
		if a.Unit == "" {
			return words + " " + n
		}
		if a.Unit == "\"" || a.Unit == "%" {
			return n + a.Unit
		}
		return n + " " + a.Unit
	case domain.AttributeFlag:
		if a.Flag {
			return words
		}
		return "not " + words
	case domain.AttributeList:
		return shortLabel(strings.Join(a.List, " + "))
	case domain.AttributeSize:
		var parts []string
		for _, n := range a.Numbers {
			parts = append(parts, strconv.FormatFloat(n, 'f', -1, 64))
		}
		return strings.TrimSpace(strings.Join(parts, " × ") + " " + a.Unit)
	default:
		return shortLabel(a.Text)
	}
}

// shortLabel refuses text that is too long for a name.
func shortLabel(s string) string {
	if len(s) > 40 {
		return ""
	}
	return s
}

// genericFirstWords begin product names without being a brand.
var genericFirstWords = wordSet(`new the a an original genuine universal wireless wired gaming mechanical usb mini ultra pro premium
	portable professional classic deluxe set pack women men kids children men's women's replacement digital black white red blue
	green silver grey gray smart home office heavy light large small full half super high low`)

// twoWordBrands are brands of two words, in lower case, joined by a low line.
var twoWordBrands = wordSet(`cooler_master western_digital be_quiet gear_head silicon_power turtle_beach mad_catz
	fractal_design lian_li geometric_future das_keyboard happy_hacking creative_labs case_logic tech_craft`)

// nameBrands sets the brand of families whose feed has none: the first word of
// the name, when it heads the names of several families and is no ordinary word.
func nameBrands(families []domain.Family) {
	known := map[string]bool{}
	heads := map[string]int{}
	for i := range families {
		w := strings.Fields(families[i].Name)
		if families[i].Brand != "" {
			known[strings.ToLower(families[i].Brand)] = true
		}
		if len(w) > 1 {
			heads[brandWord(w[0])]++
		}
	}
	for i := range families {
		f := &families[i]
		w := strings.Fields(f.Name)
		if f.Brand != "" || len(w) < 2 {
			continue
		}
		first, second := brandWord(w[0]), brandWord(w[1])
		if twoWordBrands[first+"_"+second] {
			setBrand(f, 2)
			continue
		}
		enough := 3
		if innerUpper(w[0]) || strings.Contains(w[0], "-") { // MSI, HyperX, TP-Link
			enough = 2
		}
		if isName(w[0]) && !genericFirstWords[first] && !trailingWords[first] && (heads[first] >= enough || known[first]) {
			setBrand(f, 1)
		}
	}
}

// brandWord folds a word for comparison.
func brandWord(w string) string { return strings.ToLower(strings.Trim(w, "!®™.,:()")) }

// isName reports whether a word can be part of a brand: letters with a capital, no
// model number.
func isName(w string) bool {
	return len(w) > 1 && strings.IndexFunc(w, unicode.IsUpper) >= 0 && strings.IndexFunc(w, unicode.IsDigit) < 0
}

// setBrand takes the first n words of the lead's name as the brand, verbatim.
func setBrand(f *domain.Family, n int) {
	lead := f.Lead()
	text := lead.Fields["product_name"]
	if text == "" {
		text = lead.Name
	}
	words := strings.Fields(f.Name)
	raw := strings.Join(words[:n], " ")
	if !strings.HasPrefix(text, raw) {
		return
	}
	f.Brand = strings.TrimRight(raw, ".,:")
	f.Attributes = append(f.Attributes, domain.Attribute{
		Name: attrBrand, Kind: domain.AttributeText, Text: f.Brand, Field: "product_name", Raw: f.Brand, RowKey: lead.Key,
	})
}

// feedBrand is the lead's brand, or the first that a variant states.
func feedBrand(variants []domain.Product) string {
	for i := range variants {
		if b := strings.TrimSpace(variants[i].Brand); b != "" {
			return b
		}
	}
	return ""
}

// brandAttribute cites the field that feedBrand took the brand from.
func brandAttribute(variants []domain.Product) []domain.Attribute {
	for i := range variants {
		v := &variants[i]
		b := strings.TrimSpace(v.Brand)
		if b == "" {
			continue
		}
		if !strings.Contains(v.Fields["brand_name"], b) {
			return nil
		}
		return []domain.Attribute{{Name: attrBrand, Kind: domain.AttributeText, Text: b, Field: "brand_name", Raw: b, RowKey: v.Key}}
	}
	return nil
}
