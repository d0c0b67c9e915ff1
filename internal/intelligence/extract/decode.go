package extract

import (
	"bytes"
	"encoding/binary"
	"mime"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// sniffed is how much of a page is searched for a charset (HTML Standard §13.2.3.2).
const sniffed = 4096

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{0,300}?charset\s*=\s*["']?\s*([a-z0-9_:.-]+)`)

// charmaps are the single-byte encodings that pages of our languages use, under the
// labels of the Encoding Standard (encoding.spec.whatwg.org): "latin1" and "ascii"
// mean Windows-1252.
var charmaps = map[string]*charmap.Charmap{
	"windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252, "iso-8859-1": charmap.Windows1252,
	"iso8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "ascii": charmap.Windows1252, "us-ascii": charmap.Windows1252,
	"iso-8859-15": charmap.ISO8859_15, "latin-9": charmap.ISO8859_15, "windows-1250": charmap.Windows1250,
	"iso-8859-2": charmap.ISO8859_2, "windows-1251": charmap.Windows1251, "koi8-r": charmap.KOI8R,
	"windows-1254": charmap.Windows1254, "iso-8859-9": charmap.Windows1254, "windows-1257": charmap.Windows1257,
	"windows-1253": charmap.Windows1253, "iso-8859-7": charmap.ISO8859_7, "macintosh": charmap.Macintosh,
}

// Decode returns a page as UTF-8, its charset, and whether nothing had to be replaced.
// The charset is the byte order mark's, the content type's, or the page's own, in this
// order; a page that claims none, or an unknown one, is UTF-8 if it is valid, else
// Windows-1252. Bytes without meaning become U+FFFD.
func Decode(page []byte, contentType string) (text, charset string, clean bool) {
	switch {
	case bytes.HasPrefix(page, []byte{0xEF, 0xBB, 0xBF}):
		text, clean = validText(page[3:])
		return text, "utf-8", clean
	case bytes.HasPrefix(page, []byte{0xFF, 0xFE}):
		return decodeUTF16(page[2:], binary.LittleEndian), "utf-16le", len(page)%2 == 0
	case bytes.HasPrefix(page, []byte{0xFE, 0xFF}):
		return decodeUTF16(page[2:], binary.BigEndian), "utf-16be", len(page)%2 == 0
	}
	label := ""
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		label = params["charset"]
	}
	if label == "" {
		if m := metaCharset.FindSubmatch(page[:min(len(page), sniffed)]); m != nil {
			label = string(m[1])
		}
	}
	label = strings.ToLower(strings.TrimSpace(label))
	if cm := charmaps[label]; cm != nil && !(multiByte(page) && utf8.Valid(page)) {
		return decodeCharmap(page, cm), cm.String(), true
	}
	if known := label == "" || label == "utf-8" || label == "utf8" || charmaps[label] != nil; !known && !utf8.Valid(page) {
		text, _ = validText(page)
		return text, label, false
	}
	if !utf8.Valid(page) && label == "" {
		return decodeCharmap(page, charmap.Windows1252), "windows-1252", true
	}
	text, clean = validText(page)
	return text, "utf-8", clean
}

// multiByte reports whether a page holds multi-byte UTF-8: such a page that claims a
// single-byte charset lies, as old servers with a default charset do.
func multiByte(page []byte) bool {
	for _, b := range page {
		if b >= 0x80 {
			return true
		}
	}
	return false
}

func validText(b []byte) (string, bool) {
	if utf8.Valid(b) {
		return string(b), true
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), false
}

func decodeCharmap(b []byte, cm *charmap.Charmap) string {
	var out strings.Builder
	out.Grow(len(b) + len(b)/8)
	for _, c := range b {
		if c < 0x80 {
			out.WriteByte(c)
		} else {
			out.WriteRune(cm.DecodeByte(c))
		}
	}
	return out.String()
}

func decodeUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
