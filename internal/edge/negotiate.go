package edge

import "strings"

// Codings in the order of preference among equals.
const (
	brotli = iota
	zstd
	gzip
	plain
	codings
)

var codingByName = map[string]int{"br": brotli, "zstd": zstd, "gzip": gzip, "identity": plain}

// codingHeader is the Content-Encoding of each coding.
var codingHeader = [codings][]string{brotli: {"br"}, zstd: {"zstd"}, gzip: {"gzip"}}

// negotiate chooses the form to send for Accept-Encoding (RFC 9110 §12.5.3): the
// one that the client likes best, and among equals the smallest coding. If the
// client refuses everything there is, it gets the plain form.
func negotiate(e *entry, accept []string) int {
	if !e.varies || len(accept) == 0 {
		return plain
	}
	q := qualities(accept)
	best, bestQ := plain, 0
	for c := range codings {
		if e.forms[c] != nil && q[c] > bestQ {
			best, bestQ = c, q[c]
		}
	}
	return best
}

// qualities returns how much the client likes each coding, 0 (not at all) to 1000.
// The plain form is always a little acceptable unless it is ruled out.
func qualities(accept []string) [codings]int {
	const unset = -1
	q := [codings]int{unset, unset, unset, unset}
	star := unset
	for _, header := range accept {
		for part := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			name = strings.Trim(name, " \t")
			value := quality(params)
			if name == "*" {
				star = value
			} else if c, ok := coding(name); ok {
				q[c] = value
			}
		}
	}
	for c := range q {
		switch {
		case q[c] != unset:
		case star != unset:
			q[c] = star
		case c == plain:
			q[c] = 1
		default:
			q[c] = 0
		}
	}
	return q
}

func coding(name string) (int, bool) {
	if c, ok := codingByName[name]; ok { // the usual spelling
		return c, true
	}
	if strings.EqualFold(name, "x-gzip") {
		return gzip, true
	}
	c, ok := codingByName[strings.ToLower(name)]
	return c, ok
}

// quality reads "q=0.8" as 800. Without a weight it is 1000; one that is not well
// formed counts as 0, so that a garbled header cannot choose a coding.
func quality(params string) int {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1000
	}
	name, value, ok := strings.Cut(params, "=")
	if !ok || !strings.EqualFold(strings.Trim(name, " \t"), "q") {
		return 0
	}
	whole, frac, _ := strings.Cut(strings.Trim(value, " \t"), ".")
	if len(frac) > 3 || (whole != "0" && whole != "1") {
		return 0
	}
	n := 0
	for i := range 3 {
		n *= 10
		if i < len(frac) {
			if frac[i] < '0' || frac[i] > '9' {
				return 0
			}
			n += int(frac[i] - '0')
		}
	}
	if whole == "1" {
		if n > 0 {
			return 0
		}
		return 1000
	}
	return n
}

// matches reports whether If-None-Match names the tag (RFC 9110 §13.1.2, weak
// comparison).
func matches(ifNoneMatch []string, etag string) bool {
	for _, header := range ifNoneMatch {
		for part := range strings.SplitSeq(header, ",") {
			part = strings.Trim(part, " \t")
			if part == "*" || strings.TrimPrefix(part, "W/") == etag {
				return true
			}
		}
	}
	return false
}
