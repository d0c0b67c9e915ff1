package cache

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// What a connection may take. Calls that were given up keep their place in it until
// they are answered or the connection ends.
const (
	wireCalls  = 4096
	wireBuffer = 1 << 16 // bytes, for reading
)

// errLost says that a connection ended before it brought an answer.
var errLost = errors.New("the connection was lost")

// wire is one connection. The calls of many goroutines go through it together: what
// they have to say is written at once, and the answers come in the order of the calls.
type wire struct {
	conn     net.Conn
	patience time.Duration  // for an answer
	running  sync.WaitGroup // what reads and writes

	mu      sync.Mutex // guards what follows
	unsent  []byte
	waiting []*exchange // sent or to be sent, in order
	err     error       // why it ended; nil: it did not
	wake    chan struct{}
}

// exchange is some commands with their answers. Once done is closed either all answers
// are there or err says why not.
type exchange struct {
	replies []reply
	next    int
	sent    time.Time
	done    chan struct{}
	err     error
}

func newWire(conn net.Conn, patience time.Duration) *wire {
	w := &wire{conn: conn, patience: patience, wake: make(chan struct{}, 1)}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	w.running.Go(w.write)
	w.running.Go(w.read)
	return w
}

// send adds commands to what is to be sent.
func (w *wire) send(cmds [][]string) (*exchange, error) {
	x := &exchange{replies: make([]reply, len(cmds)), sent: time.Now(), done: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return nil, w.err
	case len(w.waiting) >= wireCalls:
		return nil, errBusy
	}
	for _, c := range cmds {
		w.unsent = appendCommand(w.unsent, c)
	}
	w.waiting = append(w.waiting, x)
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
	return x, nil
}

// ended reports whether the connection is of no more use.
func (w *wire) ended() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil
}

// close ends the connection, and with it all calls that wait for an answer.
func (w *wire) close(err error) {
	w.mu.Lock()
	if w.err != nil {
		w.mu.Unlock()
		return
	}
	w.err = err
	waiting := w.waiting
	w.waiting, w.unsent = nil, nil
	close(w.wake)
	w.mu.Unlock()
	_ = w.conn.Close()
	for _, x := range waiting {
		x.err = err
		close(x.done)
	}
}

func (w *wire) write() {
	for range w.wake {
		w.mu.Lock()
		out := w.unsent
		w.unsent = nil
		w.mu.Unlock()
		if len(out) == 0 {
			continue
		}
		if err := w.conn.SetWriteDeadline(time.Now().Add(w.patience)); err != nil {
			w.close(errors.Join(errLost, err))
			return
		}
		if _, err := w.conn.Write(out); err != nil {
			w.close(errors.Join(errLost, err))
			return
		}
	}
}

// read hands out answers. An answer that takes too long ends the connection: those of
// other calls are behind it.
func (w *wire) read() {
	r := bufio.NewReaderSize(w.conn, wireBuffer)
	for {
		if _, err := r.Peek(1); err != nil {
			if wait, late := w.late(err); !late {
				_ = w.conn.SetReadDeadline(wait)
				continue
			}
			w.close(errors.Join(errLost, err))
			return
		}
		_ = w.conn.SetReadDeadline(time.Now().Add(w.patience))
		answer, err := readReply(r, 0)
		if err == nil && !w.answer(answer) {
			err = errProtocol
		}
		if err != nil {
			w.close(errors.Join(errLost, err))
			return
		}
		wait, _ := w.late(nil)
		_ = w.conn.SetReadDeadline(wait)
	}
}

// late says until when to wait for the next answer, and whether err, a timeout, means
// that one is overdue. While nobody waits there is no hurry, but one looks again.
func (w *wire) late(err error) (wait time.Time, late bool) {
	var timeout net.Error
	if err != nil && (!errors.As(err, &timeout) || !timeout.Timeout()) {
		return time.Time{}, true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if len(w.waiting) == 0 {
		return now.Add(w.patience), w.err != nil
	}
	wait = w.waiting[0].sent.Add(w.patience)
	return wait, !wait.After(now) && err != nil
}

// answer gives an answer to the call that waits for it. It reports whether there is one.
func (w *wire) answer(a reply) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		return false
	}
	x := w.waiting[0]
	x.replies[x.next] = a
	if x.next++; x.next == len(x.replies) {
		w.waiting = w.waiting[1:]
		close(x.done)
	}
	return true
}

// do sends commands and waits for their answers until ctx ends.
func (w *wire) do(ctx context.Context, cmds [][]string) ([]reply, error) {
	x, err := w.send(cmds)
	if err != nil {
		return nil, err
	}
	return x.wait(ctx)
}

// wait returns the answers, or why there are none, when ctx ends at the latest.
func (x *exchange) wait(ctx context.Context) ([]reply, error) {
	select {
	case <-x.done:
		return x.replies, x.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
