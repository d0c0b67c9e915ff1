package telemetry_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/telemetry"
)

func logTo(t testing.TB, w io.Writer) *slog.Logger {
	t.Helper()
	log, err := telemetry.NewLogger(w, telemetry.LogConfig{Batch: true})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func logFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestBatch holds lines back until it is told, until there are many, or until one
// that matters comes; none is lost and all stay in order.
func TestBatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		lines int
		end   func(*slog.Logger) error
	}{
		{"flush", 20, telemetry.Flush},
		{"warning", 20, func(log *slog.Logger) error { log.Warn("last"); return nil }},
		{"error of a logger with attributes", 20, func(log *slog.Logger) error { log.With("a", 1).WithGroup("g").Error("last"); return nil }},
		{"many", 3000, telemetry.Flush},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := logFile(t)
			log := logTo(t, f)
			for i := range tt.lines {
				log.Info("line", "number", i)
			}
			if err := tt.end(log); err != nil {
				t.Fatal(err)
			}
			text := content(t, f)
			at := -1
			for i := range tt.lines {
				next := strings.Index(text, fmt.Sprintf(`"number":%d}`, i))
				if next <= at {
					t.Fatalf("line %d is at %d, the one before it at %d", i, next, at)
				}
				at = next
			}
			if n := strings.Count(text, "\n"); n < tt.lines || n > tt.lines+1 {
				t.Errorf("%d lines, want %d", n, tt.lines)
			}
		})
	}
}

// TestBatchWritesInTime reads a line that nobody flushes from a pipe.
func TestBatchWritesInTime(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	began := time.Now()
	log := logTo(t, w)
	for _, text := range []string{"first", "second"} { // with a timer each
		log.Info(text)
		if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || !strings.Contains(line, text) {
			t.Errorf("line %q, %v", line, err)
		}
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("two lines were held back for %s together, want 100 ms each", took)
	}
}

// TestBatchOnlyForFiles writes at once to everything else.
func TestBatchOnlyForFiles(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	log := logTo(t, &b)
	log.Info("line")
	if !strings.Contains(b.String(), "line") {
		t.Error("the line is not there")
	}
	if err := telemetry.Flush(log); err != nil {
		t.Error(err)
	}
	if err := telemetry.Flush(slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}

func TestBatchReportsFaults(t *testing.T) {
	t.Parallel()
	f := logFile(t)
	log := logTo(t, f)
	log.Info("line")
	f.Close()
	if err := telemetry.Flush(log); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want that the file is closed", err)
	}
}

// BenchmarkAccessLog makes the line of one request.
func BenchmarkAccessLog(b *testing.B) {
	for _, bb := range []struct {
		name string
		c    telemetry.LogConfig
	}{{"at once", telemetry.LogConfig{}}, {"batched", telemetry.LogConfig{Batch: true}}} {
		b.Run(bb.name, func(b *testing.B) {
			f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			bb.c.Format = "json"
			log, err := telemetry.NewLogger(f, bb.c)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				log.LogAttrs(b.Context(), slog.LevelInfo, "request served",
					slog.String("request_id", "req_01k2jawwwwwwwwwwwwwwwwwwww"), slog.String("method", "GET"), slog.String("route", "/api/v1/websites/{website_id}"),
					slog.Int("status", 200), slog.Int64("bytes", 1234), slog.Float64("seconds", 0.001234), slog.String("user_id", "user_01k2jawwwwwwwwwwwwwwwwwwww"))
			}
		})
	}
}
