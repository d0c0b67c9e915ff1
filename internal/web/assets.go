package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/style.css assets/live.js assets/icon.svg
var assetFiles embed.FS

// assets are files that are served under a name that holds their hash, so that
// browsers may keep them for ever.
type assets struct {
	paths map[string]string // style.css → /assets/style.0123456789ab.css
	files map[string]asset  // style.0123456789ab.css → its bytes
}

type asset struct {
	kind string
	body []byte
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func loadAssets() (assets, error) {
	a := assets{map[string]string{}, map[string]asset{}}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return a, fmt.Errorf("list assets: %w", err)
	}
	for _, e := range entries {
		body, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			return a, fmt.Errorf("read asset: %w", err)
		}
		ext := path.Ext(e.Name())
		sum := sha256.Sum256(body)
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.paths[e.Name()] = "/assets/" + name
		a.files[name] = asset{assetKinds[ext], body}
	}
	return a, nil
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(file.body) // the client is gone if this fails
}
