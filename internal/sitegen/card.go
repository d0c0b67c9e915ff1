package sitegen

import (
	"fmt"
	"image"
	"strings"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"

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

// cardFaces are the Go fonts (golang.org/x/image/font/gofont, BSD license), which the
// program carries, in the sizes of headlines, and last in that of the site's name. They
// have Latin, Greek and Cyrillic letters.
var cardFaces = sync.OnceValues(func() ([]*typeface, error) {
	var out []*typeface
	for _, f := range []struct {
		ttf   []byte
		sizes []float64
	}{{gobold.TTF, cardSizes}, {goregular.TTF, []float64{30}}} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("read font: %w", err)
		}
		for _, size := range f.sizes {
			face, err := newTypeface(parsed, size)
			if err != nil {
				return nil, err
			}
			out = append(out, face)
		}
	}
	return out, nil
})

// painter draws the cards of one site, one after the other. It begins with the drawing
// when the first card is asked for that is not kept.
type painter struct {
	site  *site
	empty *image.Paletted // the drawing with an empty panel; nil: not drawn yet
	img   *image.Paletted // what is drawn on
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

// begin prepares what all cards of the site share.
func (p *painter) begin() {
	p.empty = p.site.drawing()
	for y := range imageHeight {
		clear(p.empty.Pix[p.empty.PixOffset(0, y):][:cardPanel])
	}
	bar := uint8(shades) // the first ink, unmixed
	for y := cardFooter + 34; y < cardFooter+40; y++ {
		for x := cardEdge; x < cardEdge+120; x++ {
			p.empty.Pix[p.empty.PixOffset(x, y)] = bar
		}
	}
	p.img = &image.Paletted{Pix: make([]uint8, len(p.empty.Pix)), Stride: p.empty.Stride, Rect: p.empty.Rect, Palette: p.empty.Palette}
}

// card returns the picture of a headline and the name of the site.
func (p *painter) card(path, headline string) (File, error) {
	light := &p.site.tokens.Light
	key := cardKey{p.site.tokens.Seed, [5]Color{light.Soft, light.Accent, light.Second, light.Mark, light.Ink}, p.site.Title, headline}
	body := keptCards.get(key)
	if body == nil {
		var err error
		if body, err = p.draw(headline); err != nil {
			return File{}, err
		}
		keptCards.put(key, body)
	}
	return File{Path: path, File: path[1:], ContentType: contentPNG, Body: body, Rights: p.site.drawn()}, nil
}

func (p *painter) draw(headline string) ([]byte, error) {
	faces, err := cardFaces()
	if err != nil {
		return nil, err
	}
	if p.empty == nil {
		p.begin()
	}
	copy(p.img.Pix, p.empty.Pix)
	const room = cardPanel - cardEdge - 40
	heads, small := faces[:len(cardSizes)], faces[len(cardSizes)]
	face, lines := heads[len(heads)-1], []string(nil)
	for i, f := range heads {
		if lines = f.wrap(headline, room); len(lines) <= cardLines-1 || i == len(heads)-1 {
			face = f
			break
		}
	}
	if len(lines) > cardLines {
		lines = lines[:cardLines]
		lines[cardLines-1] = strings.TrimRight(lines[cardLines-1], " .,:") + " …"
	}
	y := cardFirst + face.metrics.Ascent.Ceil()
	for _, l := range lines {
		face.write(p.img, cardEdge, y, cardPanel, l)
		y += face.metrics.Height.Ceil()
	}
	if name := small.wrap(p.site.Title, room); len(name) > 0 {
		small.write(p.img, cardEdge, cardFooter, cardPanel, name[0])
	}
	return encodePNG(p.img)
}

// cards draws the site's card and those of its pages.
func (s *site) cards() ([]File, error) {
	p := &painter{site: s}
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
