package testkit_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/testkit"
)

// outcome is a testing.TB that notes how a test ended. Like the real one, it ends
// the goroutine.
type outcome struct {
	testing.TB
	skipped, failed bool
}

func (o *outcome) Helper() {}

func (o *outcome) Skipf(string, ...any) {
	o.skipped = true
	panic(o)
}

func (o *outcome) Fatalf(string, ...any) {
	o.failed = true
	panic(o)
}

func watch(t *testing.T, fn func(t testing.TB)) (o *outcome) {
	o = &outcome{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(o) {
			panic(r)
		}
	}()
	fn(o)
	return o
}

func TestRequire(t *testing.T) {
	missing := func(t testing.TB) { testkit.Look(t, "no-such-program", "nor-this-one") }
	t.Setenv("EMPIRE_TEST_REQUIRE", "")
	if o := watch(t, missing); !o.skipped || o.failed {
		t.Errorf("got %+v, want skipped", o)
	}
	t.Setenv("EMPIRE_TEST_REQUIRE", "all")
	if o := watch(t, missing); o.skipped || !o.failed {
		t.Errorf("got %+v, want failed", o)
	}
	if path := testkit.Look(t, "no-such-program", "go"); filepath.Base(path) != "go" {
		t.Errorf("Look = %q, want go", path)
	}
}

func TestData(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("EMPIRE_TEST_DATA", dir)
	t.Setenv("EMPIRE_TEST_REQUIRE", "")
	if o := watch(t, func(t testing.TB) { testkit.Data(t, "products/x.csv") }); !o.skipped {
		t.Errorf("missing file: got %+v, want skipped", o)
	}
	want := filepath.Join(dir, "x.csv")
	if err := os.WriteFile(want, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Data(t, "x.csv"); got != want {
		t.Errorf("Data = %q, want %q", got, want)
	}
}

func TestBinaryFromEnvironment(t *testing.T) {
	t.Setenv("EMPIRE_TEST_BINARY", "/opt/empire")
	if got := testkit.Binary(t); got != "/opt/empire" {
		t.Errorf("Binary = %q, want /opt/empire", got)
	}
}

// TestPostgresEndsWithProcess: a test process that is killed takes its server and
// the server's files along.
func TestPostgresEndsWithProcess(t *testing.T) {
	if os.Getenv("EMPIRE_TESTKIT_CHILD") != "" {
		url := testkit.Postgres(t)
		_, dir, _ := strings.Cut(url, "host=")
		_, _ = os.Stdout.WriteString("dir=" + dir + "\n")
		select {} // until killed
	}
	t.Parallel()
	if os.Getenv("EMPIRE_TEST_POSTGRES") != "" {
		t.Skip("EMPIRE_TEST_POSTGRES is not ours to start")
	}
	testkit.Postgres(t) // skips, or fails, without PostgreSQL
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, "-test.run=^TestPostgresEndsWithProcess$")
	child.Env = append(os.Environ(), "EMPIRE_TESTKIT_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	dir := readDir(t, out)
	pid, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil || len(pid) == 0 {
		t.Fatalf("no server runs in %s: %v", dir, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", dir)
		}
	}
}

// readDir reads up to the line "dir=…\n".
func readDir(t *testing.T, out interface{ Read([]byte) (int, error) }) string {
	t.Helper()
	var all bytes.Buffer
	buf := make([]byte, 512)
	for {
		n, err := out.Read(buf)
		all.Write(buf[:n])
		if _, rest, ok := strings.Cut(all.String(), "dir="); ok {
			if dir, _, ok := strings.Cut(rest, "\n"); ok {
				return strings.ReplaceAll(dir, "%2F", "/")
			}
		}
		if err != nil {
			t.Fatalf("the child ended: %v\n%s", err, all.String())
		}
	}
}
