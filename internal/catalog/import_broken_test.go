package catalog_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// brokenFeeds is what must come of each of the damaged feeds, and why. All have 300
// rows of one feed unless the reason says otherwise; its rows all have a key and a
// name, and 147 of them a price in USD.
var brokenFeeds = []struct {
	file, why                        string
	status                           string
	read, imported, rejected, priced int
	reasons                          map[string]int
	errorHas                         string
}{
	{
		file: "truncated", why: "177 rows and the start of one more come out of the stream before it ends",
		status: domain.ImportPartial, read: 178, imported: 177, rejected: 1, priced: 95,
		reasons: map[string]int{"cut_off": 1}, errorHas: "breaks off",
	},
	{file: "semicolon", why: "only the delimiter differs", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "pipe_crlf", why: "only delimiter and line ends differ", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "tab_all_quoted", why: "only the form differs", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "utf8_bom", why: "the mark is no part of the first column's name", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "utf16le_bom", why: "the mark tells the encoding", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{
		file: "mixed_encodings", why: "of the lines in Windows-1252 47 have letters outside ASCII, in 50 fields; no row has a price",
		status: domain.ImportComplete, read: 300, imported: 300, reasons: map[string]int{"encoding_repaired": 50},
	},
	{
		file: "double_encoded_utf8", why: "148 lines have letters outside ASCII, in 163 fields, all repairable; no row has a price",
		status: domain.ImportComplete, read: 300, imported: 300, reasons: map[string]int{"mojibake_repaired": 163},
	},
	{file: "columns_reversed", why: "columns are found by name", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "only_21_columns", why: "the columns that matter are among them", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{
		file: "no_header", why: "86 columns in the standard order, a click link first",
		status: domain.ImportComplete, read: 300, imported: 300, priced: 147, reasons: map[string]int{"header_missing": 1},
	},
	{
		file: "ragged_rows", why: "43 rows lack five columns at their end, 43 have two too many; all are in step up to data_feed_id",
		status: domain.ImportComplete, read: 300, imported: 300, priced: 147,
		reasons: map[string]int{"columns_missing": 43, "columns_extra": 43},
	},
	{
		file: "stray_quote", why: "line 12 is lost, the lines behind it are not; its row has a price",
		status: domain.ImportPartial, read: 300, imported: 299, rejected: 1, priced: 146,
		reasons: map[string]int{"unclosed_quote": 1}, errorHas: "1 of 300 rows",
	},
	{
		file: "nul_bytes", why: "besides the header, two fields of lines 2 and 4 each and one of line 5",
		status: domain.ImportComplete, read: 300, imported: 300, priced: 147, reasons: map[string]int{"nul_bytes": 5},
	},
	{
		file: "duplicates", why: "250 rows with 100 keys", status: domain.ImportComplete,
		read: 250, imported: 100, priced: 56, reasons: map[string]int{"duplicate": 150},
	},
	{file: "plain_not_gzip", why: "the magic number counts, not the name", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "gzip_twice", why: "both layers come off", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "zip_not_gzip", why: "the archive holds one file", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{file: "html_error_page", why: "not a feed", status: domain.ImportRefused, errorHas: "HTML page, not a product feed: its title is “403 Forbidden”"},
	{file: "empty", why: "nothing inside the gzip", status: domain.ImportRefused, errorHas: "empty"},
	{file: "zero_bytes", why: "nothing at all", status: domain.ImportRefused, errorHas: "empty"},
	{file: "header_only", why: "a feed without products must not delete what is there", status: domain.ImportRefused, errorHas: "no rows"},
	{file: "multi_member", why: "valid gzip", status: domain.ImportComplete, read: 300, imported: 300, priced: 147},
	{
		file: "trailing_garbage", why: "the gzip stream is whole and its checksum right",
		status: domain.ImportComplete, read: 300, imported: 300, priced: 147, reasons: map[string]int{"trailing_bytes": 1},
	},
	{
		file: "odd_prices", why: "of the first 15 rows, 6 had a price; five of the odd ones are readable beyond doubt: 147 - 6 + 5",
		status: domain.ImportComplete, read: 300, imported: 300, priced: 146,
		reasons: map[string]int{
			"price_no_currency":       2, // 1.299,00 and 7.50 in rows without currency
			"price_currency_mismatch": 1, // EUR 49,90 in a row in USD
			"price_unreadable":        4, // free, 1e3, NaN, ∞
			"price_negative":          1,
			"price_absurd":            1,
			"price_zero":              1,
		},
	},
	{
		file: "hostile_values", why: "the name of 20,000 characters is no name; the javascript: link and the loopback image go, the mark of direction too",
		status: domain.ImportComplete, read: 300, imported: 299, rejected: 1, priced: 147,
		reasons: map[string]int{"name_too_long": 1, "url_unsafe": 2, "control_characters": 1},
	},
}

func TestImportBroken(t *testing.T) {
	t.Parallel()
	if want := 26; len(brokenFeeds) != want {
		t.Fatalf("the table has %d files, want %d", len(brokenFeeds), want)
	}
	for _, tt := range brokenFeeds {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(testkit.Data(t, "products/broken/"+tt.file+".csv.gz"))
			if err != nil {
				t.Fatal(err)
			}
			s := newSink()
			s.rows["held"] = domain.Product{Key: "held"} // must survive all but a complete import
			rep := importBytes(t, s, data)
			if rep.Status != tt.status || rep.RowsRead != tt.read || rep.Imported != tt.imported || rep.Rejected != tt.rejected {
				t.Errorf("got %s, %d read, %d imported, %d rejected; want %s, %d, %d, %d: %s\n%+v", rep.Status, rep.RowsRead, rep.Imported, rep.Rejected,
					tt.status, tt.read, tt.imported, tt.rejected, tt.why, rep)
			}
			if tt.reasons == nil {
				tt.reasons = map[string]int{}
			}
			if diff := cmp.Diff(tt.reasons, rep.Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s%s", diff, tt.why)
			}
			if !strings.Contains(rep.Error, tt.errorHas) {
				t.Errorf("error = %q, want %q in it", rep.Error, tt.errorHas)
			}
			if _, held := s.rows["held"]; held == (tt.status == domain.ImportComplete) {
				t.Errorf("the row imported earlier is kept: %v, status %s", held, rep.Status)
			}
			if priced := countPriced(s); priced != tt.priced {
				t.Errorf("%d products have a price, want %d", priced, tt.priced)
			}
			if tt.status == domain.ImportComplete {
				if again := importBytes(t, s, data); again.Unchanged != tt.imported || again.Imported+again.Updated+again.Removed > 0 {
					t.Errorf("second run: %+v, want all unchanged", again)
				}
			}
		})
	}
}

func countPriced(s *sink) int {
	n := 0
	for _, p := range s.rows {
		if p.Price != nil {
			n++
		}
	}
	return n
}

// Repaired rows must read exactly as in the feed that they were damaged from.
func TestImportRepairsEncodings(t *testing.T) {
	t.Parallel()
	testkit.Unraced(t)
	whole := importFile(t, "products/feed_food_de_noprice.csv.gz")
	for _, name := range []string{"mixed_encodings", "double_encoded_utf8"} {
		for key, p := range importFile(t, "products/broken/"+name+".csv.gz").rows {
			for field, want := range whole.rows[key].Fields {
				if got := p.Fields[field]; got != want && (name != "mixed_encodings" || got != only1252(want)) {
					t.Errorf("%s: row %s: %s = %q, want %q", name, key, field, got, want)
				}
			}
		}
	}
}

// only1252 is what Windows-1252 can hold of a text; the rest was lost before the
// import.
func only1252(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x100 || strings.ContainsRune("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ", r) {
			return r
		}
		return '?'
	}, s)
}

