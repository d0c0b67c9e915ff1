package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
)

// TestMeterLines shows progress elsewhere than on a terminal: a line every few
// seconds, and only with content.
func TestMeterLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		m := newMeter(&b)
		m.update("scan", 0, 0, "")
		m.update("scan", 1, 10, "soon")
		time.Sleep(linePause)
		m.update("scan", 0, 0, "")
		m.update("scan", 5, 10, "reading")
		m.update("scan", 6, 10, "at once again")
		time.Sleep(linePause)
		m.update("scan", 0, 0, "still reading")
		m.line("done")
		m.update("plan", 1, 2, "right after a line")
		if got, want := b.String(), "  scan       50 %  reading\n  scan       still reading\ndone\n"; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// TestMeterBar redraws one line on a terminal and leaves nothing of it behind.
func TestMeterBar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		m := newMeter(&b)
		m.terminal = true
		time.Sleep(redraw)
		m.update("import", 1, 2, strings.Repeat("ä", 100))
		m.update("import", 2, 2, "too soon to be drawn")
		m.line("done")
		const wipe = "\r\033[K"
		drawn, rest, _ := strings.Cut(strings.TrimPrefix(b.String(), wipe), wipe)
		if n := len([]rune(drawn)); n != lineLength || !strings.Contains(drawn, "████████████░░░░░░░░░░░░ ä") {
			t.Errorf("%d characters: %q", n, drawn)
		}
		if rest != "done\n" {
			t.Errorf("then %q", rest)
		}
	})
}

// TestShowProgress leaves out what was never begun.
func TestShowProgress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	m := newMeter(&b)
	for _, p := range []app.DemoProgress{
		{Step: "scan", State: domain.StateCompleted, Message: "9 products", Elapsed: 1500 * time.Millisecond},
		{Step: "plan", State: domain.StateFailed, Message: "why is said later"},
		{Step: "write", State: domain.StateSkipped},
		{Step: "build", State: domain.StateCancelled},
	} {
		showProgress(m, p)
	}
	if got, want := b.String(), "✓ scan        1.50 s  9 products\n✗ plan        0.00 s  failed\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
