package graph

import (
	"errors"
	"io"

	"empire/internal/domain"
)

// Limits bound what a reader takes. Zero values mean the defaults.
type Limits struct {
	Bytes  int64 // of the whole input; 0 is 512 MiB
	Record int64 // of one node, one edge or the attributes of the graph; 0 is 4 MiB
	Nodes  int   // 0 is 5 million
	Edges  int   // 0 is 10 million
}

// ReadOptions say how a file becomes a graph. The zero value reads as NetworkX does.
type ReadOptions struct {
	Limits Limits
	// Strict refuses dangling edges instead of adding the nodes that they name.
	Strict bool
}

// Report says what was read.
type Report struct {
	Nodes     int `json:"nodes"`
	Edges     int `json:"edges"`
	Dangling  int `json:"dangling"`   // edges that named a node which the file does not list; the node was added
	SelfLoops int `json:"self_loops"` // edges from a node to itself
	Parallel  int `json:"parallel"`   // edges between ends that an earlier edge joins: kept by a multigraph, else merged into the earlier
	Skipped   int `json:"skipped"`    // things that are no part of a graph: ports, drawings, unknown lists
}

func (o *ReadOptions) complete() {
	if o.Limits.Bytes <= 0 {
		o.Limits.Bytes = 512 << 20
	}
	if o.Limits.Record <= 0 {
		o.Limits.Record = 4 << 20
	}
	if o.Limits.Nodes <= 0 {
		o.Limits.Nodes = 5_000_000
	}
	if o.Limits.Edges <= 0 {
		o.Limits.Edges = 10_000_000
	}
	o.Limits.Nodes, o.Limits.Edges = min(o.Limits.Nodes, MaxNodes), min(o.Limits.Edges, MaxNodes)
}

// chunk is how far a decoder reads ahead at most.
const chunk = 32 << 10

// source stops an input that is too long, or a record in it that is.
type source struct {
	r      io.Reader
	limits Limits
	read   int64
	record int64 // offset at which the record in hand begins
}

// Read reads at most a chunk, so that what was read stays close to the record.
func (s *source) Read(p []byte) (int, error) {
	if s.read > s.limits.Bytes {
		return 0, domain.Errorf(domain.CodeTooLarge, "The graph has more than %d bytes.", s.limits.Bytes)
	}
	if s.read-s.record > s.limits.Record+2*chunk {
		return 0, domain.Errorf(domain.CodeTooLarge, "The record of the graph at byte %d has more than %d bytes.", s.record, s.limits.Record)
	}
	n, err := s.r.Read(p[:min(len(p), chunk)])
	s.read += int64(n)
	return n, err
}

// malformed is a fault in a file. An error of the input itself stays what it is.
func malformed(format, where string, offset int64, err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return domain.Errorf(domain.CodeMalformed, "The %s ends early, at byte %d%s.", format, offset, where)
	}
	return domain.Errorf(domain.CodeMalformed, "The %s cannot be read at byte %d%s: %v.", format, offset, where, err)
}

// checkSize refuses a graph that has outgrown the limits.
func (l Limits) checkSize(g *Graph) error {
	if g.Len() > l.Nodes {
		return domain.Errorf(domain.CodeTooLarge, "The graph has more than %d nodes.", l.Nodes)
	}
	if g.Size() > l.Edges {
		return domain.Errorf(domain.CodeTooLarge, "The graph has more than %d edges.", l.Edges)
	}
	return nil
}
