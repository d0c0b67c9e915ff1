package cache

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	read := func(text string) (reply, error) {
		return readReply(bufio.NewReaderSize(strings.NewReader(text), wireBuffer), 0)
	}
	for text, want := range map[string]string{"+OK\r\n": "OK", "$5\r\nhello\r\n": "hello", "$0\r\n\r\n": "", "$4\r\n\r\n\r\n\r\n": "\r\n\r\n"} {
		r, err := read(text)
		b, rerr := r.bytes()
		if err != nil || rerr != nil || string(b) != want {
			t.Errorf("%q is %q, %v, %v; want %q", text, b, err, rerr, want)
		}
	}
	for text, want := range map[string]int64{":-7\r\n": -7, "$2\r\n42\r\n": 42} {
		r, err := read(text)
		n, nerr := r.number()
		if err != nil || nerr != nil || n != want {
			t.Errorf("%q is %d, %v, %v; want %d", text, n, err, nerr, want)
		}
	}
	r, err := read("*2\r\n$3\r\n175\r\n:3\r\n")
	list, lerr := r.numbers(2)
	if err != nil || lerr != nil || list[0] != 175 || list[1] != 3 {
		t.Errorf("a list is %v, %v, %v", list, err, lerr)
	}
	if _, err := r.numbers(3); !errors.Is(err, errAnswer) {
		t.Errorf("a list that is too short: %v", err)
	}
	for text, want := range map[string]error{"$-1\r\n": errMissing, "*-1\r\n": errMissing, "-NOSCRIPT none\r\n": answerError("NOSCRIPT none")} {
		if r, err := read(text); err != nil || !errors.Is(r.err, want) {
			t.Errorf("%q is %v, %v; want %v", text, r.err, err, want)
		}
	}
	for _, text := range []string{"?\r\n", ":x\r\n", "$-2\r\n", "$99999999999\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "\r\n", ":1\n", "$1\r\nabc", strings.Repeat("x", wireBuffer+1)} {
		if r, err := read(text); err == nil {
			t.Errorf("%.40q is taken for %+v", text, r)
		}
	}
	if _, err := read("$9\r\nabc"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a value: %v", err)
	}
}

func TestParseServer(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]server{
		"redis://":                         {network: "tcp", address: "localhost:6379"},
		"redis://:pw@h:1/3":                {network: "tcp", address: "h:1", password: "pw", db: 3},
		"redis://u:p%40w@[::1]":            {network: "tcp", address: "[::1]:6379", user: "u", password: "p@w"},
		"unix:///run/redis.sock?db=2":      {network: "unix", address: "/run/redis.sock", db: 2},
		"unix://:secret@/run/r/redis.sock": {network: "unix", address: "/run/r/redis.sock", password: "secret"},
	} {
		got, err := parseServer(address)
		if err != nil || got.network != want.network || got.address != want.address || got.user != want.user || got.password != want.password || got.db != want.db || got.tls != nil {
			t.Errorf("%s is %+v, %v; want %+v", address, got, err, want)
		}
	}
	if s, err := parseServer("rediss://cache.example"); err != nil || s.tls == nil || s.tls.ServerName != "cache.example" {
		t.Errorf("rediss: %+v, %v", s, err)
	}
	for _, address := range []string{"", "localhost:6379", "http://h", "redis://h/x", "redis://h/-1", "redis://h?addr=a:1", "redis://h?db=1&db=2"} {
		if s, err := parseServer(address); err == nil {
			t.Errorf("%q is taken for %+v", address, s)
		}
	}
}

func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"+OK\r\n", "$5\r\nhello\r\n", "*2\r\n:1\r\n$-1\r\n", "-ERR x\r\n", "*1000000000\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := strings.NewReader(text)
		r, err := readReply(bufio.NewReaderSize(in, wireBuffer), 0)
		if err == nil && r.err == nil && len(r.data)+len(r.list) > len(text) {
			t.Errorf("%q holds more than it has: %+v", text, r)
		}
	})
}
