// Package research finds out about a topic from pages, and says of everything what it
// rests on.
//
//	topic ─ plan ─► queries ─ search ─► addresses ─ fetch ─► pages ─ keep ─► snapshots
//	                             ▲                             │
//	                             └────────── links ◄───────────┘ (as deep as the depth allows)
//	snapshots ─► sentences, weighed ─► claims ─► groups of sources, disputes, confidence ─► report
//
// A claim is a verbatim span of the main text of a snapshot. Without a model the spans
// are chosen by figures, definitions, key phrases and likeness to the topic. A model
// only chooses among the spans that it was shown, and may cut words off their ends;
// whatever else it says is dropped and counted. Addresses come from search sources, from
// lists of the operator and from links of pages that were read, never from a model.
package research
