package sitegen

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// Least contrast of an accent that an operator chose (WCAG 2.2, 1.4.3).
const leastContrast = 4.5

// TokensWith is TokensFor with the operator's choices. A choice that the theme does not
// have is refused with CodeInvalid, and so is an accent that is hard to read, with the
// contrast that was measured.
func TokensWith(w domain.Website, o *domain.Design) (Tokens, error) {
	t := TokensFor(w)
	if o == nil {
		return t, nil
	}
	for _, c := range []struct {
		field, value string
		from         []string
		to           *string
	}{
		{"layout", o.Layout, layouts, &t.Layout}, {"radius", o.Radius, radii, &t.Radius}, {"density", o.Density, densities, &t.Density},
		{"header", o.Header, headers, &t.Header}, {"hero", o.Hero, heroes, &t.Hero}, {"card", o.Card, cards, &t.Card},
		{"table", o.Table, tables, &t.Table}, {"motif", o.Motif, motifs, &t.Motif},
	} {
		switch {
		case c.value == "":
		case slices.Contains(c.from, c.value):
			*c.to = c.value
		default:
			return t, domain.Invalid("design."+c.field, "There is no %s %.40q; choose one of %s.", c.field, c.value, strings.Join(c.from, ", "))
		}
	}
	if err := t.setFonts(o.Fonts); err != nil {
		return t, err
	}
	return t, t.setAccents(o)
}

func (t *Tokens) setFonts(name string) error {
	if name == "" {
		return nil
	}
	var names []string
	for _, f := range fontPairs {
		if f.Name == name {
			t.Fonts = f
			return nil
		}
		names = append(names, f.Name)
	}
	return domain.Invalid("design.fonts", "There are no fonts %.40q; choose one of %s.", name, strings.Join(names, ", "))
}

// setAccents makes the colors anew around an accent: grays and tints lean to its hue.
func (t *Tokens) setAccents(o *domain.Design) error {
	if o.Accent == "" {
		if o.AccentDark != "" {
			return domain.Invalid("design.accent_dark", "An accent for dark pages needs one for light pages, too.")
		}
		return nil
	}
	accent, err := parseColor("design.accent", o.Accent)
	if err != nil {
		return err
	}
	p := palettes[0]
	for _, q := range palettes {
		if q.name == t.Palette {
			p = q
		}
	}
	was := p.hue
	p.chroma, p.hue = hueOf(accent)
	p.second += p.hue - was
	p.gray += p.hue - was
	t.Palette, t.Hue, t.Light, t.Dark = "own", p.hue, p.light(), p.dark()
	if t.Light, err = t.Light.with("design.accent", accent, "light"); err != nil || o.AccentDark == "" {
		return err
	}
	dark, err := parseColor("design.accent_dark", o.AccentDark)
	if err != nil {
		return err
	}
	t.Dark, err = t.Dark.with("design.accent_dark", dark, "dark")
	return err
}

// with returns the colors with an accent, if it can be read on all papers and text on it.
func (c Colors) with(field string, accent Color, scheme string) (Colors, error) {
	for _, paper := range []struct {
		name  string
		color Color
	}{{"background", c.Bg}, {"cards", c.Surface}, {"tinted areas", c.Soft}, {"marked cells", c.Mark}} {
		if got := Contrast(accent, paper.color); got < leastContrast {
			return c, domain.Invalid(field, "Accent %s has a contrast of %.2f on the %s of %s pages (%s); text needs %.1f.",
				accent.Hex(), got, paper.name, scheme, paper.color.Hex(), leastContrast)
		}
	}
	c.Accent = accent
	white, black := Color{255, 255, 255}, Color{16, 16, 16}
	if c.OnAccent = white; Contrast(black, accent) > Contrast(white, accent) {
		c.OnAccent = black
	}
	if got := Contrast(c.OnAccent, accent); got < leastContrast {
		return c, domain.Invalid(field, "Text on accent %s has a contrast of at most %.2f; it needs %.1f.", accent.Hex(), got, leastContrast)
	}
	return c, nil
}

func parseColor(field, text string) (Color, error) {
	digits, ok := strings.CutPrefix(text, "#")
	v, err := strconv.ParseUint(digits, 16, 24)
	if !ok || err != nil || len(digits) != 6 {
		return Color{}, domain.Invalid(field, "%.40q is no color such as #0a5c36.", text)
	}
	return Color{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
}

// hueOf returns chroma and hue in degrees of a color in OKLCh (see linearRGB).
func hueOf(c Color) (chroma, hue float64) {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	x := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	y := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	return math.Hypot(x, y), math.Mod(math.Atan2(y, x)*180/math.Pi+360, 360)
}
