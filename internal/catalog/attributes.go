package catalog

import (
	"slices"
	"strings"

	"empire/internal/domain"
)

// Attributes returns what the fields of a product say about it, typed: first what
// stands in specification columns as key and value, then in columns of one meaning,
// then what is certain in the name and the description. Of several statements under
// one name the first counts. Raw is always a verbatim part of Fields[Field], and a
// number has a unit only if the text or the known meaning of its key gives one.
func Attributes(p *domain.Product) []domain.Attribute {
	c := &collector{product: p, language: p.Language}
	c.specifications()
	c.columns()
	c.wear = c.isWear()
	c.name()
	c.description()
	return c.list
}

// collector gathers attributes, the first of each name.
type collector struct {
	product  *domain.Product
	language string
	wear     bool // the product is clothing
	list     []domain.Attribute
}

func (c *collector) has(name string) bool {
	for i := range c.list {
		if c.list[i].Name == name {
			return true
		}
	}
	return false
}

func (c *collector) add(a domain.Attribute) {
	if a.Raw != "" && !c.has(a.Name) {
		c.list = append(c.list, a)
	}
}

// columns reads the columns that have one meaning.
func (c *collector) columns() {
	f := c.product.Fields
	if v := f["colour"]; v != "" {
		c.add(colorAttribute("colour", v))
	}
	if v := f["dimensions"]; v != "" {
		if a, ok := dimensionAttribute("dimensions", "dimensions", v, c.language); ok {
			c.add(a)
		}
	}
	if v := f["average_rating"]; v != "" {
		if n, _, ok := readNumber(v, c.language); ok && n > 0 && n <= 5 {
			c.add(domain.Attribute{Name: "rating", Kind: domain.AttributeNumber, Number: n, Field: "average_rating", Raw: v})
		}
	}
	if v := f["reviews"]; allDigits(v) && len(v) < 9 {
		if n, _, ok := readNumber(v, c.language); ok {
			c.add(domain.Attribute{Name: "review_count", Kind: domain.AttributeNumber, Number: n, Field: "reviews", Raw: v})
		}
	}
	if v := f["warranty"]; v != "" {
		if n, unit, ok := wholeQuantity(v, c.language); ok && (unit == "years" || unit == "months") {
			c.add(domain.Attribute{Name: "warranty", Kind: domain.AttributeNumber, Number: n, Unit: unit, Field: "warranty", Raw: v})
		}
	}
	if v := f["delivery_weight"]; v != "" {
		if n, unit, ok := wholeQuantity(v, c.language); ok && measures[unit] == "weight" && n > 0 {
			c.add(domain.Attribute{Name: "shipping_weight", Kind: domain.AttributeNumber, Number: n, Unit: unit, Field: "delivery_weight", Raw: v})
		}
	}
	if v := f["base_price_text"]; v != "" { // the content that the base price is for: "186 g"
		if n, unit, ok := wholeQuantity(v, c.language); ok && n > 0 && (measures[unit] == "weight" || measures[unit] == "volume") {
			c.add(domain.Attribute{Name: "content", Kind: domain.AttributeNumber, Number: n, Unit: unit, Field: "base_price_text", Raw: v})
		}
	}
	c.sizes()
	c.gender()
}

// sizes reads clothing sizes from the columns that may hold them.
func (c *collector) sizes() {
	for _, field := range sizeFields {
		if v := c.product.Fields[field]; isClothingSize(v) {
			c.add(domain.Attribute{Name: "size", Kind: domain.AttributeText, Text: v, Field: field, Raw: v})
		}
	}
}

var sizeFields = []string{
	"fashion:size", "custom_1", "custom_2", "custom_3", "custom_4", "custom_5", "custom_6", "custom_7", "custom_8", "custom_9",
}

// isClothingSize knows the letter sizes, which mean nothing else.
func isClothingSize(s string) bool {
	switch strings.ToUpper(s) {
	case "XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL", "2XL", "3XL", "4XL", "5XL", "XS/S", "S/M", "M/L", "L/XL":
		return true
	}
	return false
}

// genders maps steps of a category path to whom the products are made for.
var genders = map[string]string{
	"men": "men", "men's": "men", "mens": "men", "herren": "men",
	"women": "women", "women's": "women", "womens": "women", "damen": "women",
	"kids": "kids", "children": "kids", "kinder": "kids", "unisex": "unisex",
}

// gender reads from the steps of the category path for whom a product is made.
func (c *collector) gender() {
	for _, field := range []string{"merchant_product_category_path", "merchant_category"} {
		text := c.product.Fields[field]
		if !strings.ContainsAny(text, ">|") {
			continue
		}
		for step := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '>' || r == '|' }) {
			step = strings.TrimSpace(step)
			if g := genders[strings.ToLower(step)]; g != "" {
				c.add(domain.Attribute{Name: "gender", Kind: domain.AttributeText, Text: g, Field: field, Raw: step})
				return
			}
		}
	}
}

// colorAttribute makes a colour of "Black", and a list of "Black / White".
func colorAttribute(field, value string) domain.Attribute {
	a := domain.Attribute{Name: "colour", Kind: domain.AttributeText, Text: value, Field: field, Raw: value}
	if strings.ContainsAny(value, "/|,;") {
		if parts := splitList(value, "/|,;"); len(parts) > 1 {
			a.Kind, a.Text, a.List = domain.AttributeList, "", parts
		}
	}
	return a
}

// splitList cuts a text at any of the separators and drops empty and repeated
// parts.
func splitList(s, separators string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}
