package testkit

import (
	"bufio"
	"context"
	_ "embed" // holds the script
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builtNATS is built at most once in a test process.
var builtNATS = sync.OnceValues(buildNATS)

func buildNATS() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir, err := binaryDir(root)
	if err != nil {
		return "", err
	}
	unlock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	// Its content changes with the library only, so others may run the file meanwhile:
	// go build leaves it alone if it is up to date.
	path := filepath.Join(dir, "natsserver")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "./internal/testkit/natsserver")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// NATSServer is a NATS server process of one test. Its address stays the same
// through all that is done to it.
type NATSServer struct {
	t    testing.TB
	bin  string
	addr string

	in    io.Closer
	pid   int
	ended chan struct{} // closed when the process is gone
}

// NATS starts a server in a process of its own that ends with the test.
func NATS(t testing.TB) *NATSServer {
	t.Helper()
	bin, err := builtNATS()
	if err != nil {
		t.Fatalf("build the NATS server: %v", err)
	}
	s := &NATSServer{t: t, bin: bin, addr: "127.0.0.1:0"}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// URL returns the address of the server.
func (s *NATSServer) URL() string { return "nats://" + s.addr }

// PID returns the process of the server.
func (s *NATSServer) PID() int { return s.pid }

// Stop freezes the server with SIGSTOP: its connections stay open and nothing moves.
func (s *NATSServer) Stop() { s.signal(syscall.SIGSTOP) }

// Cont lets a frozen server go on.
func (s *NATSServer) Cont() { s.signal(syscall.SIGCONT) }

func (s *NATSServer) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.pid, sig); err != nil {
		s.t.Fatalf("signal the NATS server: %v", err)
	}
}

// Kill ends the server with SIGKILL, frozen or not, and waits until it is gone.
// Killing it again changes nothing.
func (s *NATSServer) Kill() {
	_ = s.in.Close()
	<-s.ended
}

// Start starts a server that was killed again, on the same port and with nothing in
// memory.
func (s *NATSServer) Start() {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := s.start()
		if err == nil {
			return
		}
		if time.Now().After(deadline) { // somebody else has taken the port
			s.t.Fatalf("start the NATS server: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

//go:embed nats.sh
var natsScript string

func (s *NATSServer) start() error {
	_, port, _ := strings.Cut(s.addr, ":")
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", natsScript, "nats.sh", s.bin, port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	pid, err := lines.ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("run the NATS server: %w", err), in.Close(), cmd.Wait())
	}
	if s.pid, err = strconv.Atoi(strings.TrimSpace(pid)); err != nil {
		return errors.Join(err, in.Close(), cmd.Wait())
	}
	addr, err := lines.ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("the NATS server did not start: %w", err), in.Close(), cmd.Wait())
	}
	s.in, s.addr = in, strings.TrimSpace(addr)
	// Waiting for it keeps the pipe reachable: a garbage-collected one would be
	// closed, and the server would stop.
	ended := make(chan struct{})
	s.ended = ended
	go func() { _ = cmd.Wait(); close(ended) }()
	return nil
}
