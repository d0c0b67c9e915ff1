package sitegen

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"
)

const contentScript = "text/javascript; charset=utf-8"

// scriptFile is the theme's only script: it sorts tables and searches pages. Pages
// work without it; its name holds a hash of its bytes.
var scriptFile = sync.OnceValues(func() (File, error) {
	source, err := themeFiles.ReadFile("theme/base/site.js")
	if err != nil {
		return File{}, fmt.Errorf("read script: %w", err)
	}
	m := minify.New()
	m.AddFunc("text/javascript", js.Minify)
	body, err := m.Bytes("text/javascript", source)
	if err != nil {
		return File{}, fmt.Errorf("minify script: %w", err)
	}
	sum := sha256.Sum256(body)
	name := "site." + hex.EncodeToString(sum[:5]) + ".js"
	return File{Path: "/" + name, File: name, ContentType: contentScript, Body: body, Immutable: true}, nil
})
