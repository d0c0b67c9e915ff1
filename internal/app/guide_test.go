package app_test

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/sample"
	"empire/internal/testkit/browsertest"
)

// Bounds of the pictures in the guide.
const (
	guideWidth    = 1200 // CSS pixels
	guideMaxBytes = 120_000
)

var guidePicture = regexp.MustCompile(`!\[([^\]]*)\]\(images/([^)]+)\)`)

// TestGuideShowsPictures: the guide shows every picture that lies beside it, each with a
// text for who cannot see it and none too large.
func TestGuideShowsPictures(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "docs", "guide")
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, m := range guidePicture.FindAllStringSubmatch(string(text), -1) {
		alt, name := m[1], m[2]
		shown = append(shown, name)
		if len(alt) < 20 {
			t.Errorf("%s: %q does not say what the picture shows", name, alt)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "images", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if size, err := png.DecodeConfig(bytes.NewReader(raw)); err != nil || size.Width != guideWidth || len(raw) > guideMaxBytes {
			t.Errorf("%s is %d pixels wide and has %d bytes (%v); run make guide", name, size.Width, len(raw), err)
		}
	}
	if len(shown) < 6 {
		t.Errorf("the guide shows %d pictures", len(shown))
	}
	files, err := filepath.Glob(filepath.Join(dir, "images", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(shown, filepath.Base(f)) {
			t.Errorf("%s is shown nowhere", filepath.Base(f))
		}
	}
}

// TestGuidePictures goes through the first steps of the guide on the sample feed, which
// is generated, and takes the pictures of it. It runs where EMPIRE_TEST_GUIDE says where
// to put them: make guide.
func TestGuidePictures(t *testing.T) {
	to := os.Getenv("EMPIRE_TEST_GUIDE")
	if to == "" {
		t.Skip("pictures of the guide are made by make guide")
	}
	if err := os.MkdirAll(to, 0o750); err != nil {
		t.Fatal(err)
	}
	feed := filepath.Join(t.TempDir(), "sample-catalogue.csv")
	if err := os.WriteFile(feed, sample.Feed(time.Now().UTC().Truncate(24*time.Hour)), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &firstDay{T: t, tab: browsertest.Open(t)}
	a := start(t, t.TempDir(), "")
	d.base = strings.TrimSuffix(a.URL(), "/")
	d.tab.Person(visitor)
	admin := a.NewCredentials()
	d.signIn(admin.Email, admin.Password)
	d.picture(to, "welcome", "/", 520)

	d.open("/feeds/new")
	d.tab.Choose(`#new input[type="file"]`, feed)
	d.tab.Resize(guideWidth)
	d.shot(to, "feed", 620)
	d.send("#new form")
	d.open("/launch")
	d.fill("#site form", map[string]any{"niche": sample.Niche, "domain": sample.Domain, "language": "en"})
	d.tab.Resize(guideWidth)
	d.shot(to, "launch", 700)
	d.send("#site form")
	d.send("#choose form")
	d.send("#legal-data form")
	d.open("/launch/check")
	run := d.send("#check form")
	d.watch(time.Minute, `document.querySelectorAll("#steps li.ok").length > 1`)
	d.tab.Resize(guideWidth)
	d.shot(to, "run", 800)
	d.watch(2*time.Minute, `document.querySelector('#ask form[action$="/decision"]')`)
	ask := browsertest.Eval[string](d.tab, `new URL(document.querySelector('#ask h3 a').href).pathname`)
	d.picture(to, "approve", ask, 800)
	d.picture(to, "evidence", ask+"/pages?page=/", 800)
	d.open(ask)
	d.send(`form[action="` + ask + `/decision"]`)
	d.open(run)
	d.watch(time.Minute, `document.querySelector("#summary h1").textContent.includes("Done")`)

	live := "http://" + sample.Domain + ":" + portOf(t, a)
	for i := range 5 {
		d.tab.Visit(fmt.Sprintf("%s/?%d", live, i), guideWidth)
	}
	d.shot(to, "live", 800)
	browsertest.Eval[bool](d.tab, `(() => {
		const offer = document.querySelector('a[rel~="sponsored"]');
		if (!offer) return true;
		offer.addEventListener("click", e => e.preventDefault());
		offer.click();
		return true;
	})()`)
	site := d.siteOf(sample.Domain)
	d.open(site)
	for seen := time.Now(); !strings.Contains(d.text(), "1 click on an offer") && time.Since(seen) < 20*time.Second; d.open(site) { //nolint:revive // the page is asked until it knows
	}
	d.picture(to, "figures", site, 800)
	d.picture(to, "releases", site+"/releases", 520)
	d.picture(to, "alerts", "/alert-rules", 800)
}

// picture opens a page and keeps a picture of its top.
func (d *firstDay) picture(dir, name, path string, height int) {
	d.Helper()
	d.tab.Visit(d.base+path, guideWidth)
	d.shot(dir, name, height)
}

// shot keeps a picture of the top of the open page, in at most 256 colors.
func (d *firstDay) shot(dir, name string, height int) {
	d.Helper()
	// What is typed into has the focus; charts and fonts have settled.
	browsertest.Eval[bool](d.tab, `document.activeElement?.blur(), document.getAnimations().forEach(a => a.finish()), new Promise(done => setTimeout(() => done(true), 400))`)
	img, err := png.Decode(bytes.NewReader(d.tab.Shot()))
	if err != nil {
		d.Fatal(err)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, fewColors(img, height)); err != nil {
		d.Fatal(err)
	}
	if b.Len() > guideMaxBytes {
		d.Errorf("picture %s has %d bytes", name, b.Len())
	}
	if err := os.WriteFile(filepath.Join(dir, url.PathEscape(name)+".png"), b.Bytes(), 0o600); err != nil {
		d.Fatal(err)
	}
}

// fewColors returns the top of a picture with the 256 colors that it has most of.
func fewColors(img image.Image, height int) *image.Paletted {
	box := img.Bounds()
	box.Max.Y = min(box.Max.Y, box.Min.Y+height)
	counts := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA {
		r, g, b, _ := img.At(x, y).RGBA()
		near := func(v uint32) uint8 { return uint8(min(255, (v>>8+2)&^3)) } //nolint:gosec // it is 255 at most
		return color.RGBA{near(r), near(g), near(b), 255}
	}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(len(all), 256)] {
		palette = append(palette, c)
	}
	nearest := make(map[color.RGBA]uint8, len(all))
	for _, c := range all {
		nearest[c] = uint8(palette.Index(c)) //nolint:gosec // there are 256 at most
	}
	out := image.NewPaletted(image.Rect(0, 0, box.Dx(), box.Dy()), palette)
	for y := range box.Dy() {
		for x := range box.Dx() {
			out.SetColorIndex(x, y, nearest[at(box.Min.X+x, box.Min.Y+y)])
		}
	}
	return out
}
