package apifuzz

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Request is one request, ready to be sent.
type Request struct {
	Operation *Operation // nil: no operation has this address and method
	Kind      string     // what was done to it: valid, missing field, odd type, …
	Method    string
	Target    string // path and query as they go out
	Header    [][2]string
	Body      []byte
	// Want are the statuses that are right; empty: all that the document has.
	Want []int
	// Signed says that the credential of the caller goes with it.
	Signed bool
	// Raw is what goes out instead, byte for byte.
	Raw []byte
}

// Config says what a Generator makes.
type Config struct {
	Document *Document
	Pool     *Pool
	Seed     uint64
	// Spare says that an operation has done enough: from then on only requests that
	// it must refuse are made for it.
	Spare func(op *Operation) bool
	// Examples are good bodies, by operation id, that take the place of the document's.
	// {n} in them stands for the number of the request.
	Examples map[string]string
}

// Generator makes requests.
type Generator struct {
	c Config
}

// NewGenerator returns a generator.
func NewGenerator(c Config) *Generator { return &Generator{c} }

// shaper makes a request of one kind from a valid one.
type shaper struct {
	name  string
	share int // of 100
	body  bool
	make  func(g *Generator, m *maker, q *Request)
}

var shapers = []shaper{
	{"valid", 26, false, func(*Generator, *maker, *Request) {}},
	{"mutated body", 22, true, (*Generator).mutate},
	{"hostile body", 12, true, (*Generator).poison},
	{"broken body", 7, true, (*Generator).breakBody},
	{"odd content type", 4, true, (*Generator).oddType},
	{"huge body", 1, true, (*Generator).huge},
	{"bad query", 7, false, (*Generator).badQuery},
	{"hostile query", 4, false, (*Generator).poisonQuery},
	{"hostile path", 7, false, (*Generator).poisonPath},
	{"bad credential", 5, false, (*Generator).badCredential},
	{"odd headers", 4, false, (*Generator).oddHeaders},
	{"odd method", 2, false, (*Generator).oddMethod},
	{"raw", 1, false, (*Generator).raw},
}

// Next returns request n. It depends on the seed, n and what the pool holds.
func (g *Generator) Next(n int) *Request {
	r := newRand(g.c.Seed, n)
	m := &maker{r: r, pool: g.c.Pool}
	op := g.c.Document.Operations[n%len(g.c.Document.Operations)]
	q := g.valid(m, op, n)
	spare := g.c.Spare != nil && g.c.Spare(op)
	for {
		s := g.choose(r)
		if s.body && op.Body == nil {
			continue
		}
		q.Kind = s.name
		if s.make(g, m, q); spare && q.Want == nil { // it could do something
			g.badCredential(m, q)
			q.Kind = "bad credential"
		}
		break
	}
	if g.c.Pool.forbidden(q.Target) || g.c.Pool.forbidden(string(q.Body)) {
		g.badCredential(m, q)
		q.Kind = "bad credential"
	}
	if q.size() > 30_000 && q.Want != nil {
		q.Want = append(q.Want, http.StatusRequestHeaderFieldsTooLarge)
	}
	return q
}

func (g *Generator) choose(r *rand.Rand) *shaper {
	n := 0
	for i := range shapers {
		n += shapers[i].share
	}
	n = r.IntN(n)
	for i := range shapers {
		if n -= shapers[i].share; n < 0 {
			return &shapers[i]
		}
	}
	return &shapers[0]
}

// valid returns a request that the operation takes, if its ids exist.
func (g *Generator) valid(m *maker, op *Operation, n int) *Request {
	q := &Request{Operation: op, Method: op.Method, Signed: true}
	if op.Method == http.MethodGet && m.r.IntN(12) == 0 {
		q.Method = http.MethodHead
	}
	var ids []string
	for _, p := range op.Params {
		if p.In == "path" {
			ids = append(ids, p.Name)
		}
	}
	m.about = m.pool.thing(m.r, ids)
	address, query := g.c.Document.base+op.Path, url.Values{}
	for _, p := range op.Params {
		if p.In != "path" && !p.Required && m.r.IntN(3) > 0 {
			continue
		}
		text := scalar(m.value(p.Name, p.Schema, 0))
		switch p.In {
		case "path":
			address = strings.Replace(address, "{"+p.Name+"}", url.PathEscape(text), 1)
		case "query":
			query.Set(p.Name, text)
		case "header":
			if plainHeader(text) {
				q.Header = append(q.Header, [2]string{p.Name, text})
			}
		}
	}
	q.Target = address
	if len(query) > 0 {
		q.Target += "?" + query.Encode()
	}
	if op.Body != nil && (op.Required || m.r.IntN(2) == 0) {
		v := m.value("", op.Body, 0)
		if own := g.c.Examples[op.ID]; own != "" && m.r.IntN(2) == 0 {
			v = json.RawMessage(strings.ReplaceAll(own, "{n}", strconv.Itoa(n)))
		} else if own == "" && op.example != nil && m.r.IntN(4) == 0 {
			v = plain(op.example)
		}
		q.setBody(v)
	}
	return q
}

