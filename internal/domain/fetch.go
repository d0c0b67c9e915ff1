package domain

import "time"

// FetchedPage is what a server sent for an address.
type FetchedPage struct {
	URL         string // as asked for
	FinalURL    string // after redirects
	Status      int    // of the answer: 200 to 299
	ContentType string // the header's value
	Body        []byte // decompressed
	FetchedAt   time.Time
	Redirects   int
}

// FetchReason says why a page was not fetched.
type FetchReason string

// The reasons.
const (
	FetchBadURL      FetchReason = "bad_url"           // not http or https, with a credential, or without a host
	FetchPrivate     FetchReason = "private_address"   // it leads to an address that is not public
	FetchRobots      FetchReason = "robots_disallowed" // the site's robots.txt, or that it cannot be read now
	FetchDelay       FetchReason = "crawl_delay"       // the site asks for longer pauses than there is time for
	FetchRedirects   FetchReason = "too_many_redirects"
	FetchTooLarge    FetchReason = "too_large"
	FetchTimeout     FetchReason = "timeout" // also of an answer that only drips
	FetchStatus      FetchReason = "http_status"
	FetchType        FetchReason = "content_type" // not a kind of page that is read
	FetchUnreachable FetchReason = "unreachable"
	FetchBroken      FetchReason = "broken_answer" // it ended early, or its compression is damaged
	FetchReserved    FetchReason = "tdm_reserved"  // the site reserves text and data mining
	FetchNoText      FetchReason = "no_text"       // the page has no main text, such as one that scripts build
	FetchOffTopic    FetchReason = "off_topic"     // it is about something else
	FetchLanguage    FetchReason = "language"      // it is in another language
	FetchForeign     FetchReason = "foreign_host"  // it leads to a host that must not be asked
	FetchOutOfTime   FetchReason = "out_of_time"   // the time of the research was over
)

// FetchError is a page that was not fetched. Detail holds no part of the page.
type FetchError struct {
	URL    string
	Reason FetchReason
	Status int // of the answer, for FetchStatus
	Detail string
	Err    error
}

// Error says what happened.
func (e *FetchError) Error() string {
	s := "fetch " + e.URL + ": " + string(e.Reason)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }
