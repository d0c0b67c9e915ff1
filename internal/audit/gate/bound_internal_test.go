package gate

import (
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestBound: a page that says what its draft says passes, also with markup in it and
// with more text around; one on which two facts changed places does not.
func TestBound(t *testing.T) {
	t.Parallel()
	m := &domain.Market{Families: []domain.Family{{Brand: "Aurel"}, {Brand: "Brikk"}, {Brand: "Brikk Pro"}}}
	p := &domain.Page{Slug: "a", Blocks: []domain.Block{
		{Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: "The Aurel costs €10.00 and weighs 5 kg."}, {Text: "The Brikk Pro costs €20.00 and weighs 7 kg."}}}},
		{Table: &domain.Table{Rows: []domain.Row{{Cells: []domain.Cell{{Text: "Power"}, {Text: "900 W"}}}, {Cells: []domain.Cell{{Text: "Tank"}, {Text: "2 l"}}}}}},
		{Product: &domain.ProductCard{Name: "Aurel 1", Facts: []domain.Fact{{Label: "Weight", Value: domain.Cell{Text: "5 kg"}}}}},
	}}
	const good = `<main><p>The <b>Aurel</b> costs €10.00 and weighs 5 kg. The Brikk Pro costs €20.00 and weighs 7 kg.</p>
		<table><tr><th>Power</th> <td>900 W</td></tr><tr><th>Tank</th><td>2 l</td></tr></table><h3>Aurel 1</h3><dl><div><dt>Weight</dt><dd>5 kg</dd></div></dl></main>
		<aside><p>The Aurel costs €20.00 and weighs 5 kg.</p></aside>`
	for _, tt := range []struct {
		name, old, with, want string
	}{
		{"as it is", "", "", ""},
		{"more text", "</main>", "<p>Others cost €20.00.</p></main>", ""},
		{"prices changed places", "costs €10.00", "costs €20.00", `"Aurel · 20.00 · 5"`},
		{"other brand", "<b>Aurel</b>", "<b>Brikk</b>", `"Brikk · 10.00 · 5"`},
		{"longer name", "Brikk Pro", "Brikk", `"Brikk · 20.00 · 7"`},
		{"cell of another row", "<td>2 l", "<td>900 l", `"900"`},
		{"fact of a card", "<dd>5 kg", "<dd>7 kg", `"7"`},
	} {
		found, err := newBound(m).check(p, []byte(strings.Replace(good, tt.old, tt.with, 1)))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case tt.want == "" && len(found) > 0:
			t.Errorf("%s: %+v", tt.name, found)
		case tt.want != "" && (len(found) != 1 || !strings.Contains(found[0].Message, tt.want) || found[0].Page != "/a/"):
			t.Errorf("%s: %+v, want one with %s", tt.name, found, tt.want)
		}
	}
	if found, err := newBound(&domain.Market{}).check(p, []byte(good)); err != nil || len(found) > 0 {
		t.Errorf("without names: %+v, %v", found, err)
	}
}
