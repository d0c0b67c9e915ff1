package sitegen

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
)

// figureView is a chart as the theme draws it. Horizontal places are percentages
// and vertical ones pixels, and there is no view box, so that text keeps its size
// on every screen.
type figureView struct {
	Title, Alt     string
	TitleID, AltID string
	Caption        runs
	Height         int
	Lines          []shape // axes
	Bars           []shape
	Dots           []shape
	Texts          []label
}

// shape is a rectangle, line or dot.
type shape struct {
	X, Width string // percent
	Y, H     int
	Strong   bool
}

// label is a line of text in a chart.
type label struct {
	X      string
	Dx, Y  int
	Anchor string // start, middle, end
	Class  string
	Text   string
}

// Metrics of charts in pixels.
const (
	lineHeight = 19
	barHeight  = 14
	rowHeight  = 30
	rowGap     = 16
)

// rowLabel is how many characters of a label fit beside its bar on a phone.
const rowLabel = 14

func (r *reader) figure(f *domain.Figure) *figureView {
	r.figures++
	n := strconv.Itoa(r.figures)
	v := &figureView{Title: f.Title, Alt: f.Alt, Caption: r.sentences(f.Caption)}
	v.TitleID, v.AltID = r.anchors.claim("figure-"+n+"-title"), r.anchors.claim("figure-"+n+"-text")
	switch {
	case f.Kind == domain.FigurePosition && f.Min != nil && f.Max != nil && f.Max.Value > f.Min.Value:
		v.position(f)
	case len(f.Bars) == 0:
		return nil
	case f.Kind == domain.FigureHistogram && fitsRow(f.Bars):
		v.rows(f.Bars)
	default:
		v.stack(f.Bars)
	}
	return v
}

func fitsRow(bars []domain.Bar) bool {
	for _, b := range bars {
		if utf8.RuneCountInString(b.Label) > rowLabel || utf8.RuneCountInString(b.Text) > 6 {
			return false
		}
	}
	return true
}

// rows draws label, bar and value on one line each; bars nearly touch.
func (v *figureView) rows(bars []domain.Bar) {
	const axis, room = 34.0, 50.0
	top := largest(bars)
	y := 4
	for _, b := range bars {
		w := share(b.Value, top) * room
		v.Bars = append(v.Bars, shape{X: percent(axis), Width: percent(w), Y: y + 1, H: rowHeight - 2, Strong: b.Highlight})
		v.Texts = append(v.Texts,
			label{X: percent(axis), Dx: -10, Y: y + 20, Anchor: "end", Class: class("l", b.Highlight), Text: b.Label},
			label{X: percent(axis + w), Dx: 8, Y: y + 20, Anchor: "start", Class: class("v", b.Highlight), Text: b.Text})
		y += rowHeight
	}
	v.Lines = []shape{{X: percent(axis), Y: 0, H: y + 4}}
	v.Height = y + 4
}

// stack draws the label and the value above each bar.
func (v *figureView) stack(bars []domain.Bar) {
	top := largest(bars)
	y := 0
	for _, b := range bars {
		text := wrap(b.Label, max(14, 31-utf8.RuneCountInString(b.Text)))
		for i, t := range text {
			v.Texts = append(v.Texts, label{X: "0", Y: y + 15 + i*lineHeight, Anchor: "start", Class: class("l", b.Highlight), Text: t})
		}
		v.Texts = append(v.Texts, label{X: "100%", Y: y + 15, Anchor: "end", Class: class("v", b.Highlight), Text: b.Text})
		y += len(text)*lineHeight + 3
		v.Lines = append(v.Lines, shape{X: "0", Width: "100%", Y: y, H: barHeight})
		v.Bars = append(v.Bars, shape{X: "0", Width: percent(share(b.Value, top) * 100), Y: y, H: barHeight, Strong: b.Highlight})
		y += barHeight + rowGap
	}
	v.Height = y - rowGap + 2
}

// position draws a scale from least to most with marks on it.
func (v *figureView) position(f *domain.Figure) {
	const left, room = 2.0, 96.0
	place := func(value float64) float64 {
		return left + room*min(1, max(0, (value-f.Min.Value)/(f.Max.Value-f.Min.Value)))
	}
	y := 0
	for _, b := range f.Bars {
		y = v.flag(b, place(b.Value), y, "v strong")
		y += 6
	}
	axis := y + 8
	v.Lines = append(v.Lines, shape{X: percent(left), Width: percent(room), Y: axis - 3, H: 6})
	for _, b := range f.Bars {
		x := place(b.Value)
		v.Bars = append(v.Bars, shape{X: percent(left), Width: percent(x - left), Y: axis - 3, H: 6, Strong: true})
		v.Dots = append(v.Dots, shape{X: percent(x), Y: axis, H: 8, Strong: true})
	}
	y = axis + 14
	if f.Mark != nil {
		x := place(f.Mark.Value)
		v.Dots = append(v.Dots, shape{X: percent(x), Y: axis, H: 5})
		y = v.flag(*f.Mark, x, y, "v") + 8
	}
	end := y
	for _, e := range []struct {
		b      *domain.Bar
		x, how string
	}{{f.Min, percent(left), "start"}, {f.Max, percent(left + room), "end"}} {
		at := y + 15
		v.Texts = append(v.Texts, label{X: e.x, Y: at, Anchor: e.how, Class: "v", Text: e.b.Text})
		for _, t := range wrap(e.b.Label, 18) {
			at += lineHeight
			v.Texts = append(v.Texts, label{X: e.x, Y: at, Anchor: e.how, Class: "l", Text: t})
		}
		end = max(end, at+6)
	}
	v.Height = end
}

// flag writes the label and the value of a mark at x from y down and returns the
// y below them.
func (v *figureView) flag(b domain.Bar, x float64, y int, valueClass string) int {
	anchor := "middle"
	switch {
	case x < 34:
		anchor, x = "start", max(x-2, 0)
	case x > 66:
		anchor, x = "end", min(x+2, 100)
	}
	for _, t := range wrap(b.Label, 25) {
		v.Texts = append(v.Texts, label{X: percent(x), Y: y + 15, Anchor: anchor, Class: "l", Text: t})
		y += lineHeight
	}
	v.Texts = append(v.Texts, label{X: percent(x), Y: y + 15, Anchor: anchor, Class: valueClass, Text: b.Text})
	return y + lineHeight
}

func class(name string, strong bool) string {
	if strong {
		return name + " strong"
	}
	return name
}

func largest(bars []domain.Bar) float64 {
	top := 0.0
	for _, b := range bars {
		top = max(top, b.Value)
	}
	return top
}

// share returns value/top between 0 and 1; a small value stays visible.
func share(value, top float64) float64 {
	if top <= 0 || value <= 0 || math.IsNaN(value) {
		return 0
	}
	return max(value/top, 0.004)
}

func percent(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "%" }

// wrap breaks text at spaces into lines of at most n characters; a longer word
// gets its own line.
func wrap(text string, n int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > n {
			out = append(out, line)
			line = word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}
