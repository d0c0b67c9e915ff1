package domain

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/url"
	"strings"
)

// MaxSubID is the most characters of a sub-id. AWIN's reports show 50 of a click
// reference; a campaign key of Digistore24 may have 127.
const MaxSubID = 50

// GoPrefix begins the paths at which edges lead on to merchants.
const GoPrefix = "/go/"

// GoPath returns the path that leads to a link of the registry from a slot of a page.
// Slug, slot and sub-id must be plain.
func GoPath(slug, slot, subID string) string { return GoPrefix + slug + "/" + slot + "/" + subID }

// clickRef is AWIN's parameter for the sub-id: in lower case, or it is ignored.
const clickRef = "clickref"

var subIDEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// SubID returns the sub-id of a slot: a readable part from the page's slug and 100
// bits of a hash over website, slug, slot and variant of the page (empty: the only
// one). It holds only a-z, 0-9 and hyphens, which every network takes, is at most
// MaxSubID characters long, and is the same in every rebuild.
func SubID(website WebsiteID, slug, slot, variant string) string {
	text := string(website) + "\x00" + slug + "\x00" + slot
	if variant != "" {
		text += "\x00" + variant
	}
	sum := sha256.Sum256([]byte(text))
	hash := subIDEncoding.EncodeToString(sum[:])[:20]
	var b strings.Builder
	for _, r := range strings.ToLower(slug) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= MaxSubID-21 {
			break
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" {
		name = "home"
	}
	return name + "-" + hash
}

