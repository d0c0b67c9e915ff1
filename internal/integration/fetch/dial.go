package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"empire/internal/domain"
)

// privateError is an address that is not dialed.
type privateError struct{ addr netip.Addr }

func (e *privateError) Error() string { return e.addr.String() + " is not a public address" }

// transport returns what connections are made with. The address that is really
// dialed is looked at, whatever name led to it.
func (c *Client) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: c.cfg.Resolver}
	dialer.Control = func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("address %q is none: %w", address, err)
		}
		return c.mayDial(at.Addr())
	}
	t := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 64, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: c.cfg.Timeout, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}
	if c.cfg.Proxy != nil { // the proxy is the operator's: it may be anywhere
		t.Proxy = http.ProxyURL(c.cfg.Proxy)
		t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, Resolver: c.cfg.Resolver}).DialContext
	}
	return t
}

func (c *Client) mayDial(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	if Public(addr) || slices.ContainsFunc(c.cfg.Allow, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return nil
	}
	return &privateError{addr}
}

// lookUp resolves the host of an address that a proxy will dial, and looks at all
// that it means.
func (c *Client) lookUp(ctx context.Context, u *url.URL) error {
	host := strings.Trim(u.Hostname(), "[]")
	addrs := []netip.Addr{}
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, addr)
	} else if addrs, err = c.cfg.Resolver.LookupNetIP(ctx, "ip", host); err != nil {
		return c.broken(ctx, u, domain.FetchUnreachable, err)
	}
	for _, addr := range addrs {
		if err := c.mayDial(addr); err != nil {
			return fail(u, domain.FetchPrivate, err.Error(), nil)
		}
	}
	return nil
}

// reservedRanges are those of the IANA registries of special-purpose addresses that
// are not reached globally, and addresses at which clouds keep metadata.
var reservedRanges = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", // Azure
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// embedding are the ranges of IPv6 that hold an IPv4 address, with where it begins.
var embedding = map[netip.Prefix]int{
	netip.MustParsePrefix("64:ff9b::/96"): 12, // NAT64, RFC 6052
	netip.MustParsePrefix("2002::/16"):    2,  // 6to4, RFC 3056
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Public reports whether an address is reached through the Internet by everybody.
func Public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || slices.ContainsFunc(reservedRanges, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return false
	}
	for p, at := range embedding {
		if p.Contains(addr) {
			b := addr.As16()
			return Public(netip.AddrFrom4([4]byte(b[at : at+4])))
		}
	}
	return true
}
