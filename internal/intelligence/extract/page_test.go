package extract_test

import (
	"bytes"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"empire/internal/intelligence/extract"
	"empire/internal/testkit"
)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, page, contentType string
		text, charset           string
		clean                   bool
	}{
		{"UTF-8", "grün", "", "grün", "utf-8", true},
		{"byte order mark wins", "\xef\xbb\xbfgrün", "text/html; charset=iso-8859-1", "grün", "utf-8", true},
		{"UTF-16 LE", "\xff\xfeg\x00\xfc\x00", "", "gü", "utf-16le", true},
		{"UTF-16 BE", "\xfe\xff\x00g\x00\xfc", "", "gü", "utf-16be", true},
		{"header", "gr\xfcn", "text/html; charset=ISO-8859-1", "grün", "Windows 1252", true},
		{"meta", `<meta charset="windows-1251">` + "\xcf\xf0", "", `<meta charset="windows-1251">Пр`, "Windows 1251", true},
		{"http-equiv", `<meta http-equiv=Content-Type content="text/html; charset=iso-8859-15">` + "\xa4", "", `<meta http-equiv=Content-Type content="text/html; charset=iso-8859-15">€`, "ISO 8859-15", true},
		{"a lie", "grün", "text/html; charset=iso-8859-1", "grün", "utf-8", true},
		{"no claim, not UTF-8", "gr\xfcn \x80", "", "grün €", "windows-1252", true},
		{"broken UTF-8", "gr\xfcn", "text/html; charset=utf-8", "gr\uFFFDn", "utf-8", false},
		{"unknown charset", "gr\xfcn", "text/html; charset=x-made-up", "gr\uFFFDn", "x-made-up", false},
	} {
		text, charset, clean := extract.Decode([]byte(tt.page), tt.contentType)
		if text != tt.text || charset != tt.charset || clean != tt.clean {
			t.Errorf("%s: got %q, %s, %v; want %q, %s, %v", tt.name, text, charset, clean, tt.text, tt.charset, tt.clean)
		}
	}
}

// TestHostilePages gives pages made to exhaust a parser. Every one must be answered,
// with memory in proportion to what is read, and told where something was left out.
// The test's own deadline catches what does not end.
func TestHostilePages(t *testing.T) {
	testkit.Unraced(t)
	long := strings.Repeat("word ", 40)
	for _, tt := range []struct {
		name            string
		page            []byte
		flat, truncated bool
		text            string
	}{
		{"50 MB", bytes.Repeat([]byte("<p>"+long+".</p>"), 50<<20/210), false, true, "word"},
		{"50 MB of one text", bytes.Repeat([]byte("word "), 10<<20), false, true, "word"},
		{"a million nested elements", append(bytes.Repeat([]byte("<div>"), 1_000_000), "deep text"...), true, false, "deep text"},
		{"a million nested lists", append(bytes.Repeat([]byte("<ul><li>"), 500_000), "deep text"...), true, false, "deep text"},
		{"a million nested tables", append(bytes.Repeat([]byte("<table><tr><td>"), 300_000), "deep text"...), true, false, "deep text"},
		{"open formatting", append(bytes.Repeat([]byte("<b><i><font>"), 300_000), "deep text"...), true, false, "deep text"},
		{"formatting opened again", bytes.Repeat([]byte("<a><b><p>x"), 200_000), true, false, "x"},
		{"open paragraphs", bytes.Repeat([]byte("<p>x"), 1_000_000), false, false, "x"},
		{"one huge attribute", append(append([]byte(`<p class="`), bytes.Repeat([]byte("a"), 6<<20)...), `">text`...), false, false, "text"},
		{"many attributes", append(append([]byte(`<p`), bytes.Repeat([]byte(" a=1"), 200_000)...), `>text`...), false, false, "text"},
		{"unclosed comment", append([]byte("text<!--"), bytes.Repeat([]byte("-"), 6<<20)...), false, false, "text"},
		{"zero bytes", bytes.Repeat([]byte{0}, 4<<20), false, false, ""},
		{"bytes of no charset", bytes.Repeat([]byte{0xff, 0xc0, 0x80}, 1<<20), false, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			p := extract.Parse(tt.page, "")
			if p.Flat != tt.flat || p.Truncated != tt.truncated {
				t.Errorf("flat %v, truncated %v; want %v, %v", p.Flat, p.Truncated, tt.flat, tt.truncated)
			}
			text := p.Text()
			if !strings.Contains(text, tt.text) || !utf8.ValidString(text) {
				t.Errorf("%d bytes of text do not hold %q", len(text), tt.text)
			}
			article := p.Article()
			_ = p.Metadata(nil)
			_ = p.Structured(nil)
			runtime.ReadMemStats(&after)
			if used := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && used > 2<<30 {
				t.Errorf("the heap grew by %d MB", used>>20)
			}
			if len(article.Text) > extract.MaxPage {
				t.Errorf("an article of %d bytes", len(article.Text))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(articlePage), "text/html")
	f.Add([]byte("<table><td><p>x<table><b><p>"), "text/html; charset=iso-8859-1")
	f.Add([]byte("\xff\xfe<\x00p\x00"), "")
	f.Fuzz(func(t *testing.T, page []byte, contentType string) {
		p := extract.Parse(page, contentType)
		all := strings.Join(strings.Fields(p.Text()), " ")
		for _, paragraph := range p.Article().Paragraphs {
			if !strings.Contains(all, paragraph) {
				t.Errorf("paragraph %q is not in the page", paragraph)
			}
		}
		p.Metadata(nil)
		for _, it := range p.Structured(nil).Microdata {
			it.JSON(true)
		}
	})
}
