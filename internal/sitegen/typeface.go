package sitegen

import (
	"fmt"
	"image"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// maxGlyphs bounds the letters that a typeface keeps: those of Latin scripts fit, and
// take some megabytes over all sizes.
const maxGlyphs = 2048

// glyphStep is how finely letters are placed: a quarter of a pixel. What is finer
// nobody sees, and it would draw each letter anew.
const glyphStep = 16 // of 64

// typeface sets text in one size of a font without kerning, which the Go fonts have
// none of. Letters that were drawn are kept: the cards of all sites are set in the same
// few sizes. It is safe for concurrent use.
type typeface struct {
	metrics font.Metrics

	mu       sync.Mutex // guards what follows
	face     font.Face
	advances map[rune]fixed.Int26_6 // -1: the font has no such letter
	glyphs   map[glyphKey]*glyph
}

type glyphKey struct {
	letter rune
	at     fixed.Int26_6 // fraction of a pixel
}

// glyph is a drawn letter: for each pixel of a rectangle at x and y from the dot, how
// much ink there is, 0 to shades.
type glyph struct {
	x, y, width int
	ink         []uint8
}

func newTypeface(f *opentype.Font, size float64) (*typeface, error) {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("make face: %w", err)
	}
	return &typeface{metrics: face.Metrics(), face: face, advances: map[rune]fixed.Int26_6{}, glyphs: map[glyphKey]*glyph{}}, nil
}

// advance returns the width of a letter, or -1 if the font has none. The caller holds
// the lock.
func (t *typeface) advance(r rune) fixed.Int26_6 {
	a, ok := t.advances[r]
	if !ok {
		if a, ok = t.face.GlyphAdvance(r); !ok {
			a = -1
		}
		if len(t.advances) >= maxGlyphs {
			clear(t.advances)
		}
		t.advances[r] = a
	}
	return a
}

// glyph returns a letter for a dot at a fraction of a pixel. The caller holds the lock.
func (t *typeface) glyph(r rune, at fixed.Int26_6) *glyph {
	key := glyphKey{r, at}
	if g := t.glyphs[key]; g != nil {
		return g
	}
	rect, mask, from, _, ok := t.face.Glyph(fixed.Point26_6{X: at}, r)
	g := &glyph{x: rect.Min.X, y: rect.Min.Y, width: rect.Dx()}
	if alpha, is := mask.(*image.Alpha); ok && is {
		g.ink = make([]uint8, 0, rect.Dx()*rect.Dy())
		for y := range rect.Dy() {
			row := alpha.Pix[alpha.PixOffset(from.X, from.Y+y):][:rect.Dx()]
			for _, a := range row {
				g.ink = append(g.ink, uint8(int(a)*shades/255)) //nolint:gosec // at most shades
			}
		}
	}
	if len(t.glyphs) >= maxGlyphs {
		clear(t.glyphs)
	}
	t.glyphs[key] = g
	return g
}

// write sets a line of text in the color of ink, which is the last of the palette
// after its mixtures with the paper, left of the pixel at right.
func (t *typeface) write(img *image.Paletted, x, y, right int, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dot := fixed.I(x)
	for _, r := range text {
		g := t.glyph(r, dot&63/glyphStep*glyphStep)
		g.stamp(img, dot.Floor(), y, right)
		dot += max(t.advance(r), 0)
	}
}

// stamp sets the letter with its dot at x, y. Where letters overlap their ink adds up.
func (g *glyph) stamp(img *image.Paletted, x, y, right int) {
	if g.width == 0 {
		return
	}
	first := len(img.Palette) - shades
	for i := 0; i < len(g.ink); i += g.width {
		py := y + g.y + i/g.width
		if py < img.Rect.Min.Y || py >= img.Rect.Max.Y {
			continue
		}
		row := img.Pix[img.PixOffset(0, py):][:img.Rect.Dx()]
		for j, n := range g.ink[i : i+g.width] {
			px := x + g.x + j
			if n == 0 || px < 0 || px >= right {
				continue
			}
			had := max(int(row[px])-first+1, 0)
			row[px] = uint8(first - 1 + min(had+int(n), shades)) //nolint:gosec // within the palette
		}
	}
}

// shown returns text without what the font cannot show.
func (t *typeface) shown(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x2fff || t.advance(r) < 0 {
			return -1
		}
		return r
	}, text)
}

// wrap breaks text at spaces into lines of at most width pixels; what the font cannot
// show is left out.
func (t *typeface) wrap(text string, width int) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	var line strings.Builder
	var long fixed.Int26_6 // of the line
	for _, word := range strings.Fields(t.shown(text)) {
		var n fixed.Int26_6
		for _, r := range word {
			n += t.advance(r)
		}
		if space := max(t.advance(' '), 0); line.Len() > 0 && (long+space+n).Ceil() <= width {
			line.WriteByte(' ')
			line.WriteString(word)
			long += space + n
			continue
		}
		if line.Len() > 0 {
			out = append(out, line.String())
			line.Reset()
		}
		line.WriteString(word)
		long = n
	}
	if line.Len() > 0 {
		out = append(out, line.String())
	}
	return out
}
