package ws

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"empire/internal/domain"
)

// Sizes of the buffers of a connection. Frames are larger or smaller; what does not
// fit is read and written in pieces.
const (
	readBuffer  = 512
	writeBuffer = 1024
)

// htmlPause is the least time between two frames to a client that wants markup. What
// comes within it goes out as one frame: each costs the page a swap.
const htmlPause = 250 * time.Millisecond

// client is one connection.
type client struct {
	h     *Hub
	name  string // by which it is sent to
	conn  *websocket.Conn
	raw   net.Conn
	token string            // that it came with
	right domain.Permission // that it must keep; empty: being known is enough
	who   atomic.Pointer[domain.Principal]
	html  bool
	all   bool // gets all events unless it subscribes to some
	limit bounds

	mu      sync.Mutex // guards what follows
	topics  []string
	queue   [][]byte
	pending int // frames that wait, those of the batch that is written included
	size    int // their bytes
	writing bool
	closing bool
	code    websocket.StatusCode
	reason  string
}

// bounds of what waits to be written.
type bounds struct{ frames, bytes int }

// slim hands the connection over with small buffers.
type slim struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (s *slim) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	s.conn = conn
	_ = conn.SetDeadline(time.Time{}) // of the request
	if rw.Reader.Buffered() > 0 {     // a client that did not wait for the answer
		return conn, bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(conn, writeBuffer)), nil
	}
	return conn, bufio.NewReadWriter(bufio.NewReaderSize(conn, readBuffer), bufio.NewWriterSize(conn, writeBuffer)), nil
}

// accept makes a WebSocket of a request. Whoever is known by a cookie must come from
// a page of this server; a token or key in a header is sent by no browser on its own.
func (h *Hub) accept(w http.ResponseWriter, r *http.Request, byCookie bool) (*client, error) {
	s := &slim{ResponseWriter: w}
	conn, err := websocket.Accept(s, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: !byCookie})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(h.c.MaxFrame)
	c := &client{h: h, conn: conn, raw: s.conn, limit: bounds{h.c.MaxQueued, h.c.MaxQueuedBytes}}
	return c, nil
}

// send queues a frame. Who has too much waiting is closed: it reads too slowly.
func (c *client) send(frame []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	if c.pending >= c.limit.frames || c.size+len(frame) > c.limit.bytes {
		c.closeLocked(websocket.StatusTryAgainLater, "The client reads too slowly. Reconnect with the last offset.")
		return false
	}
	c.push(frame)
	return true
}

// push queues a frame whatever waits already. The caller holds the mutex.
func (c *client) push(frame []byte) {
	c.queue = append(c.queue, frame)
	c.pending++
	c.size += len(frame)
	if !c.writing {
		c.writing = true
		go c.drain()
	}
}

// close ends the connection with a code, without what still waits.
func (c *client) close(code websocket.StatusCode, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(code, reason)
}

func (c *client) closeLocked(code websocket.StatusCode, reason string) {
	if c.closing {
		return
	}
	c.closing, c.code, c.reason, c.queue = true, code, reason, nil
	if !c.writing {
		c.writing = true
		go c.drain()
	}
}

// drain writes what waits and ends.
func (c *client) drain() {
	for {
		c.mu.Lock()
		batch := c.queue
		c.queue = nil
		if len(batch) == 0 {
			closing := c.closing
			c.writing = closing
			c.mu.Unlock()
			if closing {
				c.part()
			}
			return
		}
		c.mu.Unlock()
		each := 1
		if c.html {
			each, batch = len(batch), [][]byte{bytes.Join(batch, nil)}
		}
		for _, frame := range batch {
			if err := c.write(frame); err != nil {
				_ = c.conn.CloseNow() // the reader finds out
				return
			}
			c.mu.Lock()
			c.pending -= each
			c.size -= len(frame)
			closing := c.closing
			c.mu.Unlock()
			if closing {
				break
			}
		}
		if c.html {
			time.Sleep(htmlPause)
		}
	}
}

func (c *client) write(frame []byte) error {
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.h.c.WriteTimeout))
	err := c.conn.Write(context.Background(), websocket.MessageText, frame)
	_ = c.raw.SetWriteDeadline(time.Time{}) // pings and pongs, which come later, have limits of their own
	return err
}

// part says goodbye.
func (c *client) part() {
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.h.c.WriteTimeout))
	_ = c.conn.Close(c.code, c.reason)
	_ = c.conn.CloseNow()
}

// cut ends the connection, unless its other side is just told why.
func (c *client) cut() {
	c.mu.Lock()
	closing := c.closing
	c.closing, c.queue = true, nil // nothing more is written
	c.mu.Unlock()
	if !closing {
		_ = c.conn.CloseNow()
	}
}

var reading = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is the size up to which a buffer is kept for the next frame.
const maxPooled = 64 << 10

// read hands frames to handle until the connection ends. What is not a frame ends
// it.
func (c *client) read(handle func(Frame)) {
	for {
		kind, r, err := c.conn.Reader(context.Background())
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			c.close(websocket.StatusUnsupportedData, "Frames are JSON texts.")
			return
		}
		f, ok := readFrame(r)
		if !ok {
			c.close(websocket.StatusInvalidFramePayloadData, "The frame is not a JSON object with a type.")
			return
		}
		if f == nil { // cut off or too large: the connection is closed already
			return
		}
		handle(*f)
	}
}

// readFrame reads one frame. It returns false for what is none, and no frame if the
// connection ended.
func readFrame(r io.Reader) (*Frame, bool) {
	b := reading.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxPooled {
			b.Reset()
			reading.Put(b)
		}
	}()
	if _, err := b.ReadFrom(r); err != nil {
		return nil, true
	}
	f := &Frame{}
	if !utf8.Valid(b.Bytes()) || json.Unmarshal(b.Bytes(), f) != nil || bytes.HasPrefix(bytes.TrimSpace(b.Bytes()), []byte("null")) {
		return nil, false
	}
	return f, true
}

// fail answers a frame with an error.
func (c *client) fail(id string, err error) {
	c.send(c.render(encode(TypeError, id, c.h.fault(err)), nil))
}

// subscribe adds and removes topics. It returns all of them, or why not: an unknown
// topic changes nothing, and too many close the connection.
func (c *client) subscribe(s Subscription) ([]string, error) {
	for _, topic := range s.Topics {
		if !domain.ValidTopic(topic) {
			return nil, domain.Invalid("topics", "%.100q is not a topic. A topic begins with one of the areas of events.", topic)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	next := []string{}
	for _, topic := range append(append([]string{}, c.topics...), s.Topics...) {
		if !contains(next, topic) && !contains(s.Remove, topic) {
			next = append(next, topic)
		}
	}
	if len(next) > c.h.c.MaxTopics {
		c.closeLocked(websocket.StatusPolicyViolation, "There are too many topics.")
		return nil, domain.Invalid("topics", "There are too many topics.")
	}
	c.topics = next
	return append([]string{}, next...), nil
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}
