package extract_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/extract"
)

func TestRobotsAllowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, agent, path string
		want                    bool
	}{
		{"no rules", "", "EmpireBot", "/a", true},
		{"disallow all", "User-agent: *\nDisallow: /", "EmpireBot", "/a", false},
		{"empty disallow", "User-agent: *\nDisallow:", "EmpireBot", "/a", true},
		{"longest wins", "User-agent: *\nDisallow: /shop\nAllow: /shop/public", "EmpireBot", "/shop/public/x", true},
		{"longest wins, other order", "User-agent: *\nAllow: /shop/public\nDisallow: /shop", "EmpireBot", "/shop/secret", false},
		{"equal length allows", "User-agent: *\nDisallow: /page\nAllow: /page", "EmpireBot", "/page", true},
		{"own group only", "User-agent: *\nDisallow: /\n\nUser-agent: EmpireBot\nDisallow: /x", "EmpireBot", "/a", true},
		{"case of the name", "user-AGENT: empirebot\nDISALLOW: /x", "EmpireBot", "/x", false},
		{"longest name", "User-agent: bot\nDisallow: /\nUser-agent: empirebot\nAllow: /", "EmpireBot", "/a", true},
		{"two names, one group", "User-agent: a\nUser-agent: EmpireBot\nDisallow: /x", "EmpireBot", "/x", false},
		{"groups of one name are one", "User-agent: EmpireBot\nDisallow: /x\nUser-agent: b\nDisallow: /\nUser-agent: EmpireBot\nDisallow: /y", "EmpireBot", "/x", false},
		{"sitemap ends no group", "User-agent: EmpireBot\nSitemap: https://x.example/s.xml\nDisallow: /x", "EmpireBot", "/x", false},
		{"star", "User-agent: *\nDisallow: /*.pdf", "EmpireBot", "/a/b.pdf?x", false},
		{"star and end", "User-agent: *\nDisallow: /*.pdf$", "EmpireBot", "/a/b.pdf?x", true},
		{"end", "User-agent: *\nDisallow: /a$", "EmpireBot", "/ab", true},
		{"stars in a row", "User-agent: *\nDisallow: /a**b", "EmpireBot", "/axxb", false},
		{"end must not overlap", "User-agent: *\nDisallow: /aba*aba$", "EmpireBot", "/aba", true},
		{"query", "User-agent: *\nDisallow: /*?sort=", "EmpireBot", "/p?sort=up", false},
		{"case of the path", "User-agent: *\nDisallow: /Admin", "EmpireBot", "/admin", true},
		{"encoding", "User-agent: *\nDisallow: /käse", "EmpireBot", "/k%c3%a4se", false},
		{"encoded letters", "User-agent: *\nDisallow: /%61dmin", "EmpireBot", "/admin", false},
		{"encoded slash differs", "User-agent: *\nDisallow: /a%2Fb", "EmpireBot", "/a/b", true},
		{"remark", "User-agent: * # all\nDisallow: /x # not here", "EmpireBot", "/x", false},
		{"byte order mark", "\xef\xbb\xbfUser-agent: *\nDisallow: /", "EmpireBot", "/a", false},
		{"carriage returns", "User-agent: *\rDisallow: /x\r", "EmpireBot", "/x", false},
		{"misspelled", "useragent: *\ndissalow: /x", "EmpireBot", "/x", false},
		{"rules before a name", "Disallow: /\nUser-agent: *\nDisallow: /x", "EmpireBot", "/a", true},
		{"not text", "\x00\x01<html>", "EmpireBot", "/a", true},
	} {
		if got := extract.ParseRobots([]byte(tt.file)).Allowed(tt.agent, tt.path); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRobotsRest(t *testing.T) {
	t.Parallel()
	r := extract.ParseRobots([]byte("Sitemap: /a.xml\nUser-agent: *\nCrawl-delay: 2.5\nUser-agent: b\nCrawl-delay: soon\nsitemap:https://x.example/b.xml\n"))
	if diff := cmp.Diff([]string{"/a.xml", "https://x.example/b.xml"}, r.Sitemaps); diff != "" {
		t.Errorf("sitemaps (-want +got):\n%s", diff)
	}
	if d, ok := r.CrawlDelay("EmpireBot"); !ok || d != 2500*time.Millisecond {
		t.Errorf("delay %s, %v", d, ok)
	}
	if d, ok := r.CrawlDelay("b"); ok {
		t.Errorf("delay of b is %s, want none", d)
	}
}

// TestRobotsBounded reads files and patterns that are made to take long.
func TestRobotsBounded(t *testing.T) {
	t.Parallel()
	huge := append([]byte("User-agent: *\nDisallow: /first\n"), bytes.Repeat([]byte("Disallow: /x\n"), 4<<20/13)...)
	if r := extract.ParseRobots(huge); !r.Truncated || r.Allowed("EmpireBot", "/first/page") {
		t.Errorf("truncated %v, want the rules of the begin to hold", r.Truncated)
	}
	stars := extract.ParseRobots([]byte("User-agent: *\nDisallow: /" + strings.Repeat("*a", 5000) + "b$"))
	if !stars.Allowed("EmpireBot", "/"+strings.Repeat("a", 100_000)) {
		t.Error("a path without the last letter matches")
	}
	var names strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&names, "User-agent: n%d\n", i)
	}
	names.WriteString("Disallow: /")
	if r := extract.ParseRobots([]byte(names.String())); !r.Allowed("EmpireBot", "/") {
		t.Error("a group of others decides")
	}
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /a*b$\nAllow: /"), "/axb")
	f.Fuzz(func(t *testing.T, file []byte, path string) {
		r := extract.ParseRobots(file)
		if r.Allowed("EmpireBot", path) != r.Allowed("EMPIREBOT", path) {
			t.Errorf("the case of the name decides on %q", path)
		}
		closed := extract.ParseRobots([]byte("User-agent: *\nDisallow: /"))
		if closed.Allowed("EmpireBot", path) {
			t.Errorf("a closed site allows %q", path)
		}
	})
}
