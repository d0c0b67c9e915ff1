// Package catalog brings product feeds in, draws typed attributes out of their
// texts and finds the products that belong together.
//
//	bytes ─ unpacker ─ decodeText ─ scanner ─ layout ─ rowReader ─▶ Product ─ Attributes
//	        gzip, zip   UTF-16, BOM  records   header   cleaned      │
//	                                                                 ▼
//	                                    batches ─▶ Sink (the store) ─▶ niches, families
//
// Importer reads feeds in the layout of AWIN, in bounded memory, and reports every
// row that it rejects and every field that it repairs. Nothing is guessed: a price
// that can be read in two ways is no price, a number without a unit stays without.
//
// # Rows
//
// A row needs aw_product_id and product_name. These reasons reject a row:
// unclosed_quote, ragged, row_too_long and cut_off (the row could not be read: the
// import is partial), no_key, bad_key, no_name and name_too_long (the row could be
// read and is no product). These are repairs or dropped values of a row that is
// kept: quote_repaired, columns_missing, columns_extra, encoding_repaired,
// mojibake_repaired, nul_bytes, control_characters, field_truncated, url_invalid,
// url_unsafe, the price_… reasons, rrp_price_unreadable, delivery_cost_unreadable.
// duplicate counts rows whose key comes again later. header_missing and
// trailing_bytes are about the file.
package catalog
