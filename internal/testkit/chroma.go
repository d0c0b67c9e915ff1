package testkit

import (
	"bufio"
	"context"
	_ "embed" // holds the script
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// errNoChroma says that no Chroma server is installed.
var errNoChroma = errors.New("npm package chromadb in the folder EMPIRE_TEST_CHROMA")

// sharedChroma is the Chroma server of this test process, started on first use.
var sharedChroma = sync.OnceValues(func() (*ChromaServer, error) {
	dir, err := os.MkdirTemp("", "empire-chroma-")
	if err != nil {
		return nil, err
	}
	return startChroma(dir)
})

// Chroma returns the URL of a Chroma server that all tests of the process share: make
// collections of your own, or a database with ChromaDatabase.
//
// The server is the npm package chromadb in the folder EMPIRE_TEST_CHROMA. Where the
// system's C library is too old for it, the folder holds a newer one below libc/root.
func Chroma(t testing.TB) string {
	t.Helper()
	return needChroma(t, sharedChroma).URL
}

// NewChroma starts a server of the test's own on a folder; it ends with the test.
func NewChroma(t testing.TB, dir string) *ChromaServer {
	t.Helper()
	s := needChroma(t, func() (*ChromaServer, error) { return startChroma(dir) })
	t.Cleanup(s.Kill)
	return s
}

func needChroma(t testing.TB, start func() (*ChromaServer, error)) *ChromaServer {
	t.Helper()
	s, err := start()
	if errors.Is(err, errNoChroma) {
		Require(t, err.Error())
	}
	if err != nil {
		t.Fatalf("start Chroma: %v", err)
	}
	return s
}

// ChromaDatabase makes a database of the test's own on the server at a URL and returns
// its name.
func ChromaDatabase(t testing.TB, url string) string {
	t.Helper()
	name := "t" + strconv.FormatInt(time.Now().UnixNano(), 36) + strconv.Itoa(os.Getpid())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v2/tenants/default_tenant/databases", strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("make a database on Chroma: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("make a database on Chroma: %s", res.Status)
	}
	return name
}

// ChromaServer is a running server.
type ChromaServer struct {
	URL string

	in    io.Closer
	ended chan struct{}
}

// Kill kills the server and waits until it is gone; killing it twice is once.
func (s *ChromaServer) Kill() {
	_ = s.in.Close()
	<-s.ended
}

//go:embed chroma.sh
var chromaScript string

// chromaCommand returns what starts a server, without its settings.
func chromaCommand() ([]string, error) {
	dir := os.Getenv("EMPIRE_TEST_CHROMA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, errNoChroma
		}
		dir = filepath.Join(cache, "empire-ci", "chroma")
	}
	cli := filepath.Join(dir, "node_modules", "chromadb", "dist", "cli.mjs")
	node, err := exec.LookPath("node")
	if _, statErr := os.Stat(cli); err != nil || statErr != nil || runtime.GOOS != "linux" {
		return nil, errNoChroma
	}
	if node, err = filepath.EvalSymlinks(node); err != nil {
		return nil, err
	}
	loaders, err := filepath.Glob(filepath.Join(dir, "libc", "root", "usr", "lib", "*-linux-gnu", "ld-linux-*.so.*"))
	if err != nil {
		return nil, err
	}
	if len(loaders) == 0 {
		return []string{node, cli}, nil
	}
	return []string{loaders[0], "--library-path", filepath.Dir(loaders[0]), node, cli}, nil
}

// startChroma starts a server on a free port. Chroma cannot choose one itself.
func startChroma(dir string) (*ChromaServer, error) {
	command, err := chromaCommand()
	if err != nil {
		return nil, err
	}
	var faults []error
	for range 5 {
		s, err := runChroma(command, dir)
		if err == nil {
			return s, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

func runChroma(command []string, dir string) (*ChromaServer, error) {
	var free net.ListenConfig
	ln, err := free.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	if err := ln.Close(); err != nil {
		return nil, err
	}
	log := filepath.Join(dir, "server.log")
	args := append([]string{"-c", chromaScript, "chroma.sh", log}, command...)
	args = append(args, "run", "--path", filepath.Join(dir, "data"), "--host", "127.0.0.1", "--port", port)
	cmd := exec.CommandContext(context.Background(), "/bin/sh", args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s := &ChromaServer{URL: "http://127.0.0.1:" + port, ended: make(chan struct{})}
	if s.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("run Chroma: %w", err), s.in.Close(), cmd.Wait())
	}
	go func() { _ = cmd.Wait(); close(s.ended) }()
	if err := s.ready(); err != nil {
		text, _ := os.ReadFile(log)
		s.Kill()
		return nil, fmt.Errorf("Chroma did not start: %w\n%s", err, text)
	}
	return s, nil
}

// ready waits until the server answers.
func (s *ChromaServer) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return err
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *ChromaServer) ping(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v2/heartbeat", http.NoBody)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1000))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || !strings.Contains(string(text), "heartbeat") {
		return fmt.Errorf("heartbeat: %s %s", res.Status, text)
	}
	return nil
}
