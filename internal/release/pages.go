package release

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Pages returns the pages whose content differs between two drafts, sorted by path.
// Which evidence carries a claim does not count: only what a visitor or a crawler
// gets to see does.
func Pages(a, b *domain.Draft) []domain.PageDiff {
	why := newReasoner(a, b)
	before := make(map[string]*domain.Page, len(a.Pages))
	for i := range a.Pages {
		before[a.Pages[i].Path()] = &a.Pages[i]
	}
	out := []domain.PageDiff{}
	for i := range b.Pages {
		p := &b.Pages[i]
		old := before[p.Path()]
		delete(before, p.Path())
		if old == nil {
			out = append(out, headOf(domain.Added, p, fields(&domain.Page{}, p)))
			continue
		}
		d := headOf(domain.Changed, p, fields(old, p))
		d.Blocks, d.Offers = blocks(old.Blocks, p.Blocks), offers(old.Offers, p.Offers)
		why.explain(old, p, d.Blocks)
		if len(d.Fields)+len(d.Blocks)+len(d.Offers) > 0 {
			out = append(out, d)
		}
	}
	for _, p := range before {
		out = append(out, headOf(domain.Removed, p, fields(p, &domain.Page{})))
	}
	slices.SortFunc(out, func(x, y domain.PageDiff) int { return cmp.Compare(x.Path, y.Path) })
	return out
}

func headOf(kind domain.ChangeKind, p *domain.Page, f []domain.FieldChange) domain.PageDiff {
	return domain.PageDiff{Path: p.Path(), Kind: kind, PageKind: p.Kind, Title: p.Title, Fields: f}
}

// fields compares what stands around the text. The day of the last change is left
// out: it follows from the rest or from the day of the feeds.
func fields(a, b *domain.Page) []domain.FieldChange {
	var out []domain.FieldChange
	for _, f := range []struct {
		name string
		of   func(p *domain.Page) string
	}{
		{"title", func(p *domain.Page) string { return p.Title }},
		{"description", func(p *domain.Page) string { return p.Description }},
		{"heading", func(p *domain.Page) string { return p.Heading }},
		{"nav_label", func(p *domain.Page) string { return p.NavLabel }},
		{"summary", func(p *domain.Page) string { return p.Summary }},
		{"language", func(p *domain.Page) string { return p.Language }},
		{"indexable", func(p *domain.Page) string { return fmt.Sprint(p.Indexable) }},
		{"related", func(p *domain.Page) string {
			return joined(p.Related, func(r domain.PageRef) string { return domain.PathOf(r.Slug) })
		}},
		{"schema", schemaTypes},
	} {
		if x, y := f.of(a), f.of(b); x != y && (f.name != "indexable" || a.Title != "" && b.Title != "") {
			out = append(out, domain.FieldChange{Name: f.name, Before: x, After: y})
		}
	}
	return out
}

// schemaTypes names the structured data of a page; its values repeat those of the
// page.
func schemaTypes(p *domain.Page) string {
	return joined(p.Schema, func(s domain.Schema) string { return fmt.Sprint(s["@type"]) })
}

func joined[T any](list []T, of func(T) string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return strings.Join(out, ", ")
}

// blocks aligns two lists of blocks. Between blocks that stayed as they are, blocks of
// one type are taken for the same, in their order.
func blocks(a, b []domain.Block) []domain.BlockChange {
	x, y := keys(a), keys(b)
	var out []domain.BlockChange
	i, j := 0, 0
	for _, m := range append(common(x, y), [2]int{len(a), len(b)}) {
		out = append(out, between(a, b, i, m[0], j, m[1])...)
		i, j = m[0]+1, m[1]+1
	}
	return out
}

// between says how the blocks i to iEnd of a became the blocks j to jEnd of b.
func between(a, b []domain.Block, i, iEnd, j, jEnd int) []domain.BlockChange {
	var out []domain.BlockChange
	for ; j < jEnd; j++ {
		k := i
		for k < iEnd && a[k].Type != b[j].Type {
			k++
		}
		if k == iEnd {
			out = append(out, domain.BlockChange{Kind: domain.Added, Type: b[j].Type, After: new(j), Lines: lineChanges(nil, lines(&b[j]))})
			continue
		}
		for ; i < k; i++ {
			out = append(out, removed(a, i))
		}
		out = append(out, domain.BlockChange{Kind: domain.Changed, Type: b[j].Type, Before: new(k), After: new(j), Lines: lineChanges(lines(&a[k]), lines(&b[j]))})
		i = k + 1
	}
	for ; i < iEnd; i++ {
		out = append(out, removed(a, i))
	}
	return out
}

