package catalog

import (
	"net/netip"
	"net/url"
	"strings"
)

const maxLink = 4096

// What is wrong with a link.
const (
	linkInvalid = "url_invalid" // not an address of the web
	linkUnsafe  = "url_unsafe"  // another scheme than http(s), or an address inside a network
)

// cleanLink returns a link that may be stored and shown: http or https, a public
// host, no credentials. A protocol-relative link becomes https. reason is empty for
// a good link, and for an empty one.
func cleanLink(s string) (link, reason string) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\x00", ""))
	if s == "" {
		return "", ""
	}
	if len(s) > maxLink {
		return "", linkInvalid
	}
	s = strings.ReplaceAll(s, "&amp;", "&")
	if strings.HasPrefix(s, "//") {
		s = "https:" + s
	}
	s = strings.ReplaceAll(s, " ", "%20")
	u, err := url.Parse(s)
	if err != nil {
		return "", linkInvalid
	}
	switch u.Scheme {
	case "http", "https":
	case "":
		return "", linkInvalid
	default:
		return "", linkUnsafe
	}
	if u.User != nil {
		return "", linkUnsafe
	}
	if reason := hostFault(strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))); reason != "" {
		return "", reason
	}
	return escapeLink(s), ""
}

// escapeLink percent-encodes what url.Parse lets through but an attribute or a
// plain-text list should not hold.
func escapeLink(s string) string {
	clean := func(c byte) bool { return c > ' ' && c < 0x7F && !strings.ContainsRune("\"<>\\^`{}|", rune(c)) }
	i := 0
	for i < len(s) && clean(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if c := s[i]; clean(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// hostFault refuses hosts that lead into the machine or its network. Names are not
// resolved: a link in a feed is shown, never fetched, by this package.
func hostFault(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsLoopback() {
			return linkUnsafe
		}
		return ""
	}
	dot := strings.LastIndexByte(host, '.')
	switch last := host[dot+1:]; {
	case host == "localhost", last == "localhost", last == "local", last == "internal", last == "lan":
		return linkUnsafe
	case dot > 0 && strings.Trim(last, "0123456789") == "", strings.HasPrefix(last, "0x"), allDigits(host):
		return linkUnsafe // 127.1, 0x7f.1, 2130706433: old ways to write an address
	case dot <= 0:
		return linkInvalid
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.ContainsAny(label, " \"'<>\\%") {
			return linkInvalid
		}
	}
	return ""
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
