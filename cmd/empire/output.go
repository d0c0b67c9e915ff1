package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// printJSON writes v on standard output, indented.
func printJSON(cmd *cobra.Command, v any) error {
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes rows in aligned columns under a head.
func table(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(t, strings.Join(head, "\t")); err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := fmt.Fprintln(t, strings.Join(r, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}

func ago(t time.Time) string {
	d := time.Since(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return t.UTC().Format(time.DateOnly)
	}
}

// meter shows progress on standard error: a bar that is redrawn on a terminal, a
// line now and then otherwise.
type meter struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	last     time.Time
	drawn    bool
}

func newMeter(f *os.File) *meter {
	info, err := f.Stat()
	return &meter{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// update redraws the bar: label, how much of total is done (0: unknown), a detail.
func (m *meter) update(label string, done, total int64, detail string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pause := 2 * time.Second
	if m.terminal {
		pause = 80 * time.Millisecond
	}
	if time.Since(m.last) < pause {
		return
	}
	m.last = time.Now()
	line := fmt.Sprintf("  %-9s %s %s", label, bar(done, total), detail)
	if m.terminal {
		fmt.Fprintf(m.w, "\r\033[K%s", line)
		m.drawn = true
		return
	}
	fmt.Fprintln(m.w, line)
}

// line ends the bar and prints a line that stays.
func (m *meter) line(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drawn {
		fmt.Fprint(m.w, "\r\033[K")
		m.drawn = false
	}
	m.last = time.Time{}
	fmt.Fprintf(m.w, format+"\n", args...)
}

func bar(done, total int64) string {
	const width = 24
	if total <= 0 {
		return strings.Repeat("·", width)
	}
	n := int(min(max(done, 0), total) * width / total)
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}
