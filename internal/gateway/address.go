package gateway

import (
	"net/http"
	"net/netip"
	"strings"
)

// client is where a request came from, as far as that can be trusted.
type client struct {
	addr      netip.Addr // invalid if the peer has none
	secure    bool       // it came over TLS
	forwarded bool       // somebody between claims to have forwarded it
}

// client finds out who sent a request. What X-Forwarded-For and Forwarded say is
// read from the right, because every proxy adds at the right, and only as far as
// the one that says it is trusted: whatever stands further left may be made up.
func (g *Gateway) client(r *http.Request) client {
	c := client{addr: peerOf(r), secure: r.TLS != nil}
	c.forwarded = len(r.Header["X-Forwarded-For"]) > 0 || len(r.Header["Forwarded"]) > 0
	if !g.trusted(c.addr) {
		return c
	}
	plain, rich := g.lastUntrusted(c.addr, parseForwardedFor(r.Header["X-Forwarded-For"])), hop{addr: c.addr}
	if lines := r.Header["Forwarded"]; len(lines) > 0 {
		rich = g.lastUntrusted(c.addr, parseForwarded(lines))
		c.secure = c.secure || rich.proto == "https"
	}
	switch {
	case len(r.Header["Forwarded"]) == 0:
		c.addr = plain.addr
	case len(r.Header["X-Forwarded-For"]) == 0 || plain.addr == rich.addr:
		c.addr = rich.addr
	default:
		// They contradict each other: the proxy wrote one of them and passed on what
		// the client wrote in the other. Which, is not known, so neither counts.
	}
	if lines := r.Header["X-Forwarded-Proto"]; len(lines) > 0 {
		last := lines[len(lines)-1]
		last = last[strings.LastIndexByte(last, ',')+1:]
		c.secure = c.secure || strings.EqualFold(strings.TrimSpace(last), "https")
	}
	return c
}

// ClientIP returns the address that a request comes from, as far as trusted proxies
// say so.
func (g *Gateway) ClientIP(r *http.Request) string { return g.client(r).addr.String() }

// Secure reports whether a request came over TLS, here or to a trusted proxy.
func (g *Gateway) Secure(r *http.Request) bool { return g.client(r).secure }

// local reports whether a request comes from this machine and from nowhere behind.
func (c client) local() bool { return c.addr.IsLoopback() && !c.forwarded }

// bucket names the client for limits: its address, or for IPv6 the network of 64
// bits that one customer has.
func (c client) bucket() string {
	if !c.addr.IsValid() {
		return "unknown"
	}
	if c.addr.Is4() {
		return c.addr.String()
	}
	network, _ := c.addr.Prefix(64) // it has no zone and 64 fits
	return network.String()
}

// peerOf returns the address of the other end of the connection.
func peerOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// trusted reports whether an address is that of a trusted proxy.
func (g *Gateway) trusted(a netip.Addr) bool {
	for _, p := range g.c.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// hop is one step of a request on its way, as the next one reports it.
type hop struct {
	addr  netip.Addr // invalid: hidden or not an address
	proto string     // in lower case, if it is told
}

// lastUntrusted walks from the peer to the left until the first that is not a
// trusted proxy, or the last that has an address.
func (g *Gateway) lastUntrusted(peer netip.Addr, hops []hop) hop {
	at := hop{addr: peer}
	for i := len(hops) - 1; i >= 0 && g.trusted(at.addr); i-- {
		if !hops[i].addr.IsValid() {
			at.proto = hops[i].proto
			break
		}
		at = hops[i]
	}
	return at
}

// parseForwardedFor reads the lines of X-Forwarded-For.
func parseForwardedFor(lines []string) []hop {
	var hops []hop
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			hops = append(hops, hop{addr: parseNode(strings.TrimSpace(part))})
		}
	}
	return hops
}

// parseForwarded reads the lines of Forwarded, RFC 7239 §4. A line that breaks the
// grammar counts as one hop that does not tell its address.
func parseForwarded(lines []string) []hop {
	var hops []hop
	for _, line := range lines {
		before := len(hops)
		for rest := line; rest != ""; {
			h, after, ok := parseElement(rest)
			if !ok {
				hops = append(hops[:before], hop{})
				break
			}
			hops, rest = append(hops, h), after
		}
	}
	return hops
}

// parseElement reads pairs up to the next comma outside quotes: for=a;proto=b. A
// pair may be missing between two semicolons.
func parseElement(s string) (h hop, rest string, ok bool) {
	for {
		s = strings.TrimLeft(s, " \t")
		if s != "" && s[0] != ';' && s[0] != ',' {
			name, after, _ := strings.Cut(s, "=")
			value, tail, ok := parseValue(after)
			if !ok || !isToken(name) {
				return h, "", false
			}
			switch strings.ToLower(name) {
			case "for":
				h.addr = parseNode(value)
			case "proto":
				h.proto = strings.ToLower(value)
			}
			s = strings.TrimLeft(tail, " \t")
		}
		switch {
		case s == "":
			return h, "", true
		case s[0] == ',':
			return h, s[1:], true
		case s[0] != ';':
			return h, "", false
		}
		s = s[1:]
	}
}

// isToken reports whether s is a token as RFC 9110 §5.6.2 has it.
func isToken(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) && strings.IndexByte("!#$%&'*+.^`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// parseValue reads a token or a quoted string.
func parseValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t,;\"")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// parseNode reads an address with or without a port, IPv6 with or without
// brackets. The zero address stands for everything else, such as unknown or a name.
func parseNode(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		s = strings.TrimSuffix(inner, "]")
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
