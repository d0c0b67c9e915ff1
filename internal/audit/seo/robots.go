package seo

import (
	"regexp"
	"strings"
)

// robotsRule is one rule of robots.txt (RFC 9309 §2.2.2).
type robotsRule struct {
	allow bool
	path  string
	match *regexp.Regexp
}

// maxRobots bounds the rules that are read.
const maxRobots = 1000

// readRobots returns the rules of the groups for all crawlers, nil if there are none.
func readRobots(body []byte) []robotsRule {
	var out []robotsRule
	all, open := false, false // the group is for all; lines that name crawlers are still coming
	for line := range strings.Lines(string(body[:min(len(body), 500<<10)])) {
		line, _, _ = strings.Cut(line, "#")
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch name {
		case "user-agent":
			if !open {
				all = false
			}
			open, all = true, all || value == "*"
		case "allow", "disallow":
			open = false
			if all && value != "" && len(out) < maxRobots {
				out = append(out, robotsRule{name == "allow", value, robotsPattern(value)})
			}
		}
	}
	return out
}

func robotsPattern(path string) *regexp.Regexp {
	end := strings.HasSuffix(path, "$")
	parts := strings.Split(strings.TrimSuffix(path, "$"), "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	text := "^" + strings.Join(parts, ".*")
	if end {
		text += "$"
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return regexp.MustCompile("^$") // not UTF-8: no path is
	}
	return re
}

// crawlable reports whether crawlers may fetch a path: the longest rule decides, and of
// equally long ones the one that allows.
func (a *audit) crawlable(path string) bool {
	allowed, longest := true, -1
	for _, r := range a.robots {
		if n := len(r.path); r.match.MatchString(path) && (n > longest || n == longest && r.allow) {
			allowed, longest = r.allow, n
		}
	}
	return allowed
}
