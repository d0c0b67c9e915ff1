package domain

import "time"

// VectorCollection is a set of vectors as the store keeps it.
type VectorCollection struct {
	ID        string   // vec_…
	Tenant    TenantID // empty: shared by all tenants
	Name      string   // unique in the tenant
	Dimension int
	Space     string // cosine, l2, ip
	// Seq counts the changes. Those up to Floor are not known one by one: who has seen
	// less reads everything again.
	Seq       int64
	Floor     int64
	CreatedAt time.Time
}

// VectorRow is one record of a collection.
type VectorRow struct {
	ID       string
	Source   string // what it was made from; may be empty
	Document string
	Metadata string // a JSON object; empty: none
	Vector   []byte // float32 values, little-endian; nil: kept elsewhere
	Seq      int64  // of the change that wrote it
	Gone     bool   // it was removed; only ID and Seq are set
}

// VectorImport says what an import of vector collections did.
type VectorImport struct {
	Source      string               `json:"source"`
	Collections []ImportedCollection `json:"collections"`
	Records     int                  `json:"records"` // in all collections of the source
	Changed     bool                 `json:"changed"` // false: everything was there already
}

// ImportedCollection is one collection of an import.
type ImportedCollection struct {
	Name      string `json:"name"`   // in the source
	Target    string `json:"target"` // here; empty: it has no record and so no dimension
	Dimension int    `json:"dimension"`
	Space     string `json:"space"`
	Records   int    `json:"records"`
	Stored    int    `json:"stored"`  // new or different
	Removed   int    `json:"removed"` // not in the source any more
	// SHA256 is over the records in canonical form, of the source and, checked after the
	// import, of the target.
	SHA256 string `json:"sha256"`
}
