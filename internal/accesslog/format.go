package accesslog

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

// clfTime is the time of the combined log format: [10/Oct/2000:13:55:36 -0700].
const clfTime = "02/Jan/2006:15:04:05 -0700"

// appendCombined appends an entry in the combined log format of Apache and nginx. What
// a client chose is escaped, so that no line can be made up.
func appendCombined(b []byte, e *domain.AccessEntry, ip string) []byte {
	b = append(b, orHyphen(ip)...)
	b = append(b, " - - ["...)
	b = e.At.UTC().AppendFormat(b, clfTime)
	b = append(b, `] "`...)
	b = appendEscaped(b, e.Method)
	b = append(b, ' ')
	b = appendEscaped(b, e.URI)
	b = append(b, ' ')
	b = appendEscaped(b, e.Proto)
	b = append(b, `" `...)
	b = strconv.AppendInt(b, int64(e.Status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, e.Bytes, 10)
	b = append(b, ` "`...)
	b = appendEscaped(b, orHyphen(e.Referrer))
	b = append(b, `" "`...)
	b = appendEscaped(b, orHyphen(e.Agent))
	return append(b, '"')
}

func orHyphen(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// appendEscaped appends s as Apache does: quotes and backslashes with a backslash, what
// is no printable ASCII as \xHH.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c >= 0x7f:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// jsonEntry is an entry as a line of JSON.
type jsonEntry struct {
	At       string  `json:"time"`
	Host     string  `json:"host"`
	IP       string  `json:"ip,omitempty"`
	Method   string  `json:"method"`
	URI      string  `json:"uri"`
	Proto    string  `json:"protocol"`
	Status   int     `json:"status"`
	Bytes    int64   `json:"bytes"`
	Referrer string  `json:"referrer,omitempty"`
	Agent    string  `json:"user_agent,omitempty"`
	Seconds  float64 `json:"seconds"`
	TLS      bool    `json:"tls"`
}

func appendJSON(b []byte, e *domain.AccessEntry, ip string) []byte {
	line, err := json.Marshal(jsonEntry{
		At: e.At.UTC().Format(time.RFC3339Nano), Host: clean(e.Host), IP: ip, Method: clean(e.Method), URI: clean(e.URI), Proto: e.Proto,
		Status: e.Status, Bytes: e.Bytes, Referrer: clean(e.Referrer), Agent: clean(e.Agent), Seconds: e.Took.Seconds(), TLS: e.TLS,
	})
	if err != nil { // strings and numbers can always be encoded
		return b
	}
	return append(b, line...)
}

// clean returns s, or a hyphen for what is no text.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return "-"
}

// The ways to write addresses.
const (
	Truncated = "truncated" // the network: /24 of IPv4, /48 of IPv6
	None      = "none"
	Full      = "full"
)

// shorten returns an address as it may be written.
func shorten(ip, mode string) string {
	switch mode {
	case Full:
		return ip
	case None:
		return ""
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	network, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.Addr().String()
}
