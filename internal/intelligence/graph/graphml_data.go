package graph

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// mlKey declares an attribute.
type mlKey struct {
	on       string // node, edge, graph or all
	name     string // empty: it is not read
	kind     string
	preset   any
	isPreset bool
}

// newByteSource gives the XML decoder single bytes, so that it does not read ahead.
func newByteSource(s *source) io.Reader { return bufio.NewReaderSize(s, chunk) }

// next returns the next token and begins a record with it.
func (m *mlReader) next() (xml.Token, error) {
	t, err := m.dec.Token()
	if err != nil {
		return nil, err
	}
	m.src.record = m.dec.InputOffset()
	switch t.(type) {
	case xml.StartElement:
		if m.depth++; m.depth > maxDepth {
			return nil, fmt.Errorf("elements lie more than %d deep in each other", maxDepth)
		}
	case xml.EndElement:
		m.depth--
	}
	return t, nil
}

// children reads the elements inside the one in hand, up to its end.
func (m *mlReader) children(each func(xml.StartElement) error) error {
	for {
		t, err := m.next()
		if err != nil {
			return m.fault("", err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := each(t); err != nil {
				return err
			}
		}
	}
}

// skip reads up to the end of the element in hand.
func (m *mlReader) skip() error {
	for depth := m.depth; m.depth >= depth; {
		if _, err := m.next(); err != nil {
			return m.fault("", err)
		}
	}
	return nil
}

// text reads the text of the element in hand. Elements in it are left out; inner says
// that there were some.
func (m *mlReader) text() (text string, inner bool, err error) {
	var b strings.Builder
	for depth := m.depth; ; {
		t, err := m.next()
		if err != nil {
			return "", false, m.fault("", err)
		}
		switch t := t.(type) {
		case xml.CharData:
			if m.depth == depth {
				b.Write(t)
			}
			if int64(b.Len()) > m.options.Limits.Record {
				return "", false, m.fault("", errors.New("a text is too long"))
			}
		case xml.StartElement:
			inner = true
		case xml.EndElement:
			if m.depth < depth {
				return b.String(), inner, nil
			}
		}
	}
}

// key reads a declaration.
func (m *mlReader) key(e xml.StartElement) error {
	id, ok := find(e, "id")
	if !ok {
		return m.fault("", errors.New("a key has no id"))
	}
	if m.keys[id] != nil {
		return m.fault("", fmt.Errorf("the key %q is there twice", id))
	}
	k := &mlKey{on: attr(e, "for"), name: attr(e, "attr.name"), kind: attr(e, "attr.type")}
	if k.name == "" && attr(e, "yfiles.type") == "" {
		k.name = id
	}
	if k.on == "" {
		k.on = "all"
	}
	m.keys[id] = k
	switch k.kind {
	case "boolean", "int", "integer", "long", "float", "double", "string":
	case "":
		k.kind = "string"
	default:
		return m.fault("", fmt.Errorf("the key %q has the unknown type %q", id, k.kind))
	}
	return m.children(func(e xml.StartElement) error {
		if e.Name.Local != "default" {
			return m.skip()
		}
		text, _, err := m.text()
		if err != nil || k.name == "" {
			return err
		}
		if k.preset, err = parse(k.kind, text); err != nil {
			return m.fault("", fmt.Errorf("the default of the key %q %w", id, err))
		}
		k.isPreset = true
		return nil
	})
}

// data reads one value into attrs.
func (m *mlReader) data(e xml.StartElement, on string, attrs Attrs) error {
	id := attr(e, "key")
	k := m.keys[id]
	if k == nil {
		return m.fault("", fmt.Errorf("there is data of the key %q, which is not declared", id))
	}
	if k.on != on && k.on != "all" {
		return m.fault("", fmt.Errorf("there is data of the key %q at a %s, but it is for %s", id, on, k.on))
	}
	text, inner, err := m.text()
	if err != nil {
		return err
	}
	if k.name == "" || inner {
		m.report.Skipped++
		return nil
	}
	v, err := parse(k.kind, text)
	if err != nil {
		return m.fault("", fmt.Errorf("the value of %q %w", k.name, err))
	}
	attrs[k.name] = v
	return nil
}

// defaults fills in the values that an element does not have.
func (m *mlReader) defaults(on string, attrs Attrs) {
	for _, k := range m.keys {
		if !k.isPreset || k.on != on && k.on != "all" {
			continue
		}
		if _, has := attrs[k.name]; !has {
			attrs[k.name] = k.preset
		}
	}
}

// parse reads a value of a type. Numbers that are not finite are written in the ways
// of XML and of Python.
func parse(kind, text string) (any, error) {
	if kind == "string" {
		return text, nil
	}
	text = strings.TrimSpace(text)
	switch kind {
	case "boolean":
		switch strings.ToLower(text) {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
		return nil, fmt.Errorf("is %q, not true or false", text)
	case "int", "integer", "long":
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i, nil
		}
		return nil, fmt.Errorf("is %q, not a whole number of 64 bits", text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "xX_") {
		return nil, fmt.Errorf("is %q, not a number", text)
	}
	return f, nil
}

// formatFloat writes a number as parse reads it, in the words of XML.
func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// attr returns an attribute of an element, empty if it has none.
func attr(e xml.StartElement, name string) string {
	v, _ := find(e, name)
	return v
}

// find returns an attribute of an element.
func find(e xml.StartElement, name string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

// fault names the byte of an error.
func (m *mlReader) fault(where string, err error) error {
	if s, ok := errors.AsType[*xml.SyntaxError](err); ok && strings.Contains(s.Msg, "unexpected EOF") {
		err = io.ErrUnexpectedEOF
	}
	return malformed(graphML, where, m.dec.InputOffset(), err)
}
