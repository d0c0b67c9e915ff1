package sitegen

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"empire/internal/domain"
)

// Tokens are the design decisions of one site. The theme has no others.
type Tokens struct {
	Palette string  `json:"palette"` // name of the palette that the colors were made from
	Hue     float64 `json:"hue"`     // of the accent, in degrees; within a palette sites differ a little
	Light   Colors  `json:"light"`
	Dark    Colors  `json:"dark"`
	Fonts   Fonts   `json:"fonts"`
	Radius  string  `json:"radius"` // CSS length
	Density string  `json:"density"`
	Layout  string  `json:"layout"` // magazine, workbench, catalogue, fieldguide
	Header  string  `json:"header"` // line, masthead, band
	Hero    string  `json:"hero"`   // split, band, frame
	Card    string  `json:"card"`   // rule, panel, spine
	Table   string  `json:"table"`  // lines, zebra, boxed
	Motif   string  `json:"motif"`  // arcs, tiles, waves, dots
	// Seed drives what is drawn by chance, such as the motif.
	Seed uint64 `json:"-"`
}

// Fonts is a pair of system font stacks with the look that suits them.
type Fonts struct {
	Name    string `json:"name"`
	Heading string `json:"heading"`
	Body    string `json:"body"`
	Weight  string `json:"weight"`   // of headings
	Spacing string `json:"tracking"` // letter spacing of large headings
	Ratio   string `json:"ratio"`    // between steps of the type scale
}

const (
	sansStack     = `system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif`
	humanistStack = `Seravek,"Gill Sans Nova",Ubuntu,Calibri,"Source Sans 3","Source Sans Pro","Liberation Sans",sans-serif`
	charterStack  = `Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif","DejaVu Serif",serif`
	oldStack      = `"Iowan Old Style","Palatino Linotype","URW Palladio L",P052,Georgia,"Liberation Serif",serif`
	slabStack     = `Rockwell,"Rockwell Nova","Roboto Slab","Sitka Small","DejaVu Serif",serif`
	geoStack      = `"Avenir Next",Avenir,Montserrat,Corbel,"URW Gothic","Century Gothic","DejaVu Sans",sans-serif`
)

var fontPairs = []Fonts{
	{"charter", charterStack, sansStack, "700", "-.015em", "1.25"},
	{"grotesque", sansStack, sansStack, "750", "-.025em", "1.25"},
	{"bookish", oldStack, oldStack, "600", "-.01em", "1.28"},
	{"geometric", geoStack, humanistStack, "700", "-.02em", "1.22"},
	{"slab", slabStack, humanistStack, "700", "-.02em", "1.22"},
}

var (
	radii     = []string{"2px", "6px", "12px"}
	densities = []string{"1", "1.12"}
	layouts   = []string{layoutMagazine, layoutWorkbench, layoutCatalogue, layoutFieldGuide}
	headers   = []string{"line", "masthead", "band"}
	heroes    = []string{"split", "band", "frame"}
	cards     = []string{"rule", "panel", "spine"}
	tables    = []string{"lines", "zebra", "boxed"}
	motifs    = []string{"arcs", "tiles", "waves", "dots"}
)

// TokensFor derives the look of a site from its niche and domain. It never
// changes for a site and needs nothing stored.
func TokensFor(w domain.Website) Tokens {
	d := newDice(strings.ToLower(strings.TrimSpace(w.Niche)), strings.ToLower(w.Domain))
	p := palettes[d.roll(len(palettes))]
	shift := float64(d.roll(15) - 7)
	p.hue += shift
	p.gray += shift
	return Tokens{
		Palette: p.name, Hue: p.hue, Light: p.light(), Dark: p.dark(),
		Fonts:   pick(d, fontPairs),
		Radius:  pick(d, radii),
		Density: pick(d, densities),
		Header:  pick(d, headers),
		Hero:    pick(d, heroes),
		Card:    pick(d, cards),
		Table:   pick(d, tables),
		Motif:   pick(d, motifs),
		Seed:    d.next(),
		Layout:  pick(d, layouts),
	}
}

// Signature names the choices in one line; two sites with different signatures
// look different.
func (t Tokens) Signature() string {
	return strings.Join([]string{t.Layout, t.Palette, t.Light.Accent.Hex(), t.Fonts.Name, t.Header, t.Hero, t.Card, t.Table, t.Motif, t.Radius, t.Density}, "/")
}

// dice is a reproducible source of choices (SplitMix64, Steele et al. 2014).
type dice struct{ state uint64 }

func newDice(parts ...string) *dice {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return &dice{state: binary.BigEndian.Uint64(sum[:8])}
}

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// roll returns a number from 0 to n-1.
func (d *dice) roll(n int) int { return int(d.next() % uint64(n)) }

func pick[T any](d *dice, from []T) T { return from[d.roll(len(from))] }
