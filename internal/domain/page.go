package domain

import (
	"strings"
	"time"
)

// PageKind says what a page is for.
type PageKind string

// The kinds of page.
const (
	PageHome       PageKind = "home"
	PageGuide      PageKind = "guide"      // buying guide
	PageBest       PageKind = "best"       // best for one use, budget or property
	PageComparison PageKind = "comparison" // two to five products side by side
	PageProduct    PageKind = "product"
	PageFAQ        PageKind = "faq"
	PageMethod     PageKind = "method"     // how the site works and where its figures come from
	PageImprint    PageKind = "imprint"    // Impressum, legal notice
	PagePrivacy    PageKind = "privacy"    // Datenschutz
	PageDisclosure PageKind = "disclosure" // how the site earns money
)

// Legal reports whether the page is one of the legally required ones.
func (k PageKind) Legal() bool {
	return k == PageImprint || k == PagePrivacy || k == PageDisclosure
}

// Page is one page as data. A theme turns it into HTML; nothing on the finished
// page is not in here.
type Page struct {
	ID          PageID    `json:"id"`
	WebsiteID   WebsiteID `json:"website_id"`
	Kind        PageKind  `json:"kind"`
	Slug        string    `json:"slug"` // path without slashes at the ends; "" is the home page
	Language    string    `json:"language"`
	Title       string    `json:"title"`       // <title>
	Description string    `json:"description"` // meta description
	Heading     string    `json:"heading"`     // h1
	NavLabel    string    `json:"nav_label"`   // short name for menus and breadcrumbs
	Summary     string    `json:"summary"`     // one line for cards that link here; facts need claims too
	Keywords    []string  `json:"keywords,omitempty"`
	Products    []string  `json:"products,omitempty"` // family keys, the most important first
	Indexable   bool      `json:"indexable"`
	Blocks      []Block   `json:"blocks"`
	// Claims are all facts of the page, also those in title, description, heading
	// and summary. Claims that belong to no sentence or cell are found here only.
	Claims  []Claim   `json:"claims"`
	Offers  []Offer   `json:"offers,omitempty"`
	Related []PageRef `json:"related,omitempty"` // internal links below the main text
	// Alternates are the same page in other languages, on the operator's other sites.
	Alternates []Alternate `json:"alternates,omitempty"`
	Schema     []Schema    `json:"schema,omitempty"` // JSON-LD objects, filled by the SEO agent
	Writer     string      `json:"writer"`           // data/1, model/…
	UpdatedAt  time.Time   `json:"updated_at"`
}

// Path returns the page's path on its site: "/" or "/slug/".
func (p *Page) Path() string { return PathOf(p.Slug) }

// PathOf returns the path of a slug: "/" or "/slug/".
func PathOf(slug string) string {
	if slug == "" {
		return "/"
	}
	return "/" + strings.Trim(slug, "/") + "/"
}

// SearchSlug is the slug of the search page that the theme adds to a site in a
// language; it is no page of the draft.
func SearchSlug(language string) string {
	if base, _, _ := strings.Cut(strings.ToLower(language), "-"); base == "de" {
		return "suche"
	}
	return "search"
}

// Alternate is a page with the same content in another language.
type Alternate struct {
	Language string `json:"language"` // BCP 47 tag, such as de or de-AT
	URL      string `json:"url"`      // absolute https address
}

// PageRef points to another page of the same site.
type PageRef struct {
	Slug  string `json:"slug"`
	Label string `json:"label"`
}

// Schema is one JSON-LD object; its keys are schema.org names.
type Schema map[string]any

// BlockType names the kind of a block.
type BlockType string

// The block types. The field of the same name in Block is set; the others are nil.
const (
	BlockHeading    BlockType = "heading"
	BlockParagraph  BlockType = "paragraph"
	BlockList       BlockType = "list"
	BlockTable      BlockType = "table"
	BlockProduct    BlockType = "product"
	BlockComparison BlockType = "comparison"
	BlockProsCons   BlockType = "pros_cons"
	BlockFAQ        BlockType = "faq"
	BlockCTA        BlockType = "cta"
	BlockFigure     BlockType = "figure"
	BlockDisclosure BlockType = "disclosure"
)

