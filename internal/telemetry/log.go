// Package telemetry builds what the program reports about itself: the log handler
// and the metrics registry.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

// LogConfig chooses how logs look.
type LogConfig struct {
	Level  string // debug, info, warn, error; empty means info
	Format string // text, json; empty means text on a terminal and json elsewhere
	// Batch holds lines below warn back for up to 100 ms and writes many at once, if
	// they go to a file that is not a terminal. Flush writes them.
	Batch bool
}

// NewLogger returns a logger that writes to w and hides secrets. It refuses
// unknown levels and formats.
func NewLogger(w io.Writer, c LogConfig) (*slog.Logger, error) {
	var level slog.Level
	if c.Level != "" {
		if err := level.UnmarshalText([]byte(c.Level)); err != nil {
			return nil, fmt.Errorf("log level %q is not one of debug, info, warn, error", c.Level)
		}
	}
	terminal := isTerminal(w)
	h := &hiding{}
	if _, file := w.(*os.File); file && c.Batch && !terminal {
		h.batch = &batch{w: w}
		w = h.batch
	}
	opts := &slog.HandlerOptions{Level: level}
	switch format := c.Format; {
	case format == "text", format == "" && terminal:
		h.next = slog.NewTextHandler(w, opts)
	case format == "json", format == "":
		h.next = slog.NewJSONHandler(w, opts)
	default:
		return nil, fmt.Errorf("log format %q is not one of text, json", c.Format)
	}
	return slog.New(h), nil
}

// Flush writes what a logger of NewLogger holds back.
func Flush(log *slog.Logger) error {
	if h, ok := log.Handler().(*hiding); ok && h.batch != nil {
		return h.batch.flush()
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
