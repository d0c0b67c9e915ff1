package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// standardColumns is the order of an AWIN product feed with all columns; the first
// 21 are what a feed without a choice of columns has.
var standardColumns = strings.Fields(`
	aw_deep_link product_name aw_product_id merchant_product_id merchant_image_url description merchant_category
	search_price merchant_name merchant_id category_name category_id aw_image_url currency store_price delivery_cost
	merchant_deep_link language last_updated display_price data_feed_id
	brand_name brand_id colour product_short_description specifications condition product_model model_number
	dimensions keywords promotional_text product_type commission_group merchant_product_category_path
	merchant_product_second_category merchant_product_third_category rrp_price saving savings_percent base_price
	base_price_amount base_price_text product_price_old delivery_restrictions delivery_weight warranty
	terms_of_contract delivery_time in_stock stock_quantity valid_from valid_to is_for_sale web_offer pre_order
	stock_status size_stock_status size_stock_amount merchant_thumb_url large_image alternate_image aw_thumb_url
	alternate_image_two alternate_image_three alternate_image_four reviews average_rating rating number_available
	custom_1 custom_2 custom_3 custom_4 custom_5 custom_6 custom_7 custom_8 custom_9
	ean isbn upc mpn parent_product_id product_GTIN basket_link`)

const shortLayout = 21

// knownColumn maps the lower-case name of a column to the name that AWIN writes.
var knownColumn = func() map[string]string {
	m := make(map[string]string, len(standardColumns))
	for _, c := range standardColumns {
		m[strings.ToLower(c)] = c
	}
	return m
}()

// delimiters are what feeds separate columns with.
var delimiters = []byte{',', ';', '\t', '|'}

// layout is where the columns of one file are.
type layout struct {
	delim   byte
	names   []string       // by position; empty for a column that is not known
	at      map[string]int // position by name
	assumed bool           // the file has no header; the standard order was taken
}

func (l *layout) index(column string) int {
	if i, ok := l.at[column]; ok {
		return i
	}
	return -1
}

// readLayout finds the delimiter and the columns and leaves the scanner before the
// first row. Its errors are sentences for the user.
func readLayout(s *scanner) (*layout, error) {
	first := s.peekLine()
	if len(first) == 0 {
		return nil, startFault(s)
	}
	if len(first) > s.max {
		return nil, fault(fmt.Sprintf("The first line is longer than %s: this is not a product feed.", sizeText(int64(s.max))))
	}
	if err := foreignFormat(first); err != nil {
		return nil, err
	}
	if sep, ok := bytes.CutPrefix(bytes.ToLower(first), []byte("sep=")); ok && len(sep) <= 1 { // Excel's hint
		_, _ = s.next()
		first = s.peekLine()
	}
	lay, known := bestLayout(first, columnName)
	if known < 2 && !lay.has("aw_product_id", "product_name") {
		if lay = assumedLayout(first); lay == nil {
			return nil, fault("The first line names no column of a product feed, and it is not a row in the standard order either.")
		}
	}
	for _, c := range []string{"aw_product_id", "product_name"} {
		if lay.index(c) < 0 {
			return nil, fault(fmt.Sprintf("The header has no column %s, without which products cannot be read.", c))
		}
	}
	s.delim, s.columns = lay.delim, len(lay.names)
	if !lay.assumed {
		if _, err := s.next(); err != nil {
			return nil, err
		}
	}
	return lay, nil
}

// startFault says why a text has no first line.
func startFault(s *scanner) error {
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return s.err
	}
	return faultEmpty
}

// bestLayout reads a header with every delimiter and returns the reading that
// names most known columns. nameOf returns the name of a header cell, or "".
func bestLayout(line []byte, nameOf func(cell string) string) (*layout, int) {
	var best *layout
	most := -1
	for _, d := range delimiters {
		lay := &layout{delim: d, at: map[string]int{}}
		known := 0
		for i, cell := range splitLine(line, d) {
			name := nameOf(cell)
			if _, twice := lay.at[name]; name != "" && !twice {
				lay.at[name] = i
				known++
			} else {
				name = ""
			}
			lay.names = append(lay.names, name)
		}
		if known > most {
			best, most = lay, known
		}
	}
	return best, most
}

func (l *layout) has(columns ...string) bool {
	for _, c := range columns {
		if l.index(c) < 0 {
			return false
		}
	}
	return true
}

// columnName returns the name under which a header cell is known, or "". Columns
// of a vertical such as Fashion:size keep their prefix, in lower case.
func columnName(cell string) string {
	name := strings.ToLower(strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r == 0xFEFF {
			return -1
		}
		return r
	}, cell)))
	if known, ok := knownColumn[name]; ok {
		return known
	}
	name = strings.ReplaceAll(name, "%3a", ":")
	prefix, rest, ok := strings.Cut(name, ":")
	if ok && isColumnWord(prefix) && isColumnWord(rest) {
		return name
	}
	return ""
}

func isColumnWord(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// assumedLayout recognizes a first row without a header: a click link in front, a
// name and a number behind it, and as many columns as a standard layout has.
func assumedLayout(line []byte) *layout {
	for _, d := range delimiters {
		cells := splitLine(line, d)
		if n := len(cells); n != shortLayout && n != len(standardColumns) {
			continue
		}
		link := strings.TrimSpace(cells[0])
		if !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "https://") {
			continue
		}
		if strings.TrimSpace(cells[1]) == "" || !validKey(strings.TrimSpace(cells[2])) {
			continue
		}
		lay := &layout{delim: d, names: standardColumns[:len(cells)], at: map[string]int{}, assumed: true}
		for i, name := range lay.names {
			lay.at[name] = i
		}
		return lay
	}
	return nil
}

// splitLine cuts one line into cells.
func splitLine(line []byte, delim byte) []string {
	s := scanner{delim: delim}
	if s.split(line, true) != splitOK {
		return strings.Split(string(line), string(delim))
	}
	s.buf = line
	var cells []string
	for _, f := range s.emit(recordOK, len(line), 1).fields {
		cells = append(cells, string(f))
	}
	return cells
}

// foreignFormat recognizes what is sent in place of a feed.
func foreignFormat(line []byte) error {
	text := strings.TrimLeft(string(line[:min(len(line), 4096)]), " \t\x00\uFEFF")
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "<?xml"):
		return fault("The file is an XML document; choose the CSV format for the feed.")
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"), strings.HasPrefix(lower, "<head"):
		return fault("The file is an HTML page, not a product feed" + pageTitle(text, lower) + ".")
	case strings.HasPrefix(lower, "<"):
		return fault("The file is markup, not a product feed.")
	case strings.HasPrefix(lower, "{"), strings.HasPrefix(lower, "["):
		return fault("The file is JSON; choose the CSV format for the feed.")
	case strings.HasPrefix(lower, "%pdf"):
		return fault("The file is a PDF document, not a product feed.")
	}
	return nil
}

// pageTitle returns the title of an error page, as text for a message.
func pageTitle(text, lower string) string {
	_, after, ok := strings.Cut(lower, "<title>")
	if !ok || len(lower) != len(text) {
		return ""
	}
	title, _, _ := strings.Cut(text[len(text)-len(after):], "<")
	title, _ = plainText(title, false)
	if title == "" {
		return ""
	}
	return fmt.Sprintf(": its title is “%s”", shorten(title, 80))
}
