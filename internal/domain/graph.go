package domain

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
)

// NodeType says what a node of the knowledge graph is.
type NodeType string

// The types of nodes.
const (
	NodeNiche    NodeType = "niche"
	NodeProduct  NodeType = "product"
	NodeBrand    NodeType = "brand"
	NodeMerchant NodeType = "merchant"
	NodeProgram  NodeType = "program"
	NodeKeyword  NodeType = "keyword"
	NodePage     NodeType = "page"
	NodeSite     NodeType = "site"
	NodeEntity   NodeType = "entity" // anything that an imported graph holds and the others are not
)

// NodeTypes returns all types of nodes.
func NodeTypes() []NodeType {
	return []NodeType{NodeNiche, NodeProduct, NodeBrand, NodeMerchant, NodeProgram, NodeKeyword, NodePage, NodeSite, NodeEntity}
}

// Relation says how a node of the knowledge graph relates to another.
type Relation string

// The relations, with the types that they lead from and to.
const (
	RelationPartOf     Relation = "part_of"     // niche → niche, product → niche, page → site
	RelationMakes      Relation = "makes"       // brand → product
	RelationSells      Relation = "sells"       // merchant → product, merchant → brand
	RelationRuns       Relation = "runs"        // merchant → program
	RelationPromotes   Relation = "promotes"    // program → product, program → niche, page → program
	RelationServes     Relation = "serves"      // site → niche, page → niche, keyword → niche
	RelationTargets    Relation = "targets"     // page → keyword
	RelationFinds      Relation = "finds"       // keyword → product, keyword → brand
	RelationMentions   Relation = "mentions"    // page → product, page → brand, page → merchant
	RelationLinksTo    Relation = "links_to"    // page → page
	RelationSimilarTo  Relation = "similar_to"  // product, keyword, niche or page to its own kind
	RelationSameAs     Relation = "same_as"     // product → product, brand → brand
	RelationBoughtWith Relation = "bought_with" // product → product
	RelationVariantOf  Relation = "variant_of"  // product → product
	RelationRelatedTo  Relation = "related_to"  // anything → anything; of imported graphs
)

// GraphWeight is how strongly a source says something, in millionths. Whole numbers
// make sums exact: what was added can be taken away without a trace.
type GraphWeight int64

// Float returns the weight as a number.
func (w GraphWeight) Float() float64 { return float64(w) / float64(GraphOne) }

// GraphOne is the weight 1.
const GraphOne GraphWeight = 1_000_000

// GraphRef names a node of the knowledge graph.
type GraphRef struct {
	Type NodeType `json:"type"`
	ID   string   `json:"id"`
}

// String returns type and id with a colon between.
func (r GraphRef) String() string { return string(r.Type) + ":" + r.ID }

// GraphContribution is one thing that one source says. It is a row of a table;
// everything in the graph is the sum of such rows. It is about
//
//	a node                     Node
//	an attribute of a node     Node, Attribute, Value
//	a relation                 Node, Relation, To
//	an attribute of a relation Node, Relation, To, Attribute, Value
//
// A relation brings its two nodes with it, an attribute what it describes.
type GraphContribution struct {
	Source    string      `json:"source"` // document, feed, snapshot of a page, …
	Seq       int         `json:"seq"`    // position within the source, from 0
	At        time.Time   `json:"at"`     // when the source said it
	Node      GraphRef    `json:"node"`
	Relation  Relation    `json:"relation,omitempty"`
	To        GraphRef    `json:"to,omitzero"`
	Attribute string      `json:"attribute,omitempty"`
	Value     string      `json:"value,omitempty"`
	Weight    GraphWeight `json:"weight"`         // millionths, above 0
	From      time.Time   `json:"from,omitzero"`  // true from then on; zero is always
	Until     time.Time   `json:"until,omitzero"` // true before then; zero is for ever
}

// Element returns what the contribution is about.
func (c *GraphContribution) Element() GraphElement {
	return GraphElement{Node: c.Node, Relation: c.Relation, To: c.To, Attribute: c.Attribute}
}

// GraphElement names a part of the knowledge graph: a node, a relation, or an attribute
// of one of them.
type GraphElement struct {
	Node      GraphRef `json:"node"`
	Relation  Relation `json:"relation,omitempty"`
	To        GraphRef `json:"to,omitzero"`
	Attribute string   `json:"attribute,omitempty"`
}

// Compare orders elements: nodes before their attributes, then relations.
func (e GraphElement) Compare(b GraphElement) int {
	return cmp.Or(cmp.Compare(e.Node.Type, b.Node.Type), cmp.Compare(e.Node.ID, b.Node.ID),
		cmp.Compare(e.Relation, b.Relation), cmp.Compare(e.To.Type, b.To.Type), cmp.Compare(e.To.ID, b.To.ID),
		cmp.Compare(e.Attribute, b.Attribute))
}

// GraphShared is the tenant of what all tenants share: what the catalogue says.
const GraphShared TenantID = ""

// GraphSourceKind says what a source is.
type GraphSourceKind string

