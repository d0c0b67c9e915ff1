package sitegen

import (
	"html/template"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// cellView is one cell of a table or the value of a fact.
type cellView struct {
	Text    string // empty: not stated
	Says    string // what the dash or the star means
	Href    string
	Best    bool
	Numeric bool
	Head    bool // first cell of its row
}

// HTML returns what stands in the cell.
func (c cellView) HTML() template.HTML {
	var b strings.Builder
	switch {
	case c.Text == "":
		b.WriteString(`<abbr class="na" title="` + escape(c.Says) + `">–</abbr>`)
	case c.Best:
		b.WriteString(`<span class="star" role="img" aria-label="` + escape(c.Says) + `">★</span> <strong>` + escape(c.Text) + `</strong>`)
	case c.Href != "":
		writeLink(&b, c.Href, c.Text)
	default:
		return template.HTML(escape(c.Text)) // escaped
	}
	return template.HTML(b.String()) // escaped
}

// tableView is a data table.
type tableView struct {
	W         *words
	ID        string // of the caption
	Caption   string
	Columns   []columnView
	Rows      []rowView
	HasOffers bool
	HasBest   bool
	HasGaps   bool
	Note      string
	Prices    *priceNote
	Tools     *tools
	Width     int // columns with that of offers
}

// columnView is the head of a column; Sort is the order that it offers, if any.
type columnView struct {
	domain.Column
	Sort *sortTool
}

type rowView struct {
	Class string // what the table's tools know the row by
	Cells []cellView
	Offer *offerView
}

// comparisonView sets products side by side.
type comparisonView struct {
	W        *words
	ID       string
	Caption  string
	Pair     bool // two products fit a phone without scrolling
	Products []comparisonProduct
	Rows     []comparisonRow
	HasBest  bool
	HasGaps  bool
	HasOffer bool
}

type comparisonProduct struct {
	Name, Href string
	Offer      *offerView
}

type comparisonRow struct {
	Label string
	Cells []cellView
}

// cellAt returns the view of a cell, which a short row may lack. best says what
// the mark of the best cell means.
func (r *reader) cellAt(cells []domain.Cell, i int, best string) cellView {
	var c domain.Cell
	if i < len(cells) {
		c = cells[i]
	}
	v := cellView{Text: c.Text, Href: r.slug(c.Slug), Best: c.Best && c.Text != ""}
	switch {
	case c.Text == "":
		v.Says = r.words.NotStated
	case v.Best:
		v.Says = best
	}
	return v
}

// captionID names the caption of the next table of the page.
func (r *reader) captionID() string {
	r.tables++
	return r.anchors.claim("table-" + strconv.Itoa(r.tables))
}

func (r *reader) table(t *domain.Table) *tableView {
	v := &tableView{W: r.words, ID: r.captionID(), Caption: t.Caption, Note: t.Note}
	v.tools(t)
	var slots []string
	for n, row := range t.Rows {
		rv := rowView{Class: v.Tools.classes(t, n)}
		for i := range t.Columns {
			c := r.cellAt(row.Cells, i, r.words.BestColumn)
			c.Numeric, c.Head = t.Columns[i].Numeric, i == 0
			v.HasBest = v.HasBest || c.Best
			v.HasGaps = v.HasGaps || c.Text == ""
			rv.Cells = append(rv.Cells, c)
		}
		name := ""
		if len(row.Cells) > 0 {
			name = row.Cells[0].Text
		}
		if rv.Offer = r.offers.view(row.Slot, name); rv.Offer != nil {
			rv.Offer.Label = r.words.ButtonShort
			v.HasOffers = true
			slots = append(slots, row.Slot)
		}
		v.Rows = append(v.Rows, rv)
	}
	if v.Width = len(t.Columns); v.HasOffers {
		v.Width++
	}
	if t.Note == "" { // a note of the writer's says where the figures come from
		v.Prices = r.offers.note(slots)
	}
	return v
}

// tools fills the heads of columns and what the table can be sorted by.
func (v *tableView) tools(t *domain.Table) {
	if v.Tools = newTools(t, v.ID); v.Tools != nil {
		v.Tools.W = v.W
	}
	for i, c := range t.Columns {
		cv := columnView{Column: c}
		if v.Tools != nil {
			for j := range v.Tools.Sorts {
				if v.Tools.Sorts[j].Column == i {
					cv.Sort = &v.Tools.Sorts[j]
				}
			}
		}
		v.Columns = append(v.Columns, cv)
	}
}

func (r *reader) comparison(c *domain.Comparison) *comparisonView {
	v := &comparisonView{W: r.words, ID: r.captionID(), Caption: c.Caption, Pair: len(c.Products) <= 2}
	for _, p := range c.Products {
		o := r.offers.view(p.Slot, p.Name)
		v.HasOffer = v.HasOffer || o != nil
		v.Products = append(v.Products, comparisonProduct{Name: p.Name, Href: r.slug(p.Slug), Offer: o})
	}
	for _, row := range c.Rows {
		rv := comparisonRow{Label: row.Label}
		for i := range c.Products {
			cv := r.cellAt(row.Cells, i, r.words.BestRow)
			v.HasBest = v.HasBest || cv.Best
			v.HasGaps = v.HasGaps || cv.Text == ""
			rv.Cells = append(rv.Cells, cv)
		}
		v.Rows = append(v.Rows, rv)
	}
	return v
}
