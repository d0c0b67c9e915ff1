package edge_test

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"empire/internal/edge"
)

func keyboardEdge(t testing.TB) *edge.Server {
	t.Helper()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	return w.serve()
}

func TestServesPages(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for _, tt := range []struct {
		path, contentType, cache string
		status                   int
		file                     string
	}{
		{"/", html, "public, max-age=60, stale-while-revalidate=600", 200, "/"},
		{"/guide/", html, "public, max-age=60, stale-while-revalidate=600", 200, "/guide/"},
		{"/guide/?utm=1", html, "public, max-age=60, stale-while-revalidate=600", 200, "/guide/"},
		{"/a%20b/", html, "public, max-age=60, stale-while-revalidate=600", 200, "/a b/"},
		{"/img/k.1234.png", "image/png", "public, max-age=31536000, immutable", 200, "/img/k.1234.png"},
		{"/nothing", html, "public, max-age=10", 404, "/404.html"},
		{"/404.html", html, "public, max-age=10", 404, "/404.html"},
	} {
		rec := get(s, tt.path)
		h := rec.Header()
		if rec.Code != tt.status || h.Get("Content-Type") != tt.contentType || h.Get("Cache-Control") != tt.cache {
			t.Errorf("%s: %d %q %q, want %d %q %q", tt.path, rec.Code, h.Get("Content-Type"), h.Get("Cache-Control"), tt.status, tt.contentType, tt.cache)
		}
		if want := body(keyboards(), tt.file); !bytes.Equal(rec.Body.Bytes(), want) {
			t.Errorf("%s: body of %d bytes differs from the file's %d", tt.path, rec.Body.Len(), len(want))
		}
		if got := h.Get("Content-Length"); got != strconv.Itoa(rec.Body.Len()) {
			t.Errorf("%s: Content-Length = %s, want %d", tt.path, got, rec.Body.Len())
		}
		if (h.Get("Etag") != "") != (tt.status == 200) {
			t.Errorf("%s: ETag = %q with status %d", tt.path, h.Get("Etag"), tt.status)
		}
	}
}

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	answers := map[string]*httptest.ResponseRecorder{
		"page": get(s, "/"), "missing": get(s, "/x"), "redirect": get(s, "/guide"),
	}
	for name, r := range map[string]*http.Request{
		"other host": request("GET", "other.example", "/"), "post": request("POST", "keyboards.example", "/"),
	} {
		answers[name] = httptest.NewRecorder()
		s.ServeHTTP(answers[name], r)
	}
	for name, rec := range answers {
		h := rec.Header()
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: CSP %q lacks %s", name, csp, part)
			}
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers %v", name, h)
		}
		if h.Get("X-Release") != "" || h.Get("Server") != "" {
			t.Errorf("%s: tells about the inside: %v", name, h)
		}
	}
}

func TestDebugNamesTheRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	s := w.serve(func(c *edge.Config) { c.Debug = true })
	if got := get(s, "/").Header().Get("X-Release"); got != "rel_1" {
		t.Errorf("X-Release = %q, want rel_1", got)
	}
}

func TestNegotiatesEncoding(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd":        "br",
		"gzip, deflate, br":              "br",
		"gzip, zstd":                     "zstd",
		"gzip":                           "gzip",
		"x-gzip":                         "gzip",
		"GZIP":                           "gzip",
		"deflate":                        "",
		"":                               "",
		"identity":                       "",
		"*":                              "br",
		"*;q=0.5, gzip":                  "gzip",
		"br;q=0, *":                      "zstd",
		"br;q=0.2, gzip;q=0.8":           "gzip",
		"br;q=0.200,zstd;q=0.2":          "br",
		"gzip;q=0.5, identity":           "",
		"gzip;q=0.001":                   "gzip",
		"gzip; q=1.0":                    "gzip",
		"br;q=0":                         "",
		"br;q=2, gzip":                   "gzip",
		"br;q=x, gzip;q=0.1":             "gzip",
		"br;level=4, gzip":               "gzip",
		"identity;q=0, *;q=0":            "",
		"gzip;q=0, br;q=0.0, zstd;q=0.3": "zstd",
	} {
		rec := get(s, "/guide/", "Accept-Encoding", accept)
		if got := rec.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
		if got := rec.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary = %q", accept, got)
		}
		if !bytes.Equal(decoded(t, rec), body(keyboards(), "/guide/")) {
			t.Errorf("Accept-Encoding %q: other bytes than the file's", accept)
		}
	}
	if rec := get(s, "/img/k.1234.png", "Accept-Encoding", "br"); rec.Header().Get("Vary") != "" || rec.Header().Get("Content-Encoding") != "" {
		t.Errorf("a picture is negotiated: %v", rec.Header())
	}
	if rec := get(s, "/lost", "Accept-Encoding", "br"); rec.Header().Get("Content-Encoding") != "br" {
		t.Errorf("the error page is not compressed: %v", rec.Header())
	}
}

