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
