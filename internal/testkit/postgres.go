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

	"empire/internal/store"
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
	return createDatabase(t, adminURL(t), "template0")
}

// MigratedPostgres is Postgres with the tables of the program.
func MigratedPostgres(t testing.TB) string {
	t.Helper()
	admin := adminURL(t)
	if os.Getenv("EMPIRE_TEST_POSTGRES") == "" {
		if err := template(); err != nil {
			t.Fatalf("migrate database: %v", err)
		}
		return createDatabase(t, admin, templateName)
	}
	u := createDatabase(t, admin, "template0") // no place for what outlives the test
	if err := migrate(t.Context(), store.Config{URL: u}); err != nil {
		t.Fatalf("migrate database: %v", err)
	}
	return u
}

const templateName = "empire_migrated"

// template migrates the database that others are copied from, on the private server.
var template = sync.OnceValue(func() error {
	admin, err := server()
	if err != nil {
		return err
	}
	if err := execute(context.Background(), admin, `CREATE DATABASE `+templateName); err != nil {
		return err
	}
	u, err := database(admin, templateName)
	if err != nil {
		return err
	}
	return migrate(context.Background(), store.Config{URL: u})
})

// database returns the URL of a database of a server.
func database(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", errors.New("EMPIRE_TEST_POSTGRES is not a URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}

// adminURL returns the URL of the server for a superuser.
func adminURL(t testing.TB) string {
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
	return admin
}

func createDatabase(t testing.TB, admin, from string) string {
	t.Helper()
	name := "empire_test_" + strings.ToLower(rand.Text()[:16])
	u, err := database(admin, name)
	if err != nil {
		t.Fatal(err)
	}
	adminExec(t, admin, `CREATE DATABASE `+name+` TEMPLATE `+from)
	t.Cleanup(func() { adminExec(t, admin, `DROP DATABASE `+name+` WITH (FORCE)`) })
	return u
}

// adminExec runs a statement; it must work in clean-up, when t's context is over.
func adminExec(t testing.TB, admin, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := execute(ctx, admin, statement); err != nil {
		t.Fatal(err)
	}
}

func execute(ctx context.Context, admin, statement string) error {
	db, err := sql.Open("pgx", admin)
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
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
