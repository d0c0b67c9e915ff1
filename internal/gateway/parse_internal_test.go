package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// FuzzForwarded: whatever a client writes, the address that a trusted proxy adds at
// the right is the one that counts.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"", "8.8.8.8", "for=8.8.8.8", `for="[2001:db8::1]:80";proto=https, for=_x`, `for="`, `for="00::0";`, "for=8.8.8.8;;", "10.0.0.1", `a="\`, ",;=,"} {
		f.Add(s)
	}
	g := New(Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	real, proxy := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, made string) {
		for name, header := range map[string]http.Header{
			"appended": {"X-Forwarded-For": {made + ", 203.0.113.9"}},
			"line":     {"X-Forwarded-For": {made, "203.0.113.9"}},
			"rich":     {"Forwarded": {made, "for=203.0.113.9;proto=http"}},
		} {
			r := httptest.NewRequest("GET", "/", nil) //nolint:noctx // it is not sent
			r.RemoteAddr, r.Header = "10.0.0.1:80", header
			if c := g.client(r); c.addr != real || c.secure || c.local() {
				t.Errorf("%s: %q leads to %v", name, made, c)
			}
		}
		// In one line of Forwarded an open quote can swallow what follows; then the
		// address is unknown, but never one that the client chose.
		r := httptest.NewRequest("GET", "/", nil) //nolint:noctx // it is not sent
		r.RemoteAddr, r.Header = "10.0.0.1:80", http.Header{"Forwarded": {made + ", for=203.0.113.9"}}
		if c := g.client(r); c.addr != real && c.addr != proxy {
			t.Errorf("%q leads to %v", made, c.addr)
		}
		// The same from a stranger leads to the stranger.
		r.RemoteAddr = "198.51.100.1:80"
		r.Header.Set("X-Forwarded-For", made)
		if c := g.client(r); c.addr != netip.MustParseAddr("198.51.100.1") {
			t.Errorf("%q from a stranger leads to %v", made, c.addr)
		}
	})
}

// FuzzIfNoneMatch: a match is there in the text, and a list that begins well is read.
func FuzzIfNoneMatch(f *testing.F) {
	for _, s := range []string{"", "*", `"a"`, `W/"a"`, `"b", W/"a"`, `"b" , "a"`, `"a`, `a`, `"a,"`, `,,"a"`, `"a" "b"`, `**`} {
		f.Add(s, "a")
	}
	f.Fuzz(func(t *testing.T, line, opaque string) {
		if strings.ContainsAny(opaque, "\"") {
			return
		}
		tag := `"` + opaque + `"`
		if matchTag([]string{line}, tag) && !strings.Contains(line, tag) && strings.TrimSpace(line) != "*" {
			t.Errorf("%q matches %s", line, tag)
		}
		for _, list := range []string{tag + ", " + line, "W/" + tag, `"other", ` + tag, `"x,y",` + tag + "," + line} {
			if !matchTag([]string{list}, tag) {
				t.Errorf("%q does not match %s", list, tag)
			}
		}
		if matchTag([]string{line}, tag) != matchTag([]string{"", line}, "W/"+tag) {
			t.Errorf("%q tells weak from strong", line)
		}
	})
}

// TestXXH64 compares with the published test vectors and lengths around the steps of
// the algorithm.
func TestXXH64(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]uint64{
		"":    0xef46db3751d8e999,
		"a":   0xd24ec4f1a98c6e5b,
		"abc": 0x44bc2cf5ad770999,
		"Nobody inspects the spammish repetition":                         0xfbcea83c8a378bf1,
		"Call me Ishmael. Some years ago--never mind how long precisely-": 0x02a2e85470d6fd96,
	} {
		if got := xxh64(0, in); got != want {
			t.Errorf("xxh64(%q) = %x, want %x", in, got, want)
		}
	}
	if xxh64(1, "abc") == xxh64(0, "abc") {
		t.Error("the seed does not count")
	}
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines []string
		want  bool
	}{
		{nil, false},
		{[]string{`"a"`}, true},
		{[]string{`W/"a"`}, true},
		{[]string{`"b"`, `"a"`}, true},
		{[]string{`"b","c" ,  W/"a"`}, true},
		{[]string{`"b,\"a\""`}, false},
		{[]string{`*`}, true},
		{[]string{` * `}, true},
		{[]string{`"*"`}, false},
		{[]string{`a`}, false},
		{[]string{`"A"`}, false},
		{[]string{`"b" "a"`}, false},
		{[]string{`"aa"`}, false},
	} {
		if got := matchTag(tt.lines, `"a"`); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.lines, got, tt.want)
		}
	}
}
