package sitegen

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"empire/internal/domain"
)

func newTestSite(t *testing.T, name string) *site {
	t.Helper()
	s, err := newSite(&domain.Draft{Website: domain.Website{Domain: name, Niche: "tea", Title: "Größe, Ärger & Œuvre"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCardIsDrawnTheSame draws a card with letters that were drawn before and after, and
// takes it from those that are kept.
func TestCardIsDrawnTheSame(t *testing.T) {
	t.Parallel()
	const headline = "Which keyboard? Ελληνικά, Кириллица and 漢字 that the font lacks, in several lines of text"
	first := &painter{site: newTestSite(t, "a.example")}
	want, err := first.draw(headline)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.draw("Something else: wavy, WAVY, Waves"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again, err := first.draw(headline)
		if err != nil || !bytes.Equal(again, want) {
			t.Fatalf("the same headline gives another picture (%v)", err)
		}
		f, err := (&painter{site: newTestSite(t, "a.example")}).card("/x.png", headline)
		if err != nil || !bytes.Equal(f.Body, want) {
			t.Fatalf("a card that may be kept is another picture (%v)", err)
		}
	}
	other, err := (&painter{site: newTestSite(t, "b.example")}).card("/x.png", headline)
	if err != nil || bytes.Equal(other.Body, want) {
		t.Errorf("another site has the same card (%v)", err)
	}
}

// TestEncodePNG reads with image/png what it wrote.
func TestEncodePNG(t *testing.T) {
	t.Parallel()
	p := &painter{site: newTestSite(t, "a.example")}
	body, err := p.draw("Tea")
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	img, ok := got.(*image.Paletted)
	if !ok || !bytes.Equal(img.Pix, p.img.Pix) || len(img.Palette) != len(p.img.Palette) {
		t.Fatalf("read back %T, or other pixels", got)
	}
	for i := range img.Palette {
		if img.Palette[i] != p.img.Palette[i] {
			t.Errorf("color %d is %v, want %v", i, img.Palette[i], p.img.Palette[i])
		}
	}
}

// TestCardStore forgets what was not asked for longest.
func TestCardStore(t *testing.T) {
	t.Parallel()
	var c cardStore
	key := func(n uint64) cardKey { return cardKey{seed: n} }
	body := make([]byte, keptCardBytes/8)
	for n := range uint64(40) {
		c.put(key(n), body)
		if c.get(key(0)) == nil {
			t.Fatalf("the card that is asked for again and again is gone after %d others", n)
		}
	}
	if c.get(key(1)) != nil || c.get(key(39)) == nil {
		t.Error("an old card is kept, or the newest is not")
	}
}
