package accesslog_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/accesslog"
	"empire/internal/domain"
)

var entry = domain.AccessEntry{
	At: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), Host: "keyboards.example", IP: "203.0.113.77", Method: "GET", URI: "/guide/?a=b", Proto: "HTTP/1.1",
	Status: 200, Bytes: 4711, Referrer: "https://search.example/", Agent: `Odd "agent" \ with` + "\n\x00ü", Took: 1500 * time.Microsecond,
}

func open(t *testing.T, cfg accesslog.Config) *accesslog.Writer {
	t.Helper()
	w, err := accesslog.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func config(t *testing.T) accesslog.Config {
	t.Helper()
	return accesslog.Config{
		File: filepath.Join(t.TempDir(), "logs", "access.log"), Format: "combined", Addresses: accesslog.Truncated, MaxBytes: 1 << 20, Keep: 2,
		Logger: slog.New(slog.DiscardHandler),
	}
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// TestRoundTrip: what is written is one line, whatever the client sent, and is read back
// but for the end of the address.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ mode, ip, want string }{
		{accesslog.Truncated, "203.0.113.77", "203.0.113.0"}, {accesslog.Truncated, "2001:db8:1:2:3::9", "2001:db8:1::"},
		{accesslog.Truncated, "::ffff:203.0.113.77", "203.0.113.0"}, {accesslog.Truncated, "nobody", "-"},
		{accesslog.Full, "203.0.113.77", "203.0.113.77"}, {accesslog.None, "203.0.113.77", "-"},
	} {
		cfg := config(t)
		cfg.Addresses = tt.mode
		w := open(t, cfg)
		e := entry
		e.IP = tt.ip
		w.Log(&e)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		list := lines(t, cfg.File)
		if len(list) != 1 {
			t.Fatalf("%d lines, want 1: %q", len(list), list)
		}
		got, err := accesslog.Parse(list[0])
		if err != nil {
			t.Fatal(err)
		}
		want := e
		want.IP, want.Host, want.Took = tt.want, "", 0
		if !got.At.Equal(want.At) {
			t.Errorf("time = %s", got.At)
		}
		got.At = want.At
		if got != want {
			t.Errorf("%s: read %+v\nwant %+v", tt.mode, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Format = "json"
	w := open(t, cfg)
	w.Log(&entry)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Host, IP, URI string
		Status        int
		Seconds       float64
	}
	if err := json.Unmarshal([]byte(lines(t, cfg.File)[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Host != "keyboards.example" || got.IP != "203.0.113.0" || got.URI != "/guide/?a=b" || got.Status != 200 || got.Seconds != 0.0015 {
		t.Errorf("got %+v", got)
	}
}

// TestRotation: no line is lost or cut between files, and no more files are kept than
// configured.
func TestRotation(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.MaxBytes, cfg.Keep = 1000, 1000
	w := open(t, cfg)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				w.Log(&entry)
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(cfg.File + "*")
	n := 0
	for _, name := range files {
		for _, line := range lines(t, name) {
			if _, err := accesslog.Parse(line); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			n++
		}
	}
	if n != 200 || len(files) < 20 || w.Lost() != 0 {
		t.Errorf("%d lines in %d files, %d lost; want 200 in many, none lost", n, len(files), w.Lost())
	}
	cfg.Keep = 2
	w = open(t, cfg)
	for range 20 {
		w.Log(&entry)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if files, _ = filepath.Glob(cfg.File + ".*"); len(files) != 2 {
		t.Errorf("%d old files, want 2", len(files))
	}
}

// TestFullDisk: every line that was not written is counted, whenever that turned out.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	if cfg.File = "/dev/full"; !exists(cfg.File) {
		t.Skip("this system has no /dev/full")
	}
	w := open(t, cfg)
	for range 1000 { // more than one buffer
		w.Log(&entry)
	}
	if err := w.Close(); err == nil || w.Lost() != 1000 {
		t.Errorf("%d lost, want all 1000: %v", w.Lost(), err)
	}
}

// TestRotationFails: while a file cannot get another name lines go on to where they went,
// and that is told once for as many as a file should have.
func TestRotationFails(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	cfg := config(t)
	cfg.MaxBytes, cfg.Logger = 4000, slog.New(slog.NewTextHandler(&told, nil))
	dir := filepath.Dir(cfg.File)
	w := open(t, cfg)
	if err := os.Rename(dir, dir+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		w.Log(&entry)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(lines(t, filepath.Join(dir+".moved", filepath.Base(cfg.File)))); n != 200 || w.Lost() != 0 {
		t.Errorf("%d lines, %d lost; want 200 and none", n, w.Lost())
	}
	if n := strings.Count(told.String(), "\n"); n == 0 || n > 20 {
		t.Errorf("told %d times, want once for about 20 lines", n)
	}
}

// TestMovedAway: a file that somebody moved away is begun again when it is full.
func TestMovedAway(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.MaxBytes = 1000
	w := open(t, cfg)
	w.Log(&entry)
	if err := os.Rename(cfg.File, cfg.File+".1"); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		w.Log(&entry)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !exists(cfg.File) || len(lines(t, cfg.File+".1")) == 9 {
		t.Error("no file was begun in its place")
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestReopen: after the file was moved away a new one is begun, and nothing is lost; a
// file that cannot be opened changes nothing.
func TestReopen(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	w := open(t, cfg)
	w.Log(&entry)
	if err := os.Rename(cfg.File, cfg.File+".1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Reopen(cfg); err != nil {
		t.Fatal(err)
	}
	w.Log(&entry)
	bad := cfg
	bad.File = filepath.Join(cfg.File, "under-a-file")
	if err := w.Reopen(bad); err == nil {
		t.Error("opened a file below a file")
	}
	w.Log(&entry)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if a, b := len(lines(t, cfg.File+".1")), len(lines(t, cfg.File)); a != 1 || b != 2 {
		t.Errorf("%d and %d lines, want 1 and 2", a, b)
	}
	w.Log(&entry)
	if w.Lost() != 1 {
		t.Errorf("%d lost after the end, want 1", w.Lost())
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "hello", `203.0.113.1 - - "GET / HTTP/1.1" 200 1`, `203.0.113.1 - - [yesterday] "GET / HTTP/1.1" 200 1 "-" "-"`,
		`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" ok 1 "-" "-"`, `203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "unfinished`,
		`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 -5 "-" "-"`,
	} {
		if e, err := accesslog.Parse(line); err == nil {
			t.Errorf("%q was read as %+v", line, e)
		}
	}
	for _, tt := range []struct {
		line string
		view string
	}{
		{`203.0.113.1 - frank [14/Mar/2026:13:00:00 +0100] "GET /a?b HTTP/1.1" 200 2326`, "/a"},
		{`www.example.com:443 203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 304 - "-" "x" "more"`, "/"},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /a/logo.PNG HTTP/1.1" 200 1 "-" "x"`, ""},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /k\xc3\xbcche/ HTTP/1.1" 200 1 "-" "x"`, "/küche/"},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /\xff\xfe HTTP/1.1" 200 1 "-" "x"`, ""},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /a\x00b HTTP/1.1" 200 1 "-" "x"`, ""},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /v1.2/ HTTP/1.1" 200 1 "-" "x"`, "/v1.2/"},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "HEAD / HTTP/1.1" 200 1 "-" "x"`, ""},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /gone HTTP/1.1" 404 1 "-" "x"`, ""},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "\x16\x03\x01" 400 0 "-" "-"`, ""},
		{`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "-" 408 0 "-" "-"`, ""},
	} {
		e, err := accesslog.Parse(tt.line)
		if err != nil {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		if path, _ := accesslog.View(&e); path != tt.view {
			t.Errorf("%q: page %q, want %q", tt.line, path, tt.view)
		}
	}
}

// FuzzParse: whatever a line holds, reading it ends, and what is read can be written and
// read again.
func FuzzParse(f *testing.F) {
	f.Add(`203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "GET /a?b HTTP/1.1" 200 2326 "-" "a \" b \x41 \\"`)
	f.Add(`h:80 203.0.113.1 - - [14/Mar/2026:12:00:00 +0000] "x" 200 -`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := accesslog.Parse(line)
		if err != nil {
			return
		}
		if e.Status < 100 || e.Bytes < 0 {
			t.Errorf("read %+v", e)
		}
		accesslog.View(&e)
	})
}
