package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
)

// importOne imports a feed of one row and returns the product.
func importOne(t testing.TB, fields map[string]string) (domain.Product, domain.ImportReport) {
	t.Helper()
	names, values := []string{"aw_product_id", "product_name"}, []string{"1", "Thing"}
	for _, column := range []string{
		"search_price", "currency", "rrp_price", "delivery_cost", "description", "aw_deep_link", "merchant_deep_link", "merchant_image_url",
		"in_stock", "last_updated", "ean", "language", "merchant_product_category_path", "category_name", "product_name",
	} {
		v, ok := fields[column]
		if !ok {
			continue
		}
		quoted := `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		if column == "product_name" {
			values[1] = quoted
			continue
		}
		names, values = append(names, column), append(values, quoted)
	}
	s := newSink()
	rep := importBytes(t, s, []byte(strings.Join(names, ",")+"\n"+strings.Join(values, ",")+"\n"))
	return s.rows["1"], rep
}

func TestImportPrices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, currency, want, reason string }{
		{"12.34", "EUR", "12.34 EUR", ""},
		{"1299", "EUR", "1299.00 EUR", ""},
		{"  7.50 ", "EUR", "7.50 EUR", ""},
		{"1.299,00", "EUR", "1299.00 EUR", ""},
		{"1,299.00", "USD", "1299.00 USD", ""},
		{"12.345,6", "EUR", "12345.60 EUR", ""},
		{"1'299.00", "CHF", "1299.00 CHF", ""},
		{"1 299,00", "EUR", "1299.00 EUR", ""},
		{"1.299.000", "EUR", "1299000.00 EUR", ""},
		{"EUR 49,90", "EUR", "49.90 EUR", ""},
		{"EUR 49,90", "", "49.90 EUR", ""},
		{"USD37.99", "USD", "37.99 USD", ""},
		{"19,99 €", "", "19.99 EUR", ""},
		{"£19.99", "GBP", "19.99 GBP", ""},
		{"$5", "CAD", "5.00 CAD", ""},
		{"49,-", "EUR", "49.00 EUR", ""},
		{"49,– €", "EUR", "49.00 EUR", ""},
		{"0.99", "EUR", "0.99 EUR", ""},
		{"12.3400", "EUR", "12.34 EUR", ""},
		{"1500", "JPY", "1500 JPY", ""},
		{"1.250", "KWD", "1.250 KWD", ""},
		{"10", "€", "10.00 EUR", ""},
		{"1.299", "EUR", "", "price_ambiguous"},
		{"1,299", "USD", "", "price_ambiguous"},
		{"0.299", "EUR", "", "price_precision"},
		{"19.989999", "EUR", "", "price_precision"},
		{"1500.50", "JPY", "", "price_precision"},
		{"0", "EUR", "", "price_zero"},
		{"0,00 €", "EUR", "", "price_zero"},
		{"-5.00", "EUR", "", "price_negative"},
		{"−5.00", "EUR", "", "price_negative"},
		{"99999999999999", "EUR", "", "price_absurd"},
		{"100000000", "EUR", "", "price_absurd"},
		{"7.50", "", "", "price_no_currency"},
		{"$5", "", "", "price_no_currency"},
		{"£19.99", "EUR", "", "price_currency_mismatch"},
		{"EUR 49,90", "USD", "", "price_currency_mismatch"},
		{"free", "EUR", "", "price_unreadable"},
		{"1e3", "EUR", "", "price_unreadable"},
		{"NaN", "EUR", "", "price_unreadable"},
		{"∞", "EUR", "", "price_unreadable"},
		{"ab 49,90", "EUR", "", "price_unreadable"},
		{"10 - 20", "EUR", "", "price_unreadable"},
		{"1,2,3", "EUR", "", "price_unreadable"},
		{"1.29.900", "EUR", "", "price_unreadable"},
		{"--5", "EUR", "", "price_unreadable"},
		{"٣٫٥", "EUR", "", "price_unreadable"},
	} {
		p, rep := importOne(t, map[string]string{"search_price": tt.text, "currency": tt.currency})
		got, reason := "", ""
		if p.Price != nil {
			got = p.Price.String()
		}
		for r := range rep.Reasons {
			reason += r
		}
		if got != tt.want || reason != tt.reason {
			t.Errorf("%q in %q = %q %s, want %q %s", tt.text, tt.currency, got, reason, tt.want, tt.reason)
		}
	}
}

func TestImportOtherAmounts(t *testing.T) {
	t.Parallel()
	p, rep := importOne(t, map[string]string{"currency": "EUR", "rrp_price": "0.00", "delivery_cost": "0.00"})
	if p.ListPrice != nil || p.DeliveryCost == nil || p.DeliveryCost.Minor != 0 || len(rep.Reasons) > 0 {
		t.Errorf("no list price and free delivery: got %v, %v, %v", p.ListPrice, p.DeliveryCost, rep.Reasons)
	}
	p, rep = importOne(t, map[string]string{"currency": "EUR", "rrp_price": "199.00", "delivery_cost": "by weight"})
	if p.ListPrice == nil || p.ListPrice.Minor != 19900 || p.DeliveryCost != nil || rep.Reasons["delivery_cost_unreadable"] != 1 {
		t.Errorf("got %v, %v, %v", p.ListPrice, p.DeliveryCost, rep.Reasons)
	}
}

func TestImportTexts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want, reason string }{
		{"plain", "Plain text", "Plain text", ""},
		{"script", "<script>alert(1)</script>Sony <STYLE>p{}</STYLE>Turntable", "Sony Turntable", ""},
		{"handlers", `<img src=x onerror=alert(1)> text <a href="javascript:alert(1)">x</a>`, "text x", ""},
		{"blocks", "<p>One</p><p>Two<br>Three</p><ul><li>Four</li></ul>", "One\nTwo\nThree\nFour", ""},
		{"entities", "Salz &amp; Pfeffer &ndash; K&auml;se &#39;x&#39; &#x20AC;5", "Salz & Pfeffer – Käse 'x' €5", ""},
		{"escaped twice", "&amp;lt;p&amp;gt;Caf&amp;eacute;&amp;lt;/p&amp;gt;", "Café", ""},
		{"no entity", "R&D; AT&T Rock&region a < b > c", "R&D; AT&T Rock&region a < b > c", ""},
		{"comment", "a<!-- b -->c", "ac", ""},
		{"open tag at the end", "Text <br", "Text", ""},
		{"many open tags", strings.Repeat("<zz", 20000), strings.Repeat("<zz", 10666) + "<z", "field_truncated"},
		{"many tags", strings.Repeat("<b>x</b>", 100), strings.Repeat("x", 100), ""},
		{"tag behind an unknown one", "1 <2 <i>x</i> <y", "1 <2 x <y", ""},
		{"open script", "Text<script>alert(1)", "Text", ""},
		{"space", "a \t b\u00a0\u2003c", "a b c", ""},
		{"lines", " a \r\n\r\n b\n", "a\nb", ""},
		{"composed", "Ku\u0308che", "Küche", ""},
		{"direction", "a\u202eb\u200bc\u00add", "abcd", "control_characters"},
		{"control", "a\x01b\x7fc", "abc", "control_characters"},
		{"nul", "a\x00b", "ab", "nul_bytes"},
		{"windows-1252", "Gr\xf6\xdfe \x80 5 \x96 \xe4", "Größe € 5 – ä", "encoding_repaired"},
		{"both encodings", "Gr\xf6\xc3\x9fe", "Größe", "encoding_repaired"},
		{"mojibake", "GrÃ¶ÃŸe â€“ 5 â‚¬", "Größe – 5 €", "mojibake_repaired"},
		{"twice encoded", "K\u00c3\u00a4se", "Käse", "mojibake_repaired"},
		{"no mojibake", "NESCAFÉ® Âge ÄÖÜ", "NESCAFÉ® Âge ÄÖÜ", ""},
		{"formula", `=HYPERLINK("http://example.test","x")`, `=HYPERLINK("http://example.test","x")`, ""},
		{"sql", "Robert'); DROP TABLE products;--", "Robert'); DROP TABLE products;--", ""},
		{"too long", strings.Repeat("ä", 20000), strings.Repeat("ä", 16000), "field_truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, rep := importOne(t, map[string]string{"description": tt.text})
			reason := ""
			for r := range rep.Reasons {
				reason += r
			}
			if p.Description != tt.want || p.Fields["description"] != tt.want || reason != tt.reason {
				t.Errorf("got %.80q %s, want %.80q %s", p.Description, reason, tt.want, tt.reason)
			}
		})
	}
}

func TestImportLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ link, want, reason string }{
		{"https://shop.example/a?b=1&amp;c=2", "https://shop.example/a?b=1&c=2", ""},
		{"//shop.example/x", "https://shop.example/x", ""},
		{"http://shop.example/a b\"c.png", "http://shop.example/a%20b%22c.png", ""},
		{"https://shop.example/ä", "https://shop.example/%C3%A4", ""},
		{"https://93.184.216.34/x.png", "https://93.184.216.34/x.png", ""},
		{"javascript:alert(document.cookie)", "", "url_unsafe"},
		{"JavaScript:alert(1)", "", "url_unsafe"},
		{"data:text/html,x", "", "url_unsafe"},
		{"http://127.0.0.1:1/x.png", "", "url_unsafe"},
		{"http://[::1]/", "", "url_unsafe"},
		{"http://[::ffff:10.0.0.1]/", "", "url_unsafe"},
		{"http://169.254.169.254/latest", "", "url_unsafe"},
		{"http://2130706433/", "", "url_unsafe"},
		{"http://127.1/", "", "url_unsafe"},
		{"http://0x7f.1/", "", "url_unsafe"},
		{"http://localhost/", "", "url_unsafe"},
		{"http://db.internal/", "", "url_unsafe"},
		{"https://user:pass@shop.example/", "", "url_unsafe"},
		{"http://intranet/", "", "url_invalid"},
		{"shop.example/x", "", "url_invalid"},
		{"https://", "", "url_invalid"},
		{"https://shop.example/" + strings.Repeat("x", 5000), "", "url_invalid"},
	} {
		p, rep := importOne(t, map[string]string{"merchant_deep_link": tt.link})
		reason := ""
		for r := range rep.Reasons {
			reason += r
		}
		if p.MerchantURL != tt.want || reason != tt.reason {
			t.Errorf("%q = %q %s, want %q %s", tt.link, p.MerchantURL, reason, tt.want, tt.reason)
		}
	}
}

func TestImportTypedFields(t *testing.T) {
	t.Parallel()
	p, _ := importOne(t, map[string]string{
		"in_stock": "1", "last_updated": "2025-07-23 10:20:30", "ean": "4006381333931", "language": "de_DE",
		"merchant_product_category_path": "Haushalt >> Küche > Wasserkocher", "category_name": "Kettles",
	})
	if p.InStock == nil || !*p.InStock || p.EAN != "4006381333931" || p.Language != "de" || p.Category != "Wasserkocher" || p.CategoryPath != "Haushalt > Küche > Wasserkocher" {
		t.Errorf("got %+v", p)
	}
	if p.SourceTime == nil || p.SourceTime.Format("2006-01-02T15:04:05Z07:00") != "2025-07-23T10:20:30Z" {
		t.Errorf("source time = %v", p.SourceTime)
	}
	p, _ = importOne(t, map[string]string{"in_stock": "maybe", "last_updated": "1621709090", "ean": "4006381333932", "category_name": "Kettles"})
	if p.InStock != nil || p.EAN != "" || p.Language != "en" || p.Category != "Kettles" || p.SourceTime == nil || p.SourceTime.Year() != 2021 {
		t.Errorf("got %+v", p)
	}
}

func TestImportRecords(t *testing.T) {
	t.Parallel()
	const head = "aw_product_id,product_name,description\n"
	for _, tt := range []struct {
		name, rows string
		keys       string
		reasons    map[string]int
		lines      []int // of the rejected rows
	}{
		{"quoted line ends", "1,One,\"a\nb\"\n2,Two,x\n", "1 2", nil, nil},
		{"doubled quotes", "1,\"O\"\"ne\",x\n", "1", nil, nil},
		{"no last line end", "1,One,x\n2,Two,y", "1 2", nil, nil},
		{"blank lines", "\n1,One,x\n\n  \n2,Two,y\n\n", "1 2", nil, nil},
		{"quote inside a field", "1,A 5\" disk,x\n", "1", nil, nil},
		{"undoubled quotes", "1,\"A 5\" disk\",x\n2,Two,y\n", "1 2", map[string]int{"quote_repaired": 1}, nil},
		{"stray quote", "1,One,x\n2,\"Two,y\n3,Three,z\n4,\"Four, five\",z\n", "1 3 4", map[string]int{"unclosed_quote": 1}, []int{3}},
		{"stray quote at the end", "1,One,x\n2,Two,\"y\n", "1", map[string]int{"unclosed_quote": 1}, []int{3}},
		{"stray quote with no other", "1,\"One,x\n" + numbered(2, 900), spaced(2, 900), map[string]int{"unclosed_quote": 1}, []int{2}},
		{"stray quote before doubled ones", "1,\"One,x\n2,Two,\"\"\n3,Three,z\n", "2 3", map[string]int{"unclosed_quote": 1}, []int{2}},
		{"blanks around quotes", "1,\"One\" ,x\n", "1", nil, nil},
		{"short row without anchors", "1,One\n2,Two,x\n", "2", map[string]int{"ragged": 1}, []int{2}},
		{"long row without anchors", "1,One,x,y\n2,Two,x\n", "2", map[string]int{"ragged": 1}, []int{2}},
		{"no key", ",One,x\n2,Two,x\n", "2", map[string]int{"no_key": 1}, []int{2}},
		{"bad key", "1 2,One,x\n2,Two,x\n", "2", map[string]int{"bad_key": 1}, []int{2}},
		{"no name", "1, ,x\n2,Two,x\n", "2", map[string]int{"no_name": 1}, []int{2}},
		{"name of tags", "1,<b></b>,x\n2,Two,x\n", "2", map[string]int{"no_name": 1}, []int{2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSink()
			rep := importBytes(t, s, []byte(head+tt.rows))
			for key := range strings.FieldsSeq(tt.keys) {
				if _, ok := s.rows[key]; !ok {
					t.Errorf("row %s is missing: %+v", key, rep)
				}
			}
			if n := len(strings.Fields(tt.keys)); len(s.rows) != n {
				t.Errorf("%d rows, want %d", len(s.rows), n)
			}
			if tt.reasons == nil {
				tt.reasons = map[string]int{}
			}
			if diff := cmp.Diff(tt.reasons, rep.Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			for i, line := range tt.lines {
				if len(rep.Samples) <= i || rep.Samples[i].Line != line {
					t.Errorf("samples = %+v, want line %d", rep.Samples, line)
				}
			}
		})
	}
}

// numbered returns rows with the keys from first to last, and spaced those keys.
func numbered(first, last int) string {
	return "" + strings.ReplaceAll(spaced(first, last), " ", ",N,d\n") + ",N,d\n"
}

func spaced(first, last int) string {
	var keys []string
	for i := first; i <= last; i++ {
		keys = append(keys, strings.Repeat("7", i%5)+string(rune('a'+i%26))+strings.Repeat("1", i/26))
	}
	return strings.Join(keys, " ")
}

func TestImportHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, data, errorHas string }{
		{"any case and spaces", "AW_Product_ID , Product_Name\n1,One\n", ""},
		{"quoted", "\"product_name\";\"aw_product_id\"\n\"One\";\"1\"\n", ""},
		{"unknown columns between", "x,aw_product_id,y,product_name,z\n,1,,One,\n", ""},
		{"a column twice: the first counts", "aw_product_id,product_name,product_name\n1,One,Two\n", ""},
		{"Excel's hint", "sep=;\naw_product_id;product_name\n1;One\n", ""},
		{"carriage returns", "aw_product_id,product_name\r1,One\r", ""},
		{"a vertical's columns", "aw_product_id,product_name,Fashion:size\n1,One,XL\n", ""},
		{"UTF-16 without mark", utf16BE("aw_product_id,product_name\n1,One\n"), ""},
		{"no name column", "aw_product_id,description,search_price\n1,x,2\n", "no column product_name"},
		{"no key column", "product_name,description,search_price\nx,y,2\n", "no column aw_product_id"},
		{"no header", "1,One,2\n", "names no column"},
		{"JSON", `{"products":[]}`, "JSON"},
		{"XML", "<?xml version=\"1.0\"?><products/>", "XML"},
		{"HTML", "<HTML><body>Sorry</body>", "HTML page"},
		{"blank", "\n\n  \n", "empty"},
		{"binary", "\x7fELF\x01\x02\x03\n\x04", "names no column"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSink()
			rep := importBytes(t, s, []byte(tt.data))
			if tt.errorHas != "" {
				if rep.Status != domain.ImportRefused || !strings.Contains(rep.Error, tt.errorHas) {
					t.Errorf("got %s %q, want refused, %q", rep.Status, rep.Error, tt.errorHas)
				}
				return
			}
			if rep.Status != domain.ImportComplete || s.rows["1"].Name != "One" {
				t.Errorf("got %+v, %+v", rep, s.rows)
			}
		})
	}
}

func utf16BE(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r >> 8))
		b.WriteByte(byte(r))
	}
	return b.String()
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(header + "1,One,1.00,EUR,https://a.example,x\n2,\"T\"wo\",2,EUR,,\n3,\"Three,\n"))
	f.Add([]byte("\xff\xfea\x00w\x00_\x00"))
	f.Add(gzipped(f, strings.NewReader(manyRows(3))))
	f.Add(gzipped(f, strings.NewReader(manyRows(3)))[:60])
	f.Add([]byte("aw_product_id;product_name\n1;\"a\n\"\"b\"\n1;c\n;\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newSink()
		s.rows["held"] = domain.Product{Key: "held"}
		rep := importBytes(t, s, data)
		if _, held := s.rows["held"]; !held && rep.Status != domain.ImportComplete {
			t.Errorf("%s, but an earlier row is gone", rep.Status)
		}
		for _, p := range s.rows {
			if p.Key == "held" {
				continue
			}
			checkAttributes(t, &p, p.Attributes)
			if p.Name == "" || p.Hash == "" || strings.ContainsAny(p.Name, "\x00\n\u202e") {
				t.Errorf("product %+v", p)
			}
		}
		if rep.Status != domain.ImportRefused {
			if again := importBytes(t, s, data); again.RowsRead != rep.RowsRead || again.Rejected != rep.Rejected {
				t.Errorf("first %+v, then %+v", rep, again)
			}
		}
	})
}
