package sitegentest_test

import (
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
	"empire/internal/testkit/browsertest"
)

// toolsDraft is a site with a table of seven rows in the order A to G: the price sorts
// them C E A F G B, D unstated; two panels share the rows but G, which states none.
func toolsDraft() *domain.Draft {
	d := sitegentest.English()
	for i := range d.Pages {
		if d.Pages[i].Kind != domain.PageGuide {
			continue
		}
		t := &domain.Table{Caption: "Tools", Columns: []domain.Column{{Label: "Model"}, {Label: "Price", Numeric: true}, {Label: "Panel"}}}
		for j, price := range []float64{30, 60, 10, 0, 20, 40, 50} {
			price := domain.Cell{Text: "$", Sort: &price}
			if j == 3 {
				price = domain.Cell{}
			}
			panel := []string{"IPS", "VA", "IPS", "VA", "VA", "IPS", ""}[j]
			t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{{Text: string(rune('A' + j))}, price, {Text: panel}}})
		}
		d.Pages[i].Blocks = append(d.Pages[i].Blocks, domain.Block{Type: domain.BlockTable, Anchor: "tools", Table: t})
	}
	return d
}

// shown are the row heads of the table that can be seen, from top to bottom.
const shown = `[...document.querySelectorAll('#tools tbody tr')].filter(r => r.offsetHeight).sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map(r => r.cells[0].textContent).join('')`

// TestTableTools sorts and filters a table with script and without, and searches.
func TestTableTools(t *testing.T) {
	t.Parallel()
	server := serve(t, toolsDraft())
	tab := browsertest.Open(t)
	click := func(selector string) {
		browsertest.Eval[bool](tab, `document.querySelector('`+selector+`').click(), true`)
	}
	want := func(what, want string) {
		t.Helper()
		if got := browsertest.Eval[string](tab, shown); got != want {
			t.Errorf("%s: rows %s, want %s", what, got, want)
		}
	}
	for _, scripts := range []bool{true, false} {
		name := map[bool]string{true: "with script", false: "without script"}[scripts]
		tab.Scripts(scripts)
		tab.Visit(server.URL+"/guide/", 1440)
		want(name, "ABCDEFG")
		click("#tools .tools .s1")
		want(name+", by price", "CEAFGBD")
		click("#tools .tools .f1v0")
		want(name+", by price, IPS alone", "CAF")
		click(`#tools .tools [data-s="0"]`)
		want(name+", as listed, IPS alone", "ACF")
		if order := browsertest.Eval[string](tab, `[...document.querySelectorAll('#tools tbody tr')].map(r => r.cells[0].textContent).join('')`); order != "ABCDEFG" {
			t.Errorf("%s: rows of the document are in order %s", name, order)
		}
	}
	tab.Scripts(true)
	tab.Visit(server.URL+"/guide/", 360)
	click("#tools thead button")
	want("a click on the head", "CEAFGBD")
	click("#tools thead button")
	want("a second click", "DBGFAEC")
	if got := browsertest.Eval[string](tab, `document.querySelector('#tools [aria-sort]').getAttribute('aria-sort')`); got != "descending" {
		t.Errorf("the head says %q", got)
	}
	for _, p := range tab.Problems() {
		t.Errorf("the browser reports: %s", p)
	}
}

func TestSearchPage(t *testing.T) {
	t.Parallel()
	server := serve(t, sitegentest.English())
	tab := browsertest.Open(t)
	const visible = `[...document.querySelectorAll('.explore li')].filter(l => l.offsetHeight).map(l => l.firstChild.getAttribute('href'))`
	tab.Scripts(false)
	tab.Visit(server.URL+"/search/", 360)
	all := browsertest.Eval[[]string](tab, visible)
	if len(all) < 8 || browsertest.Eval[bool](tab, `document.querySelector('.find').offsetHeight > 0`) {
		t.Errorf("without script: %d pages listed, or a field that does nothing", len(all))
	}
	tab.Scripts(true)
	tab.Visit(server.URL+"/search/", 360)
	got := browsertest.Eval[[]string](tab, `(async () => {
		const input = document.querySelector('#q')
		input.focus()
		await input.onfocus
		for (let i = 0; i < 200 && input.onfocus; i++) await new Promise(r => setTimeout(r, 10))
		await fetch('/search-index.json')
		input.value = 'REDRAGON tenkeyless'
		for (let i = 0; i < 200; i++) {
			input.oninput()
			if (document.querySelector('#found').textContent.includes('1')) break
			await new Promise(r => setTimeout(r, 10))
		}
		return `+visible+`})()`)
	if len(got) == 0 || len(got) >= len(all) || !slices.Contains(got, "/redragon-k552/") {
		t.Errorf("search found %q of %d pages", got, len(all))
	}
}

// TestScriptIsSmall bounds the theme's script and its name.
func TestScriptIsSmall(t *testing.T) {
	t.Parallel()
	files, err := sitegen.Render(toolsDraft(), sitegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f domain.File) bool { return strings.HasSuffix(f.Path, ".js") })
	if i < 0 || !files[i].Immutable || len(files[i].Body) > 4<<10 {
		t.Fatalf("script file: %d of %d", i, len(files))
	}
	for _, f := range files {
		uses := strings.Contains(string(f.Body), `<script src="`+files[i].Path+`" defer>`)
		if want := f.Path == "/guide/" || f.Path == "/search/"; uses != want {
			t.Errorf("%s: loads the script: %t, want %t", f.Path, uses, want)
		}
	}
}
