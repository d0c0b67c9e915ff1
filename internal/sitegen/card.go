package sitegen

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"empire/internal/domain"
)

// Places of a card in pixels: a panel with the text at the left, the site's drawing at
// the right, from a multiple of the tile's size on.
const (
	cardEdge   = 72
	cardPanel  = 7 * imageTile
	cardLines  = 5
	cardFooter = 560 // base line of the site's name
	cardFirst  = 96  // top of the headline
)

// cardSizes are the sizes of a headline; the first that fits is taken.
var cardSizes = []float64{68, 58, 50, 42, 36}

// cardFonts are the Go fonts (golang.org/x/image/font/gofont, BSD license), which the
// program carries. They have Latin, Greek and Cyrillic letters.
var cardFonts = sync.OnceValues(func() (fonts [2]*opentype.Font, err error) {
	for i, ttf := range [][]byte{gobold.TTF, goregular.TTF} {
		if fonts[i], err = opentype.Parse(ttf); err != nil {
			return fonts, fmt.Errorf("read font: %w", err)
		}
	}
	return fonts, nil
})

// painter draws the cards of one site. Its faces keep glyphs and are not for
// concurrent use.
type painter struct {
	site  *site
	empty *image.Paletted // the drawing with an empty panel
	heads []font.Face     // by cardSizes
	small font.Face
}

// hasCard reports whether pages of a kind get a card of their own; the others show the
// site's. Product pages are the most and change the most often: their cards would make
// up nearly all bytes of a site.
func hasCard(k domain.PageKind) bool {
	return k == domain.PageGuide || k == domain.PageBest || k == domain.PageComparison || k == domain.PageFAQ || k == domain.PageMethod
}

// cardPath is the address of the card of a page.
func cardPath(p *domain.Page) string {
	if !hasCard(p.Kind) {
		return imagePath
	}
	return p.Path() + "card.png"
}

func (s *site) newPainter(base *image.Paletted) (*painter, error) {
	fonts, err := cardFonts()
	if err != nil {
		return nil, err
	}
	p := &painter{site: s, empty: base}
	face := func(f *opentype.Font, size float64) font.Face {
		face, ferr := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
		if ferr != nil {
			err = fmt.Errorf("make face: %w", ferr)
		}
		return face
	}
	for _, size := range cardSizes {
		p.heads = append(p.heads, face(fonts[0], size))
	}
	p.small = face(fonts[1], 30)
	if err != nil {
		return nil, err
	}
	draw.Draw(p.empty, image.Rect(0, 0, cardPanel, imageHeight), image.NewUniform(p.empty.Palette[0]), image.Point{}, draw.Src)
	bar := uint8(shades) // the first ink, unmixed
	for y := cardFooter + 34; y < cardFooter+40; y++ {
		for x := cardEdge; x < cardEdge+120; x++ {
			p.empty.Pix[p.empty.PixOffset(x, y)] = bar
		}
	}
	return p, nil
}

// card draws a headline and the name of the site.
func (p *painter) card(path, headline string) (File, error) {
	img := &image.Paletted{Pix: bytes.Clone(p.empty.Pix), Stride: p.empty.Stride, Rect: p.empty.Rect, Palette: p.empty.Palette}
	const room = cardPanel - cardEdge - 40
	face, lines := p.heads[len(p.heads)-1], []string(nil)
	for i, f := range p.heads {
		if lines = wrapFace(f, headline, room); len(lines) <= cardLines-1 || i == len(p.heads)-1 {
			face = f
			break
		}
	}
	if len(lines) > cardLines {
		lines = lines[:cardLines]
		lines[cardLines-1] = strings.TrimRight(lines[cardLines-1], " .,:") + " …"
	}
	step := face.Metrics().Height.Ceil()
	y := cardFirst + face.Metrics().Ascent.Ceil()
	for _, l := range lines {
		write(img, face, cardEdge, y, l)
		y += step
	}
	name := wrapFace(p.small, p.site.Title, room)
	if len(name) > 0 {
		write(img, p.small, cardEdge, cardFooter, name[0])
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return File{}, fmt.Errorf("encode card: %w", err)
	}
	return File{Path: path, File: path[1:], ContentType: contentPNG, Body: b.Bytes(), Rights: p.site.drawn()}, nil
}

// write sets a line of text in the color of ink, which is the last of the palette
// after its mixtures with the paper.
func write(img *image.Paletted, face font.Face, x, y int, text string) {
	mask := image.NewAlpha(image.Rect(0, y-face.Metrics().Ascent.Ceil(), cardPanel, y+face.Metrics().Descent.Ceil()+2))
	d := font.Drawer{Dst: mask, Src: image.NewUniform(color.Alpha{A: 255}), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
	first := len(img.Palette) - shades
	for my := mask.Rect.Min.Y; my < mask.Rect.Max.Y; my++ {
		for mx := range cardPanel {
			if n := int(mask.AlphaAt(mx, my).A) * shades / 255; n > 0 && my >= 0 && my < imageHeight {
				img.Pix[img.PixOffset(mx, my)] = uint8(first + n - 1)
			}
		}
	}
}

// wrapFace breaks text at spaces into lines of at most width pixels; what the font
// cannot show is left out.
func wrapFace(face font.Face, text string, width int) []string {
	shown := strings.Map(func(r rune) rune {
		if _, ok := face.GlyphAdvance(r); !ok || r > 0x2fff {
			return -1
		}
		return r
	}, text)
	var out []string
	line := ""
	for _, word := range strings.Fields(shown) {
		if next := strings.TrimSpace(line + " " + word); line == "" || font.MeasureString(face, next).Ceil() <= width {
			line = next
			continue
		}
		out = append(out, line)
		line = word
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

// cards draws the site's card and those of its pages.
func (s *site) cards() ([]File, error) {
	p, err := s.newPainter(s.drawing())
	if err != nil {
		return nil, err
	}
	first, err := p.card(imagePath, firstOf(s.homeHeading(), s.Title))
	if err != nil {
		return nil, err
	}
	out := []File{first}
	for i := range s.draft.Pages {
		page := &s.draft.Pages[i]
		if !hasCard(page.Kind) {
			continue
		}
		f, err := p.card(cardPath(page), firstOf(page.Heading, page.Title))
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (s *site) homeHeading() string {
	if p := s.pages[""]; p != nil {
		return p.Heading
	}
	return ""
}
