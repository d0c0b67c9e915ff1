package seo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"empire/internal/domain"
)

// Limits of structured data.
const (
	maxSchemaBytes = 256 << 10
	maxSchemaDepth = 32
	maxSchemaItems = 2000    // objects on one page
	maxSchemaText  = 1 << 20 // visible text that is searched
)

// required lists the properties that a type must have to be of use.
var required = map[string][]string{
	"Product": {"name"}, "Offer": {"price", "priceCurrency"}, "AggregateOffer": {"lowPrice", "priceCurrency"},
	"BreadcrumbList": {"itemListElement"}, "ItemList": {"itemListElement"}, "ListItem": {"position"},
	"FAQPage": {"mainEntity"}, "Question": {"name", "acceptedAnswer"}, "Answer": {"text"},
	"Article": {"headline"}, "WebSite": {"name", "url"}, "Organization": {"name"}, "Person": {"name"},
	"Review": {"reviewRating", "author"}, "Rating": {"ratingValue"}, "AggregateRating": {"ratingValue"},
}

// schemaCheck collects the faults of one page's structured data.
type schemaCheck struct {
	text    string // visible text, normalized
	numbers map[string]bool
	invalid []string
	differs []string
	items   int
}

func (a *audit) checkJSONLD(p *page) {
	if len(p.jsonld) == 0 {
		return
	}
	seen := p.visible[:min(len(p.visible), maxSchemaText)]
	c := &schemaCheck{text: normalize(seen), numbers: figures(seen)}
	for _, raw := range p.jsonld {
		c.script(raw)
	}
	total := max(c.items, len(c.invalid)+len(c.differs), 1)
	p.share("SEO-JSONLD-INVALID", c.invalid, total, "Structured data that is not valid")
	p.share("SEO-JSONLD-MISMATCH", c.differs, total, "Structured data that the page does not show")
}

func (c *schemaCheck) script(raw string) {
	if len(raw) > maxSchemaBytes {
		c.invalid = append(c.invalid, fmt.Sprintf("a script of %d bytes", len(raw)))
		return
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("text after the value")
		}
	}
	if err != nil {
		c.invalid = append(c.invalid, "JSON: "+clip(err.Error(), 60))
		return
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			c.invalid = append(c.invalid, "a value that is no object")
			continue
		}
		context, _ := object["@context"].(string)
		if strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(context, "https://"), "http://"), "/") != "schema.org" {
			c.invalid = append(c.invalid, "an object without the context https://schema.org")
		}
		_, graph := object["@graph"]
		c.object(object, !graph, 0)
	}
}

// object checks one object and what is in it. typed says that it must have a type.
func (c *schemaCheck) object(o map[string]any, typed bool, depth int) {
	if c.items++; depth > maxSchemaDepth || c.items > maxSchemaItems {
		if c.items <= maxSchemaItems+1 {
			c.invalid = append(c.invalid, "too many or too deeply nested objects")
		}
		return
	}
	kind := typeOf(o)
	_, reference := o["@id"]
	if kind == "" && typed && !(reference && len(o) == 1) {
		c.invalid = append(c.invalid, "an object without @type")
	}
	for _, name := range required[kind] {
		if !present(o[name]) {
			c.invalid = append(c.invalid, kind+" without "+name)
		}
	}
	c.special(o, kind)
	for _, key := range keys(o) {
		c.property(kind, key, o[key])
		c.nested(o[key], depth+1)
	}
}

func (c *schemaCheck) nested(v any, depth int) {
	switch v := v.(type) {
	case map[string]any:
		c.object(v, true, depth)
	case []any:
		if depth > maxSchemaDepth {
			c.invalid = append(c.invalid, "lists in lists")
			return
		}
		for _, e := range v {
			c.nested(e, depth+1)
		}
	}
}

// special checks what a list of required properties cannot say.
func (c *schemaCheck) special(o map[string]any, kind string) {
	bad := func(format string, args ...any) { c.invalid = append(c.invalid, fmt.Sprintf(format, args...)) }
	switch kind {
	case "Product":
		if !present(o["offers"]) && !present(o["review"]) && !present(o["aggregateRating"]) {
			bad("Product without offers, review or aggregateRating")
		}
	case "Offer", "AggregateOffer":
		for _, name := range []string{"price", "lowPrice", "highPrice"} {
			if v, ok := o[name]; ok && !plainPrice.MatchString(text(v)) {
				bad("%s %q is not a plain number", name, clip(text(v), 20))
			}
		}
		if cur := text(o["priceCurrency"]); cur != "" && !domain.ValidCurrency(cur) {
			bad("currency %q is not an ISO 4217 code", clip(cur, 10))
		}
	case "ListItem":
		if !present(o["item"]) && !present(o["name"]) && !present(o["url"]) {
			bad("ListItem without item, name or url")
		}
	}
	for _, name := range []string{"url", "item", "mainEntityOfPage"} {
		if s, ok := o[name].(string); ok && !absolute(s) {
			bad("%s %q is not an absolute address", name, clip(s, 60))
		}
	}
}

var plainPrice = regexp.MustCompile(`^\d{1,12}(\.\d{1,4})?$`)

// shown are the properties whose words the page must show.
var shown = []string{"name", "headline", "text"}

// counted are the properties whose figures the page must show.
var counted = []string{"price", "lowPrice", "highPrice", "ratingValue", "reviewCount", "ratingCount"}

// property compares one property with the visible page.
func (c *schemaCheck) property(kind, key string, v any) {
	value := text(v)
	if value == "" {
		return
	}
	switch {
	case slices.Contains(shown, key):
		if !strings.Contains(c.text, normalize(value)) {
			c.differs = append(c.differs, fmt.Sprintf("%s %s %q", kind, key, clip(value, 50)))
		}
	case slices.Contains(counted, key):
		if f, err := strconv.ParseFloat(value, 64); err == nil && !c.numbers[canonical(f)] {
			c.differs = append(c.differs, fmt.Sprintf("%s %s %s", kind, key, clip(value, 20)))
		}
	}
}

func typeOf(o map[string]any) string {
	switch t := o["@type"].(type) {
	case string:
		return t
	case []any:
		if len(t) > 0 {
			return text(t[0])
		}
	}
	return ""
}

func keys(o map[string]any) []string {
	out := make([]string, 0, len(o))
	for k := range o {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(v) != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// text returns a string or number as text, "" for anything else.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// normalize makes texts comparable: lower case, single spaces, no markup spaces.
func normalize(s string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\u00ad' }), " "))
}

var figure = regexp.MustCompile(`\d+(?:[.,'’]\d+)*`)

// figures returns the numbers that a text shows, in each way to read them: a dot or
// a comma before the decimals.
func figures(s string) map[string]bool {
	out := map[string]bool{}
	for _, f := range figure.FindAllString(s, -1) {
		f = strings.NewReplacer("'", "", "’", "").Replace(f)
		for _, t := range []string{strings.ReplaceAll(f, ",", ""), strings.ReplaceAll(strings.ReplaceAll(f, ".", ""), ",", ".")} {
			if v, err := strconv.ParseFloat(t, 64); err == nil {
				out[canonical(v)] = true
			}
		}
	}
	return out
}

func canonical(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
