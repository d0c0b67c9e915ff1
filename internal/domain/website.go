package domain

import (
	"encoding/json"
	"strings"
	"time"
)

// WebsiteState says where a website stands.
type WebsiteState string

// The states of a website.
const (
	WebsiteDraft    WebsiteState = "draft"    // nothing published yet
	WebsiteLive     WebsiteState = "live"     // LiveRelease is served
	WebsiteArchived WebsiteState = "archived" // kept, not served
)

// Website is one site of the portfolio.
type Website struct {
	ID       WebsiteID    `json:"id"`
	Tenant   TenantID     `json:"tenant"`
	Name     string       `json:"name"`   // host label: NAME.localhost on the local edge; unique
	Domain   string       `json:"domain"` // lower-case host name, IDN as punycode; unique
	Niche    string       `json:"niche"`
	Language string       `json:"language"` // en or de
	Title    string       `json:"title"`
	State    WebsiteState `json:"state"`
	FeedIDs  []FeedID     `json:"feed_ids"`
	// LiveRelease is the release that edges serve; empty for none. PointerSeq grows
	// with every change of it, so that edges can ask for what changed since.
	LiveRelease ReleaseID `json:"live_release"`
	PointerSeq  int64     `json:"pointer_seq"`
	Operator    Operator  `json:"operator"`
	NoAnalytics bool      `json:"no_analytics,omitempty"` // its pages count no visits
	// PagePolicy is what a page that a gate refuses means; empty: as the configuration says.
	PagePolicy PagePolicy `json:"page_policy,omitempty"`
	OwnerID    UserID     `json:"owner_id"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

// Operator is who answers for a site: the fields that the law wants on the legal
// notice (DDG § 5, MStV § 18) and the publisher account for links.
type Operator struct {
	Name        string `json:"name" koanf:"name"`
	Street      string `json:"street" koanf:"street"`
	PostalCode  string `json:"postal_code" koanf:"postal_code"`
	City        string `json:"city" koanf:"city"`
	Country     string `json:"country" koanf:"country"`
	Email       string `json:"email" koanf:"email"`
	Phone       string `json:"phone" koanf:"phone"` // or ContactURL: the law wants a second quick way
	ContactURL  string `json:"contact_url" koanf:"contact_url"`
	Register    string `json:"register" koanf:"register"`         // commercial register and number, if any
	VATID       string `json:"vat_id" koanf:"vat_id"`             // if any
	Responsible string `json:"responsible" koanf:"responsible"`   // person responsible for editorial content
	PublisherID string `json:"publisher_id" koanf:"publisher_id"` // AWIN publisher id for links that are built, not taken from a feed
	Sample      bool   `json:"sample" koanf:"sample"`             // demonstration data: marked on every legal page
}

// Missing returns the names of required fields that are empty.
func (o Operator) Missing() []string {
	var out []string
	for _, f := range []struct{ name, value string }{
		{"name", o.Name}, {"street", o.Street}, {"postal_code", o.PostalCode}, {"city", o.City},
		{"country", o.Country}, {"email", o.Email}, {"phone or contact_url", o.Phone + o.ContactURL},
		{"responsible", o.Responsible},
	} {
		if strings.TrimSpace(f.value) == "" {
			out = append(out, f.name)
		}
	}
	return out
}

// germanNames are the countries that operators of German sites live in, and what sample
// data say.
var germanNames = map[string]string{
	"Germany": "Deutschland", "Austria": "Österreich", "Switzerland": "Schweiz", "Liechtenstein": "Liechtenstein", "Luxembourg": "Luxemburg",
	"Sample Operator (replace before publishing)": "Muster-Betreiber (vor der Veröffentlichung ersetzen)",
	"Sample Editor (replace before publishing)":   "Muster-Redaktion (vor der Veröffentlichung ersetzen)",
	"Example Street 1":                            "Musterstraße 1", "Sampletown": "Musterstadt",
}

// In returns the operator as pages in a language name it: a country, and sample data, in
// that language. All else is as it was stated.
func (o Operator) In(language string) Operator {
	if language != "de" {
		return o
	}
	in := func(s string) string {
		if t, ok := germanNames[s]; ok {
			return t
		}
		return s
	}
	o.Country = in(o.Country)
	if o.Sample {
		o.Name, o.Street, o.City, o.Responsible = in(o.Name), in(o.Street), in(o.City), in(o.Responsible)
	}
	return o
}

// ValidateDomain checks a host name as a site address and returns it in lower
// case. It accepts at least two labels of letters, digits and hyphens (RFC 1123);
// names in other scripts must come as punycode.
func ValidateDomain(s string) (string, error) {
	d := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), "."))
	if d == "" {
		return "", Invalid("domain", "A domain is needed, such as keyboards.example.")
	}
	if len(d) > 253 {
		return "", Invalid("domain", "Domain %.40q… is longer than 253 characters.", d)
	}
	labels := strings.Split(d, ".")
	if len(labels) < 2 {
		return "", Invalid("domain", "Domain %q needs at least two parts, such as keyboards.example.", d)
	}
	for _, l := range labels {
		switch {
		case l == "" || len(l) > 63:
			return "", Invalid("domain", "Domain %q has an empty or over-long part.", d)
		case l[0] == '-' || l[len(l)-1] == '-':
			return "", Invalid("domain", "Domain %q has a part that starts or ends with a hyphen.", d)
		case strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return "", Invalid("domain", "Domain %q has characters other than letters, digits and hyphens; write international names as punycode.", d)
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", Invalid("domain", "Domain %q looks like an IP address.", d)
	}
	return d, nil
}

// ValidateName checks a host label: letters, digits and hyphens, at most 63, in
// lower case.
func ValidateName(s string) error {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return Invalid("name", "Name %.70q is not a host label: up to 63 small letters, digits and hyphens, and no hyphen at either end.", s)
	}
	return nil
}

// SitePlan is the structure of a site before it is written.
type SitePlan struct {
	Niche    string     `json:"niche"`
	Language string     `json:"language"`
	Title    string     `json:"title"` // site name
	Tagline  string     `json:"tagline"`
	Noun     NicheNoun  `json:"noun"`
	Pages    []PlanPage `json:"pages"`
	Warnings []string   `json:"warnings,omitempty"`
	// Angle is what the site makes most of. Plans of earlier versions have none.
	Angle SiteAngle `json:"angle,omitzero"`
	// Taken are keywords that pages of other websites of the tenant are for; no page of
	// this one is.
	Taken []TakenKeyword `json:"taken_keywords,omitempty"`
}

// SiteAngle is what a site makes most of, chosen by its seed among what the data carry:
// two sites about one market have other lists, other tables and another order.
type SiteAngle struct {
	Kind  AngleKind `json:"kind"`
	Leads []string  `json:"leads,omitempty"` // attributes that come first, by name
}

// AngleKind says where a site begins.
type AngleKind string

// The kinds of angles.
const (
	AngleBudget   AngleKind = "budget"   // what the money buys
	AngleProperty AngleKind = "property" // what can be measured
	AngleUse      AngleKind = "use"      // what is a matter of need
	AngleGaps     AngleKind = "gaps"     // what products state, and what they do not
)

// NicheNoun is how texts call the products of a niche.
type NicheNoun struct {
	Singular string `json:"singular"` // "mechanical keyboard"
	Plural   string `json:"plural"`   // "mechanical keyboards"
}

// PlanPage is one planned page.
type PlanPage struct {
	Kind     PageKind `json:"kind"`
	Slug     string   `json:"slug"`
	Title    string   `json:"title"`
	NavLabel string   `json:"nav_label"`
	Intent   string   `json:"intent"` // the question that the page answers
	Keyword  string   `json:"keyword,omitempty"`
	Products []string `json:"products,omitempty"` // family keys
	Facet    *Facet   `json:"facet,omitempty"`    // what the products of a best-for page share
}

// Facet is a property that selects a part of a market.
type Facet struct {
	Attribute string   `json:"attribute"` // attribute name, or "price"
	Op        string   `json:"op"`        // eq, in, has, le, ge, between
	Text      string   `json:"text,omitempty"`
	Flag      bool     `json:"flag,omitempty"`
	Low       *float64 `json:"low,omitempty"`
	High      *float64 `json:"high,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Label     string   `json:"label"` // "wireless", "under $50"
}

