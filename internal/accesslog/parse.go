package accesslog

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// errLine says that a line is no request in the combined or common log format.
var errLine = errors.New("not a line of an access log")

// Parse reads one line of the combined log format, without its end:
//
//	IP - USER [10/Oct/2000:13:55:36 -0700] "GET /a.html HTTP/1.0" 200 2326 "REFERRER" "AGENT"
//
// The last two may be missing (common log format), more may follow, and a host may come
// first (vhost_combined: HOST:PORT). A request line that is none leaves Method empty.
func Parse(line string) (domain.AccessEntry, error) {
	var e domain.AccessEntry
	head, rest, ok := strings.Cut(line, " [")
	if !ok {
		return e, errLine
	}
	names := strings.Fields(head)
	switch len(names) {
	case 3:
	case 4:
		e.Host, _, _ = strings.Cut(names[0], ":")
		names = names[1:]
	default:
		return e, errLine
	}
	e.IP = names[0]
	if names[2] != "-" {
		e.User = names[2]
	}
	when, rest, ok := strings.Cut(rest, `] "`)
	if !ok {
		return e, errLine
	}
	var err error
	if e.At, err = time.Parse(clfTime, when); err != nil {
		return e, errLine
	}
	request, rest, ok := quoted(rest)
	if !ok {
		return e, errLine
	}
	e.Method, e.URI, e.Proto = splitRequest(request)
	numbers := strings.Fields(rest)
	if len(numbers) < 2 {
		return e, errLine
	}
	if e.Status, err = strconv.Atoi(numbers[0]); err != nil || e.Status < 100 || e.Status > 999 {
		return e, errLine
	}
	if numbers[1] != "-" {
		if e.Bytes, err = strconv.ParseInt(numbers[1], 10, 64); err != nil || e.Bytes < 0 {
			return e, errLine
		}
	}
	if _, rest, ok = strings.Cut(rest, `"`); !ok {
		return e, nil
	}
	if e.Referrer, rest, ok = quoted(rest); !ok {
		return e, errLine
	}
	if _, rest, ok = strings.Cut(rest, `"`); ok {
		if e.Agent, _, ok = quoted(rest); !ok {
			return e, errLine
		}
	}
	e.Referrer, e.Agent = told(e.Referrer), told(e.Agent)
	return e, nil
}

func told(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// splitRequest takes a request line apart. HTTP/0.9 has no protocol.
func splitRequest(line string) (method, uri, proto string) {
	method, rest, ok := strings.Cut(line, " ")
	if !ok || method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != "" {
		return "", "", ""
	}
	if i := strings.LastIndex(rest, " "); i >= 0 && strings.HasPrefix(rest[i+1:], "HTTP/") {
		return method, rest[:i], rest[i+1:]
	}
	return method, rest, ""
}

// quoted reads up to the next quote that no backslash stands before, and undoes the
// escapes.
func quoted(s string) (value, rest string, ok bool) {
	end := 0
	for ; end < len(s) && s[end] != '"'; end++ {
		if s[end] == '\\' {
			end++
		}
	}
	if end >= len(s) {
		return "", "", false
	}
	value = s[:end]
	if strings.Contains(value, `\`) {
		value = unescape(value)
	}
	return value, s[end+1:], true
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'x' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// partEndings end the paths of what belongs to pages: it is no view of its own.
var partEndings = map[string]bool{
	"css": true, "js": true, "mjs": true, "map": true, "json": true, "xml": true, "txt": true, "png": true, "jpg": true, "jpeg": true, "gif": true, "webp": true,
	"avif": true, "svg": true, "ico": true, "bmp": true, "woff": true, "woff2": true, "ttf": true, "otf": true, "eot": true, "mp3": true, "mp4": true, "webm": true,
	"ogg": true, "pdf": true, "zip": true, "gz": true, "tgz": true, "bz2": true, "xz": true, "tar": true, "swf": true, "webmanifest": true, "rss": true, "atom": true,
}

// View returns the path of the page that a request was for; false if it was for
// something else, or was not answered with a page: GET with 200 or 304, and a path that is
// text and whose last part has none of the endings of files that belong to pages.
func View(e *domain.AccessEntry) (path string, ok bool) {
	if e.Method != http.MethodGet || e.Status != 200 && e.Status != 304 {
		return "", false
	}
	path, _, _ = strings.Cut(e.URI, "?")
	if !strings.HasPrefix(path, "/") || !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return "", false
	}
	last := path[strings.LastIndexByte(path, '/')+1:]
	if i := strings.LastIndexByte(last, '.'); i >= 0 && partEndings[strings.ToLower(last[i+1:])] {
		return "", false
	}
	return path, true
}
