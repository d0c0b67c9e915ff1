package domain

import "time"

// Feed is one source of products, usually one advertiser's product feed.
type Feed struct {
	ID       FeedID `json:"id"`
	Name     string `json:"name"`   // unique; the file name without directories by default
	Source   string `json:"source"` // file name or redacted URL
	Language string `json:"language"`
	Rows     int    `json:"rows"` // products currently held
	// ReadAt is when the last complete import began: every row that the feed holds was
	// in it. Nil before the first.
	ReadAt    *time.Time `json:"read_at"`
	LastState string     `json:"last_state"` // complete, partial, refused; empty before the first import
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// Product is one row of a feed, cleaned. Strings are plain UTF-8 text without
// markup. A nil pointer means that the feed does not say.
type Product struct {
	FeedID       FeedID      `json:"feed_id"`
	Key          string      `json:"key"` // row key within the feed (aw_product_id)
	MerchantKey  string      `json:"merchant_key,omitempty"`
	MerchantID   string      `json:"merchant_id,omitempty"` // the network's advertiser id
	MerchantName string      `json:"merchant_name,omitempty"`
	Name         string      `json:"name"`
	Brand        string      `json:"brand,omitempty"`
	Category     string      `json:"category,omitempty"`      // the most specific category
	CategoryPath string      `json:"category_path,omitempty"` // "A > B > C"
	Description  string      `json:"description,omitempty"`   // the merchant's words: never published
	ImageURL     string      `json:"image_url,omitempty"`
	TrackingURL  string      `json:"tracking_url,omitempty"` // the network's click link, without sub-id
	MerchantURL  string      `json:"merchant_url,omitempty"`
	Price        *Money      `json:"price,omitempty"`
	ListPrice    *Money      `json:"list_price,omitempty"` // rrp_price; shown only where price law allows
	DeliveryCost *Money      `json:"delivery_cost,omitempty"`
	InStock      *bool       `json:"in_stock,omitempty"`
	EAN          string      `json:"ean,omitempty"`
	MPN          string      `json:"mpn,omitempty"`
	ParentKey    string      `json:"parent_key,omitempty"` // merchant_key of the product that this row is a variant of
	Kind         string      `json:"kind,omitempty"`       // product_type as the feed has it
	Colour       string      `json:"colour,omitempty"`
	Condition    string      `json:"condition,omitempty"`
	Language     string      `json:"language,omitempty"`
	Attributes   []Attribute `json:"attributes,omitempty"`
	SourceTime   *time.Time  `json:"source_time,omitempty"` // last_updated of the row
	ReadAt       time.Time   `json:"read_at"`               // when the feed was read
	Hash         string      `json:"hash"`                  // SHA-256 over the cleaned row, hex
	// Fields holds, by feed column, the cleaned text of each field that a claim may
	// cite; the typed fields above were parsed from it.
	Fields map[string]string `json:"fields,omitempty"`
}

// AttributeKind is the type of an attribute's value.
type AttributeKind string

// The kinds of attribute.
const (
	AttributeNumber AttributeKind = "number" // Number and Unit
	AttributeText   AttributeKind = "text"   // Text, one of few values: a colour, a panel type
	AttributeFlag   AttributeKind = "flag"   // Flag
	AttributeList   AttributeKind = "list"   // List: several texts
	AttributeSize   AttributeKind = "size"   // Numbers: width × height (× depth) in Unit
)

// Attribute is one typed property of a product with the place it came from.
type Attribute struct {
	Name    string        `json:"name"` // canonical, snake_case: screen_size, wattage, colour
	Kind    AttributeKind `json:"kind"`
	Number  float64       `json:"number,omitempty"`
	Numbers []float64     `json:"numbers,omitempty"`
	Unit    string        `json:"unit,omitempty"` // SI or customary symbol: W, GB, in, Hz, ms, mm, "" for counts
	Text    string        `json:"text,omitempty"`
	Flag    bool          `json:"flag,omitempty"`
	List    []string      `json:"list,omitempty"`
	Field   string        `json:"field"`             // feed column: specifications, product_name, description, …
	Raw     string        `json:"raw"`               // verbatim substring of that field
	RowKey  string        `json:"row_key,omitempty"` // the row, once rows are grouped to a Family
}

// Family is what a reader calls one product: all rows (sizes, colours, merchants)
// that sell the same thing.
type Family struct {
	Key        string      `json:"key"` // stable across imports of the same data
	Name       string      `json:"name"`
	NameFrom   []string    `json:"name_from,omitempty"` // attributes whose values Name ends with in parentheses
	Brand      string      `json:"brand,omitempty"`
	Category   string      `json:"category,omitempty"`
	Variants   []Product   `json:"variants"`   // what is not sold out by price, then what is, then rows without a price
	Attributes []Attribute `json:"attributes"` // merged; Field, Raw and RowKey say from where
	// PriceMin and PriceMax are of what can be bought; if all is sold out, of all.
	PriceMin *Money `json:"price_min,omitempty"`
	PriceMax *Money `json:"price_max,omitempty"`
	// History is how the price of Lead changed, if that was recorded long enough to be
	// told; see HistoryPoints.
	History *PriceHistory `json:"history,omitempty"`
}

// Attribute returns the attribute of that name, if the family has it.
func (f *Family) Attribute(name string) (Attribute, bool) {
	for _, a := range f.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// Lead returns the variant that stands for the family: the cheapest one that is not
// sold out, else the cheapest one with a price, else the first. It panics on a family without variants, which catalog
// never builds.
func (f *Family) Lead() *Product { return &f.Variants[0] }

// Program is one affiliate program of one advertiser.
type Program struct {
	ID           ProgramID `json:"id"`
	Network      string    `json:"network"`       // awin
	AdvertiserID string    `json:"advertiser_id"` // Product.MerchantID
	Name         string    `json:"name"`
	Joined       bool      `json:"joined"`
	Open         bool      `json:"open"` // false: closed or paused by the advertiser
	// CommissionBasisPoints is the share of the order value in hundredths of a
	// percent; nil means unknown.
	CommissionBasisPoints *int   `json:"commission_basis_points"`
	CommissionFixed       *Money `json:"commission_fixed,omitempty"`
	// EPC is what the network says that 100 clicks earned; nil means unknown.
	EPC        *Money `json:"epc,omitempty"`
	CookieDays *int   `json:"cookie_days,omitempty"`
	// LinkWay is how pages may lead to the merchant; empty: as the installation does.
	LinkWay   LinkWay  `json:"link_way,omitempty"`
	DeepLinks bool     `json:"deep_links"`
	Domains   []string `json:"domains,omitempty"` // hosts that deep links may lead to
	// Traffic is how many visitors the advertiser asks for; empty: it asks for none, or
	// does not say. Sectors are what it sells, in its network's words.
	Traffic   TrafficLevel `json:"traffic_requirements,omitempty"`
	Sectors   []string     `json:"sectors,omitempty"`
	Source    string       `json:"source"` // programs file, or "feed" when only seen in a feed
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// Keyword is a search phrase with its demand, as a keyword tool exported it.
type Keyword struct {
	Phrase          string `json:"phrase"`
	Language        string `json:"language"`
	MonthlySearches *int   `json:"monthly_searches"` // nil: unknown
	Source          string `json:"source"`
}

// ImportReport says what an import of a feed did. Status is complete (all rows
// were read), partial (the file broke off or rows were rejected beyond doubt) or
// refused (nothing was imported).
type ImportReport struct {
	Status    string         `json:"status"`
	FeedID    FeedID         `json:"feed_id,omitempty"`
	Feed      string         `json:"feed"`
	RowsRead  int            `json:"rows_read"`
	Imported  int            `json:"imported"` // new rows
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	Rejected  int            `json:"rejected"`
	Removed   int            `json:"removed"` // held before, absent from a complete feed
	Reasons   map[string]int `json:"reasons"` // rejected rows and repaired fields by reason
	// Samples names the first rejected rows, at most a few for each reason.
	Samples    []RowProblem  `json:"samples,omitempty"`
	Error      string        `json:"error,omitempty"` // why it is partial or refused
	DurationMS int64         `json:"duration_ms"`
	Duration   time.Duration `json:"-"`
}

// RowProblem is one row or field that an import rejected or repaired.
type RowProblem struct {
	Line   int    `json:"line"` // 1-based line in the decompressed file
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// The values of ImportReport.Status.
const (
	ImportComplete = "complete"
	ImportPartial  = "partial"
	ImportRefused  = "refused"
)
