package cache

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts so
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// server is where a Redis server is and how to sign in.
type server struct {
	network, address string
	tls              *tls.Config // nil: plain
	user, password   string
	db               int
}

// parseServer reads a URL: redis://user:password@host:6379/0, rediss:// for TLS, or
// unix:///path?db=0. Its errors do not repeat it, because it may hold a password.
func parseServer(address string) (server, error) {
	bad := errors.New("this is not a URL of a Redis server")
	u, err := url.Parse(address)
	if err != nil {
		return server{}, bad
	}
	s := server{network: "tcp", user: u.User.Username()}
	s.password, _ = u.User.Password()
	db := strings.Trim(u.Path, "/")
	switch u.Scheme {
	case "redis", "rediss":
		host, port := u.Hostname(), u.Port()
		if host == "" {
			host = "localhost"
		}
		if port == "" {
			port = "6379"
		}
		s.address = net.JoinHostPort(host, port)
		if u.Scheme == "rediss" {
			s.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
		}
	case "unix":
		s.network, s.address, db = "unix", u.Path, ""
	default:
		return server{}, bad
	}
	for name, values := range u.Query() {
		if name != "db" || len(values) != 1 {
			return server{}, bad
		}
		db = values[0]
	}
	if db != "" {
		if s.db, err = strconv.Atoi(db); err != nil || s.db < 0 {
			return server{}, bad
		}
	}
	return s, nil
}

// client keeps one connection to a server. When it was lost the next call makes another.
// It is safe for concurrent use.
type client struct {
	server   server
	patience time.Duration // for an answer on a connection; calls bring their own deadlines

	dialing chan struct{} // held by who makes a connection
	mu      sync.Mutex    // guards what follows
	wire    *wire
	closed  bool
}

func newClient(s server, patience time.Duration) *client {
	return &client{server: s, patience: patience, dialing: make(chan struct{}, 1)}
}

var errClosed = errors.New("the client is closed")

// current returns the connection, nil for none that works.
func (c *client) current() (*wire, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if c.wire != nil && c.wire.ended() {
		c.wire = nil
	}
	return c.wire, nil
}

// connection returns the connection and makes it if there is none.
func (c *client) connection(ctx context.Context) (*wire, error) {
	if w, err := c.current(); w != nil || err != nil {
		return w, err
	}
	select {
	case c.dialing <- struct{}{}:
		defer func() { <-c.dialing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if w, err := c.current(); w != nil || err != nil { // somebody else made it
		return w, err
	}
	w, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		w.close(errClosed)
		return nil, errClosed
	}
	c.wire = w
	return w, nil
}

// dial connects and signs in.
func (c *client) dial(ctx context.Context) (*wire, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, c.server.network, c.server.address)
	if err != nil {
		return nil, fmt.Errorf("connect to redis: %w", err)
	}
	if c.server.tls != nil {
		secured := tls.Client(conn, c.server.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("connect to redis: %w", err), conn.Close())
		}
		conn = secured
	}
	w := newWire(conn, c.patience)
	var cmds [][]string
	switch {
	case c.server.user != "" && c.server.password != "":
		cmds = append(cmds, []string{"AUTH", c.server.user, c.server.password})
	case c.server.password != "":
		cmds = append(cmds, []string{"AUTH", c.server.password})
	}
	if c.server.db != 0 {
		cmds = append(cmds, []string{"SELECT", strconv.Itoa(c.server.db)})
	}
	if len(cmds) == 0 {
		return w, nil
	}
	replies, err := w.do(ctx, cmds)
	for i := range replies {
		err = errors.Join(err, replies[i].err)
	}
	if err != nil {
		w.close(errLost)
		w.running.Wait()
		return nil, err
	}
	return w, nil
}

// many sends commands at once and returns their answers. If the connection was lost, as
// it may be while it is idle, those that were not sent are sent once more, and so are
// those that are safe to repeat (again).
func (c *client) many(ctx context.Context, again bool, cmds ...[]string) ([]reply, error) {
	for first := true; ; first = false {
		w, err := c.connection(ctx)
		if err != nil {
			return nil, err
		}
		var replies []reply
		x, err := w.send(cmds)
		sent := err == nil
		if sent {
			replies, err = x.wait(ctx)
		}
		if !first || !errors.Is(err, errLost) || sent && !again {
			return replies, err
		}
	}
}

// do sends one command. An error of the server's is that of the reply.
func (c *client) do(ctx context.Context, again bool, args ...string) (*reply, error) {
	replies, err := c.many(ctx, again, args)
	if err != nil {
		return nil, err
	}
	return &replies[0], replies[0].err
}

// close ends the connection and makes no more.
func (c *client) close() {
	c.mu.Lock()
	w := c.wire
	c.closed = true
	c.mu.Unlock()
	if w != nil {
		w.close(errClosed)
		w.running.Wait()
	}
}

// script is a program in Lua that the server runs.
type script struct{ text, sha string }

func newScript(text string) script {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as above
	return script{text, hex.EncodeToString(sum[:])}
}

// run runs the script by its name, and sends it to a server that does not have it.
func (s script) run(ctx context.Context, c *client, key string, args ...string) (*reply, error) {
	answer, err := c.do(ctx, false, append([]string{"EVALSHA", s.sha, "1", key}, args...)...)
	var refused answerError
	if errors.As(err, &refused) && strings.HasPrefix(string(refused), "NOSCRIPT") {
		return c.do(ctx, false, append([]string{"EVAL", s.text, "1", key}, args...)...)
	}
	return answer, err
}
