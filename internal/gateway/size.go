package gateway

import (
	"encoding/json"
	"mime"
	"net/http"

	"empire/internal/domain"
)

// Limits of what a request may bring. The server itself reads headers up to
// twice maxHeader, so that those between can be refused with a document.
const (
	maxHeader = 32 << 10
	maxBody   = 1 << 20
	maxUpload = 10 << 20
)

// uploadTypes are the media types of files that people upload.
var uploadTypes = map[string]bool{
	"multipart/form-data": true, "text/csv": true, "application/gzip": true, "application/octet-stream": true,
}

// headerTooLarge adds up the request line and the headers.
func headerTooLarge(r *http.Request) bool {
	n := len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4 // colon, space and end of line
		}
	}
	return n > maxHeader
}

// refuseHeader answers 431. No error of ours has this status: only HTTP knows it.
func refuseHeader(x *exchange) {
	h := x.Header()
	h.Set("Connection", "close")
	h.Set("Content-Type", "application/problem+json")
	x.WriteHeader(http.StatusRequestHeaderFieldsTooLarge)
	_ = json.NewEncoder(x).Encode(map[string]any{ // the client is gone if this fails
		"type": "urn:empire:error:header_too_large", "title": http.StatusText(http.StatusRequestHeaderFieldsTooLarge),
		"status": http.StatusRequestHeaderFieldsTooLarge, "detail": "The request line and headers are too large.", "request_id": x.id,
	})
}

// isUpload reports whether the body is a file.
func isUpload(r *http.Request) bool {
	kind := r.Header.Get("Content-Type")
	if kind == "" || kind == "application/json" {
		return false
	}
	kind, _, err := mime.ParseMediaType(kind)
	return err == nil && uploadTypes[kind]
}

// limitBody bounds what is read of the body. A body that is announced to be too
// large is refused before any of it is read, and the connection ends.
func limitBody(x *exchange, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	limit := int64(maxBody)
	if isUpload(r) {
		limit = maxUpload
	}
	if r.ContentLength > limit {
		x.Header().Set("Connection", "close")
		return domain.Errorf(domain.CodeTooLarge, "The request body is larger than %d bytes.", limit)
	}
	// The writer of the server itself: it ends the connection when more comes.
	r.Body = http.MaxBytesReader(x.w, r.Body, limit)
	return nil
}
