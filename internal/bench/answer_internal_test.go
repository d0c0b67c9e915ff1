package bench

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// read feeds an answer in pieces of a size.
func read(raw []byte, size int) (a answer, done bool, err error) {
	for len(raw) > 0 && !done && err == nil {
		n := min(size, len(raw))
		done, err = a.feed(raw[:n])
		raw = raw[n:]
	}
	if done && err == nil && len(raw) > 0 {
		err = errClosed
	}
	return a, done, err
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, raw      string
		status, length int
		done, fails    bool
	}{
		{"sized", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\ncontent-length:  5\r\n\r\nhello", 200, 5, true, false},
		{"empty", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, 0, true, false},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, 0, true, false},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, 15, true, false},
		{"trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n", 200, 0, true, false},
		{"not yet", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", 200, 5, false, false},
		{"closing", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 200, 5, true, true},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", 200, 0, false, true},
		{"too much", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello", 200, 4, true, true},
		{"old", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, 0, false, true},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 200, 0, false, true},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 200, 0, false, true},
		{"chunk too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 200, 1, false, true},
		{"endless header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 20<<10), 0, 0, false, true},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			a, done, err := read([]byte(tt.raw), size)
			if done != tt.done || (err != nil) != tt.fails || a.status != tt.status || a.length != tt.length {
				t.Errorf("%s in pieces of %d: done %v, status %d, length %d, %v", tt.name, size, done, a.status, a.length, err)
			}
		}
	}
}

// FuzzAnswer compares with the reader of the standard library: what both take means
// the same, however it is cut.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 3)
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 1)
	f.Fuzz(func(t *testing.T, raw []byte, size int) {
		whole, wholeDone, wholeErr := read(raw, max(len(raw), 1))
		a, done, err := read(raw, 1+size&0xff)
		if done != wholeDone || (err == nil) != (wholeErr == nil) {
			t.Fatalf("whole: %v %v; in pieces: %v %v", wholeDone, wholeErr, done, err)
		}
		if err != nil || !done {
			return
		}
		if a.status != whole.status || a.length != whole.length {
			t.Fatalf("whole: %d %d; in pieces: %d %d", whole.status, whole.length, a.status, a.length)
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
		if err != nil {
			return
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.Close {
			return
		}
		if res.StatusCode != a.status || len(body) != a.length {
			t.Errorf("status %d and %d bytes, want %d and %d", a.status, a.length, res.StatusCode, len(body))
		}
	})
}
