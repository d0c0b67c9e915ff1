package edge_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzPath sends any request target: an answer is the whole file of exactly that
// path, a move to the same path with a slash, or the site's error page.
func FuzzPath(f *testing.F) {
	for _, p := range []string{
		"/", "/guide/", "/guide", "/../", "//", "//evil.example/guide", "/guide%2f", "/%00", "/a%20b", "http://other.example/", "*", "/guide?x=//y", "/guide/;a", "/\x80",
	} {
		f.Add(p)
	}
	s := keyboardEdge(f)
	files := keyboards()
	f.Fuzz(func(t *testing.T, target string) {
		raw := "GET " + target + " HTTP/1.1\r\nHost: keyboards.example\r\n\r\n"
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			t.Skip("no request has this target")
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		switch loc := rec.Header().Get("Location"); rec.Code {
		case 200:
			if !bytes.Equal(rec.Body.Bytes(), body(files, r.URL.Path)) {
				t.Errorf("%q: bytes of another file", target)
			}
		case 301:
			path, _, _ := strings.Cut(loc, "?")
			if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || !strings.HasSuffix(path, "/") || strings.ContainsAny(loc, "\r\n") {
				t.Errorf("%q: leads to %q", target, loc)
			}
		case 404:
			if !bytes.Equal(rec.Body.Bytes(), body(files, "/404.html")) {
				t.Errorf("%q: 404 with other bytes than the error page's", target)
			}
		case 405, 421:
		default:
			t.Errorf("%q: status %d", target, rec.Code)
		}
	})
}

// FuzzAcceptEncoding sends any headers: the bytes always decode to the file.
func FuzzAcceptEncoding(f *testing.F) {
	f.Add("gzip, br;q=0.5", `"x"`)
	f.Add("*;q=0", "W/")
	f.Add(";;=,q", ",,")
	s := keyboardEdge(f)
	want := body(keyboards(), "/guide/")
	f.Fuzz(func(t *testing.T, accept, match string) {
		rec := get(s, "/guide/", "Accept-Encoding", accept, "If-None-Match", match)
		if rec.Code == 304 {
			return
		}
		if enc := rec.Header().Get("Content-Encoding"); rec.Code != 200 || !bytes.Equal(decoded(t, rec), want) ||
			enc != "" && !strings.Contains(strings.ToLower(accept), enc) && !strings.Contains(accept, "*") {
			t.Errorf("Accept-Encoding %q: %d in %q", accept, rec.Code, enc)
		}
	})
}
