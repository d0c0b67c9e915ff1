package sitegen

import (
	"image"
	"image/color"
	"sync"
)

// imagePath is the address of the picture that networks show with a shared link.
const imagePath = "/share.png"

// Size of the share image and of its tiles; Open Graph recommends 1200 × 630.
const (
	imageWidth  = 1200
	imageHeight = 630
	imageTile   = 105
	shades      = 16 // steps from paper to color at the edge of a shape
)

// drawing sets quarter circles in the site's colors, without text. Tiles are drawn
// once for each form and color, then copied.
func (s *site) drawing() *image.Paletted {
	d := &dice{state: s.tokens.Seed}
	inks := []Color{s.Light.Accent, s.Light.Second, s.Light.Mark}
	img := image.NewPaletted(image.Rect(0, 0, imageWidth, imageHeight), imagePalette(s.Light.Soft, append(inks, s.Light.Ink)))
	forms := imageForms()
	for y := 0; y < imageHeight; y += imageTile {
		for x := 0; x < imageWidth; x += imageTile {
			form, ink := d.roll(len(forms)+2), d.roll(len(inks))
			if form < len(forms) {
				stamp(img, x, y, forms[form], ink)
			}
		}
	}
	return img
}

// imagePalette holds the paper and, for each ink, its mixtures with the paper.
func imagePalette(paper Color, inks []Color) color.Palette {
	p := color.Palette{color.RGBA{paper.R, paper.G, paper.B, 255}}
	mix := func(a, b uint8, n int) uint8 { return uint8((int(a)*(shades-n) + int(b)*n) / shades) }
	for _, c := range inks {
		for n := 1; n <= shades; n++ {
			p = append(p, color.RGBA{mix(paper.R, c.R, n), mix(paper.G, c.G, n), mix(paper.B, c.B, n), 255})
		}
	}
	return p
}

// imageForms is what makeForms returns, drawn once.
var imageForms = sync.OnceValue(makeForms)

// makeForms returns the coverage, 0 to shades, of each pixel of each tile form:
// four quarter circles, a circle and a ring.
func makeForms() [][]uint8 {
	const t = imageTile
	var out [][]uint8
	for _, c := range []struct{ x, y, outer, inner int }{{0, 0, t, 0}, {t, 0, t, 0}, {0, t, t, 0}, {t, t, t, 0}, {t / 2, t / 2, t / 2, 0}, {0, 0, t, t / 2}, {t, t, t, t / 2}} {
		form := make([]uint8, t*t)
		for y := range t {
			for x := range t {
				form[y*t+x] = coverage(x, y, c.x, c.y, c.outer, c.inner)
			}
		}
		out = append(out, form)
	}
	return out
}

// coverage counts in whole numbers how many of 4 × 4 points of a pixel lie in a
// ring, so that the image is the same on every machine.
func coverage(x, y, cx, cy, outer, inner int) uint8 {
	n := uint8(0)
	for sy := 1; sy < 8; sy += 2 {
		for sx := 1; sx < 8; sx += 2 {
			dx, dy := (x-cx)*8+sx, (y-cy)*8+sy
			if r := dx*dx + dy*dy; r <= outer*outer*64 && r >= inner*inner*64 {
				n++
			}
		}
	}
	return n
}

func stamp(img *image.Paletted, x0, y0 int, form []uint8, ink int) {
	first := uint8(ink * shades) //nolint:gosec // a palette has at most 256 colors
	for y := range min(imageTile, imageHeight-y0) {
		row := img.Pix[img.PixOffset(x0, y0+y):][:min(imageTile, imageWidth-x0)]
		for x, n := range form[y*imageTile:][:len(row)] {
			if n > 0 {
				row[x] = first + n
			}
		}
	}
}
