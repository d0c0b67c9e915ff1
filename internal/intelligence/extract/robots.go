package extract

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxRobots is how many bytes of a robots.txt are read (RFC 9309 §2.5: at least 500
// KiB); maxRules bounds the rules kept of it.
const (
	MaxRobots = 512 << 10
	maxRules  = 20_000
)

// Robots is the rules of a robots.txt (RFC 9309). The zero value allows everything.
type Robots struct {
	groups []*robotGroup
	// Sitemaps are the addresses of sitemaps, as written, in order.
	Sitemaps []string
	// Truncated is true if the file was longer than MaxRobots.
	Truncated bool
}

// robotGroup is the rules for one name of a crawler.
type robotGroup struct {
	agent string // lower case, without version; "*" for all others
	rules []robotRule
	delay time.Duration
	timed bool
}

type robotRule struct {
	pattern string // percent-encoding normalized
	allow   bool
}

// ParseRobots reads a robots.txt. It never fails: lines that are no rule are skipped,
// and what is longer than MaxRobots is left out. Groups of the same name are one, as
// RFC 9309 §2.2.1 asks.
func ParseRobots(body []byte) *Robots {
	r := &Robots{Truncated: len(body) > MaxRobots}
	if r.Truncated {
		body = body[:MaxRobots]
		if i := bytes.LastIndexByte(body, '\n'); i >= 0 {
			body = body[:i]
		}
	}
	body = bytes.TrimPrefix(body, []byte{0xEF, 0xBB, 0xBF})
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(string(body), "\uFFFD"))
	byName := map[string]*robotGroup{}
	var current []*robotGroup
	naming := false // the lines before were user-agent lines
	total := 0
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := robotLine(line)
		if !ok {
			continue
		}
		switch key {
		case "user-agent":
			if !naming {
				current, naming = nil, true
			}
			name, _, _ := strings.Cut(strings.ToLower(value), "/") // versions do not count
			current = append(current, r.group(byName, strings.TrimSpace(name)))
			continue
		case "sitemap":
			if value != "" && len(r.Sitemaps) < maxRules {
				r.Sitemaps = append(r.Sitemaps, value)
			}
			continue // belongs to no group and ends none
		}
		naming = false
		for _, g := range current {
			if total++; total <= maxRules {
				g.add(key, value)
			}
		}
	}
	return r
}

func (r *Robots) group(byName map[string]*robotGroup, agent string) *robotGroup {
	g := byName[agent]
	if g == nil {
		g = &robotGroup{agent: agent}
		if len(r.groups) < maxRules {
			byName[agent] = g
			r.groups = append(r.groups, g)
		}
	}
	return g
}

// robotLine returns the key, in lower case and without the misspellings that crawlers
// accept, and the value of a line.
func robotLine(line string) (key, value string, ok bool) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	key, value, ok = strings.Cut(line, ":")
	if !ok {
		key, value, ok = strings.Cut(strings.Replace(line, "\t", " ", 1), " ")
	}
	key = strings.ToLower(strings.TrimSpace(key))
	switch key {
	case "useragent", "user agent":
		key = "user-agent"
	case "site-map", "site map":
		key = "sitemap"
	case "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		key = "disallow"
	case "crawldelay", "crawl delay":
		key = "crawl-delay"
	}
	return key, strings.TrimSpace(value), ok
}

func (g *robotGroup) add(key, value string) {
	switch key {
	case "allow", "disallow":
		if value == "" { // "Disallow:" allows everything, which is the rule anyway
			return
		}
		g.rules = append(g.rules, robotRule{normalizePath(value), key == "allow"})
	case "crawl-delay":
		if s, err := strconv.ParseFloat(value, 64); err == nil && s >= 0 && s < 1e6 && !math.IsNaN(s) {
			g.delay, g.timed = time.Duration(s*float64(time.Second)), true
		}
	}
}

// match returns the group with the longest name that stands in the agent's product
// token, or the group for all, or nil. RFC 9309 asks for equal names; that a group
// named "google" is meant for "googlebot" too is what large crawlers and their authors
// assume, and obeys more rules, not fewer. Names under three letters must be equal.
func (r *Robots) match(agent string) *robotGroup {
	agent, _, _ = strings.Cut(strings.ToLower(agent), "/")
	var best *robotGroup
	for _, g := range r.groups {
		switch {
		case g.agent == "*":
			if best == nil {
				best = g
			}
		case g.agent != agent && (len(g.agent) < 3 || !strings.Contains(agent, g.agent)):
		case best == nil || best.agent == "*" || len(g.agent) > len(best.agent):
			best = g
		}
	}
	return best
}

// Allowed reports whether an agent, such as "EmpireBot", may fetch a path with its
// query. The longest matching pattern decides, and of equally long ones the allowing
// one (RFC 9309 §2.2.2); without a match, or for /robots.txt itself, it may.
func (r *Robots) Allowed(agent, path string) bool {
	g := r.match(agent)
	if g == nil {
		return true
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	path = normalizePath(path)
	longest, allowed := -1, true
	for _, rule := range g.rules {
		n := len(rule.pattern)
		if n < longest || n == longest && (allowed || !rule.allow) {
			continue
		}
		if matchPattern(rule.pattern, path) {
			longest, allowed = n, rule.allow
		}
	}
	return allowed
}

// CrawlDelay returns the pause between two requests that an agent is asked for.
func (r *Robots) CrawlDelay(agent string) (time.Duration, bool) {
	if g := r.match(agent); g != nil {
		return g.delay, g.timed
	}
	return 0, false
}

// matchPattern matches a path against a pattern from its begin; * stands for any
// characters and $ at the end for the end. Time is at most the product of the lengths.
func matchPattern(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	for i, part := range parts[1:] {
		if whole && i == len(parts)-2 {
			return strings.HasSuffix(path, part)
		}
		at := strings.Index(path, part)
		if at < 0 {
			return false
		}
		path = path[at+len(part):]
	}
	return !whole || path == ""
}

// normalizePath returns a path or pattern with every octet outside ASCII encoded, the
// encoded ones that need not be decoded, and hexadecimal digits in upper case (RFC
// 9309 §2.2.2, RFC 3986 §6.2.2).
func normalizePath(s string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				v := byte(hi<<4 | lo)
				i += 2
				if unreserved(v) {
					out.WriteByte(v)
				} else {
					out.Write([]byte{'%', hex[v>>4], hex[v&15]})
				}
				continue
			}
		}
		if c <= ' ' || c >= 0x7f {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