func importFile(t testing.TB, rel string) *sink {
	t.Helper()
	path := testkit.Data
	if strings.Contains(rel, "feed_pcparts") {
		path = testkit.BigData
	}
	data, err := os.ReadFile(path(t, rel))
	if err != nil {
		t.Fatal(err)
	}
	s := newSink()
	importBytes(t, s, data)
	return s
}

// The reversed, recoded and repacked files hold what the plain one holds.
func TestImportFormsAreEqual(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	want := importFile(t, "products/broken/plain_not_gzip.csv.gz").rows
	for _, name := range []string{
		"semicolon", "pipe_crlf", "tab_all_quoted", "utf8_bom", "utf16le_bom", "columns_reversed", "only_21_columns", "no_header",
		"ragged_rows", "nul_bytes", "gzip_twice", "zip_not_gzip", "multi_member", "trailing_garbage",
	} {
		got := importFile(t, "products/broken/"+name+".csv.gz").rows
		if len(got) != len(want) {
			t.Errorf("%s: %d products, want %d", name, len(got), len(want))
		}
		for key, p := range got {
			if p.Hash != want[key].Hash {
				t.Errorf("%s: row %s differs: %s", name, key, cmp.Diff(want[key].Fields, p.Fields))
				break
			}
		}
	}
}
