package graph

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"empire/internal/domain"
)

// The words of the knowledge graph are those of the domain.
type (
	// Weight is how strongly a source says something, in millionths.
	Weight = domain.GraphWeight
	// Ref names a node.
	Ref = domain.GraphRef
	// Contribution is one thing that one source says.
	Contribution = domain.GraphContribution
	// Element names a node, a relation, or an attribute of one of them.
	Element = domain.GraphElement
	// NodeType says what a node is.
	NodeType = domain.NodeType
	// Relation says how a node relates to another.
	Relation = domain.Relation
)

// Weights.
const (
	One       = domain.GraphOne
	MaxWeight = 1000 * One
)

func compareElements(a, b Element) int { return a.Compare(b) }

// Document is everything that one source says.
type Document struct {
	Source        string
	At            time.Time
	Contributions []Contribution // Source, Seq and At are filled in
}

// Effect is what a change did to the graph. Each list is in order.
type Effect struct {
	Added   []Element // were not there before
	Removed []Element // rested on this source alone
	Kept    []Element // rest on other sources too, or on its new version
}

// Knowledge is the knowledge graph: everything in it is backed by contributions of
// sources, and withdrawing a source leaves the graph that never saw it. It may be used
// by many goroutines. Adding or withdrawing a source takes time in proportion to what
// that source says, whatever the size of the graph.
type Knowledge struct {
	mu      sync.RWMutex
	schema  schema
	nodes   map[Ref]*kNode
	edges   map[kEdgeRef]*kEdge
	sources map[string][]*stored
	rows    int
}

// NewKnowledge returns an empty knowledge graph.
func NewKnowledge() *Knowledge {
	return &Knowledge{schema: relationEnds(), nodes: map[Ref]*kNode{}, edges: map[kEdgeRef]*kEdge{}, sources: map[string][]*stored{}}
}

// Put adds what a source says, in place of what it said before. A contribution that
// breaks a rule is CodeInvalid, with its position in the field, and nothing changes.
func (k *Knowledge) Put(d Document) (Effect, error) {
	rows := slices.Clone(d.Contributions)
	for i := range rows {
		rows[i].Source, rows[i].Seq, rows[i].At = d.Source, i, d.At
	}
	if len(rows) == 0 {
		return Effect{}, domain.Invalid("contributions", "The source %q says nothing; withdraw it instead.", d.Source)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.prepare(rows); err != nil {
		return Effect{}, err
	}
	c := k.watch(k.sources[d.Source], rows)
	k.drop(d.Source)
	k.insert(rows)
	return c.effect(k), nil
}

// Withdraw takes back everything that a source said. What rested on it alone is gone
// (Effect.Removed), what others say too remains (Effect.Kept). A source that said
// nothing is CodeNotFound.
func (k *Knowledge) Withdraw(source string) (Effect, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.sources[source]; !ok {
		return Effect{}, domain.Errorf(domain.CodeNotFound, "The knowledge graph holds nothing of the source %q.", source)
	}
	c := k.watch(k.sources[source], nil)
	k.drop(source)
	return c.effect(k), nil
}

// Load adds stored rows of sources that the graph does not hold yet. Rows that break a
// rule, that are there twice, or whose source is held are CodeInvalid, and nothing
// changes.
func (k *Knowledge) Load(rows []Contribution) error {
	rows = slices.Clone(rows)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.prepare(rows); err != nil {
		return err
	}
	slices.SortFunc(rows, compareRows)
	for i, r := range rows {
		if _, held := k.sources[r.Source]; held {
			return domain.Invalid("source", "The knowledge graph already holds the source %q.", r.Source)
		}
		if i > 0 && compareRows(rows[i-1], r) == 0 {
			return domain.Invalid("seq", "Row %d of the source %q is there twice.", r.Seq, r.Source)
		}
	}
	k.insert(rows)
	return nil
}

// Rows returns every contribution, by source and position: what a table has to hold
// to build the same graph with Load.
func (k *Knowledge) Rows() []Contribution {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := make([]Contribution, 0, k.rows)
	for _, rows := range k.sources {
		for _, s := range rows {
			out = append(out, s.Contribution)
		}
	}
	slices.SortFunc(out, compareRows)
	return out
}

func compareRows(a, b Contribution) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Seq, b.Seq))
}

// prepare checks rows and brings their times into the form in which databases keep
// them: UTC, whole microseconds.
func (k *Knowledge) prepare(rows []Contribution) error {
	for i := range rows {
		r := &rows[i]
		if r.Source == "" || len(r.Source) > maxText {
			return domain.Invalid("source", "A source must have a name of 1 to %d bytes.", maxText)
		}
		if r.At.IsZero() {
			return domain.Invalid("at", "The source %q must say when it said something.", r.Source)
		}
		for _, t := range []*time.Time{&r.At, &r.From, &r.Until} {
			if !t.IsZero() {
				*t = t.UTC().Truncate(time.Microsecond)
			}
		}
		if err := k.schema.check(r); err != nil {
			return atRow(i, err)
		}
	}
	return nil
}
