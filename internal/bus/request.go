package bus

import (
	"context"
	"fmt"
	"maps"

	"github.com/nats-io/nats.go"
)

// Connected reports whether the server was there when it was last heard of. A server
// that hangs is noticed within seconds.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Respond calls fn for each request on the subject, one at a time. Of all that
// respond to a subject in the same queue, one gets the request. fn owns no argument
// but answer after it returns and should return quickly; answer may be called later,
// once, and sends nothing if the request wants no answer. A panic in fn is logged.
func (b *Bus) Respond(subject, queue string, fn func(data []byte, header map[string]string, answer func([]byte) error)) (stop func(), err error) {
	sub, err := b.conn.QueueSubscribe(subject, queue, func(m *nats.Msg) {
		defer b.recovered(subject)
		reply := m.Reply
		fn(m.Data, plainHeader(m.Header), func(data []byte) error {
			if reply == "" {
				return nil
			}
			if err := b.conn.Publish(reply, data); err != nil {
				return fmt.Errorf("answer on %s: %w", subject, err)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("respond to %s: %w", subject, err)
	}
	// The server must know of the subscription before it may say that nobody responds.
	if err := b.conn.FlushTimeout(flushLimit); err != nil {
		_ = sub.Unsubscribe()
		return nil, fmt.Errorf("respond to %s: %w", subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// Inbox opens an address for answers to what Request asks. fn is called with the id
// of the request and its answer, or with nil if nobody responds to the subject;
// whether it still waits for that answer is its own affair. Like those of Subscribe,
// calls come one at a time.
func (b *Bus) Inbox(fn func(id string, answer []byte)) (address string, close func(), err error) {
	address = nats.NewInbox()
	sub, err := b.conn.Subscribe(address+".*", func(m *nats.Msg) {
		defer b.recovered(address)
		data := m.Data
		if len(data) == 0 && m.Header.Get("Status") == "503" { // NATS: no responders
			data = nil
		} else if data == nil {
			data = []byte{}
		}
		fn(m.Subject[len(address)+1:], data)
	})
	if err != nil {
		return "", nil, fmt.Errorf("open inbox: %w", err)
	}
	if err := b.conn.FlushTimeout(flushLimit); err != nil {
		_ = sub.Unsubscribe()
		return "", nil, fmt.Errorf("open inbox: %w", err)
	}
	return address, func() { _ = sub.Unsubscribe() }, nil
}

// Request asks one of those that respond to the subject. The answer comes to the
// inbox at address under id, which must be unique and hold no dots.
func (b *Bus) Request(ctx context.Context, subject, address, id string, data []byte, header map[string]string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("request %s: %w", subject, err)
	}
	m := &nats.Msg{Subject: subject, Reply: address + "." + id, Data: data, Header: nats.Header{}}
	for name, value := range header {
		m.Header[name] = []string{value}
	}
	if err := b.conn.PublishMsg(m); err != nil {
		return fmt.Errorf("request %s: %w", subject, err)
	}
	return nil
}

// plainHeader is a copy: one value for each name.
func plainHeader(h nats.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name := range maps.Keys(h) {
		out[name] = h.Get(name)
	}
	return out
}