// Block is one part of a page, in reading order.
type Block struct {
	Type       BlockType    `json:"type"`
	Anchor     string       `json:"anchor,omitempty"` // id attribute, unique on the page
	Heading    *Heading     `json:"heading,omitempty"`
	Paragraph  *Paragraph   `json:"paragraph,omitempty"`
	List       *List        `json:"list,omitempty"`
	Table      *Table       `json:"table,omitempty"`
	Product    *ProductCard `json:"product,omitempty"`
	Comparison *Comparison  `json:"comparison,omitempty"`
	ProsCons   *ProsCons    `json:"pros_cons,omitempty"`
	FAQ        *FAQ         `json:"faq,omitempty"`
	CTA        *CTA         `json:"cta,omitempty"`
	Figure     *Figure      `json:"figure,omitempty"`
	Disclosure *Paragraph   `json:"disclosure,omitempty"`
}

// Sentence is the unit of evidence: it names its claims, or it is an opinion and
// then holds no number and no superlative.
type Sentence struct {
	Text    string    `json:"text"`
	Claims  []ClaimID `json:"claims,omitempty"`
	Opinion bool      `json:"opinion,omitempty"` // advice or explanation without a factual claim about a product
	// Links turn the first occurrence of a phrase into an internal link.
	Links []InlineLink `json:"links,omitempty"`
}

// InlineLink links a phrase of a sentence to a page of the same site.
type InlineLink struct {
	Phrase string `json:"phrase"`
	Slug   string `json:"slug"`
	Anchor string `json:"anchor,omitempty"`
}

// Heading is a section heading; Level is 2 or 3.
type Heading struct {
	Level  int       `json:"level"`
	Text   string    `json:"text"`
	Claims []ClaimID `json:"claims,omitempty"`
}

// Paragraph is a run of sentences.
type Paragraph struct {
	Sentences []Sentence `json:"sentences"`
}

// List is a bulleted or numbered list.
type List struct {
	Ordered bool        `json:"ordered,omitempty"`
	Items   []Paragraph `json:"items"`
}

