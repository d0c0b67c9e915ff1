package sitegen

import (
	"fmt"
	"math"
)

// Color is an sRGB color with 8 bits per channel.
type Color struct{ R, G, B uint8 }

// Hex returns the color as CSS writes it: #rrggbb.
func (c Color) Hex() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// MarshalText returns Hex.
func (c Color) MarshalText() ([]byte, error) { return []byte(c.Hex()), nil }

// Contrast returns the contrast ratio of two colors, 1 to 21 (WCAG 2.2,
// "contrast ratio").
func Contrast(a, b Color) float64 {
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

func luminance(c Color) float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func linear(v uint8) float64 {
	f := float64(v) / 255
	if f <= 0.04045 {
		return f / 12.92
	}
	return math.Pow((f+0.055)/1.055, 2.4)
}

// oklch is a color by perceived lightness (0 to 1), chroma and hue in degrees.
type oklch struct{ l, c, h float64 }

// color converts to sRGB. Chroma is lowered until the color is in gamut, so that
// lightness and hue stay what was asked for.
func (o oklch) color() Color {
	for {
		r, g, b := o.linearRGB()
		if o.c <= 0 || inGamut(r) && inGamut(g) && inGamut(b) {
			return Color{encode(r), encode(g), encode(b)}
		}
		o.c -= 0.004
	}
}

// linearRGB follows Björn Ottosson, "A perceptual color space for image
// processing" (2020).
func (o oklch) linearRGB() (r, g, b float64) {
	chroma := math.Max(o.c, 0)
	sin, cos := math.Sincos(o.h * math.Pi / 180)
	a, bb := chroma*cos, chroma*sin
	l := cube(o.l + 0.3963377774*a + 0.2158037573*bb)
	m := cube(o.l - 0.1055613458*a - 0.0638541728*bb)
	s := cube(o.l - 0.0894841775*a - 1.2914855480*bb)
	r = 4.0767416621*l - 3.3077115913*m + 0.2309699292*s
	g = -1.2684380046*l + 2.6097574011*m - 0.3413193965*s
	b = -0.0041960863*l - 0.7034186147*m + 1.7076147010*s
	return r, g, b
}

func cube(v float64) float64 { return v * v * v }

func inGamut(v float64) bool { return v >= -0.0005 && v <= 1.0005 }

func encode(v float64) uint8 {
	v = min(max(v, 0), 1)
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(v * 255))
}

// fit moves the lightness of a color by step until it reaches the contrast ratio
// with all backgrounds. It ends at black or white.
func (o oklch) fit(step, ratio float64, backgrounds ...Color) Color {
	for {
		c := o.color()
		ok := true
		for _, b := range backgrounds {
			ok = ok && Contrast(c, b) >= ratio
		}
		if ok || o.l <= 0 || o.l >= 1 {
			return c
		}
		o.l += step
	}
}
