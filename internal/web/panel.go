package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"empire/internal/domain"
)

// sheet is a page that is made of panels: lists, facts and forms that look and behave
// alike on all pages.
type sheet struct {
	Crumbs  []anchor // shown in the frame
	Title   string
	State   any // shown as a badge; nil: none
	Lead    string
	Actions []anchor // top right, the main one first
	Tabs    []tab
	Stages  []stage // of something that is done in order
	Panels  []panel
}

// anchor is a link with its words.
type anchor struct {
	Label, Address string
	Primary        bool
}

// stage is one part of a way that is gone in order.
type stage struct {
	Label, Address string // without an address it cannot be gone to
	Current, Done  bool
}

// panel is one part of a sheet. What is empty is left out.
type panel struct {
	ID, Title, Note string
	Error           string // why it could not be loaded: shown in place of the rest
	Filter          *form
	Facts           []fact
	Grid            *grid
	Empty           *empty // in place of a grid without rows
	Lines           []string
	Form            *form
	Raw             string // shown behind a summary
	Secret          string // shown once
	Pager           pager
	More            *anchor // the rest of what is shown
}

type fact struct {
	Label string
	Value cell
}

// empty says what belongs into a list that has nothing, and how to make the first.
type empty struct {
	Text   string
	Action *anchor
}

// grid is a table. Cells take Num and Wide from their columns.
type grid struct {
	Columns []column
	Rows    []gridRow
}

type column struct {
	Label string
	Num   bool // right-aligned
	Wide  bool // left out on a phone
}

type gridRow struct {
	Cells []cell
	Forms []form
}

// cell shows a text, a badge or a time, with a link and a second line.
type cell struct {
	Text, Sub, Link string
	Badge           any
	At              *time.Time
	Code            bool
	Bar             *bar
	Num, Wide       bool
}

// bar is a share from 0 to 100 as a small picture.
type bar struct {
	Percent float64
	Tone    string
}

// Width is how long the bar is drawn, of 100.
func (b bar) Width() string { return strconv.FormatFloat(min(max(b.Percent, 0), 100), 'f', 1, 64) }

// HasForms reports whether any row can be acted on.
func (g *grid) HasForms() bool {
	for i := range g.Rows {
		if len(g.Rows[i].Forms) > 0 {
			return true
		}
	}
	return false
}

// add appends a row.
func (g *grid) add(cells ...cell) *gridRow {
	for i := range cells {
		cells[i].Num, cells[i].Wide = g.Columns[i].Num, g.Columns[i].Wide
	}
	g.Rows = append(g.Rows, gridRow{Cells: cells})
	return &g.Rows[len(g.Rows)-1]
}

func text(s string) cell { return cell{Text: s} }

func code(s string) cell { return cell{Text: s, Code: s != ""} }

func count(n int) cell { return cell{Text: domain.GroupDigits(strconv.Itoa(n), ",")} }

func state(s any) cell { return cell{Badge: s} }

func when(t time.Time) cell {
	if t.IsZero() {
		return cell{}
	}
	return cell{At: &t}
}

func whenever(t *time.Time) cell {
	if t == nil {
		return cell{}
	}
	return when(*t)
}

// form is what a person fills in. Its fields have the ids ID-NAME.
type form struct {
	ID, Action, Submit string
	Get, Upload        bool
	Danger, Primary    bool
	Fold               string // the form is behind this summary
	Ask                string // what it does, said before it is done
	Error              string
	Fields             []field
}

// Visible reports whether there is anything to fill in.
func (f form) Visible() bool {
	return slices.ContainsFunc(f.Fields, func(v field) bool { return v.Kind != "hidden" })
}

// field is one field of a form. Kinds: text (the default), email, password, number,
// search, area, file, select, checks, hidden.
type field struct {
	Name, Label, Hint, Value, Kind string
	Required                       bool
	Max                            int // characters
	Options                        []option
	Error                          string
	Complete                       string // value of autocomplete; empty: off
	Group                          string // heading of the fields that belong together; empty: none
	Half                           bool   // two of these share a line where there is room
}

type option struct {
	Value, Label string
	On           bool
}

// fieldGroup is a part of a form.
type fieldGroup struct {
	Label  string
	Fields []field
}

// Groups divides the fields where their group changes.
func (f form) Groups() []fieldGroup {
	var out []fieldGroup
	for _, v := range f.Fields {
		if n := len(out); n == 0 || out[n-1].Label != v.Group {
			out = append(out, fieldGroup{Label: v.Group})
		}
		out[len(out)-1].Fields = append(out[len(out)-1].Fields, v)
	}
	return out
}

// Grouped reports whether the form has parts: it is wider then.
func (f form) Grouped() bool {
	return slices.ContainsFunc(f.Fields, func(v field) bool { return v.Group != "" || v.Half })
}

// blame puts an error beside the field that it is about, or above the form.
func (f *form) blame(err error) {
	if err == nil {
		return
	}
	name := fieldOf(err)
	for i := range f.Fields {
		if name != "" && f.Fields[i].Name == name {
			f.Fields[i].Error = domain.MessageOf(err)
			return
		}
	}
	f.Error = domain.MessageOf(err)
}

