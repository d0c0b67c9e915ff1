package catalog

import (
	"slices"
	"strings"

	"empire/internal/domain"
)

var sortedColumns = slices.Sorted(slices.Values(standardColumns))

// anchors are columns whose values can be told by their form, and so show whether
// a row with the wrong number of columns is still in step with the header.
var anchors = map[string]func(string) bool{
	"aw_deep_link":        isWebLink,
	"merchant_deep_link":  isWebLink,
	"merchant_image_url":  isWebLink,
	"aw_image_url":        isWebLink,
	"aw_product_id":       allDigits,
	"merchant_id":         allDigits,
	"category_id":         allDigits,
	"data_feed_id":        func(s string) bool { return allDigits(strings.TrimPrefix(s, "F")) },
	"currency":            domain.ValidCurrency,
	"language":            isLanguageCode,
	"last_updated":        func(s string) bool { return timeOf(s) != nil },
	"ean":                 validEAN,
	"product_GTIN":        validEAN,
	"large_image":         isWebLink,
	"merchant_thumb_url":  isWebLink,
	"aw_thumb_url":        isWebLink,
	"alternate_image":     isWebLink,
	"alternate_image_two": isWebLink,
}

func isWebLink(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "//")
}

func isLanguageCode(s string) bool {
	return (len(s) == 2 || len(s) == 5 && (s[2] == '-' || s[2] == '_')) && isASCIILetter(s[0]) && isASCIILetter(s[1])
}

// align returns the fields of a record that belong to the header's columns. A row
// with the wrong number of columns has lost or gained a delimiter somewhere. It is
// certain up to its last anchor that has the right form, if all anchors before that
// have it too and at least two have; what follows may be out of step and is dropped.
// Without the essential columns in the certain part the row is not used at all.
func (rr *rowReader) align(fields [][]byte) ([][]byte, bool) {
	columns := len(rr.lay.names)
	if len(fields) == columns {
		return fields, true
	}
	last, right := -1, 0
	for i, name := range rr.lay.names[:min(columns, len(fields))] {
		check := anchors[name]
		value := strings.TrimSpace(string(fields[i]))
		if check == nil || value == "" {
			continue
		}
		if !check(value) {
			break
		}
		last = i
		right++
	}
	if right < 2 || rr.lay.index("aw_product_id") > last || rr.lay.index("product_name") > last {
		return nil, false
	}
	if len(fields) < columns {
		rr.note(noteShort, "")
	} else {
		rr.note(noteExtra, "")
	}
	return fields[:last+1], true
}