func TestRevalidates(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	plain := get(s, "/").Header().Get("Etag")
	small := get(s, "/", "Accept-Encoding", "br").Header().Get("Etag")
	if plain == small || strings.HasPrefix(plain, "W/") || !strings.HasPrefix(plain, `"`) {
		t.Errorf("ETags %s and %s, want two different strong ones", plain, small)
	}
	for _, tt := range []struct {
		accept, tag string
		want        int
	}{
		{"", plain, 304},
		{"br", small, 304},
		{"br", plain, 200},
		{"", small, 200},
		{"", "W/" + plain, 304},
		{"", `"x", ` + plain, 304},
		{"", "*", 304},
		{"", `"x"`, 200},
		{"", "garbage, ,", 200},
	} {
		rec := get(s, "/", "Accept-Encoding", tt.accept, "If-None-Match", tt.tag)
		if rec.Code != tt.want {
			t.Errorf("%q with %s: %d, want %d", tt.accept, tt.tag, rec.Code, tt.want)
		}
		h := rec.Header()
		if rec.Code == 304 && (rec.Body.Len() > 0 || h.Get("Etag") == "" || h.Get("Vary") == "" || h.Get("Cache-Control") == "" || h.Get("Content-Length") != "") {
			t.Errorf("%q with %s: 304 with %v and %d bytes", tt.accept, tt.tag, h, rec.Body.Len())
		}
	}
	if rec := get(s, "/lost", "If-None-Match", "*"); rec.Code != 404 {
		t.Errorf("missing page with If-None-Match: %d, want 404", rec.Code)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	whole := body(keyboards(), "/")
	tag := get(s, "/").Header().Get("Etag")
	n := strconv.Itoa(len(whole))
	for _, tt := range []struct {
		headers []string
		status  int
		want    []byte
	}{
		{[]string{"Range", "bytes=0-9"}, 206, whole[:10]},
		{[]string{"Range", "bytes=10-"}, 206, whole[10:]},
		{[]string{"Range", "bytes=-5"}, 206, whole[len(whole)-5:]},
		{[]string{"Range", "bytes=0-9", "Accept-Encoding", "br"}, 206, whole[:10]},
		{[]string{"Range", "bytes=0-9", "If-Range", tag}, 206, whole[:10]},
		{[]string{"Range", "bytes=0-9", "If-Range", `"old"`}, 200, whole},
		{[]string{"Range", "bytes=0-9", "If-None-Match", tag}, 304, nil},
		{[]string{"Range", "bytes=" + n + "-"}, 416, nil},
	} {
		rec := get(s, "/", tt.headers...)
		if rec.Code != tt.status {
			t.Errorf("%v: %d, want %d", tt.headers, rec.Code, tt.status)
		}
		if tt.want != nil && !bytes.Equal(rec.Body.Bytes(), tt.want) {
			t.Errorf("%v: got %d bytes, want %d", tt.headers, rec.Body.Len(), len(tt.want))
		}
		if rec.Header().Get("Content-Encoding") != "" {
			t.Errorf("%v: a part of %s", tt.headers, rec.Header().Get("Content-Encoding"))
		}
	}
	rec := get(s, "/", "Range", "bytes=0-3,8-9")
	_, params, err := mime.ParseMediaType(rec.Header().Get("Content-Type"))
	if err != nil || rec.Code != 206 {
		t.Fatalf("two ranges: %d, %v", rec.Code, err)
	}
	part, err := multipart.NewReader(rec.Body, params["boundary"]).NextPart()
	if err != nil || part.Header.Get("Content-Range") != "bytes 0-3/"+n {
		t.Errorf("first part: %v, %v", part, err)
	}
	if rec := get(s, "/lost", "Range", "bytes=0-3"); rec.Code != 404 || !bytes.Equal(rec.Body.Bytes(), body(keyboards(), "/404.html")) {
		t.Errorf("range of a missing page: %d, %d bytes", rec.Code, rec.Body.Len())
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for _, path := range []string{"/", "/lost", "/guide"} {
		want := get(s, path, "Accept-Encoding", "br")
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, request("HEAD", "keyboards.example", path, "Accept-Encoding", "br"))
		if rec.Code != want.Code || rec.Body.Len() != 0 {
			t.Errorf("%s: %d with %d bytes, want %d with none", path, rec.Code, rec.Body.Len(), want.Code)
		}
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "Etag", "Vary", "Cache-Control", "Location"} {
			if got, want := rec.Header().Get(name), want.Header().Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q as for GET", path, name, got, want)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, request(method, "keyboards.example", "/"))
		if rec.Code != 405 || rec.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q; want 405, GET and HEAD", method, rec.Code, rec.Header().Get("Allow"))
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for host, want := range map[string]int{
		"keyboards.example":        200,
		"keyboards.example:8081":   200,
		"KEYBOARDS.Example.":       200,
		"keyboards.localhost":      200,
		"keyboards.localhost:1234": 200,
		"other.example":            421,
		"keyboards.example.org":    421,
		"www.keyboards.example":    421,
		"localhost":                421,
		"127.0.0.1:8081":           421,
		"[::1]:8081":               421,
		"[::1]":                    421,
		"":                         421,
		".":                        421,
		"keyboards":                421,
	} {
		rec := httptest.NewRecorder()
		r := request("GET", "x.example", "/")
		r.Host = host
		s.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%q: %d, want %d", host, rec.Code, want)
		}
		if want == 421 && (strings.Contains(rec.Body.String(), "keyboards") || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/plain")) {
			t.Errorf("%q: %q names a site or is not plain text", host, rec.Body)
		}
	}
}

func TestRedirectsToTheSlash(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for path, want := range map[string]string{
		"/guide":         "/guide/",
		"/guide?a=b&c=%": "/guide/?a=b&c=%",
		"/a%20b":         "/a%20b/",
	} {
		rec := get(s, path)
		if rec.Code != 301 || rec.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want 301 to %q", path, rec.Code, rec.Header().Get("Location"), want)
		}
	}
}

