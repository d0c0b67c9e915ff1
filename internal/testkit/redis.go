package testkit

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed" // holds the script
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// errNoRedis says that no Redis is installed.
var errNoRedis = errors.New("program redis-server, or EMPIRE_TEST_REDIS")

// sharedRedis is the Redis server of this test process, started on first use, and
// sharedRedisDB the number of its databases in use.
var (
	sharedRedis   = sync.OnceValues(startRedis)
	sharedRedisDB atomic.Int64
)

// Redis returns the URL of an empty Redis database. The server is the one at
// EMPIRE_TEST_REDIS, of which the test gets a database that nobody else uses and
// that is emptied afterwards, or a private one that all tests of the process share.
func Redis(t testing.TB) string {
	t.Helper()
	if external := os.Getenv("EMPIRE_TEST_REDIS"); external != "" {
		return claimRedis(t, external)
	}
	s, err := sharedRedis()
	if errors.Is(err, errNoRedis) {
		Require(t, err.Error())
	}
	if err != nil {
		t.Fatalf("start Redis: %v", err)
	}
	return s.url() + "/" + strconv.FormatInt(sharedRedisDB.Add(1), 10)
}

// RedisServer is a Redis server of one test, to be stopped and started again.
type RedisServer struct {
	t testing.TB
	s *redisServer
}

// NewRedis starts a server that ends with the test.
func NewRedis(t testing.TB) *RedisServer {
	t.Helper()
	s, err := startRedis()
	if errors.Is(err, errNoRedis) {
		Require(t, err.Error())
	}
	if err != nil {
		t.Fatalf("start Redis: %v", err)
	}
	t.Cleanup(s.stop)
	return &RedisServer{t: t, s: s}
}

// URL returns the address of the server; it stays the same.
func (r *RedisServer) URL() string { return r.s.url() }

// Stop kills the server.
func (r *RedisServer) Stop() {
	r.t.Helper()
	r.s.stop()
}

// Start starts the server again, empty.
func (r *RedisServer) Start() {
	r.t.Helper()
	if err := r.s.start(); err != nil {
		r.t.Fatalf("start Redis again: %v", err)
	}
}

// Freeze keeps the server from answering without closing its connections.
func (r *RedisServer) Freeze() {
	r.t.Helper()
	r.signal(syscall.SIGSTOP)
}

// Thaw lets a frozen server go on.
func (r *RedisServer) Thaw() {
	r.t.Helper()
	r.signal(syscall.SIGCONT)
}

func (r *RedisServer) signal(sig syscall.Signal) {
	if err := syscall.Kill(r.s.pid, sig); err != nil {
		r.t.Fatalf("signal Redis: %v", err)
	}
}

// redisServer is a server process on a fixed address. Its password tells it from
// whatever else may have taken the port.
type redisServer struct {
	bin, password string
	port          int

	pid   int
	in    io.Closer
	ended chan struct{}
}

func (s *redisServer) url() string {
	return "redis://:" + s.password + "@127.0.0.1:" + strconv.Itoa(s.port)
}

// startRedis starts a server on a free port. Redis cannot choose one itself, so
// ports are tried; they are outside the range that the system gives away.
func startRedis() (*redisServer, error) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	var faults []error
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(20_000))
		if err != nil {
			return nil, err
		}
		s := &redisServer{bin: bin, password: strings.ToLower(rand.Text()), port: 12_000 + int(n.Int64())}
		if err := s.start(); err == nil {
			return s, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

//go:embed redis.sh
var redisScript string

func (s *redisServer) start() error {
	var free net.ListenConfig
	ln, err := free.Listen(context.Background(), "tcp", "127.0.0.1:"+strconv.Itoa(s.port))
	if err != nil {
		return err
	}
	if err := ln.Close(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "empire-redis-")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "redis.conf"), []byte("requirepass "+s.password+"\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", redisScript, "redis.sh", s.bin, dir, strconv.Itoa(s.port))
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if s.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("run Redis: %w", err), s.in.Close(), cmd.Wait())
	}
	if s.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		return errors.Join(err, s.in.Close(), cmd.Wait())
	}
	// Waiting for it keeps the pipe reachable: a garbage-collected one would be
	// closed, and the server would stop.
	ended := make(chan struct{})
	s.ended = ended
	go func() { _ = cmd.Wait(); close(ended) }()
	if err := s.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		s.stop()
		return fmt.Errorf("Redis did not start: %w\n%s", err, log)
	}
	return nil
}

// stop kills the server and waits until it is gone; stopping twice is once.
func (s *redisServer) stop() {
	_ = s.in.Close()
	<-s.ended
}

// ready waits until the server answers.
func (s *redisServer) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return err
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *redisServer) ping(ctx context.Context) error {
	c, err := redisClient(s.url())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Do(ctx, c.B().Ping().Build()).Error()
}

func redisClient(url string) (rueidis.Client, error) {
	opts, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	opts.ForceSingleClient, opts.DisableCache, opts.DisableRetry = true, true, true
	return rueidis.NewClient(opts)
}

// claimRedis finds an empty database that no other test uses and returns its URL.
// Which ones are in use is noted in the database that the address names.
func claimRedis(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("EMPIRE_TEST_REDIS is not a URL")
	}
	admin, err := redisClient(address)
	if err != nil {
		t.Fatalf("EMPIRE_TEST_REDIS does not answer: %v", err)
	}
	t.Cleanup(admin.Close)
	for n := 1; ; n++ {
		u.Path = "/" + strconv.Itoa(n)
		c, err := redisClient(u.String())
		if err != nil {
			t.Fatalf("no database of EMPIRE_TEST_REDIS is free: %v", err)
		}
		if claimDB(t, admin, c, n) {
			return u.String()
		}
		c.Close()
	}
}

// claimDB reports whether database n, to which c leads, is now the test's own.
func claimDB(t testing.TB, admin, c rueidis.Client, n int) bool {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	key := "empire_test_db_" + strconv.Itoa(n)
	if err := admin.Do(ctx, admin.B().Set().Key(key).Value("claimed").Nx().ExSeconds(1800).Build()).Error(); err != nil {
		return false
	}
	size, err := c.Do(ctx, c.B().Dbsize().Build()).AsInt64()
	if err != nil || size > 0 { // somebody's data
		_ = admin.Do(ctx, admin.B().Del().Key(key).Build())
		return false
	}
	t.Cleanup(func() {
		if err := c.Do(ctx, c.B().Flushdb().Build()).Error(); err != nil {
			t.Errorf("empty the database of the test: %v", err)
		}
		c.Close()
		_ = admin.Do(ctx, admin.B().Del().Key(key).Build())
	})
	return true
}
