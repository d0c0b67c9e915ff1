package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// checkpointDelay is how long a write waits to be written back from SQLite's journal
// to its file: long enough for what follows to be written with it, short enough for
// the sync to be small.
const checkpointDelay = 10 * time.Millisecond

// checkpoints write SQLite's journal back on a connection of their own. Without them
// the commit that fills the journal does that, and who commits then waits until
// megabytes are on the disk. The writer still does it if these fall behind.
type checkpoints struct {
	conn    *sql.DB
	written chan struct{} // of capacity one: there is something to write back
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func newCheckpoints(conn *sql.DB) *checkpoints {
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpoints{conn: conn, written: make(chan struct{}, 1), cancel: cancel}
	c.done.Go(func() { c.run(ctx) })
	return c
}

// wrote says that there was, or is about to be, a commit. It never waits.
func (c *checkpoints) wrote() {
	if c == nil {
		return
	}
	select {
	case c.written <- struct{}{}:
	default:
	}
}

func (c *checkpoints) run(ctx context.Context) {
	timer := time.NewTimer(checkpointDelay)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.written:
		}
		timer.Reset(checkpointDelay)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		// Passive: it waits for nobody. What it has to leave, because another process
		// is at it or a reader still needs it, is for the next one; a disk that fails
		// is told by the writer.
		_, _ = c.conn.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
	}
}

// close ends the work and the connection.
func (c *checkpoints) close() error {
	if c == nil {
		return nil
	}
	c.cancel()
	c.done.Wait()
	return c.conn.Close()
}
