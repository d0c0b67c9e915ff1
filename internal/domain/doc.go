// Package domain holds the words that every other package speaks: identifiers,
// money, products, pages, claims, runs, releases and the error codes. It does no
// I/O and imports the standard library only.
//
// How the parts hang together:
//
//	Feed ── Product ──(grouped by catalog)── Family ── Market (what a scan saw)
//	                                                    │
//	Website ── SitePlan ── Page ── Block ── Sentence ── Claim ── Evidence
//	   │                    └─ Offer (slot, program, sub-id)
//	   └─ Release ── Manifest ── Entry ── blob (SHA-256)
//
//	Run ── Step ── Attempt         Agent ── Task          Approval ── Audit entry
package domain
