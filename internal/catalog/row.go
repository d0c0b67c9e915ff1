package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

// hashVersion is part of every row's hash. Raise it when rows that did not change
// must be read anew because reading them has changed.
const hashVersion = "1"

// Why a row was rejected.
const (
	rejectQuote   = "unclosed_quote" // a quote opens a field and never properly closes
	rejectRagged  = "ragged"         // too few or too many columns to know the essential ones
	rejectLong    = "row_too_long"
	rejectCut     = "cut_off" // the file ends inside the row
	rejectNoKey   = "no_key"  // no aw_product_id
	rejectBadKey  = "bad_key" // an aw_product_id that is not one token
	rejectNoName  = "no_name"
	rejectNameLen = "name_too_long"
)

// What was repaired or dropped in a row that was kept.
const (
	noteMended    = "quote_repaired"
	noteShort     = "columns_missing"
	noteExtra     = "columns_extra"
	noteTruncated = "field_truncated"
	noteHeader    = "header_missing"
	noteTail      = "trailing_bytes"
	noteDuplicate = "duplicate"
)

const (
	maxNameLen  = 1000
	maxKeyLen   = 128
	maxFieldLen = 4000
	maxProseLen = 32000
)

// columnUse says what a row reader does with a column.
type columnUse int

const (
	useText  columnUse = iota // clean, keep in Fields
	useProse                  // the same, with line ends kept
	useID                     // clean, keep in a typed field only
	useLink                   // check as a link
	useNone
)

func useOf(column string) columnUse {
	switch column {
	case "":
		return useNone
	case "aw_product_id", "merchant_product_id", "merchant_id", "category_id", "data_feed_id", "brand_id",
		"commission_group", "parent_product_id", "language":
		return useID
	case "aw_deep_link", "merchant_deep_link", "merchant_image_url", "aw_image_url", "large_image":
		return useLink
	case "description", "product_short_description", "specifications", "promotional_text":
		return useProse
	case "basket_link", "merchant_thumb_url", "alternate_image", "aw_thumb_url", "alternate_image_two",
		"alternate_image_three", "alternate_image_four", "terms_of_contract", "valid_from", "valid_to":
		return useNone
	}
	return useText
}

// rowReader turns records into products.
type rowReader struct {
	lay    *layout
	uses   []columnUse
	feed   *domain.Feed
	readAt time.Time
	tally  *tally
	line   int
	values []string // cleaned, by position
	sum    []byte   // what the hash is over
}

func newRowReader(lay *layout, feed *domain.Feed, readAt time.Time, t *tally) *rowReader {
	rr := &rowReader{lay: lay, feed: feed, readAt: readAt, tally: t, values: make([]string, len(lay.names))}
	for _, name := range lay.names {
		rr.uses = append(rr.uses, useOf(name))
	}
	return rr
}

// read returns the product of a record, or false after having counted why there is
// none.
func (rr *rowReader) read(rec *record) (domain.Product, bool) {
	rr.line = rec.line
	switch rec.state {
	case recordQuote:
		return rr.reject(rejectQuote, "")
	case recordTooLong:
		return rr.reject(rejectLong, "")
	case recordCut:
		return rr.reject(rejectCut, "")
	case recordMended:
		rr.note(noteMended, "")
	}
	fields, ok := rr.align(rec.fields)
	if !ok {
		return rr.reject(rejectRagged, strconv.Itoa(len(rec.fields))+" columns in place of "+strconv.Itoa(len(rr.lay.names)))
	}
	for i := range rr.values {
		rr.values[i] = ""
		if i < len(fields) && len(fields[i]) > 0 && rr.uses[i] != useNone {
			rr.values[i] = rr.clean(i, string(fields[i]))
		}
	}
	return rr.product()
}

func (rr *rowReader) reject(reason, detail string) (domain.Product, bool) {
	rr.tally.reject(rr.line, reason, detail)
	return domain.Product{}, false
}

func (rr *rowReader) note(reason, detail string) { rr.tally.note(rr.line, reason, detail) }