// ValidSubID reports whether every network takes s as a sub-id: A-Z, a-z, 0-9, hyphen
// and underscore, at most MaxSubID of them.
func ValidSubID(s string) bool {
	if s == "" || len(s) > MaxSubID {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Address returns the address that a visitor is led to, with the sub-id. publisher is
// the publisher id of the website's operator, which is used where the link names none.
// The error says why there is no address.
//
//	awin         https://www.awin1.com/cread.php?awinmid=…&awinaffid=…&clickref=SUB&ued=DESTINATION
//	awin_click   DESTINATION with its clickref replaced
//	digistore24  https://www.digistore24.com/redir/PRODUCT/AFFILIATE/SUB?sid1=SUB (or /content/PRODUCT/LINK/AFFILIATE/SUB)
//	plain        DESTINATION
func (l *Link) Address(subID, publisher string) (string, error) {
	if !ValidSubID(subID) {
		return "", Invalid("sub_id", "Sub-id %.60q is not one of at most %d letters, digits, hyphens and underscores.", subID, MaxSubID)
	}
	switch l.Form {
	case FormDeep:
		return l.deepLink(subID, publisher)
	case FormClick:
		return clickLink(l.Destination, subID)
	case FormDigistore:
		return digistoreLink(l.Destination, subID)
	}
	u, err := webURL(l.Destination)
	if err != nil {
		return "", Invalid("destination", "The destination is unusable: %s.", err)
	}
	u.RawQuery = encodeOnce(u.RawQuery)
	return u.String(), nil
}

func (l *Link) deepLink(subID, publisher string) (string, error) {
	if l.PublisherID != "" {
		publisher = l.PublisherID
	}
	switch {
	case !digits(publisher):
		return "", Invalid("publisher_id", "There is no numeric publisher id, neither of the link nor of the website's operator.")
	case !digits(l.AdvertiserID):
		return "", Invalid("advertiser_id", "A deep link of AWIN needs the numeric id of the advertiser.")
	}
	u, err := webURL(l.Destination)
	if err != nil {
		return "", Invalid("destination", "The merchant's address is unusable: %s.", err)
	}
	return "https://www.awin1.com/cread.php?awinmid=" + l.AdvertiserID + "&awinaffid=" + publisher +
		"&" + clickRef + "=" + url.QueryEscape(subID) + "&ued=" + url.QueryEscape(u.String()), nil
}

// clickLink adds the sub-id to a click link. An earlier click reference is replaced.
// What is encoded already stays as it is; what must be and is not is encoded once.
func clickLink(raw, subID string) (string, error) {
	u, err := webURL(raw)
	if err != nil {
		return "", Invalid("destination", "The tracking link is unusable: %s.", err)
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

// digistoreHosts serve promo links.
var digistoreHosts = map[string]bool{"www.digistore24.com": true, "digistore24.com": true, "www.checkout-ds24.com": true, "checkout-ds24.com": true}

// digistoreLink puts the sub-id in the place of the campaign key, which postbacks tell,
// and in sid1, which lists of purchases tell.
func digistoreLink(raw, subID string) (string, error) {
	base, err := digistoreBase(raw)
	if err != nil {
		return "", Invalid("destination", "The promo link is unusable: %s.", err)
	}
	return base + "/" + subID + "?sid1=" + subID, nil
}

// digistoreBase returns a promo link without campaign key and query: with product (and
// content link) and affiliate.
func digistoreBase(raw string) (string, error) {
	u, err := webURL(raw)
	if err != nil {
		return "", err
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	n := map[string]int{"redir": 3, "content": 4}[parts[0]]
	switch {
	case u.Scheme != "https" || !digistoreHosts[strings.ToLower(u.Host)] || n == 0:
		return "", errors.New("it is not https://www.digistore24.com/redir/PRODUCT/AFFILIATE")
	case len(parts) != n && len(parts) != n+1:
		return "", errors.New("it names no product and affiliate")
	case !digits(parts[1]):
		return "", errors.New("its product is not a number")
	}
	for _, p := range parts[2:n] {
		if !trackingKey(p) {
			return "", errors.New("its affiliate has other characters than letters, digits, _ and -")
		}
	}
	return "https://" + strings.ToLower(u.Host) + "/" + strings.Join(parts[:n], "/"), nil
}

// trackingKey reports whether s is a name or key of Digistore24.
func trackingKey(s string) bool {
	return s != "" && len(s) <= 127 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// normalize brings the destination into the form that it is kept in.
func (l *Link) normalize() error {
	l.Destination = strings.TrimSpace(l.Destination)
	if l.Form != FormDigistore {
		return nil
	}
	if digits(l.Destination) { // a product
		if !trackingKey(l.PublisherID) {
			return Invalid("publisher_id", "A product of Digistore24 needs the affiliate's name as publisher id.")
		}
		l.AdvertiserID = l.Destination
		l.Destination = "https://www.digistore24.com/redir/" + l.Destination + "/" + l.PublisherID
	}
	base, err := digistoreBase(l.Destination)
	if err != nil {
		return Invalid("destination", "The promo link is unusable: %s.", err)
	}
	l.Destination = base
	return nil
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

// hostOf returns the host of an address in lower case, or "".
func hostOf(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// AmazonHost reports whether a host is a shop of Amazon or one of its short links.
func AmazonHost(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, h := range []string{"amzn.to", "amzn.eu"} {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	labels := strings.Split(host, ".")
	for i, l := range labels {
		if rest := len(labels) - i - 1; l == "amazon" && (rest == 1 || rest == 2 && len(labels[i+1]) <= 3 && len(labels[i+2]) == 2) {
			return true
		}
	}
	return false
}

// NetworkHost returns the network whose links a host serves, or "".
func NetworkHost(host string) string {
	host = strings.ToLower(host)
	for _, n := range []struct{ suffix, network string }{
		{"awin1.com", NetworkAwin}, {"zenaps.com", NetworkAwin}, {"tidd.ly", NetworkAwin}, {"tidd.io", NetworkAwin},
		{"digistore24.com", NetworkDigistore}, {"checkout-ds24.com", NetworkDigistore},
	} {
		if host == n.suffix || strings.HasSuffix(host, "."+n.suffix) {
			return n.network
		}
	}
	return ""
}

// AllowedHost reports whether a host is one of a program's domains. An entry such as
// *.shop.example stands for the domain and all below it; www makes no difference.
func AllowedHost(host string, domains []string) bool {
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

// MerchantHost reports whether a host may be asked for a page of a merchant: no network's,
// where a request would be a click that nobody made, and no shop that forbids it.
func MerchantHost(host string) bool {
	return host != "" && NetworkHost(host) == "" && !AmazonHost(host)
}
