package sitegentest

import (
	"fmt"

	"empire/internal/domain"
)

const (
	longName = "Logitech G915 X LIGHTSPEED TKL Wireless RGB Low-Profile Mechanical Gaming Keyboard with Keycontrol, 5 Macro Keys, Carbon"
	longWord = "Donaudampfschifffahrtsgesellschaftskapitänskajütentastatur"
)

// Long returns the English site with names, labels and tables longer than anyone
// would write, and thirty more pages in its menus.
func Long() *domain.Draft {
	d := English()
	for i := range 30 {
		p := newPage(d.Website, domain.PageBest, fmt.Sprintf("best-%d", i), fmt.Sprintf("Wireless keyboards with hot-swappable switches, choice %d", i))
		p.head(fmt.Sprintf("Choice %d", i), "A choice.", fmt.Sprintf("Choice %d", i), longName).p(longName)
		d.Pages = append(d.Pages, p.Page)
	}
	for i := range d.Pages {
		p := &d.Pages[i]
		p.Heading += " " + longWord
		for j := range p.Blocks {
			stretch(&p.Blocks[j])
		}
		for j := range p.Offers {
			p.Offers[j].MerchantName = "International Computer Supply and Trading Company of Northern Europe"
			p.Offers[j].PriceText = "$1,234,567.89"
		}
	}
	return d
}

func stretch(b *domain.Block) {
	switch {
	case b.Heading != nil:
		b.Heading.Text += " " + longWord
	case b.Table != nil:
		for i := range 5 {
			b.Table.Columns = append(b.Table.Columns, domain.Column{Label: fmt.Sprintf("Another property %d", i), Numeric: i%2 == 0})
		}
		for i := range b.Table.Rows {
			r := &b.Table.Rows[i]
			r.Cells[0].Text = longName
			r.Cells = append(r.Cells, cells(longWord, "", "1,234,567.89 mm", "yes")...)
		}
	case b.Product != nil:
		b.Product.Name, b.Product.Badge = longName, longWord
		b.Product.Facts = append(b.Product.Facts, facts(longWord, longWord, "Connections", longName)...)
	case b.Comparison != nil:
		for i := range b.Comparison.Products {
			b.Comparison.Products[i].Name = longName
		}
		b.Comparison.Rows = append(b.Comparison.Rows, domain.ComparisonRow{Label: longWord, Cells: cells(longName, longWord, longWord, longName)})
	case b.CTA != nil:
		b.CTA.Name = longName
	case b.Figure != nil:
		for i := range b.Figure.Bars {
			b.Figure.Bars[i].Label = longName
		}
	}
}
