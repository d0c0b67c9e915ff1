package testkit_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"empire/internal/testkit"
)

func redisClient(t *testing.T, url string) rueidis.Client {
	t.Helper()
	opts, err := rueidis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	opts.ForceSingleClient, opts.DisableCache, opts.DisableRetry = true, true, true
	c, err := rueidis.NewClient(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestRedis stores the same key in two databases.
func TestRedis(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two"} {
		c := redisClient(t, testkit.Redis(t))
		n, err := c.Do(t.Context(), c.B().Incr().Key("n").Build()).AsInt64()
		if err != nil || n != 1 {
			t.Errorf("database %s: counted %d, %v, want 1", name, n, err)
		}
	}
}

func TestRedisServerStopsAndStarts(t *testing.T) {
	t.Parallel()
	s := testkit.NewRedis(t)
	url := s.URL()
	c := redisClient(t, url)
	if err := c.Do(t.Context(), c.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if err := c.Do(t.Context(), c.B().Get().Key("k").Build()).Error(); err == nil {
		t.Error("a stopped server answered")
	}
	s.Start()
	if s.URL() != url {
		t.Error("the address changed")
	}
	c = redisClient(t, url)
	if _, err := c.Do(t.Context(), c.B().Get().Key("k").Build()).ToString(); !rueidis.IsRedisNil(err) {
		t.Errorf("a restarted server kept a value: %v", err)
	}
	s.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Do(ctx, c.B().Ping().Build()).Error(); err == nil {
		t.Error("a frozen server answered")
	}
	s.Thaw()
	if err := redisClient(t, url).Do(t.Context(), c.B().Ping().Build()).Error(); err != nil {
		t.Errorf("a thawed server: %v", err)
	}
}

// TestRedisDiesWithTheProcess kills a test process that has started a server.
func TestRedisDiesWithTheProcess(t *testing.T) {
	if os.Getenv("EMPIRE_TEST_REDIS_CHILD") != "" {
		if _, err := os.Stdout.WriteString("url " + testkit.NewRedis(t).URL() + "\n"); err != nil {
			t.Fatal(err)
		}
		<-t.Context().Done() // until the parent kills it
		return
	}
	t.Parallel()
	testkit.Look(t, "redis-server")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRedisDiesWithTheProcess$")
	cmd.Env = append(os.Environ(), "EMPIRE_TEST_REDIS_CHILD=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "url "); ok {
			url = rest
		}
	}
	_, address, _ := strings.Cut(url, "@")
	if _, err := net.Dial("tcp", address); err != nil {
		t.Errorf("the server at %q does not listen: %v", address, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("the server outlived its test process")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
