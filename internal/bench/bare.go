package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ServeBare answers every request on a free loopback port with the same bytes: a
// plain server of the standard library that does nothing else, the most that the
// machine can do with net/http. It writes its address to out as JSON, as serve
// --json does, and ends with ctx.
func ServeBare(ctx context.Context, out io.Writer, body []byte) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	kind, length := []string{"application/json"}, []string{strconv.Itoa(len(body))}
	return serveBare(ctx, ln, out, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"], h["Content-Length"] = kind, length
		_, _ = w.Write(body) // the client is gone if this fails
	})
}

// ServeBareFiles is ServeBare with the gzip files of a directory, held in memory: FILE
// for FILE.gz, and a path that ends in a slash for index.html.
func ServeBareFiles(ctx context.Context, out io.Writer, dir string) error {
	type file struct {
		body   []byte
		length []string
	}
	files := map[string]file{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(name) != ".gz" {
			return err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, strings.TrimSuffix(name, ".gz"))
		files["/"+strings.TrimSuffix(filepath.ToSlash(rel), "index.html")] = file{body, []string{strconv.Itoa(len(body))}}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the files: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	kind, coding := []string{"text/html; charset=utf-8"}, []string{"gzip"}
	return serveBare(ctx, ln, out, func(w http.ResponseWriter, r *http.Request) {
		f, h := files[r.URL.Path], w.Header()
		h["Content-Type"], h["Content-Encoding"], h["Content-Length"] = kind, coding, f.length
		_, _ = w.Write(f.body) // the client is gone if this fails
	})
}

func serveBare(ctx context.Context, ln net.Listener, out io.Writer, answer http.HandlerFunc) error {
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: answer}
	if err := json.NewEncoder(out).Encode(listening{os.Getpid(), ln.Addr().String()}); err != nil {
		return errors.Join(fmt.Errorf("write the address: %w", err), ln.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
