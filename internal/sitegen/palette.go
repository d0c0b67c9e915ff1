package sitegen

// Contrast that text and controls keep, with a margin over WCAG 2.2 AA (1.4.3:
// 4.5, 1.4.11: 3).
const (
	textContrast    = 4.6
	controlContrast = 3.1
)

// Colors are the colors of a site in one scheme, by role.
type Colors struct {
	Bg       Color // page
	Surface  Color // cards, table heads, menus
	Soft     Color // tinted areas: hero, notes, offers
	Line     Color // rules that only decorate
	Edge     Color // borders of controls and chart bars that are not highlighted
	Ink      Color // text
	Muted    Color // secondary text
	Accent   Color // links, buttons, highlighted bars
	OnAccent Color // text on Accent
	Second   Color // second accent of motifs
	Good     Color // what speaks for something
	Bad      Color // what speaks against it
	Mark     Color // background of the best cell
}

// palette is a pair of hues with the amount of color in accents and in grays.
type palette struct {
	name      string
	hue       float64 // accent
	chroma    float64
	lightness float64 // of the accent in the light scheme, before contrast is ensured
	second    float64 // hue of the second accent
	gray      float64 // hue that grays lean to
	tint      float64 // chroma of grays
}

// palettes are told apart at a glance: accents are at least 20 degrees of hue from
// their neighbors, or differ in chroma and in the warmth of the paper.
var palettes = []palette{
	{"ink", 262, 0.125, 0.42, 60, 75, 0.010},     // navy on warm paper
	{"moss", 145, 0.095, 0.42, 85, 110, 0.010},   // forest green
	{"clay", 38, 0.125, 0.50, 215, 60, 0.014},    // terracotta
	{"plum", 335, 0.120, 0.43, 95, 340, 0.008},   // dark berry
	{"lagoon", 205, 0.090, 0.45, 40, 210, 0.008}, // petrol
	{"cobalt", 250, 0.165, 0.50, 190, 250, 0.006},
	{"amber", 70, 0.115, 0.48, 250, 85, 0.018},
	{"iris", 292, 0.150, 0.48, 165, 290, 0.007},
	{"cherry", 20, 0.165, 0.49, 235, 30, 0.007},
	{"jade", 170, 0.095, 0.44, 310, 170, 0.007},
	{"slate", 240, 0.040, 0.40, 45, 240, 0.006},
	{"olive", 110, 0.090, 0.44, 30, 100, 0.014},
}

// light returns the colors for prefers-color-scheme: light.
func (p palette) light() Colors {
	var c Colors
	c.Bg = oklch{0.988, p.tint * 0.6, p.gray}.color()
	c.Surface = oklch{0.966, p.tint * 0.9, p.gray}.color()
	c.Soft = oklch{0.945, min(p.chroma*0.22, 0.026), p.hue}.color()
	c.Mark = oklch{0.925, min(p.chroma*0.35, 0.045), p.hue}.color()
	c.Line = oklch{0.885, p.tint * 1.2, p.gray}.color()
	papers := []Color{c.Bg, c.Surface, c.Soft, c.Mark}
	c.Edge = oklch{0.66, p.chroma * 0.5, p.hue}.fit(-0.005, controlContrast, c.Bg, c.Surface, c.Soft)
	c.Ink = oklch{0.235, p.tint * 1.5, p.gray}.fit(-0.005, 9, papers...)
	c.Muted = oklch{0.47, p.tint * 1.5, p.gray}.fit(-0.005, textContrast, papers...)
	c.Accent = oklch{p.lightness, p.chroma, p.hue}.fit(-0.005, textContrast, papers...)
	c.OnAccent = oklch{0.99, 0.004, p.hue}.fit(0.002, textContrast, c.Accent)
	c.Second = oklch{0.74, 0.10, p.second}.color()
	c.Good = oklch{0.45, 0.11, 150}.fit(-0.005, textContrast, papers...)
	c.Bad = oklch{0.50, 0.14, 28}.fit(-0.005, textContrast, papers...)
	return c
}

// dark returns the colors for prefers-color-scheme: dark.
func (p palette) dark() Colors {
	var c Colors
	c.Bg = oklch{0.185, p.tint * 0.9, p.gray}.color()
	c.Surface = oklch{0.228, p.tint * 1.1, p.gray}.color()
	c.Soft = oklch{0.258, min(p.chroma*0.3, 0.036), p.hue}.color()
	c.Mark = oklch{0.31, min(p.chroma*0.45, 0.055), p.hue}.color()
	c.Line = oklch{0.33, p.tint * 1.2, p.gray}.color()
	papers := []Color{c.Bg, c.Surface, c.Soft, c.Mark}
	c.Edge = oklch{0.55, p.chroma * 0.5, p.hue}.fit(0.005, controlContrast, c.Bg, c.Surface, c.Soft)
	c.Ink = oklch{0.935, p.tint, p.gray}.fit(0.005, 9, papers...)
	c.Muted = oklch{0.74, p.tint * 1.2, p.gray}.fit(0.005, textContrast, papers...)
	c.Accent = oklch{0.78, p.chroma * 0.85, p.hue}.fit(0.005, textContrast, papers...)
	c.OnAccent = oklch{0.19, 0.02, p.hue}.fit(-0.005, textContrast, c.Accent)
	c.Second = oklch{0.60, 0.09, p.second}.color()
	c.Good = oklch{0.79, 0.12, 150}.fit(0.005, textContrast, papers...)
	c.Bad = oklch{0.76, 0.12, 28}.fit(0.005, textContrast, papers...)
	return c
}
