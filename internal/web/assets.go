package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// The vendored files are htmx 4.0.1 with its WebSocket extension and uPlot 1.6.32, as
// they are published; their licenses stand beside them.
//
//go:embed assets/*.css assets/*.js assets/*.svg assets/vendor/*.js assets/vendor/*.css assets/vendor/*.txt
var assetFiles embed.FS

// assets are files that are served under a name that holds their hash, so that
// browsers may keep them for ever.
type assets struct {
	paths map[string]string // vendor/htmx.min.js → /assets/htmx.min.0123456789ab.js
	files map[string]asset  // htmx.min.0123456789ab.js → its bytes
}

type asset struct {
	kind   string
	body   []byte
	zipped []byte // gzip of body
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// loadAssets reads and compresses the files once; they are the same for every Dashboard.
var loadAssets = sync.OnceValues(func() (assets, error) {
	a := assets{map[string]string{}, map[string]asset{}}
	err := fs.WalkDir(assetFiles, "assets", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		zipped, err := zip(body)
		if err != nil {
			return err
		}
		ext := path.Ext(name)
		sum := sha256.Sum256(body)
		served := strings.TrimSuffix(path.Base(name), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.paths[strings.TrimPrefix(name, "assets/")] = "/assets/" + served
		a.files[served] = asset{assetKinds[ext], body, zipped}
		return nil
	})
	if err != nil {
		return a, fmt.Errorf("load assets: %w", err)
	}
	return a, nil
})

func zip(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h, body := w.Header(), file.body
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = file.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client is gone if this fails
}

// takesGzip reports whether a client says that it reads gzip (RFC 9110 §12.5.3).
func takesGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(name, "gzip") {
			q := strings.TrimSpace(strings.ToLower(quality))
			return q != "q=0" && !strings.HasPrefix(q, "q=0.0")
		}
	}
	return false
}
