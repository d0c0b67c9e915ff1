package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTime = 30 * time.Second
	stopTime  = 15 * time.Second
	tick      = 10 * time.Millisecond // of the CPU times in /proc: USER_HZ is 100 on Linux
)

// process is a child process that says with a JSON value on its standard output that
// it is ready.
type process struct {
	cmd   *exec.Cmd
	first []byte // that value
	errs  *tail
	ended chan struct{}
	err   error // once ended
}

// start runs a program and waits for its first value. The child ends with this
// process, whatever ends it.
func start(ctx context.Context, program string, args, env []string, dir string) (*process, error) {
	p := &process{cmd: exec.CommandContext(context.WithoutCancel(ctx), program, args...), errs: &tail{}, ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = env, dir, p.errs
	p.cmd.SysProcAttr = attributes()
	ready := make(chan []byte, 1)
	p.cmd.Stdout = &firstValue{ready: ready}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	limit := time.NewTimer(startTime)
	defer limit.Stop()
	select {
	case p.first = <-ready:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s ended at once: %w: %s", strings.Join(args, " "), p.err, p.errs)
	case <-limit.C:
		return nil, errors.Join(fmt.Errorf("%s does not start: %s", strings.Join(args, " "), p.errs), p.stop())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), p.stop())
	}
}

// stop ends the child: politely, and by force if that does not help.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	select {
	case <-p.ended:
	case <-limit.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("process %d did not stop within %s", p.cmd.Process.Pid, stopTime)
	}
	return nil
}

// alive returns an error if the child has ended by itself.
func (p *process) alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("the server ended: %w: %s", p.err, p.errs)
	default:
		return nil
	}
}

// usage is what a process takes of the machine.
type usage struct {
	cpu       time.Duration // since its start
	rss, peak int64         // bytes
}

// usageOf reads the usage of a process; where there is no /proc it is zero.
func usageOf(pid int) usage {
	var u usage
	if pid == 0 {
		return u
	}
	dir := "/proc/" + strconv.Itoa(pid)
	if raw, err := os.ReadFile(dir + "/stat"); err == nil {
		// The name in parentheses may hold anything; utime and stime are the 12th and
		// 13th fields after it (proc_pid_stat(5)).
		if fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])); len(fields) > 12 {
			user, _ := strconv.Atoi(fields[11])
			system, _ := strconv.Atoi(fields[12])
			u.cpu = time.Duration(user+system) * tick
		}
	}
	if raw, err := os.ReadFile(dir + "/status"); err == nil {
		u.rss, u.peak = kilobytes(raw, "VmRSS:"), kilobytes(raw, "VmHWM:")
	}
	return u
}

func kilobytes(status []byte, name string) int64 {
	_, rest, ok := strings.Cut(string(status), "\n"+name)
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return n << 10
}

// resetPeak makes the peak of a process count from now (proc_pid_clear_refs(5)).
func resetPeak(pid int) {
	if pid != 0 {
		_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", []byte("5"), 0) // else the peak is that of its whole life
	}
}

// firstValue delivers the first JSON value that is written, and drops what follows.
type firstValue struct {
	text  []byte
	ready chan<- []byte
}

// Write implements io.Writer.
func (f *firstValue) Write(b []byte) (int, error) {
	if f.ready == nil {
		return len(b), nil
	}
	if f.text = append(f.text, b...); json.Valid(f.text) {
		f.ready <- f.text
		f.ready = nil
	}
	return len(b), nil
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

var _ io.Writer = (*tail)(nil)

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if len(t.text) > 2*most {
		t.text = append(t.text[:0], t.text[len(t.text)-most:]...)
	}
	return len(b), nil
}

// String returns the end of the text.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
