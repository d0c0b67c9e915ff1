package catalog

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"empire/internal/domain"
)

func parseNumber(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// familyName is the name of the lead without what names its size and color: always
// the verbatim beginning of the lead's name.
func familyName(f *domain.Family, parents []domain.Product) string {
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

// optionLabels stand before an option in names: "size 42".
var optionLabels = []string{"size", "sz", "colour", "color", "größe", "groesse", "gr", "farbe"}

// trimOptions drops the size and the color of p from the end of a name.
func trimOptions(name string, p *domain.Product) string {
	ends := slices.Clone(optionLabels)
	if a, ok := sizeOf(p); ok {
		ends = append(ends, a.Text, a.Raw)
	}
	if a, ok := colourOf(p); ok {
		ends = append(ends, a.Text, a.Raw)
	}
	for range 4 {
		for _, end := range ends {
			cut := len(name) - len(end)
			if end != "" && cut > 0 && strings.EqualFold(name[cut:], end) && isWordBreak(name[cut-1]) {
				name = strings.TrimRight(name[:cut], " -–—,/|(:.")
			}
		}
	}
	return name
}

// genericFirstWords begin product names without being a brand.
var genericFirstWords = wordSet(`new the a an original genuine universal wireless wired gaming mechanical usb mini ultra pro premium
	portable professional classic deluxe set pack women men kids children men's women's replacement digital black white red blue
	green silver grey gray smart home office heavy light large small full half super high low in on by`)

// twoWordBrands are brands of two words, in lower case, joined by a low line.
var twoWordBrands = wordSet(`cooler_master western_digital be_quiet gear_head silicon_power turtle_beach mad_catz
	fractal_design lian_li geometric_future sk_hynix titan_army in_win
	athena_power super_flower fsp_group gelid_solutions green_extreme das_keyboard happy_hacking creative_labs case_logic tech_craft`)

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
