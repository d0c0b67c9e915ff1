package seo

import (
	"fmt"

	"empire/internal/domain"
)

const central = "https://developers.google.com/search/docs/"

// Rules lists all rules.
var Rules = []Rule{
	{
		"SEO-TITLE-MISSING", PageRule, domain.GateFail,
		"The title is the headline of a search result; without one a search engine makes one up.",
		"Give the page one title element with text.", central + "appearance/title-link",
	},
	{
		"SEO-TITLE-LENGTH", PageRule, domain.GateWarn,
		"A short title says too little and a long one is cut off in results.",
		fmt.Sprintf("Write %d to %d characters.", MinTitle, MaxTitle), central + "appearance/title-link",
	},
	{
		"SEO-TITLE-DUPLICATE", SiteRule, domain.GateFail,
		"Pages with one title compete with each other and readers cannot tell them apart.",
		"Say in the title what only this page has.", central + "appearance/title-link",
	},
	{
		"SEO-DESC-MISSING", PageRule, domain.GateWarn,
		"Without a description a search engine picks a piece of the page that may say little.",
		"Give the page one meta description.", central + "appearance/snippet",
	},
	{
		"SEO-DESC-LENGTH", PageRule, domain.GateWarn,
		"A short description says too little and a long one is cut off in results.",
		fmt.Sprintf("Write %d to %d characters.", MinDescription, MaxDescription), central + "appearance/snippet",
	},
	{
		"SEO-DESC-DUPLICATE", SiteRule, domain.GateWarn,
		"The same description on two pages tells readers nothing about either.",
		"Describe what only this page has.", central + "appearance/snippet",
	},
	{
		"SEO-H1-MISSING", PageRule, domain.GateFail,
		"The h1 tells readers and search engines what the page is about.",
		"Give the page one h1 with text.", central + "fundamentals/seo-starter-guide",
	},
	{
		"SEO-H1-MULTIPLE", PageRule, domain.GateWarn,
		"With several h1 it is not clear which one names the page.",
		"Keep one h1 and make the others h2.", central + "fundamentals/seo-starter-guide",
	},
	{
		"SEO-H1-DUPLICATE", SiteRule, domain.GateWarn,
		"Two pages with one h1 are two pages about one thing, or seem to be.",
		"Say in the h1 what only this page has.", central + "fundamentals/seo-starter-guide",
	},
	{
		"SEO-HEADING-ORDER", PageRule, domain.GateWarn,
		"Screen readers and search engines take the outline from the levels of headings.",
		"Go down one level at a time and leave no heading empty.", "https://www.w3.org/WAI/tutorials/page-structure/headings/",
	},
	{
		"SEO-LANG", PageRule, domain.GateFail,
		"Search engines and screen readers need to know which language the text is in.",
		"Set the lang attribute of html to the language of the text.", "https://www.w3.org/WAI/WCAG22/Understanding/language-of-page",
	},
	{
		"SEO-CANONICAL", PageRule, domain.GateFail,
		"The canonical address says which of several addresses counts; a wrong one takes the page out of the index.",
		"Point one canonical link at the page's own absolute address.", central + "crawling-indexing/consolidate-duplicate-urls",
	},
	{
		"SEO-ROBOTS", PageRule, domain.GateFail,
		"A wrong directive keeps the page out of search, or is not understood.",
		"Let the page be indexed, or take it out of menus and sitemap; name each directive once.", central + "crawling-indexing/robots-meta-tag",
	},
	{
		"SEO-VIEWPORT", PageRule, domain.GateWarn,
		"Search engines read the page as a phone shows it.",
		"Set width=device-width and let readers zoom.", central + "crawling-indexing/mobile/mobile-sites-mobile-first-indexing",
	},
	{
		"SEO-ALT", PageRule, domain.GateWarn,
		"The alternative text is all that image search and screen readers know of an image.",
		"Describe the image, or give it an empty alt if it only decorates.", central + "appearance/google-images",
	},
	{
		"SEO-LINK-BROKEN", SiteRule, domain.GateFail,
		"A dead link ends the visit of a reader and of a crawler.",
		"Link to an address that the site has.", central + "crawling-indexing/links-crawlable",
	},
	{
		"SEO-ANCHOR-BROKEN", SiteRule, domain.GateFail,
		"A link to a missing id leads readers to the wrong place.",
		"Link to an id that the target page has.", "https://html.spec.whatwg.org/multipage/browsing-the-web.html#scrolling-to-a-fragment",
	},
	{
		"SEO-ID-DUPLICATE", PageRule, domain.GateWarn,
		"A link to an id that is there twice leads to the first one only.",
		"Use each id once on a page.", "https://html.spec.whatwg.org/multipage/dom.html#the-id-attribute",
	},
	{
		"SEO-LINK-CRAWLABLE", PageRule, domain.GateWarn,
		"Crawlers follow addresses in href and nothing else.",
		"Give each link an href with an address.", central + "crawling-indexing/links-crawlable",
	},
	{
		"SEO-LINK-TEXT", PageRule, domain.GateWarn,
		"The text of a link tells what its target is about.",
		"Say in the link's text where it leads.", central + "crawling-indexing/links-crawlable#anchor-text",
	},
	{
		"SEO-ORPHAN", SiteRule, domain.GateFail,
		"A page that nothing links to is found late and counts for little.",
		"Link to the page from another page.", central + "crawling-indexing/links-crawlable",
	},
	{
		"SEO-DEPTH", SiteRule, domain.GateWarn,
		"What is many clicks away from the home page is crawled seldom and counts for little.",
		fmt.Sprintf("Make the page reachable from the home page in %d clicks.", MaxClicks), central + "fundamentals/seo-starter-guide",
	},
	{
		"SEO-THIN", PageRule, domain.GateWarn,
		"A page with little text of its own answers no search.",
		fmt.Sprintf("Say at least %d words that help the reader, or merge the page with another.", MinWords), central + "fundamentals/creating-helpful-content",
	},
	{
		"SEO-JSONLD-INVALID", PageRule, domain.GateFail,
		"Structured data that cannot be read brings nothing.",
		"Write JSON-LD with @context, @type and the required properties.", central + "appearance/structured-data/intro-structured-data",
	},
	{
		"SEO-JSONLD-MISMATCH", PageRule, domain.GateFail,
		"Structured data about what the page does not show breaks the policies of search engines (rule L7).",
		"State in JSON-LD only what the page shows.", central + "appearance/structured-data/sd-policies",
	},
	{
		"SEO-SITEMAP-MISSING", SiteRule, domain.GateFail,
		"The sitemap is how search engines learn of new pages.",
		"List the page in sitemap.xml.", central + "crawling-indexing/sitemaps/build-sitemap",
	},
	{
		"SEO-SITEMAP-EXTRA", SiteRule, domain.GateFail,
		"A sitemap that lists what cannot be indexed is trusted less.",
		"List only pages that exist and may be indexed.", central + "crawling-indexing/sitemaps/build-sitemap",
	},
	{
		"SEO-SPONSORED-MISSING", PageRule, domain.GateFail,
		"Paid links must be marked (rule L6).",
		`Add rel="sponsored" to affiliate links.`, central + "crawling-indexing/qualify-outbound-links",
	},
	{
		"SEO-HREFLANG", PageRule, domain.GateWarn,
		"Faulty language alternates are ignored as a whole.",
		"Use valid language codes, absolute addresses, each once, with one that leads back here.", central + "specialty/international/localized-versions",
	},
	{
		"SEO-OG", PageRule, domain.GateWarn,
		"Shared links without Open Graph data are shown without picture and text.",
		"Set og:title, og:description, og:type, og:url and an absolute og:image.", "https://ogp.me/",
	},
	{
		"SEO-SIZE", PageRule, domain.GateWarn,
		"Large pages are slow, and what is beyond a limit is not read.",
		fmt.Sprintf("Stay below %d KiB of HTML and %d elements in each other.", MaxPageBytes>>10, MaxNesting), central + "crawling-indexing/googlebot",
	},
	{
		"SEO-CANONICAL-CONFLICT", SiteRule, domain.GateFail,
		"A canonical address that is no page, may not be indexed or names a third page takes both pages out of the index.",
		"Let the canonical link name a page of the site that may be indexed and names itself.", central + "crawling-indexing/canonicalization-troubleshooting",
	},
	{
		"SEO-HREFLANG-PAIR", SiteRule, domain.GateWarn,
		"Language alternates count only if both pages name each other.",
		"Let the other page name this one, in the language that this one is in.", central + "specialty/international/localized-versions",
	},
	{
		"SEO-JSONLD-NONE", PageRule, domain.GateWarn,
		"Without structured data a page cannot have a rich result.",
		"Describe the page in JSON-LD: at least its breadcrumbs.", central + "appearance/structured-data/intro-structured-data",
	},
	{
		"SEO-H1-SIMILAR", SiteRule, domain.GateWarn,
		"Pages whose h1 says nearly the same answer the same search and compete.",
		"Say in the h1 what only this page has, or merge the pages.", central + "fundamentals/seo-starter-guide",
	},
	{
		"SEO-LINK-REDIRECT", SiteRule, domain.GateWarn,
		"A link to a redirect costs visitors and crawlers a request more.",
		"Link to where the redirect leads.", central + "crawling-indexing/301-redirects",
	},
	{
		"SEO-REDIRECT-CHAIN", SiteRule, domain.GateWarn,
		"Each redirect of a chain costs a request, and crawlers give up on long ones; a circle leads nowhere.",
		"Let each old address lead straight to the last one.", central + "crawling-indexing/301-redirects",
	},
	{
		"SEO-ROBOTS-BLOCKED", SiteRule, domain.GateFail,
		"A page that robots.txt keeps crawlers from cannot be read, so it cannot rank.",
		"Allow the page in robots.txt, or take it out of menus and sitemap.", central + "crawling-indexing/robots/intro",
	},
	{
		"SEO-FEED", SiteRule, domain.GateWarn,
		"Readers and search engines follow feeds to learn of changes; one with faults is dropped.",
		"Give each entry an id, a link to a page of the site and a full date with time and zone.", "https://www.rfc-editor.org/rfc/rfc4287",
	},
}
