// Package sitegen turns a draft into the files of a static site. Render is a pure
// function: equal drafts give equal bytes. It reads no clock, no file outside the
// embedded theme and no network.
//
// # Page structure
//
// Every page has the landmarks header, nav, main and footer. Inside main stands
// the text of the page with exactly one h1; the table of contents stands in a nav
// there, the line with the date and each offer in a div. The banner of a demonstration
// site, the advertising disclosure, breadcrumbs, links to other pages and the
// footer stand outside main.
//
// Affiliate links come from Page.Offers alone. Each is
//
//	<a class="btn" rel="sponsored nofollow noopener" href="…" data-slot="…" data-product="…" data-program="…">
//
// with the visible word "Ad" or "Anzeige" inside the link, and on a page with
// offers the disclosure (aside.disclosure) comes before the breadcrumbs and so
// before every such link. A slot without an offer shows nothing.
//
// # Figures that the theme prints
//
// All figures on a page are strings of the draft, printed as they are, except
// these, which are formatted from its dates as "23 July 2025" or "23. Juli 2025":
//
//   - Page.UpdatedAt, under the heading of pages that are neither home nor legal
//   - Offer.PriceAt, next to the price of an offer and in the note under a table
//     without a note of its own whose rows have offers with prices
//
// Menus, footer, breadcrumbs and link lists print NavLabel and Summary of other
// pages, outside main. The home page prints SitePlan.Tagline in the footer, as
// every page does. Nothing is counted, and list numbers are drawn by the browser.
//
// # What the theme adds
//
// A search page (domain.SearchSlug) that lists all pages and is not indexed, with
// its index; cards for shared links; and one script, loaded by pages with sortable
// tables and by the search page. Pages say the same without it.
//
// # What Render leaves out
//
// Links to pages that the draft does not have become plain text, anchors that the
// target page does not have are cut from links, and a price without currency,
// text or date is not shown (PAngV). A draft that cannot be a site is refused:
// two pages at one address, an offer whose address is not http or https, a block
// without content.
package sitegen
