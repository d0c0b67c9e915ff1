package research

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"empire/internal/domain"
)

// Source finds pages on a topic.
type Source interface {
	// Name says in reports where an address came from: searxng, sitemap, feed, list,
	// portfolio.
	Name() string
	// Find returns addresses, the best first. What it cannot read is an error that a
	// user may see.
	Find(ctx context.Context, q Query) ([]Hit, error)
}

// Query is what a source is asked for.
type Query struct {
	Text     string // search phrase
	Topic    string
	Language string // en or de
	Limit    int    // of hits
	Tenant   domain.TenantID
}

// Hit is an address that a source found.
type Hit struct {
	URL       string
	Title     string
	Snippet   string
	Published *time.Time
	// Page is the page itself, of the operator's own portfolio; nil: it is to be
	// fetched.
	Page *domain.FetchedPage
}

// RegistrableDomain returns the part of an address's host that somebody registered,
// by the public suffix list; for an address of a machine or a bare name, host and
// port.
func RegistrableDomain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		if p := u.Port(); p != "" {
			return net.JoinHostPort(host, p)
		}
		return host
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return d
}

// tracking are parameters that do not change what an address shows.
var tracking = []string{"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid", "msclkid", "mc_cid", "mc_eid"}

// canonical returns an address in the form in which two that are the same are equal;
// empty for one that cannot be fetched.
func canonical(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > 2000 {
		return ""
	}
	u.Fragment, u.RawFragment = "", ""
	u.Host = strings.ToLower(u.Host)
	if u.Path == "" {
		u.Path = "/"
	}
	if u.RawQuery != "" {
		q := u.Query()
		for name := range q {
			if slices.Contains(tracking, strings.ToLower(name)) {
				q.Del(name)
			}
		}
		u.RawQuery = q.Encode()
	}
	return u.String()
}
