package evidence_test

import (
	"fmt"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

func allowed() evidence.Allowed {
	own := domain.Page{Claims: []domain.Claim{{ID: "c1", Text: "27 in"}, {ID: "c2", Text: "€1,299.00"}}}
	other := domain.Page{Claims: []domain.Claim{{ID: "c1", Text: "34 in"}}}
	return evidence.NewAllowed(&own, []domain.Page{own, other}, "22 November 2026")
}

func inMain(s string) string { return "<main>" + s + "</main>" }

// htmlCases are parts of pages with the figure that has no claim.
var htmlCases = []struct {
	name, html string
	want       string // the figure that has no claim, "" for none
}{
	{"own figures", inMain("<p>27 in for €1,299.00</p>"), ""},
	{"unknown figure", inMain("<p>28 in</p>"), "28"},
	{"figure of another page in main", inMain("<p>34 in</p>"), "34"},
	{"figure of another page in the menu", "<nav><a href=/x/>34 in</a></nav>", ""},
	{"unknown figure in the footer", "<footer>35 in</footer>", "35"},
	{"date", inMain(`<time datetime="2026-11-22">22 November 2026</time>`), ""},
	{"date figure in text", inMain("<p>22 keys</p>"), "22"},
	{"other date", inMain("<time>23 November 2026</time>"), "23"},
	{"address", inMain(`<a href="/top-10/?x=5">all</a>`), ""},
	{"script", inMain("<script>var x = 99</script>"), ""},
	{"template", inMain("<template>99</template>"), ""},
	{"style", "<style>p{margin:99px;content:none}</style>", ""},
	{"style attribute", inMain(`<p style="width:99%">x</p>`), ""},
	{"style writes text", `<style>p::before{content:"99 % off"}</style>`, "99"},
	{"style writes a sign", `<style>p::before{content:"\2605"}</style>`, ""},
	{"noscript", inMain("<noscript>99</noscript>"), "99"},
	{"closed details", inMain("<details><summary>x</summary>99</details>"), "99"},
	{"drawing", inMain("<svg><text x=5 y=7>99</text></svg>"), "99"},
	{"title of a drawing", inMain("<svg><title>99 bars</title></svg>"), "99"},
	{"description of a drawing", inMain("<svg><desc>99 bars</desc></svg>"), "99"},
	{"coordinates", inMain(`<svg viewBox="0 0 99 99"><rect width="99"/></svg>`), ""},
	{"drawing of own figures", inMain("<svg><text>27 in</text><text>1,299.00</text></svg>"), ""},
	{"alt", inMain(`<img src=/a.png alt="99 keys">`), "99"},
	{"aria-label", inMain(`<a href=/ aria-label="99 keys">x</a>`), "99"},
	{"title attribute", inMain(`<abbr title="99 keys">x</abbr>`), "99"},
	{"button", inMain(`<input type=submit value="99 now">`), "99"},
	{"option", inMain(`<option label="99">`), "99"},
	{"page title", "<title>Top 99</title>", "99"},
	{"description", `<meta name=description content="99 shops">`, "99"},
	{"description of another page's figure", `<meta name=description content="34 in">`, "34"},
	{"share title", `<meta property="og:title" content="99 shops">`, "99"},
	{"viewport", `<meta name=viewport content="initial-scale=1">`, ""},
	{"split by elements", inMain("<p>€1,<b>299</b>.00</p>"), ""},
	{"joined by elements", inMain("<p>27<span>27</span></p>"), "2727"},
	{"cells do not join", inMain("<table><tr><td>27<td>27</table>"), ""},
	{"lines do not join", inMain("27<br>27"), ""},
	{"entity", inMain("<p>&#57;&#57;</p>"), "99"},
	{"fraction", inMain("<p>&frac12;</p>"), "½"},
	{"full width", inMain("<p>２８</p>"), "２８"},
	{"comment", inMain("<!-- 99 -->"), ""},
	{"no page", "", ""},
}

func TestCheckHTML(t *testing.T) {
	t.Parallel()
	for _, tt := range htmlCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := evidence.CheckHTML("/x/", []byte(tt.html), allowed())
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" {
				if len(got) != 0 {
					t.Errorf("problems = %v, want none", got)
				}
				return
			}
			if len(got) == 0 || !strings.Contains(got[0].Message, "figure "+tt.want+" has no claim") || got[0].Page != "/x/" {
				t.Errorf("problems = %v, want figure %s", got, tt.want)
			}
		})
	}
}

func TestCheckHTMLBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, html string
	}{
		{"too large", strings.Repeat("x", 8<<20+1)},
		{"nested", strings.Repeat("<div>", 100_000)},
		{"nested within the parser's limit", strings.Repeat("<div>", 480) + "99"},
		{"8 MiB of figures", strings.Repeat("98 ", 8<<20/3)},
		{"8 MiB of figures in elements", strings.Repeat("<p>98 ", 8<<20/6)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := evidence.CheckHTML("/x/", []byte(tt.html), allowed())
			if err == nil && len(got) == 0 {
				t.Error("the page passed")
			}
			if size := len(fmt.Sprint(got)); len(got) > 101 || size > 64<<10 {
				t.Errorf("%d problems of %d bytes", len(got), size)
			}
		})
	}
}

func FuzzCheckHTML(f *testing.F) {
	for _, s := range []string{
		"<main><p>27 in</p></main>", "<svg><text>5</text><title>6", "<style>a{content:\"\\31 5\"", "<time>22 <b>2026", "<noscript><p>9", "<table><td>1<a>2<table><a>3",
		strings.Repeat("<b>", 300) + "1", "<template><p>5</template>6", "\x00\xff<p>5",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := evidence.CheckHTML("/x/", body, allowed())
		if len(got) > 101 {
			t.Errorf("%d problems", len(got))
		}
		again, err2 := evidence.CheckHTML("/x/", body, allowed())
		if fmt.Sprint(got, err) != fmt.Sprint(again, err2) {
			t.Errorf("two checks of one page differ: %v, %v", got, again)
		}
		// A visible figure in front is always found.
		if err == nil {
			planted, err := evidence.CheckHTML("/x/", append([]byte("<body><main><p>77777</p></main>"), body...), allowed())
			if err == nil && len(planted) == 0 {
				t.Error("a planted figure was not found")
			}
		}
	})
}
