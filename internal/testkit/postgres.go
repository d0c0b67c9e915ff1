package testkit

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// server is the PostgreSQL server of this test process, started on first use.
var server = sync.OnceValues(startPostgres)

// errNoPostgres says that no PostgreSQL is installed.
var errNoPostgres = errors.New("PostgreSQL (postgres and initdb in PATH or /usr/lib/postgresql), or EMPIRE_TEST_POSTGRES")

// Postgres returns the URL of a fresh, empty database that is dropped when the
// test ends. The server is the one at EMPIRE_TEST_POSTGRES, a superuser's URL, or
// a private one that all tests of the process share.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := os.Getenv("EMPIRE_TEST_POSTGRES")
	if admin == "" {
		var err error
		admin, err = server()
		if errors.Is(err, errNoPostgres) {
			Require(t, err.Error())
		}
		if err != nil {
			t.Fatalf("start PostgreSQL: %v", err)
		}
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("EMPIRE_TEST_POSTGRES is not a URL")
	}
	name := "empire_test_" + strings.ToLower(rand.Text()[:16])
	adminExec(t, admin, `CREATE DATABASE `+name)
	t.Cleanup(func() { adminExec(t, admin, `DROP DATABASE `+name+` WITH (FORCE)`) })
	u.Path = "/" + name
	return u.String()
}

// adminExec runs a statement; it must work in clean-up, when t's context is over.
func adminExec(t testing.TB, admin, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	db, err := sql.Open("pgx", admin)
	if err != nil {
		t.Fatalf("open PostgreSQL: %v", err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// superviseScript runs the server as long as its standard input is open. The kernel
// closes that with this process, whatever ends it, so no server outlives its
// tests: not after a panic, not after kill -9.
//
//go:embed postgres.sh
var superviseScript string

// startPostgres starts a server with its own data folder that listens on a Unix
// socket only, and returns a superuser's URL.
func startPostgres() (string, error) {
	bin, err := postgresBin()
	if err != nil {
		return "", err
	}
	cred, err := unprivileged()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "empire-pg-")
	if err != nil {
		return "", err
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", superviseScript, "postgres.sh", bin, dir)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return "", errors.Join(fmt.Errorf("PostgreSQL did not start: %q %w\n%s", line, err, log), in.Close())
	}
	// Waiting for it keeps the pipe reachable: a garbage-collected one would be
	// closed, and the server would stop.
	go func() { _ = cmd.Wait() }()
	return "postgres://postgres@/postgres?host=" + url.QueryEscape(dir), nil
}

// postgresBin returns the folder of the newest installed server.
func postgresBin() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	version := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, dir := range dirs {
		_, errServer := os.Stat(filepath.Join(dir, "postgres"))
		_, errInit := os.Stat(filepath.Join(dir, "initdb"))
		if errServer == nil && errInit == nil {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

// unprivileged returns whom to run the server as when this process is root, which
// PostgreSQL refuses, and nil otherwise.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil // as we are
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: false}, nil
		}
	}
	return nil, errors.New("neither user postgres nor user nobody exists, and PostgreSQL does not run as root")
}
