package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

const (
	oneRead = 64 << 10
	events  = 512
	check   = 100 * time.Millisecond // between looks at the context
)

// Run sends a load and measures the answers. It returns an error only if it could
// not begin or ctx ended; what the server did wrong is in the result.
func Run(ctx context.Context, l Load) (*Result, error) {
	if l.Patience <= 0 {
		l.Patience = patience
	}
	g := &generator{load: l, buf: make([]byte, oneRead), result: &Result{Times: &Histogram{}}}
	defer g.close()
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	if err := g.run(ctx); err != nil {
		return nil, err
	}
	return g.result, nil
}

// generator is one event loop over all connections.
type generator struct {
	load   Load
	epoll  int
	conns  []conn
	free   []int // open loop: connections without a request, the longest idle first
	waits  []time.Time
	sent   int
	flying int // requests that are not answered yet
	buf    []byte
	result *Result

	from, to time.Time // counted time
	due      time.Time // open loop: when the next request is
}

// conn is one connection.
type conn struct {
	fd     int // -1: closed
	began  time.Time
	want   Request
	busy   bool
	answer answer
}

// open connects, one after the other: on loopback that takes microseconds, and a
// server's queue does not overflow.
func (g *generator) open(ctx context.Context) (err error) {
	began := time.Now()
	if g.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("make an epoll: %w", err)
	}
	to, err := address(ctx, g.load.Address)
	if err != nil {
		return err
	}
	for len(g.conns) < g.load.Connections && ctx.Err() == nil {
		fd, err := connect(to)
		if errors.Is(err, syscall.EMFILE) {
			return fmt.Errorf("open connection %d: %w; see ulimit -n", len(g.conns)+1, err)
		}
		if err != nil {
			g.result.Failures.Connect++
			fd = -1
		} else if err := g.watch(fd, len(g.conns)); err != nil {
			return err
		}
		g.conns = append(g.conns, conn{fd: fd})
	}
	g.result.Connects = time.Since(began)
	return ctx.Err()
}

func address(ctx context.Context, hostPort string) (syscall.Sockaddr, error) {
	a, err := (&net.Resolver{}).LookupIPAddr(ctx, host(hostPort))
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", hostPort, err)
	}
	tcp, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(a[0].IP.String(), port(hostPort)))
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", hostPort, err)
	}
	if v4 := tcp.IP.To4(); v4 != nil {
		return &syscall.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(v4)}, nil
	}
	return &syscall.SockaddrInet6{Port: tcp.Port, Addr: [16]byte(tcp.IP)}, nil
}

func host(hostPort string) string {
	h, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return hostPort
	}
	return h
}

func port(hostPort string) string {
	_, p, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "80"
	}
	return p
}

// connect opens a connection that does not block. It is reset when it is closed, so
// that ten thousand of them do not block their ports for a minute.
func connect(to syscall.Sockaddr) (int, error) {
	family := syscall.AF_INET
	if _, v6 := to.(*syscall.SockaddrInet6); v6 {
		family = syscall.AF_INET6
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}),
		retry(func() error { return syscall.Connect(fd, to) }),
		syscall.SetNonblock(fd, true),
	)
	if err != nil {
		_ = syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// retry repeats a call that a signal interrupted; the runtime sends itself signals.
func retry(call func() error) error {
	for {
		err := call()
		if errors.Is(err, syscall.EISCONN) {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) && !errors.Is(err, syscall.EALREADY) {
			return err
		}
	}
}

func (g *generator) watch(fd, i int) error {
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP, Fd: int32(i)}
	if err := syscall.EpollCtl(g.epoll, syscall.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("watch a connection: %w", err)
	}
	return nil
}

func (g *generator) close() {
	for i := range g.conns {
		g.drop(&g.conns[i])
	}
	if g.epoll > 0 {
		_ = syscall.Close(g.epoll)
	}
}

func (g *generator) drop(c *conn) {
	if c.fd >= 0 {
		_ = syscall.Close(c.fd)
		c.fd = -1
	}
}

