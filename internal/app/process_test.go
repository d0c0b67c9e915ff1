package app_test

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"empire/internal/store"
	"empire/internal/testkit"
)

// TestBinaryIsStatic: the program needs no library of the machine.
func TestBinaryIsStatic(t *testing.T) {
	t.Parallel()
	binary := testkit.Binary(t)
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %s", p.Type)
		}
	}
	out, err := exec.CommandContext(t.Context(), testkit.Look(t, "ldd"), binary).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not a dynamic executable") {
		t.Errorf("ldd: %v, %s", err, out)
	}
}

// process is a running program.
type process struct {
	cmd    *exec.Cmd
	stderr string // file
	ended  chan struct{}
	err    error // after ended
}

// serve starts the program in an empty directory.
func serve(t *testing.T, dir, listen string, env ...string) *process {
	t.Helper()
	p := &process{
		cmd:    exec.CommandContext(t.Context(), testkit.Binary(t), "serve", "--listen", listen),
		stderr: filepath.Join(t.TempDir(), "stderr"), ended: make(chan struct{}),
	}
	f, err := os.Create(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = dir, append(append(plainEnv(), "EMPIRE_LISTEN_EDGE=127.0.0.1:0"), env...), f
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		_ = f.Close()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// plainEnv is the environment without settings of the program.
func plainEnv() []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "EMPIRE_") {
			out = append(out, e)
		}
	}
	return out
}

func (p *process) said(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// freeAddress returns an address that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// awaitReady asks /readyz until it says yes.
func (p *process) awaitReady(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, _, err := send(http.DefaultClient, req); err == nil && status == http.StatusOK {
			return
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			t.Fatalf("the program ended: %v\n%s", p.err, p.said(t))
		case <-ctx.Done():
			t.Fatalf("not ready in time:\n%s", p.said(t))
		}
	}
}

// TestServeStartsAlone starts the program in an empty directory, without any
// setting but free addresses: it is ready soon, it is one process, a second one on
// the same data is refused, and it stops when it is asked to.
func TestServeStartsAlone(t *testing.T) {
	t.Parallel()
	testkit.Binary(t) // not part of the time
	dir, address := t.TempDir(), freeAddress(t)
	fastest := time.Hour
	for range 5 { // a loaded machine may need more than one try
		began := time.Now()
		p := serve(t, dir, address)
		p.awaitReady(t, address)
		fastest = min(fastest, time.Since(began))
		if children := childrenOf(t, p.cmd.Process.Pid); len(children) > 0 {
			t.Errorf("the program started processes: %v", children)
		}
		checkSecondInstance(t, dir, p.cmd.Process.Pid)
		began = time.Now()
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		<-p.ended
		if p.err != nil {
			t.Errorf("stopped with %v\n%s", p.err, p.said(t))
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if fastest < 2*time.Second {
			break
		}
	}
	if fastest > 2*time.Second {
		t.Errorf("ready after %s at best, want less than 2 s", fastest)
	}
	if info, err := os.Stat(filepath.Join(dir, "empire-data")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info, err)
	}
}

// childrenOf returns the processes that a process has started.
func childrenOf(t *testing.T, pid int) []string {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(lists) == 0 {
		t.Logf("this kernel does not list children: %v", err)
		return nil
	}
	var out []string
	for _, l := range lists {
		b, err := os.ReadFile(l)
		if err == nil { // else the thread has ended
			out = append(out, strings.Fields(string(b))...)
		}
	}
	return out
}

func checkSecondInstance(t *testing.T, dir string, first int) {
	t.Helper()
	second := serve(t, dir, "127.0.0.1:0")
	<-second.ended
	text := second.said(t)
	if second.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(text, fmt.Sprintf("locked by pid %d", first)) || strings.Count(text, "\n") != 1 {
		t.Errorf("a second instance: %v\n%s", second.err, text)
	}
}

