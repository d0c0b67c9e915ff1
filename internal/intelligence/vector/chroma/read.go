package chroma

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
)

// maxLine bounds a line of a dump: a vector of the greatest dimension and a text.
const maxLine = 16 << 20

// dumpReader reads a dump line by line and knows where it is.
type dumpReader struct {
	r    *bufio.Reader
	line int   // from 1
	at   int64 // byte at which the line begins
	next int64
}

func newDumpReader(r io.Reader) *dumpReader { return &dumpReader{r: bufio.NewReaderSize(r, 1<<20)} }

// fault is an error that names the line and its first byte.
func (d *dumpReader) fault(format string, args ...any) error {
	return domain.Unreadable("Line %d of the dump (at byte %d): %s", d.line, d.at, fmt.Sprintf(format, args...))
}

// read decodes the next line into v.
func (d *dumpReader) read(v any, what string) error {
	d.line++
	d.at = d.next
	var raw []byte
	for {
		part, err := d.r.ReadSlice('\n')
		raw = append(raw, part...)
		d.next += int64(len(part))
		if err == nil {
			break
		}
		if errors.Is(err, io.EOF) {
			return d.fault("the dump ends where %s should be.", what) // also within a line
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("read dump: %w", err)
		}
		if len(raw) > maxLine {
			return d.fault("it has more than %d bytes.", maxLine)
		}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return d.fault("it is not %s: %v.", what, err)
	}
	if dec.More() {
		return d.fault("something follows %s.", what)
	}
	return nil
}

// visitor is told what a dump holds.
type visitor struct {
	collection func(c *dumpCollection) error
	record     func(c *dumpCollection, r *vector.Record) error
	done       func(c *dumpCollection) error
}

// readDump reads a whole dump.
func readDump(r io.Reader, v visitor) error {
	d := newDumpReader(r)
	var head dumpHead
	if err := d.read(&head, "the head of a dump"); err != nil {
		return err
	}
	if head.Format != dumpFormat || head.Version != dumpVersion {
		return d.fault("it says format %.40q, version %d; %s version %d is read.", head.Format, head.Version, dumpFormat, dumpVersion)
	}
	total, names := 0, map[string]bool{}
	for range head.Collections {
		c := &dumpCollection{}
		if err := d.read(c, "a collection"); err != nil {
			return err
		}
		if names[c.Collection] || c.Collection == "" || c.Records < 0 || c.Records > 0 && c.Dimension == 0 {
			return d.fault("collection %.80q comes twice or has no name or no dimension.", c.Collection)
		}
		names[c.Collection] = true
		if err := readCollection(d, c, v); err != nil {
			return err
		}
		total += c.Records
	}
	var end dumpEnd
	if err := d.read(&end, "the end of the dump"); err != nil {
		return err
	}
	if !end.End || end.Records != total {
		return d.fault("the end counts %d records, but %d were read.", end.Records, total)
	}
	if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) {
		d.line, d.at = d.line+1, d.next
		return d.fault("something follows the end.")
	}
	return nil
}

func readCollection(d *dumpReader, c *dumpCollection, v visitor) error {
	shape := vector.Collection{Ref: vector.Ref{Name: targetName(c.Collection)}, Dimension: c.Dimension, Space: vector.Space(c.Space)}
	if c.Dimension > 0 {
		if err := shape.Validate(); err != nil {
			return d.fault("%s", domain.MessageOf(err))
		}
	}
	if err := v.collection(c); err != nil {
		return err
	}
	seen := make(map[string]bool, min(c.Records, 1<<20))
	for range c.Records {
		var line dumpRecord
		if err := d.read(&line, "a record of collection "+c.Collection); err != nil {
			return err
		}
		if seen[line.ID] {
			return d.fault("record %.80q comes twice.", line.ID)
		}
		seen[line.ID] = true
		r, err := line.record()
		if err == nil {
			list := []vector.Record{r}
			err = vector.CheckRecords(&shape, list)
			r = list[0]
		}
		if err != nil {
			return d.fault("record %.80q: %s", line.ID, domain.MessageOf(err))
		}
		if err := v.record(c, &r); err != nil {
			return err
		}
	}
	return v.done(c)
}

// uriKey is where a record's URI is kept, which has no other place here.
const uriKey = "chroma_uri"

// record returns the record that a line holds. Lists in its metadata become their
// JSON: there are no other values than single ones here.
func (l *dumpRecord) record() (vector.Record, error) {
	r := vector.Record{ID: l.ID, Vector: l.Embedding}
	if l.Document != nil {
		r.Document = *l.Document
	}
	m := maps.Clone(l.Metadata)
	if source, ok := m[keySource].(string); ok { // of a collection of ours
		r.Source = source
		delete(m, keySource)
	}
	for k, v := range m {
		if list, ok := v.([]any); ok {
			raw, err := json.Marshal(list)
			if err != nil {
				return r, err
			}
			m[k] = string(raw)
		}
	}
	if l.URI != nil {
		if m == nil {
			m = map[string]any{}
		}
		m[uriKey] = *l.URI
	}
	r.Metadata = m
	return r, nil
}
