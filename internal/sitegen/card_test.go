package sitegen_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestCards wants a card of 1200 x 630 pixels and at most 60 kB for every page that
// names one, and another one for each headline. With EMPIRE_TEST_SCREENSHOTS set to a
// directory they are kept there.
func TestCards(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		files := map[string]domain.File{}
		for _, f := range render(t, d) {
			files[f.Path] = f
		}
		seen := map[string]string{}
		for i := range d.Pages {
			path := cardOf(&d.Pages[i])
			f := files[path]
			if len(f.Body) == 0 || len(f.Body) > 60<<10 {
				t.Fatalf("%s%s has %d bytes", name, path, len(f.Body))
			}
			c, err := png.DecodeConfig(bytes.NewReader(f.Body))
			if err != nil || c.Width != 1200 || c.Height != 630 {
				t.Errorf("%s%s: %d x %d, %v", name, path, c.Width, c.Height, err)
			}
			if other := seen[string(f.Body)]; other != "" && other != path {
				t.Errorf("%s: %s and %s are the same picture", name, path, other)
			}
			seen[string(f.Body)] = path
			if dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS"); dir != "" {
				_ = os.WriteFile(filepath.Join(dir, name+strings.ReplaceAll(path, "/", "_")), f.Body, 0o600)
			}
		}
	}
}
