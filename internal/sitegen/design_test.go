package sitegen_test

import (
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
	"empire/internal/testkit"
)

func TestDesignOverrides(t *testing.T) {
	t.Parallel()
	w := sitegentest.English().Website
	plain, err := sitegen.TokensWith(w, nil)
	if err != nil || plain.Signature() != sitegen.TokensFor(w).Signature() {
		t.Errorf("without a design: %s, %v", plain.Signature(), err)
	}
	for _, layout := range []string{"magazine", "workbench", "catalogue", "fieldguide"} {
		d := sitegentest.English()
		d.Design = &domain.Design{Layout: layout, Accent: "#7a1f5c", AccentDark: "#f0a6d8", Fonts: "slab", Radius: "12px", Table: "boxed"}
		home := page(t, render(t, d), "/")
		for _, want := range []string{"l-" + layout, "--accent:#7a1f5c", "--accent:#f0a6d8", "--radius:12px", "Rockwell"} {
			if !strings.Contains(home, want) {
				t.Errorf("%s: the home page lacks %s", layout, want)
			}
		}
	}
}

func TestDesignIsRefused(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]domain.Design{
		"design.layout: There is no layout \"brutal\"":                        {Layout: "brutal"},
		"design.fonts: There are no fonts \"comic\"":                          {Fonts: "comic"},
		"design.accent: Accent #ffcc00 has a contrast of 1.4":                 {Accent: "#ffcc00"},
		"design.accent_dark: Accent #203040 has a contrast of 1.":             {Accent: "#203040", AccentDark: "#203040"},
		"design.accent: \"red\" is no color":                                  {Accent: "red"},
		"design.accent_dark: An accent for dark pages needs one for light pa": {AccentDark: "#ffffff"},
	} {
		_, err := sitegen.TokensWith(sitegentest.English().Website, &o)
		field, text, _ := strings.Cut(want, ": ")
		if domain.CodeOf(err) != domain.CodeInvalid || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v, want %s", field, err, text)
		}
		d := sitegentest.English()
		d.Design = &o
		if _, err := sitegen.Render(d, sitegen.Options{}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: Render says %v", field, err)
		}
	}
}

// TestOwnAccentsKeepContrast tries accents over the whole circle: what is accepted
// keeps all colors readable in both schemes.
func TestOwnAccentsKeepContrast(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	accepted := 0
	for i := range 4096 {
		c := sitegen.Color{R: uint8(i >> 8 * 17), G: uint8(i >> 4 & 15 * 17), B: uint8(i & 15 * 17)}
		look, err := sitegen.TokensWith(sitegentest.English().Website, &domain.Design{Accent: c.Hex()})
		if err != nil {
			continue
		}
		accepted++
		for scheme, c := range map[string]sitegen.Colors{"light": look.Light, "dark": look.Dark} {
			for _, paper := range []sitegen.Color{c.Bg, c.Surface, c.Soft, c.Mark} {
				for _, text := range []sitegen.Color{c.Accent, c.Ink, c.Muted, c.Good, c.Bad} {
					if got := sitegen.Contrast(text, paper); got < 4.5 {
						t.Fatalf("accent %s, %s: %s on %s has %.2f", look.Light.Accent.Hex(), scheme, text.Hex(), paper.Hex(), got)
					}
				}
			}
			if got := sitegen.Contrast(c.OnAccent, c.Accent); got < 4.5 {
				t.Fatalf("accent %s, %s: text on it has %.2f", c.Accent.Hex(), scheme, got)
			}
		}
	}
	if accepted < 200 {
		t.Errorf("%d of 4096 accents are accepted", accepted)
	}
}