// Draft is a site between two steps of a run: all its pages and their evidence.
// Drafts are stored by content and never changed.
type Draft struct {
	Website  Website    `json:"website"`
	Plan     SitePlan   `json:"plan"`
	Pages    []Page     `json:"pages"`
	Evidence []Evidence `json:"evidence"` // sorted by ID, each once
	Feeds    []Feed     `json:"feeds"`
	Programs []Program  `json:"programs,omitempty"`
	Design   *Design    `json:"design,omitempty"` // the operator's choices for the look
	BuiltAt  time.Time  `json:"built_at"`         // the clock of the run, not of the build
}

// Market is what a scan found in the feeds for a niche: the input of all later
// steps, stored by content so that a feed import during a run changes nothing.
type Market struct {
	Niche    string    `json:"niche"`
	Language string    `json:"language"`
	Noun     NicheNoun `json:"noun"`
	Families []Family  `json:"families"` // ordered by key; with a price, unless the market is priceless
	Unpriced int       `json:"unpriced"` // families left out because no row has a price
	// Priceless says that no row of the niche has a price: its site compares what else
	// is known, and nothing can be offered.
	Priceless bool       `json:"priceless,omitempty"`
	RowCount  int        `json:"row_count"`
	Match     NicheMatch `json:"match"`
	Feeds     []Feed     `json:"feeds"`
	Programs  []Program  `json:"programs"`
	Keywords  []Keyword  `json:"keywords"`
	At        time.Time  `json:"at"`
}