// pick returns the options with the chosen one marked.
func pick(chosen string, pairs ...string) []option {
	var out []option
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, option{pairs[i], pairs[i+1], pairs[i] == chosen})
	}
	return out
}

// button is a form without fields.
func button(id, action, label string) form { return form{ID: id, Action: action, Submit: label} }

// confirm is a form that says first what it does.
func confirm(id, action, fold, ask, label string) form {
	return form{ID: id, Action: action, Fold: fold, Ask: ask, Submit: label, Danger: true}
}

// show serves a sheet.
func show(section string, s sheet) (view, error) {
	v := view{template: "work", title: s.Title, section: section, data: s}
	for _, c := range s.Crumbs {
		v.crumbs = append(v.crumbs, crumb{c.Label, c.Address})
	}
	return v, nil
}

// again shows a form once more if err is about what was typed, with what was typed.
// Any other error is passed on.
func (d *Dashboard) again(w http.ResponseWriter, r *http.Request, section string, err error, s sheet) (string, error) {
	switch domain.CodeOf(err) {
	case domain.CodeInvalid, domain.CodeMalformed, domain.CodeConflict, domain.CodeNotEnoughData, domain.CodeTooLarge:
		v, _ := show(section, s) // it has no error
		d.render(w, r, d.c.Status(err), v)
		return "", nil
	}
	return "", err
}

// address puts query parameters that are not empty behind a path.
func address(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// tabsOf makes tabs that set one query parameter and keep nothing else. Labels and
// values alternate; the counts are by value and may be nil.
func tabsOf(r *http.Request, path, key string, counts map[string]int, pairs ...string) []tab {
	now := r.URL.Query().Get(key)
	var out []tab
	for i := 0; i+1 < len(pairs); i += 2 {
		t := tab{Label: pairs[i], Address: address(path, key, pairs[i+1]), Current: now == pairs[i+1], Count: -1}
		if n, ok := counts[pairs[i+1]]; ok {
			t.Count = n
		}
		out = append(out, t)
	}
	return out
}

// listed completes the panel of a list: its error, its pager, and what to say if it has
// no row. The address without filter is where "show all" leads.
func (d *Dashboard) listed(r *http.Request, p panel, shown, total int, err error, filtered bool, first empty) panel {
	switch {
	case err != nil:
		d.log(r, err)
		p.Error = domain.MessageOf(err)
	case shown > 0:
	case filtered:
		p.Empty = &empty{"Nothing matches this view.", &anchor{Label: "Show all", Address: r.URL.Path}}
	case total > 0:
		p.Empty = &empty{"The list ends before this window.", &anchor{Label: "To its start", Address: r.URL.Path}}
	default:
		p.Empty = &first
	}
	p.Pager = pagerOf(r, windowOf(r), shown, total)
	return p
}

// searchForm is the form above a list that searches it. It keeps other parameters of
// the address.
func searchForm(r *http.Request, label, hint string, keep ...string) *form {
	f := &form{ID: "search", Action: r.URL.Path, Get: true, Submit: "Search", Fields: []field{
		{Name: "q", Label: label, Hint: hint, Kind: "search", Value: r.URL.Query().Get("q"), Max: 200},
	}}
	for _, k := range keep {
		if v := r.URL.Query().Get(k); v != "" {
			f.Fields = append(f.Fields, field{Name: k, Kind: "hidden", Value: v})
		}
	}
	return f
}

// workBadges are the states that only pages for work show.
var workBadges = map[string]badge{
	"in stock":       {"ok", "●", "In stock"},
	"sold out":       {"warn", "◆", "Sold out"},
	"gone":           {"quiet", "✕", "Gone"},
	"stale":          {"warn", "◆", "Stale"},
	"never imported": {"quiet", "◌", "Never imported"},
	"on":             {"ok", "●", "On"},
	"to do":          {"quiet", "◌", "To do"},
	"dead":           {"bad", "▲", "Dead"},
	"enter":          {"ok", "●", "Worth it"},
	"hold":           {"warn", "◆", "Wait"},
	"joined":         {"ok", "●", "Joined"},
	"not joined":     {"quiet", "○", "Not joined"},
	"revoked":        {"bad", "✕", "Revoked"},
	"ended":          {"quiet", "–", "Ended"},
	"disabled":       {"bad", "✕", "Disabled"},
	"ready":          {"ok", "●", "Ready"},
	"not used":       {"quiet", "–", "Not used"},
	"handled":        {"ok", "●", "Handled"},
	"stored":         {"busy", "◌", "Waits"},
	"processed":      {"ok", "●", "Processed"},
	"firing":         {"bad", "▲", "Firing"},
	"acknowledged":   {"busy", "◐", "Seen"},
	"cleared":        {"ok", "●", "Over"},
	"critical":       {"bad", "▲", "Critical"},
	"warning":        {"warn", "◆", "Warning"},
	"info":           {"quiet", "○", "Info"},
	"off":            {"quiet", "–", "Off"},
	"silenced":       {"quiet", "◌", "Silenced"},
	"ignored":        {"quiet", "–", "Ignored"},
}
