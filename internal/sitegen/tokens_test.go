package sitegen_test

import (
	"fmt"
	"testing"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/testkit"
)

// TestContrast looks at every palette, with every shift of its hue, in both
// schemes (WCAG 2.2, 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	palettes := map[string]bool{}
	for i := range 3000 {
		look := sitegen.TokensFor(domain.Website{Niche: fmt.Sprintf("niche %d", i), Domain: "site.example"})
		palettes[look.Palette] = true
		for scheme, c := range map[string]sitegen.Colors{"light": look.Light, "dark": look.Dark} {
			papers := map[string]sitegen.Color{"bg": c.Bg, "surface": c.Surface, "soft": c.Soft, "mark": c.Mark}
			for text, color := range map[string]sitegen.Color{"ink": c.Ink, "muted": c.Muted, "accent": c.Accent, "good": c.Good, "bad": c.Bad} {
				for paper, back := range papers {
					if got := sitegen.Contrast(color, back); got < 4.5 {
						t.Errorf("%s %s: %s on %s has %.2f, want 4.5", look.Palette, scheme, text, paper, got)
					}
				}
			}
			if got := sitegen.Contrast(c.OnAccent, c.Accent); got < 4.5 {
				t.Errorf("%s %s: text on accent has %.2f, want 4.5", look.Palette, scheme, got)
			}
			for _, paper := range []string{"bg", "surface", "soft"} {
				if got := sitegen.Contrast(c.Edge, papers[paper]); got < 3 {
					t.Errorf("%s %s: bars on %s have %.2f, want 3", look.Palette, scheme, paper, got)
				}
			}
		}
	}
	if len(palettes) < 8 {
		t.Errorf("%d palettes, want at least 8", len(palettes))
	}
}

func TestContrastOfBlackAndWhite(t *testing.T) {
	t.Parallel()
	black, white := sitegen.Color{}, sitegen.Color{R: 255, G: 255, B: 255}
	if got := sitegen.Contrast(black, white); got < 20.99 || got > 21.01 {
		t.Errorf("Contrast = %v, want 21", got)
	}
	// A pair that WCAG's own examples put just over the line.
	if got := sitegen.Contrast(sitegen.Color{R: 0x76, G: 0x76, B: 0x76}, white); got < 4.53 || got > 4.55 {
		t.Errorf("Contrast = %v, want 4.54", got)
	}
}

func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	niches := []string{"mechanical keyboards", "computer monitors", "power supplies", "jackets", "hoodies", "coffee grinders", "kaffeemühlen", "tents", "office chairs", "drills"}
	seen := map[string]string{}
	for _, n := range niches {
		w := domain.Website{Niche: n, Domain: "site.example"}
		sig := sitegen.TokensFor(w).Signature()
		if other, twice := seen[sig]; twice {
			t.Errorf("%s looks like %s: %s", n, other, sig)
		}
		seen[sig] = n
		if again := sitegen.TokensFor(w).Signature(); again != sig {
			t.Errorf("%s: got %s, then %s", n, sig, again)
		}
	}
	one, two := domain.Website{Niche: "Jackets ", Domain: "A.example", ID: "site_1"}, domain.Website{Niche: "jackets", Domain: "a.example", ID: "site_2"}
	if a, b := sitegen.TokensFor(one).Signature(), sitegen.TokensFor(two).Signature(); a != b {
		t.Errorf("case, spaces or ID change the look: %s, %s", a, b)
	}
}

// TestTokensCoverAllChoices wants no choice of the theme to be out of reach.
func TestTokensCoverAllChoices(t *testing.T) {
	t.Parallel()
	seen := map[string]map[string]bool{}
	for i := range 400 {
		look := sitegen.TokensFor(domain.Website{Niche: "n", Domain: fmt.Sprintf("d%d.example", i)})
		for kind, choice := range map[string]string{"layout": look.Layout, "palette": look.Palette, "fonts": look.Fonts.Name, "header": look.Header, "hero": look.Hero, "card": look.Card, "table": look.Table, "motif": look.Motif, "radius": look.Radius} {
			if seen[kind] == nil {
				seen[kind] = map[string]bool{}
			}
			seen[kind][choice] = true
		}
	}
	for kind, want := range map[string]int{"layout": 4, "palette": 12, "fonts": 5, "header": 3, "hero": 3, "card": 3, "table": 3, "motif": 4, "radius": 3} {
		if got := len(seen[kind]); got != want {
			t.Errorf("%d choices of %s, want %d", got, kind, want)
		}
	}
}
