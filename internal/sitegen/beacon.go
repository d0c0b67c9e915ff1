package sitegen

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for visitScript
	"encoding/hex"
)

// visitScript reports views and clicks on affiliate links to POST /e of the site's own
// host. It sets no cookie, stores nothing and does nothing if the browser asks not to
// be counted; pages work without it.
//
//go:embed theme/visit.js
var visitScript []byte

// beacon returns the script under a name that changes with it, so that browsers keep
// it for ever.
func beacon() File {
	body := bytes.TrimSpace(visitScript)
	sum := sha256.Sum256(body)
	name := "e-" + hex.EncodeToString(sum[:4]) + ".js"
	return File{Path: "/" + name, File: name, ContentType: "text/javascript; charset=utf-8", Body: body, Immutable: true}
}