func removed(a []domain.Block, i int) domain.BlockChange {
	return domain.BlockChange{Kind: domain.Removed, Type: a[i].Type, Before: new(i), Lines: lineChanges(lines(&a[i]), nil)}
}

// keys returns for each block what a visitor gets of it: all but its claims.
func keys(list []domain.Block) []string {
	out := make([]string, len(list))
	for i := range list {
		raw, err := json.Marshal(&list[i])
		if err != nil { // a number that JSON has not: then it differs
			out[i] = err.Error()
			continue
		}
		var v any
		if json.Unmarshal(raw, &v) == nil {
			raw, _ = json.Marshal(withoutClaims(v))
		}
		out[i] = string(raw)
	}
	return out
}

func withoutClaims(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "claims")
		for k, e := range v {
			v[k] = withoutClaims(e)
		}
	case []any:
		for i, e := range v {
			v[i] = withoutClaims(e)
		}
	}
	return v
}

// common returns pairs of places of a longest common subsequence of a and b.
func common(a, b []string) [][2]int {
	long := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range long {
		long[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				long[i][j] = long[i+1][j+1] + 1
			} else {
				long[i][j] = max(long[i+1][j], long[i][j+1])
			}
		}
	}
	var out [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case long[i+1][j] >= long[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// lines returns the texts of a block as a reader takes them in: one for each sentence,
// item, row and bar.
func lines(b *domain.Block) []string {
	switch {
	case b.Table != nil:
		return tableLines(b.Table)
	case b.Comparison != nil:
		out := []string{b.Comparison.Caption, joined(b.Comparison.Products, func(p domain.ComparisonProduct) string { return p.Name })}
		for _, r := range b.Comparison.Rows {
			out = append(out, r.Label+": "+cells(r.Cells))
		}
		return out
	}
	page := domain.Page{Blocks: []domain.Block{*b}}
	out := strings.Split(page.PlainText(), "\n")
	if b.Figure != nil {
		for _, bar := range b.Figure.Bars {
			out = append(out, bar.Label+": "+bar.Text)
		}
	}
	return out
}

func tableLines(t *domain.Table) []string {
	out := []string{t.Caption, joined(t.Columns, func(c domain.Column) string { return c.Label })}
	for _, r := range t.Rows {
		out = append(out, cells(r.Cells))
	}
	return append(out, t.Note)
}

func cells(list []domain.Cell) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = cmp.Or(c.Text, "–")
	}
	return strings.Join(out, " | ")
}

// lineChanges returns the lines that are only in a or only in b, in reading order.
func lineChanges(a, b []string) []domain.LineChange {
	var out []domain.LineChange
	add := func(kind domain.ChangeKind, list []string) {
		for _, l := range list {
			if l != "" {
				out = append(out, domain.LineChange{Kind: kind, Text: l})
			}
		}
	}
	i, j := 0, 0
	for _, m := range append(common(a, b), [2]int{len(a), len(b)}) {
		add(domain.Removed, a[i:m[0]])
		add(domain.Added, b[j:m[1]])
		i, j = min(m[0]+1, len(a)), min(m[1]+1, len(b))
	}
	return out
}

// offers compares affiliate links by slot.
func offers(a, b []domain.Offer) []domain.OfferChange {
	before := map[string]*domain.OfferSide{}
	for i := range a {
		before[a[i].Slot] = offerSide(&a[i])
	}
	var out []domain.OfferChange
	for i := range b {
		side, old := offerSide(&b[i]), before[b[i].Slot]
		delete(before, b[i].Slot)
		if old == nil || *old != *side {
			out = append(out, domain.OfferChange{Slot: b[i].Slot, Before: old, After: side})
		}
	}
	for slot, old := range before {
		out = append(out, domain.OfferChange{Slot: slot, Before: old})
	}
	slices.SortFunc(out, func(x, y domain.OfferChange) int { return cmp.Compare(x.Slot, y.Slot) })
	return out
}

func offerSide(o *domain.Offer) *domain.OfferSide {
	return &domain.OfferSide{Product: o.Product, Merchant: o.MerchantName, Price: o.PriceText, URL: o.URL}
}
