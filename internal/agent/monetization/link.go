package monetization

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"empire/internal/domain"
)

// clickRef is the link parameter that carries the sub-id; all lower case, or the
// network ignores it.
const clickRef = "clickref"

// maxSubID is how much of a click reference the network's reports show.
const maxSubID = 50

var subIDEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// SubID returns the click reference of a slot: a readable part from the page's slug
// and 100 bits of a hash over website, slug and slot. It holds only a-z, 0-9 and
// hyphens, is at most 50 characters long, and is the same in every rebuild.
func SubID(website domain.WebsiteID, slug, slot string) string {
	sum := sha256.Sum256([]byte(string(website) + "\x00" + slug + "\x00" + slot))
	hash := subIDEncoding.EncodeToString(sum[:])[:20]
	var b strings.Builder
	for _, r := range strings.ToLower(slug) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxSubID-21 {
			break
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" {
		name = "home"
	}
	return name + "-" + hash
}

// link returns the tracked link of a candidate with the sub-id: the feed's own click
// link, or a deep link if there is none and the program allows it. The error says
// why there is no link.
func (p *plan) link(c *candidate, subID string) (string, error) {
	if c.row.TrackingURL != "" {
		return trackedURL(c.row.TrackingURL, subID)
	}
	return deepLink(c.program, p.in.Draft.Website.Operator.PublisherID, c.row.MerchantURL, subID)
}

// trackedURL adds the sub-id to a click link. An earlier click reference is
// replaced. What is encoded already stays as it is; what must be and is not is
// encoded once.
func trackedURL(raw, subID string) (string, error) {
	u, err := webURL(raw)
	if err != nil {
		return "", fmt.Errorf("the tracking link is unusable: %w", err)
	}
	var pairs []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if pair != "" && !strings.EqualFold(key, clickRef) {
			pairs = append(pairs, encodeOnce(pair))
		}
	}
	u.RawQuery = strings.Join(append(pairs, clickRef+"="+url.QueryEscape(subID)), "&")
	return u.String(), nil
}

// deepLink builds a click link to a page of the merchant.
func deepLink(pr *domain.Program, publisherID, destination, subID string) (string, error) {
	switch {
	case !pr.DeepLinks:
		return "", errors.New("there is no tracking link and the program allows no deep links")
	case !digits(publisherID):
		return "", errors.New("there is no tracking link and the operator has no publisher id")
	case !digits(pr.AdvertiserID):
		return "", errors.New("the program has no numeric advertiser id")
	}
	u, err := webURL(destination)
	if err != nil {
		return "", fmt.Errorf("the merchant's address is unusable: %w", err)
	}
	if !allowedHost(u.Hostname(), pr.Domains) {
		return "", fmt.Errorf("host %s is not one of the program's domains", u.Hostname())
	}
	return "https://www.awin1.com/cread.php?awinmid=" + pr.AdvertiserID + "&awinaffid=" + publisherID +
		"&" + clickRef + "=" + url.QueryEscape(subID) + "&ued=" + url.QueryEscape(u.String()), nil
}

// webURL parses an absolute http or https address without credentials.
func webURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return nil, errors.New("it cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("it is not an http or https address")
	case !plainHost(u.Hostname()) || u.User != nil || u.Opaque != "":
		return nil, errors.New("it names no plain host")
	}
	return u, nil
}

// plainHost reports whether s has only the characters of a host name.
func plainHost(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// encodeOnce percent-encodes what may not stand in a query and leaves encoded bytes
// alone (RFC 3986 §3.4).
func encodeOnce(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(c)
		case c > ' ' && c < 0x7f && !strings.ContainsRune("%\"<>\\^`{|}#'", rune(c)):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// allowedHost reports whether the host is one of a program's domains. An entry such
// as *.shop.example stands for the domain and all below it; www makes no difference.
func allowedHost(host string, domains []string) bool {
	host = strings.TrimPrefix(strings.ToLower(host), "www.")
	for _, d := range domains {
		d = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(d)), "https://"), "http://")
		d, _, _ = strings.Cut(d, "/")
		if base, wild := strings.CutPrefix(d, "*."); wild && base != "" {
			if host == base || strings.HasSuffix(host, "."+base) {
				return true
			}
		}
		if d = strings.TrimPrefix(d, "www."); d != "" && host == d {
			return true
		}
	}
	return false
}

// advertiserOf returns the advertiser's id: from the row, else from its click link
// (pclick.php has it as m, cread.php as awinmid).
func advertiserOf(row *domain.Product) string {
	if row.MerchantID != "" {
		return row.MerchantID
	}
	id, _ := linkIDs(row.TrackingURL)
	return id
}

// linkIDs reads advertiser and publisher from a click link of the network.
func linkIDs(raw string) (advertiser, publisher string) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", ""
	}
	q := u.Query()
	first := func(keys ...string) string {
		for _, k := range keys {
			if v := q.Get(k); digits(v) {
				return v
			}
		}
		return ""
	}
	return first("awinmid", "mid", "m", "v"), first("awinaffid", "a", "id", "r")
}
