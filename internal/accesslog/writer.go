// Package accesslog writes the requests of visitors to a file, and reads what other
// servers wrote in the combined log format.
package accesslog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

const (
	bufferBytes = 64 << 10
	flushEvery  = time.Second
)

// Config says what is written where.
type Config struct {
	File      string
	Format    string // "combined" or "json"
	Addresses string // Truncated, None or Full
	MaxBytes  int64  // then the file gets the time as part of its name, and another is begun
	Keep      int    // how many such files there are at most
	Logger    *slog.Logger
}

// Writer writes entries to a file. Lines are collected for a second at most; a killed
// process loses those. It is safe for concurrent use.
type Writer struct {
	mu      sync.Mutex
	cfg     Config
	file    *os.File
	out     *bufio.Writer
	written int64
	waiting uint64 // lines that are in out, in whole or in part
	line    []byte
	failing bool

	lost atomic.Uint64

	end  chan struct{}
	done sync.WaitGroup
}

// Open opens the file, or begins it.
func Open(cfg Config) (*Writer, error) {
	w := &Writer{cfg: cfg, end: make(chan struct{})}
	if err := w.open(); err != nil {
		return nil, err
	}
	w.done.Go(w.run)
	return w, nil
}

// open opens the configured file. The caller holds the lock, or nobody else has w.
func (w *Writer) open() error {
	if err := os.MkdirAll(filepath.Dir(w.cfg.File), 0o700); err != nil {
		return fmt.Errorf("open access log: %w", err)
	}
	f, err := os.OpenFile(w.cfg.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open access log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open access log: %w", err), f.Close())
	}
	w.file, w.out, w.written = f, bufio.NewWriterSize(f, bufferBytes), info.Size()
	return nil
}

// Log writes an entry. It does not fail: what cannot be written is counted.
func (w *Writer) Log(e *domain.AccessEntry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		w.lost.Add(1)
		return
	}
	ip := shorten(e.IP, w.cfg.Addresses)
	if w.cfg.Format == "json" {
		w.line = appendJSON(w.line[:0], e, ip)
	} else {
		w.line = appendCombined(w.line[:0], e, ip)
	}
	w.line = append(w.line, '\n')
	if w.written > 0 && w.written+int64(len(w.line)) > w.cfg.MaxBytes {
		if err := w.rotate(); err != nil {
			w.cfg.Logger.ErrorContext(context.Background(), "access log not rotated", slog.Any("err", err))
			w.written = 0 // the next attempt comes after as much again
		}
	}
	if len(w.line) > w.out.Available() {
		_ = w.flush() // it was logged
	}
	n, err := w.out.Write(w.line)
	w.written += int64(n)
	w.waiting++
	if err != nil || w.out.Buffered() == 0 {
		w.heed(err)
	}
}

// Lost returns how many entries could not be written.
func (w *Writer) Lost() uint64 { return w.lost.Load() }

// Reopen writes to a file of the same or another name from now on: after a program moved
// it away, or the configuration changed. If that fails the old one stays open.
func (w *Writer) Reopen(cfg Config) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.flush() // it was logged
	old, oldCfg := w.file, w.cfg
	w.cfg = cfg
	if err := w.open(); err != nil {
		w.cfg = oldCfg
		return err
	}
	if err := old.Close(); err != nil {
		return fmt.Errorf("close access log: %w", err)
	}
	return nil
}

// Close writes what was collected.
func (w *Writer) Close() error {
	close(w.end)
	w.done.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	err := errors.Join(w.flush(), w.file.Close())
	w.file, w.out = nil, nil
	if err != nil {
		return fmt.Errorf("close access log: %w", err)
	}
	return nil
}

func (w *Writer) run() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.end:
			return
		case <-tick.C:
		}
		w.mu.Lock()
		_ = w.flush() // it was logged
		w.mu.Unlock()
	}
}

// flush writes what was collected. The caller holds the lock.
func (w *Writer) flush() error {
	if w.out.Buffered() == 0 {
		return nil
	}
	err := w.out.Flush()
	w.heed(err)
	return err
}

// heed logs that writing began to fail, and counts what is lost by that. The caller holds
// the lock.
func (w *Writer) heed(err error) {
	if err != nil {
		w.lost.Add(w.waiting)
		if !w.failing {
			w.cfg.Logger.ErrorContext(context.Background(), "access log not written", slog.Any("err", err))
		}
		w.out.Reset(w.file) // a buffer that failed once fails for ever
	}
	w.waiting, w.failing = 0, err != nil
}

// rotate gives the file another name, unless somebody did, and begins a new one.
func (w *Writer) rotate() error {
	_ = w.flush() // what is lost belongs to the old file
	err := os.Rename(w.cfg.File, w.cfg.File+"."+time.Now().UTC().Format("20060102T150405.000000000Z"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	old := w.file
	if err := w.open(); err != nil {
		return err // the old one is still open, under its new name
	}
	return errors.Join(old.Close(), w.sweep())
}

// sweep removes the oldest files beyond those that are kept.
func (w *Writer) sweep() error {
	dir, base := filepath.Split(w.cfg.File)
	list, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil {
		return err
	}
	var past []string
	for _, f := range list {
		if rest, ok := strings.CutPrefix(f.Name(), base+"."); ok && len(rest) == len("20060102T150405.000000000Z") && strings.HasSuffix(rest, "Z") {
			past = append(past, f.Name())
		}
	}
	slices.Sort(past) // their names are times
	for _, name := range past[:max(0, len(past)-w.cfg.Keep)] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
