package gateway

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Sizes of answers that are held back before they are sent.
const (
	maxTagged = 1 << 20   // to be hashed for an ETag
	maxStored = 256 << 10 // to be stored under an idempotency key
	maxPooled = 128 << 10 // larger buffers are not kept for the next answer
)

// hold says what happens to the bytes that a handler writes.
type hold int

const (
	passing hold = iota // they are sent
	tagging             // they are collected until the ETag is known
	keeping             // they are collected until they are stored
	dropped             // they are not sent: the client has them
)

// exchange is one request with its answer. It is the ResponseWriter that handlers
// get. It is not used again for another request, because handlers may leave
// goroutines behind that hold its context.
type exchange struct {
	g     *Gateway
	w     http.ResponseWriter
	r     *http.Request // what handlers get
	id    string
	start time.Time
	taken time.Time   // when the connection was taken over; zero: it was not
	ctx   lazyContext // of the handler
	auth  lazyContext // of the question who it is
	limit lazyContext // of the question whether it may

	status      int  // 0: not known yet
	sent        bool // the header went out
	broken      bool // the answer ended in the middle
	quiet       bool // too cheap for a line in the log
	conditional bool // an ETag may be made
	keep        bool // it is to be stored
	hold        hold
	body        *bytes.Buffer
	bytes       int64
	traced      func(route string, status int) // ends the span of the request; nil: there is none
	entered     bool                           // it takes a place of those worked on
	writes      bool                           // and one of the writes
	values      [8]string                      // of headers, so that each needs no slice of its own
	used        int
}

// set sets a header whose name is in canonical form.
func (x *exchange) set(name, value string) {
	if x.used == len(x.values) {
		x.w.Header()[name] = []string{value}
		return
	}
	x.values[x.used] = value
	x.used++
	x.w.Header()[name] = x.values[x.used-1 : x.used : x.used]
}

// Header returns the header of the answer.
func (x *exchange) Header() http.Header { return x.w.Header() }

// WriteHeader settles the status. Informational answers pass through; a switch of
// protocols is final.
func (x *exchange) WriteHeader(status int) {
	switch {
	case x.status != 0:
		return
	case status < 200 && status != http.StatusSwitchingProtocols:
		x.w.WriteHeader(status)
		return
	}
	x.status = status
	switch {
	case x.keep:
		x.hold = keeping
	case x.conditional && status == http.StatusOK && taggable(x.w.Header()):
		tag := x.w.Header()["Etag"]
		if len(tag) == 0 || tag[0] == "" {
			x.hold = tagging
			return
		}
		x.revalidate()
		if matchTag(x.r.Header["If-None-Match"], tag[0]) {
			x.notModified()
			return
		}
		x.send()
	default:
		x.send()
	}
}

// send stamps the header and sends it.
func (x *exchange) send() {
	x.sent = true
	if x.hold != dropped {
		x.hold = passing
	}
	if len(x.g.c.Sunsets) > 0 {
		x.g.announceSunset(x.w.Header(), x.r)
	}
	x.set("X-Process-Time", seconds(x.g.c.Now().Sub(x.start)))
	x.w.WriteHeader(x.status)
}

// seconds formats a duration as decimal seconds with microseconds.
func seconds(d time.Duration) string {
	micros := max(d.Microseconds(), 0)
	var b [24]byte
	out := strconv.AppendInt(b[:0], micros/1e6, 10)
	out = append(out, '.')
	for scale := int64(1e5); scale > 0; scale /= 10 {
		out = append(out, byte('0'+micros/scale%10))
	}
	return string(out)
}

// Write sends a part of the body, or collects it.
func (x *exchange) Write(b []byte) (int, error) {
	x.begin()
	switch x.hold {
	case dropped:
		return len(b), nil
	case tagging:
		if x.body == nil && x.isWhole(b) {
			return len(b), x.sendTagged(b)
		}
		if x.collected()+len(b) <= maxTagged {
			return x.buffer().Write(b)
		}
	case keeping:
		if x.collected()+len(b) <= maxStored {
			return x.buffer().Write(b)
		}
		x.keep = false // too large: sent, but not stored
	}
	if err := x.flushHeld(); err != nil {
		return 0, err
	}
	n, err := x.w.Write(b)
	x.bytes += int64(n)
	return n, err
}

// isWhole reports whether b is all of a body whose length was announced.
func (x *exchange) isWhole(b []byte) bool {
	length := x.w.Header()["Content-Length"]
	return len(length) == 1 && length[0] == strconv.Itoa(len(b))
}

