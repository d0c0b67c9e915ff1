package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// card is one figure of a page. The whole card leads to what it counts.
type card struct {
	Label   string
	Figure  string // "–" for what nobody knows
	Address string
	Change  *change   // against the period before; nil: unknown
	Note    string    // under the figure
	Spark   []float64 // oldest first; fewer than two: no line
}

// change says how a figure moved, in words and with a sign that is not color alone.
type change struct {
	Tone string // up, down or same
	Mark string
	Text string
}

// changeBetween compares a figure with that of the period before. It is nil if there was
// nothing before: a share of nothing says nothing.
func changeBetween(before, now float64) *change {
	if before == 0 {
		return nil
	}
	percent := math.Round((now - before) / before * 100)
	switch {
	case percent > 0:
		return &change{"up", "▲", fmt.Sprintf("+%.0f %%", percent)}
	case percent < 0:
		return &change{"down", "▼", fmt.Sprintf("−%.0f %%", -percent)}
	}
	return &change{"same", "=", "±0 %"}
}

// InWords says a change as a part of a sentence.
func (c *change) InWords() string {
	if c == nil {
		return ""
	}
	switch c.Tone {
	case "up":
		return strings.TrimPrefix(c.Text, "+") + " more than in the period before"
	case "down":
		return strings.TrimPrefix(c.Text, "−") + " less than in the period before"
	}
	return "as many as in the period before"
}

// chart is a figure over time: a drawing for eyes, a sentence and a table for all.
type chart struct {
	ID      string
	Heading string
	Summary string // one sentence
	X       []int64
	Labels  []string // of the points, for the table
	Series  []chartSeries
}

// chartSeries is one line of a chart; a nil value is a gap.
type chartSeries struct {
	Label  string
	Values []*float64
	Unit   string // behind values in the table
}

// Plot is what the script draws, as JSON.
func (c *chart) Plot() any {
	type line struct {
		Label  string     `json:"label"`
		Values []*float64 `json:"values"`
	}
	out := struct {
		X     []int64 `json:"x"`
		Lines []line  `json:"lines"`
	}{X: c.X}
	for _, s := range c.Series {
		out.Lines = append(out.Lines, line{s.Label, s.Values})
	}
	return out
}

// Rows are the lines of the table, newest first.
func (c *chart) Rows() []chartRow {
	out := make([]chartRow, 0, len(c.X))
	for i := len(c.X) - 1; i >= 0; i-- {
		row := chartRow{Label: c.Labels[i]}
		for _, s := range c.Series {
			row.Values = append(row.Values, cellOf(s, i))
		}
		out = append(out, row)
	}
	return out
}

type chartRow struct {
	Label  string
	Values []string
}

func cellOf(s chartSeries, i int) string {
	if i >= len(s.Values) || s.Values[i] == nil {
		return "–"
	}
	v := *s.Values[i]
	text := strconv.FormatFloat(v, 'f', 2, 64)
	if v == math.Trunc(v) && s.Unit == "" {
		text = domain.GroupDigits(strconv.FormatFloat(v, 'f', 0, 64), ",")
	}
	if s.Unit != "" {
		text += " " + s.Unit
	}
	return text
}

// newChart returns a chart whose points begin at times, which layout names.
func newChart(id, heading, summary, layout string, at []time.Time, series ...chartSeries) *chart {
	c := &chart{ID: id, Heading: heading, Summary: summary, Series: series}
	for _, t := range at {
		c.X = append(c.X, t.Unix())
		c.Labels = append(c.Labels, t.UTC().Format(layout))
	}
	return c
}

// known returns pointers to values, all of which are known.
func known(values []float64) []*float64 {
	out := make([]*float64, len(values))
	for i := range values {
		out[i] = &values[i]
	}
	return out
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// spark draws values as a small line, oldest first, without script or style.
func spark(values []float64) template.HTML {
	const width, height, edge = 120.0, 28.0, 2.0
	if len(values) < 2 {
		return ""
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	span := high - low
	var b strings.Builder
	for i, v := range values {
		y := height - edge
		if span > 0 {
			y = height - edge - (v-low)/span*(height-2*edge)
		}
		fmt.Fprintf(&b, "%.1f,%.1f ", float64(i)*width/float64(len(values)-1), y)
	}
	return template.HTML(fmt.Sprintf( //nolint:gosec // made of numbers alone
		`<svg class="spark" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" preserveAspectRatio="none" aria-hidden="true"><polyline points="%s" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>`,
		width, height, width, height, strings.TrimSpace(b.String())))
}

// share draws a part of a whole as a small bar; the caller writes the number beside it.
func share(part, whole float64) template.HTML {
	percent := 0.0
	if whole > 0 {
		percent = math.Min(100, math.Max(0, part/whole*100))
	}
	return template.HTML(fmt.Sprintf( //nolint:gosec // made of numbers alone
		`<svg class="share" viewBox="0 0 100 6" width="100" height="6" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="6" class="whole"/><rect width="%.1f" height="6" class="part"/></svg>`, percent))
}
