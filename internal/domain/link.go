package domain

import (
	"crypto/sha256"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LinkID identifies a link of the registry: link_….
type LinkID string

// LinkState says whether a link may be used.
type LinkState string

// The states of a link. Pages that are built from now on use active links alone; the
// redirect of the edge answers for the others that the offer is not available.
const (
	LinkActive LinkState = "active"
	LinkPaused LinkState = "paused" // for now: nobody is led there
	LinkDead   LinkState = "dead"   // what it led to is not there any more
	LinkClosed LinkState = "closed" // the program has ended
)

// Valid reports whether s is a state.
func (s LinkState) Valid() bool {
	return s == LinkActive || s == LinkPaused || s == LinkDead || s == LinkClosed
}

// LinkForm says how the address of a link is made; see Link.Address.
type LinkForm string

// The forms.
const (
	FormDeep      LinkForm = "awin"        // AWIN's deep link to a page of the merchant
	FormClick     LinkForm = "awin_click"  // an address of AWIN itself, as product feeds hold it
	FormDigistore LinkForm = "digistore24" // a promo link of Digistore24
	FormPlain     LinkForm = "plain"       // as it is: nothing is added
)

// Valid reports whether f is a form.
func (f LinkForm) Valid() bool {
	return f == FormDeep || f == FormClick || f == FormDigistore || f == FormPlain
}

// LinkWay says how a page leads to a merchant.
type LinkWay string

// The ways. The empty one leaves it to the program, then to the configuration.
const (
	WayDirect   LinkWay = "direct"   // the page holds the address of the network
	WayRedirect LinkWay = "redirect" // the page holds /go/…, and the edge leads on
)

// Valid reports whether w is a way or none.
func (w LinkWay) Valid() bool { return w == "" || w == WayDirect || w == WayRedirect }

// Link is one target of affiliate links. Pages refer to it, so that a change of it
// changes them all: where the page holds /go/… at once, else with the next build.
type Link struct {
	ID        LinkID    `json:"id"`
	Tenant    TenantID  `json:"tenant"`
	WebsiteID WebsiteID `json:"website_id,omitempty"` // empty: of all websites of the tenant
	// Slug is its name in /go/SLUG. It never changes, because old pages hold it.
	Slug         string    `json:"slug"`
	ProgramID    ProgramID `json:"program_id,omitempty"`
	Network      string    `json:"network"` // awin, digistore24, amazon, …
	AdvertiserID string    `json:"advertiser_id,omitempty"`
	Merchant     string    `json:"merchant"` // as readers know it
	Form         LinkForm  `json:"form"`
	Destination  string    `json:"destination"` // what Form makes the address of
	// PublisherID is who is paid; empty: the publisher id of the website's operator.
	PublisherID string    `json:"publisher_id,omitempty"`
	Way         LinkWay   `json:"way,omitempty"`
	State       LinkState `json:"state"`
	Note        string    `json:"note,omitempty"`
	// WithProgram says that it was closed because its program was: it opens with it.
	WithProgram bool `json:"with_program,omitempty"`
	// Instead is the link that readers are led to while this one is not active; empty:
	// none. InsteadName names its product if that is another one: then readers are told.
	Instead     LinkID `json:"instead,omitempty"`
	InsteadName string `json:"instead_name,omitempty"`
	// Own says that a person has decided where it leads: imports leave that alone.
	Own       bool      `json:"own"`
	FeedID    FeedID    `json:"feed_id,omitempty"` // the row that it was made from
	RowKey    string    `json:"row_key,omitempty"`
	Seq       int64     `json:"seq"` // grows with every change, over all links
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// MaxLinkText bounds addresses and notes of links, in bytes.
const MaxLinkText = 2000

// LinkIDOf returns the identifier of the link to what a merchant sells under a row of
// a feed. Equal arguments give an equal one; an empty website stands for all.
func LinkIDOf(tenant TenantID, website WebsiteID, network, advertiserID, rowKey string) LinkID {
	return "link_" + LinkID(linkHash(string(tenant.OrDefault()), string(website), network, advertiserID, rowKey))
}

func linkHash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return idEncoding.EncodeToString(sum[:15])
}

// SlugOf returns the slug of a link that nobody has named.
func (id LinkID) SlugOf() string { return strings.ToLower(strings.TrimPrefix(string(id), "link_")) }

// Check brings a link into the form that it is kept in, and refuses one whose address
// could not be made.
func (l *Link) Check() error {
	l.Slug = strings.ToLower(strings.TrimSpace(l.Slug))
	if l.Slug == "" {
		l.Slug = l.ID.SlugOf()
	}
	l.Merchant, l.Note = strings.TrimSpace(l.Merchant), strings.TrimSpace(l.Note)
	if l.Network = strings.ToLower(strings.TrimSpace(l.Network)); l.Network == "" {
		l.Network = networkOf(l.Destination, l.Form)
	}
	switch {
	case !linkSlug(l.Slug):
		return Invalid("slug", "Slug %.70q is not one of small letters, digits and hyphens, at most 64 and with none at either end.", l.Slug)
	case !l.State.Valid():
		return Invalid("state", "State %.20q is not one of active, paused, dead and closed.", l.State)
	case !l.Form.Valid():
		return Invalid("form", "Form %.20q is not one of awin, awin_click, digistore24 and plain.", l.Form)
	case !l.Way.Valid():
		return Invalid("way", "Way %.20q is not one of direct and redirect.", l.Way)
	case !linkText(l.Merchant, MaxName) || l.Merchant == "":
		return Invalid("merchant", "A link needs the name of its merchant, of at most %d bytes without control characters.", MaxName)
	case !linkText(l.Note, MaxLinkText) || len(l.Destination) > MaxLinkText:
		return Invalid("note", "Note and destination have at most %d bytes without control characters.", MaxLinkText)
	case len(l.Network) > 40 || !linkSlug(l.Network):
		return Invalid("network", "Network %.50q is not a name such as awin or digistore24.", l.Network)
	}
	if err := l.normalize(); err != nil {
		return err
	}
	_, err := l.Address("probe", "1")
	return err
}

func linkSlug(s string) bool {
	return s != "" && len(s) <= 64 && s[0] != '-' && s[len(s)-1] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func linkText(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// networkOf guesses the network of a link from what it leads to.
func networkOf(destination string, f LinkForm) string {
	switch {
	case f == FormDigistore:
		return NetworkDigistore
	case f == FormDeep || f == FormClick:
		return NetworkAwin
	case AmazonHost(hostOf(destination)):
		return NetworkAmazon
	}
	return "other"
}

// The networks whose rules are known.
const (
	NetworkAwin      = "awin"
	NetworkDigistore = "digistore24"
	NetworkAmazon    = "amazon"
)

// WayOf decides how pages lead to a link: as the link says, else as its program does,
// else as the installation does. Amazon wants readers to see where a link leads
// (Associates program policies), so its links are always direct.
func WayOf(l *Link, program, installation LinkWay) LinkWay {
	if l.Network == NetworkAmazon || AmazonHost(hostOf(l.Destination)) {
		return WayDirect
	}
	for _, w := range []LinkWay{l.Way, program, installation} {
		if w != "" {
			return w
		}
	}
	return WayDirect
}

// LinkChange is one entry of the history of a link.
type LinkChange struct {
	LinkID LinkID    `json:"link_id"`
	At     time.Time `json:"at"`
	Actor  UserID    `json:"actor,omitempty"` // empty: an import or a run
	Field  string    `json:"field"`           // created, state, destination, form, way, publisher_id, merchant, note, …
	Before string    `json:"before"`
	After  string    `json:"after"`
}

// MaxLinkHistory is how many entries the history of one link keeps.
const MaxLinkHistory = 100

// LinkChanges returns what differs between two states of a link; a nil before is its
// creation.
func LinkChanges(before, after *Link, actor UserID, at time.Time) []LinkChange {
	if before == nil {
		return []LinkChange{{LinkID: after.ID, At: at, Actor: actor, Field: "created", After: after.Destination}}
	}
	var out []LinkChange
	for _, f := range []struct{ field, before, after string }{
		{"state", string(before.State), string(after.State)}, {"destination", before.Destination, after.Destination},
		{"form", string(before.Form), string(after.Form)}, {"way", string(before.Way), string(after.Way)},
		{"publisher_id", before.PublisherID, after.PublisherID}, {"advertiser_id", before.AdvertiserID, after.AdvertiserID},
		{"network", before.Network, after.Network}, {"program_id", string(before.ProgramID), string(after.ProgramID)},
		{"merchant", before.Merchant, after.Merchant}, {"note", before.Note, after.Note},
		{"instead", string(before.Instead), string(after.Instead)},
	} {
		if f.before != f.after {
			out = append(out, LinkChange{after.ID, at, actor, f.field, f.before, f.after})
		}
	}
	return out
}

// LinkFilter selects links; empty fields select all.
type LinkFilter struct {
	Tenant    TenantID
	WebsiteID WebsiteID // with those that belong to no website
	State     LinkState
	Network   string
	Query     string // part of merchant, destination or slug, in any case
}

// LinkParams are a new link.
type LinkParams struct {
	WebsiteID    WebsiteID
	Slug         string
	ProgramID    ProgramID
	Network      string
	AdvertiserID string
	Merchant     string
	Form         LinkForm
	Destination  string
	PublisherID  string
	Way          LinkWay
	State        LinkState // empty: active
	Note         string
	RowKey       string // the feed row that it stands for: it takes the place of the link that builds make
}

// LinkPatch is a change of a link. What is nil stays as it is.
type LinkPatch struct {
	ProgramID    *ProgramID
	Network      *string
	AdvertiserID *string
	Merchant     *string
	Form         *LinkForm
	Destination  *string
	PublisherID  *string
	Way          *LinkWay
	State        *LinkState
	Note         *string
}

// LinkImport is what an import of links did.
type LinkImport struct {
	Read     int          `json:"read"`
	Created  int          `json:"created"`
	Updated  int          `json:"updated"`
	Same     int          `json:"same"`
	Problems []RowProblem `json:"problems"`
}
