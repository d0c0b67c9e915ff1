package catalog

import (
	"bytes"
	"errors"
	"io"
)

// How one record was read.
const (
	recordOK      = iota
	recordMended  // quotes broke RFC 4180 but every field is certain
	recordQuote   // a quote opens a field and never properly closes: one line lost
	recordTooLong // longer than the limit: lost
	recordCut     // the file broke off inside it: lost
)

const (
	// maxRecordLines caps how far an open quote may reach over line ends.
	maxRecordLines = 500
	// maxRescan caps the bytes that are read again after unclosed quotes, so that a
	// file made of nothing else ends in bounded time.
	maxRescan = 256 << 20

	faultQuotes = fault("The file has too many unclosed quotes to be read in reasonable time.")
)

// record is one row of a delimited file. Fields are valid until the next call.
type record struct {
	line   int // 1-based line on which it starts
	state  int
	fields [][]byte
	bytes  int
}

// scanner splits delimited text into records (RFC 4180) and loses no more than the
// line that is damaged: a quote that opens a field and does not close where a field
// may end spoils its own line, and reading goes on with the next one.
type scanner struct {
	r       io.Reader
	delim   byte
	columns int // of the header; zero before it is known
	max     int // longest record in bytes

	buf    []byte
	pos    int // start of what is not consumed
	err    error
	line   int // lines consumed
	rescan int64
	rec    record
	store  []byte // unquoted copies of quoted fields
	bounds []int  // field bounds in store, see split
}

func newScanner(r io.Reader, maxRowBytes int) *scanner {
	return &scanner{r: r, max: maxRowBytes, delim: ','}
}