// TestServeRefusesBadDirectories: whatever is wrong with the data directory, the
// program says so in one line that names the file, and ends.
func TestServeRefusesBadDirectories(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		ruin func(t *testing.T, dir string) (names string)
	}{
		{"a file in its place", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "empire-data"), []byte("x"))
			return "empire-data"
		}},
		{"corrupt database", func(t *testing.T, dir string) string {
			write(t, filepath.Join(mkdir(t, dir, "empire-data"), "empire.db"), bytes.Repeat([]byte("no database "), 1000))
			return "empire.db"
		}},
		{"database cut off", func(t *testing.T, dir string) string {
			name := filepath.Join(mkdir(t, dir, "empire-data"), "empire.db")
			db, err := store.Open(t.Context(), store.Config{Path: name})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Migrate(t.Context()), db.Close(), os.Truncate(name, 20_000)); err != nil {
				t.Fatal(err)
			}
			return "empire.db"
		}},
		{"directory in place of the database", func(t *testing.T, dir string) string {
			mkdir(t, mkdir(t, dir, "empire-data"), "empire.db")
			return "empire.db"
		}},
		{"directory in place of the lock", func(t *testing.T, dir string) string {
			mkdir(t, mkdir(t, dir, "empire-data"), "empire.lock")
			return "empire.lock"
		}},
		{"file in place of the blobs", func(t *testing.T, dir string) string {
			write(t, filepath.Join(mkdir(t, dir, "empire-data"), "blobs"), nil)
			return "blobs"
		}},
		{"corrupt secret", func(t *testing.T, dir string) string {
			write(t, filepath.Join(mkdir(t, dir, "empire-data"), "token.key"), []byte("short\n"))
			return "token.key"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			names := tt.ruin(t, dir)
			p := serve(t, dir, "127.0.0.1:0")
			<-p.ended
			text := strings.TrimSuffix(p.said(t), "\n")
			last := text[strings.LastIndex(text, "\n")+1:]
			if p.cmd.ProcessState.ExitCode() != 1 || strings.Count(text, "empire: ") != 1 || !strings.HasPrefix(last, "empire: ") || !strings.Contains(last, names) {
				t.Errorf("%v\n%s", p.err, text)
			}
		})
	}
}

// mkdir makes a directory in another and returns it.
func mkdir(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestServeRefusesReadOnlyDirectory runs as a user who may not write there.
func TestServeRefusesReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "empire-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data, binary := filepath.Join(dir, "data"), filepath.Join(dir, "empire")
	copyFile(t, testkit.Binary(t), binary)
	if err := errors.Join(os.Mkdir(data, 0o555), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--listen-edge", "127.0.0.1:0")
	cmd.Dir, cmd.Env = dir, append(plainEnv(), "HOME="+dir)
	if os.Getuid() == 0 { // whom no mode stops
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || bytes.Count(out, []byte("\n")) != 1 || !bytes.Contains(out, []byte(data)) {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestConfigShow asks the program for its settings and gives it wrong ones.
func TestConfigShow(t *testing.T) {
	t.Parallel()
	binary := testkit.Binary(t)
	show := func(t *testing.T, file string, env ...string) (stdout, stderr string, code int) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "empire.yaml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), binary, "config", "show", "--json")
		var out, errs bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(plainEnv(), env...), &out, &errs
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	out, errs, code := show(t, "workers: 7\nlisten:\n  api: 127.0.0.1:9001\n", "EMPIRE_LISTEN_API=127.0.0.1:9002", "EMPIRE_DATABASE_URL=postgres://u:hunter2@localhost/db")
	var settings []struct{ Key, Value, Source string }
	if err := json.Unmarshal([]byte(out), &settings); err != nil || code != 0 {
		t.Fatalf("%d, %v\n%s%s", code, err, out, errs)
	}
	got := map[string]string{}
	for _, s := range settings {
		source, _, _ := strings.Cut(s.Source, " ")
		got[s.Key] = s.Value + " from " + source
	}
	for key, want := range map[string]string{
		"listen.api": "127.0.0.1:9002 from env", "workers": "7 from file", "listen.edge": "127.0.0.1:8081 from default", "database.url": "*** from env",
	} {
		if got[key] != want {
			t.Errorf("%s = %s, want %s", key, got[key], want)
		}
	}
	if strings.Contains(out, "hunter2") {
		t.Error("the password is shown")
	}
	for _, tt := range []struct{ name, file, env, key string }{
		{"unknown key", "listen:\n  apl: x\n", "A=b", "listen.apl"},
		{"unknown variable", "", "EMPIRE_LISTEN_APL=x", "EMPIRE_LISTEN_APL"},
		{"bad duration", "prices:\n  max_age: soon\n", "A=b", "max_age"},
		{"bad URL", "", "EMPIRE_BUS_URL=http://x", "bus.url"},
		{"short secret", "auth:\n  secret: 0123456789\n", "A=b", "auth.secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, errs, code := show(t, tt.file, tt.env)
			if code != 2 || !strings.Contains(errs, tt.key) || strings.Contains(errs, "0123456789") {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
}