func plainHeader(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func (q *Request) setBody(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // values come from Decode or a maker
	}
	q.Body = raw
	q.setHeader("Content-Type", "application/json")
}

// size returns about how many bytes the request line and the headers have.
func (q *Request) size() int {
	n := len(q.Target)
	for _, h := range q.Header {
		n += len(h[0]) + len(h[1])
	}
	return n
}

func (q *Request) setHeader(name, value string) {
	q.dropHeader(name)
	q.Header = append(q.Header, [2]string{name, value})
}

func (q *Request) dropHeader(name string) {
	q.Header = slices.DeleteFunc(q.Header, func(h [2]string) bool { return strings.EqualFold(h[0], name) })
}

// scalar writes a value as a path or query has it.
func scalar(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// hostileText returns a text that a parameter should survive.
func (m *maker) hostileText() string { return hostile[m.r.IntN(len(hostile))] }

func (g *Generator) breakBody(m *maker, q *Request) {
	q.Body = []byte(brokenJSON[m.r.IntN(len(brokenJSON))])
	q.setHeader("Content-Type", "application/json")
	if len(q.Body) > 0 || q.Operation.Required {
		q.want(http.StatusBadRequest)
	}
}

// want settles the status of a request to an operation that somebody who may asks
// for. A key that was used before can come first.
func (q *Request) want(status ...int) {
	q.Want = append(slices.Clone(status), http.StatusConflict)
	if slices.ContainsFunc(q.Header, func(h [2]string) bool { return h[0] == "Idempotency-Key" }) {
		return
	}
	q.Want = status
}

func (g *Generator) oddType(m *maker, q *Request) {
	if len(q.Body) == 0 {
		q.setBody(map[string]any{})
	}
	q.setHeader("Content-Type", oddTypes[m.r.IntN(len(oddTypes))])
	q.want(http.StatusUnsupportedMediaType)
}

func (g *Generator) huge(m *maker, q *Request) {
	q.Body = []byte(`{"a":"` + strings.Repeat("x", 1<<20+m.r.IntN(1<<19)) + `"}`)
	q.setHeader("Content-Type", "application/json")
	q.want(http.StatusRequestEntityTooLarge)
}

func (g *Generator) badQuery(m *maker, q *Request) {
	target, _, _ := strings.Cut(q.Target, "?")
	q.Target = target + "?" + badQueries[m.r.IntN(len(badQueries))]
}

func (g *Generator) poisonQuery(m *maker, q *Request) {
	query := url.Values{"q": {m.hostileText()}}
	for _, p := range q.Operation.Params {
		if p.In == "query" {
			delete(query, "q")
			query.Set(p.Name, m.hostileText())
		}
	}
	target, _, _ := strings.Cut(q.Target, "?")
	q.Target = target + "?" + query.Encode()
}

func (g *Generator) poisonPath(m *maker, q *Request) {
	address := g.c.Document.base + q.Operation.Path
	places := 0
	for _, p := range q.Operation.Params {
		if p.In == "path" {
			address = strings.Replace(address, "{"+p.Name+"}", url.PathEscape(m.hostileText()), 1)
			places++
		}
	}
	if places == 0 { // a path that nothing is at, or another form of this one
		address += []string{"/", "//", "/.", "/..", "/%2e%2e", "/%00", ";a=b", "%20", "/x/y/z", "\\", "/../" + q.Operation.ID, "%2f"}[m.r.IntN(12)]
	}
	q.Target = address
	q.Operation = g.at(q.Method, address)
}

// at returns the operation that an address leads to, or nil if that is not sure.
func (g *Generator) at(method, address string) *Operation {
	decoded, err := url.PathUnescape(strings.TrimSuffix(address, "/"))
	if err != nil || strings.Contains(decoded, "//") || strings.ContainsAny(decoded, "\\;\x00") || !utf8.ValidString(decoded) || strings.Contains(decoded, "/.") {
		return nil
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	raw := strings.Split(strings.TrimSuffix(strings.TrimPrefix(address, g.c.Document.base), "/"), "/")
	var found *Operation
	for _, op := range g.c.Document.Operations {
		parts := strings.Split(op.Path, "/")
		if op.Method != method || !slices.EqualFunc(parts, raw, func(a, b string) bool { return a == b || strings.HasPrefix(a, "{") && b != "" }) {
			continue
		}
		if found == nil || strings.Count(op.Path, "{") < strings.Count(found.Path, "{") {
			found = op
		}
	}
	return found
}

func (g *Generator) badCredential(m *maker, q *Request) {
	q.Signed = false
	q.Want = []int{http.StatusUnauthorized}
	if q.Operation == nil {
		q.Want = nil // what nothing is at is told to everybody
	}
	switch m.r.IntN(4) {
	case 0:
		if q.Operation != nil && q.Operation.Public {
			q.Want = nil
		}
	case 1:
		q.setHeader("X-API-Key", []string{"mfm_" + strings.Repeat("A", 43), "mfm_x", "x", strings.Repeat("k", 3000)}[m.r.IntN(4)])
	default:
		q.setHeader("Authorization", badCredentials[m.r.IntN(len(badCredentials))])
	}
}

// oddHeaders are those that a proxy or a browser of another kind could send.
func (g *Generator) oddHeaders(m *maker, q *Request) {
	odd := [][2]string{
		{"X-Request-ID", "../../etc"}, {"X-Request-ID", strings.Repeat("a", 200)}, {"X-Process-Time", "99"}, {"X-Forwarded-For", "1.2.3.4, 5.6.7.8"},
		{"Forwarded", "for=unknown;proto=https"}, {"X-HTTP-Method-Override", "DELETE"}, {"Accept", "text/html"}, {"Accept", "application/xml;q=0"}, {"Accept", "*/*;q=x"},
		{"Accept-Encoding", "br, zstd, gzip;q=0"}, {"Accept-Language", strings.Repeat("de,", 300)}, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"},
		{"Cookie", "empire_session=x; a=" + strings.Repeat("b", 500)}, {"If-None-Match", `W/"`}, {"If-None-Match", "*"}, {"If-Match", `"x"`}, {"Range", "bytes=0-1"},
		{"Idempotency-Key", "käse"}, {"Idempotency-Key", strings.Repeat("k", 300)}, {"Idempotency-Key", "same-" + itoa(m.r.Int64N(3))}, {"Content-Encoding", "gzip"},
		{"Connection", "close"}, {"Host", "evil.example"}, {"X-Forwarded-Host", "evil.example"}, {"X-Big", strings.Repeat("h", 40_000)}, {"Te", "trailers"},
	}
	for range 1 + m.r.IntN(3) {
		h := odd[m.r.IntN(len(odd))]
		q.setHeader(h[0], h[1])
	}
}

func (g *Generator) oddMethod(m *maker, q *Request) {
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO", "get"}
	q.Method = methods[m.r.IntN(len(methods))]
	address, _, _ := strings.Cut(q.Target, "?")
	q.Operation = g.at(q.Method, address)
	if q.Operation == nil {
		q.Want = []int{http.StatusNotFound, http.StatusMethodNotAllowed}
		q.dropHeader("Idempotency-Key") // a used one is told first
	}
}

// raw makes requests that no client library would send.
func (g *Generator) raw(m *maker, q *Request) {
	line := q.Method + " " + q.Target + " HTTP/1.1\r\n"
	forms := []string{
		line + "Host: a\r\nX: a\rb\r\n\r\n", line + "Host: a\r\n Folded: x\r\n\r\n", line + "Host: a\r\nX : y\r\n\r\n", line + "\r\n", line + "Host: a\r\nReferer: \x7f\r\n\r\n", line + "Host: a\r\nHost: b\r\n\r\n",
		line + "Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", line + "Host: a\r\nContent-Length: -1\r\n\r\n", line + "Host: a\r\nContent-Length: x\r\n\r\n",
		line + "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", line + "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n\r\n",
		line + "Host: \x00\r\n\r\n", line + "Host: a b\r\n\r\n", q.Method + " " + q.Target + "\x00 HTTP/1.1\r\nHost: a\r\n\r\n", q.Method + " " + q.Target + " x HTTP/1.1\r\nHost: a\r\n\r\n",
		q.Method + " http://other.example" + q.Target + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n\r\n" + line + "Host: a\r\n\r\n",
		line + "Host: a\r\n" + strings.Repeat("H: "+strings.Repeat("v", 1000)+"\r\n", 100) + "\r\n", line + "Host: a\r\n" + strings.Repeat("H: v\r\n", 3000) + "\r\n",
		"GARBAGE\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", line + "Host: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
		line + "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", line + "Host: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
	}
	q.Raw = []byte(forms[m.r.IntN(len(forms))])
	q.Operation, q.Signed, q.Body, q.Header = nil, false, nil, nil
	q.Want = []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestHeaderFieldsTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusRequestTimeout,
	}
}

// Kinds returns the kinds of requests that there are.
func Kinds() []string {
	out := map[string]bool{}
	for _, s := range shapers {
		out[s.name] = true
	}
	return slices.Sorted(maps.Keys(out))
}

// newRand returns the random numbers of one request.
func newRand(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }
