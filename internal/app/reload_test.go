package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/config"
)

// TestReloadAndDrain sends signals to a server under load: SIGHUP takes over a changed
// configuration and no request fails; SIGTERM ends it and no answer breaks off.
func TestReloadAndDrain(t *testing.T) {
	t.Parallel()
	dir, addr, edgeAddr := t.TempDir(), freeAddress(t), freeAddress(t)
	data, file, log := filepath.Join(dir, "empire-data"), filepath.Join(dir, "empire.yaml"), filepath.Join(dir, "access.log")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("listen:\n  edge: "+edgeAddr+"\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	cfg, _, err := config.Load(config.Input{File: file, Flags: map[string]string{"data": data}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), app.Tool)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.AddBenchSites(t.Context(), 2, 3, "")
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	p := serveAt(t, dir, addr, edgeAddr)
	p.awaitReady(t, addr)
	ctx, stop := context.WithCancel(t.Context())
	var visitors sync.WaitGroup
	var answers atomic.Int64
	var ending atomic.Bool
	for n := range 8 {
		visitors.Go(func() {
			transport := &http.Transport{DisableKeepAlives: n%2 == 0} // half of them connect for each request
			defer transport.CloseIdleConnections()
			for ctx.Err() == nil {
				err := read(ctx, transport, edgeAddr)
				switch {
				case err == nil:
					answers.Add(1)
				case ctx.Err() != nil, ending.Load() && gone(err):
					return
				default:
					t.Errorf("after %d answers: %v", answers.Load(), err)
					return
				}
			}
		})
	}
	t.Cleanup(func() { stop(); visitors.Wait() })
	await := func(what string, ok func() bool) {
		t.Helper()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for limit := time.Now().Add(30 * time.Second); !ok(); <-tick.C {
			if time.Now().After(limit) {
				t.Fatalf("%s did not happen\n%s", what, p.said(t))
			}
		}
	}
	has := func(name string) func() bool {
		return func() bool { info, err := os.Stat(name); return err == nil && info.Size() > 0 }
	}
	hangUp := func() {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	await("the first answers", func() bool { return answers.Load() > 50 })
	write("edge:\n  log:\n    file: " + log + "\n")
	hangUp()
	await("the access log", has(log))
	for _, moved := range []string{log + ".1", log + ".2"} { // as a program that rotates logs does
		if err := os.Rename(log, moved); err != nil {
			t.Fatal(err)
		}
		hangUp()
		await("a new access log", has(log))
	}
	write("edge:\n  log:\n    format: odd\n") // changes nothing
	hangUp()
	await("the complaint", func() bool { return strings.Contains(p.said(t), "edge.log.format") })
	before := answers.Load()
	await("answers after that", func() bool { return answers.Load() > before+50 })
	ending.Store(true)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	visitors.Wait()
	if p.err != nil {
		t.Errorf("the program ended with %v\n%s", p.err, p.said(t))
	}
	t.Logf("%d answers, none failed", answers.Load())
}

// gone reports whether a request met nobody: the listener was closed, or the connection
// was at the door when that happened. An answer that breaks off is something else.
func gone(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF)
}

// serveAt starts the program with the configuration of a directory.
func serveAt(t *testing.T, dir, listen, edge string) *process {
	t.Helper()
	return serve(t, dir, listen, "EMPIRE_LISTEN_EDGE="+edge)
}

// read asks for a page of the edge and checks that it came whole.
func read(ctx context.Context, transport *http.Transport, addr string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/page-01/", nil)
	if err != nil {
		return err
	}
	r.Host = "site-0001.example"
	res, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || len(b) < 1000) {
		err = &net.ParseError{Type: "answer", Text: res.Status}
	}
	return err
}
