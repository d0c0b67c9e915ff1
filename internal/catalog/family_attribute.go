package catalog

import (
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Names of attributes that Families adds.
const (
	attrSizes        = "available_sizes"
	attrColours      = "available_colours"
	attrSizeOption   = "size_option"
	attrColourOption = "colour_option"
	attrBrand        = "brand"
)

// optionAttributes differ between the variants of one product.
var optionAttributes = map[string]string{
	"colour": attrColours, "color": attrColours, "size": attrSizes, "clothing_size": attrSizes, "shoe_size": attrSizes,
}

// specSet is what tells products of one name apart, by attribute name.
type specSet map[string]string

// essentialSpecs returns the specifications of a row that make it a product of its
// own: not colors and clothing sizes, nothing that follows from the price, and
// nothing from the free text of the description.
func essentialSpecs(p *domain.Product) specSet {
	set := specSet{}
	for _, a := range p.Attributes {
		name := a.Name
		if a.Field == "description" || a.Field == "product_short_description" || strings.HasPrefix(name, "price") ||
			name == attrBrand || name == "in_stock" || isOption(a) {
			continue
		}
		if _, ok := set[name]; !ok {
			set[name] = attributeValue(a)
		}
	}
	return set
}

// isOption reports whether an attribute is a choice that a buyer makes within one
// product. The diameter of a fan is none: a size with a unit makes another product.
func isOption(a domain.Attribute) bool {
	list, ok := optionAttributes[a.Name]
	if !ok {
		return false
	}
	return list == attrColours || a.Name != "size" || a.Kind == domain.AttributeText || a.Kind == domain.AttributeNumber && a.Unit == ""
}

// id is the same for equal sets.
func (s specSet) id() string {
	var b strings.Builder
	for _, k := range s.names() {
		fmt.Fprintf(&b, "%s=%s\x01", k, s[k])
	}
	return b.String()
}

func (s specSet) names() []string {
	names := make([]string, 0, len(s))
	for k := range s {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// within reports whether s states less than t and nothing else.
func (s specSet) within(t specSet) bool {
	if len(s) >= len(t) {
		return false
	}
	for k, v := range s {
		if w, ok := t[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// attributeValue is the value of an attribute as comparable text.
func attributeValue(a domain.Attribute) string {
	switch a.Kind {
	case domain.AttributeNumber:
		return fmt.Sprintf("%g %s", a.Number, a.Unit)
	case domain.AttributeFlag:
		return fmt.Sprint(a.Flag)
	case domain.AttributeList:
		return strings.ToLower(strings.Join(a.List, "\x02"))
	case domain.AttributeSize:
		return fmt.Sprint(a.Numbers, a.Unit)
	default:
		return strings.ToLower(a.Text)
	}
}

// mergeAttributes joins the attributes of variants, whose first forSale can be
// bought; the others are parents, which describe all of them. What all variants
// that state it agree on is kept once. Where they differ, the lead's value stays,
// and colors and sizes become lists with one attribute for each option.
func mergeAttributes(variants []domain.Product, forSale int) []domain.Attribute {
	var names []string
	held := map[string]domain.Attribute{}
	differ := map[string]bool{}
	for i := range variants {
		for _, a := range variants[i].Attributes {
			a.RowKey = variants[i].Key
			first, ok := held[a.Name]
			switch {
			case !ok:
				names = append(names, a.Name)
				held[a.Name] = a
			case attributeValue(first) != attributeValue(a) && first.RowKey != a.RowKey:
				differ[a.Name] = true
			}
		}
	}
	lead := variants[0].Key
	slices.Sort(names)
	var out []domain.Attribute
	for _, n := range names {
		a := held[n]
		if differ[n] && (a.RowKey != lead || isOption(a)) {
			continue
		}
		out = append(out, a)
	}
	out = append(out, options(variants[:forSale], attrColours, attrColourOption, colourOf)...)
	return append(out, options(variants[:forSale], attrSizes, attrSizeOption, sizeOf)...)
}

// options returns the list attribute of the options that variants offer, followed
// by one attribute for each option. A single option is no choice.
func options(variants []domain.Product, list, option string, of func(*domain.Product) (domain.Attribute, bool)) []domain.Attribute {
	var found []domain.Attribute
	for i := range variants {
		a, ok := of(&variants[i])
		if !ok || slices.ContainsFunc(found, func(b domain.Attribute) bool { return strings.EqualFold(a.Text, b.Text) }) {
			continue
		}
		a.Name, a.Kind, a.RowKey = option, domain.AttributeText, variants[i].Key
		found = append(found, a)
	}
	if len(found) < 2 {
		return nil
	}
	slices.SortFunc(found, func(a, b domain.Attribute) int { return compareOptions(a.Text, b.Text) })
	all := domain.Attribute{
		Name: list, Kind: domain.AttributeList, Field: found[0].Field, Raw: found[0].Raw, RowKey: found[0].RowKey,
	}
	for _, a := range found {
		all.List = append(all.List, a.Text)
	}
	return append([]domain.Attribute{all}, found...)
}

func colourOf(p *domain.Product) (domain.Attribute, bool) {
	for _, a := range p.Attributes {
		if (a.Name == "colour" || a.Name == "color") && a.Kind == domain.AttributeText && a.Text != "" {
			return domain.Attribute{Text: a.Text, Field: a.Field, Raw: a.Raw}, true
		}
	}
	raw := p.Fields["colour"]
	return domain.Attribute{Text: raw, Field: "colour", Raw: raw}, raw != ""
}

func sizeOf(p *domain.Product) (domain.Attribute, bool) {
	for _, a := range p.Attributes {
		if optionAttributes[a.Name] != attrSizes || !isOption(a) {
			continue
		}
		text := a.Text
		if a.Kind == domain.AttributeNumber {
			text = fmt.Sprintf("%g", a.Number)
		}
		if text != "" {
			return domain.Attribute{Text: text, Field: a.Field, Raw: a.Raw}, true
		}
	}
	return domain.Attribute{}, false
}

// clothingSizes in the order in which people read them.
var clothingSizes = strings.Fields("XXXS XXS XS S M L XL XXL XXXL 2XL 3XL 4XL 5XL")

// compareOptions orders sizes by size, numbers by value, and text by letters.
func compareOptions(a, b string) int {
	i, j := slices.Index(clothingSizes, strings.ToUpper(a)), slices.Index(clothingSizes, strings.ToUpper(b))
	if i >= 0 && j >= 0 {
		return i - j
	}
	x, errA := parseNumber(a)
	y, errB := parseNumber(b)
	if errA == nil && errB == nil && x != y {
		if x < y {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// conflicts reports whether s and t state different values for one name.
func (s specSet) conflicts(t specSet) bool {
	for k, v := range s {
		if w, ok := t[k]; ok && w != v {
			return true
		}
	}
	return false
}
