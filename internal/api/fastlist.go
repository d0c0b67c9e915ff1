package api

import (
	"bytes"
	"context"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"empire/internal/domain"
)

// portfolio answers what is asked most from memory, and says when it cannot.
type portfolio interface {
	Window(ctx context.Context, w domain.Window) (rows []domain.WebsiteRow, total int, ok bool)
	After(ctx context.Context, id domain.WebsiteID, limit int) (rows []domain.WebsiteRow, total int, ok bool)
	One(ctx context.Context, id domain.WebsiteID) (row *domain.WebsiteRow, ok bool)
}

// EncodeWebsite returns a website as the operations list-websites and get-website
// show it.
func EncodeWebsite(w *domain.Website) (domain.WebsiteRow, error) {
	detail := toDetail(w)
	row, err := encode(detail.Body.WebsiteBody)
	if err != nil {
		return domain.WebsiteRow{}, err
	}
	alone, err := encode(detail.Body)
	if err != nil {
		return domain.WebsiteRow{}, err
	}
	sum := fnv.New64a()
	_, _ = sum.Write(row) // it never fails
	return domain.WebsiteRow{ID: w.ID, Row: row, Detail: alone, Tag: detail.ETag, Sum: sum.Sum64()}, nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := strictJSON.Marshal(&b, v); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// fastPath answers the plain good case of list-websites and get-website as the
// registered operations do, but without the framework around them. Everything else
// (other parameters, bad values, a missing right, a website that is not there) it
// leaves to them, so that they alone decide what is wrong.
type fastPath struct{ sites portfolio }

// Routes of the fast path, as the mux names them.
const (
	listWebsites = Base + "/websites"
	getWebsite   = Base + "/websites/{website_id}"
)

// What Window declares, as far as the fast path takes it.
const (
	defaultLimit = 50
	maxLimit     = 1000
	mostDigits   = 9 // of an offset
)

// serve answers a request, or reports that it has not.
func (f *fastPath) serve(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || r.URL.RawPath != "" || r.ContentLength != 0 || !takesJSON(r.Header) {
		return false
	}
	rest, ok := strings.CutPrefix(r.URL.Path, listWebsites)
	if !ok {
		return false
	}
	if rest == "" || rest == "/" {
		return f.list(w, r)
	}
	id := strings.TrimSuffix(rest[1:], "/")
	return rest[0] == '/' && f.one(w, r, id)
}

// takesJSON reports whether a request plainly takes JSON.
func takesJSON(h http.Header) bool {
	accept := h["Accept"]
	return len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == "application/json" || accept[0] == "")
}

func (f *fastPath) list(w http.ResponseWriter, r *http.Request) bool {
	q, ok := plainQuery(r.URL.RawQuery)
	if !ok {
		return false
	}
	var rows []domain.WebsiteRow
	var total int
	if q.walks {
		rows, total, ok = f.sites.After(r.Context(), q.cursor, q.window.Limit)
	} else {
		rows, total, ok = f.sites.Window(r.Context(), q.window)
	}
	if !ok {
		return false
	}
	a := answers.Get().(*answer)
	defer answers.Put(a)
	a.body = append(a.body[:0], '[')
	sum := fnvOffset
	for i := range rows {
		if i > 0 {
			a.body = append(a.body, ',')
		}
		a.body = append(a.body, rows[i].Row...)
		sum = mix(sum, rows[i].Sum)
	}
	a.body = append(a.body, "]\n"...)
	if q.walks {
		a.next(q, rows)
	} else {
		a.links(q.window, total)
	}
	r.Pattern = http.MethodGet + " " + listWebsites
	h := w.Header()
	values := []string{strconv.Itoa(total), string(a.link), listTag(sum, q, total)}
	h["X-Total-Count"], h["Etag"] = values[0:1:1], values[2:3:3]
	if len(a.link) > 0 {
		h["Link"] = values[1:2:2]
	}
	a.send(w)
	return true
}

// listTag names an answer by its rows and what its headers say.
func listTag(sum uint64, q query, total int) string {
	sum = mix(mix(mix(sum, uint64(total)), uint64(q.window.Limit)), uint64(q.window.Offset))
	var b [24]byte
	return string(append(strconv.AppendUint(append(b[:0], '"'), sum, 16), '"'))
}