// Table is a data table. The first cell of each row is its header.
type Table struct {
	Caption string   `json:"caption"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	Note    string   `json:"note,omitempty"`
}

// Column is one column of a table.
type Column struct {
	Label   string `json:"label"`
	Numeric bool   `json:"numeric,omitempty"` // right-aligned, sortable by Cell.Sort
}

// Row is one row of a table; Product is the family it is about, if any.
type Row struct {
	Product string `json:"product,omitempty"`
	Cells   []Cell `json:"cells"`
	Slot    string `json:"slot,omitempty"` // offer slot shown at the end of the row
}

// Cell is one cell of a table. An empty Text means that the feed does not say and
// is shown as a dash with the words "not stated".
type Cell struct {
	Text   string    `json:"text"`
	Claims []ClaimID `json:"claims,omitempty"`
	Slug   *string   `json:"slug,omitempty"` // internal link
	Sort   *float64  `json:"sort,omitempty"`
	Best   bool      `json:"best,omitempty"` // the best value of its column, marked in the table
}

// Fact is a label with a value: one line of a specification list.
type Fact struct {
	Label string `json:"label"`
	Value Cell   `json:"value"`
}

// ProductCard presents one product with a few facts and an offer.
type ProductCard struct {
	Product string     `json:"product"` // family key
	Name    string     `json:"name"`
	Badge   string     `json:"badge,omitempty"` // "Lowest price", "Most storage": must be backed by Claims
	Claims  []ClaimID  `json:"claims,omitempty"`
	Text    []Sentence `json:"text,omitempty"`
	Facts   []Fact     `json:"facts,omitempty"`
	Slug    *string    `json:"slug,omitempty"` // the product's own page, if it has one
	Slot    string     `json:"slot"`           // offer slot
}

// Comparison sets products side by side: one column each, one row per fact.
type Comparison struct {
	Caption  string              `json:"caption"`
	Products []ComparisonProduct `json:"products"`
	Rows     []ComparisonRow     `json:"rows"`
}

// ComparisonProduct heads one column of a Comparison.
type ComparisonProduct struct {
	Product string    `json:"product"`
	Name    string    `json:"name"`
	Claims  []ClaimID `json:"claims,omitempty"`
	Slug    *string   `json:"slug,omitempty"`
	Slot    string    `json:"slot"`
}

// ComparisonRow is one property over all products of a Comparison.
type ComparisonRow struct {
	Label string `json:"label"`
	Cells []Cell `json:"cells"`
}

// ProsCons lists what speaks for and against something, from evidence.
type ProsCons struct {
	Title string     `json:"title,omitempty"`
	Pros  []Sentence `json:"pros"`
	Cons  []Sentence `json:"cons"`
}

// FAQ is a list of questions with answers.
type FAQ struct {
	Items []QA `json:"items"`
}

// QA is one question with its answer.
type QA struct {
	Anchor   string     `json:"anchor"`
	Question Sentence   `json:"question"`
	Answer   []Sentence `json:"answer"`
}

// CTA is a call to action: an offer slot.
type CTA struct {
	Product string `json:"product"` // family key
	Name    string `json:"name"`
	Slot    string `json:"slot"`
}

// FigureKind says how a figure is drawn.
type FigureKind string

// The kinds of figure.
const (
	FigureHistogram FigureKind = "histogram" // Bars are adjacent ranges
	FigureBars      FigureKind = "bars"      // horizontal bars, one for each thing
	FigurePosition  FigureKind = "position"  // where one value lies between the least and the most
)

// Figure is a chart that the theme draws as SVG. The site makes it from its own
// figures, so it needs no image rights.
type Figure struct {
	Kind    FigureKind `json:"kind"`
	Title   string     `json:"title"`
	Alt     string     `json:"alt"` // what a person who cannot see it should know
	Claims  []ClaimID  `json:"claims,omitempty"`
	Caption []Sentence `json:"caption,omitempty"`
	Bars    []Bar      `json:"bars"`
	// FigurePosition: Min and Max are the ends of the scale, Mark is the median.
	Min  *Bar `json:"min,omitempty"`
	Max  *Bar `json:"max,omitempty"`
	Mark *Bar `json:"mark,omitempty"`
}

// Bar is one value of a figure. Text is the value as shown.
type Bar struct {
	Label     string    `json:"label"`
	Value     float64   `json:"value"`
	Text      string    `json:"text"`
	Claims    []ClaimID `json:"claims,omitempty"`
	Highlight bool      `json:"highlight,omitempty"`
}

// Offer is an affiliate link in one slot of one page.
type Offer struct {
	Slot         string     `json:"slot"`
	Product      string     `json:"product"` // family key
	RowKey       string     `json:"row_key"` // the feed row that is linked
	FeedID       FeedID     `json:"feed_id"`
	ProgramID    ProgramID  `json:"program_id"`
	MerchantName string     `json:"merchant_name"`
	LinkID       LinkID     `json:"link_id,omitempty"`
	URL          string     `json:"url"`              // with sub-id: absolute, or /go/… of the website
	Target       string     `json:"target,omitempty"` // of /go/…: the host that it led to when the page was made
	SubID        string     `json:"sub_id"`           // unique for site, page and slot; at most 50 characters
	Price        *Money     `json:"price,omitempty"`
	PriceAt      *time.Time `json:"price_at,omitempty"`
	PriceText    string     `json:"price_text,omitempty"`
	// Lower is the least price of the product, if it is below Price: at a merchant that
	// is not linked. The page may speak of it, so the offer says where it stands.
	Lower        string       `json:"lower,omitempty"`
	LowerAt      string       `json:"lower_at,omitempty"` // the merchant
	LowerSoldOut bool         `json:"lower_sold_out,omitempty"`
	Claims       []ClaimID    `json:"claims,omitempty"`
	Reason       string       `json:"reason"` // why this program was chosen
	Alternatives []OfferScore `json:"alternatives,omitempty"`
}

// OfferScore says how one program did in the choice for a slot.
type OfferScore struct {
	ProgramID    ProgramID `json:"program_id"`
	MerchantName string    `json:"merchant_name"`
	RowKey       string    `json:"row_key"`
	// ExpectedMinor is price × commission in minor units; nil if one is unknown.
	ExpectedMinor *int64 `json:"expected_minor"`
	Excluded      string `json:"excluded,omitempty"` // why it could not be taken
}
