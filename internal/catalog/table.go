package catalog

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"empire/internal/domain"
)

// maxTable caps the size of the small files that are read whole.
const maxTable = 64 << 20

// table is a small file with a header, such as a list of programs or keywords.
type table struct {
	lay   *layout
	sc    *scanner
	first int // lines before the rows
	at    *record
	row   []string
}

// readWhole unpacks and decodes a small file.
func readWhole(r io.Reader) ([]byte, error) {
	u := &unpacker{alive: func() error { return nil }, maxBytes: maxTable, maxRatio: DefaultMaxRatio}
	defer u.close()
	plain, err := u.open(r)
	if err == nil {
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(decodeText(plain), maxTable+1)); err == nil {
			if len(data) > maxTable {
				return nil, fileError(faultTooMuch)
			}
			return data, nil
		}
	}
	return nil, fileError(err)
}

// fileError is the error for a file that cannot be read.
func fileError(err error) error {
	return &domain.Error{Code: domain.CodeMalformed, Message: faultText(err), Err: err}
}

// headerSearch is how many lines may stand before a header: exports begin with
// titles and dates.
const headerSearch = 10

// openTable finds the header among the first lines: the line that names most
// columns, the needed one among them. It returns nil if there is none.
func openTable(data []byte, nameOf func(cell string) string, needed string) *table {
	var best *table
	most, offset, line := 0, 0, 0
	for line < headerSearch && offset < len(data) {
		end := len(data)
		if i := bytes.IndexByte(data[offset:], '\n'); i >= 0 {
			end = offset + i + 1
		}
		lay, known := bestLayout(trimEOL(data[offset:end]), nameOf)
		offset = end
		line++
		if known > most && lay.index(needed) >= 0 {
			most = known
			best = newTable(lay, data[offset:], line)
		}
	}
	return best
}

func newTable(lay *layout, rows []byte, linesBefore int) *table {
	sc := newScanner(bytes.NewReader(rows), DefaultMaxRowBytes)
	sc.delim, sc.columns = lay.delim, len(lay.names)
	return &table{lay: lay, sc: sc, first: linesBefore}
}

// next reads the next row, or returns false after the last. A row that cannot be
// read comes with its problem.
func (t *table) next() (problem *domain.RowProblem, ok bool) {
	rec, err := t.sc.next()
	if err != nil {
		return nil, false
	}
	t.at = rec
	t.row = t.row[:0]
	switch rec.state {
	case recordOK, recordMended:
	case recordTooLong:
		return t.problem(rejectLong, ""), true
	default:
		return t.problem(rejectQuote, ""), true
	}
	for _, f := range rec.fields {
		cell, _ := plainText(string(f), false)
		t.row = append(t.row, cell)
	}
	if len(t.row) > len(t.lay.names) && strings.Join(t.row[len(t.lay.names):], "") != "" {
		return t.problem(rejectRagged, fmt.Sprintf("%d columns in place of %d", len(t.row), len(t.lay.names))), true
	}
	return nil, true
}

func (t *table) problem(reason, detail string) *domain.RowProblem {
	return &domain.RowProblem{Line: t.first + t.at.line, Reason: reason, Detail: detail}
}

// get returns a cell of the current row, empty if the table lacks the column or
// the row is short.
func (t *table) get(column string) string {
	if i := t.lay.index(column); i >= 0 && i < len(t.row) {
		return t.row[i]
	}
	return ""
}