// flushHeld sends what was collected; from then on everything is sent at once.
func (x *exchange) flushHeld() error {
	if x.hold != tagging && x.hold != keeping {
		return nil
	}
	x.send()
	if x.collected() == 0 {
		return nil
	}
	n, err := x.w.Write(x.body.Bytes())
	x.bytes += int64(n)
	x.body.Reset()
	return err
}

func (x *exchange) collected() int {
	if x.body == nil {
		return 0
	}
	return x.body.Len()
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (x *exchange) buffer() *bytes.Buffer {
	if x.body == nil {
		x.body = buffers.Get().(*bytes.Buffer)
	}
	return x.body
}

// recycle gives the buffer back.
func (x *exchange) recycle() {
	if x.body != nil && x.body.Cap() <= maxPooled {
		x.body.Reset()
		buffers.Put(x.body)
	}
	x.body = nil
}

// ReadFrom keeps sendfile working for files.
func (x *exchange) ReadFrom(src io.Reader) (int64, error) {
	x.begin()
	if x.hold != passing {
		return io.Copy(struct{ io.Writer }{x}, src)
	}
	n, err := io.Copy(x.w, src)
	x.bytes += n
	return n, err
}

// Flush sends what is buffered, unless the whole answer has to be stored first.
func (x *exchange) Flush() {
	x.begin()
	if x.hold == keeping {
		return
	}
	if x.flushHeld() == nil {
		_ = http.NewResponseController(x.w).Flush() // not all writers can
	}
}

// Hijack hands over the connection, which then takes no place of a request.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(x.w).Hijack()
	if err == nil {
		x.sent, x.hold, x.taken = true, passing, x.g.c.Now()
		if x.status == 0 {
			x.status = http.StatusSwitchingProtocols
		}
		x.leave()
	}
	return conn, rw, err
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// begin settles the status of a handler that just writes: that means 200.
func (x *exchange) begin() {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
}

// finish sends what was held back.
func (x *exchange) finish() {
	x.begin()
	switch {
	case x.hold == tagging && (x.collected() > 0 || x.r.Method == http.MethodGet):
		_ = x.sendTagged(x.buffer().Bytes()) // the client is gone if this fails
	case x.hold == tagging, x.hold == keeping:
		if n := x.collected(); n > 0 {
			x.set("Content-Length", strconv.Itoa(n))
		}
		_ = x.flushHeld() // likewise
	}
}

// startOver forgets an answer that was not sent, so that another can be given. It
// reports whether that was possible.
func (x *exchange) startOver() bool {
	if x.sent {
		return false
	}
	x.status, x.hold, x.keep, x.conditional = 0, passing, false, false
	x.recycle()
	h := x.w.Header()
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Etag", "Location", "Link", "Set-Cookie", "X-Total-Count"} {
		delete(h, name)
	}
	return true
}

// sendTagged sends a whole body with its ETag, or 304 if the client has it.
func (x *exchange) sendTagged(body []byte) error {
	h := x.w.Header()
	x.set("Etag", bodyTag(h, body))
	x.revalidate()
	if matchTag(x.r.Header["If-None-Match"], h["Etag"][0]) {
		x.notModified()
		return nil
	}
	if len(h["Content-Length"]) == 0 {
		x.set("Content-Length", strconv.Itoa(len(body)))
	}
	x.send()
	n, err := x.w.Write(body)
	x.bytes += int64(n)
	return err
}

// revalidate lets clients keep the answer but makes them ask again before each use.
func (x *exchange) revalidate() {
	h := x.w.Header()
	if v := h["Cache-Control"]; len(v) == 0 || len(v) == 1 && v[0] == "no-store" {
		h["Cache-Control"] = privateNoCache
	}
}

// notModified says that the client has this answer already, RFC 9110 §15.4.5.
func (x *exchange) notModified() {
	h := x.w.Header()
	delete(h, "Content-Type")
	delete(h, "Content-Length")
	delete(h, "Content-Disposition")
	x.status, x.hold = http.StatusNotModified, dropped
	x.send()
}

var privateNoCache = []string{"private, no-cache"}

// taggable reports whether an answer is JSON that can be hashed as a whole.
func taggable(h http.Header) bool {
	kind := h["Content-Type"]
	return len(kind) == 1 && isJSON(kind[0]) && len(h["Content-Encoding"]) == 0 && len(h["Trailer"]) == 0
}

// isJSON reports whether a media type is application/json or ends in +json.
func isJSON(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	kind = strings.TrimSpace(kind)
	return strings.EqualFold(kind, "application/json") || strings.HasSuffix(kind, "+json")
}
