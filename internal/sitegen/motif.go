package sitegen

import (
	"fmt"
	"html/template"
	"strings"
)

// The motif is drawn on a grid of 6 × 5 units of 60; shapes take the classes a
// (accent), b (second accent), c (soft edge).
const (
	motifUnit = 60
	motifCols = 6
	motifRows = 5
)

// motif draws the abstract picture of a home page. It has no text and no meaning.
func motif(t Tokens) template.HTML {
	d := &dice{state: t.Seed}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="motif" viewBox="0 0 %d %d" aria-hidden="true" focusable="false">`, motifCols*motifUnit, motifRows*motifUnit)
	switch t.Motif {
	case "tiles":
		drawTiles(&b, d)
	case "waves":
		drawWaves(&b, d)
	case "dots":
		drawDots(&b, d)
	default:
		drawArcs(&b, d)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed names only
}

func tone(d *dice) string { return pick(d, []string{"a", "a", "b", "c", "c"}) }

// drawTiles sets quarter circles, half circles and squares in a grid.
func drawTiles(b *strings.Builder, d *dice) {
	const u = motifUnit
	for y := range motifRows {
		for x := range motifCols {
			px, py := x*u, y*u
			switch d.roll(6) {
			case 0:
				fmt.Fprintf(b, `<path class="%s" d="M%d %dh%dv%da%d %d 0 0 1 -%d -%dz"/>`, tone(d), px, py, u, u, u, u, u, u)
			case 1:
				fmt.Fprintf(b, `<path class="%s" d="M%d %dv-%dh%da%d %d 0 0 1 -%d %dz"/>`, tone(d), px, py+u, u, u, u, u, u, u)
			case 2:
				fmt.Fprintf(b, `<path class="%s" d="M%d %dh-%dv-%da%d %d 0 0 1 %d %dz"/>`, tone(d), px+u, py+u, u, u, u, u, u, u)
			case 3:
				fmt.Fprintf(b, `<circle class="%s" cx="%d" cy="%d" r="%d"/>`, tone(d), px+u/2, py+u/2, u/2)
			case 4:
				fmt.Fprintf(b, `<path class="%s" d="M%d %da%d %d 0 0 1 %d 0z"/>`, tone(d), px, py+u/2+u/4, u/2, u/2, u)
			}
		}
	}
}

// drawWaves lays soft hills over each other.
func drawWaves(b *strings.Builder, d *dice) {
	const w, h = motifCols * motifUnit, motifRows * motifUnit
	fmt.Fprintf(b, `<circle class="b" cx="%d" cy="%d" r="%d"/>`, 70+d.roll(220), 60+d.roll(30), 34+d.roll(14))
	for i, tone := range []string{"c", "f", "a", "g"} {
		base := 105 + i*48 + d.roll(16)
		fmt.Fprintf(b, `<path class="%s" d="M0 %d`, tone, base+d.roll(30)-15)
		for x := 0; x < w; x += w / 3 {
			fmt.Fprintf(b, `c%d %d %d %d %d %d`, w/9, -34-d.roll(22), w*2/9, 30+d.roll(22), w/3, d.roll(20)-10)
		}
		fmt.Fprintf(b, `V%dH0z"/>`, h)
	}
}

// drawDots sets dots of growing size.
func drawDots(b *strings.Builder, d *dice) {
	const step = 30
	fx, fy := d.roll(motifCols*2), d.roll(motifRows*2)
	for y := range motifRows * 2 {
		for x := range motifCols * 2 {
			dx, dy := x-fx, y-fy
			r := 13 - (dx*dx+dy*dy)/9
			if r < 3 {
				r = 3
			}
			class := "a"
			if d.roll(9) == 0 {
				class = "b"
			} else if r < 8 {
				class = "c"
			}
			fmt.Fprintf(b, `<circle class="%s" cx="%d" cy="%d" r="%d"/>`, class, x*step+step/2, y*step+step/2, r)
		}
	}
}

// drawArcs nests rings around a few centers.
func drawArcs(b *strings.Builder, d *dice) {
	const w, h = motifCols * motifUnit, motifRows * motifUnit
	for i, c := range [][2]int{{d.roll(w / 3), h - d.roll(40)}, {w - d.roll(w/4), d.roll(h / 3)}} {
		class := []string{"ra", "rc"}[i]
		for r := 40; r <= 200-40*i; r += 32 {
			fmt.Fprintf(b, `<circle class="%s" cx="%d" cy="%d" r="%d"/>`, class, c[0], c[1], r)
		}
	}
	fmt.Fprintf(b, `<circle class="b" cx="%d" cy="%d" r="%d"/>`, w/3+d.roll(w/3), h/4+d.roll(h/3), 22+d.roll(16))
	fmt.Fprintf(b, `<circle class="a" cx="%d" cy="%d" r="%d"/>`, w/4+d.roll(w/2), h/3+d.roll(h/3), 12+d.roll(10))
}
