package judge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
	"empire/internal/testkit/browsertest"
)

// Size of a contact sheet: how many sites, how many in a row, the window that is
// taken of each and the size it gets.
const (
	sheetSites = 24
	sheetRow   = 6
	thumbWidth = 400
)

// TestContactSheet draws one picture of many sites for people to look at:
//
//	EMPIRE_TEST_SHEET=DIR go test -run TestContactSheet ./internal/judge
//
// With EMPIRE_TEST_SHEET_DRAFTS it takes the drafts (*.json) of that folder instead
// of those of package sitegentest. Names of the sheets: KIND-WIDTH-SCHEME.png.
func TestContactSheet(t *testing.T) {
	dir := os.Getenv("EMPIRE_TEST_SHEET")
	if dir == "" {
		t.Skip("missing: EMPIRE_TEST_SHEET, the folder for the pictures")
	}
	sites := sheetDrafts(t)
	tab := browsertest.Open(t)
	for _, kind := range []domain.PageKind{domain.PageHome, domain.PageBest, domain.PageProduct} {
		for _, width := range []int64{1440, 360} {
			for _, scheme := range []string{"light", "dark"} {
				if scheme == "dark" && kind != domain.PageHome {
					continue
				}
				tab.Scheme(scheme)
				var shots []image.Image
				for _, s := range sites {
					if path := firstOf(s.draft, kind); path != "" {
						tab.Visit(s.url+path, width)
						shots = append(shots, decode(t, tab.Shot()))
					}
				}
				save(t, filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", kind, width, scheme)), sheet(shots, width))
			}
		}
	}
}

type sheetSite struct {
	draft *domain.Draft
	url   string
}

// sheetDrafts gives the drafts in turn a domain each, which decides on the look.
func sheetDrafts(t *testing.T) []sheetSite {
	t.Helper()
	var bodies [][]byte
	for _, d := range []*domain.Draft{sitegentest.English(), sitegentest.German()} {
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	if dir := os.Getenv("EMPIRE_TEST_SHEET_DRAFTS"); dir != "" {
		names, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no drafts in %s: %v", dir, err)
		}
		bodies = nil
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, b)
		}
	}
	var out []sheetSite
	looks := map[string]bool{}
	for i := range sheetSites {
		var d domain.Draft
		if err := json.Unmarshal(bodies[i%len(bodies)], &d); err != nil {
			t.Fatal(err)
		}
		d.Website.Domain = fmt.Sprintf("look-%d.example", i)
		look := sitegen.TokensFor(d.Website)
		looks[look.Signature()] = true
		t.Logf("%2d %s", i, look.Signature())
		files, err := sitegen.Render(&d, sitegen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(handler(files))
		t.Cleanup(server.Close)
		out = append(out, sheetSite{&d, server.URL})
	}
	if len(looks) < sheetSites {
		t.Errorf("%d looks of %d sites", len(looks), sheetSites)
	}
	return out
}

func handler(files []domain.File) http.Handler {
	byPath := map[string]domain.File{}
	for _, f := range files {
		byPath[f.Path] = f
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", f.ContentType)
		_, _ = w.Write(f.Body)
	})
}

func firstOf(d *domain.Draft, kind domain.PageKind) string {
	for i := range d.Pages {
		if d.Pages[i].Kind == kind {
			return d.Pages[i].Path()
		}
	}
	return ""
}

func decode(t *testing.T, body []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// sheet sets the pictures in rows.
func sheet(shots []image.Image, width int64) image.Image {
	thumb, row := thumbWidth, sheetRow
	if width < 500 {
		thumb, row = thumbWidth/2, sheetRow*2
	}
	height := 0
	for i, s := range shots {
		shots[i] = shrink(s, thumb)
		height = max(height, shots[i].Bounds().Dy())
	}
	const gap = 10
	lines := (len(shots) + row - 1) / row
	out := image.NewRGBA(image.Rect(0, 0, row*(thumb+gap)+gap, lines*(height+gap)+gap))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{Y: 120}), image.Point{}, draw.Src)
	for i, s := range shots {
		at := image.Pt(gap+i%row*(thumb+gap), gap+i/row*(height+gap))
		draw.Draw(out, s.Bounds().Add(at), s, image.Point{}, draw.Src)
	}
	return out
}

// shrink averages the pixels of a picture that become one.
func shrink(src image.Image, width int) image.Image {
	b := src.Bounds()
	height := b.Dy() * width / b.Dx()
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			x0, x1, y0, y1 := x*b.Dx()/width, (x+1)*b.Dx()/width, y*b.Dy()/height, (y+1)*b.Dy()/height
			var r, g, bl, n uint32
			for sy := y0; sy < max(y1, y0+1); sy++ {
				for sx := x0; sx < max(x1, x0+1); sx++ {
					cr, cg, cb, _ := src.At(b.Min.X+sx, b.Min.Y+sy).RGBA()
					r, g, bl, n = r+cr>>8, g+cg>>8, bl+cb>>8, n+1
				}
			}
			out.SetRGBA(x, y, color.RGBA{uint8(r / n), uint8(g / n), uint8(bl / n), 255})
		}
	}
	return out
}

func save(t *testing.T, name string, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", strings.TrimSpace(name))
}
