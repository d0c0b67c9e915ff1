package bus_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"empire/internal/bus"
	"empire/internal/bus/bustest"
)

func TestEmbedded(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (a, b bustest.Bus) {
		one := open(t, "")
		return one, one
	})
}

func TestCluster(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (a, b bustest.Bus) {
		url := serve(t)
		return open(t, url), open(t, url)
	})
}

func open(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := b.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return b
}

// serve starts a server on a free loopback port and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s.ClientURL()
}

func TestEmbeddedBusesAreSeparate(t *testing.T) {
	t.Parallel()
	a, b := open(t, ""), open(t, "")
	heard := make(chan string, 2)
	if _, err := b.Subscribe("empire.>", func(subject string, _ []byte) { heard <- subject }); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(t.Context(), "empire.run.a", 1); err != nil {
		t.Fatal(err)
	}
	if err := a.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), "empire.run.b", 1); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "empire.run.b" {
		t.Errorf("heard %s, want empire.run.b alone", got)
	}
}

func TestOpenFailsWithoutItsCluster(t *testing.T) {
	t.Parallel()
	_, err := bus.Open(t.Context(), bus.Config{URL: "nats://127.0.0.1:1", Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Error("Open succeeded with a server that is down")
	}
	if _, err := bus.Open(t.Context(), bus.Config{}); err == nil {
		t.Error("Open succeeded without a logger")
	}
}

func BenchmarkPublish(b *testing.B) {
	bus, err := bus.Open(b.Context(), bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bus.Stop(b.Context()) }()
	done := make(chan struct{}, 1000)
	if _, err := bus.Subscribe("empire.run.1", func(string, []byte) { done <- struct{}{} }); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := bus.Publish(b.Context(), "empire.run.1", map[string]int{"n": 1}); err != nil {
			b.Fatal(err)
		}
		<-done
	}
}
