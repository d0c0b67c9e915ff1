package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	redraw     = 80 * time.Millisecond // of a bar on a terminal
	linePause  = 3 * time.Second       // between two lines of progress elsewhere
	lineLength = 79                    // a longer bar would wrap and could not be redrawn
)

// meter shows progress: a bar that is redrawn on a terminal, a line now and then
// elsewhere. It is safe for concurrent use.
type meter struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	last     time.Time // of what was shown
	drawn    bool      // a bar stands on the last line
}

func newMeter(w io.Writer) *meter {
	m := &meter{w: w, last: time.Now()}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		info, err := f.Stat()
		m.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return m
}

// update shows how much of total is done (0: unknown) with a detail. It shows
// nothing if there is nothing to show yet, or if it showed something just now.
func (m *meter) update(label string, done, total int64, detail string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pause := linePause
	if m.terminal {
		pause = redraw
	}
	if time.Since(m.last) < pause || !m.terminal && total <= 0 && detail == "" {
		return
	}
	m.last = time.Now()
	if !m.terminal {
		_, _ = fmt.Fprintln(m.w, progressLine(label, done, total, detail))
		return
	}
	_, _ = fmt.Fprintf(m.w, "\r\033[K%s", cut(fmt.Sprintf("  %-9s %s %s", label, bar(done, total), detail), lineLength))
	m.drawn = true
}

// progressLine is progress as words.
func progressLine(label string, done, total int64, detail string) string {
	line := fmt.Sprintf("  %-9s", label)
	if total > 0 {
		line += fmt.Sprintf(" %3d %%", min(max(done, 0), total)*100/total)
	}
	if detail != "" {
		line += "  " + detail
	}
	return line
}

// line ends the bar and prints a line that stays.
func (m *meter) line(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wipe()
	_, _ = fmt.Fprintf(m.w, format+"\n", args...)
}

// end takes the bar away, so that something else can be printed.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wipe()
}

func (m *meter) wipe() {
	if m.drawn {
		_, _ = fmt.Fprint(m.w, "\r\033[K")
		m.drawn = false
	}
	m.last = time.Now()
}

func bar(done, total int64) string {
	const width = 24
	if total <= 0 {
		return strings.Repeat("·", width)
	}
	n := int(min(max(done, 0), total) * width / total)
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