// clean makes the value of column i fit to keep.
func (rr *rowReader) clean(i int, raw string) string {
	name := rr.lay.names[i]
	if rr.uses[i] == useLink {
		link, reason := cleanLink(raw)
		if reason != "" {
			rr.note(reason, name)
		}
		return link
	}
	s, done := plainText(raw, rr.uses[i] == useProse)
	if done != 0 {
		rr.noteRepairs(done, name)
	}
	limit := maxFieldLen
	if rr.uses[i] == useProse {
		limit = maxProseLen
	}
	if len(s) > limit && name != "product_name" {
		rr.note(noteTruncated, name)
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = strings.TrimSpace(s[:limit])
	}
	return s
}

func (rr *rowReader) noteRepairs(done repairs, name string) {
	for _, r := range []struct {
		bit    repairs
		reason string
	}{
		{repairedEncoding, "encoding_repaired"}, {repairedMojibake, "mojibake_repaired"},
		{repairedNUL, "nul_bytes"}, {repairedControl, "control_characters"},
	} {
		if done&r.bit != 0 {
			rr.note(r.reason, name)
		}
	}
}

func (rr *rowReader) get(column string) string {
	if i := rr.lay.index(column); i >= 0 {
		return rr.values[i]
	}
	return ""
}

// product builds the product of the cleaned values.
func (rr *rowReader) product() (domain.Product, bool) {
	key, name := rr.get("aw_product_id"), rr.get("product_name")
	switch {
	case key == "":
		return rr.reject(rejectNoKey, shorten(name, 60))
	case !validKey(key):
		return rr.reject(rejectBadKey, shorten(key, 60))
	case name == "":
		return rr.reject(rejectNoName, "aw_product_id "+key)
	case utf8.RuneCountInString(name) > maxNameLen:
		return rr.reject(rejectNameLen, strconv.Itoa(utf8.RuneCountInString(name))+" characters")
	}
	p := domain.Product{
		FeedID: rr.feed.ID, Key: key, Name: name, ReadAt: rr.readAt,
		MerchantKey: rr.get("merchant_product_id"), MerchantID: rr.get("merchant_id"), MerchantName: rr.get("merchant_name"),
		Brand: rr.get("brand_name"), Description: rr.get("description"),
		ImageURL:    firstOf(rr.get("merchant_image_url"), rr.get("large_image"), rr.get("aw_image_url")),
		TrackingURL: rr.get("aw_deep_link"), MerchantURL: rr.get("merchant_deep_link"),
		EAN: firstEAN(rr.get("ean"), rr.get("product_GTIN"), rr.get("upc")), MPN: firstOf(rr.get("mpn"), rr.get("model_number")),
		ParentKey: rr.get("parent_product_id"), Kind: rr.get("product_type"), Colour: rr.get("colour"),
		Condition: rr.get("condition"), Language: languageOf(rr.get("language"), rr.feed.Language),
		InStock: stockOf(rr.get("in_stock"), rr.get("stock_status")), SourceTime: timeOf(rr.get("last_updated")),
	}
	if p.ParentKey == p.MerchantKey {
		p.ParentKey = ""
	}
	p.CategoryPath, p.Category = categoryOf(rr.get("merchant_product_category_path"), rr.get("merchant_category"), rr.get("category_name"))
	rr.prices(&p)
	p.Fields = rr.fields()
	p.Hash = rr.hash(p.Language)
	p.Attributes = Attributes(&p)
	return p, true
}

func (rr *rowReader) prices(p *domain.Product) {
	currency := columnCurrency(rr.get("currency"))
	if text := rr.get("search_price"); text != "" {
		if m, reason := parsePrice(text, currency); reason == "" {
			p.Price = &m
		} else {
			rr.note(reason, shorten(text, 40))
		}
	}
	if text := rr.get("rrp_price"); text != "" {
		if m, reason := parsePrice(text, currency); reason == "" {
			p.ListPrice = &m
		} else if reason != priceZero {
			rr.note("rrp_price_unreadable", shorten(text, 40))
		}
	}
	if text := rr.get("delivery_cost"); text != "" {
		if m, reason := parseCost(text, currency); reason == "" {
			p.DeliveryCost = &m
		} else {
			rr.note("delivery_cost_unreadable", shorten(text, 40))
		}
	}
}