// NicheMatch explains how products were chosen for a niche.
type NicheMatch struct {
	Head       string   `json:"head"`      // the noun that products must be
	Modifiers  []string `json:"modifiers"` // words that narrow it
	Categories []string `json:"categories,omitempty"`
	Method     string   `json:"method"` // category, name
	Notes      []string `json:"notes,omitempty"`
}

// RegisterParams name a website that is to be kept without building it yet.
type RegisterParams struct {
	Name     string // host label; empty: one is made from the domain
	Domain   string
	Niche    string
	Language string // en or de; empty: en
	Title    string
}

// WebsitePatch is a change of a website. What is nil stays as it is.
type WebsitePatch struct {
	Title   *string
	Niche   *string
	State   *WebsiteState
	FeedIDs *[]FeedID
	// Analytics is whether pages that are built from now on count visits.
	Analytics *bool
	// PagePolicy takes effect with the next build; empty: as the configuration says.
	PagePolicy *PagePolicy
	// Operator is a JSON object with the fields of Operator to set; others stay.
	Operator json.RawMessage
	// Seqs are the values of PointerSeq that the website may have, if there are any:
	// what the caller has seen. With another the change is CodePrecondition.
	Seqs []int64
}

// BulkAction is what can be done to many websites at once.
type BulkAction string

// The bulk actions.
const (
	BulkPublish  BulkAction = "publish" // the newest approved release
	BulkRollback BulkAction = "rollback"
	BulkArchive  BulkAction = "archive"
	BulkRebuild  BulkAction = "rebuild"
)

// MaxBulk is how many websites a bulk action may name while the caller waits; a batch
// takes more.
const MaxBulk = 1000

// BulkResult is how a bulk action went for one website: all of it, or none if Err
// is set.
type BulkResult struct {
	ID    WebsiteID
	RunID RunID // of a rebuild
	Err   error
}
