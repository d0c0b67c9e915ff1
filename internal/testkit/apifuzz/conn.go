package apifuzz

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// patience is how long an answer may take.
const patience = 60 * time.Second

// conn sends requests as they are: what a client library would put right stays
// wrong. It keeps its connection while the server does.
type conn struct {
	address string
	tcp     net.Conn
	in      *bufio.Reader
}

func (c *conn) close() {
	if c.tcp != nil {
		_ = c.tcp.Close() // nothing is lost: every answer was read or given up
		c.tcp = nil
	}
}

// do sends a request with more headers and reads the answer. Status 0 means that
// the server closed the connection without one.
func (c *conn) do(ctx context.Context, q *Request, more ...[2]string) (*Answer, error) {
	fresh := c.tcp == nil || q.Raw != nil
	a, err := c.try(ctx, q, fresh, more)
	if err != nil && !fresh { // the server had closed the idle connection
		a, err = c.try(ctx, q, true, more)
	}
	return a, err
}

func (c *conn) try(ctx context.Context, q *Request, fresh bool, more [][2]string) (*Answer, error) {
	if fresh {
		c.close()
		tcp, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
		if err != nil {
			return nil, err
		}
		c.tcp, c.in = tcp, bufio.NewReader(tcp)
	}
	if err := c.tcp.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	sent := make(chan struct{})
	go func() { // the answer may come, and the connection end, before all is sent
		defer close(sent)
		_, _ = c.tcp.Write(q.bytes(c.address, more))
		if tcp, ok := c.tcp.(*net.TCPConn); ok && q.Raw != nil {
			_ = tcp.CloseWrite()
		}
	}()
	a, ends, err := c.read(q)
	if err != nil || ends || q.Raw != nil {
		_ = c.tcp.Close()
		<-sent
		c.tcp = nil
	} else {
		<-sent
	}
	if err != nil && q.Raw != nil {
		return &Answer{}, nil //nolint:nilerr // no answer is one, to garbage
	}
	return a, err
}

func (c *conn) read(q *Request) (*Answer, bool, error) {
	for {
		res, err := http.ReadResponse(c.in, &http.Request{Method: q.Method})
		if err != nil {
			return nil, true, fmt.Errorf("read answer: %w", err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close() // it has been read
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, true, fmt.Errorf("read body: %w", err)
		}
		if err != nil {
			return nil, true, errors.New("the body is cut off")
		}
		if res.StatusCode >= 200 {
			return &Answer{res.StatusCode, res.Header, body}, res.Close, nil
		}
	}
}

// bytes returns the request as it goes out.
func (q *Request) bytes(host string, more [][2]string) []byte {
	if q.Raw != nil {
		return q.Raw
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", q.Method, q.Target)
	named := false
	for _, h := range slices.Concat(more, q.Header) {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
		named = named || strings.EqualFold(h[0], "Host")
	}
	if !named {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	if len(q.Body) > 0 || q.Method != http.MethodGet && q.Method != http.MethodHead {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(q.Body))
	}
	b.WriteString("\r\n")
	b.Write(q.Body)
	return b.Bytes()
}