// Every one of these is an address of nothing; none may reach a file, and none may
// lead to another host.
func TestPathTricks(t *testing.T) {
	t.Parallel()
	s := keyboardEdge(t)
	for _, path := range []string{
		"//", "//guide/", "/guide//", "//evil.example", "//evil.example/..", "/./", "/../", "/guide/../", "/guide/..", "/guide/./",
		"/guide%2f", "/guide%2F", "/%2fguide/", "/%2e%2e/", "/%2e/guide/", "/guide/%2e%2e/", "/guide%5c", "/guide%00", "/%00", "/guide/%0d%0aX:y",
		"/GUIDE/", "/index.html", "/guide/index.html", "/img/", "/img", "/guide/x", "/..%2f..%2fetc/passwd",
	} {
		rec := get(s, path)
		if rec.Code != 404 || rec.Header().Get("Location") != "" {
			t.Errorf("%s: %d, Location %q; want 404", path, rec.Code, rec.Header().Get("Location"))
		}
	}
}

// TestSameForEverybody: whoever asks, with whatever browser, gets the same bytes. Search
// engines call the rest cloaking.
func TestSameForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := keyboards()
	w.publish("keyboards", w.release(files...))
	s := w.serve()
	for _, f := range files {
		path := strings.ReplaceAll(f.Path, " ", "%20")
		want := get(s, path)
		for _, agent := range []string{
			"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
			"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36", "Lynx/2.9.0", "",
		} {
			got := get(s, path, "User-Agent", agent, "Referer", "https://www.google.com/", "Accept-Language", "de")
			if got.Code != want.Code || !bytes.Equal(got.Body.Bytes(), want.Body.Bytes()) || got.Header().Get("Vary") != want.Header().Get("Vary") {
				t.Errorf("%s is another for %q", f.Path, agent)
			}
		}
		if vary := want.Header().Get("Vary"); vary != "" && vary != "Accept-Encoding" {
			t.Errorf("%s varies by %q", f.Path, vary)
		}
	}
}
