package sitegen

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// Limits of what a table offers to sort and filter by.
const (
	toolRows    = 6 // a shorter table is read at a glance
	toolSorts   = 4
	toolFilters = 2
	toolValues  = 5
)

// tools are the orders and filters of a table. They work without script: each is a
// radio button, and rules of the page's style sheet place and hide rows, whose classes
// say their rank in an order (s1-3: third in the first) and their value in a column
// (f1v2: the second value of the first filter).
type tools struct {
	W       *words
	Name    string // of the radio buttons
	Sorts   []sortTool
	Filters []filterTool
}

type sortTool struct {
	N        int // from 1
	Label    string
	Up       bool // the least value first
	Column   int
	position []int // of each row, from 1
}

type filterTool struct {
	N      int // from 1
	Label  string
	Values []string
	column int
}

// newTools returns what the table can be sorted and filtered by; nil for nothing.
func newTools(t *domain.Table, id string) *tools {
	if len(t.Rows) < toolRows {
		return nil
	}
	v := &tools{Name: id}
	for i, c := range t.Columns {
		if s := sortBy(t, i); c.Numeric && s != nil && len(v.Sorts) < toolSorts {
			s.N = len(v.Sorts) + 1
			v.Sorts = append(v.Sorts, *s)
		}
		if f := filterBy(t, i); !c.Numeric && i > 0 && f != nil && len(v.Filters) < toolFilters {
			f.N = len(v.Filters) + 1
			v.Filters = append(v.Filters, *f)
		}
	}
	if len(v.Sorts)+len(v.Filters) == 0 {
		return nil
	}
	return v
}

func sortValue(t *domain.Table, row, column int) *float64 {
	if column >= len(t.Rows[row].Cells) {
		return nil
	}
	return t.Rows[row].Cells[column].Sort
}

// sortBy orders the rows by a column, rows without a value last: downwards if the
// best cell holds the most, and the other way round if that is the order they have.
func sortBy(t *domain.Table, column int) *sortTool {
	var known []int
	best, most, least := -1, 0.0, 0.0
	for i := range t.Rows {
		v := sortValue(t, i, column)
		if v == nil {
			continue
		}
		if len(known) == 0 || *v > most {
			most = *v
		}
		if len(known) == 0 || *v < least {
			least = *v
		}
		if t.Rows[i].Cells[column].Best {
			best = i
		}
		known = append(known, i)
	}
	if len(known) < toolRows/2 || most == least {
		return nil
	}
	up := best < 0 || *sortValue(t, best, column) < most
	s := orderRows(t, column, up)
	if slices.IsSorted(s.position) {
		s = orderRows(t, column, !up)
	}
	return s
}

func orderRows(t *domain.Table, column int, up bool) *sortTool {
	rows := make([]int, len(t.Rows))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		va, vb := sortValue(t, a, column), sortValue(t, b, column)
		switch {
		case va == nil && vb == nil:
			return 0
		case va == nil:
			return 1
		case vb == nil:
			return -1
		case up:
			return cmp.Compare(*va, *vb)
		}
		return cmp.Compare(*vb, *va)
	})
	s := &sortTool{Label: t.Columns[column].Label, Up: up, Column: column, position: make([]int, len(rows))}
	for rank, row := range rows {
		s.position[row] = rank + 1
	}
	return s
}

// filterBy takes a column with a few values that several rows share.
func filterBy(t *domain.Table, column int) *filterTool {
	f := &filterTool{Label: t.Columns[column].Label, column: column}
	stated := 0
	for _, r := range t.Rows {
		if column >= len(r.Cells) || r.Cells[column].Text == "" {
			continue
		}
		stated++
		if text := r.Cells[column].Text; !slices.Contains(f.Values, text) {
			f.Values = append(f.Values, text)
		}
	}
	if len(f.Values) < 2 || len(f.Values) > toolValues || stated < len(f.Values)+2 {
		return nil
	}
	slices.Sort(f.Values)
	return f
}

// classes returns the classes of a row.
func (v *tools) classes(t *domain.Table, row int) string {
	if v == nil {
		return ""
	}
	var out []string
	for _, s := range v.Sorts {
		out = append(out, fmt.Sprintf("s%d-%d", s.N, s.position[row]))
	}
	for _, f := range v.Filters {
		if f.column >= len(t.Rows[row].Cells) {
			continue
		}
		if i := slices.Index(f.Values, t.Rows[row].Cells[f.column].Text); i >= 0 {
			out = append(out, fmt.Sprintf("f%dv%d", f.N, i))
		}
	}
	return strings.Join(out, " ")
}

// toolRules are the rules that the tables of a page need: places of rows, columns of
// the grid that a sorted table becomes without script, and hidden rows.
func toolRules(blocks []block) string {
	sorts, rows, filters, values := 0, 0, 0, 0
	columns := map[int]bool{}
	for i := range blocks {
		t := blocks[i].Table
		if t == nil || t.Tools == nil {
			continue
		}
		columns[t.Width] = true
		sorts, filters = max(sorts, len(t.Tools.Sorts)), max(filters, len(t.Tools.Filters))
		if len(t.Tools.Sorts) > 0 {
			rows = max(rows, len(t.Rows))
		}
		for _, f := range t.Tools.Filters {
			values = max(values, len(f.Values))
		}
	}
	var b strings.Builder
	for s := 1; s <= sorts; s++ {
		for r := 1; r <= rows; r++ {
			fmt.Fprintf(&b, ".sift:has(.s%d:checked) .s%d-%d{order:%d}", s, s, r, r)
		}
	}
	for f := 1; f <= filters; f++ {
		for v := range values {
			fmt.Fprintf(&b, ".sift:has(.f%dv%d:checked) tbody tr:not(.f%dv%d){display:none!important}", f, v, f, v)
		}
	}
	for n := range 12 {
		if columns[n] {
			fmt.Fprintf(&b, ".w%d{--n:%s}", n, strconv.Itoa(n))
		}
	}
	return b.String()
}
