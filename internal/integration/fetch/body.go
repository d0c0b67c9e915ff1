package fetch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/andybalholm/brotli"

	"empire/internal/domain"
)

// read returns the unpacked body of an answer. More than limit bytes, as sent or as
// unpacked, are too many: nothing of such a page is kept.
func read(res *http.Response, limit int64) ([]byte, error) {
	tooLarge := &domain.FetchError{Reason: domain.FetchTooLarge, Detail: fmt.Sprintf("more than %d bytes", limit)}
	if res.ContentLength > limit {
		return nil, tooLarge
	}
	sent := &io.LimitedReader{R: res.Body, N: limit + 1}
	unpacked, err := unpack(strings.ToLower(strings.TrimSpace(res.Header.Get("Content-Encoding"))), sent)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(unpacked, limit+1))
	switch {
	case int64(len(body)) > limit || sent.N <= 0:
		return nil, tooLarge
	case err != nil:
		return nil, err
	}
	return body, nil
}

func unpack(encoding string, r io.Reader) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		return z, nil
	case "br":
		return brotli.NewReader(r), nil
	}
	return nil, &domain.FetchError{Reason: domain.FetchBroken, Detail: "an encoding that was not asked for"}
}

// readable reports whether a page is of a kind that is read: HTML, XML, text. What a
// server does not name is looked at.
func readable(contentType string, body []byte) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind == "" {
		kind, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	if kind = strings.TrimSpace(kind); kind == "" {
		kind, _, _ = mime.ParseMediaType(http.DetectContentType(body))
	}
	switch kind {
	case "text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml":
		return !binary(body)
	}
	return strings.HasSuffix(kind, "+xml") && kind != "image/svg+xml"
}

// binary reports whether something that calls itself text begins like a file of
// another kind. UTF-16 has zeros and is text.
func binary(body []byte) bool {
	for _, magic := range []string{"%PDF-", "\x89PNG", "\xff\xd8\xff", "GIF8", "PK\x03\x04", "\x7fELF", "\x1f\x8b"} {
		if bytes.HasPrefix(body, []byte(magic)) {
			return true
		}
	}
	return false
}

var reservation = regexp.MustCompile(`(?i)<meta\s[^>]{0,200}?name\s*=\s*["']?tdm-reservation["']?[^>]{0,200}?content\s*=\s*["']?1["'\s/>]`)

// reserved reports whether a page reserves text and data mining by a meta element
// (TDM Reservation Protocol, W3C community group report of 2024, §7).
func reserved(body []byte) bool { return reservation.Match(body[:min(len(body), 64<<10)]) }
