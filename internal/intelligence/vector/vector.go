// Package vector keeps vectors with their texts and properties in collections, and
// finds the nearest ones.
//
//	Index ─▶ embedded   rows in the program's database, searched in memory by Set
//	      └▶ chroma     a Chroma server
//
// A collection belongs to a tenant and has one dimension and one space for its life.
// The same name of two tenants is two collections that know nothing of each other.
// What every implementation must do is in vectortest.
package vector

import (
	"context"

	"empire/internal/domain"
)

// Space is how nearness is measured.
type Space string

// The spaces. A distance is smaller for what is nearer.
const (
	Cosine Space = "cosine" // 1 − cosine of the angle: 0 to 2
	L2     Space = "l2"     // squared Euclidean distance
	IP     Space = "ip"     // 1 − inner product; may be negative
)

// Ref names a collection.
type Ref struct {
	Tenant domain.TenantID // empty: shared by all tenants
	Name   string          // 3 to 100 of a-z, 0-9, '.', '_' and '-', beginning and ending with a letter or digit
}

// Collection is a set of vectors of one dimension.
type Collection struct {
	Ref
	Dimension int   // 1 to MaxDimension
	Space     Space // empty: Cosine
}

// Record is one vector with what belongs to it.
type Record struct {
	ID       string    // unique in its collection; 1 to 512 bytes
	Source   string    // what it was made from, to forget it by; may be empty
	Vector   []float32 // finite; in a Cosine collection not all zero
	Document string    // the text; may be empty
	// Metadata holds string, bool, int64 and float64 values; Normalize makes these of
	// what JSON or Go programs give.
	Metadata map[string]any
}

// Query asks for the nearest records.
type Query struct {
	Vector []float32
	Limit  int    // how many at most; 1 to MaxLimit
	Filter Filter // which are meant; empty: all
}

// Hit is a record that was found. Vector is nil: Get has it.
type Hit struct {
	Record
	Distance float64
}

// Index is what keeps collections. A collection that does not exist is CodeNotFound,
// a vector of another dimension or with a value that is no finite number CodeInvalid.
// All methods are safe for concurrent use.
type Index interface {
	// Create makes a collection. One that exists with the same dimension and space
	// stays as it is; another is CodeConflict.
	Create(ctx context.Context, c Collection) error
	// Collection returns what a collection is.
	Collection(ctx context.Context, ref Ref) (*Collection, error)
	// Collections lists those of one tenant by name.
	Collections(ctx context.Context, tenant domain.TenantID) ([]Collection, error)
	// Drop removes a collection with everything in it.
	Drop(ctx context.Context, ref Ref) error

	// Upsert stores records, replacing those with the same ID entirely. Of two with
	// the same ID the last counts.
	Upsert(ctx context.Context, ref Ref, records []Record) error
	// Delete removes records by ID and returns how many there were; unknown ones are
	// left out.
	Delete(ctx context.Context, ref Ref, ids []string) (int, error)
	// DeleteSource removes all records of a source and returns how many there were.
	DeleteSource(ctx context.Context, ref Ref, source string) (int, error)
	// Get returns records with their vectors, in the order of ids; unknown ones are
	// left out.
	Get(ctx context.Context, ref Ref, ids []string) ([]Record, error)
	// Query returns the nearest records, the nearest first.
	Query(ctx context.Context, ref Ref, q Query) ([]Hit, error)
	// Count returns how many records there are.
	Count(ctx context.Context, ref Ref) (int, error)
	// List returns records with their vectors after a cursor ("" is the beginning),
	// and the next cursor, which is "" at the end. A walk meets each record that is
	// there all the time once.
	List(ctx context.Context, ref Ref, cursor string, limit int) (list []Record, next string, err error)
	// Ping reports whether the index can be used now.
	Ping(ctx context.Context) error
}

// Bounds of what an index takes.
const (
	MaxDimension = 8192
	MaxLimit     = 1000
	maxID        = 512
	maxName      = 100
)
