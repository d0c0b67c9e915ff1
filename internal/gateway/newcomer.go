package gateway

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// newcomers are the connections that were accepted and have not asked for anything yet.
// A server that shuts down drops what they ask for without an answer (net/http reads the
// request and then sees that it ends), so stopping waits for them first.
type newcomers struct {
	conns sync.Map     // by net.Conn
	count atomic.Int64 // of conns
}

const (
	// newcomerLimit is how long they may take; http.Server.Shutdown has the same patience.
	newcomerLimit = 5 * time.Second
	newcomerPoll  = 5 * time.Millisecond
)

// see is the ConnState of all servers.
func (n *newcomers) see(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		n.conns.Store(c, nil)
		n.count.Add(1)
		return
	}
	if n.count.Load() == 0 { // as mostly: every request comes by twice
		return
	}
	if _, was := n.conns.LoadAndDelete(c); was {
		n.count.Add(-1)
	}
}

// wait returns when there are none, their limit is over, or ctx ends. No more must come.
func (n *newcomers) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, newcomerLimit)
	defer cancel()
	tick := time.NewTicker(newcomerPoll)
	defer tick.Stop()
	for {
		there := n.count.Load() > 0
		select { // also after the last one, whose request is read but not begun
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !there {
			return
		}
	}
}
