package bench

import (
	"bytes"
	"errors"
	"strconv"
)

const maxHeader = 16 << 10

var (
	errHeader = errors.New("the header of an answer cannot be read")
	errClosed = errors.New("the server closes the connection")
)

// answer reads HTTP/1.1 answers from the pieces that a connection delivers. It
// keeps the status and the length of the body and throws the rest away.
type answer struct {
	status int
	length int // of the body so far

	part    part
	left    int    // bytes of the body or chunk that are to come
	line    []byte // begun in an earlier piece: the header, or a line between chunks
	chunked bool
	sized   bool
	closing bool
}

// part says where in an answer the reader is.
type part uint8

const (
	inHeader part = iota
	inBody
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
)

// feed reads a piece and reports whether the answer is complete. What follows a
// complete answer in the same piece is an error: nobody asked for it.
func (a *answer) feed(b []byte) (done bool, err error) {
	for len(b) > 0 {
		switch a.part {
		case inHeader:
			b, done, err = a.header(b)
		case inBody, inChunk:
			n := min(a.left, len(b))
			a.left -= n
			a.length += n
			b = b[n:]
			if a.left > 0 {
				break
			}
			if a.part == inBody {
				done = true
			} else {
				a.part = inChunkEnd
			}
		default:
			b, done, err = a.between(b)
		}
		if err != nil {
			return false, err
		}
		if done {
			if len(b) > 0 || a.closing {
				return true, errClosed
			}
			return true, nil
		}
	}
	return false, nil
}

// reset makes the reader ready for the next answer.
func (a *answer) reset() { *a = answer{line: a.line[:0]} }

// header reads up to the empty line.
func (a *answer) header(b []byte) (rest []byte, done bool, err error) {
	head := b
	if len(a.line) > 0 {
		a.line = append(a.line, b...)
		head = a.line
	}
	end := bytes.Index(head, []byte("\r\n\r\n"))
	if end < 0 {
		if len(head) > maxHeader {
			return nil, false, errHeader
		}
		if len(a.line) == 0 {
			a.line = append(a.line, b...)
		}
		return nil, false, nil
	}
	rest = b[len(b)-(len(head)-end-4):]
	if err := a.fields(head[:end]); err != nil {
		return nil, false, err
	}
	a.line = a.line[:0]
	switch {
	case a.status == 204 || a.status == 304:
		return rest, true, nil
	case a.chunked:
		a.part = inChunkSize
	case a.sized:
		a.part = inBody
		return rest, a.left == 0, nil
	default:
		return nil, false, errClosed // its end is the end of the connection
	}
	return rest, false, nil
}

// fields reads the status line and the fields that say how long the body is.
func (a *answer) fields(head []byte) error {
	first, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if len(first) < 12 || !bytes.HasPrefix(first, []byte("HTTP/1.1 ")) {
		return errHeader
	}
	for _, c := range first[9:12] {
		if c < '0' || c > '9' {
			return errHeader
		}
		a.status = a.status*10 + int(c-'0')
	}
	for len(rest) > 0 {
		var field []byte
		field, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := bytes.Cut(field, []byte(":"))
		if !ok {
			return errHeader
		}
		value = bytes.TrimSpace(value)
		switch {
		case len(name) == 14 && bytes.EqualFold(name, []byte("Content-Length")):
			n, err := strconv.ParseUint(string(value), 10, 40)
			if err != nil {
				return errHeader
			}
			a.left, a.sized = int(n), true
		case len(name) == 17 && bytes.EqualFold(name, []byte("Transfer-Encoding")):
			a.chunked = bytes.EqualFold(value, []byte("chunked"))
		case len(name) == 10 && bytes.EqualFold(name, []byte("Connection")):
			a.closing = bytes.EqualFold(value, []byte("close"))
		}
	}
	return nil
}

// between reads one line of the chunked encoding (RFC 9112 §7.1).
func (a *answer) between(b []byte) (rest []byte, done bool, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if a.line = append(a.line, b...); len(a.line) > maxHeader {
			return nil, false, errHeader
		}
		return nil, false, nil
	}
	a.line = append(a.line, b[:end]...)
	line := bytes.TrimSuffix(a.line, []byte("\r"))
	rest = b[end+1:]
	a.line = a.line[:0]
	switch a.part {
	case inChunkSize:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(size), 16, 31)
		if err != nil {
			return nil, false, errHeader
		}
		a.left, a.part = int(n), inChunk
		if n == 0 {
			a.part = inTrailer
		}
	case inChunkEnd:
		if len(line) > 0 {
			return nil, false, errHeader
		}
		a.part = inChunkSize
	default:
		done = len(line) == 0
	}
	return rest, done, nil
}
