// Package demand reads what search engines export about the demand for keywords:
// Google Trends (interest over time, or by region) and Google Ads Keyword Planner
// (monthly searches and bids), as the files really look: UTF-16 or with a byte order
// mark, parted by tabs, commas or semicolons, with title lines before the header, in
// English or German, with "<1", "1K – 10K" and "1.000".
//
// A file that is something else is refused with a sentence that says what is missing.
// A field that cannot be read is left out and named in Problems; it is never a zero.
package demand
