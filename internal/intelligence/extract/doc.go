// Package extract reads web pages: the main text with its title, author, date and
// language, structured data (JSON-LD, microdata, OpenGraph, RDFa Lite), prices in
// text, and the rules of robots.txt. It fetches nothing: it takes bytes that somebody
// else has, and trusts none of them.
//
//	bytes ─ Decode ─► UTF-8 ─ Parse ─► Page ─┬─ Article       text blocks, weighed, then cleaned
//	                                         ├─ Metadata      title, author, date, canonical, …
//	                                         └─ StructuredData
//	text ─► ParsePrice          robots.txt ─► ParseRobots ─► Allowed
//
// Every function is bounded: MaxPage bytes of a page are read, elements nest at most
// 512 deep, and what is deeper or broken is read as plain text. Damage is told in the
// result, never hidden.
package extract
