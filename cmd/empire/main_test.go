package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"empire/internal/sample"
	"empire/internal/testkit"
)

// outcome is what a command line left behind.
type outcome struct {
	code      int
	out, errs string
}

// command runs a command line in this process, without the environment of the test.
func command(t *testing.T, args ...string) outcome {
	t.Helper()
	return commandEnv(t, nil, args...)
}

func commandEnv(t *testing.T, environ []string, args ...string) outcome {
	t.Helper()
	var out, errs testkit.Buffer // what a stop cut off may still write
	code := run(t.Context(), args, streams{&out, &errs, environ})
	return outcome{code, out.String(), errs.String()}
}

// done fails the test unless the command ended well.
func (o outcome) done(t *testing.T) outcome {
	t.Helper()
	if o.code != exitDone {
		t.Fatalf("exit code %d\n%s%s", o.code, o.out, o.errs)
	}
	return o
}

// decode reads standard output, which must be one JSON value and nothing else.
func (o outcome) decode(t *testing.T, v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(o.out))
	if err := d.Decode(v); err != nil {
		t.Fatalf("standard output is not JSON: %v\n%s\n%s", err, o.out, o.errs)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Errorf("there is more than one JSON value:\n%s", o.out)
	}
}

// demoDirectory is made once, in scratch: a data directory in which the demo ran
// twice, so that its site has two releases. Tests get copies.
var demoDirectory struct {
	sync.Once
	path string
	err  error
}

func makeDemo(t *testing.T) {
	demoDirectory.path = filepath.Join(scratch, "demo")
	for _, args := range [][]string{{"demo", "--once"}, {"demo", "--once", "--rebuild"}} {
		if o := start(t, append(args, "--data", demoDirectory.path)...).finish(); o.code != exitDone {
			demoDirectory.err = errors.New(o.errs)
			return
		}
	}
}

// demoData returns a data directory of the test's own with the demo's site.
func demoData(t *testing.T) string {
	t.Helper()
	demoDirectory.Do(func() { makeDemo(t) })
	if demoDirectory.err != nil {
		t.Fatalf("demo: %v", demoDirectory.err)
	}
	made := demoDirectory.path
	dir := filepath.Join(t.TempDir(), "data")
	err := filepath.WalkDir(made, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, strings.TrimPrefix(path, made))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sampleSite is the domain of the demo's site.
const sampleSite = sample.Domain

// scratch is a directory that lasts as long as the test process.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "empire-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// process is the built program under way.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *watched
	errs *watched
	end  chan struct{} // closed once it has ended
	code int
}

// start runs the built program.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(testkit.Binary(t), args...), out: newWatched(), errs: newWatched(), end: make(chan struct{})}
	p.cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	p.cmd.Dir = t.TempDir() // no empire.yaml
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.errs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the code tells
		p.code = p.cmd.ProcessState.ExitCode()
		close(p.end)
	}()
	t.Cleanup(func() {
		select {
		case <-p.end:
		default:
			_ = p.cmd.Process.Kill()
			<-p.end
		}
	})
	return p
}

// finish waits until the program has ended.
func (p *process) finish() outcome {
	p.t.Helper()
	select {
	case <-p.end:
	case <-time.After(2 * time.Minute):
		p.t.Fatalf("it does not end\n%s", p.errs)
	}
	return outcome{p.code, p.out.String(), p.errs.String()}
}

// stop sends a signal and wants the end within three seconds, without noise.
func (p *process) stop(s syscall.Signal) outcome {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	o := p.finish()
	if took := time.Since(began); took > 3*time.Second {
		p.t.Errorf("it took %s to stop", took)
	}
	for _, noise := range []string{"goroutine ", "panic", "ERROR", "context canceled"} {
		if strings.Contains(o.errs, noise) {
			p.t.Errorf("standard error has %q:\n%s", noise, o.errs)
		}
	}
	return o
}

// watched is output that a test waits for.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed and replaced with every write
}

func newWatched() *watched { return &watched{more: make(chan struct{})} }

// Write implements io.Writer.
func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.more)
	w.more = make(chan struct{})
	return w.text.Write(b)
}

// String returns all that was written.
func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await waits until the output has text, and returns the line with it.
func (w *watched) await(t *testing.T, text string) string {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		w.mu.Lock()
		held, more := w.text.String(), w.more
		w.mu.Unlock()
		if at := strings.Index(held, text); at >= 0 {
			if end := strings.IndexByte(held[at:], '\n'); end >= 0 {
				return held[strings.LastIndexByte(held[:at], '\n')+1 : at+end]
			}
		}
		select {
		case <-more:
		case <-limit:
			t.Fatalf("%q does not come; there is\n%s", text, held)
		}
	}
}