// Parameters of FNV-1a with 64 bits.
const (
	fnvOffset uint64 = 14695981039346656037
	fnvPrime  uint64 = 1099511628211
)

// mix adds a value to a sum; the order of values matters.
func mix(sum, value uint64) uint64 {
	sum = (sum ^ value) * fnvPrime
	return sum ^ sum>>29
}

func (f *fastPath) one(w http.ResponseWriter, r *http.Request, id string) bool {
	if r.URL.RawQuery != "" || !domain.ValidID(id, "site") {
		return false
	}
	row, ok := f.sites.One(r.Context(), domain.WebsiteID(id))
	if !ok {
		return false
	}
	a := answers.Get().(*answer)
	defer answers.Put(a)
	a.body = append(append(a.body[:0], row.Detail...), '\n')
	r.Pattern = http.MethodGet + " " + getWebsite
	r.SetPathValue("website_id", id)
	w.Header()["Etag"] = []string{row.Tag}
	a.send(w)
	return true
}

// query is what a plain request for a list asks.
type query struct {
	window domain.Window
	walks  bool // after cursor, instead of at an offset
	cursor domain.WebsiteID
}

// plainQuery reads a query that has nothing but limit, and offset or cursor, each at
// most once, unescaped and within bounds.
func plainQuery(raw string) (q query, ok bool) {
	q.window.Limit = defaultLimit
	var limited, moved bool
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		n, number := plainNumber(value)
		switch {
		case name == "limit" && number && !limited && n >= 1 && n <= maxLimit:
			q.window.Limit, limited = n, true
		case name == "offset" && number && !moved:
			q.window.Offset, moved = n, true
		case name == "cursor" && !q.walks && domain.ValidID(value, "site"):
			q.cursor, q.walks = domain.WebsiteID(value), true
		default:
			return q, false
		}
	}
	return q, !q.walks || !moved
}

// plainNumber reads up to nine digits.
func plainNumber(s string) (n int, ok bool) {
	if s == "" || len(s) > mostDigits {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// answer is memory for one answer.
type answer struct {
	body []byte
	link []byte
}

var answers = sync.Pool{New: func() any { return &answer{} }}

var jsonType = []string{"application/json"}

// send writes the body with what all answers have.
func (a *answer) send(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Content-Length"] = jsonType, noStore, []string{strconv.Itoa(len(a.body))}
	_, _ = w.Write(a.body) // the client is gone if this fails
}

var noStore = []string{"no-store"}

// links makes what Window.links returns for a plain query.
func (a *answer) links(w domain.Window, total int) {
	last := max(0, (total-1)/w.Limit*w.Limit)
	a.link = a.link[:0]
	a.add("first", w.Limit, 0)
	if w.Offset > 0 {
		a.add("prev", w.Limit, max(0, min(w.Offset-w.Limit, last)))
	}
	if w.Offset+w.Limit < total {
		a.add("next", w.Limit, w.Offset+w.Limit)
	}
	a.add("last", w.Limit, last)
}

// next makes what Window.nextCursor returns, or nothing at the end.
func (a *answer) next(q query, rows []domain.WebsiteRow) {
	a.link = a.link[:0]
	if len(rows) < q.window.Limit {
		return
	}
	a.link = append(a.link, "<"+listWebsites+"?cursor="...)
	a.link = append(a.link, rows[len(rows)-1].ID...)
	a.link = append(a.link, "&limit="...)
	a.link = strconv.AppendInt(a.link, int64(q.window.Limit), 10)
	a.link = append(a.link, `>; rel="next"`...)
}

func (a *answer) add(rel string, limit, offset int) {
	if len(a.link) > 0 {
		a.link = append(a.link, ", "...)
	}
	a.link = append(a.link, "<"+listWebsites+"?limit="...)
	a.link = strconv.AppendInt(a.link, int64(limit), 10)
	a.link = append(a.link, "&offset="...)
	a.link = strconv.AppendInt(a.link, int64(offset), 10)
	a.link = append(a.link, `>; rel="`...)
	a.link = append(append(a.link, rel...), '"')
}
