package telemetry

import (
	"io"
	"sync"
	"time"
)

const (
	batchSize = 32 << 10               // bytes that are written at once
	batchTime = 100 * time.Millisecond // that a line is held back at most
)

// batch collects what is written to it. A call for every line of a busy server costs
// it more than making the line, and its reader as much again.
type batch struct {
	w io.Writer

	mu      sync.Mutex
	held    []byte
	pending bool // a timer will flush
}

// Write implements io.Writer. An error of an earlier, held back write is returned by
// the write that meets it.
func (b *batch) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = append(b.held, line...)
	if len(b.held) >= batchSize {
		return len(line), b.flushHeld()
	}
	if !b.pending {
		b.pending = true
		time.AfterFunc(batchTime, b.expire)
	}
	return len(line), nil
}

func (b *batch) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = false
	_ = b.flushHeld() // nobody is left to tell: this is the log
}

func (b *batch) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flushHeld()
}

func (b *batch) flushHeld() error {
	if len(b.held) == 0 {
		return nil
	}
	_, err := b.w.Write(b.held)
	b.held = b.held[:0]
	return err
}