// fields collects the texts that claims may cite.
func (rr *rowReader) fields() map[string]string {
	n := 0
	for i, v := range rr.values {
		if v != "" && rr.uses[i] <= useProse {
			n++
		}
	}
	m := make(map[string]string, n)
	for i, v := range rr.values {
		if v != "" && rr.uses[i] <= useProse {
			m[rr.lay.names[i]] = v
		}
	}
	return m
}

// hash is over everything that the product was built from, regardless of the order
// of columns in the file.
func (rr *rowReader) hash(language string) string {
	b := rr.sum[:0]
	b = append(b, hashVersion...)
	b = append(b, 0)
	b = append(b, language...)
	for _, name := range sortedColumns {
		if v := rr.get(name); v != "" {
			b = append(b, 0)
			b = append(b, name...)
			b = append(b, '=')
			b = append(b, v...)
		}
	}
	for i, name := range rr.lay.names { // columns of a vertical
		if rr.values[i] != "" && strings.Contains(name, ":") {
			b = append(b, 0)
			b = append(b, name...)
			b = append(b, '=')
			b = append(b, rr.values[i]...)
		}
	}
	rr.sum = b
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func validKey(s string) bool {
	return s != "" && len(s) <= maxKeyLen && !strings.ContainsAny(s, " \n\t")
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// firstEAN returns the first article number with a right check digit (GS1: 8, 12,
// 13 or 14 digits). A wrong one would tie different products together.
func firstEAN(values ...string) string {
	for _, v := range values {
		if validEAN(v) {
			return v
		}
	}
	return ""
}

func validEAN(s string) bool {
	switch len(s) {
	case 8, 12, 13, 14:
	default:
		return false
	}
	if !allDigits(s) || strings.Trim(s, "0") == "" {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	return sum%10 == 0
}

func languageOf(column, feed string) string {
	lang, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(column, "_", "-")), "-")
	switch lang {
	case "german", "deutsch":
		return "de"
	case "english", "englisch":
		return "en"
	}
	if len(lang) == 2 {
		return lang
	}
	return feed
}

func stockOf(inStock, status string) *bool {
	for _, s := range []string{inStock, status} {
		switch strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(s)) {
		case "1", "yes", "true", "y", "in stock", "instock", "available", "ja", "auf lager", "verfügbar", "lieferbar":
			v := true
			return &v
		case "0", "no", "false", "n", "out of stock", "outofstock", "sold out", "unavailable", "nein", "ausverkauft", "nicht verfügbar", "nicht lieferbar":
			v := false
			return &v
		}
	}
	return nil
}

// timeOf reads last_updated: the forms that AWIN writes, and Unix seconds.
func timeOf(s string) *time.Time {
	if len(s) < 8 {
		return nil
	}
	for _, form := range []string{time.DateTime, time.RFC3339, time.DateOnly, "02/01/2006 15:04:05"} {
		if len(form) == len(s) || form == time.RFC3339 && len(s) > len(time.DateTime) {
			if t, err := time.Parse(form, s); err == nil {
				t = t.UTC()
				return &t
			}
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) == 10 {
		t := time.Unix(n, 0).UTC()
		return &t
	}
	return nil
}

// categoryOf returns the category path with " > " between its steps and its last
// step.
func categoryOf(path, merchant, network string) (full, last string) {
	full = firstOf(path, merchant, network)
	if strings.ContainsAny(full, ">|»") {
		var steps []string
		for step := range strings.FieldsFuncSeq(full, func(r rune) bool { return r == '>' || r == '|' || r == '»' }) {
			if step = strings.TrimSpace(step); step != "" {
				steps = append(steps, step)
			}
		}
		if len(steps) == 0 {
			return "", ""
		}
		return strings.Join(steps, " > "), steps[len(steps)-1]
	}
	return full, full
}
