package domain

import (
	"cmp"
	"strings"
	"time"
)

// Change compares a figure with that of the time before.
type Change struct {
	Absolute int
	Share    *float64 // of the figure before; 0.1 is ten percent more; nil: it was 0
}

// ChangeOf returns the change from before to now.
func ChangeOf(now, before int) Change {
	c := Change{Absolute: now - before}
	if before != 0 {
		share := float64(now-before) / float64(before)
		c.Share = &share
	}
	return c
}

// TrafficChange is the change of each figure.
type TrafficChange struct{ Views, Visitors, Sessions, Clicks Change }

// Since returns the change from before; nil if before is.
func (c TrafficCount) Since(before *TrafficCount) *TrafficChange {
	if before == nil {
		return nil
	}
	return &TrafficChange{
		Views: ChangeOf(c.Views, before.Views), Visitors: ChangeOf(c.Visitors, before.Visitors),
		Sessions: ChangeOf(c.Sessions, before.Sessions), Clicks: ChangeOf(c.Clicks, before.Clicks),
	}
}

// ClickRate returns clicks per view; nil without a view.
func (c TrafficCount) ClickRate() *float64 {
	if c.Views == 0 {
		return nil
	}
	rate := float64(c.Clicks) / float64(c.Views)
	return &rate
}

// Add adds the figures of o.
func (c *TrafficCount) Add(o TrafficCount) {
	c.Views += o.Views
	c.Visitors += o.Visitors
	c.Sessions += o.Sessions
	c.Clicks += o.Clicks
}

// WebsiteTraffic is what people did on one website of a portfolio.
type WebsiteTraffic struct {
	WebsiteID WebsiteID
	Domain    string
	Title     string
	State     WebsiteState
	CreatedAt time.Time
	People    TrafficCount
	Before    *TrafficCount // nil: not known, such as of a website that is younger
	Bots, Own TrafficCount
}

// PortfolioTraffic is what happened on all websites of a tenant.
type PortfolioTraffic struct {
	Period    string // empty: the time was given
	From, To  time.Time
	Step      time.Duration // of the series
	Websites  int           // that there are
	Visited   int           // of these, that people looked at
	People    TrafficCount
	Before    *TrafficCount // nil: not known
	Bots, Own TrafficCount
	Series    []TrafficPoint
	Top       []WebsiteTraffic // with the most views, MaxTop at most
	Falling   []WebsiteTraffic // that lost the most views against the time before, MaxTop at most
}

// MaxTop is how many websites stand at the top of a portfolio report.
const MaxTop = 10

// TrafficSort is an order of websites in a portfolio report.
type TrafficSort string

// The orders: the greatest first, falling with the greatest loss of views first.
const (
	SortViews    TrafficSort = "views"
	SortVisitors TrafficSort = "visitors"
	SortSessions TrafficSort = "sessions"
	SortClicks   TrafficSort = "clicks"
	SortFalling  TrafficSort = "falling"
)

// Valid reports whether there is such an order.
func (s TrafficSort) Valid() bool {
	switch s {
	case SortViews, SortVisitors, SortSessions, SortClicks, SortFalling:
		return true
	}
	return false
}

// Compare orders two websites; equal ones by id.
func (s TrafficSort) Compare(a, b *WebsiteTraffic) int {
	return cmp.Or(cmp.Compare(s.rank(b), s.rank(a)), strings.Compare(string(a.WebsiteID), string(b.WebsiteID)))
}

func (s TrafficSort) rank(w *WebsiteTraffic) int {
	switch s {
	case SortVisitors:
		return w.People.Visitors
	case SortSessions:
		return w.People.Sessions
	case SortClicks:
		return w.People.Clicks
	case SortFalling:
		return w.Lost()
	}
	return w.People.Views
}

// Lost returns how many views fewer there were than before; negative: more. Without a
// time before it is nothing.
func (w *WebsiteTraffic) Lost() int {
	if w.Before == nil {
		return 0
	}
	return w.Before.Views - w.People.Views
}

// PageTraffic is what people did on a page of one of the websites.
type PageTraffic struct {
	WebsiteID WebsiteID
	TrafficPage
}

// PageCursor is the last page of a window of pages, which come by website and path.
type PageCursor struct {
	WebsiteID WebsiteID
	Path      string
}

// String is the inverse of ParsePageCursor.
func (c PageCursor) String() string {
	if c == (PageCursor{}) {
		return ""
	}
	return string(c.WebsiteID) + c.Path
}

// ParsePageCursor reads what String made: website and path, which begins with a slash.
// Anything else is a CodeInvalid error.
func ParsePageCursor(text string) (PageCursor, error) {
	if text == "" {
		return PageCursor{}, nil
	}
	i := strings.IndexAny(text, "/(") // "(other)" is the path of all further ones
	if i <= 0 {
		return PageCursor{}, Invalid("cursor", "This is no cursor of a list of pages.")
	}
	return PageCursor{WebsiteID(text[:i]), text[i:]}, nil
}

// ProgramTraffic is how often people followed links of one affiliate program.
type ProgramTraffic struct {
	Network      string
	AdvertiserID string
	ProgramID    ProgramID // empty: it is not known
	Name         string    // empty: it is not known
	Clicks       int
	Before       *int // nil: not known
	Websites     int  // on which they did
}

// TrafficFigures are the figures of all websites of a tenant in a span.
type TrafficFigures struct {
	Sums   []TrafficSum   // of each website and class that did something, in no order
	Series []TrafficPoint // of people, with a point for every step
}

// TrafficSum is what one class did on one website.
type TrafficSum struct {
	WebsiteID WebsiteID
	Class     HitClass
	TrafficCount
}
