package catalog

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// fault says, in a sentence for the user, why the bytes of a feed cannot be read.
type fault string

func (f fault) Error() string { return string(f) }

const (
	faultEmpty    = fault("The file is empty.")
	faultTooMuch  = fault("The file unpacks to more bytes than the limit.")
	faultBomb     = fault("The file unpacks to far more bytes than its size explains, so it was not read on.")
	faultNesting  = fault("The file is compressed more than three times over.")
	faultCutOff   = fault("The compressed file breaks off before its end.")
	faultDamaged  = fault("The compressed file is damaged.")
	faultLongTail = fault("The compressed file is followed by many bytes that cannot be read.")
)

const (
	maxNesting = 3
	// ratioGrace is how much may come out before the ratio is looked at: small
	// files of repeated text compress beyond any sensible ratio.
	ratioGrace = 16 << 20
	// maxTail is how many bytes after a complete gzip stream are put down to
	// padding; a longer tail may be a damaged member with rows in it.
	maxTail = 64 << 10
)

// unpacker turns the bytes of a feed file, however packed, into the bytes of its
// text. It looks at magic numbers, never at names.
type unpacker struct {
	alive    func() error // why reading must stop, asked before every read of the source
	maxBytes int64
	maxRatio int64
	read     int64 // packed bytes taken from the source
	tail     int64 // bytes ignored after the end of a gzip stream
	closers  []func()
}

// open peels compression off r until plain bytes come out. Reading the result
// yields faultTooMuch, faultBomb, faultCutOff, faultDamaged or faultLongTail for what it
// stands for, and the source's own error as it is.
func (u *unpacker) open(r io.Reader) (io.Reader, error) {
	br := bufio.NewReaderSize(&countingReader{alive: u.alive, r: r, n: &u.read}, 64<<10)
	if _, err := br.Peek(1); err == io.EOF {
		return nil, faultEmpty
	} else if err != nil {
		return nil, err
	}
	for depth := 0; ; depth++ {
		magic, _ := br.Peek(4)
		var inner io.Reader
		switch {
		case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
			zr, err := gzip.NewReader(br)
			if err != nil {
				return nil, gzipFault(err)
			}
			inner = &memberReader{z: zr, src: br, tail: &u.tail}
		case bytes.HasPrefix(magic, []byte("PK\x03\x04")), bytes.HasPrefix(magic, []byte("PK\x05\x06")):
			entry, err := u.openZip(br)
			if err != nil {
				return nil, err
			}
			inner = entry
		default:
			return br, nil
		}
		if depth == maxNesting {
			return nil, faultNesting
		}
		br = bufio.NewReaderSize(&limitedReader{u: u, r: inner}, 64<<10)
	}
}

// close removes what open left behind.
func (u *unpacker) close() {
	for _, fn := range u.closers {
		fn()
	}
	u.closers = nil
}

// countingReader counts what is taken from the source and stops when it must.
type countingReader struct {
	alive func() error
	r     io.Reader
	n     *int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.alive(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}

// limitedReader enforces the caps on what comes out of one layer of compression.
type limitedReader struct {
	u   *unpacker
	r   io.Reader
	out int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.out += int64(n)
	switch {
	case l.out > l.u.maxBytes:
		return 0, faultTooMuch
	case l.out > ratioGrace && l.out/max(l.u.read, 1) > l.u.maxRatio:
		return 0, faultBomb
	}
	return n, err
}

// memberReader reads all members of a gzip stream (RFC 1952 §2.2) and ignores what
// follows the last one when it is not another member.
type memberReader struct {
	z    *gzip.Reader
	src  *bufio.Reader
	tail *int64
	err  error
}

func (m *memberReader) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	m.z.Multistream(false)
	for {
		n, err := m.z.Read(p)
		if err == nil || !errors.Is(err, io.EOF) {
			m.err = gzipFault(err)
			return n, m.err
		}
		if m.err = m.next(); m.err != nil || n > 0 {
			if n > 0 {
				return n, nil // m.err, if any, comes with the next call
			}
			return 0, m.err
		}
	}
}

// next starts the next member, or returns io.EOF after the last.
func (m *memberReader) next() error {
	magic, err := m.src.Peek(2)
	if len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		if err := m.z.Reset(m.src); err != nil {
			return gzipFault(err)
		}
		m.z.Multistream(false)
		return nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(m.src, maxTail+1))
	*m.tail += n
	if err != nil {
		return err
	}
	if n > maxTail {
		return faultLongTail
	}
	return io.EOF
}

// gzipFault names what went wrong inside a gzip stream.
func gzipFault(err error) error {
	if err == nil {
		return nil
	}
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return faultCutOff
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return faultDamaged
	}
	return err
}

// sizeText says a number of bytes for people.
func sizeText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