// fill reads more bytes behind the unconsumed ones and reports whether any came.
func (s *scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if s.pos > 0 && s.pos >= len(s.buf)/2 {
		s.buf = append(s.buf[:0], s.buf[s.pos:]...)
		s.pos = 0
	}
	if cap(s.buf)-len(s.buf) < 32<<10 {
		grown := make([]byte, len(s.buf), max(2*cap(s.buf), 128<<10))
		copy(grown, s.buf)
		s.buf = grown
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		s.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// lineEnd returns the offset just behind the line that starts at from, relative to
// pos. ok is false when the line is longer than the limit or the text ends without
// a line end; then end is what there is.
func (s *scanner) lineEnd(from int) (end int, ok bool) {
	seen := from
	for {
		if i := bytes.IndexByte(s.buf[s.pos+seen:], '\n'); i >= 0 {
			return seen + i + 1, true
		}
		seen = len(s.buf) - s.pos
		if seen-from > s.max || !s.fill() {
			return seen, false
		}
	}
}

// peekLine returns the next line that is not blank without consuming it; blank
// lines before it are consumed.
func (s *scanner) peekLine() []byte {
	for {
		end, ok := s.lineEnd(0)
		line := trimEOL(s.buf[s.pos : s.pos+end])
		if !ok || len(bytes.TrimSpace(line)) > 0 {
			return line
		}
		s.skip(end, 1)
	}
}

func (s *scanner) skip(n, lines int) {
	s.pos += n
	s.line += lines
}

// next returns the next record, or the error that ended the text: io.EOF after the
// last record. The record belongs to the scanner.
func (s *scanner) next() (*record, error) {
	for {
		end, whole := s.lineEnd(0)
		if end == 0 {
			return nil, s.err
		}
		if end > s.max {
			return s.dropLong()
		}
		if !whole && !errors.Is(s.err, io.EOF) {
			return s.emit(recordCut, end, 1), nil
		}
		if len(bytes.TrimSpace(s.buf[s.pos:s.pos+end])) == 0 {
			s.skip(end, 1)
			continue
		}
		return s.record(end)
	}
}

// record reads the record whose first line has length end.
func (s *scanner) record(end int) (*record, error) {
	first := end
	lines := 1
	for {
		switch s.split(s.buf[s.pos:s.pos+end], false) {
		case splitOK:
			if lines > 1 && s.columns > 0 && s.fieldCount() != s.columns {
				return s.damaged(first, end)
			}
			return s.emit(recordOK, end, lines), nil
		case splitBroken:
			return s.damaged(first, end)
		}
		if lines == maxRecordLines || end > s.max {
			return s.damaged(first, end)
		}
		more, whole := s.lineEnd(end)
		if more == end || !whole && !errors.Is(s.err, io.EOF) {
			return s.damaged(first, more)
		}
		end = more
		lines++
	}
}

// damaged gives up a record that starts with a line of length first: the line is
// taken alone if its fields are certain all the same, else it is lost.
func (s *scanner) damaged(first, seen int) (*record, error) {
	s.rescan += int64(seen - first)
	if s.rescan > maxRescan {
		s.err = faultQuotes
		return nil, s.err
	}
	if s.columns > 0 && s.split(s.buf[s.pos:s.pos+first], true) == splitOK && s.fieldCount() == s.columns {
		return s.emit(recordMended, first, 1), nil
	}
	return s.emit(recordQuote, first, 1), nil
}

// dropLong skips a line that is longer than the limit without keeping it.
func (s *scanner) dropLong() (*record, error) {
	line := s.line + 1
	for {
		if i := bytes.IndexByte(s.buf[s.pos:], '\n'); i >= 0 {
			s.pos += i + 1
			break
		}
		s.pos = len(s.buf)
		if !s.fill() {
			break
		}
	}
	s.line++
	s.rec = record{line: line, state: recordTooLong}
	return &s.rec, nil
}

// emit consumes n bytes and returns the record that split left.
func (s *scanner) emit(state, n, lines int) *record {
	s.rec = record{line: s.line + 1, state: state, fields: s.rec.fields[:0], bytes: n}
	raw := s.buf[s.pos : s.pos+n]
	if state == recordOK || state == recordMended {
		for i := 0; i < len(s.bounds); i += 2 {
			from, to := s.bounds[i], s.bounds[i+1]
			if from < 0 { // a quoted field, copied to store
				s.rec.fields = append(s.rec.fields, s.store[^from:to])
			} else {
				s.rec.fields = append(s.rec.fields, raw[from:to])
			}
		}
	}
	s.skip(n, lines)
	return &s.rec
}

func (s *scanner) fieldCount() int { return len(s.bounds) / 2 }

// What split found.
const (
	splitOK     = iota
	splitOpen   // a quote is still open at the end of the text
	splitBroken // a quote inside a quoted field is neither doubled nor its end
)

// split cuts text into fields and notes their bounds: offsets in text, or for
// quoted fields offsets in store, with the first one complemented. A lenient split
// takes a quote that is neither doubled nor at a field's end as a character.
func (s *scanner) split(text []byte, lenient bool) int {
	text = trimEOL(text)
	s.bounds, s.store = s.bounds[:0], s.store[:0]
	for at := 0; ; {
		end := 0
		if from := quoteStart(text, at); from >= 0 {
			start := len(s.store)
			n, state := s.quoted(text[from:], lenient)
			if state != splitOK {
				return state
			}
			end = from + n
			s.bounds = append(s.bounds, ^start, len(s.store))
		} else {
			end = len(text)
			if i := bytes.IndexByte(text[at:], s.delim); i >= 0 {
				end = at + i
			}
			s.bounds = append(s.bounds, at, end)
		}
		if end >= len(text) {
			return splitOK
		}
		at = end + 1
	}
}

// quoteStart returns where the content of a quoted field that starts at begins, or
// -1 for a field without quotes. NUL bytes before the quote do not count.
func quoteStart(text []byte, at int) int {
	for at < len(text) && text[at] == 0 {
		at++
	}
	if at < len(text) && text[at] == '"' {
		return at + 1
	}
	return -1
}

// quoted copies a quoted field's content to store and returns how much of text it
// took, its closing quote included.
func (s *scanner) quoted(text []byte, lenient bool) (int, int) {
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '"')
		if i < 0 {
			return 0, splitOpen
		}
		s.store = append(s.store, text[at:at+i]...)
		at += i + 1
		if at == len(text) || text[at] == s.delim {
			return at, splitOK
		}
		if text[at] == '"' {
			s.store = append(s.store, '"')
			at++
			continue
		}
		end := at // behind blanks between quote and delimiter
		for end < len(text) && (text[end] == ' ' || text[end] == 0 || text[end] == '\r') {
			end++
		}
		switch {
		case end == len(text) || text[end] == s.delim:
			return end, splitOK
		case lenient:
			s.store = append(s.store, '"')
		default:
			return 0, splitBroken
		}
	}
}

func trimEOL(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}
