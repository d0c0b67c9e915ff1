package sitegen

import (
	"fmt"
	"html/template"
	"strings"
)

// motifUnit is the side of a square of the grid that motifs are drawn on.
const motifUnit = 60

// motif draws the abstract picture of a home page. It has no text and no meaning.
// Shapes take the classes a (accent), b (second accent) and c (soft edge).
func motif(t Tokens) template.HTML {
	d := &dice{state: t.Seed}
	cols, rows := 6, 5
	if t.Hero == "frame" && t.Layout == layoutMagazine || t.Layout == layoutCatalogue || t.Layout == layoutFieldGuide {
		cols, rows = 18, 3
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="motif" viewBox="0 0 %d %d" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">`, cols*motifUnit, rows*motifUnit)
	switch t.Motif {
	case "tiles":
		drawTiles(&b, d, cols, rows)
	case "waves":
		drawWaves(&b, d, cols*motifUnit, rows*motifUnit)
	case "dots":
		drawDots(&b, d, cols*2, rows*2)
	default:
		drawArcs(&b, d, cols*motifUnit, rows*motifUnit)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // numbers and fixed names only
}

func tone(d *dice) string { return pick(d, []string{"a", "a", "b", "c", "c"}) }

// drawTiles sets quarter circles, half circles and squares in a grid.
func drawTiles(b *strings.Builder, d *dice, cols, rows int) {
	const u = motifUnit
	for y := range rows {
		for x := range cols {
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
func drawWaves(b *strings.Builder, d *dice, w, h int) {
	const hill = 120
	fmt.Fprintf(b, `<circle class="b" cx="%d" cy="%d" r="%d"/>`, w/5+d.roll(w*3/5), h/5+d.roll(h/10), 28+h/30+d.roll(14))
	for i, tone := range []string{"c", "f", "a", "g"} {
		base := h*(7+i*3)/20 + d.roll(16)
		fmt.Fprintf(b, `<path class="%s" d="M0 %d`, tone, base+d.roll(30)-15)
		for x := 0; x < w; x += hill {
			fmt.Fprintf(b, `c%d %d %d %d %d %d`, hill/3, -34-d.roll(22), hill*2/3, 30+d.roll(22), hill, d.roll(20)-10)
		}
		fmt.Fprintf(b, `V%dH0z"/>`, h)
	}
}

// drawDots sets dots that shrink with their distance from one point.
func drawDots(b *strings.Builder, d *dice, cols, rows int) {
	const step = motifUnit / 2
	fx, fy := d.roll(cols), d.roll(rows)
	for y := range rows {
		for x := range cols {
			dx, dy := x-fx, y-fy
			r := max(3, 13-(dx*dx+dy*dy)/9)
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
func drawArcs(b *strings.Builder, d *dice, w, h int) {
	const block = 6 * motifUnit
	for x := 0; x < w; x += block {
		low, high := [2]int{x + d.roll(block/3), h - d.roll(40)}, [2]int{x + block - d.roll(block/4), d.roll(h / 3)}
		for i, c := range [][2]int{low, high} {
			for r := 40; r <= 200-40*i; r += 32 {
				fmt.Fprintf(b, `<circle class="%s" cx="%d" cy="%d" r="%d"/>`, []string{"ra", "rc"}[i], c[0], c[1], r)
			}
		}
	}
	fmt.Fprintf(b, `<circle class="b" cx="%d" cy="%d" r="%d"/>`, w/3+d.roll(w/3), h/4+d.roll(h/3), 22+d.roll(16))
	fmt.Fprintf(b, `<circle class="a" cx="%d" cy="%d" r="%d"/>`, w/4+d.roll(w/2), h/3+d.roll(h/3), 12+d.roll(10))
}