// run sends until the counted time is over, and then waits for what is under way.
func (g *generator) run(ctx context.Context) error {
	now := time.Now()
	g.from = now.Add(g.load.Warmup)
	g.to = g.from.Add(g.load.Duration)
	g.due = now
	for i := range g.conns {
		if g.load.Rate > 0 {
			g.free = append(g.free, i)
		} else {
			g.send(&g.conns[i], now)
		}
	}
	counting, ended := false, false
	list := make([]syscall.EpollEvent, events)
	for looked := now; ; {
		switch {
		case !counting && !now.Before(g.from):
			counting = true
			call(g.load.Began)
		case !ended && !now.Before(g.to):
			ended = true
			call(g.load.Ended)
		case ended && (g.flying == 0 || now.Sub(g.to) > g.load.Patience):
			g.result.Failures.Timeout += g.flying + len(g.waits)
			g.result.Elapsed = g.load.Duration
			return nil
		}
		if now.Sub(looked) > check {
			if looked = now; ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if !ended && g.load.Rate > 0 {
			g.sendDue(now)
		}
		n, err := g.wait(list, now)
		if err != nil {
			return err
		}
		now = time.Now()
		for _, ev := range list[:n] {
			g.receive(int(ev.Fd))
		}
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// wait waits for answers, but not beyond the time of the next request. Epoll counts
// in milliseconds, which is too coarse for that, so select waits for the epoll.
func (g *generator) wait(list []syscall.EpollEvent, now time.Time) (int, error) {
	timeout := check
	if g.load.Rate > 0 && now.Before(g.to) {
		timeout = max(g.due.Sub(now), 0)
	}
	if timeout < check {
		var set syscall.FdSet
		set.Bits[g.epoll/64] |= 1 << (g.epoll % 64)
		tv := syscall.NsecToTimeval(int64(timeout))
		if _, err := syscall.Select(g.epoll+1, &set, nil, nil, &tv); err != nil && !errors.Is(err, syscall.EINTR) {
			return 0, fmt.Errorf("wait for answers: %w", err)
		}
		timeout = 0
	}
	n, err := syscall.EpollWait(g.epoll, list, int(timeout/time.Millisecond))
	if err != nil && !errors.Is(err, syscall.EINTR) {
		return 0, fmt.Errorf("wait for answers: %w", err)
	}
	return max(n, 0), nil
}

// sendDue sends what is due. Without a free connection it waits for one; its time
// counts all the same.
func (g *generator) sendDue(now time.Time) {
	step := time.Second / time.Duration(g.load.Rate)
	for !g.due.After(now) {
		g.waits = append(g.waits, g.due)
		g.due = g.due.Add(step)
	}
	g.assign()
}

func (g *generator) assign() {
	n := 0
	for ; n < min(len(g.waits), len(g.free)); n++ {
		g.send(&g.conns[g.free[n]], g.waits[n])
	}
	g.waits, g.free = g.waits[n:], g.free[n:]
}

// send sends the next request. It always fits into the empty buffer of a
// connection that has no other request under way.
func (g *generator) send(c *conn, began time.Time) {
	if c.fd < 0 {
		return
	}
	c.want = g.load.Next(g.sent)
	g.sent++
	c.began, c.busy = began, true
	g.flying++
	n, err := syscall.Write(c.fd, c.want.Bytes)
	if err != nil || n < len(c.want.Bytes) {
		g.broken(c)
	}
}

// broken counts a connection that cannot be used any more.
func (g *generator) broken(c *conn) {
	g.result.Failures.Socket++
	if c.busy {
		c.busy = false
		g.flying--
	}
	g.drop(c)
}

// receive reads what has come on a connection.
func (g *generator) receive(i int) {
	c := &g.conns[i]
	for c.fd >= 0 {
		n, err := syscall.Read(c.fd, g.buf)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil || n <= 0 || !c.busy:
			g.broken(c)
			return
		}
		done, err := c.answer.feed(g.buf[:n])
		if err != nil {
			g.broken(c)
			return
		}
		if done {
			g.answered(i)
			return
		}
		if n < len(g.buf) {
			return
		}
	}
}

// answered counts an answer and sends the next request.
func (g *generator) answered(i int) {
	c := &g.conns[i]
	now := time.Now()
	a := &c.answer
	good := a.status == c.want.Status && (c.want.Length < 0 || a.length == c.want.Length)
	switch {
	case a.status != c.want.Status:
		g.result.Failures.Status++
		if g.result.Failures.Statuses == nil {
			g.result.Failures.Statuses = map[int]int{}
		}
		g.result.Failures.Statuses[a.status]++
		if a.status >= 500 {
			g.result.Failures.Server++
		}
	case !good:
		g.result.Failures.Length++
	}
	if !now.Before(g.from) && now.Before(g.to) {
		g.result.Requests++
		if good {
			g.result.Times.Add(now.Sub(c.began))
		}
	}
	a.reset()
	c.busy = false
	g.flying--
	switch {
	case g.load.Rate > 0:
		g.free = append(g.free, i)
	case now.Before(g.to):
		g.send(c, now)
	}
}