// The kinds of sources. The id of a source begins with its kind and a colon.
const (
	GraphFeed     GraphSourceKind = "feed"     // feed:FEED_ID; a part for each row
	GraphPrograms GraphSourceKind = "programs" // programs:SOURCE; a part for each program
	GraphKeywords GraphSourceKind = "keywords" // keywords:SOURCE; a part for each phrase
	GraphSite     GraphSourceKind = "site"     // site:WEBSITE_ID; a part for each page
	GraphSnapshot GraphSourceKind = "snapshot" // snapshot:SHA256 of a page as it was fetched
	GraphImport   GraphSourceKind = "import"   // import:NAME; a graph of another program
)

// GraphSourceID returns the id of a source.
func GraphSourceID(kind GraphSourceKind, name string) string { return string(kind) + ":" + name }

// GraphSource is somebody who says something. Withdrawing it takes back exactly that.
type GraphSource struct {
	ID          string          `json:"id"`
	Tenant      TenantID        `json:"tenant"` // GraphShared: of all
	Kind        GraphSourceKind `json:"kind"`
	Name        string          `json:"name"`
	At          time.Time       `json:"at"`            // when it last said something
	Rows        int             `json:"contributions"` // that count now
	Meta        json.RawMessage `json:"meta,omitempty"`
	WithdrawnAt *time.Time      `json:"withdrawn_at"` // nil: it counts
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// GraphPart is what one document of a source says: a row of a feed, a page of a site.
// It is replaced as a whole; one with the same hash says the same.
type GraphPart struct {
	Part string // unique within the source; empty for a source of one document
	Hash string
	Rows []GraphContribution // Source, Seq and At are filled in
}

// GraphFact is a node (without Relation and To) or a relation, as the sources have it
// in sum.
type GraphFact struct {
	Node     GraphRef `json:"node"`
	Relation Relation `json:"relation,omitempty"`
	To       GraphRef `json:"to,omitzero"`
	// Weight is the sum of the contributions that say that it exists; 0 if it only
	// follows from relations or attributes.
	Weight GraphWeight `json:"weight"`
	// Attributes have the value that the most weight says; of equal ones the latest,
	// then the first in the alphabet.
	Attributes map[string]string `json:"attributes,omitempty"`
	Sources    int               `json:"sources"` // that say that it exists or describe it
	Latest     time.Time         `json:"latest"`  // when one of them last said so
}

// GraphResting is a node that rests on a source.
type GraphResting struct {
	GraphRef
	Alone bool `json:"alone"` // no other source names it: it goes when the source goes
}

// GraphRest is a page that rests on a source.
type GraphRest struct {
	Tenant    TenantID  `json:"-"`
	WebsiteID WebsiteID `json:"website_id"`
	PageID    PageID    `json:"page_id"`
	Source    string    `json:"source"`
}

// GraphStale is a page that rests on something that changed or is gone since it was
// published.
type GraphStale struct {
	GraphRest
	Reason string    `json:"reason"` // changed, gone, withdrawn
	At     time.Time `json:"at"`
}

// The reasons of GraphStale.
const (
	StaleChanged   = "changed"   // a row that the page cites has other values
	StaleGone      = "gone"      // a row that the page cites is no longer in its feed
	StaleWithdrawn = "withdrawn" // a person took the source back
)

// GraphBlast is what rests on a source.
type GraphBlast struct {
	Source        GraphSource    `json:"source"`
	Contributions int            `json:"contributions"`
	Nodes         int            `json:"nodes"`       // that the source names
	NodesAlone    int            `json:"nodes_alone"` // that no other source names
	Relations     int            `json:"relations"`
	RelsAlone     int            `json:"relations_alone"`
	ByType        map[string]int `json:"by_type"` // nodes by type
	Sample        []GraphResting `json:"sample"`  // the first nodes in order, at most 100
	Evidence      int            `json:"evidence"`
	Pages         []GraphRest    `json:"pages"`
	Withdrawn     bool           `json:"withdrawn"` // this call withdrew it
}

// GraphSummary is the graph in figures.
type GraphSummary struct {
	Nodes         int              `json:"nodes"`
	Relations     int              `json:"relations"`
	Sources       int              `json:"sources"`
	Contributions int              `json:"contributions"`
	ByType        map[NodeType]int `json:"by_type"`
	ByRelation    map[Relation]int `json:"by_relation"`
	Components    int              `json:"components"`        // of the graph without directions
	Largest       int              `json:"largest_component"` // nodes
	Density       float64          `json:"density"`           // relations of the possible ones, of the directed graph
	Stale         int              `json:"stale_pages"`
	Oldest        *time.Time       `json:"oldest"` // latest word of the source that spoke longest ago
	Newest        *time.Time       `json:"newest"`
	Version       int64            `json:"version"`
}

// GraphNodeFilter selects nodes. Empty fields do not.
type GraphNodeFilter struct {
	Type  NodeType
	Query string // in id or name, in any case
}

// GraphNode is one node with what is counted around it.
type GraphNode struct {
	GraphRef
	Name    string `json:"name"` // empty if no source has one
	In      int    `json:"in"`   // relations
	Out     int    `json:"out"`
	Sources int    `json:"sources"` // that name the node itself
}

// GraphNodeDetail is a node with its surroundings.
type GraphNodeDetail struct {
	GraphNode
	Attributes    map[string]string   `json:"attributes"`
	Relations     []GraphFact         `json:"relations"` // at most 1,000, in order
	Contributions []GraphContribution `json:"contributions"`
	Total         int                 `json:"total"` // contributions there are; Contributions holds the first 1,000
}

// GraphPath is a shortest way between two nodes, with directions left out.
type GraphPath struct {
	Nodes  []GraphNode `json:"nodes"`
	Length int         `json:"length"` // steps
}

// GraphMeasure is a measure of nodes.
type GraphMeasure string

// The measures.
const (
	MeasureDegree      GraphMeasure = "degree"
	MeasurePageRank    GraphMeasure = "pagerank"
	MeasureBetweenness GraphMeasure = "betweenness"
	MeasureCloseness   GraphMeasure = "closeness"
)

// GraphMeasures returns all measures.
func GraphMeasures() []GraphMeasure {
	return []GraphMeasure{MeasureDegree, MeasurePageRank, MeasureBetweenness, MeasureCloseness}
}

// GraphRanked is one node in the order of a measure.
type GraphRanked struct {
	GraphNode
	Value float64 `json:"value"`
}

// GraphRanking is nodes in the order of a measure.
type GraphRanking struct {
	By GraphMeasure `json:"by"`
	// Samples is how many nodes the searches began from; 0: from all, the values are exact.
	Samples int           `json:"samples"`
	Nodes   []GraphRanked `json:"nodes"`
	Total   int           `json:"total"`
}

// GraphCommunity is nodes that have more to do with each other than with the rest.
type GraphCommunity struct {
	Label    string           `json:"label"` // its heaviest niche, else its heaviest node
	Size     int              `json:"size"`
	ByType   map[NodeType]int `json:"by_type"`
	Niches   []string         `json:"niches"`   // heaviest first, at most 20 of each
	Keywords []GraphKeyword   `json:"keywords"` // most searched first
	Products []GraphNode      `json:"products"`
	Pages    []GraphNode      `json:"pages"`
	Sites    []WebsiteID      `json:"sites"`
	// Gap is set if people search for this and no page is about it.
	Gap    bool  `json:"gap"`
	Demand int64 `json:"demand"` // monthly searches of all its keywords that have a figure
}

// GraphKeyword is a keyword of a community.
type GraphKeyword struct {
	Phrase  string `json:"phrase"`
	Demand  *int64 `json:"monthly_searches"`
	Covered bool   `json:"covered"` // a page targets it
}

// GraphConflict is a keyword for which pages of several sites compete.
type GraphConflict struct {
	Keyword string      `json:"keyword"`
	Demand  *int64      `json:"monthly_searches"`
	Pages   []GraphNode `json:"pages"`
	Sites   []WebsiteID `json:"sites"`
}

// GraphTopics is the topical map.
type GraphTopics struct {
	Modularity  float64          `json:"modularity"`
	Tries       int              `json:"tries"` // orders that Louvain tried
	Communities []GraphCommunity `json:"communities"`
	Total       int              `json:"total"`
	Gaps        int              `json:"gaps"`
	Conflicts   []GraphConflict  `json:"conflicts"` // at most 1,000
}

// GraphFormat is a file format of graphs.
type GraphFormat string

// The formats.
const (
	FormatNodeLink GraphFormat = "node-link" // JSON of NetworkX
	FormatGraphML  GraphFormat = "graphml"
)

// GraphImportReport says what an import of a graph did.
type GraphImportReport struct {
	Status    string      `json:"status"` // complete; a file that is refused is an error
	Source    string      `json:"source"` // id
	Format    GraphFormat `json:"format"`
	Nodes     int         `json:"nodes"`
	Edges     int         `json:"edges"`
	Dangling  int         `json:"dangling"` // edges that named a node which the file does not list; it was added
	SHA256    string      `json:"sha256"`   // over the canonical rows of the file
	Stored    string      `json:"stored_sha256"`
	Unchanged bool        `json:"unchanged"` // the same was there already
}

// GraphFile is a graph of another program, read and checked.
type GraphFile struct {
	Format GraphFormat
	Nodes  int
	Edges  int
	// Dangling is how many edges named a node that the file does not list.
	Dangling int
	SHA256   string // over the canonical rows
	Meta     json.RawMessage
	Rows     []GraphContribution
}

// GraphStream is an export: Write writes it.
type GraphStream struct {
	ContentType string
	Name        string // of a file
	Write       func(w io.Writer) error
}

// ParseGraphRef reads a node as GraphRef.String writes it.
func ParseGraphRef(field, s string) (GraphRef, error) {
	kind, id, ok := strings.Cut(s, ":")
	if !ok || id == "" || !slices.Contains(NodeTypes(), NodeType(kind)) {
		return GraphRef{}, Invalid(field, "%.100q is not a node; write its type and its id, such as niche:keyboard.", s)
	}
	return GraphRef{Type: NodeType(kind), ID: id}, nil
}
