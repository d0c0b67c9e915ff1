package catalog

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeText returns the text of r as UTF-8 without byte order mark and with \n in
// its line ends. UTF-16 is told by its mark or, without one, by the zero bytes of
// plain ASCII. Anything else is passed through: fields that are not UTF-8 are
// repaired one by one later, because real feeds mix encodings.
func decodeText(r io.Reader) io.Reader {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(512)
	if order, bom := utf16Order(head); order != nil {
		_, _ = br.Discard(bom)
		br = bufio.NewReaderSize(&utf16Reader{r: br, order: order}, 64<<10)
	} else if bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}) {
		_, _ = br.Discard(3)
	}
	head, _ = br.Peek(64 << 10)
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		return &carriageReader{r: br}
	}
	return br
}

// utf16Order returns the byte order of UTF-16 text and the length of its mark, or
// nil for other text.
func utf16Order(head []byte) (binary.ByteOrder, int) {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return binary.LittleEndian, 2
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return binary.BigEndian, 2
	}
	even, odd := zerosByParity(head)
	switch n := len(head) / 2; {
	case n >= 8 && odd > n*3/4 && even == 0:
		return binary.LittleEndian, 0
	case n >= 8 && even > n*3/4 && odd == 0:
		return binary.BigEndian, 0
	}
	return nil, 0
}

// carriageReader reads text whose lines end in a lone carriage return.
type carriageReader struct{ r io.Reader }

func (c *carriageReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i := range p[:n] {
		if p[i] == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

func zerosByParity(b []byte) (even, odd int) {
	for i, c := range b {
		switch {
		case c != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	return even, odd
}

// utf16Reader turns UTF-16 into UTF-8. A lone surrogate becomes U+FFFD; an odd last
// byte is dropped.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	buf   []byte // UTF-8 that is not handed out yet
	store [4 << 10]byte
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.buf) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.buf)
	u.buf = u.buf[n:]
	return n, nil
}

func (u *utf16Reader) fill() {
	out := u.store[:0]
	for len(out) < len(u.store)-utf8.UTFMax {
		c, err := u.unit()
		if err != nil {
			u.err = err
			break
		}
		if utf16.IsSurrogate(c) {
			c = u.pair(c)
		}
		out = utf8.AppendRune(out, c)
	}
	u.buf = out
}

// pair completes a surrogate pair that starts with c.
func (u *utf16Reader) pair(c rune) rune {
	next, err := u.r.Peek(2)
	if err != nil {
		return utf8.RuneError
	}
	full := utf16.DecodeRune(c, rune(u.order.Uint16(next)))
	if full != utf8.RuneError {
		_, _ = u.r.Discard(2)
	}
	return full
}

func (u *utf16Reader) unit() (rune, error) {
	b, err := u.r.Peek(2)
	if len(b) < 2 {
		if err == io.EOF && len(b) == 1 {
			_, _ = u.r.Discard(1)
		}
		return 0, err
	}
	c := rune(u.order.Uint16(b))
	_, _ = u.r.Discard(2)
	return c, nil
}

// windows1252 maps the bytes 0x80 to 0x9F; zero means that the byte is not assigned.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// byteOf1252 is windows1252 the other way round.
var byteOf1252 = func() map[rune]byte {
	m := make(map[rune]byte, len(windows1252))
	for i, r := range windows1252 {
		if r != 0 {
			m[r] = byte(0x80 + i)
		}
	}
	return m
}()

// repairBytes makes s valid UTF-8: what is UTF-8 stays, every other byte is read as
// Windows-1252, and bytes that mean nothing there are dropped.
func repairBytes(s string) string {
	out := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || size > 1 {
			out = append(out, s[i:i+size]...)
			i += size
			continue
		}
		switch b := s[i]; {
		case b >= 0xA0:
			out = utf8.AppendRune(out, rune(b))
		case windows1252[b-0x80] != 0:
			out = utf8.AppendRune(out, windows1252[b-0x80])
		}
		i++
	}
	return string(out)
}

// repairMojibake undoes one round of "UTF-8 read as Latin-1 or Windows-1252 and
// encoded again". It answers only where that is beyond doubt: every character fits
// into a byte, the bytes are valid UTF-8, a tell-tale lead (Ã, Â or â) is among
// them, and all that comes out is Western European letters or typography. So
// "NESCAFÉ®", whose last two characters happen to be valid UTF-8, is left alone.
func repairMojibake(s string) (string, bool) {
	raw := make([]byte, 0, len(s))
	telltale := false
	for _, r := range s {
		switch b, special := byteOf1252[r]; {
		case special:
			raw = append(raw, b)
		case r < 0x100:
			telltale = telltale || r == 'Ã' || r == 'Â' || r == 'â'
			raw = append(raw, byte(r))
		default:
			return s, false
		}
	}
	if !telltale || !utf8.Valid(raw) {
		return s, false
	}
	for rest := raw; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r >= utf8.RuneSelf && !western(r) {
			return s, false
		}
		rest = rest[size:]
	}
	return string(raw), true
}

// western reports whether r is what mojibake of Western European text hides.
func western(r rune) bool {
	switch {
	case r >= 0xA0 && r <= 0x17F: // Latin-1 Supplement, Latin Extended-A
		return true
	case r >= 0x218 && r <= 0x21B: // Romanian
		return true
	case r >= 0x2010 && r <= 0x2027, r >= 0x2030 && r <= 0x205E: // punctuation without marks of direction
		return true
	case r >= 0x2070 && r <= 0x20BF: // superscripts, subscripts, currency signs
		return true
	}
	return r == '™' || r >= 0x2150 && r <= 0x215F
}
