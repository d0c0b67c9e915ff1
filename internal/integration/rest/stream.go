package rest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// maxEvent bounds one event of a stream, in bytes.
const maxEvent = 4 << 20

// Event is one server-sent event (HTML Standard, section 9.2).
type Event struct {
	Name string // empty: it has none
	Data []byte // lines joined; valid until the function that got it returns
}

// Stream sends a request and hands each server-sent event of the answer to each, in
// the goroutine of the caller. It is never repeated: what came before a fault is
// used already. An error of each ends the call and is returned as it is. What the
// caller is to make of an end without its vendor's last event is its own business:
// the connection may end cleanly in the middle.
func (c *Client) Stream(ctx context.Context, call Call, each func(Event) error) (*Answer, error) {
	body, err := encode(c.cfg.Vendor, call.In)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := c.request(ctx, &call, body)
	if err != nil {
		return nil, (&Error{Vendor: c.cfg.Vendor, Kind: Refused, Err: err}).domain()
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.transport(ctx, err, sent.Load()).domain()
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		raw, _ := io.ReadAll(io.LimitReader(res.Body, maxExcerpt)) // a cut text of a refusal is one all the same
		return nil, c.refused(res, raw).domain()
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind != "text/event-stream" {
		raw, _ := io.ReadAll(io.LimitReader(res.Body, maxExcerpt))
		return nil, (&Error{Vendor: c.cfg.Vendor, Kind: Malformed, Status: res.StatusCode, Sent: true, Body: c.excerpt(raw)}).domain()
	}
	if err := c.events(ctx, res, c.limit(&call), each); err != nil {
		return nil, err
	}
	return &Answer{Status: res.StatusCode, Header: res.Header}, nil
}

// events reads the events of an answer.
func (c *Client) events(ctx context.Context, res *http.Response, most int64, each func(Event) error) error {
	tooLarge := &Error{Vendor: c.cfg.Vendor, Kind: TooLarge, Status: res.StatusCode, Sent: true}
	limited := &io.LimitedReader{R: res.Body, N: most + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(make([]byte, 0, 4<<10), maxEvent)
	lines.Split(splitLines)
	var ev Event
	var data []byte
	for lines.Scan() {
		line := lines.Bytes()
		if len(line) == 0 {
			if data != nil {
				ev.Data = data[:len(data)-1] // without the last line end
				if err := each(ev); err != nil {
					return err
				}
			}
			ev, data = Event{}, nil
			continue
		}
		name, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			ev.Name = value
		case "data":
			if len(data)+len(value) > maxEvent {
				return tooLarge.domain()
			}
			data = append(append(data, value...), '\n')
		}
	}
	err := lines.Err()
	switch {
	case limited.N <= 0 || errors.Is(err, bufio.ErrTooLong):
		return tooLarge.domain()
	case err != nil:
		e := c.transport(ctx, err, true)
		if e.Kind == Broken {
			e.Kind = Cut
		}
		e.Status = res.StatusCode
		return e.domain()
	}
	return nil // an event without its empty line is not one
}

// splitLines splits at \n and \r\n.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, bytes.TrimSuffix(data[:i], []byte{'\r'}), nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
