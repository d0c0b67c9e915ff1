package gateway_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"empire/internal/gateway"
)

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for addr, path := range map[string]string{d.gw.Addr(): "/healthz", d.gw.EdgeAddr(): "/"} {
		res, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK || (res.Header.Get("X-Process-Time") != "") != (path == "/healthz") {
			t.Errorf("%s%s: %d %v", addr, path, res.StatusCode, res.Header)
		}
	}
	again := gateway.New(gateway.Config{APIAddr: d.gw.Addr(), Logger: slog.New(slog.DiscardHandler)})
	if err := again.Start(t.Context()); err == nil {
		t.Error("a second gateway took the same address")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := d.gw.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	if res, err := http.Get("http://" + d.gw.Addr() + "/healthz"); err == nil {
		_ = res.Body.Close()
		t.Error("it still answers")
	}
	select {
	case err := <-d.gw.Failed():
		t.Errorf("a wanted stop was reported as a failure: %v", err)
	default:
	}
}

// TestStopAnswersNewcomers: who was connected before the door closed is answered, also if
// the request comes a moment later.
func TestStopAnswersNewcomers(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	connect := func(addr string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	}
	conns := map[string]net.Conn{}
	for addr, path := range map[string]string{d.gw.Addr(): "/healthz", d.gw.EdgeAddr(): "/"} {
		c, err := connect(addr)
		if err != nil {
			t.Fatal(err)
		}
		conns[path] = c
		t.Cleanup(func() { _ = c.Close() })
		res, err := http.Get("http://" + addr + path) // accepted after it
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	ended := make(chan error, 1)
	go func() { ended <- d.gw.Stop(t.Context()) }()
	for _, addr := range []string{d.gw.Addr(), d.gw.EdgeAddr()} {
		for c, err := connect(addr); err == nil; c, err = connect(addr) {
			_ = c.Close()
		}
	}
	for path, c := range conns {
		if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK || !res.Close {
			t.Errorf("%s: %d, close %v; want 200 and the end", path, res.StatusCode, res.Close)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
}
