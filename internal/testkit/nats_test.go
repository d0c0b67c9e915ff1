package testkit_test

import (
	"log/slog"
	"syscall"
	"testing"

	"empire/internal/bus"
	"empire/internal/testkit"
)

// TestNATS stops, freezes and starts a server again on the same address.
func TestNATS(t *testing.T) {
	t.Parallel()
	s := testkit.NATS(t)
	reach := func() {
		t.Helper()
		b, err := bus.Open(t.Context(), bus.Config{URL: s.URL(), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	reach()
	url, pid := s.URL(), s.PID()
	s.Stop()
	s.Cont()
	reach()
	s.Stop()
	s.Kill()
	s.Kill()
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is still there", pid)
	}
	if _, err := bus.Open(t.Context(), bus.Config{URL: url, Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a killed server answers")
	}
	s.Start()
	if s.URL() != url || s.PID() == pid {
		t.Errorf("started again as %d at %s, was %d at %s", s.PID(), s.URL(), pid, url)
	}
	reach()
}
