package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/testkit"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	free := []string{"EMPIRE_LISTEN_API=127.0.0.1:0", "EMPIRE_LISTEN_EDGE=127.0.0.1:0"}
	fresh := func(t *testing.T) string { return filepath.Join(t.TempDir(), "data") }
	used := func(t *testing.T) string {
		dir := fresh(t)
		command(t, "migrate", "up", "--data", dir).done(t)
		return dir
	}
	for _, tt := range []struct {
		name, check, state, found string
		code                      int
		environ                   []string
		dir                       func(t *testing.T) string
	}{
		{"no data yet", "data directory", healthy, "the first start makes it", exitDone, nil, fresh},
		{"no database yet", "database", healthy, "not made yet", exitDone, nil, fresh},
		{"database", "database", healthy, "up to date", exitDone, nil, used},
		{"operator", "operator data", warned, "postal_code", exitDone, nil, fresh},
		{"port taken", "api port", failing, "taken by another program", exitFailed, []string{"EMPIRE_LISTEN_API=" + taken.Addr().String()}, fresh},
		{"port of others", "edge port", failing, "cannot be used", exitFailed, []string{"EMPIRE_LISTEN_EDGE=192.0.2.1:80"}, fresh},
		{"bus down", "bus", failing, "does not answer", exitFailed, []string{"EMPIRE_BUS_URL=nats://127.0.0.1:1"}, fresh},
		{"PostgreSQL down", "database", failing, "127.0.0.1", exitFailed, []string{"EMPIRE_DATABASE_URL=postgres://u:hidden@127.0.0.1:1/x"}, fresh},
		{"configuration", "configuration", failing, "workers", exitUsage, []string{"EMPIRE_WORKERS=0"}, fresh},
		{"damaged database", "database", failing, "damaged", exitFailed, nil, func(t *testing.T) string {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "empire.db"), []byte(strings.Repeat("no database ", 999)), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
		{"open to others", "data directory", warned, "755", exitDone, nil, func(t *testing.T) string {
			dir := used(t)
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
		{"open key", "data directory", failing, "token.key", exitFailed, nil, func(t *testing.T) string {
			dir := used(t)
			if err := os.Chmod(filepath.Join(dir, "token.key"), 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
		{"not a directory", "data directory", failing, "is not a directory", exitFailed, nil, func(t *testing.T) string { return write(t, "file", "") }},
		{"clock set back", "clock", failing, "empire.db was written at", exitFailed, nil, func(t *testing.T) string {
			dir := used(t)
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(filepath.Join(dir, "empire.db"), later, later); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			environ := append(append([]string{}, free...), tt.environ...)
			dir := tt.dir(t)
			o := commandEnv(t, environ, "doctor", "--json", "--data", dir)
			var v struct {
				Verdict string      `json:"verdict"`
				Checks  []diagnosis `json:"checks"`
			}
			o.decode(t, &v)
			var d diagnosis
			for _, c := range v.Checks {
				if c.Check == tt.check {
					d = c
				}
			}
			if o.code != tt.code || d.State != tt.state || !strings.Contains(d.Found, tt.found) {
				t.Errorf("code %d, %s: %q; want %d, %s, %q", o.code, d.State, d.Found, tt.code, tt.state, tt.found)
			}
			if (v.Verdict == failing) != (tt.code != exitDone) || (d.Advice == "") != (tt.state == healthy) {
				t.Errorf("verdict %s, advice %q", v.Verdict, d.Advice)
			}
			people := commandEnv(t, environ, "doctor", "--data", dir)
			if people.code != tt.code || !strings.Contains(people.out, d.Advice) || strings.Contains(people.out+o.out, "hidden") {
				t.Errorf("for people: code %d\n%s", people.code, people.out)
			}
		})
	}
}

// TestDoctorPostgres sees open migrations, and later none.
func TestDoctorPostgres(t *testing.T) {
	t.Parallel()
	where := []string{"--pg", testkit.Postgres(t), "--data", filepath.Join(t.TempDir(), "data")}
	environ := []string{"EMPIRE_LISTEN_API=127.0.0.1:0", "EMPIRE_LISTEN_EDGE=127.0.0.1:0"}
	before := commandEnv(t, environ, append(where, "doctor")...).done(t)
	if !strings.Contains(before.out, "migrations are open") || !strings.Contains(before.out, "empire migrate up") {
		t.Errorf("before:\n%s", before.out)
	}
	command(t, append(where, "migrate", "up")...).done(t)
	if after := commandEnv(t, environ, append(where, "doctor")...).done(t); !strings.Contains(after.out, "PostgreSQL answers and is up to date") {
		t.Errorf("after:\n%s", after.out)
	}
}

// TestDoctorChanges looks without making or changing anything.
func TestDoctorChanges(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	command(t, "doctor", "--data", dir)
	if _, err := os.Stat(dir); err == nil {
		t.Error("the doctor made the data directory")
	}
}

// TestDoctorBesideServer sees the running server.
func TestDoctorBesideServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, at := serve(t, dir)
	o := command(t, "doctor", "--data", dir)
	for _, want := range []string{"uses the data directory", "the running server answers at " + at.API, "the running server answers at " + at.Edge} {
		if !strings.Contains(o.out, want) {
			t.Errorf("it lacks %q:\n%s", want, o.out)
		}
	}
}
